// Cases of the TypeScript SDK as a client of `everything`: what a server asks, tells and resumes.
//
// Run by typescript_protocol.py, which starts the server and counts. The one argument is JSON:
// the era, the target, the cases by name, and for some of them a target behind a proxy that cuts
// the connection. Each case ends in one line of JSON on standard output.

import {
  ANSWER,
  FORM,
  Person,
  ROOT_URI,
  meet,
  textOf,
  want,
  wantEqual,
} from "./typescript_person.mjs";
import { TASKS } from "./typescript_tasks.mjs";

// How long a change is waited for before it is made once more: the stream that tells of changes is
// opened beside the calls, so the first change may precede it.
const RETRY_MS = 500;
const TRIES = 60;
const CASE_MS = 60_000;
const ROUNDS = 3;
const SLEEPERS = 40;
const SLEEP_MS = 600_000;
const LOG_LEVEL = "io.modelcontextprotocol/logLevel";
const MISSING_CAPABILITY = -32021;
const WATCHED = "test://watched-resource";
const OTHER = "test://static-text";

const call = (client, name, args = {}, options = {}) =>
  client.callTool({ name, arguments: args }, options);

/** Calls a tool once with a person behind the client; the person and the text of the result. */
async function ask(place, name, args, person = new Person()) {
  const result = await meet(place, person, (client) => call(client, name, args));
  want(!result.isError, `${name} failed: ${textOf(result)}`);
  return [person, textOf(result)];
}

/** Has the server make a change until the client hears of it. */
async function untilHeard(client, person, method, name, args) {
  const count = person.of(method).length;
  for (let tries = 0; tries < TRIES; tries += 1) {
    await call(client, name, args);
    try {
      await person.until(() => person.of(method).length > count, method, RETRY_MS);
      return;
    } catch {
      // once more
    }
  }
  throw new Error(`${method} was not heard`);
}

const uris = (person) => [
  ...new Set(person.of("resources/updated").map((message) => message.params.uri)),
];

