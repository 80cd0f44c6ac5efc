//! Calls that become tasks, in both shapes, over pipes and HTTP. One endpoint without a kernel.

#![allow(clippy::disallowed_methods, clippy::needless_pass_by_value, reason = "a test program")]

mod harness;

use std::sync::Arc;

use harness::{HTTP, LINE, World};
use mcpring::model::{Elicitation, Property, TaskSupport};
use mcpring::rpc::RpcError;
use mcpring::server::{Ask, Server};
use mcpring::slot::Slot;
use mcpring::{Authorization, Call, Config, Outcome, Principal, Tool};
use serde_json::{Value, json};

const CORE: &str = "2025-11-25";
const EXTENSION: &str = "2026-07-28";
const NAME: &str = "io.modelcontextprotocol/tasks";
const RELATED: &str = "io.modelcontextprotocol/related-task";
const ANN: &str = "token-of-ann-0123456789";
const BOB: &str = "token-of-bob-0123456789";

fn who() -> Elicitation {
    Elicitation::form("Who?").property(Property::text("name").required())
}

fn server() -> Server {
    let schema = || json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let tool = |name: &'static str, run: fn(&mut Call<'_>) -> Outcome| {
        Tool::raw(name, schema(), run).task_support(TaskSupport::Optional)
    };
    let greet = |call: &mut Call<'_>| match call.elicit("who", &who()) {
        Ok(answer) => Outcome::text(format!("Hello, {}!", answer.text("name").unwrap_or_default())),
        Err(outcome) => outcome,
    };
    Server::builder("tasks", "1")
        .tool(Tool::raw("plain", schema(), |_: &mut Call<'_>| "plain").inline())
        .tool(tool("slow", |call| {
            let context = call.context();
            if context.task_id().is_some() {
                context.task_status("half way");
                context.progress(0.5, Some(1.0), None);
            }
            Outcome::text("done")
        }))
        .tool(tool("quick", |_| Outcome::text("quick")).inline())
        .tool(tool("fail", |_| Outcome::failure("no luck")))
        .tool(tool("error", |_| Outcome::Error(RpcError::new(-5, "broken"))))
        .tool(tool("must", |_| Outcome::text("must")).task_support(TaskSupport::Required))
        .tool(tool("greet", greet))
        .tool(tool("again", |call| match call.state().map_or(0, |state| state[0]) {
            2 => Outcome::text("asked twice"),
            times => Ask::new().elicit("on", who()).state([times + 1]).into(),
        }))
        .tool(tool("two", |call| {
            if call.answers().len() == 2 {
                return Outcome::text("both");
            }
            Ask::new().elicit("a", who()).elicit("b", who()).into()
        }))
        .tool(
            tool("first", |call| {
                let name = match call.elicit("who", &who()) {
                    Ok(answer) => answer.text("name").unwrap_or_default().to_owned(),
                    Err(outcome) => return outcome,
                };
                let is_task = call.context().become_task().is_some();
                Outcome::text(format!("{name} {is_task}"))
            })
            .task_support(TaskSupport::Required)
            .task_by_handler(),
        )
        .build()
        .expect("the test's server is in order")
}

fn world() -> World {
    World::new(server(), Config::default())
}

/// A client of one version over one transport.
struct Client {
    version: &'static str,
    /// Its pipe; without one it speaks HTTP.
    pipe: Option<Slot>,
    session: Option<String>,
    token: Option<&'static str>,
    capabilities: Value,
    next: u64,
}

impl Client {
    fn new(world: &mut World, version: &'static str, listener: u16) -> Self {
        let mut capabilities = json!({ "elicitation": {} });
        if version == EXTENSION {
            capabilities["extensions"] = json!({ NAME: {} });
        }
        Self::with(world, version, listener, None, capabilities)
    }

    fn with(
        world: &mut World,
        version: &'static str,
        listener: u16,
        token: Option<&'static str>,
        capabilities: Value,
    ) -> Self {
        let pipe = (listener == LINE).then(|| world.connect(LINE));
        let mut client = Self { version, pipe, session: None, token, capabilities, next: 0 };
        if version == CORE {
            let params = json!({ "protocolVersion": CORE, "capabilities": client.capabilities,
                "clientInfo": { "name": "test", "version": "1" } });
            let slot = client.start(world, "initialize", params);
            let sent = String::from_utf8(world.take(slot)).expect("UTF-8");
            let id = sent.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
            client.session = id.map(str::to_owned);
        }
        client
    }

    /// Sends a request; its answer is to be taken from what is returned.
    fn start(&mut self, world: &mut World, method: &str, mut params: Value) -> Slot {
        self.next += 1;
        if self.version == EXTENSION {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(EXTENSION);
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
                self.capabilities.clone();
        }
        let name = params.get("taskId").or(params.get("name")).cloned();
        let message =
            json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params });
        self.put(world, "POST", method, name.as_ref().and_then(Value::as_str), Some(&message))
    }

    fn put(
        &self,
        world: &mut World,
        verb: &str,
        method: &str,
        name: Option<&str>,
        message: Option<&Value>,
    ) -> Slot {
        let body = message.map(Value::to_string).unwrap_or_default();
        let (slot, bytes) = match self.pipe {
            Some(slot) => (slot, format!("{body}\n")),
            None => {
                let mut head = format!(
                    "{verb} /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                     Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n",
                    body.len()
                );
                let mut put = |line: String| head += &(line + "\r\n");
                self.session.iter().for_each(|id| put(format!("Mcp-Session-Id: {id}")));
                self.token.iter().for_each(|token| put(format!("Authorization: Bearer {token}")));
                if self.version == EXTENSION {
                    put(format!("MCP-Protocol-Version: {EXTENSION}"));
                    put(format!("Mcp-Method: {method}"));
                    name.iter().for_each(|name| put(format!("Mcp-Name: {name}")));
                }
                (world.connect(HTTP), format!("{head}\r\n{body}"))
            }
        };
        let sent = world.feed(slot, bytes.as_bytes());
        world.give_back(slot, sent);
        slot
    }

    /// All messages that a request is answered with at once.
    fn ask(&mut self, world: &mut World, method: &str, params: Value) -> Vec<Value> {
        let slot = self.start(world, method, params);
        messages(world, slot)
    }

    /// The answer of a request, whatever was said besides.
    fn answer(&mut self, world: &mut World, method: &str, params: Value) -> Value {
        let messages = self.ask(world, method, params);
        let id = json!(self.next);
        let found = messages.iter().find(|m| m["id"] == id && m.get("method").is_none());
        found.unwrap_or_else(|| panic!("no answer to {method} in {messages:?}")).clone()
    }

    fn call(&mut self, world: &mut World, tool: &str) -> Value {
        let mut params = json!({ "name": tool, "arguments": {} });
        if self.version == CORE {
            params["task"] = json!({});
        }
        self.answer(world, "tools/call", params)
    }

    /// Begins a task; its id.
    fn begin(&mut self, world: &mut World, tool: &str) -> String {
        let answer = self.call(world, tool);
        let result = &answer["result"];
        let task = if self.version == CORE { &result["task"] } else { result };
        assert_eq!(task["status"], "working", "{answer}");
        task["taskId"].as_str().unwrap_or_else(|| panic!("no task: {answer}")).to_owned()
    }

    fn about(&mut self, world: &mut World, method: &str, id: &str) -> Value {
        self.answer(world, method, json!({ "taskId": id }))
    }

    fn get(&mut self, world: &mut World, id: &str) -> Value {
        self.about(world, "tasks/get", id)["result"].clone()
    }

    /// Answers a request of the server's.
    fn reply(&self, world: &mut World, question: &Value, name: &str) -> Vec<Value> {
        let message = json!({ "jsonrpc": "2.0", "id": question["id"], "result": accepted(name) });
        let slot = self.put(world, "POST", "", None, Some(&message));
        messages(world, slot)
    }

    fn update(&mut self, world: &mut World, id: &str, responses: Value) -> Value {
        let params = json!({ "taskId": id, "inputResponses": responses });
        self.answer(world, "tasks/update", params)
    }
}

