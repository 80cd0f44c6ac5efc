//! The protocol's rules at the wire: statuses, error codes, eras, sessions, paging, cancelling.
//!
//! One endpoint without a kernel; each row says what is sent and what must come back. The rules
//! are those of the official specification; where it leaves a choice the row's comment says so.

#![allow(clippy::disallowed_methods, clippy::type_complexity, reason = "a test program")]

mod harness;

use harness::{HTTP, LINE, World};
use mcpring::endpoint::Input;
use mcpring::server::Server;
use mcpring::slot::Slot;
use mcpring::{Call, Config, Outcome, Prompt, PromptArgument, Resource, ResourceTemplate, Tool};
use serde_json::{Value, json};

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

fn server() -> Server {
    let region = json!({ "type": "object", "required": ["region"], "properties": {
        "region": { "type": "string", "x-mcp-header": "Region" } } });
    Server::builder("test", "1.0.0")
        .instructions("Use the tools.")
        .tool(Tool::raw("echo", json!({ "type": "object" }), echo).inline())
        .tool(Tool::raw("slow", json!({ "type": "object" }), |_: &mut Call<'_>| "slow").pool())
        .tool(Tool::raw("strict", strict(), |_: &mut Call<'_>| "fits").inline())
        .tool(Tool::raw("region", region, |_: &mut Call<'_>| "here").inline())
        .tool(Tool::raw("fail", json!({ "type": "object" }), |_: &mut Call<'_>| {
            Outcome::failure("no luck")
        }))
        .resource(Resource::text("test://one", "one", "1"))
        .resource(Resource::text("test://two", "two", "2"))
        .template(ResourceTemplate::new("test://users/{id}", "user", |call: &mut Call<'_>| {
            call.variable("id").unwrap_or_default().to_owned()
        }))
        .prompt(
            Prompt::new("greet", |call: &mut Call<'_>| {
                format!("Hello, {}!", call.argument("name").unwrap_or_default())
            })
            .argument(PromptArgument::required("name")),
        )
        .build()
        .expect("the test's server is in order")
}

fn strict() -> Value {
    json!({ "type": "object", "required": ["count"], "additionalProperties": false,
        "properties": { "count": { "type": "integer", "minimum": 1 } } })
}

fn echo(call: &mut Call<'_>) -> String {
    call.argument("message").unwrap_or_default().into_owned()
}

fn world() -> World {
    World::new(server(), Config { page_items: 2, ..Config::default() })
}

/// An HTTP answer, taken apart.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or(Value::Null)
    }

    fn code(&self) -> i64 {
        self.json()["error"]["code"].as_i64().unwrap_or(0)
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

fn send(world: &mut World, slot: Slot, verb: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = format!("{verb} /mcp HTTP/1.1\r\nHost: localhost\r\n");
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if verb == "POST" {
        request += "Content-Type: application/json\r\n";
        request += "Accept: application/json, text/event-stream\r\n";
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    let sent = world.feed(slot, format!("{request}\r\n{body}").as_bytes());
    let text = String::from_utf8(sent).expect("answers are UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {text}"));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

fn initialize(version: &str) -> String {
    let params = json!({ "protocolVersion": version, "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" } });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string()
}

fn request(id: u64, method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }).to_string()
}

fn enveloped(mut params: Value) -> Value {
    params["_meta"] = json!({ META_VERSION: "2026-07-28", META_CAPABILITIES: {} });
    params
}

/// The mirrored headers of a stateless request.
fn mirrors<'a>(method: &'a str, name: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut headers = vec![("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", method)];
    headers.extend(name.map(|name| ("Mcp-Name", name)));
    headers
}

fn stateless(world: &mut World, method: &str, name: Option<&str>, params: Value) -> Answer {
    let slot = world.connect(HTTP);
    let body = request(5, method, &enveloped(params));
    send(world, slot, "POST", &mirrors(method, name), &body)
}

