//! An endpoint that asks who is there: tokens, scopes, and sessions that belong to somebody.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod harness;
#[path = "authorization/streams.rs"]
mod streams;

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use harness::{HTTP, LINE, UNIX_S_AT_ZERO, World};
use mcpring::model::Elicitation;
use mcpring::server::{Ask, Completer, Server};
use mcpring::slot::Slot;
use mcpring::{
    Authorization, Call, Config, Issuer, Outcome, Principal, Prompt, PromptArgument, Resource, Tool,
};
use serde_json::{Value, json};

const RESOURCE: &str = "https://tools.example.com/mcp";
const METADATA: &str = "https://tools.example.com/.well-known/oauth-protected-resource/mcp";
const ISSUER: &str = "https://login.example.com";
const SECRET: &[u8] = b"a secret of at least 32 bytes ...";
const ANN: &str = "token-of-ann-0123456789";
const ANN_AGAIN: &str = "token-of-ann-9876543210";
const BOB: &str = "token-of-bob-0123456789";
/// Knows nothing of scopes.
const EVE: &str = "token-of-eve-0123456789";

fn server() -> Server {
    let schema = || json!({ "type": "object" });
    Server::builder("test", "1.0.0")
        .tool(Tool::raw("who", schema(), who).inline())
        .tool(Tool::raw("who-pool", schema(), who).pool())
        .tool(Tool::raw("confirm", schema(), confirm).inline())
        .tool(Tool::raw("write", schema(), who).scopes(["write", "use"]).inline())
        .resource(Resource::text("demo:secret", "secret", "hidden").scopes(["read"]))
        .prompt(
            Prompt::new("secret", |_: &mut Call<'_>| "hidden")
                .argument(PromptArgument::optional("of"))
                .completer("of", Completer::values(["hidden"]))
                .scopes(["read"]),
        )
        .resource_subscriptions()
        .build()
        .expect("the test's server is in order")
}

fn who(call: &mut Call<'_>) -> String {
    match call.context().principal() {
        None => "nobody".to_owned(),
        Some(principal) => {
            let scopes: Vec<_> = principal.scopes().collect();
            format!("{} {}", principal.subject(), scopes.join("+"))
        }
    }
}

/// Asks once, and remembers that it did.
fn confirm(call: &mut Call<'_>) -> Outcome {
    match call.state() {
        None => Ask::new().elicit("sure", Elicitation::form("Sure?")).state(*b"asked").into(),
        Some(_) => Outcome::text(who(call)),
    }
}

fn authorization() -> Authorization {
    let ann = || Principal::new("ann").with_scopes(["use"]);
    Authorization::new(RESOURCE)
        .static_token(ANN, ann())
        .static_token(ANN_AGAIN, ann().with_scopes(["write"]))
        .static_token(BOB, Principal::new("bob").with_scopes(["all"]))
        .static_token(EVE, Principal::new("eve"))
        .issuer(Issuer::shared_secret(ISSUER, SECRET))
        .require(["use"])
        .implies("all", ["use", "read", "write"])
}

fn world() -> World {
    let guard = authorization().build().expect("settings that hold");
    World::guarded(server(), Config::default(), Some(Arc::new(guard)))
}

/// An answer over HTTP.
#[derive(Debug)]
struct Answer {
    status: u16,
    head: String,
    body: String,
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    /// What a tool said.
    fn text(&self) -> String {
        let json = self.json();
        json["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{json}")).to_owned()
    }
}

fn answer(bytes: &[u8]) -> Answer {
    let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text}"));
    let status = head.get(9..12).and_then(|status| status.parse().ok()).expect("a status");
    Answer { status, head: head.to_owned(), body: body.to_owned() }
}

/// One request: `line` is method and target, `headers` are whole lines.
fn send(world: &mut World, slot: Slot, line: &str, headers: &[String], body: &str) -> Answer {
    let headers = headers.iter().fold(String::new(), |all, line| all + line + "\r\n");
    let length = body.len();
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Content-Length: {length}\r\n\r\n\
         {body}"
    );
    answer(&world.feed(slot, request.as_bytes()))
}

fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// A request on a connection of its own.
fn ask(world: &mut World, line: &str, token: Option<&str>, body: &str) -> Answer {
    let slot = world.connect(HTTP);
    let headers: Vec<String> = token.into_iter().map(bearer).collect();
    send(world, slot, line, &headers, body)
}

fn request(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string()
}

fn initialize() -> String {
    let client = json!({ "name": "test", "version": "1.0.0" });
    let version = "2025-11-25";
    let params = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": client });
    request("initialize", &params)
}

/// Opens a session with `token`; gives its id.
fn open(world: &mut World, token: &str) -> String {
    let found = ask(world, "POST /mcp", Some(token), &initialize());
    assert_eq!(found.status, 200, "{found:?}");
    found.header("mcp-session-id").expect("a session").to_owned()
}

/// A request in a session.
fn within(world: &mut World, verb: &str, session: &str, token: &str, body: &str) -> Answer {
    let slot = world.connect(HTTP);
    let headers = [
        bearer(token),
        format!("Mcp-Session-Id: {session}"),
        "MCP-Protocol-Version: 2025-11-25".to_owned(),
    ];
    send(world, slot, &format!("{verb} /mcp"), &headers, body)
}

fn call(tool: &str) -> String {
    request("tools/call", &json!({ "name": tool, "arguments": {} }))
}

/// A stateless request.
fn stateless(world: &mut World, token: &str, method: &str, name: &str, params: Value) -> Answer {
    let slot = world.connect(HTTP);
    stateless_on(world, slot, token, method, name, params)
}

fn stateless_on(
    world: &mut World,
    slot: Slot,
    token: &str,
    method: &str,
    name: &str,
    mut params: Value,
) -> Answer {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "form": {} } },
    });
    let headers = [
        bearer(token),
        "MCP-Protocol-Version: 2026-07-28".to_owned(),
        format!("Mcp-Method: {method}"),
        format!("Mcp-Name: {name}"),
    ];
    send(world, slot, "POST /mcp", &headers, &request(method, &params))
}