fn accepted(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

/// The messages on a connection since the last time, from lines, bodies and events alike.
fn messages(world: &mut World, slot: Slot) -> Vec<Value> {
    let text = String::from_utf8(world.take(slot)).expect("messages are UTF-8");
    let lines = text.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
    lines
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(Value::is_object)
        .collect()
}

fn text(answer: &Value) -> &str {
    answer["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}

fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"))
}

/// Every version that has tasks, over every transport.
fn each(test: impl Fn(&mut World, Client)) {
    for version in [CORE, EXTENSION] {
        for listener in [LINE, HTTP] {
            let mut world = world();
            let client = Client::new(&mut world, version, listener);
            test(&mut world, client);
        }
    }
}

#[test]
fn a_task_runs_and_its_result_is_kept() {
    each(|world, mut client| {
        world.works = false;
        let id = client.begin(world, "slow");
        let task = client.get(world, &id);
        assert_eq!((&task["taskId"], &task["status"]), (&json!(id), &json!("working")));
        let is_core = client.version == CORE;
        let (ttl, poll) =
            if is_core { ("ttl", "pollInterval") } else { ("ttlMs", "pollIntervalMs") };
        assert_eq!((&task[ttl], &task[poll]), (&json!(600_000), &json!(500)), "{task}");
        assert!(task.get("requestState").is_none() && task.get("result").is_none(), "{task}");
        world.run_job();
        let task = client.get(world, &id);
        assert_eq!(task["status"], "completed", "{task}");
        assert_eq!(task["statusMessage"], "half way", "{task}");
        if is_core {
            assert!(task.get("result").is_none() && task.get("resultType").is_none());
            for _ in 0..2 {
                let result = client.about(world, "tasks/result", &id)["result"].clone();
                assert_eq!(text(&result), "done");
                assert_eq!(result["_meta"][RELATED]["taskId"], id.as_str());
            }
        } else {
            assert_eq!(task["resultType"], "complete");
            assert_eq!(task["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "tasks");
            assert_eq!(text(&task["result"]), "done");
            assert_eq!(task["result"]["resultType"], "complete");
            assert!(task["result"].get("_meta").is_none(), "{task}");
        }
        assert_eq!(world.metrics.tasks_created.get(), 1);
        assert_eq!(world.metrics.tasks_open.get(), 1);
    });
}

#[test]
fn failures_are_told_apart_by_version() {
    each(|world, mut client| {
        let is_core = client.version == CORE;
        for (tool, core, extension) in [
            ("quick", "completed", "completed"),
            ("fail", "failed", "completed"),
            ("error", "failed", "failed"),
        ] {
            let id = client.begin(world, tool);
            let task = client.get(world, &id);
            assert_eq!(task["status"], if is_core { core } else { extension }, "{tool}");
            let kept =
                if is_core { client.about(world, "tasks/result", &id) } else { task.clone() };
            match tool {
                "error" => {
                    assert_eq!((code(&kept), &task["statusMessage"]), (-5, &json!("broken")));
                    assert!(kept.get("result").is_none(), "{kept}");
                }
                "fail" => assert_eq!(kept["result"]["isError"], true),
                _ => assert_eq!(text(&kept["result"]), "quick"),
            }
        }
    });
}

#[test]
fn who_may_have_tasks_and_who_must() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut core = Client::new(world, CORE, listener);
        let call = |tool: &str, task: Option<Value>| {
            let mut params = json!({ "name": tool, "arguments": {} });
            task.into_iter().for_each(|task| params["task"] = task);
            params
        };
        for (tool, task, want) in [
            ("plain", Some(json!({})), Err(-32601)),
            ("must", None, Err(-32601)),
            ("plain", None, Ok(false)),
            ("slow", None, Ok(false)),
            ("slow", Some(json!({ "ttl": 5000 })), Ok(true)),
            ("slow", Some(json!({ "ttl": null })), Ok(true)),
            ("slow", Some(json!({ "ttl": -1 })), Err(-32602)),
            ("slow", Some(json!([])), Err(-32602)),
            ("must", Some(json!({})), Ok(true)),
        ] {
            let answer = core.answer(world, "tools/call", call(tool, task.clone()));
            match want {
                Ok(is_task) => {
                    assert_eq!(answer["result"].get("task").is_some(), is_task, "{tool} {task:?}");
                }
                Err(want) => assert_eq!(code(&answer), want, "{tool} {task:?}"),
            }
        }
        // Bad arguments make a task that fails: the shape is the one that was asked for.
        let params = json!({ "name": "slow", "arguments": { "n": "x" }, "task": {} });
        let answer = core.answer(world, "tools/call", params);
        let id = answer["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
        assert_eq!(core.get(world, &id)["status"], "failed");
        let kept = core.about(world, "tasks/result", &id);
        assert_eq!(kept["result"]["isError"], true);

        let mut with = Client::new(world, EXTENSION, listener);
        let mut without = Client::with(world, EXTENSION, listener, None, json!({}));
        let old = json!({ "ttl": 60000 });
        for (tool, declared, undeclared) in [
            ("plain", "complete", Some("complete")),
            ("slow", "task", Some("complete")),
            ("must", "task", None),
        ] {
            let answer = with.answer(world, "tools/call", call(tool, Some(old.clone())));
            assert_eq!(answer["result"]["resultType"], declared, "{tool}");
            let answer = without.answer(world, "tools/call", call(tool, Some(old.clone())));
            match undeclared {
                Some(want) => assert_eq!(answer["result"]["resultType"], want, "{tool}"),
                None => missing(&answer),
            }
        }
        for method in ["tasks/get", "tasks/cancel", "tasks/update"] {
            missing(&without.answer(world, method, json!({ "taskId": "x", "inputResponses": {} })));
        }
        let listen = json!({ "notifications": { "taskIds": ["x"] } });
        missing(&without.answer(world, "subscriptions/listen", listen));
        for method in ["tasks/result", "tasks/list"] {
            let answer = with.answer(world, method, json!({ "taskId": "x" }));
            assert_eq!(code(&answer), -32601);
        }
    }
}

fn missing(answer: &Value) {
    assert_eq!(code(answer), -32021, "{answer}");
    let want = json!({ "requiredCapabilities": { "extensions": { NAME: {} } } });
    assert_eq!(answer["error"]["data"], want);
}

#[test]
fn earlier_versions_have_no_tasks() {
    let mut world = world();
    let slot = world.connect(LINE);
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "t", "version": "1" } } });
    world.feed(slot, format!("{hello}\n").as_bytes());
    for (tool, want) in [("slow", None), ("must", Some(-32601))] {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": tool, "arguments": {}, "task": {} } });
        let sent = world.feed(slot, format!("{call}\n").as_bytes());
        world.give_back(slot, sent);
        let answer = messages(&mut world, slot).remove(0);
        match want {
            None => assert_eq!(text(&answer["result"]), "done"),
            Some(want) => assert_eq!(code(&answer), want),
        }
    }
}

