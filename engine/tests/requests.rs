//! What came with a request, as handlers see it that keep it: on every way in, entered again, as a
//! task, forwarded.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod harness;
mod support;

use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};

use harness::{HTTP, LENGTH, LINE, World, framed};
use mcpring::model::{Elicitation, PromptArgument, TaskSupport};
use mcpring::ring::Choice;
use mcpring::server::{CallContext, Completer};
use mcpring::slot::Slot;
use mcpring::{
    Call, Config, Engine, Outcome, Prompt, Resource, ResourceTemplate, Running, Server, Tool,
};
use serde_json::{Value, json};
use support::{Client, ScratchDir, drivers};

/// What handlers were told, in order; null where nothing was kept.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Value>>>);

impl Seen {
    fn note(&self, context: &CallContext) {
        let told = context.request().map(|facts| {
            let headers = facts.headers();
            let headers: Vec<_> =
                headers.map(|(name, value)| (name, String::from_utf8_lossy(value))).collect();
            json!({
                "id": facts.id_json(),
                "session": facts.session_id(),
                "transport": facts.transport(),
                "headers": headers,
                "meta": facts.meta_json(),
            })
        });
        self.0.lock().expect("no handler panics").push(told.into());
    }

    fn take(&self) -> Vec<Value> {
        std::mem::take(&mut self.0.lock().expect("no handler panics"))
    }

    fn handler(&self) -> impl Fn(&mut Call<'_>) -> &'static str + Send + Sync + 'static {
        let seen = self.clone();
        move |call| {
            seen.note(call.context());
            "noted"
        }
    }
}

fn server(seen: &Seen) -> Server {
    let schema = || json!({ "type": "object" });
    let tool = |name: &'static str| {
        let tool = Tool::raw(name, schema(), seen.handler()).keep_request(true);
        tool.task_support(TaskSupport::Optional)
    };
    let (asking, later) = (seen.clone(), seen.clone());
    let asks = move |call: &mut Call<'_>| -> Outcome {
        asking.note(call.context());
        match call.elicit("on", &Elicitation::form("On?")) {
            Ok(_) => Outcome::text("on"),
            Err(question) => question,
        }
    };
    let completed = seen.handler();
    let complete = move |call: &mut Call<'_>| vec![completed(call)];
    let thing = ResourceTemplate::new("demo://{x}/thing", "thing", seen.handler())
        .completer("x", Completer::new(complete).keep_request(true))
        .keep_request(true);
    Server::builder("test", "1")
        .tool(tool("inline").inline())
        .tool(tool("pool"))
        .tool(tool("plain").keep_request(false))
        .tool(Tool::raw("asks", schema(), asks).keep_request(true))
        .tool(
            Tool::future("async", move |_: Value, call| {
                later.note(call.context());
                async { "noted" }
            })
            .keep_request(true),
        )
        .resource(Resource::new("demo://one", "one", seen.handler()).keep_request(true))
        .template(thing)
        .prompt(
            Prompt::new("say", seen.handler())
                .argument(PromptArgument::optional("x"))
                .keep_request(true),
        )
        .build()
        .expect("the test's server is in order")
}

const META: &str = r#"{ "k" : [1, 2.50] }"#;
const ID: &str = r#""a\u0062""#;

/// A request with [`ID`] and [`META`]; `params` are the other members.
fn request(method: &str, params: &str) -> String {
    format!(
        r#"{{"jsonrpc":"2.0","id":{ID},"method":"{method}","params":{{"_meta":{META},{params}}}}}"#
    )
}

fn initialize(version: &str) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": { "elicitation": {} },
        "clientInfo": { "name": "test", "version": "1" },
    } })
    .to_string()
}

fn world() -> (Seen, World) {
    let seen = Seen::default();
    let world = World::new(server(&seen), Config::default());
    (seen, world)
}

fn say(world: &mut World, slot: Slot, message: &str) -> String {
    let bytes = world.feed(slot, format!("{message}\n").as_bytes());
    String::from_utf8(bytes).expect("messages are UTF-8")
}

/// The name of a pipe that has shaken hands.
fn name(slot: Slot) -> String {
    format!("tcp-0-{}-{}", slot.index, slot.generation)
}

/// One request over a pipe, whose handler is entered `entries` times.
fn check(method: &str, params: &str, entries: usize) {
    let (seen, mut world) = world();
    let slot = world.connect(LINE);
    say(&mut world, slot, &initialize("2025-11-25"));
    let said = say(&mut world, slot, &request(method, params));
    let question = said.lines().find(|line| line.contains("elicitation/create"));
    if let Some(question) = question {
        let question: Value = serde_json::from_str(question).expect("a message");
        let result = json!({ "action": "accept", "content": {} });
        let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": result });
        say(&mut world, slot, &answer.to_string());
    }
    let want = json!(
        { "id": ID, "session": name(slot), "transport": "tcp", "headers": [], "meta": META }
    );
    assert_eq!(seen.take(), vec![want; entries], "{method} {params}: {said}");
}

