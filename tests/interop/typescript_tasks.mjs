// Tasks as the official package for them has them: one interface, and below it the shape of
// 2025-11-25 in the handshake era and the Tasks extension in the stateless era.

import {
  createTaskSessionFromClient,
  toolDeclarationFromMcpTool,
} from "@modelcontextprotocol/ext-tasks/client";

import {
  CAPABILITIES,
  INFO,
  STATELESS,
  fill,
  meet,
  textOf,
  want,
  wantEqual,
} from "./typescript_person.mjs";

const EXTENSION = "io.modelcontextprotocol/tasks";
/** How often a race of the client's own may be lost. */
const ROUNDS = 5;

const NAMED = { "tools/call": "name" };
const ANYTHING = {
  "~standard": { version: 1, vendor: "mcpring", validate: (value) => ({ value }) },
};

let requests = 0;

/** Sends one request as the extension frames it: the SDK refuses results that are tasks. */
function dispatcher(url) {
  return async (request, { signal } = {}) => {
    requests += 1;
    const response = await fetch(url, {
      method: "POST",
      signal,
      headers: {
        accept: "application/json, text/event-stream",
        "content-type": "application/json",
        "mcp-protocol-version": STATELESS,
        "mcp-method": request.method,
        "mcp-name": request.params[NAMED[request.method] ?? "taskId"],
      },
      body: JSON.stringify({ jsonrpc: "2.0", id: `task-${requests}`, ...request }),
    });
    const message = lastMessage(response.headers.get("content-type"), await response.text());
    return message.error
      ? { kind: "error", error: message.error }
      : { kind: "result", result: message.result };
  };
}

/** The answer in a body: all of it, or the last event of a stream. */
function lastMessage(kind, body) {
  if (!kind.startsWith("text/event-stream")) return JSON.parse(body);
  const data = body.split("\n").filter((line) => line.startsWith("data:"));
  return JSON.parse(data.at(-1).slice("data:".length));
}

/** Calls a tool as a task and follows it; what `act` makes of it. */
async function perform(place, name, args, act = (execution) => execution.settle({ close: false })) {
  const questions = [];
  const isStateless = place.era === "stateless";
  const capabilities = isStateless
    ? { ...CAPABILITIES, extensions: { [EXTENSION]: {} } }
    : CAPABILITIES;
  const body = async (client) => {
    const { tools } = await client.listTools();
    const tool = tools.find((candidate) => candidate.name === name);
    want(tool, `${name} is not listed`);
    const session = createTaskSessionFromClient(client, {
      endpointId: "everything",
      onInputRequest: async (request) => {
        questions.push(request);
        const schema = request.params.requestedSchema;
        return { action: "accept", content: fill(schema) };
      },
      ...(isStateless && {
        rawDispatch: dispatcher(place.target.url),
        v2RequestFraming: {
          protocolVersion: STATELESS,
          clientInfo: INFO,
          clientCapabilities: capabilities,
        },
      }),
    });
    try {
      const execution = await session.callTool(name, args, {
        declaration: toolDeclarationFromMcpTool(tool),
        task: { preference: "require", retentionMs: 60_000 },
      });
      wantEqual(execution.kind, "task", `what ${name} became`);
      const settled = await act(execution, session, client);
      return { ...settled, questions };
    } finally {
      await session.close();
    }
  };
  return meet(place, undefined, body, { capabilities });
}

/**
 * Follows a task to its end, ready for questions. In the handshake era a server may ask on the
 * stream of `tasks/result`, which the package opens only when the task is over.
 */
async function answered(place, execution, client) {
  const params = { taskId: execution.handle.taskId };
  const result =
    place.era === "handshake" && client.request({ method: "tasks/result", params }, ANYTHING);
  const [settled] = await Promise.all([execution.settle({ close: false }), result]);
  return settled;
}

export const TASKS = {
  async task_completes(place) {
    const args = { seconds: 1, label: "tea" };
    const { outcome } = await perform(place, "slow_compute", args, async (execution, session) => {
      if (session.capabilities.inventory === "server-list") {
        const { tasks } = await session.listTasks();
        const ids = tasks.map((task) => task.taskId);
        want(ids.includes(execution.handle.taskId), `${ids} lacks ${execution.handle.taskId}`);
      }
      return execution.settle({ close: false });
    });
    wantEqual(outcome.status, "completed", "status at last");
    want(textOf(outcome.result).includes("tea"), `no label in ${textOf(outcome.result)}`);
  },

  async task_of_a_failing_tool(place) {
    const { outcome } = await perform(place, "failing_job", {});
    if (place.era === "stateless") {
      wantEqual([outcome.status, outcome.result.isError], ["completed", true], "failing_job");
    } else {
      wantEqual(outcome.status, "failed", "failing_job");
    }
    const { outcome: other } = await perform(place, "protocol_error_job", {});
    wantEqual(other.status, "failed", "protocol_error_job");
  },

  async task_that_asks(place) {
    for (const [name, args, count] of [
      ["confirm_delete", { filename: "a.txt" }, 1],
      ["multi_input", {}, 2],
    ]) {
      const follow = (execution, _, client) => answered(place, execution, client);
      // A question that comes before the package has noticed its task is declined by the package,
      // unseen: with one that is asked at once that may happen, though not every time.
      let seen = await perform(place, name, args, follow);
      for (let round = 1; round < ROUNDS && seen.questions.length < count; round += 1) {
        seen = await perform(place, name, args, follow);
      }
      wantEqual([seen.outcome.status, seen.questions.length], ["completed", count], name);
    }
  },

  async task_is_cancelled(place) {
    const args = { seconds: 60, label: "long" };
    const { outcome } = await perform(place, "slow_compute", args, async (execution) => {
      await execution.cancel();
      return execution.settle({ close: false });
    });
    wantEqual(outcome.status, "cancelled", "status at last");
  },
};