#[test]
fn results_are_waited_for_by_several() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        world.works = false;
        let mut client = Client::new(world, CORE, listener);
        let id = client.begin(world, "slow");
        let waits: Vec<_> = (0..3)
            .map(|_| {
                let slot = client.start(world, "tasks/result", json!({ "taskId": id }));
                (slot, client.next)
            })
            .collect();
        // One gives up waiting: nothing happens to the task.
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": waits[2].1 } });
        client.put(world, "POST", "", None, Some(&note));
        world.run_job();
        let mut said: Vec<Value> = Vec::new();
        let mut slots: Vec<_> = waits.iter().map(|(slot, _)| *slot).collect();
        slots.dedup();
        slots.into_iter().for_each(|slot| said.extend(messages(world, slot)));
        for (_, number) in &waits[..2] {
            let own: Vec<_> = said.iter().filter(|m| m["id"] == *number).collect();
            assert_eq!(own.len(), 1, "{said:?}");
            assert_eq!(text(&own[0]["result"]), "done");
        }
        let last = said.iter().find(|m| m["id"] == waits[2].1);
        assert!(last.is_none_or(|answer| code(answer) == -32800), "{said:?}");
    }
}

#[test]
fn a_cancelled_task_stays_cancelled() {
    each(|world, mut client| {
        world.works = false;
        let is_core = client.version == CORE;
        let id = client.begin(world, "slow");
        let wait = is_core.then(|| client.start(world, "tasks/result", json!({ "taskId": id })));
        let waiting = client.next;
        let answers = client.ask(world, "tasks/cancel", json!({ "taskId": id }));
        let answer = answers.iter().find(|m| m["id"] == client.next).expect("an answer");
        if is_core {
            assert_eq!(answer["result"]["status"], "cancelled", "{answer}");
            let mut all = answers.clone();
            all.extend(messages(world, wait.expect("it waits")));
            let waited = all.iter().find(|m| m["id"] == waiting).expect("it is answered");
            assert_eq!(code(waited), -32800);
            assert_eq!(code(&client.about(world, "tasks/cancel", &id)), -32602);
            assert_eq!(code(&client.about(world, "tasks/result", &id)), -32800);
        } else {
            assert_eq!(answer["result"]["resultType"], "complete");
            assert!(answer["result"].get("taskId").is_none(), "{answer}");
            let again = client.about(world, "tasks/cancel", &id);
            assert_eq!(again["result"]["resultType"], "complete");
        }
        // The handler runs all the same, too late.
        world.run_job();
        assert_eq!(world.metrics.answers_late.get(), 1);
        let task = client.get(world, &id);
        assert_eq!(task["status"], "cancelled");
        assert!(task.get("result").is_none() && task.get("error").is_none(), "{task}");
        // One that has ended already.
        let id = client.begin(world, "quick");
        let answer = client.about(world, "tasks/cancel", &id);
        assert_eq!(answer.get("error").is_some(), is_core);
        assert_eq!(client.get(world, &id)["status"], "completed");
    });
}

