//! Hooks before what the engine answers by itself, in every version, over pipes and HTTP. One
//! endpoint without a kernel.
//!
//! A server with hooks is compared with one without: what it answers must be that answer with the
//! hook's change, and nothing else.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod harness;

use std::time::Duration;

use harness::{HTTP, LINE, World};
use mcpring::model::CacheHint;
use mcpring::server::{Server, ServerBuilder};
use mcpring::slot::Slot;
use mcpring::{
    Ask, Call, Config, Hook, Outcome, Prompt, Resource, ResourceTemplate, RpcError, Tool,
};
use serde_json::{Value, json};

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const STATELESS: &str = "2026-07-28";
const VERSIONS: [&str; 5] = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25", STATELESS];
const LISTS: [&str; 4] =
    ["tools/list", "resources/list", "resources/templates/list", "prompts/list"];

/// How a hook gives its answer.
#[derive(Clone, Copy, Debug)]
enum Way {
    /// On the shard, at once.
    Here,
    /// On a worker.
    Worker,
    /// Through what it took along.
    Later,
}

const WAYS: [Way; 3] = [Way::Here, Way::Worker, Way::Later];

fn builder() -> ServerBuilder {
    let tool = |name| Tool::raw(name, json!({ "type": "object" }), |_: &mut Call<'_>| "done");
    Server::builder("test", "1.0.0")
        .instructions("Use the tools.")
        .cache_hint(CacheHint::private(5000))
        .tool(tool("a"))
        .tool(tool("b"))
        .tool(tool("c"))
        .resource(Resource::text("test://one", "one", "1"))
        .template(ResourceTemplate::new("test://{id}", "any", |_: &mut Call<'_>| ""))
        .prompt(Prompt::new("p", |_: &mut Call<'_>| ""))
}

/// The change that all hooks make: one more item, or other instructions.
fn changed(mut result: Value) -> Value {
    let list = ["tools", "resources", "resourceTemplates", "prompts"]
        .into_iter()
        .find(|name| result[*name].is_array());
    match list {
        Some(list) => result[list].as_array_mut().expect("as above").push(json!("extra")),
        None => result["instructions"] = json!("Ask me."),
    }
    result
}

fn change(own: &str) -> Outcome {
    Outcome::raw(changed(serde_json::from_str(own).expect("the engine writes JSON")).to_string())
}

fn hook(way: Way) -> Hook {
    match way {
        Way::Here => Hook::new(|call: &mut Call<'_>| change(call.result_json())).inline(),
        Way::Worker => Hook::new(|call: &mut Call<'_>| change(call.result_json())),
        Way::Later => Hook::new(|call: &mut Call<'_>| {
            let deferred = call.defer();
            let outcome = change(deferred.result_json());
            deferred.finish(outcome);
            Outcome::Deferred
        })
        .inline(),
    }
}

fn hooked(way: Way) -> ServerBuilder {
    let builder = builder().hook("initialize", hook(way)).hook("server/discover", hook(way));
    LISTS.into_iter().fold(builder, |builder, method| builder.hook(method, hook(way)))
}

/// A client that knows its version, over a pipe or over HTTP.
struct Client {
    world: World,
    version: &'static str,
    /// The pipe, or the session's id over HTTP.
    way: Result<Slot, Option<String>>,
}

impl Client {
    fn new(server: ServerBuilder, version: &'static str, listener: u16) -> Self {
        let config = Config { page_items: 2, ..Config::default() };
        let mut world = World::new(server.build().expect("in order"), config);
        let way = if listener == HTTP { Err(None) } else { Ok(world.connect(listener)) };
        Self { world, version, way }
    }

    fn opened(server: ServerBuilder, version: &'static str, listener: u16) -> Self {
        let mut client = Self::new(server, version, listener);
        if version != STATELESS {
            let answer = client.initialize();
            assert!(answer["result"].is_object(), "{answer}");
        }
        client
    }

    fn initialize(&mut self) -> Value {
        let params = json!({ "protocolVersion": self.version, "capabilities": {},
            "clientInfo": { "name": "client", "version": "1" } });
        self.ask("initialize", params)
    }

    fn ask(&mut self, method: &str, mut params: Value) -> Value {
        if self.version == STATELESS {
            params["_meta"] = json!({ META_VERSION: self.version, META_CAPABILITIES: {} });
        }
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(&message, Some(method))
    }

    /// The last message that came for this one; null without any.
    fn send(&mut self, message: &Value, method: Option<&str>) -> Value {
        match self.way.clone() {
            Ok(slot) => last(&self.world.feed(slot, format!("{message}\n").as_bytes())),
            Err(session) => {
                let slot = self.world.connect(HTTP);
                let request = self.request(session.as_deref(), method, message);
                let sent = self.world.feed(slot, request.as_bytes());
                self.read(&sent)
            }
        }
    }

    fn request(&self, session: Option<&str>, method: Option<&str>, message: &Value) -> String {
        let body = message.to_string();
        let mut head = format!("Content-Length: {}\r\n", body.len());
        if let Some(session) = session {
            head += &format!("Mcp-Session-Id: {session}\r\n");
        }
        if self.version == STATELESS || session.is_some() {
            head += &format!("MCP-Protocol-Version: {}\r\n", self.version);
            head += &method.map_or_else(String::new, |method| format!("Mcp-Method: {method}\r\n"));
        }
        format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\n{head}\r\n{body}"
        )
    }

    fn read(&mut self, sent: &[u8]) -> Value {
        let text = str::from_utf8(sent).expect("answers are UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or(("", ""));
        let session = head.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
        if let (Err(known), Some(session)) = (&mut self.way, session) {
            *known = Some(session.to_owned());
        }
        serde_json::from_str(body).unwrap_or(Value::Null)
    }
}

fn last(sent: &[u8]) -> Value {
    let text = str::from_utf8(sent).expect("messages are UTF-8");
    text.lines().last().map_or(Value::Null, |line| serde_json::from_str(line).expect("a message"))
}

fn check(way: Way, version: &'static str, listener: u16, method: &str, params: &Value) {
    let ask = |server: ServerBuilder| {
        if method == "initialize" {
            return Client::new(server, version, listener).initialize();
        }
        Client::opened(server, version, listener).ask(method, params.clone())
    };
    let (plain, got) = (ask(builder()), ask(hooked(way)));
    assert!(plain["result"].is_object(), "{plain}");
    let mut want = plain;
    want["result"] = changed(want["result"].take());
    assert_eq!(got, want, "{way:?} {version} {listener} {method}");
}

#[test]
fn a_hook_changes_what_it_changes_and_nothing_else() {
    for way in WAYS {
        for version in VERSIONS {
            for listener in [LINE, HTTP] {
                // HTTP of the first version is another one.
                if version == "2024-11-05" && listener == HTTP {
                    continue;
                }
                let opening = if version == STATELESS { "server/discover" } else { "initialize" };
                check(way, version, listener, opening, &json!({}));
                for method in LISTS {
                    check(way, version, listener, method, &json!({}));
                }
            }
        }
    }
}

#[test]
fn pages_stay_as_they_are() {
    for way in WAYS {
        let mut client = Client::opened(hooked(way), STATELESS, LINE);
        let first = client.ask("tools/list", json!({}));
        let cursor = first["result"]["nextCursor"].clone();
        assert!(cursor.is_string(), "{first}");
        assert_eq!(first["result"]["tools"].as_array().expect("a list").len(), 3, "{first}");
        let second = client.ask("tools/list", json!({ "cursor": cursor }));
        assert_eq!(second["result"]["tools"][0]["name"], "c", "{second}");
        assert_eq!(second["result"]["tools"][1], "extra", "{second}");
        assert_eq!(second["result"]["nextCursor"], Value::Null, "{second}");
        let bad = client.ask("tools/list", json!({ "cursor": "x" }));
        assert_eq!(bad["error"]["code"], -32602, "the engine reads cursors: {bad}");
    }
}

#[test]
fn hooks_are_called_in_batches() {
    for way in WAYS {
        let mut client = Client::opened(hooked(way), "2025-03-26", LINE);
        let ask = |id| json!({ "jsonrpc": "2.0", "id": id, "method": LISTS[id] });
        let answers = client.send(&json!([ask(0), ask(1), ask(3)]), None);
        let mut found: Vec<_> = answers.as_array().expect("a batch").iter().collect();
        found.sort_by_key(|answer| answer["id"].as_u64());
        for (answer, (id, list)) in
            found.iter().zip([(0, "tools"), (1, "resources"), (3, "prompts")])
        {
            assert_eq!(answer["id"], id, "{way:?}");
            let items = answer["result"][list].as_array().expect("a list");
            assert_eq!(items.last(), Some(&json!("extra")), "{way:?} {answer}");
        }
    }
}

/// Lets in who calls itself `friend`.
fn doorman(call: &mut Call<'_>) -> Outcome {
    let name = call.context().client().map(|client| client.name.clone());
    match name.as_deref() {
        Some("friend") => Outcome::raw(call.result_json()),
        _ => Outcome::Error(RpcError::new(-32001, "who are you?")),
    }
}

#[test]
fn a_session_begins_with_an_answer_and_not_without() {
    for (listener, is_inline) in [(LINE, true), (LINE, false), (HTTP, true), (HTTP, false)] {
        let hook = Hook::new(doorman);
        let hook = if is_inline { hook.inline() } else { hook.pool() };
        let server = builder().hook("initialize", hook);
        let mut client = Client::new(server, "2025-11-25", listener);
        let refused = client.initialize();
        assert_eq!(refused["error"]["code"], -32001, "{refused}");
        assert!(!matches!(&client.way, Err(Some(_))), "a session was opened");
        let refused = client.ask("tools/list", json!({}));
        assert!(refused["error"].is_object(), "{refused}");
        assert_eq!(client.world.metrics.sessions_created.get(), 0);
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "friend", "version": "1" } });
        let answer = client.ask("initialize", params);
        assert_eq!(answer["result"]["protocolVersion"], "2025-11-25", "{answer}");
        let listed = client.ask("tools/list", json!({}));
        assert_eq!(listed["result"]["tools"][0]["name"], "a", "{listed}");
        let sessions = client.world.metrics.sessions_created.get();
        assert_eq!(sessions, u64::from(listener == HTTP));
    }
}

#[test]
fn a_handshake_waits_for_its_hook() {
    for listener in [LINE, HTTP] {
        let server = builder().hook("initialize", hook(Way::Worker));
        let mut client = Client::new(server, "2025-11-25", listener);
        client.world.works = false;
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "client", "version": "1" } });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize",
            "params": params });
        let slot = match client.way {
            Ok(slot) => slot,
            Err(_) => client.world.connect(HTTP),
        };
        let request = match client.way {
            Ok(_) => format!("{message}\n"),
            Err(_) => client.request(None, None, &message),
        };
        assert_eq!(client.world.feed(slot, request.as_bytes()), b"", "nothing is said yet");
        if listener == LINE {
            let early = client.ask("tools/list", json!({}));
            assert!(early["error"].is_object(), "{early}");
        }
        assert_eq!(client.world.metrics.sessions_created.get(), 0);
        client.world.run_job();
        let sent = client.world.take(slot);
        let answer = if listener == LINE { last(&sent) } else { client.read(&sent) };
        assert_eq!(answer["result"]["instructions"], "Ask me.", "{answer}");
        let listed = client.ask("tools/list", json!({}));
        assert!(listed["result"].is_object(), "{listed}");
    }
}

