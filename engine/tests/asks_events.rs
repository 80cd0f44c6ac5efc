//! Handlers that ask their client on event streams and in batches: where questions go, and how
//! answers find back.

#![allow(clippy::disallowed_methods, clippy::needless_pass_by_value, reason = "a test program")]

mod harness;

use harness::{HTTP, LINE, World};
use mcpring::model::Sampling;
use mcpring::server::Server;
use mcpring::slot::Slot;
use mcpring::{Call, Config, Outcome, Tool};
use serde_json::{Value, json};

fn server() -> Server {
    let schema = || json!({ "type": "object" });
    Server::builder("asks", "1")
        .tool(Tool::raw("model", schema(), model).inline())
        .tool(Tool::raw("pool", schema(), model).pool())
        .tool(Tool::raw("progress", schema(), |call: &mut Call<'_>| {
            call.context().progress(1.0, None, None);
            model(call)
        }))
        .build()
        .expect("the test's server is in order")
}

fn model(call: &mut Call<'_>) -> Result<String, Outcome> {
    Ok(call.sample("capital", &Sampling::text("Capital?", 10))?.text())
}

fn world() -> World {
    World::new(server(), Config::default())
}

fn request(id: u64, method: &str, params: Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

fn call(id: u64, tool: &str) -> String {
    request(id, "tools/call", json!({ "name": tool, "_meta": { "progressToken": "t" } }))
}

fn answer(id: &Value, text: &str) -> String {
    let result =
        json!({ "role": "assistant", "model": "m", "content": { "type": "text", "text": text } });
    json!({ "jsonrpc": "2.0", "id": id, "result": result }).to_string()
}

fn hello(version: &str) -> String {
    let params = json!({ "protocolVersion": version, "capabilities": { "sampling": {} },
        "clientInfo": { "name": "test", "version": "1" } });
    request(0, "initialize", params)
}

fn send(world: &mut World, slot: Slot, verb: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut head = format!(
        "{verb} /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: \
         application/json, text/event-stream\r\nContent-Length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    heard(world.feed(slot, format!("{head}\r\n{body}").as_bytes()))
}

fn heard(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).expect("answers are UTF-8")
}

/// The messages on an event stream.
fn events(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

fn text(message: &Value) -> &str {
    message["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{message}"))
}

/// A session over HTTP, and a call that asks in it.
struct Asking {
    session: String,
    slot: Slot,
    question: Value,
    head: String,
}

impl Asking {
    fn begin(world: &mut World, version: &str, tool: &str) -> Self {
        let slot = world.connect(HTTP);
        let opened = send(world, slot, "POST", &[], &hello(version));
        let session = opened
            .lines()
            .find_map(|line| line.strip_prefix("mcp-session-id: "))
            .expect("a session")
            .to_owned();
        let slot = world.connect(HTTP);
        let head = send(world, slot, "POST", &[("Mcp-Session-Id", &session)], &call(7, tool));
        assert!(head.contains("content-type: text/event-stream"), "{head}");
        let question = events(&head).pop().expect("a question");
        assert_eq!(question["method"], "sampling/createMessage", "{question}");
        Self { session, slot, question, head }
    }

    /// Lets a client of this session post something.
    fn post(&self, world: &mut World, body: &str) -> String {
        let slot = world.connect(HTTP);
        send(world, slot, "POST", &[("Mcp-Session-Id", &self.session)], body)
    }
}

#[test]
fn a_session_is_asked_on_the_stream_of_its_call() {
    for version in ["2025-03-26", "2025-06-18", "2025-11-25"] {
        for tool in ["model", "pool", "progress"] {
            let mut world = world();
            let asking = Asking::begin(&mut world, version, tool);
            let taken = asking.post(&mut world, &answer(&asking.question["id"], "Rome"));
            assert!(taken.starts_with("HTTP/1.1 202 "), "{taken}");
            let rest = heard(world.take(asking.slot));
            let last = events(&rest).pop().expect("an answer");
            assert_eq!((&last["id"], text(&last)), (&json!(7), "Rome"), "{tool} at {version}");
            assert!(rest.ends_with("0\r\n\r\n"), "the stream ends with the answer");
        }
    }
}

#[test]
fn answers_of_one_session_are_nothing_to_another() {
    let mut world = world();
    let one = Asking::begin(&mut world, "2025-11-25", "model");
    let two = Asking::begin(&mut world, "2025-11-25", "pool");
    assert_eq!(one.question["id"], two.question["id"], "each session counts by itself");
    for (asking, name) in [(&two, "Two"), (&two, "Again"), (&one, "One")] {
        let taken = asking.post(&mut world, &answer(&asking.question["id"], name));
        assert!(taken.starts_with("HTTP/1.1 202 "), "{taken}");
    }
    for (asking, name) in [(&one, "One"), (&two, "Two")] {
        let messages = events(&heard(world.take(asking.slot)));
        assert_eq!(messages.len(), 1);
        assert_eq!(text(&messages[0]), name);
    }
}

#[test]
fn a_cut_stream_is_taken_up_with_its_question() {
    let mut world = world();
    let asking = Asking::begin(&mut world, "2025-11-25", "model");
    let first = asking.head.lines().find_map(|line| line.strip_prefix("id: ")).expect("an id");
    world.end(asking.slot, true);
    let slot = world.connect(HTTP);
    let headers = [("Mcp-Session-Id", &*asking.session), ("Last-Event-ID", first)];
    let resumed = send(&mut world, slot, "GET", &headers, "");
    assert_eq!(events(&resumed), std::slice::from_ref(&asking.question), "{resumed}");
    asking.post(&mut world, &answer(&asking.question["id"], "Rome"));
    let last = events(&heard(world.take(slot))).pop().expect("an answer");
    assert_eq!(text(&last), "Rome");
}

#[test]
fn the_end_of_a_session_or_of_the_server_ends_its_questions() {
    let mut world = world();
    let asking = Asking::begin(&mut world, "2025-11-25", "model");
    let slot = world.connect(HTTP);
    send(&mut world, slot, "DELETE", &[("Mcp-Session-Id", &asking.session)], "");
    let late = asking.post(&mut world, &answer(&asking.question["id"], "Rome"));
    assert!(late.starts_with("HTTP/1.1 404 "), "{late}");
    assert!(!heard(world.take(asking.slot)).contains("Rome"));
    let asking = Asking::begin(&mut world, "2025-11-25", "model");
    world.shut_down();
    let messages = events(&heard(world.take(asking.slot)));
    assert_eq!(messages[0]["params"]["requestId"], asking.question["id"]);
    assert_eq!(messages[1]["result"]["isError"], true);
    assert!(world.is_closed(asking.slot));
}

#[test]
fn a_cancelled_call_takes_its_question_back_on_its_stream() {
    let mut world = world();
    let asking = Asking::begin(&mut world, "2025-06-18", "pool");
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 7 } });
    asking.post(&mut world, &cancel.to_string());
    let rest = heard(world.take(asking.slot));
    let messages = events(&rest);
    assert_eq!(messages[0]["method"], "notifications/cancelled");
    assert_eq!(messages[0]["params"]["requestId"], asking.question["id"]);
    assert!(rest.ends_with("0\r\n\r\n"), "the stream ends");
}