#[test]
fn the_core_asks_by_requests_on_the_stream_that_waits() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, CORE, listener);
        let slot = client.start(world, "tools/call", json!({ "name": "greet", "task": {} }));
        let first = messages(world, slot);
        let id = first[0]["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
        assert_eq!(client.get(world, &id)["status"], "input_required");
        let wait = client.start(world, "tasks/result", json!({ "taskId": id }));
        let waiting = client.next;
        let said = messages(world, wait);
        // A pipe was asked as soon as the handler did; over HTTP the question waits for a way.
        let said = if listener == LINE { first } else { said };
        let question = said.iter().find(|m| m["method"] == "elicitation/create").expect("asked");
        assert_eq!(question["params"]["_meta"][RELATED]["taskId"], id.as_str(), "{question}");
        assert_eq!(question["params"]["message"], "Who?");
        let mut said = client.reply(world, question, "Ann");
        said.extend(messages(world, wait));
        let answer = said.iter().find(|m| m["id"] == waiting).expect("it is answered");
        assert_eq!(text(&answer["result"]), "Hello, Ann!");
        assert_eq!(client.get(world, &id)["status"], "completed");
    }
}

#[test]
fn a_session_hears_of_its_tasks_where_it_listens() {
    let mut world = world();
    let world = &mut world;
    let mut client = Client::new(world, CORE, HTTP);
    let listener = client.put(world, "GET", "", None, None);
    let _ = world.take(listener);
    let params = json!({ "name": "slow", "task": {}, "_meta": { "progressToken": "p" } });
    let answer = client.answer(world, "tools/call", params);
    let id = answer["result"]["task"]["taskId"].clone();
    let said = messages(world, listener);
    let methods: Vec<_> = said.iter().map(|m| m["method"].as_str().unwrap_or_default()).collect();
    let status = "notifications/tasks/status";
    assert_eq!(methods, [status, "notifications/progress", status], "{said:?}");
    assert_eq!(
        (&said[0]["params"]["taskId"], &said[0]["params"]["status"]),
        (&id, &json!("working"))
    );
    assert_eq!(said[1]["params"]["progressToken"], "p");
    assert_eq!(said[1]["params"]["_meta"][RELATED]["taskId"], id);
    assert_eq!(said[2]["params"]["status"], "completed");
    // Who fetches results of ended tasks only is asked where it listens.
    let answer = client.call(world, "greet");
    let said = messages(world, listener);
    assert_eq!(said[0]["params"]["status"], "input_required", "{said:?}");
    client.reply(world, &said[1], "Bob");
    let id = answer["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
    assert_eq!(text(&client.about(world, "tasks/result", &id)["result"]), "Hello, Bob!");
}

#[test]
fn the_extension_shows_questions_with_the_task() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, EXTENSION, listener);
        let id = client.begin(world, "two");
        let asked = client.get(world, &id);
        assert_eq!(asked["status"], "input_required");
        let open = asked["inputRequests"].as_object().expect("questions");
        let keys: Vec<_> = open.keys().cloned().collect();
        assert_eq!(keys.len(), 2);
        assert_eq!(open[&keys[0]]["method"], "elicitation/create");
        let odd = json!({ "other": { "x": 1 }, &keys[0]: accepted("A") });
        let ack = client.update(world, &id, odd)["result"].clone();
        assert_eq!(ack["resultType"], "complete");
        assert!(ack.get("taskId").is_none() && ack.get("status").is_none(), "{ack}");
        let left = client.get(world, &id)["inputRequests"].clone();
        assert_eq!(left.as_object().expect("questions").keys().collect::<Vec<_>>(), [&keys[1]]);
        client.update(world, &id, json!({ &keys[1]: accepted("B") }));
        let task = client.get(world, &id);
        assert_eq!(text(&task["result"]), "both");
        // An answer too many is no fault.
        let late = client.update(world, &id, json!({ &keys[1]: accepted("B") }));
        assert_eq!(late["result"]["resultType"], "complete");
        for bad in [
            json!({}),
            json!({ "taskId": id }),
            json!({ "taskId": id, "inputResponses": [] }),
            json!({ "taskId": id, "inputResponses": { "a": 1 } }),
        ] {
            // Over HTTP the header has to name something.
            if listener == LINE || bad.get("taskId").is_some() {
                assert_eq!(code(&client.answer(world, "tasks/update", bad)), -32602);
            }
        }
    }
}