/// Opens a session and gives its id.
fn session(world: &mut World, version: &str) -> String {
    let slot = world.connect(HTTP);
    let answer = send(world, slot, "POST", &[], &initialize(version));
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.header("mcp-session-id").expect("a session").to_owned()
}

#[test]
fn initialize_agrees_on_a_version_that_has_a_handshake() {
    for (asked, agreed) in [
        ("2024-11-05", "2024-11-05"),
        ("2025-03-26", "2025-03-26"),
        ("2025-06-18", "2025-06-18"),
        ("2025-11-25", "2025-11-25"),
        ("2026-07-28", "2025-11-25"),
        ("junk", "2025-11-25"),
    ] {
        let mut world = world();
        let slot = world.connect(HTTP);
        let answer = send(&mut world, slot, "POST", &[], &initialize(asked));
        let result = &answer.json()["result"];
        assert_eq!(result["protocolVersion"], agreed);
        assert_eq!(result["serverInfo"]["name"], "test");
        assert_eq!(result["instructions"], "Use the tools.");
        assert!(result["capabilities"]["tools"].is_object());
        assert!(result.get("resultType").is_none());
        let id = answer.header("mcp-session-id").expect("a session");
        assert!(id.len() >= 32 && id.bytes().all(|byte| byte.is_ascii_graphic()));
    }
}

fn by_id(id: &str) -> (&str, &str) {
    ("Mcp-Session-Id", id)
}

#[test]
fn sessions_are_needed_found_and_ended() {
    let mut world = world();
    let id = session(&mut world, "2025-06-18");
    let unknown = format!("{}0000", &id[..id.len() - 4]);
    let ping = request(2, "ping", &json!({}));
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }).to_string();
    let version = |version| ("MCP-Protocol-Version", version);
    let rows: &[(&str, &str, Vec<(&str, &str)>, &str, u16)] = &[
        ("no session", "POST", vec![], &ping, 400),
        ("a note without session", "POST", vec![], &note, 400),
        ("unknown session", "POST", vec![by_id(&unknown)], &ping, 404),
        ("no id of ours", "POST", vec![by_id("x")], &ping, 404),
        ("in session", "POST", vec![by_id(&id)], &ping, 200),
        ("a note", "POST", vec![by_id(&id)], &note, 202),
        ("version repeated", "POST", vec![by_id(&id), version("2025-06-18")], &ping, 200),
        ("bad version", "POST", vec![by_id(&id), version("1900-01-01")], &ping, 400),
        ("session twice", "POST", vec![by_id(&id), by_id(&id)], &ping, 400),
        ("a stream nobody can take", "GET", vec![by_id(&id)], "", 406),
        ("end without session", "DELETE", vec![], "", 400),
        ("end of an unknown one", "DELETE", vec![by_id(&unknown)], "", 404),
        ("the end", "DELETE", vec![by_id(&id)], "", 200),
        ("after the end", "POST", vec![by_id(&id)], &ping, 404),
        ("a second end", "DELETE", vec![by_id(&id)], "", 404),
    ];
    for (name, verb, headers, body, status) in rows {
        let slot = world.connect(HTTP);
        let answer = send(&mut world, slot, verb, headers, body);
        assert_eq!(answer.status, *status, "{name}: {answer:?}");
    }
}

#[test]
fn idle_sessions_end_and_the_longest_idle_makes_room() {
    let config = Config { sessions_max: 2, session_idle_ms: 60_000, ..Config::default() };
    let mut world = World::new(server(), config);
    let ping = request(2, "ping", &json!({}));
    let is_alive = |world: &mut World, id: &str| {
        let slot = world.connect(HTTP);
        send(world, slot, "POST", &[("Mcp-Session-Id", id)], &ping).status == 200
    };
    let first = session(&mut world, "2025-06-18");
    let second = session(&mut world, "2025-06-18");
    world.pass(10);
    assert!(is_alive(&mut world, &first));
    let third = session(&mut world, "2025-06-18");
    assert!(!is_alive(&mut world, &second));
    world.pass(40_000);
    assert!(is_alive(&mut world, &third));
    world.pass(30_000);
    assert!(!is_alive(&mut world, &first));
    assert!(is_alive(&mut world, &third));
}