#[test]
fn calls_in_batches_ask_and_answers_come_in_batches() {
    let mut world = world();
    let slot = world.connect(LINE);
    let mut say = |text: String| -> Vec<Value> {
        let sent = heard(world.feed(slot, format!("{text}\n").as_bytes()));
        sent.lines().map(|line| serde_json::from_str(line).expect("a message")).collect()
    };
    say(hello("2025-03-26"));
    let batch = format!("[{},{}]", call(1, "model"), call(2, "pool"));
    let questions = say(batch);
    assert_eq!(questions.len(), 2, "{questions:?}");
    let ping = request(3, "ping", json!({}));
    let first = answer(&questions[0]["id"], "Rome");
    let answered = say(format!("[{first},{ping}]"));
    assert_eq!(answered, [json!([{ "jsonrpc": "2.0", "id": 3, "result": {} }])]);
    let answered = say(answer(&questions[1]["id"], "Oslo"));
    let texts: Vec<_> = answered[0].as_array().expect("a batch").iter().map(text).collect();
    assert_eq!(texts, ["Rome", "Oslo"]);
}

#[test]
fn a_stateless_call_may_say_something_and_then_ask() {
    let mut world = world();
    let slot = world.connect(HTTP);
    let params = json!({ "name": "progress", "_meta": { "progressToken": "t",
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "sampling": {} } } });
    let headers = [
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "progress"),
    ];
    let body = request(7, "tools/call", params);
    let messages = events(&send(&mut world, slot, "POST", &headers, &body));
    assert_eq!(messages[0]["method"], "notifications/progress", "{messages:?}");
    assert_eq!(messages[1]["result"]["resultType"], "input_required");
    assert_eq!(messages.len(), 2, "streams of this era carry no requests");
}