#[test]
fn names_of_questions_are_used_once_in_a_task() {
    let mut world = world();
    let world = &mut world;
    let mut client = Client::new(world, EXTENSION, LINE);
    let id = client.begin(world, "again");
    let mut seen = Vec::new();
    for _ in 0..2 {
        let open = client.get(world, &id)["inputRequests"].clone();
        let key = open.as_object().expect("a question").keys().next().expect("one").clone();
        // The answers to earlier ones answer nothing.
        seen.iter().for_each(|old: &String| {
            client.update(world, &id, json!({ old: accepted("late") }));
        });
        assert_eq!(client.get(world, &id)["status"], "input_required");
        assert!(!seen.contains(&key), "{key} came before");
        client.update(world, &id, json!({ &key: accepted("A") }));
        seen.push(key);
    }
    assert_eq!(text(&client.get(world, &id)["result"]), "asked twice");
}

#[test]
fn a_handler_may_ask_first_and_become_a_task_then() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, EXTENSION, listener);
        let first = client.answer(world, "tools/call", json!({ "name": "first", "arguments": {} }));
        let first = &first["result"];
        assert_eq!(first["resultType"], "input_required", "{first}");
        assert!(first.get("taskId").is_none());
        let mut params = json!({ "name": "first", "arguments": {},
            "inputResponses": { "who": accepted("Alice") } });
        first
            .get("requestState")
            .iter()
            .for_each(|state| params["requestState"] = (*state).clone());
        let second = client.answer(world, "tools/call", params);
        let second = &second["result"];
        assert_eq!((&second["resultType"], &second["status"]), (&json!("task"), &json!("working")));
        assert!(second.get("requestState").is_none() && second.get("inputRequests").is_none());
        let task = client.get(world, second["taskId"].as_str().expect("a task"));
        assert_eq!(text(&task["result"]), "Alice true");
        // The id of its request is free again.
        let mut core = Client::new(world, CORE, listener);
        let id = core.begin(world, "first");
        assert_eq!(core.get(world, &id)["status"], "input_required");
    }
}

