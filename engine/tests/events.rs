//! Event streams over HTTP: answers that say something first, streams to listen on, cut ones that
//! are taken up again, and the one stream of a client of 2024-11-05.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod harness;

use harness::{HTTP, World};
use mcpring::endpoint::Input;
use mcpring::server::{Outcome, Server};
use mcpring::slot::Slot;
use mcpring::{Call, Config, Tool};
use serde_json::{Value, json};

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";

fn server() -> Server {
    let schema = || json!({ "type": "object" });
    Server::builder("test", "1.0.0")
        .tool(Tool::raw("steps", schema(), steps).pool())
        .tool(Tool::raw("polled", schema(), polled).pool())
        .tool(Tool::raw("quiet", schema(), |_: &mut Call<'_>| "quiet").pool())
        .tool(Tool::raw("begun", schema(), begun))
        .build()
        .expect("the test's server is in order")
}

fn steps(call: &mut Call<'_>) -> &'static str {
    for progress in [1.0, 2.0, 2.0, 1.5, 3.0] {
        call.context().progress(progress, Some(3.0), None);
    }
    "done"
}

fn polled(call: &mut Call<'_>) -> &'static str {
    call.context().close_stream();
    call.context().progress(1.0, None, None);
    "done"
}

/// Says something and is never answered.
fn begun(call: &mut Call<'_>) -> Outcome {
    Box::leak(Box::new(call.defer())).context().progress(1.0, None, None);
    Outcome::Deferred
}

fn world() -> World {
    World::new(server(), Config::default())
}

/// One event as it was read.
#[derive(Debug, Default, PartialEq)]
struct Event {
    id: Option<String>,
    name: Option<String>,
    data: String,
    retry: Option<u64>,
}

/// A stream so far: its head, its events, and whether it has ended.
#[derive(Debug)]
struct Heard {
    head: String,
    events: Vec<Event>,
    comments: usize,
    has_ended: bool,
}

impl Heard {
    fn read(bytes: &[u8]) -> Self {
        let text = String::from_utf8(bytes.to_vec()).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no head: {text}"));
        assert!(head.contains("content-type: text/event-stream"), "{head}\n{body}");
        Self { head: head.to_owned(), ..Self::read_body(body) }
    }

    /// What came later.
    fn read_more(bytes: &[u8]) -> Self {
        Self::read_body(std::str::from_utf8(bytes).expect("UTF-8"))
    }

    fn read_body(body: &str) -> Self {
        let (text, has_ended) = unchunked(body);
        let mut heard = Self { head: String::new(), events: Vec::new(), comments: 0, has_ended };
        for block in text.split_terminator("\r\n\r\n") {
            let mut event = Event::default();
            let mut is_comment = false;
            for line in block.lines() {
                let (field, value) = line.split_once(':').expect("a field");
                let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
                match field {
                    "" => is_comment = true,
                    "id" => event.id = Some(value),
                    "event" => event.name = Some(value),
                    "data" => event.data += &value,
                    "retry" => event.retry = value.parse().ok(),
                    other => panic!("unknown field {other}"),
                }
            }
            if is_comment {
                heard.comments += 1;
            } else {
                heard.events.push(event);
            }
        }
        heard
    }

    /// What each event is about: a progress, an id that is answered, or nothing.
    fn gist(&self) -> Vec<String> {
        let gist = |event: &Event| match serde_json::from_str::<Value>(&event.data) {
            Err(_) if event.data.is_empty() => "prime".to_owned(),
            Err(_) => event.data.clone(),
            Ok(message) => match &message["method"] {
                Value::Null => format!("answer {}", message["id"]),
                Value::String(method) if method == "notifications/progress" => {
                    format!("progress {}", message["params"]["progress"])
                }
                method => method.to_string(),
            },
        };
        self.events.iter().map(gist).collect()
    }
}

fn unchunked(mut body: &str) -> (String, bool) {
    let mut text = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a chunk's size");
        if size == 0 {
            assert_eq!(rest, "\r\n");
            return (text, true);
        }
        text += &rest[..size];
        body = rest[size..].strip_prefix("\r\n").expect("the chunk's end");
    }
    (text, false)
}

fn send(
    world: &mut World,
    slot: Slot,
    verb: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Vec<u8> {
    send_to(world, slot, verb, "/mcp", headers, body)
}

fn send_to(
    world: &mut World,
    slot: Slot,
    verb: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Vec<u8> {
    let mut request = format!("{verb} {path} HTTP/1.1\r\nHost: localhost\r\n");
    request += "Accept: application/json, text/event-stream\r\n";
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    if verb == "POST" {
        request += "Content-Type: application/json\r\n";
        request += &format!("Content-Length: {}\r\n", body.len());
    }
    world.feed(slot, format!("{request}\r\n{body}").as_bytes())
}

fn initialize(version: &str) -> String {
    let params = json!({ "protocolVersion": version, "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" } });
    json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params }).to_string()
}

fn call(id: u64, tool: &str) -> String {
    let params = json!({ "name": tool, "_meta": { "progressToken": "p" } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params }).to_string()
}

fn session(world: &mut World, version: &str) -> String {
    let slot = world.connect(HTTP);
    let answer = send(world, slot, "POST", &[], &initialize(version));
    let text = String::from_utf8(answer).expect("UTF-8");
    let id = text.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
    id.unwrap_or_else(|| panic!("no session: {text}")).to_owned()
}

/// Calls a tool in a session on a connection of its own.
fn call_in(world: &mut World, session: &str, id: u64, tool: &str) -> (Slot, Vec<u8>) {
    let slot = world.connect(HTTP);
    let sent = send(world, slot, "POST", &[("Mcp-Session-Id", session)], &call(id, tool));
    (slot, sent)
}

/// Listens in a session on a connection of its own.
fn listen(world: &mut World, session: &str, last: Option<&str>) -> (Slot, Vec<u8>) {
    let slot = world.connect(HTTP);
    let mut headers = vec![("Mcp-Session-Id", session)];
    headers.extend(last.map(|last| ("Last-Event-ID", last)));
    let sent = send(world, slot, "GET", &headers, "");
    (slot, sent)
}

fn cut(world: &mut World, slot: Slot) {
    world.handle(Input::Ended { slot, is_broken: true });
}

#[test]
fn an_answer_becomes_a_stream_when_something_is_said_before_it() {
    let steps = ["progress 1.0", "progress 2.0", "progress 3.0", "answer 5"];
    for (version, begins) in [
        ("2024-11-05", &[][..]),
        ("2025-03-26", &[]),
        ("2025-06-18", &[]),
        // The empty event at the beginning is new, and breaks older clients.
        ("2025-11-25", &["prime"]),
    ] {
        let mut world = world();
        let session = session(&mut world, version);
        let (slot, sent) = call_in(&mut world, &session, 5, "steps");
        let heard = Heard::read(&sent);
        assert_eq!(heard.gist(), [begins, &steps].concat(), "{version}");
        assert!(heard.has_ended && heard.events.iter().all(|event| event.id.is_some()));
        assert_eq!(heard.events[0].retry.is_some(), !begins.is_empty(), "{version}");
        // The connection serves on, and what says nothing first is answered with JSON.
        let next =
            send(&mut world, slot, "POST", &[("Mcp-Session-Id", &session)], &call(6, "quiet"));
        assert!(String::from_utf8_lossy(&next).contains("content-type: application/json"));
    }
}

#[test]
fn a_stateless_stream_has_no_ids_and_ends_with_its_answer() {
    let mut world = world();
    let slot = world.connect(HTTP);
    let body = stateless_call("steps");
    let headers = [
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "steps"),
    ];
    let heard = Heard::read(&send(&mut world, slot, "POST", &headers, &body));
    assert_eq!(heard.gist(), ["progress 1.0", "progress 2.0", "progress 3.0", "answer 5"]);
    assert!(heard.has_ended && heard.events.iter().all(|event| event.id.is_none()));
    assert!(heard.head.contains("x-accel-buffering: no"), "{}", heard.head);
}

fn stateless_call(tool: &str) -> String {
    let mut body: Value = serde_json::from_str(&call(5, tool)).expect("JSON");
    body["params"]["_meta"][META_VERSION] = json!("2026-07-28");
    body["params"]["_meta"][META_CAPABILITIES] = json!({});
    body.to_string()
}

#[test]
fn who_closes_a_stateless_request_cancels_it() {
    let mut world = world();
    world.works = false;
    let slot = world.connect(HTTP);
    let headers = [
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "steps"),
    ];
    let sent = send(&mut world, slot, "POST", &headers, &stateless_call("steps"));
    assert!(sent.is_empty());
    world.handle(Input::Ended { slot, is_broken: false });
    assert!(world.is_closed(slot));
    world.run_job();
    assert!(world.take(slot).is_empty());
}

