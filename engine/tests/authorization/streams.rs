//! What listens does so no longer than its token is good; what answers a call does.

use super::*;
use mcpring::limits::{TICK_MS, TOKEN_LEEWAY_S};

/// When tokens expire here, in seconds.
const EXPIRES: u64 = 40;
/// When they are refused, in milliseconds.
const END_MS: u64 = (EXPIRES + TOKEN_LEEWAY_S) * 1000;

type Opened = (Slot, Answer);

/// Listens in a session.
fn get(world: &mut World, session: &str, token: &str, more: &[String]) -> Opened {
    let slot = world.connect(HTTP);
    let headers = [&[bearer(token), format!("Mcp-Session-Id: {session}")], more].concat();
    (slot, send(world, slot, "GET /mcp", &headers, ""))
}

fn listen_in_session(world: &mut World, token: &str) -> Opened {
    let session = open(world, token);
    get(world, &session, token, &[])
}

fn listen_as_2024_11_05(world: &mut World, token: &str) -> Opened {
    let slot = world.connect(HTTP);
    (slot, send(world, slot, "GET /sse", &[bearer(token)], ""))
}

fn listen_stateless(world: &mut World, token: &str) -> Opened {
    let slot = world.connect(HTTP);
    let wanted = json!({ "notifications": { "resourceSubscriptions": ["demo:secret"] } });
    (slot, stateless_on(world, slot, token, "subscriptions/listen", "", wanted))
}

fn said(world: &mut World, slot: Slot) -> String {
    String::from_utf8(world.take(slot)).expect("UTF-8")
}

#[test]
fn what_listens_ends_with_its_token() {
    type Open = fn(&mut World, &str) -> Opened;
    let rows: [(&str, Open); 3] = [
        ("a session's", listen_in_session),
        ("2024-11-05", listen_as_2024_11_05),
        ("stateless", listen_stateless),
    ];
    for (name, open) in rows {
        let mut world = world();
        let (lasting, stream) = open(&mut world, ANN);
        assert_eq!(stream.status, 200, "{name} {stream:?}");
        let (slot, stream) = open(&mut world, &signed("joe", "use read", EXPIRES));
        assert_eq!(stream.status, 200, "{name} {stream:?}");
        assert!(stream.head.contains("content-type: text/event-stream"), "{name} {stream:?}");
        world.pass(END_MS - 1);
        let before = said(&mut world, slot);
        assert!(!before.ends_with("0\r\n\r\n") && !world.is_closed(slot), "{name} {before:?}");
        world.pass(1 + TICK_MS);
        let last = said(&mut world, slot);
        assert!(last.ends_with("0\r\n\r\n") && world.is_closed(slot), "{name} {last:?}");
        assert_eq!(last.contains("\"resultType\":\"complete\""), name == "stateless", "{last:?}");
        world.pass(10 * END_MS);
        assert!(!world.is_closed(lasting), "{name}: a static token does not expire");
        assert_eq!(world.metrics.event_streams_expired.get(), 1, "{name}");
        let listens = u64::from(name == "stateless");
        assert_eq!(world.metrics.listens.get(), listens, "{name}");
    }
}

#[test]
fn a_stream_is_taken_up_again_with_another_token() {
    let mut world = world();
    let (first, second) = (signed("joe", "use read", EXPIRES), signed("joe", "use read", 1000));
    let session = open(&mut world, &first);
    let body = request("resources/subscribe", &json!({ "uri": "demo:secret" }));
    assert_eq!(within(&mut world, "POST", &session, &first, &body).status, 200);
    let (slot, stream) = get(&mut world, &session, &first, &[]);
    let last = stream.body.lines().find(|line| line.starts_with("id: ")).expect("a first event");
    let last = last.replace("id: ", "Last-Event-ID: ");
    world.pass(END_MS + TICK_MS);
    assert!(world.is_closed(slot));
    world.publisher.resource_updated("demo:secret").expect("the server lives");
    world.settle();
    let more = [last];
    assert_eq!(get(&mut world, &session, &first, &more).1.status, 401);
    let (slot, stream) = get(&mut world, &session, &second, &more);
    assert!(stream.status == 200 && stream.body.contains("resources/updated"), "{stream:?}");
    world.pass(10 * END_MS);
    assert!(!world.is_closed(slot));
}

/// A call that asks is answered on the stream on which it asked.
#[test]
fn a_call_is_answered_though_its_token_expires_meanwhile() {
    let mut world = world();
    let (first, second) = (signed("joe", "use", EXPIRES), signed("joe", "use", 1000));
    let capabilities = json!({ "elicitation": {} });
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": capabilities,
        "clientInfo": { "name": "test", "version": "1.0.0" } });
    let found = ask(&mut world, "POST /mcp", Some(&first), &request("initialize", &hello));
    let session = found.header("mcp-session-id").expect("a session").to_owned();
    let slot = world.connect(HTTP);
    let headers = [bearer(&first), format!("Mcp-Session-Id: {session}")];
    let stream = send(&mut world, slot, "POST /mcp", &headers, &call("confirm"));
    assert!(stream.body.contains("elicitation/create"), "{stream:?}");
    let question = stream.body.lines().rev().find_map(|line| line.strip_prefix("data: "));
    let question: Value = serde_json::from_str(question.expect("an event")).expect("JSON");
    world.pass(2 * END_MS);
    let reply = json!({ "jsonrpc": "2.0", "id": question["id"],
        "result": { "action": "accept", "content": {} } });
    let late = within(&mut world, "POST", &session, &first, &reply.to_string());
    assert_eq!(late.status, 401, "{late:?}");
    let taken = within(&mut world, "POST", &session, &second, &reply.to_string());
    assert_eq!(taken.status, 202, "{taken:?}");
    let answer = said(&mut world, slot);
    assert!(answer.contains("joe use") && answer.ends_with("0\r\n\r\n"), "{answer:?}");
    assert_eq!(world.metrics.event_streams_expired.get(), 0);
}