#[test]
fn listening_calls_hear_of_tasks() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, EXTENSION, listener);
        world.works = false;
        let id = client.begin(world, "slow");
        let unknown = format!("{:036x}", 1);
        let params = json!({ "notifications": { "taskIds": [id, unknown, "x"] } });
        let slot = client.start(world, "subscriptions/listen", params);
        let listening = client.next;
        world.run_job();
        let said = messages(world, slot);
        let granted = &said[0]["params"]["notifications"]["taskIds"];
        assert_eq!(*granted, json!([id, unknown]), "{said:?}");
        let statuses: Vec<_> = said[1..]
            .iter()
            .map(|news| {
                assert_eq!(news["method"], "notifications/tasks");
                let params = &news["params"];
                assert_eq!(params["_meta"]["io.modelcontextprotocol/subscriptionId"], listening);
                assert_eq!(params["taskId"], id.as_str());
                params["status"].as_str().expect("a status").to_owned()
            })
            .collect();
        assert_eq!(statuses, ["working", "working", "completed"]);
        assert_eq!(text(&said[3]["params"]["result"]), "done");
        for bad in [json!("x"), json!([1]), json!(vec!["x"; 65])] {
            let params = json!({ "notifications": { "taskIds": bad } });
            assert_eq!(code(&client.answer(world, "subscriptions/listen", params)), -32602);
        }
    }
}

#[test]
fn unknown_tasks_are_one_and_the_same() {
    each(|world, mut client| {
        let id = client.begin(world, "quick");
        let other = if client.version == CORE { EXTENSION } else { CORE };
        let mut stranger = Client::new(world, other, LINE);
        let far = format!("ffff{}", &id[4..]);
        let wrong = format!("{}{}", &id[..35], if id.ends_with('0') { '1' } else { '0' });
        for unknown in ["", "x", &far, &wrong] {
            if client.pipe.is_some() || !unknown.is_empty() {
                assert_eq!(code(&client.about(world, "tasks/get", unknown)), -32602, "{unknown}");
                assert_eq!(
                    code(&client.about(world, "tasks/cancel", unknown)),
                    -32602,
                    "{unknown}"
                );
            }
        }
        // A task has the form it was made in.
        let found = stranger.about(world, "tasks/get", &id);
        let none = stranger.about(world, "tasks/get", &wrong);
        assert_eq!(found["error"], none["error"]);
        assert_eq!(id.len(), 36);
    });
}