/// Rows: name, headers, params with their `_meta`, status, code.
#[test]
fn the_stateless_ladder() {
    let call = |meta: Value| json!({ "name": "echo", "arguments": {}, "_meta": meta });
    let good = || json!({ META_VERSION: "2026-07-28", META_CAPABILITIES: {} });
    let head = |version, method, name| {
        vec![("MCP-Protocol-Version", version), ("Mcp-Method", method), ("Mcp-Name", name)]
    };
    let full = || head("2026-07-28", "tools/call", "echo");
    let rows: Vec<(&str, Vec<(&str, &str)>, Value, u16, i64)> = vec![
        ("all in order", full(), call(good()), 200, 0),
        ("no _meta", full(), json!({ "name": "echo" }), 400, -32602),
        ("no version", full(), call(json!({ META_CAPABILITIES: {} })), 400, -32602),
        ("no capabilities", full(), call(json!({ META_VERSION: "2026-07-28" })), 400, -32602),
        ("no headers but the version", vec![full()[0]], call(good()), 400, -32020),
        ("wrong method", head("2026-07-28", "tools/list", "echo"), call(good()), 400, -32020),
        ("method in capitals", head("2026-07-28", "TOOLS/CALL", "echo"), call(good()), 400, -32020),
        ("wrong name", head("2026-07-28", "tools/call", "other"), call(good()), 400, -32020),
        ("padded name", head("2026-07-28", "tools/call", "  echo "), call(good()), 200, 0),
        (
            "encoded name",
            head("2026-07-28", "tools/call", "=?base64?ZWNobw==?="),
            call(good()),
            200,
            0,
        ),
        (
            "bad padding",
            head("2026-07-28", "tools/call", "=?base64?ZWNobw?="),
            call(good()),
            400,
            -32020,
        ),
        ("no name", full()[..2].to_vec(), call(good()), 400, -32020),
        ("name twice", [full(), vec![("mcp-name", "echo")]].concat(), call(good()), 400, -32020),
        (
            "unknown version everywhere",
            head("v999.0.0", "tools/call", "echo"),
            call(json!({ META_VERSION: "v999.0.0", META_CAPABILITIES: {} })),
            400,
            -32022,
        ),
        (
            "unknown version in the body only",
            full(),
            call(json!({ META_VERSION: "v999.0.0", META_CAPABILITIES: {} })),
            400,
            -32020,
        ),
        ("no version header", vec![], call(good()), 400, -32020),
        (
            "a handshake header",
            vec![("MCP-Protocol-Version", "2025-11-25")],
            call(good()),
            400,
            -32020,
        ),
    ];
    for (name, headers, params, status, code) in rows {
        let mut world = world();
        let slot = world.connect(HTTP);
        let answer = send(&mut world, slot, "POST", &headers, &request(5, "tools/call", &params));
        assert_eq!((answer.status, answer.code()), (status, code), "{name}: {answer:?}");
        assert_eq!(answer.json()["id"], 5, "{name}: every answer echoes the id");
    }
}