/// A token of the issuer that expires at this second after the world's beginning.
fn signed(subject: &str, scope: &str, expires: u64) -> String {
    let expires = UNIX_S_AT_ZERO + expires;
    let claims =
        json!({ "iss": ISSUER, "sub": subject, "aud": RESOURCE, "exp": expires, "scope": scope });
    let head = BASE64.encode(r#"{"alg":"HS256"}"#);
    let message = format!("{head}.{}", BASE64.encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    format!("{message}.{}", BASE64.encode(hmac::sign(&key, message.as_bytes())))
}

#[test]
fn everything_but_two_pages_needs_a_token() {
    let mut world = world();
    for line in [
        "POST /mcp",
        "GET /mcp",
        "DELETE /mcp",
        "GET /metrics",
        "GET /sse",
        "POST /messages?sessionId=0",
    ] {
        let found = ask(&mut world, line, None, &initialize());
        let want = format!("Bearer scope=\"use\", resource_metadata=\"{METADATA}\"");
        assert_eq!((found.status, found.header("www-authenticate")), (401, Some(&*want)), "{line}");
        assert!(found.body.contains("Send Authorization: Bearer"), "{found:?}");
        let found = ask(&mut world, line, Some("another-0123456789"), &initialize());
        let value = found.header("www-authenticate").expect("a challenge");
        assert!(found.status == 401 && value.contains("error=\"invalid_token\""), "{line} {value}");
    }
    for line in ["GET /healthz", "GET /healthz?x"] {
        assert_eq!(ask(&mut world, line, None, "").status, 200, "{line}");
    }
    for path in ["", "/mcp"] {
        let line = format!("GET /.well-known/oauth-protected-resource{path}");
        let found = ask(&mut world, &line, None, "");
        assert_eq!((found.status, found.header("content-type")), (200, Some("application/json")));
        assert_eq!(found.json()["resource"], RESOURCE);
        assert_eq!(found.json()["authorization_servers"], json!([ISSUER]));
    }
    let found = ask(&mut world, "GET /.well-known/oauth-protected-resource/other", None, "");
    assert_eq!(found.status, 404);
    let metrics = ask(&mut world, "GET /metrics", Some(ANN), "");
    assert!(metrics.body.contains("mcpring_http_challenged_total 12"), "{}", metrics.body);
}

#[test]
fn without_authorization_there_is_no_such_page_and_nobody_is_asked() {
    let mut world = World::new(server(), Config::default());
    let found = ask(&mut world, "GET /.well-known/oauth-protected-resource", None, "");
    assert_eq!(found.status, 404);
    let found = ask(&mut world, "POST /mcp", None, &initialize());
    let session = found.header("mcp-session-id").expect("a session").to_owned();
    assert_eq!(within(&mut world, "POST", &session, "anything", &call("who")).text(), "nobody");
    assert_eq!(within(&mut world, "POST", &session, EVE, &call("write")).text(), "nobody");
}

#[test]
fn an_unanswered_challenge_leaves_the_connection_usable() {
    let mut world = world();
    let slot = world.connect(HTTP);
    assert_eq!(send(&mut world, slot, "POST /mcp", &[], &initialize()).status, 401);
    let found = send(&mut world, slot, "POST /mcp", &[bearer(ANN)], &initialize());
    assert_eq!(found.status, 200, "{found:?}");
    let broken = send(&mut world, slot, "POST /mcp", &["Authorization: Bearer".into()], "{}");
    assert_eq!(broken.status, 400);
    let two = send(&mut world, slot, "POST /mcp", &[bearer(ANN), bearer(BOB)], "{}");
    assert_eq!(two.status, 400);
}

#[test]
fn a_token_in_the_query_is_refused_whatever_else_is_shown() {
    let mut world = world();
    for line in [
        format!("POST /mcp?access_token={ANN}"),
        format!("GET /metrics?a=b&access_token={ANN}"),
        format!("GET /healthz?access_token={ANN}"),
    ] {
        let found = ask(&mut world, &line, Some(ANN), "");
        assert_eq!(found.status, 400, "{line}");
        assert!(found.body.contains("query") && !found.body.contains(ANN), "{found:?}");
    }
}

#[test]
fn handlers_see_who_asks_in_both_eras() {
    let mut world = world();
    let session = open(&mut world, ANN);
    for tool in ["who", "who-pool"] {
        let found = within(&mut world, "POST", &session, ANN, &call(tool));
        assert_eq!(found.text(), "ann use");
        let found = stateless(&mut world, BOB, "tools/call", tool, json!({ "name": tool }));
        assert_eq!(found.text(), "bob all");
    }
    let found = within(&mut world, "POST", &session, ANN_AGAIN, &call("who"));
    assert_eq!(found.text(), "ann use+write", "another token of the session's principal");
}

#[test]
fn a_call_without_its_scopes_is_refused_and_told_all_it_needs() {
    let mut world = world();
    let want = format!(
        "Bearer error=\"insufficient_scope\", error_description=\"the token lacks a scope that \
         this needs\", scope=\"use write\", resource_metadata=\"{METADATA}\""
    );
    let session = open(&mut world, ANN);
    for found in [
        within(&mut world, "POST", &session, ANN, &call("write")),
        stateless(&mut world, ANN, "tools/call", "write", json!({ "name": "write" })),
    ] {
        assert_eq!((found.status, found.header("www-authenticate")), (403, Some(&*want)));
        assert!(found.body.contains("all of: use write"), "{found:?}");
    }
    let found = ask(&mut world, "POST /mcp", Some(EVE), &initialize());
    assert_eq!(found.status, 403, "every request needs the required scope");
    let found = within(&mut world, "POST", &session, ANN_AGAIN, &call("write"));
    assert_eq!(found.text(), "ann use+write");
    let found = stateless(&mut world, BOB, "tools/call", "write", json!({ "name": "write" }));
    assert_eq!(found.text(), "bob all", "a scope that implies the others");
    for (method, name, params) in [
        ("resources/read", "demo:secret", json!({ "uri": "demo:secret" })),
        ("prompts/get", "secret", json!({ "name": "secret" })),
        ("completion/complete", "", {
            let of = json!({ "name": "of", "value": "h" });
            json!({ "ref": { "type": "ref/prompt", "name": "secret" }, "argument": of })
        }),
    ] {
        let found = stateless(&mut world, ANN, method, name, params.clone());
        assert_eq!(found.status, 403, "{method}");
        let found = stateless(&mut world, BOB, method, name, params);
        assert!(found.status == 200 && found.body.contains("hidden"), "{method} {found:?}");
    }
}

#[test]
fn who_may_not_read_a_resource_hears_nothing_of_it() {
    let mut world = world();
    let session = open(&mut world, ANN);
    let body = request("resources/subscribe", &json!({ "uri": "demo:secret" }));
    let found = within(&mut world, "POST", &session, ANN, &body);
    let value = found.header("www-authenticate").expect("a challenge");
    assert!(found.status == 403 && value.contains("scope=\"use read\""), "{value}");
    let session = open(&mut world, BOB);
    let found = within(&mut world, "POST", &session, BOB, &body);
    assert_eq!((found.status, found.json()["result"].clone()), (200, json!({})));
    let wanted = json!({ "resourceSubscriptions": ["demo:secret"] });
    for (token, is_granted) in [(ANN, false), (BOB, true)] {
        let params = json!({ "notifications": wanted });
        let found = stateless(&mut world, token, "subscriptions/listen", "", params);
        assert!(found.status == 200 && found.body.contains("acknowledged"), "{found:?}");
        assert_eq!(found.body.contains("demo:secret"), is_granted, "{found:?}");
    }
}

#[test]
fn the_state_of_another_is_not_taken() {
    let mut world = world();
    let mut params = json!({ "name": "confirm" });
    let found = stateless(&mut world, ANN, "tools/call", "confirm", params.clone());
    let state = found.json()["result"]["requestState"].clone();
    assert!(state.is_string(), "{found:?}");
    params["requestState"] = state;
    params["inputResponses"] = json!({ "sure": { "action": "accept", "content": {} } });
    let found = stateless(&mut world, BOB, "tools/call", "confirm", params.clone());
    assert_eq!(found.json()["error"]["code"], -32602, "{found:?}");
    assert!(found.body.contains("another request or caller"), "{found:?}");
    let found = stateless(&mut world, ANN_AGAIN, "tools/call", "confirm", params.clone());
    assert_eq!(found.text(), "ann use+write", "a newer token of the same principal");
    world.pass(mcpring::limits::STATE_TTL_S * 1000);
    let found = stateless(&mut world, ANN, "tools/call", "confirm", params);
    assert!(found.body.contains("expired"), "{found:?}");
}

#[test]
fn a_message_of_a_batch_is_refused_in_its_place() {
    let mut world = world();
    let hello = initialize().replace("2025-11-25", "2025-03-26");
    let found = ask(&mut world, "POST /mcp", Some(ANN), &hello);
    let session = found.header("mcp-session-id").expect("a session").to_owned();
    let body = format!("[{},{}]", call("write"), call("who").replace("\"id\":1", "\"id\":2"));
    let found = within(&mut world, "POST", &session, ANN, &body);
    let answers = found.json();
    assert_eq!((found.status, answers[0]["error"]["code"].clone()), (200, json!(-32600)));
    assert!(answers[0]["error"]["message"].to_string().contains("use write"), "{answers}");
    assert_eq!(answers[1]["result"]["content"][0]["text"], "ann use");
}

#[test]
fn the_session_of_another_is_not_found() {
    let mut world = world();
    let session = open(&mut world, ANN);
    for verb in ["POST", "GET", "DELETE"] {
        let found = within(&mut world, verb, &session, BOB, &call("who"));
        let none = within(&mut world, verb, &"0".repeat(36), BOB, &call("who"));
        assert_eq!((found.status, &found.body), (404, &none.body), "{verb}");
        assert_eq!(within(&mut world, verb, &session, EVE, &call("who")).status, 403, "{verb}");
    }
    let metrics = ask(&mut world, "GET /metrics", Some(BOB), "").body;
    assert!(metrics.contains("mcpring_sessions_foreign_total 3"), "{metrics}");
    assert_eq!(within(&mut world, "POST", &session, ANN, &call("who")).text(), "ann use");
    assert_eq!(within(&mut world, "DELETE", &session, ANN_AGAIN, "").status, 200);
    assert_eq!(within(&mut world, "POST", &session, ANN, &call("who")).status, 404);
}

#[test]
fn the_stream_of_another_of_2024_11_05_is_not_found() {
    let mut world = world();
    let slot = world.connect(HTTP);
    let stream = send(&mut world, slot, "GET /sse", &[bearer(ANN)], "");
    assert_eq!(stream.status, 200, "{stream:?}");
    let place = stream.body.split("data: ").nth(1).expect("a place to post to");
    let place = place.split("\r\n").next().expect("a line").to_owned();
    let line = format!("POST {place}");
    assert_eq!(ask(&mut world, &line, Some(BOB), &initialize()).status, 404);
    assert_eq!(ask(&mut world, &line, None, &initialize()).status, 401);
    assert_eq!(ask(&mut world, &line, Some(ANN), &initialize()).status, 202);
    assert_eq!(ask(&mut world, &line, Some(ANN), &call("who")).status, 202);
    let said = String::from_utf8(world.take(slot)).expect("UTF-8");
    assert!(said.contains("ann use"), "{said}");
    assert_eq!(ask(&mut world, &line, Some(ANN), &call("write")).status, 202);
    let said = String::from_utf8(world.take(slot)).expect("UTF-8");
    assert!(said.contains("-32600") && said.contains("use write"), "{said}");
}

#[test]
fn a_token_expires_in_the_middle_of_a_session() {
    let mut world = world();
    let token = signed("joe", "use", 100);
    let session = open(&mut world, &token);
    assert_eq!(within(&mut world, "POST", &session, &token, &call("who")).text(), "joe use");
    world.pass(100_000);
    // The clocks of issuer and server may differ by so much.
    assert_eq!(within(&mut world, "POST", &session, &token, &call("who")).text(), "joe use");
    world.pass(mcpring::limits::TOKEN_LEEWAY_S * 1000);
    let found = within(&mut world, "POST", &session, &token, &call("who"));
    let value = found.header("www-authenticate").expect("a challenge");
    assert!(found.status == 401 && value.contains("the token has expired"), "{value}");
    let renewed = signed("joe", "use", 1000);
    assert_eq!(within(&mut world, "POST", &session, &renewed, &call("who")).text(), "joe use");
}

#[test]
fn other_transports_are_not_asked() {
    let mut world = world();
    let slot = world.connect(LINE);
    world.feed(slot, format!("{}\n", initialize()).as_bytes());
    let said = world.feed(slot, format!("{}\n", call("write")).as_bytes());
    assert!(String::from_utf8(said).expect("UTF-8").contains("nobody"));
}

#[test]
fn no_token_is_shown_anywhere() {
    let mut world = world();
    let signed = signed("joe", "use", 1000);
    let secret = std::str::from_utf8(SECRET).expect("text");
    let mut shown = format!("{:?}", authorization());
    for token in [ANN, EVE, &signed, "unknown-0123456789"] {
        let slot = world.connect(HTTP);
        for line in ["POST /mcp", "GET /mcp", "GET /metrics", "GET /nowhere"] {
            let found = send(&mut world, slot, line, &[bearer(token)], &initialize());
            shown += &format!("{found:?}");
        }
    }
    shown += &ask(&mut world, "GET /metrics", Some(ANN), "").body;
    for token in [ANN, EVE, &signed, "unknown-0123456789", secret] {
        assert!(!shown.contains(token), "{token} is shown");
    }
}

#[test]
fn scopes_that_are_none_are_found_when_the_server_is_built() {
    let tool = Tool::raw("t", json!({ "type": "object" }), |_: &mut Call<'_>| "").scopes(["a\"b"]);
    let fault = Server::builder("test", "1.0.0").tool(tool).build().expect_err("no scope");
    assert!(fault.to_string().contains("tool \"t\""), "{fault}");
}
