// The person and the model behind a client of the TypeScript SDK: they answer and remember.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";

export const ANSWER = "eleven kilometres";
export const FORM = { username: "ada", email: "ada@example.org" };
export const ROOT_URI = "file:///srv/project";
export const STATELESS = "2026-07-28";
export const INFO = { name: "mcpring-interop", version: "1.0.0" };
export const CAPABILITIES = {
  sampling: { tools: {} },
  elicitation: { form: {}, url: {} },
  roots: { listChanged: true },
};

const UNTIL_MS = 30_000;
// A cut stream is resumed soon, so that a case takes no longer than it must.
const RECONNECTION = {
  initialReconnectionDelay: 50,
  maxReconnectionDelay: 1000,
  reconnectionDelayGrowFactor: 1.5,
  maxRetries: 10,
};

/** Fails the case with `text` unless `condition` holds. */
export function want(condition, text) {
  if (!condition) throw new Error(text);
}

/** Fails the case unless `found` and `wanted` are the same JSON. */
export function wantEqual(found, wanted, what) {
  const [one, other] = [JSON.stringify(found), JSON.stringify(wanted)];
  want(one === other, `${what}: wanted ${other}, found ${one}`);
}

/** All text of a tool's result. */
export function textOf(result) {
  return result.content.flatMap((block) => (block.type === "text" ? [block.text] : [])).join(" ");
}

/** Answers every question with `action`, or leaves it open; remembers what it was told. */
export class Person {
  asked = [];
  heard = [];
  interrupted = 0;
  #waiting = [];

  constructor(action = "accept") {
    this.action = action;
  }

  /** Puts this person behind a client. */
  stand(client) {
    client.setRequestHandler("sampling/createMessage", ({ params }) => this.sample(params));
    client.setRequestHandler("elicitation/create", ({ params }, context) =>
      this.elicit(params, context),
    );
    client.setRequestHandler("roots/list", () => {
      this.#note(this.asked, {});
      return { roots: [{ uri: ROOT_URI, name: "project" }] };
    });
    for (const method of [
      "message",
      "resources/updated",
      "tools/list_changed",
      "prompts/list_changed",
    ]) {
      client.setNotificationHandler(`notifications/${method}`, (notification) =>
        this.#note(this.heard, notification),
      );
    }
  }

  /** Answers a question to the model; with tools at hand it uses the first of them. */
  sample(params) {
    this.#note(this.asked, params);
    const answer = { role: "assistant", model: "test", stopReason: "endTurn" };
    const last = [params.messages.at(-1).content].flat();
    if (params.tools?.length && !last.some((block) => block.type === "tool_result")) {
      const use = { type: "tool_use", id: "use-1", name: params.tools[0].name, input: {} };
      return { ...answer, content: [use], stopReason: "toolUse" };
    }
    return { ...answer, content: { type: "text", text: ANSWER } };
  }

  /** Answers a question to the person. */
  async elicit(params, context) {
    this.#note(this.asked, params);
    if (this.action === "wait") {
      await new Promise((resolve) => context.mcpReq.signal.addEventListener("abort", resolve));
      this.interrupted += 1;
      this.#wake();
    }
    if (this.action !== "accept") return { action: "cancel" };
    return params.mode === "url"
      ? { action: "accept" }
      : { action: "accept", content: fill(params.requestedSchema) };
  }

  /** The notifications of one method. */
  of(method) {
    return this.heard.filter((message) => message.method === `notifications/${method}`);
  }

  /** Waits until `condition` holds, which something this person is told brings about. */
  async until(condition, what, limitMs = UNTIL_MS) {
    const limit = Date.now() + limitMs;
    while (!condition()) {
      const left = limit - Date.now();
      want(left > 0, `waited ${limitMs} ms for ${what}`);
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#waiting.push(() => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
  }

  #note(place, what) {
    place.push(what);
    this.#wake();
  }

  #wake() {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}

/** A value for each field of a form: what `FORM` has for it, or the first that is allowed. */
export function fill(schema) {
  const fields = Object.entries(schema.properties);
  return Object.fromEntries(fields.map(([name, field]) => [name, FORM[name] ?? value(field)]));
}

function value(field) {
  if (field.type === "array") return [(field.items.enum ?? [field.items.anyOf?.[0].const])[0]];
  if (field.type === "string") return field.oneOf?.[0].const ?? field.enum?.[0] ?? "x";
  return { boolean: true, integer: 1, number: 1.5 }[field.type];
}

/** A connected client of `place.era`, with `person` behind it if there is one. */
export async function connect(place, person, options = {}) {
  const mode = place.era === "stateless" ? { pin: STATELESS } : "legacy";
  const client = new Client(INFO, {
    capabilities: CAPABILITIES,
    versionNegotiation: { mode },
    ...options,
  });
  person?.stand(client);
  const { url, command, args } = place.target;
  const transport = url
    ? new StreamableHTTPClientTransport(new URL(url), { reconnectionOptions: RECONNECTION })
    : new StdioClientTransport({ command, args, stderr: "ignore" });
  await client.connect(transport);
  return client;
}

/** Runs `body` with a client and ends its session whatever happens. */
export async function meet(place, person, body, options) {
  const client = await connect(place, person, options);
  try {
    return await body(client);
  } finally {
    await client.transport?.terminateSession?.();
    await client.close();
  }
}