const CASES = {
  async sampling(place) {
    const [person, text] = await ask(place, "test_sampling", { prompt: "How deep is the sea?" });
    want(text.includes(ANSWER), `the answer is not in ${text}`);
    const [asked] = person.asked;
    const [content] = [asked.messages[0].content].flat();
    wantEqual([content.text, asked.maxTokens], ["How deep is the sea?", 100], "what was asked");
  },

  async sampling_with_tools(place) {
    const [person] = await ask(place, "sample_with_tools");
    want(person.asked[0].tools?.length, "no tool was offered");
  },

  async elicitation(place) {
    const [person, text] = await ask(place, "test_elicitation", { message: "Who are you?" });
    want(text.includes("accept") && text.includes(FORM.username), `not accepted: ${text}`);
    wantEqual(person.asked[0].message, "Who are you?", "message");
    const [, other] = await ask(place, "test_elicitation", { message: "?" }, new Person("cancel"));
    want(other.includes("cancel"), `not cancelled: ${other}`);
  },

  async elicitation_of_choices(place) {
    const [person, text] = await ask(place, "test_elicitation_sep1330_enums");
    want(text.includes("accept"), `not accepted: ${text}`);
    const kinds = ["legacyEnum", "titledMulti", "titledSingle", "untitledMulti", "untitledSingle"];
    wantEqual(Object.keys(person.asked[0].requestedSchema.properties).sort(), kinds, "fields");
  },

  async elicitation_by_url(place) {
    const url = "https://example.org/consent?id=1";
    const [person, text] = await ask(place, "elicit_url", { url });
    want(text.includes("accept"), `not accepted: ${text}`);
    wantEqual([person.asked[0].mode, person.asked[0].url], ["url", url], "what was asked");
  },

  async roots(place) {
    const [, text] = await ask(place, "list_roots");
    want(text.includes(ROOT_URI), `${ROOT_URI} is not in ${text}`);
  },

  async several_questions(place) {
    const [person] = await ask(place, "test_input_required_result_multiple_inputs");
    wantEqual(person.asked.length, 3, "questions at once");
    const [other] = await ask(place, "test_input_required_result_multi_round");
    wantEqual(other.asked.length, 2, "questions one after another");
  },

  async question_of_a_prompt(place) {
    const person = new Person();
    const name = "test_input_required_result_prompt";
    const result = await meet(place, person, (client) => client.getPrompt({ name }));
    want(result.messages.length, "the prompt has no message");
    wantEqual(person.asked.length, 1, "questions");
  },

  async missing_capability(place) {
    const options = { capabilities: {} };
    await meet(place, undefined, async (client) => {
      const fault = await call(client, "test_missing_capability").catch((error) => error);
      wantEqual(fault.code, MISSING_CAPABILITY, "code");
    }, options);
  },

  async progress(place) {
    const heard = [];
    const onprogress = ({ progress, total }) => heard.push([progress, total]);
    await meet(place, new Person(), (client) =>
      call(client, "test_tool_with_progress", {}, { onprogress }),
    );
    wantEqual(heard, [[0, 100], [50, 100], [100, 100]], "progress");
  },

  async logging(place) {
    const person = new Person();
    const name = "test_tool_with_logging";
    await meet(place, person, async (client) => {
      const log = async (level) => {
        if (place.era === "stateless") {
          const meta = level ? { _meta: { [LOG_LEVEL]: level } } : {};
          await client.callTool({ name, arguments: {}, ...meta });
        } else {
          await client.setLoggingLevel(level ?? "error");
          await call(client, name);
        }
      };
      await log("debug");
      await person.until(() => person.of("message").length >= 3, "three log messages");
      const count = person.of("message").length;
      await log(undefined);
      await log("info");
      await person.until(() => person.of("message").length >= 2 * count, "the messages again");
      wantEqual(person.of("message").length, 2 * count, "log messages of two calls that log");
    });
  },

  async cancellation(place) {
    await meet(place, new Person(), async (client) => {
      for (let round = 0; round < ROUNDS; round += 1) {
        const controller = new AbortController();
        const options = { signal: controller.signal };
        const sleepers = Array.from({ length: SLEEPERS }, () =>
          call(client, "sleep", { ms: SLEEP_MS }, options).catch((error) => error),
        );
        await call(client, "test_simple_text");
        controller.abort();
        const ends = await Promise.all(sleepers);
        want(ends.every((end) => end instanceof Error), "a cancelled call has a result");
      }
      want(!(await call(client, "test_simple_text")).isError, "the last call failed");
    });
  },

  async cancelled_question(place) {
    const person = new Person("wait");
    await meet(place, person, async (client) => {
      const controller = new AbortController();
      const options = { signal: controller.signal };
      const asking = call(client, "test_elicitation", { message: "Hello?" }, options);
      const ended = asking.catch((error) => error);
      await person.until(() => person.asked.length, "the question");
      controller.abort();
      await ended;
      await person.until(() => person.interrupted, "the end of the question");
    });
  },

  async subscription(place) {
    const person = new Person();
    await meet(place, person, async (client) => {
      await client.subscribeResource({ uri: WATCHED });
      const updated = [client, person, "resources/updated", "update_resource"];
      await untilHeard(...updated, { uri: WATCHED });
      wantEqual(uris(person), [WATCHED], "updated");
      await client.unsubscribeResource({ uri: WATCHED });
      await client.subscribeResource({ uri: OTHER });
      person.heard.length = 0;
      await call(client, "update_resource", { uri: WATCHED });
      await untilHeard(...updated, { uri: OTHER });
      wantEqual(uris(person), [OTHER], "updated");
    });
  },

  async list_changes(place) {
    const person = new Person();
    await meet(place, person, async (client) => {
      await untilHeard(client, person, "tools/list_changed", "test_trigger_tool_change");
      await untilHeard(client, person, "prompts/list_changed", "test_trigger_prompt_change");
    });
  },

  async listen(place) {
    const person = new Person();
    await meet(place, person, async (client) => {
      const updates = await client.listen({ resourceSubscriptions: [WATCHED] });
      const changes = await client.listen({ toolsListChanged: true });
      wantEqual(updates.honoredFilter.resourceSubscriptions, [WATCHED], "granted");
      await call(client, "update_resource", { uri: OTHER });
      await call(client, "update_resource", { uri: WATCHED });
      await person.until(() => person.of("resources/updated").length, "an update");
      wantEqual(uris(person), [WATCHED], "updated");
      await call(client, "test_trigger_prompt_change");
      await call(client, "test_trigger_tool_change");
      await person.until(() => person.of("tools/list_changed").length, "a change");
      wantEqual(person.of("prompts/list_changed"), [], "changes not asked for");
      await updates.close();
      await changes.close();
      want(!(await call(client, "test_simple_text")).isError, "no call afterwards");
    });
  },

  async resumed_call(place) {
    const heard = [];
    const onprogress = ({ progress }) => heard.push(progress);
    await meet(place, new Person(), (client) =>
      call(client, "test_tool_with_progress", {}, { onprogress }),
    );
    wantEqual(heard, [0, 50, 100], "progress");
  },

  async resumed_question(place) {
    const [person, text] = await ask(place, "test_elicitation", { message: "Still there?" });
    want(text.includes("accept"), `not accepted: ${text}`);
    wantEqual(person.asked.length, 1, "questions");
  },

  async resumed_updates(place) {
    const person = new Person();
    await meet(place, person, async (client) => {
      await client.subscribeResource({ uri: WATCHED });
      const updated = [client, person, "resources/updated", "update_resource"];
      await untilHeard(...updated, { uri: WATCHED });
      await untilHeard(...updated, { uri: WATCHED });
    });
  },

  async polled_call(place) {
    await ask(place, "test_reconnection");
  },

  ...TASKS,
};

/** Waits for one case, not longer than it may take. */
async function bounded(name, place) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${CASE_MS} ms`)), CASE_MS);
  });
  await Promise.race([CASES[name](place), late]).finally(() => clearTimeout(timer));
}

const { era, target, cases, cut } = JSON.parse(process.argv[2]);
for (const name of cases) {
  let fault = null;
  try {
    await bounded(name, { era, target: cut[name] ? { url: cut[name] } : target });
  } catch (error) {
    fault = error.stack ?? String(error);
  }
  console.log(JSON.stringify({ case: name, fault }));
}
// A stream that a faulty server leaves open must not keep the process.
process.exit(0);