#[test]
fn who_leaves_a_stream_may_come_back_at_once() {
    let mut world = world();
    let session = session(&mut world, "2025-11-25");
    let (slot, _) = listen(&mut world, &session, None);
    world.handle(Input::Ended { slot, is_broken: false });
    assert!(world.is_closed(slot));
    // A request that waits for JSON is answered to who sends no more: it is not cancelled.
    world.works = false;
    let (slot, _) = call_in(&mut world, &session, 5, "quiet");
    world.handle(Input::Ended { slot, is_broken: false });
    assert!(!world.is_closed(slot));
    world.run_job();
    assert!(String::from_utf8_lossy(&world.take(slot)).starts_with("HTTP/1.1 200"));
}

#[test]
fn http_1_0_streams_end_with_the_connection() {
    let mut world = world();
    let session = session(&mut world, "2025-06-18");
    let slot = world.connect(HTTP);
    let body = call(5, "steps");
    let request = format!(
        "POST /mcp HTTP/1.0\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMcp-Session-Id: {session}\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let text = String::from_utf8(world.feed(slot, request.as_bytes())).expect("UTF-8");
    assert!(!text.contains("transfer-encoding") && text.contains("connection: close"), "{text}");
    assert!(text.ends_with("\r\n\r\n") && world.is_closed(slot), "{text}");
}

#[test]
fn a_cut_stream_is_taken_up_behind_the_last_event_seen() {
    let mut world = world();
    let session = session(&mut world, "2025-11-25");
    let (_, sent) = call_in(&mut world, &session, 5, "steps");
    let all = Heard::read(&sent);
    for (seen, event) in all.events.iter().enumerate() {
        let (slot, sent) = listen(&mut world, &session, event.id.as_deref());
        let heard = Heard::read(&sent);
        assert_eq!(heard.events, all.events[seen + 1..], "after {event:?}");
        assert!(heard.has_ended && !world.is_closed(slot));
    }
}

#[test]
fn a_call_goes_on_without_its_connection_and_its_answer_waits() {
    let mut world = world();
    world.works = false;
    let session = session(&mut world, "2025-11-25");
    let (slot, _) = call_in(&mut world, &session, 5, "steps");
    cut(&mut world, slot);
    world.run_job();
    // Nothing was said before the cut: there is no event to come back with.
    // What was said after it opened no stream either: nobody could ever take it up.
    let (_, sent) = listen(&mut world, &session, Some("0-0"));
    let heard = Heard::read(&sent);
    assert_eq!((heard.gist(), heard.has_ended), (vec!["prime".to_owned()], false));

    let (slot, sent) = call_in(&mut world, &session, 6, "polled");
    assert!(sent.is_empty());
    world.run_job();
    let heard = Heard::read(&world.take(slot));
    assert_eq!((heard.gist(), heard.has_ended), (vec!["prime".to_owned()], true));
    let (_, sent) = listen(&mut world, &session, heard.events[0].id.as_deref());
    assert_eq!(Heard::read(&sent).gist(), ["progress 1.0", "answer 6"]);
}

#[test]
fn nobody_hears_another_streams_or_sessions_events() {
    let mut world = world();
    let (mine, other) = (session(&mut world, "2025-11-25"), session(&mut world, "2025-11-25"));
    let (_, sent) = call_in(&mut world, &mine, 5, "steps");
    let first = Heard::read(&sent).events.remove(0).id.expect("an id");
    for (name, session, last) in [
        ("another session's", &other, first.as_str()),
        ("no stream", &mine, "ff-0"),
        ("no id", &mine, "what?"),
        ("empty", &mine, ""),
    ] {
        let (_, sent) = listen(&mut world, session, Some(last));
        let heard = Heard::read(&sent);
        assert_eq!((heard.gist(), heard.has_ended), (vec!["prime".to_owned()], false), "{name}");
    }
}

#[test]
fn a_second_taker_ends_the_first() {
    let mut world = world();
    let session = session(&mut world, "2025-11-25");
    let (first, sent) = listen(&mut world, &session, None);
    let id = Heard::read(&sent).events.remove(0).id.expect("an id");
    let (second, sent) = listen(&mut world, &session, Some(&id));
    assert!(!Heard::read(&sent).has_ended);
    assert!(Heard::read_more(&world.take(first)).has_ended);
    // The first connection's end takes nothing from the second.
    cut(&mut world, first);
    world.pass(20_000);
    assert_eq!(Heard::read_more(&world.take(second)).comments, 1);
}

#[test]
fn listening_streams_are_kept_alive_and_keep_their_session() {
    let config = Config { session_idle_ms: 60_000, idle_ms: 30_000, ..Config::default() };
    let mut world = World::new(server(), config);
    let session = session(&mut world, "2025-11-25");
    let (slot, _) = listen(&mut world, &session, None);
    world.pass(200_000);
    let heard = Heard::read_more(&world.take(slot));
    assert!((12..=14).contains(&heard.comments), "{heard:?}");
    let (_, sent) = call_in(&mut world, &session, 5, "quiet");
    assert!(String::from_utf8_lossy(&sent).starts_with("HTTP/1.1 200"));
    cut(&mut world, slot);
    world.pass(200_000);
    let (_, sent) = call_in(&mut world, &session, 5, "quiet");
    assert!(String::from_utf8_lossy(&sent).starts_with("HTTP/1.1 404"));
}

#[test]
fn a_session_has_so_many_streams_and_no_more() {
    let mut world = world();
    let session = session(&mut world, "2025-06-18");
    let most = mcpring::limits::STREAMS_PER_SESSION_MAX;
    let open: Vec<_> = (0..most).map(|_| listen(&mut world, &session, None).0).collect();
    let (_, sent) = listen(&mut world, &session, None);
    assert!(String::from_utf8_lossy(&sent).starts_with("HTTP/1.1 409"));
    // A call that finds no room for a stream is answered all the same.
    let (_, sent) = call_in(&mut world, &session, 5, "steps");
    assert!(String::from_utf8_lossy(&sent).contains("content-type: application/json"));
    cut(&mut world, open[3]);
    let (_, sent) = listen(&mut world, &session, None);
    assert!(!Heard::read(&sent).has_ended);
}

#[test]
fn the_end_of_a_session_ends_its_streams() {
    let mut world = world();
    let session = session(&mut world, "2025-06-18");
    let (listener, _) = listen(&mut world, &session, None);
    let slot = world.connect(HTTP);
    let sent = send(&mut world, slot, "DELETE", &[("Mcp-Session-Id", &session)], "");
    assert!(String::from_utf8_lossy(&sent).starts_with("HTTP/1.1 200"));
    assert!(Heard::read_more(&world.take(listener)).has_ended);
}

#[test]
fn a_drain_ends_what_listens() {
    let mut world = world();
    let session = session(&mut world, "2025-06-18");
    let (listener, _) = listen(&mut world, &session, None);
    world.handle(Input::Shutdown);
    assert!(Heard::read_more(&world.take(listener)).has_ended);
    assert!(world.is_closed(listener));
}

#[test]
fn batches_of_2025_03_26_say_what_concerns_their_calls_first() {
    let mut world = world();
    let session = session(&mut world, "2025-03-26");
    let slot = world.connect(HTTP);
    let body = format!("[{},{}]", call(5, "steps"), call(6, "quiet"));
    let sent = send(&mut world, slot, "POST", &[("Mcp-Session-Id", &session)], &body);
    let heard = Heard::read(&sent);
    assert_eq!(heard.gist()[..3], ["progress 1.0", "progress 2.0", "progress 3.0"]);
    let answers: Value = serde_json::from_str(&heard.events[3].data).expect("JSON");
    let ids: Vec<_> = answers.as_array().expect("a batch").iter().map(|a| &a["id"]).collect();
    assert_eq!(ids, [&json!(5), &json!(6)]);
    assert!(heard.has_ended);
}

#[test]
fn a_drain_ends_the_stream_of_2024_11_05_with_its_last_answer() {
    for has_call in [false, true] {
        let mut world = world();
        world.works = false;
        let stream = world.connect(HTTP);
        let heard = Heard::read(&send_to(&mut world, stream, "GET", "/sse", &[], ""));
        let path = &heard.events[0].data;
        for body in
            [initialize("2024-11-05"), call(5, "quiet")].iter().take(1 + usize::from(has_call))
        {
            let slot = world.connect(HTTP);
            send_to(&mut world, slot, "POST", path, &[], body);
        }
        world.take(stream);
        world.handle(Input::Shutdown);
        assert_eq!(world.is_closed(stream), !has_call);
        if has_call {
            world.run_job();
            assert_eq!(Heard::read_more(&world.take(stream)).gist(), ["answer 5"]);
        }
        assert!(world.is_closed(stream));
    }
}

#[test]
fn a_batch_whose_calls_were_all_cancelled_ends_its_stream() {
    let mut world = world();
    let session = session(&mut world, "2025-03-26");
    let slot = world.connect(HTTP);
    let headers = [("Mcp-Session-Id", session.as_str())];
    let body = format!("[{}]", call(5, "begun"));
    let heard = Heard::read(&send(&mut world, slot, "POST", &headers, &body));
    assert_eq!((heard.gist(), heard.has_ended), (vec!["progress 1.0".to_owned()], false));
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 5 } });
    let other = world.connect(HTTP);
    send(&mut world, other, "POST", &headers, &cancel.to_string());
    assert!(Heard::read_more(&world.take(slot)).has_ended);
}