#[test]
fn stateless_methods() {
    for (method, name, params, status, code) in [
        ("server/discover", None, json!({}), 200, 0),
        ("tools/list", None, json!({}), 200, 0),
        ("tools/list", None, json!({ "cursor": "junk" }), 200, -32602),
        ("tools/call", Some("nope"), json!({ "name": "nope" }), 200, -32602),
        ("tools/call", Some("echo"), json!({ "name": "echo", "arguments": 1 }), 200, -32602),
        ("tools/call", Some("slow"), json!({ "name": "slow" }), 200, 0),
        ("resources/read", Some("test://one"), json!({ "uri": "test://one" }), 200, 0),
        ("resources/read", Some("test://users/7"), json!({ "uri": "test://users/7" }), 200, 0),
        ("resources/read", Some("test://none"), json!({ "uri": "test://none" }), 200, -32602),
        (
            "prompts/get",
            Some("greet"),
            json!({ "name": "greet", "arguments": { "name": "Ann" } }),
            200,
            0,
        ),
        ("prompts/get", Some("greet"), json!({ "name": "greet" }), 200, -32602),
        ("initialize", None, json!({}), 404, -32601),
        ("ping", None, json!({}), 404, -32601),
        ("logging/setLevel", None, json!({ "level": "info" }), 404, -32601),
        ("resources/subscribe", None, json!({ "uri": "test://one" }), 404, -32601),
        ("unknown/method", None, json!({}), 404, -32601),
    ] {
        let mut world = world();
        let answer = stateless(&mut world, method, name, params);
        assert_eq!((answer.status, answer.code()), (status, code), "{method} {name:?}: {answer:?}");
        let json = answer.json();
        assert_eq!(json["id"], 5);
        if code == 0 {
            assert_eq!(json["result"]["resultType"], "complete", "{method}");
            let server = &json["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"];
            assert_eq!(server, "test", "{method}");
        }
    }
}

#[test]
fn stateless_exchanges_know_no_session() {
    let mut world = world();
    for verb in ["GET", "DELETE"] {
        let slot = world.connect(HTTP);
        let answer = send(&mut world, slot, verb, &mirrors("tools/list", None), "");
        assert_eq!((answer.status, answer.header("allow")), (405, Some("POST")));
    }
    let slot = world.connect(HTTP);
    let response = json!({ "jsonrpc": "2.0", "id": 1, "result": {} }).to_string();
    let answer = send(&mut world, slot, "POST", &mirrors("x", None), &response);
    assert_eq!((answer.status, answer.code()), (400, -32600));
    let batch = format!("[{}]", request(1, "tools/list", &enveloped(json!({}))));
    let answer = send(&mut world, slot, "POST", &mirrors("tools/list", None), &batch);
    assert_eq!((answer.status, answer.code()), (400, -32600));
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled" }).to_string();
    let answer = send(&mut world, slot, "POST", &mirrors("notifications/cancelled", None), &note);
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    let headers = [("MCP-Protocol-Version", "v999.0.0")];
    let answer = send(&mut world, slot, "POST", &headers, &note);
    assert_eq!((answer.status, answer.code()), (400, -32022));
    let headers = [&mirrors("tools/list", None)[..], &[("Mcp-Session-Id", "whatever")]].concat();
    let body = request(1, "tools/list", &enveloped(json!({})));
    let answer = send(&mut world, slot, "POST", &headers, &body);
    assert_eq!((answer.status, answer.header("mcp-session-id")), (200, None));
}

#[test]
fn mirrored_parameters() {
    for (header, arguments, status, code) in [
        (Some("west"), json!({ "region": "west" }), 200, 0),
        (Some("=?base64?d2VzdA==?="), json!({ "region": "west" }), 200, 0),
        (Some("=?base64?d2VzdA?="), json!({ "region": "west" }), 400, -32020),
        (Some("east"), json!({ "region": "west" }), 400, -32020),
        (None, json!({ "region": "west" }), 400, -32020),
        (Some("west"), json!({}), 400, -32020),
    ] {
        let mut world = world();
        let slot = world.connect(HTTP);
        let mut headers = mirrors("tools/call", Some("region"));
        headers.extend(header.map(|value| ("mcp-param-region", value)));
        let params = enveloped(json!({ "name": "region", "arguments": arguments }));
        let answer = send(&mut world, slot, "POST", &headers, &request(5, "tools/call", &params));
        assert_eq!((answer.status, answer.code()), (status, code), "{header:?}: {answer:?}");
    }
}

