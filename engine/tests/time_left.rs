//! How long a handler is told that it has, by the endpoint's clock. One endpoint without a kernel.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod harness;

use std::time::Duration;

use harness::{LINE, World};
use mcpring::model::{Elicitation, TaskSupport};
use mcpring::server::Server;
use mcpring::slot::Slot;
use mcpring::{Call, Config, Outcome, Tool};
use serde_json::{Value, json};

const CALL_MS: u64 = 30_000;
const OWN_MS: u64 = 5_000;

fn config() -> Config {
    Config { call_ms: CALL_MS, ..Config::default() }
}

/// What is left of the call's time, in milliseconds.
fn left(call: &mut Call<'_>) -> Outcome {
    Outcome::text(
        call.context().time_left().expect("every call has an end").as_millis().to_string(),
    )
}

fn asks(call: &mut Call<'_>) -> Outcome {
    match call.elicit("on", &Elicitation::form("On?")) {
        Ok(_) => left(call),
        Err(question) => question,
    }
}

fn server() -> Server {
    let own = Duration::from_millis(OWN_MS);
    let tool = |name: &'static str, run: fn(&mut Call<'_>) -> Outcome| {
        Tool::raw(name, json!({ "type": "object" }), run).task_support(TaskSupport::Optional)
    };
    Server::builder("time", "1")
        .tool(tool("inline", left).inline())
        .tool(tool("inline-own", left).inline().timeout(own))
        .tool(tool("pool", left))
        .tool(tool("pool-own", left).timeout(own))
        .tool(tool("asks", asks))
        .tool(tool("asks-own", asks).timeout(own).inline())
        .build()
        .expect("the test's server is in order")
}

fn say(world: &mut World, slot: Slot, message: &Value) -> Vec<Value> {
    let bytes = world.feed(slot, format!("{message}\n").as_bytes());
    let text = str::from_utf8(&bytes).expect("messages are UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is a message")).collect()
}

/// A pipe that has shaken hands, in a world whose clock does not begin at zero.
fn shaken() -> (World, Slot) {
    let mut world = World::new(server(), config());
    world.pass(1_000);
    let slot = world.connect(LINE);
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": { "elicitation": {} },
        "clientInfo": { "name": "test", "version": "1" } });
    say(&mut world, slot, &request(1, "initialize", &params));
    (world, slot)
}

fn request(id: u64, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

/// The milliseconds that `tool` has left when it is begun `waited_ms` after its call came, and when
/// the question it may ask was open for as long.
fn check(tool: &str, waited_ms: u64, want_ms: u64) {
    let (mut world, slot) = shaken();
    world.works = false;
    let call = request(2, "tools/call", &json!({ "name": tool }));
    let mut messages = say(&mut world, slot, &call);
    for _ in 0..2 {
        if let Some(question) = messages.iter().find(|message| message["method"].is_string()) {
            world.pass(waited_ms);
            let result = json!({ "action": "accept", "content": {} });
            let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": result });
            messages = say(&mut world, slot, &answer);
        }
        if messages.is_empty() {
            world.pass(waited_ms);
            world.run_job();
            messages = say(&mut world, slot, &json!({ "jsonrpc": "2.0", "method": "n/n" }));
        }
    }
    let text = &messages[0]["result"]["content"][0]["text"];
    assert_eq!(*text, want_ms.to_string(), "{tool}: {messages:?}");
}

#[test]
fn a_call_knows_its_deadline() {
    check("inline", 700, CALL_MS);
    check("inline-own", 700, OWN_MS);
    check("pool", 700, CALL_MS - 700);
    check("pool-own", 700, OWN_MS - 700);
}

#[test]
fn answers_give_the_time_anew() {
    check("asks", 700, CALL_MS - 700);
    check("asks-own", 700, OWN_MS);
}

#[test]
fn a_task_has_the_time_of_the_task() {
    for (tool, want_ms) in [("inline", 60_000), ("pool", 60_000 - 700), ("pool-own", OWN_MS - 700)]
    {
        let (mut world, slot) = shaken();
        world.works = false;
        let params = json!({ "name": tool, "task": { "ttl": 60_000 } });
        let begun = say(&mut world, slot, &request(2, "tools/call", &params));
        let id = begun[0]["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
        if tool != "inline" {
            world.pass(700);
            world.run_job();
        }
        let answers = say(&mut world, slot, &request(3, "tasks/result", &json!({ "taskId": id })));
        let answer = answers.iter().find(|answer| answer["id"] == 3).expect("an answer");
        assert_eq!(answer["result"]["content"][0]["text"], want_ms.to_string(), "{tool}: {answer}");
    }
}