#[test]
fn a_client_of_2024_11_05_posts_beside_its_stream() {
    let mut world = world();
    let stream = world.connect(HTTP);
    let heard = Heard::read(&send_to(&mut world, stream, "GET", "/sse", &[], ""));
    let endpoint = &heard.events[0];
    assert_eq!(endpoint.name.as_deref(), Some("endpoint"));
    let path = endpoint.data.clone();
    let post = |world: &mut World, path: &str, body: &str| {
        let slot = world.connect(HTTP);
        let sent = send_to(world, slot, "POST", path, &[], body);
        String::from_utf8(sent).expect("UTF-8")
    };
    let before = json!({ "jsonrpc": "2.0", "id": 0, "method": "tools/list" }).to_string();
    for (body, want) in [
        (before.as_str(), "answer 0"),
        (&initialize("2024-11-05"), "answer 1"),
        (&call(5, "quiet"), "answer 5"),
        ("{", "answer null"),
    ] {
        assert!(post(&mut world, &path, body).starts_with("HTTP/1.1 202"), "{body}");
        assert_eq!(Heard::read_more(&world.take(stream)).gist(), [want], "{body}");
    }
    let sent = post(&mut world, &path, &call(6, "steps"));
    assert!(sent.starts_with("HTTP/1.1 202"));
    let heard = Heard::read_more(&world.take(stream));
    assert_eq!(heard.gist(), ["progress 1.0", "progress 2.0", "progress 3.0", "answer 6"]);
    assert!(!heard.has_ended);

    assert!(post(&mut world, "/messages", "{}").starts_with("HTTP/1.1 400"));
    assert!(post(&mut world, "/messages?sessionId=x", "{}").starts_with("HTTP/1.1 404"));
    // What another kind of session has to say goes where it was asked.
    let other = session(&mut world, "2025-11-25");
    let (listener, _) = listen(&mut world, &other, None);
    let elsewhere = format!("/messages?sessionId={other}");
    assert!(post(&mut world, &elsewhere, &call(7, "quiet")).starts_with("HTTP/1.1 404"));
    assert!(world.take(listener).is_empty());
    cut(&mut world, stream);
    assert!(post(&mut world, &path, &call(7, "quiet")).starts_with("HTTP/1.1 404"));
}

#[test]
fn a_stream_nobody_reads_is_cut_and_waits_for_its_client() {
    let config = Config { unsent_bytes_pause: 1024, ..Config::default() };
    let server = Server::builder("test", "1")
        .tool(Tool::raw("flood", json!({ "type": "object" }), |call: &mut Call<'_>| {
            for progress in 1..=100 {
                call.context().progress(f64::from(progress), None, Some("words to fill a buffer"));
            }
            "done"
        }))
        .build()
        .expect("in order");
    let mut world = World::new(server, config);
    let session = session(&mut world, "2025-06-18");
    world.takes = false;
    let (slot, sent) = call_in(&mut world, &session, 5, "flood");
    assert!(world.is_closed(slot));
    world.takes = true;
    let heard = Heard::read(&sent);
    let last = heard.events.last().and_then(|event| event.id.clone()).expect("something came");
    let (_, rest) = listen(&mut world, &session, Some(&last));
    let rest = Heard::read(&rest);
    assert_eq!(heard.events.len() + rest.events.len(), 101);
    assert!(rest.has_ended);
}