/// A line stream's answers, one a line.
fn say(world: &mut World, slot: Slot, message: &str) -> Vec<Value> {
    let sent = world.feed(slot, format!("{message}\n").as_bytes());
    let lines = sent.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

fn code(answers: &[Value]) -> i64 {
    assert_eq!(answers.len(), 1, "{answers:?}");
    answers[0]["error"]["code"].as_i64().unwrap_or(0)
}

/// Each row is a conversation on one stream: what is sent, and the code of each answer.
#[test]
fn streams_choose_their_era_once() {
    let init = initialize("2025-11-25");
    let list = request(2, "tools/list", &json!({}));
    let ping = request(3, "ping", &json!({}));
    let modern = request(4, "tools/list", &enveloped(json!({})));
    let probe = request(5, "server/discover", &enveloped(json!({})));
    let bare_probe = request(6, "server/discover", &json!({}));
    let rows: &[(&str, &[(&str, i64)])] = &[
        ("handshake", &[(&init, 0), (&list, 0), (&ping, 0)]),
        ("stateless", &[(&modern, 0), (&modern, 0)]),
        ("ping decides nothing", &[(&ping, 0), (&init, 0), (&list, 0)]),
        ("a probe decides nothing", &[(&probe, 0), (&init, 0), (&list, 0)]),
        ("nothing before initialize", &[(&list, -32600), (&init, 0), (&list, 0)]),
        ("initialize twice", &[(&init, 0), (&init, -32600), (&list, 0)]),
        ("no handshake after an envelope", &[(&modern, 0), (&init, -32022), (&modern, 0)]),
        ("no envelope after a handshake", &[(&init, 0), (&modern, -32600), (&list, 0)]),
        ("envelopes stay needed", &[(&modern, 0), (&list, -32602)]),
        ("a probe needs an envelope", &[(&bare_probe, -32602)]),
    ];
    for (name, conversation) in rows {
        let mut world = world();
        let slot = world.connect(LINE);
        for (message, want) in *conversation {
            assert_eq!(code(&say(&mut world, slot, message)), *want, "{name}: {message}");
        }
    }
}

#[test]
fn pages_hold_each_item_once() {
    let mut world = world();
    let slot = world.connect(LINE);
    say(&mut world, slot, &initialize("2025-11-25"));
    let (mut names, mut params) = (Vec::new(), json!({}));
    loop {
        let answers = say(&mut world, slot, &request(1, "tools/list", &params));
        let result = &answers[0]["result"];
        let page = result["tools"].as_array().expect("tools");
        assert!(page.len() <= 2);
        names.extend(page.iter().map(|tool| tool["name"].as_str().expect("a name").to_owned()));
        let Some(cursor) = result.get("nextCursor") else { break };
        params = json!({ "cursor": cursor });
        // A cursor of one list is no cursor of another.
        let other = say(&mut world, slot, &request(1, "resources/list", &params));
        assert_eq!(code(&other), -32602);
    }
    assert_eq!(names, ["echo", "slow", "strict", "region", "fail"]);
}

/// Arguments that do not fit: a failure the model can read since 2025-11-25, an error before.
#[test]
fn bad_arguments_by_version() {
    for (version, is_failure) in
        [("2024-11-05", false), ("2025-03-26", false), ("2025-06-18", false), ("2025-11-25", true)]
    {
        for arguments in [json!({}), json!({ "count": 0 }), json!({ "count": 1, "more": 2 })] {
            let mut world = world();
            let slot = world.connect(LINE);
            say(&mut world, slot, &initialize(version));
            let params = json!({ "name": "strict", "arguments": arguments });
            let answers = say(&mut world, slot, &request(1, "tools/call", &params));
            if is_failure {
                assert_eq!(answers[0]["result"]["isError"], true, "{answers:?}");
            } else {
                assert_eq!(code(&answers), -32602, "{version}");
            }
        }
    }
}

#[test]
fn resources_that_are_not_there_by_version() {
    for (version, want) in [("2024-11-05", -32002), ("2025-11-25", -32002)] {
        let mut world = world();
        let slot = world.connect(LINE);
        say(&mut world, slot, &initialize(version));
        let params = json!({ "uri": "test://nothing" });
        let answers = say(&mut world, slot, &request(1, "resources/read", &params));
        assert_eq!(code(&answers), want);
        assert_eq!(answers[0]["error"]["data"]["uri"], "test://nothing");
    }
}

#[test]
fn a_cancelled_call_is_not_answered_and_its_id_is_free() {
    let mut world = world();
    world.works = false;
    let slot = world.connect(LINE);
    say(&mut world, slot, &initialize("2025-11-25"));
    let call = request(7, "tools/call", &json!({ "name": "slow" }));
    assert!(say(&mut world, slot, &call).is_empty());
    assert_eq!(code(&say(&mut world, slot, &call)), -32600, "the id is in flight");
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 7 } });
    assert!(say(&mut world, slot, &note.to_string()).is_empty());
    world.works = true;
    assert_eq!(code(&say(&mut world, slot, &call)), 0);
    world.pass(120_000);
    assert!(world.take(slot).is_empty(), "a cancelled call must not time out");
}

