//! Lenient tools: called with arguments that do not fit, and answered as the engine would have.
//!
//! Each way to run a handler beside a tool that is not lenient: what one refuses reads the same in
//! the answer of the other, in every version.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod harness;

use std::collections::VecDeque;

use harness::{LINE, World};
use mcpring::model::{Elicitation, TaskSupport};
use mcpring::server::{Deferred, Server};
use mcpring::slot::Slot;
use mcpring::{Call, Config, Outcome, Tool};
use serde_json::{Value, json};

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

/// What the lenient tools make of the count `"7"`.
const MENDED: &[u8] = br#"{"count":7}"#;

fn schema() -> Value {
    json!({ "type": "object", "required": ["count"],
        "properties": { "count": { "type": "integer", "minimum": 1 } } })
}

fn lenient(name: &'static str, run: fn(&mut Call<'_>) -> Outcome) -> Tool {
    Tool::raw(name, schema(), run).lenient(true).task_support(TaskSupport::Optional)
}

fn server() -> Server {
    let strict = Tool::raw("strict", schema(), |_: &mut Call<'_>| "fits");
    Server::builder("test", "1.0.0")
        .tool(strict.task_support(TaskSupport::Optional))
        .tool(lenient("inline", |call| put_off(call, decide)).inline())
        .tool(lenient("pool", |call| put_off(call, decide)))
        .tool(lenient("asks", asks).inline())
        .tool(lenient("asks-pool", asks))
        .tool(lenient("asks-later", |call| put_off(call, asks_later)).inline())
        .build()
        .expect("the test's server is in order")
}

fn put_off(call: &mut Call<'_>, finish: fn(Deferred)) -> Outcome {
    let deferred = call.defer();
    assert_eq!(call.misfit(), deferred.misfit());
    finish(deferred);
    Outcome::Deferred
}

fn decide(mut deferred: Deferred) {
    if deferred.misfit().is_none() {
        return deferred.finish(Outcome::text("fits"));
    }
    let is_mended = deferred.arguments_json().ends_with(br#""7"}"#);
    match is_mended.then(|| deferred.check_arguments(MENDED)) {
        Some(Ok(())) => deferred.finish(Outcome::text("mended")),
        _ => deferred.refuse_arguments(),
    }
}

fn asks(call: &mut Call<'_>) -> Outcome {
    match call.elicit("k", &Elicitation::form("Go on?")) {
        Ok(_) => put_off(call, decide),
        Err(outcome) => outcome,
    }
}

fn asks_later(deferred: Deferred) {
    match deferred.elicit("k", &Elicitation::form("Go on?")) {
        Ok(_) => decide(deferred),
        Err(outcome) => deferred.finish(outcome),
    }
}

/// A pipe, which has shaken hands where the version does.
struct Client {
    world: World,
    slot: Slot,
    version: &'static str,
}

impl Client {
    fn new(version: &'static str) -> Self {
        let mut world = World::new(server(), Config::default());
        let slot = world.connect(LINE);
        let mut client = Self { world, slot, version };
        if version != "2026-07-28" {
            let capabilities = json!({ "elicitation": {} });
            let params = json!({ "protocolVersion": version, "capabilities": capabilities,
                "clientInfo": { "name": "test", "version": "1" } });
            client.say("initialize", params);
        }
        client
    }

    /// The answer. Whatever is asked is accepted, and what is only told is passed over.
    fn say(&mut self, method: &str, mut params: Value) -> Value {
        if self.version == "2026-07-28" {
            params["_meta"] = json!({ META_VERSION: self.version, META_CAPABILITIES: {} });
        }
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut answer = Value::Null;
        let mut messages = self.send(&message);
        while let Some(message) = messages.pop_front() {
            if message.get("method").is_none() {
                answer = message;
            } else if message.get("id").is_some() {
                let result = json!({ "action": "accept", "content": {} });
                let reply = json!({ "jsonrpc": "2.0", "id": message["id"], "result": result });
                messages.extend(self.send(&reply));
            }
        }
        answer
    }

    fn send(&mut self, message: &Value) -> VecDeque<Value> {
        let sent = self.world.feed(self.slot, format!("{message}\n").as_bytes());
        let text = str::from_utf8(&sent).expect("messages are UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("a message")).collect()
    }

    fn call(&mut self, tool: &str, arguments: &Value) -> Value {
        self.say("tools/call", json!({ "name": tool, "arguments": arguments }))
    }

    /// What a call that is a task comes to.
    fn call_as_task(&mut self, tool: &str, arguments: &Value) -> Value {
        let params = json!({ "name": tool, "arguments": arguments, "task": {} });
        let begun = self.say("tools/call", params);
        let id = begun["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
        let mut answer = self.say("tasks/result", json!({ "taskId": id }));
        answer["result"]["_meta"] = Value::Null;
        answer
    }
}

/// The words that name the tool become those that name the tool which is not lenient.
fn as_strict(answer: &Value, tool: &str) -> String {
    answer.to_string().replace(&format!("for tool {tool}:"), "for tool strict:")
}

#[test]
fn what_is_refused_reads_as_if_the_engine_had_refused_it() {
    for version in ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"] {
        let tools: &[&str] = match version {
            // Nobody is asked there, or by other means.
            "2024-11-05" | "2025-03-26" | "2026-07-28" => &["inline", "pool"],
            _ => &["inline", "pool", "asks", "asks-pool", "asks-later"],
        };
        for arguments in [json!({}), json!({ "count": 0 }), json!({ "count": "x" })] {
            let mut client = Client::new(version);
            let want = client.call("strict", &arguments).to_string();
            assert!(want.contains("invalid arguments for tool strict: "), "{want}");
            for tool in tools {
                let answer = client.call(tool, &arguments);
                assert_eq!(as_strict(&answer, tool), want, "{version} {tool}");
            }
        }
    }
}

#[test]
fn what_a_handler_mends_is_answered() {
    for (arguments, want) in [(json!({ "count": 7 }), "fits"), (json!({ "count": "7" }), "mended")]
    {
        for tool in ["inline", "pool", "asks", "asks-pool", "asks-later"] {
            let mut client = Client::new("2025-11-25");
            let answer = client.call(tool, &arguments);
            assert_eq!(answer["result"]["content"][0]["text"], want, "{tool}: {answer}");
        }
    }
}

#[test]
fn a_task_fails_as_if_the_engine_had_refused_it() {
    let arguments = json!({ "count": "x" });
    let mut client = Client::new("2025-11-25");
    let want = client.call_as_task("strict", &arguments).to_string();
    assert!(want.contains("invalid arguments for tool strict: "), "{want}");
    for tool in ["inline", "pool", "asks", "asks-pool", "asks-later"] {
        let answer = client.call_as_task(tool, &arguments);
        assert_eq!(as_strict(&answer, tool), want, "{tool}");
    }
    let answer = client.call_as_task("pool", &json!({ "count": "7" }));
    assert_eq!(answer["result"]["content"][0]["text"], "mended", "{answer}");
}

#[test]
fn other_arguments_are_checked_in_words() {
    let server = Server::builder("test", "1.0.0").tool(lenient("tool", |call| {
        put_off(call, |deferred| {
            let found: Vec<_> = [MENDED, b"{}", b"[]", b"{", b""]
                .into_iter()
                .map(|json| deferred.check_arguments(json).err().unwrap_or_default())
                .collect();
            deferred.finish(Outcome::text(found.join("\n")));
        })
    }));
    let mut world = World::new(server.build().expect("in order"), Config::default());
    let slot = world.connect(LINE);
    let mut client = Client { world, slot, version: "2026-07-28" };
    let answer = client.call("tool", &json!({ "count": 1 }));
    let text = answer["result"]["content"][0]["text"].as_str().expect("a text").to_owned();
    let found: Vec<_> = text.split('\n').collect();
    assert_eq!(found[0], "", "what fits has no words");
    assert_eq!(found[1], "invalid arguments for tool tool: \"count\" is a required property");
    assert!(found[2].starts_with("invalid arguments for tool tool: "), "{text}");
    for words in &found[3..] {
        assert!(words.starts_with("the arguments of tool tool: "), "{text}");
    }
}