#[test]
fn nobody_is_let_in_late() {
    let server = || builder().hook("initialize", hook(Way::Worker).timeout(Duration::from_secs(1)));
    for listener in [LINE, HTTP] {
        let mut client = Client::new(server(), "2025-11-25", listener);
        client.world.works = false;
        client.initialize();
        let slot = client.way.clone().unwrap_or(Slot::new(0, 1));
        client.world.pass(1500);
        let sent = client.world.take(slot);
        let answer = if listener == LINE { last(&sent) } else { client.read(&sent) };
        assert_eq!(answer["error"]["code"], -32603, "{answer}");
        client.world.run_job();
        assert_eq!(client.world.take(slot), b"", "an answer is sent once");
        let early = client.ask("tools/list", json!({}));
        assert!(early["error"].is_object(), "{early}");
        assert_eq!(client.world.metrics.sessions_created.get(), 0);
    }
    let mut client = Client::new(server(), "2025-11-25", HTTP);
    client.world.works = false;
    client.initialize();
    client.world.end(Slot::new(0, 1), true);
    client.world.run_job();
    assert_eq!(client.world.metrics.sessions_created.get(), 0, "its client is gone");
}

#[test]
fn a_hook_is_a_call_like_any_other() {
    let report = |call: &mut Call<'_>| {
        call.context().progress(1.0, None, Some("looking"));
        Outcome::raw(call.result_json())
    };
    let mut client =
        Client::opened(builder().hook("tools/list", Hook::new(report)), "2025-11-25", LINE);
    let Ok(slot) = client.way else { panic!("it is a pipe") };
    let ask = json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/list",
        "params": { "_meta": { "progressToken": "t" } } });
    let sent = client.world.feed(slot, format!("{ask}\n").as_bytes());
    let text = String::from_utf8(sent).expect("UTF-8");
    let lines: Vec<Value> =
        text.lines().map(|line| serde_json::from_str(line).expect("a message")).collect();
    assert_eq!(lines[0]["params"]["message"], "looking", "{text}");
    assert_eq!(lines[1]["result"]["tools"][0]["name"], "a", "{text}");

    client.world.works = false;
    assert_eq!(client.world.feed(slot, format!("{ask}\n").as_bytes()), b"");
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 5 } });
    client.world.feed(slot, format!("{cancel}\n").as_bytes());
    client.world.run_job();
    assert_eq!(client.world.take(slot), b"", "it was cancelled");
}