#[test]
fn without_authorization_the_id_is_all_it_takes() {
    let mut world = world();
    let world = &mut world;
    for version in [CORE, EXTENSION] {
        let mut maker = Client::new(world, version, LINE);
        let id = maker.begin(world, "quick");
        world.end(maker.pipe.expect("a pipe"), false);
        assert!(world.is_closed(maker.pipe.expect("a pipe")));
        for listener in [LINE, HTTP] {
            let mut other = Client::new(world, version, listener);
            assert_eq!(other.get(world, &id)["status"], "completed");
        }
    }
}

#[test]
fn a_task_is_its_principals_alone() {
    let principals = Authorization::new("https://tools.example.com/mcp")
        .static_token(ANN, Principal::new("ann"))
        .static_token(BOB, Principal::new("bob"));
    let guard = Arc::new(principals.build().expect("settings that hold"));
    let mut world = World::guarded(server(), Config::default(), Some(guard));
    let world = &mut world;
    let extension = json!({ "extensions": { NAME: {} } });
    for (version, capabilities) in [(CORE, json!({})), (EXTENSION, extension)] {
        let client = |world: &mut World, token| {
            Client::with(world, version, HTTP, Some(token), capabilities.clone())
        };
        let mut ann = client(world, ANN);
        let id = ann.begin(world, "quick");
        let mut again = client(world, ANN);
        assert_eq!(again.get(world, &id)["status"], "completed", "another session of hers");
        let mut bob = client(world, BOB);
        let none = bob.about(world, "tasks/get", &format!("{:036x}", 1));
        let methods = if version == CORE {
            ["tasks/get", "tasks/result", "tasks/cancel"]
        } else {
            ["tasks/get", "tasks/update", "tasks/cancel"]
        };
        for method in methods {
            let params = json!({ "taskId": id, "inputResponses": {} });
            let answer = bob.answer(world, method, params);
            assert_eq!((code(&answer), &answer["error"]), (-32602, &none["error"]), "{method}");
        }
        if version == EXTENSION {
            let listen = json!({ "notifications": { "taskIds": [id] } });
            let slot = bob.start(world, "subscriptions/listen", listen);
            assert_eq!(messages(world, slot).len(), 1, "nothing but the acknowledgement");
        }
        // Nor is it anybody's who has no token at all.
        let mut pipe = Client::with(world, version, LINE, None, capabilities.clone());
        assert_eq!(code(&pipe.about(world, "tasks/get", &id)), -32602);
    }
}

#[test]
fn a_session_lists_its_own_tasks_in_pages() {
    let config = Config { page_items: 2, ..Config::default() };
    let mut world = World::new(server(), config);
    let world = &mut world;
    let mut client = Client::new(world, CORE, HTTP);
    let ids: Vec<_> = (0..5).map(|_| client.begin(world, "quick")).collect();
    let mut other = Client::new(world, CORE, LINE);
    other.begin(world, "quick");
    let (mut found, mut params) = (Vec::new(), json!({}));
    loop {
        let page = client.answer(world, "tasks/list", params)["result"].clone();
        for task in page["tasks"].as_array().expect("tasks") {
            assert_eq!(task["status"], "completed");
            found.push(task["taskId"].as_str().expect("an id").to_owned());
        }
        let Some(next) = page.get("nextCursor") else { break };
        params = json!({ "cursor": next });
    }
    assert_eq!(found, ids);
    let bad = client.answer(world, "tasks/list", json!({ "cursor": "x" }));
    assert_eq!(code(&bad), -32602);
    let hello = json!({ "protocolVersion": CORE, "capabilities": {},
        "clientInfo": { "name": "t", "version": "1" } });
    let slot = world.connect(LINE);
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello });
    let sent = world.feed(slot, format!("{hello}\n").as_bytes());
    world.give_back(slot, sent);
    let want = json!({ "list": {}, "cancel": {}, "requests": { "tools": { "call": {} } } });
    assert_eq!(messages(world, slot)[0]["result"]["capabilities"]["tasks"], want);
}

#[test]
fn tasks_are_over_after_their_time_and_not_before() {
    each(|world, mut client| {
        let id = client.begin(world, "quick");
        world.pass(599_000);
        // A pipe that is silent for so long is gone; who comes then finds the task all the same.
        let mut later = Client::new(world, client.version, LINE);
        assert_eq!(later.get(world, &id)["status"], "completed");
        world.pass(3_000);
        assert_eq!(code(&later.about(world, "tasks/get", &id)), -32602);
        assert_eq!(world.metrics.tasks_expired.get(), 1);
        assert_eq!(world.metrics.tasks_open.get(), 0);
    });
}