#[test]
fn every_feature_may_keep_its_requests() {
    check("tools/call", r#""name":"inline""#, 1);
    check("tools/call", r#""name":"pool""#, 1);
    check("tools/call", r#""name":"asks""#, 2);
    check("tools/call", r#""name":"inline","task":{}"#, 1);
    check("tools/call", r#""name":"pool","task":{}"#, 1);
    check("resources/read", r#""uri":"demo://one""#, 1);
    check("resources/read", r#""uri":"demo://any/thing""#, 1);
    check("prompts/get", r#""name":"say""#, 1);
    let (reference, argument) = (
        r#""ref":{"type":"ref/resource","uri":"demo://{x}/thing"}"#,
        r#""argument":{"name":"x","value":""}"#,
    );
    check("completion/complete", &format!("{reference},{argument}"), 1);
}

#[test]
fn nothing_is_kept_for_others() {
    let (seen, mut world) = world();
    let slot = world.connect(LINE);
    say(&mut world, slot, &initialize("2025-11-25"));
    say(&mut world, slot, &request("tools/call", r#""name":"plain""#));
    assert_eq!(seen.take(), [Value::Null]);
}

#[test]
fn what_was_not_sent_is_not_there() {
    let (seen, mut world) = world();
    let slot = world.connect(LENGTH);
    world.feed(slot, &framed(initialize("2025-11-25").as_bytes()));
    for (id, meta) in [("-7", ""), ("0", r#","_meta":null"#), ("12", r#","_meta":[1]"#)] {
        let call = format!(
            r#"{{"jsonrpc":"2.0","id":{id},"method":"tools/call","params":{{"name":"pool"{meta}}}}}"#
        );
        world.feed(slot, &framed(call.as_bytes()));
        let want = json!(
            { "id": id, "session": name(slot), "transport": "tcp", "headers": [], "meta": null }
        );
        assert_eq!(seen.take(), [want], "{call}");
    }
}

const STATELESS_META: &str = r#"{"io.modelcontextprotocol/protocolVersion": "2026-07-28", "k":1.0,
    "io.modelcontextprotocol/clientCapabilities": {}}"#;

#[test]
fn a_pipe_without_a_handshake_is_no_session() {
    let (seen, mut world) = world();
    let slot = world.connect(LINE);
    let meta = STATELESS_META.replace('\n', "");
    let call = request("tools/call", r#""name":"inline""#).replace(META, &meta);
    let said = say(&mut world, slot, &call);
    let want = json!(
        { "id": ID, "session": null, "transport": "tcp", "headers": [], "meta": meta }
    );
    assert_eq!(seen.take(), [want], "{said}");
}

const HEADERS: &[(&str, &[u8], &str)] = &[
    ("Host", b"localhost", "localhost"),
    ("Content-Type", b"application/json", "application/json"),
    ("accept", b"application/json, text/event-stream", "application/json, text/event-stream"),
    ("X-Blank", b" \t a: b \t", "a: b"),
    ("x-EMPTY", b"", ""),
    ("x-twice", b"1", "1"),
    ("x-twice", b"\xff", "\u{fffd}"),
];

/// A request with [`HEADERS`], these, and the length; and its headers as a handler sees them.
fn post(path: &str, headers: &[(&str, &str)], body: &str) -> (Vec<u8>, Vec<(String, String)>) {
    let length = body.len().to_string();
    let mut bytes = format!("POST {path} HTTP/1.1\r\n").into_bytes();
    let mut want = Vec::new();
    let last = [("Content-Length", &*length)];
    let own = headers.iter().chain(&last);
    let own = own.map(|(name, value)| (*name, value.as_bytes(), *value));
    for (name, value, shown) in HEADERS.iter().copied().chain(own) {
        bytes.extend_from_slice(&[name.as_bytes(), b": ", value, b"\r\n"].concat());
        want.push((name.to_owned(), shown.to_owned()));
    }
    bytes.extend_from_slice(b"\r\n");
    bytes.extend_from_slice(body.as_bytes());
    (bytes, want)
}

/// Opens a session over HTTP and gives its id.
fn session(world: &mut World) -> String {
    let slot = world.connect(HTTP);
    let (bytes, _) = post("/mcp", &[], &initialize("2025-11-25"));
    let answer = String::from_utf8(world.feed(slot, &bytes)).expect("answers are UTF-8");
    let id = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
    id.expect("a session").to_owned()
}

/// Opens a session of 2024-11-05 and gives the path to post to.
fn legacy_session(world: &mut World) -> String {
    let slot = world.connect(HTTP);
    let hello = world.feed(slot, b"GET /sse HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let hello = String::from_utf8(hello).expect("answers are UTF-8");
    let path = hello.lines().find_map(|line| line.strip_prefix("data: ")).expect("a path");
    let slot = world.connect(HTTP);
    world.feed(slot, &post(path, &[], &initialize("2024-11-05")).0);
    path.to_owned()
}

/// One call over HTTP, whose bytes come in pieces of several sizes.
fn check_http(
    seen: &Seen,
    world: &mut World,
    path: &str,
    headers: &[(&str, &str)],
    session: Option<&str>,
    body: &str,
    meta: &str,
) {
    let (bytes, headers) = post(path, headers, body);
    for size in [bytes.len(), 1, 100, bytes.len() - 1] {
        let slot = world.connect(HTTP);
        let answer = world.feed_split(slot, &bytes, size);
        let want = json!({
            "id": ID, "session": session, "transport": "http", "headers": headers, "meta": meta,
        });
        let answer = String::from_utf8_lossy(&answer);
        assert_eq!(seen.take(), [want], "{path} in pieces of {size}: {answer}");
    }
}

#[test]
fn http_has_headers_in_every_era() {
    let (seen, mut world) = world();
    let id = session(&mut world);
    let headers = [("mcp-session-id", &*id), ("MCP-Protocol-Version", "2025-11-25")];
    let path = legacy_session(&mut world);
    let legacy = path.split_once("sessionId=").map(|(_, id)| id);
    for tool in ["inline", "pool"] {
        let body = request("tools/call", &format!(r#""name":"{tool}""#));
        check_http(&seen, &mut world, "/mcp", &headers, Some(&id), &body, META);
        check_http(&seen, &mut world, &path, &[], legacy, &body, META);

        let body = body.replace(META, STATELESS_META);
        let mirrors = [
            ("MCP-Protocol-Version", "2026-07-28"),
            ("Mcp-Method", "tools/call"),
            ("Mcp-Name", tool),
        ];
        check_http(&seen, &mut world, "/mcp", &mirrors, None, &body, STATELESS_META);
    }
}

/// What the engine's plain client says about itself.
fn check_client(seen: &Seen, client: &mut Client, transport: &str, driver: Choice) {
    for (id, tool) in [(7, "inline"), (8, "pool"), (9, "async"), (10, "plain")] {
        let answer = client.call(id, tool, &json!({}));
        assert_eq!(answer["result"]["content"][0]["text"], "noted", "{driver} {transport}");
        let told = seen.take();
        if tool == "plain" {
            assert_eq!(told, [Value::Null], "{driver} {transport}");
            continue;
        }
        assert_eq!(told.len(), 1, "{driver} {transport} {tool}: {told:?}");
        let (told, is_http) = (&told[0], transport == "http");
        assert_eq!(told["id"], id.to_string());
        assert_eq!(told["transport"], transport, "{driver}");
        let session = told["session"].as_str().expect("every client here shakes hands");
        match &client.session {
            Some(id) => assert_eq!(session, id, "{driver} {tool}"),
            None => assert!(session.starts_with(transport), "{driver} {tool}: {session}"),
        }
        let headers = told["headers"].as_array().expect("a list");
        let named = headers.iter().find(|header| header[0] == "Mcp-Session-Id");
        let named = named.and_then(|header| header[1].as_str());
        assert_eq!(named, client.session.as_deref(), "{driver} {transport} {tool}");
        assert_eq!(headers.iter().any(|header| header[0] == "Host"), is_http, "{headers:?}");
    }
}

fn start(seen: &Seen, driver: Choice, scratch: &ScratchDir) -> Running {
    let engine = Engine::new(server(seen)).driver(driver).shards(2);
    let engine = engine.http("127.0.0.1:0").tcp("127.0.0.1:0").unix_line(scratch.path("line"));
    engine.start().expect("the engine starts")
}

#[test]
fn real_sockets_tell_the_same() {
    for driver in drivers() {
        let (seen, scratch) = (Seen::default(), ScratchDir::new());
        let running = start(&seen, driver, &scratch);
        for address in running.addresses() {
            let mut client = Client::open(address);
            client.initialize();
            let transport = address.split([':', '+']).next().expect("a URL");
            check_client(&seen, &mut client, transport, driver);
            // The kernel picks the shard by the client's port: 16 of them miss neither of two.
            for _ in 0..if transport == "http" { 16 } else { 0 } {
                let mut other = Client::open(address);
                other.session.clone_from(&client.session);
                check_client(&seen, &mut other, transport, driver);
            }
        }
        let metrics: Value = serde_json::from_str(&running.metrics_json()).expect("JSON");
        let forwards = metrics["counters"]["forwards"].as_u64();
        assert!(forwards > Some(0), "no call came by the other shard");
        let inside = UnixStream::from(running.connect().expect("a connection"));
        let mut client = Client::lines(inside);
        client.initialize();
        check_client(&seen, &mut client, "unix", driver);
        running.stop();
        assert_eq!(running.join(), Ok(()));
    }
}