#[test]
fn a_hook_sees_what_came_with_its_request() {
    let see = |call: &mut Call<'_>| {
        let facts = call.context().request().expect("it is kept");
        let words = format!("{} {}", facts.transport(), facts.id_json());
        Outcome::raw(json!({ "tools": [words] }).to_string())
    };
    for (version, listener, want) in [("2025-11-25", LINE, "tcp 1"), (STATELESS, HTTP, "http 1")] {
        let hook = Hook::new(see).keep_request(true).inline();
        let mut client = Client::opened(builder().hook("tools/list", hook), version, listener);
        let answer = client.ask("tools/list", json!({}));
        assert_eq!(answer["result"]["tools"], json!([want]));
    }
}

/// HTTP with an event stream of 2024-11-05: the session is there before its handshake.
#[test]
fn a_session_that_is_a_stream_waits_for_its_hook_too() {
    let mut client =
        Client::new(builder().hook("initialize", hook(Way::Worker)), "2024-11-05", HTTP);
    client.world.works = false;
    let stream = client.world.connect(HTTP);
    let get = "GET /sse HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n";
    let opened = client.world.feed(stream, get.as_bytes());
    let opened = String::from_utf8(opened).expect("UTF-8");
    let (_, path) = opened.split_once("data: ").expect("an event that names the place");
    let path = path.lines().next().expect("a line").to_owned();
    let mut post = |method: &str| {
        let params = json!({ "protocolVersion": "2024-11-05", "capabilities": {},
            "clientInfo": { "name": "client", "version": "1" } });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let request = client.request(None, None, &message).replace("/mcp", &path);
        let slot = client.world.connect(HTTP);
        let taken = String::from_utf8(client.world.feed(slot, request.as_bytes()));
        assert!(taken.expect("UTF-8").starts_with("HTTP/1.1 202 "));
        if method == "initialize" {
            client.world.run_job();
        }
        String::from_utf8(client.world.take(stream)).expect("UTF-8")
    };
    let early = post("tools/list");
    assert!(early.contains(r#""error""#), "{early}");
    let answer = post("initialize");
    assert!(answer.contains(r#""instructions":"Ask me.""#), "{answer}");
    let listed = post("tools/list");
    assert!(listed.contains(r#""result":{"tools":[{"name":"a""#), "{listed}");
}

#[test]
fn a_hook_cannot_ask() {
    for way in ["inline", "pool"] {
        let hook = Hook::new(|_: &mut Call<'_>| Ask::new().list_roots("roots").into());
        let hook = if way == "inline" { hook.inline() } else { hook.pool() };
        let mut client = Client::opened(builder().hook("tools/list", hook), "2025-11-25", LINE);
        let answer = client.ask("tools/list", json!({}));
        let words = answer["error"]["message"].as_str().unwrap_or_default();
        assert_eq!(words, "a hook's handler cannot ask the client", "{way}: {answer}");
    }
}

#[test]
fn what_is_not_offered_has_no_hook() {
    let server = Server::builder("test", "1.0.0").hook("tools/list", hook(Way::Here));
    let mut client = Client::opened(server, "2025-11-25", LINE);
    let answer = client.ask("tools/list", json!({}));
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
}
