//! The same over HTTP: sessions with a stream to listen on, and calls that listen.

use super::*;
use crate::harness::HTTP;

/// One request over HTTP on a connection of its own, with what came back.
fn http(
    world: &mut World,
    verb: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> (Slot, String) {
    let slot = world.connect(HTTP);
    let body = body.map(Value::to_string).unwrap_or_default();
    let mut request = format!("{verb} /mcp HTTP/1.1\r\nHost: localhost\r\n");
    request += "Accept: application/json, text/event-stream\r\n";
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if verb == "POST" {
        request += "Content-Type: application/json\r\n";
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    let sent = world.feed(slot, format!("{request}\r\n{body}").as_bytes());
    (slot, String::from_utf8(sent).expect("UTF-8"))
}

/// The messages of the events in a piece of an event stream, in short.
fn events(text: &str) -> Vec<String> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.map(|json| short(&serde_json::from_str(json).expect("JSON"))).collect()
}

fn heard_events(world: &mut World, slot: Slot) -> Vec<String> {
    let text = world.take(slot);
    events(std::str::from_utf8(&text).expect("UTF-8"))
}

/// A session over HTTP that is ready and has subscribed.
fn session(world: &mut World, uris: &[&str]) -> String {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
                         "clientInfo": { "name": "c", "version": "1" } });
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
    let (_, answer) = http(world, "POST", &[], Some(&hello));
    let id = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
    let id = id.expect("a session").to_owned();
    let headers = [("Mcp-Session-Id", &*id)];
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert!(http(world, "POST", &headers, Some(&ready)).1.starts_with("HTTP/1.1 202"));
    for uri in uris {
        let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/subscribe",
                              "params": { "uri": uri } });
        assert!(http(world, "POST", &headers, Some(&request)).1.ends_with("\"result\":{}}"));
    }
    id
}

/// Listens in a session.
fn get(world: &mut World, session: &str, last: Option<&str>) -> (Slot, Vec<String>) {
    let mut headers = vec![("Mcp-Session-Id", session)];
    headers.extend(last.map(|last| ("Last-Event-ID", last)));
    let (slot, sent) = http(world, "GET", &headers, None);
    assert!(sent.starts_with("HTTP/1.1 200"), "{sent}");
    (slot, sent.lines().map(str::to_owned).collect())
}

fn listen_over_http(world: &mut World, id: &Value, filter: &Value) -> (Slot, Vec<String>) {
    let request = stateless(id, "subscriptions/listen", json!({ "notifications": filter }));
    let headers = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "subscriptions/listen")];
    let (slot, sent) = http(world, "POST", &headers, Some(&request));
    assert!(sent.contains("content-type: text/event-stream"), "{sent}");
    (slot, events(&sent))
}

#[test]
fn sessions_over_http_hear_on_the_stream_they_listen_on() {
    let mut world = world();
    let (one, two) = (session(&mut world, &["demo://a"]), session(&mut world, &[]));
    let deaf = session(&mut world, &["demo://a"]);
    let (first, _) = get(&mut world, &one, None);
    let (second, _) = get(&mut world, &two, None);
    updated(&mut world, &["demo://a"]);
    world.publisher.edit(|edit| edit.remove_tool("grow")).expect("a good edit");
    world.settle();
    let want = ["resources/updated demo://a", "tools/list_changed"];
    assert_eq!(heard_events(&mut world, first), want);
    assert_eq!(heard_events(&mut world, second), ["tools/list_changed"]);
    let headers = [("Mcp-Session-Id", &*deaf)];
    assert!(http(&mut world, "DELETE", &headers, None).1.starts_with("HTTP/1.1 200"));
    assert_eq!(world.metrics.subscriptions.get(), 4 + 3, "the ended session's are gone");
    let (newest, _) = get(&mut world, &one, None);
    updated(&mut world, &["demo://a"]);
    assert_eq!(heard_events(&mut world, newest), ["resources/updated demo://a"]);
    assert!(heard_events(&mut world, first).is_empty(), "a message goes to one stream");
}

/// What a stream that was cut was told, or was owed, comes when it is taken up again.
#[test]
fn a_session_whose_stream_was_cut_misses_nothing() {
    let mut world = world();
    let id = session(&mut world, &["demo://a", "demo://b"]);
    let (slot, head) = get(&mut world, &id, None);
    let prime = head.iter().find_map(|line| line.strip_prefix("id: ")).expect("a first event");
    let prime = prime.to_owned();
    world.hold(slot);
    updated(&mut world, &["demo://a"]);
    updated(&mut world, &["demo://b", "demo://a"]);
    updated(&mut world, &["demo://a"]);
    world.handle(Input::Ended { slot, is_broken: true });
    updated(&mut world, &["demo://b"]);
    let (_, lines) = get(&mut world, &id, Some(&prime));
    let want = ["demo://a", "demo://b", "demo://a", "demo://b"];
    let want = want.map(|uri| format!("resources/updated {uri}"));
    assert_eq!(events(&lines.join("\n")), want);
    let ids: std::collections::HashSet<_> =
        lines.iter().filter(|line| line.starts_with("id: ")).collect();
    assert_eq!(ids.len(), 4, "each event has an id of its own");
}

#[test]
fn a_call_listens_over_http_until_its_connection_closes() {
    let mut world = world();
    let filter = json!({ "resourceSubscriptions": ["demo://a"], "toolsListChanged": true });
    let (number, said) = listen_over_http(&mut world, &json!(7), &filter);
    assert_eq!(said, ["subscriptions/acknowledged for 7"]);
    let (text, said) = listen_over_http(&mut world, &json!("7"), &filter);
    assert_eq!(said, ["subscriptions/acknowledged for \"7\""]);
    updated(&mut world, &["demo://a", "demo://b"]);
    assert_eq!(heard_events(&mut world, number), ["resources/updated demo://a for 7"]);
    assert_eq!(heard_events(&mut world, text), ["resources/updated demo://a for \"7\""]);
    world.handle(Input::Closed { slot: number });
    assert_eq!((world.metrics.listens.get(), world.metrics.subscriptions.get()), (1, 2));
    world.hold(text);
    for _ in 0..10 {
        updated(&mut world, &["demo://a"]);
    }
    world.release(text);
    let want = vec!["resources/updated demo://a for \"7\""; 2];
    assert_eq!(heard_events(&mut world, text), want, "the first, and the latest");
    world.pass(10 * Config::default().idle_ms);
    assert!(!world.is_closed(text), "who listens may be silent");
    world.take(text);
    world.handle(Input::Shutdown);
    let said = world.take(text);
    let said = std::str::from_utf8(&said).expect("UTF-8");
    let result = said.lines().find_map(|line| line.strip_prefix("data: ")).expect("a result");
    let result: Value = serde_json::from_str(result).expect("JSON");
    assert_eq!(result["id"], "7");
    assert_eq!(result["result"]["resultType"], "complete");
    assert_eq!(result["result"]["_meta"]["io.modelcontextprotocol/subscriptionId"], "7");
    assert!(said.ends_with("0\r\n\r\n"), "the result and no more: {said}");
    assert!(world.is_closed(text));
}