#[test]
fn who_ends_one_side_is_answered_and_who_has_left_is_not() {
    for has_left in [false, true] {
        let mut world = world();
        world.works = false;
        let slot = world.connect(LINE);
        say(&mut world, slot, &initialize("2025-11-25"));
        let call = request(7, "tools/call", &json!({ "name": "slow" }));
        assert!(say(&mut world, slot, &call).is_empty());
        world.handle(Input::Ended { slot, is_broken: false });
        assert!(!world.is_closed(slot));
        if has_left {
            world.handle(Input::Left { slot });
            assert!(world.is_closed(slot));
        }
        world.run_job();
        assert_eq!(world.take(slot).is_empty(), has_left);
    }
}

#[test]
fn a_call_that_never_ends_is_answered_at_its_deadline() {
    let mut world = World::new(server(), Config { call_ms: 5000, ..Config::default() });
    world.works = false;
    let slot = world.connect(LINE);
    say(&mut world, slot, &initialize("2025-11-25"));
    let call = request(7, "tools/call", &json!({ "name": "slow" }));
    assert!(say(&mut world, slot, &call).is_empty());
    assert_eq!(code(&say(&mut world, slot, &request(8, "ping", &json!({})))), 0);
    world.pass(4900);
    assert!(world.take(slot).is_empty());
    world.pass(300);
    let answer: Value = serde_json::from_slice(&world.take(slot)).expect("the answer");
    assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(7), &json!(true)));
}

#[test]
fn too_many_calls_are_refused_at_once() {
    let mut world = World::new(server(), Config { inflight_calls_max: 2, ..Config::default() });
    world.works = false;
    let slot = world.connect(LINE);
    say(&mut world, slot, &initialize("2025-11-25"));
    for (id, want) in [(1, None), (2, None), (3, Some(-32000))] {
        let call = request(id, "tools/call", &json!({ "name": "slow" }));
        let answers = say(&mut world, slot, &call);
        assert_eq!(answers.first().and_then(|answer| answer["error"]["code"].as_i64()), want);
    }
    assert_eq!(code(&say(&mut world, slot, &request(8, "ping", &json!({})))), 0);
}