#[test]
fn a_task_that_never_ends_fails_when_its_time_is_over() {
    let mut world = world();
    let world = &mut world;
    world.works = false;
    let mut client = Client::new(world, CORE, LINE);
    let params = json!({ "name": "slow", "task": { "ttl": 120_000 } });
    let answer = client.answer(world, "tools/call", params);
    assert_eq!(answer["result"]["task"]["ttl"], 120_000);
    let id = answer["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
    let slot = client.start(world, "tasks/result", json!({ "taskId": id }));
    let waiting = client.next;
    world.pass(100_000);
    assert!(messages(world, slot).is_empty(), "beyond the time of a plain call");
    world.pass(30_000);
    let said = messages(world, slot);
    let answer = said.iter().find(|m| m["id"] == waiting).expect("an answer");
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(text(&answer["result"]).contains("120000 ms"), "{answer}");
    world.run_job();
    assert_eq!(world.metrics.answers_late.get(), 1);
    assert_eq!(code(&client.about(world, "tasks/get", &id)), -32602);
}

#[test]
fn times_are_bounded_whatever_the_client_says() {
    let mut world = world();
    let mut client = Client::new(&mut world, CORE, LINE);
    for (asked, given) in [(0, 1_000), (5_000, 5_000), (u64::MAX, 86_400_000)] {
        let params = json!({ "name": "quick", "task": { "ttl": asked } });
        let answer = client.answer(&mut world, "tools/call", params);
        assert_eq!(answer["result"]["task"]["ttl"], given);
    }
}

#[test]
fn too_many_tasks_are_refused_and_ended_ones_make_room() {
    each(|world, mut client| {
        world.works = false;
        let most = 4;
        *world = World::new(server(), Config { tasks_max: most, ..Config::default() });
        world.works = false;
        client =
            Client::new(world, client.version, if client.pipe.is_some() { LINE } else { HTTP });
        let running: Vec<_> = (0..most - 1).map(|_| client.begin(world, "slow")).collect();
        let first = client.begin(world, "quick");
        let second = client.begin(world, "quick");
        assert_eq!(code(&client.about(world, "tasks/get", &first)), -32602, "it made room");
        client.about(world, "tasks/cancel", &running[0]);
        client.begin(world, "slow");
        assert_eq!(code(&client.about(world, "tasks/get", &second)), -32602, "it made room");
        client.begin(world, "slow");
        let busy = code(&client.call(world, "slow"));
        assert_eq!(busy, if client.version == CORE { -32000 } else { -31000 });
        assert_eq!(client.get(world, &running[1])["status"], "working");
        assert_eq!(world.metrics.tasks_evicted.get(), 3);
        assert_eq!(world.metrics.tasks_open.get(), most as u64);
    });
}

#[test]
fn one_client_cannot_have_all_tasks() {
    let mut world = world();
    let world = &mut world;
    world.works = false;
    let mut client = Client::new(world, CORE, LINE);
    for _ in 0..256 {
        client.begin(world, "slow");
    }
    assert_eq!(code(&client.call(world, "slow")), -32000);
    let mut other = Client::new(world, CORE, LINE);
    other.begin(world, "slow");
}

#[test]
fn a_client_that_goes_leaves_its_task_running_and_its_questions_unanswered() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        world.works = false;
        let mut client = Client::new(world, CORE, listener);
        let (running, asking) = (client.begin(world, "slow"), client.begin(world, "greet"));
        world.works = true;
        world.run_job();
        world.run_job();
        match client.pipe {
            Some(pipe) => world.end(pipe, true),
            None => drop(client.put(world, "DELETE", "", None, None)),
        }
        let mut other = Client::new(world, CORE, LINE);
        assert_eq!(other.get(world, &running)["status"], "completed");
        assert_eq!(other.get(world, &asking)["status"], "failed");
    }
}

#[test]
fn who_sends_no_more_waits_no_longer_than_for_a_call() {
    let mut world = world();
    let world = &mut world;
    world.works = false;
    let mut client = Client::new(world, CORE, LINE);
    let id = client.begin(world, "slow");
    let slot = client.start(world, "tasks/result", json!({ "taskId": id }));
    world.end(slot, false);
    assert!(!world.is_closed(slot));
    world.pass(61_000);
    assert!(world.is_closed(slot));
    let mut other = Client::new(world, CORE, LINE);
    world.run_job();
    assert_eq!(other.get(world, &id)["status"], "completed");
}