#[test]
fn batches_are_for_2025_03_26() {
    let batch = format!(
        "[{},{},{},7]",
        request(1, "ping", &json!({})),
        json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }),
        request(2, "tools/call", &json!({ "name": "slow" })),
    );
    let mut world = world();
    let slot = world.connect(LINE);
    say(&mut world, slot, &initialize("2025-03-26"));
    let answers = say(&mut world, slot, &batch);
    let answers = answers[0].as_array().expect("one array").clone();
    let ids: Vec<_> = answers.iter().map(|answer| answer["id"].clone()).collect();
    assert_eq!(ids, [json!(1), json!(null), json!(2)], "{answers:?}");
    assert_eq!(code(&say(&mut world, slot, "[]")), -32600);
    let inner = say(&mut world, slot, &format!("[{}]", initialize("2025-03-26")));
    assert_eq!(inner[0][0]["error"]["code"], -32600);
    let quiet = "[{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}]";
    assert!(say(&mut world, slot, quiet).is_empty());
    let id = session(&mut world, "2025-03-26");
    let slot = world.connect(HTTP);
    let answer = send(&mut world, slot, "POST", &[("Mcp-Session-Id", &id)], &batch);
    assert_eq!((answer.status, answer.json().as_array().map(Vec::len)), (200, Some(3)));
    let answer = send(&mut world, slot, "POST", &[("Mcp-Session-Id", &id)], quiet);
    assert_eq!((answer.status, answer.body.as_str()), (202, ""));
}

fn stateless_post(id: u64, tool: &str) -> String {
    let params = enveloped(json!({ "name": tool, "arguments": {} }));
    let body = request(id, "tools/call", &params);
    format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: */*\r\nMCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\n\
         Mcp-Name: {tool}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn pipelined_exchanges_are_answered_in_order() {
    let mut world = world();
    let slot = world.connect(HTTP);
    let all: String =
        (1..=9).map(|id| stateless_post(id, if id % 3 == 0 { "slow" } else { "echo" })).collect();
    for split in [1, 7, 64, usize::MAX] {
        let sent = world.feed_split(slot, all.as_bytes(), split);
        let text = String::from_utf8(sent).expect("UTF-8");
        let ids: Vec<_> =
            text.match_indices("\"id\":").map(|(at, _)| &text[at + 5..=at + 5]).collect();
        assert_eq!(ids, ["1", "2", "3", "4", "5", "6", "7", "8", "9"], "split {split}");
    }
}

#[test]
fn who_pipelines_must_take_answers_before_more_are_made() {
    let config = Config { unsent_bytes_pause: 1024, ..Config::default() };
    // Behind an exchange that waits, and not.
    for first in ["", "slow"] {
        let mut world = World::new(server(), config.clone());
        world.works = false;
        let slot = world.connect(HTTP);
        let mut all = if first.is_empty() { String::new() } else { stateless_post(0, first) };
        (1..=40).for_each(|id| all += &stateless_post(id, "echo"));
        world.hold(slot);
        world.feed(slot, all.as_bytes());
        if !first.is_empty() {
            world.run_job();
        }
        let made = world.metrics.frames.get();
        assert!(made < 20, "{made} answers wait to be taken");
        world.release(slot);
        let text = String::from_utf8(world.take(slot)).expect("UTF-8");
        assert_eq!(text.matches("HTTP/1.1 200").count(), if first.is_empty() { 40 } else { 41 });
    }
}

#[test]
fn silent_and_partial_connections_end() {
    for (listener, bytes, ms, closes) in [
        (LINE, "", 299_000, false),
        (LINE, "", 301_000, true),
        (LINE, "{\"jsonrpc\"", 9_000, false),
        (LINE, "{\"jsonrpc\"", 11_000, true),
        (HTTP, "POST /mcp HTT", 11_000, true),
        (HTTP, "", 299_000, false),
        (HTTP, "", 301_000, true),
    ] {
        let mut world = world();
        let slot = world.connect(listener);
        if !bytes.is_empty() {
            world.feed(slot, bytes.as_bytes());
        }
        world.pass(ms);
        assert_eq!(world.is_closed(slot), closes, "{bytes:?} after {ms} ms");
    }
}
