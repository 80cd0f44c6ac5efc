//! Event streams over real sockets: sessions of one shard on connections of another.
//!
//! With four shards three of four connections land on a shard that does not own the session, so
//! every path between shards is taken, on both drivers.

#![allow(clippy::disallowed_methods, reason = "these tests are about sockets")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;

use mcpring::{Call, Engine, Running, Server, Tool};
use serde_json::{Value, json};

use support::{PATIENCE, drivers};

const CONNECTIONS: u64 = 12;

fn server() -> Server {
    let steps = |call: &mut Call<'_>| {
        for progress in 1..=20 {
            call.context().progress(f64::from(progress), None, None);
        }
        call.argument("text").unwrap_or_default().into_owned()
    };
    let polled = |call: &mut Call<'_>| {
        call.context().close_stream();
        "polled"
    };
    Server::builder("test", "1")
        .tool(Tool::raw("steps", json!({ "type": "object" }), steps))
        .tool(Tool::raw("polled", json!({ "type": "object" }), polled))
        .build()
        .expect("in order")
}

/// Asks on a connection of its own, which ends with the answer.
fn exchange(address: &str, verb: &str, headers: &[(&str, &str)], body: &Value) -> String {
    let authority = address.strip_prefix("http://").and_then(|rest| rest.split('/').next());
    let mut stream = TcpStream::connect(authority.expect("an address")).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let mut request = format!("{verb} /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n");
    request += "Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n";
    for (name, value) in headers {
        request += &format!("{name}: {value}\r\n");
    }
    request += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer ends");
    answer
}

fn call(id: u64, tool: &str) -> Value {
    let params = json!({ "name": tool, "arguments": { "text": format!("text {id}") },
        "_meta": { "progressToken": id } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

/// Data and id of each event.
fn events(answer: &str) -> Vec<(String, Value)> {
    assert!(answer.contains("content-type: text/event-stream"), "{answer}");
    let mut id = String::new();
    let mut events = Vec::new();
    for line in answer.lines() {
        if let Some(text) = line.strip_prefix("id: ") {
            text.clone_into(&mut id);
        } else if let Some(data) = line.strip_prefix("data: ") {
            events.push((id.clone(), serde_json::from_str(data).unwrap_or(Value::Null)));
        }
    }
    events
}

fn open(address: &str) -> String {
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" } });
    let message = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
    let answer = exchange(address, "POST", &[], &message);
    let id = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
    id.unwrap_or_else(|| panic!("no session: {answer}")).to_owned()
}

fn each_driver(test: impl Fn(&str)) {
    for choice in drivers() {
        let engine = Engine::new(server()).driver(choice).shards(4).http("127.0.0.1:0");
        let running: Running = engine.start().expect("the engine starts");
        test(&running.addresses()[0]);
        running.stop();
        assert_eq!(running.join(), Ok(()), "{choice}");
    }
}

#[test]
fn a_session_streams_on_whatever_shard_its_connection_is() {
    each_driver(|address| {
        let session = open(address);
        let by_id = ("Mcp-Session-Id", session.as_str());
        for id in 1..=CONNECTIONS {
            let heard = events(&exchange(address, "POST", &[by_id], &call(id, "steps")));
            assert_eq!(heard.len(), 22, "{heard:?}");
            for (place, (_, message)) in heard[1..21].iter().enumerate() {
                let params = &message["params"];
                assert_eq!(params["progressToken"], id);
                assert_eq!(params["progress"].as_f64(), Some(place as f64 + 1.0));
            }
            let text = &heard[21].1["result"]["content"][0]["text"];
            assert_eq!(*text, format!("text {id}"));
            // Taken up in the middle, very likely on another shard.
            let last = ("Last-Event-ID", heard[7].0.as_str());
            let rest = events(&exchange(address, "GET", &[by_id, last], &Value::Null));
            assert_eq!(rest, heard[8..]);
        }
        let answer = exchange(address, "DELETE", &[by_id], &Value::Null);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        let answer = exchange(address, "GET", &[by_id], &Value::Null);
        assert!(answer.starts_with("HTTP/1.1 404"), "{answer}");
    });
}

#[test]
fn a_polled_answer_is_fetched_where_the_client_comes_back() {
    each_driver(|address| {
        let session = open(address);
        let by_id = ("Mcp-Session-Id", session.as_str());
        for id in 1..=CONNECTIONS {
            let heard = events(&exchange(address, "POST", &[by_id], &call(id, "polled")));
            assert_eq!(heard.len(), 1, "the priming event alone: {heard:?}");
            let last = ("Last-Event-ID", heard[0].0.as_str());
            let rest = events(&exchange(address, "GET", &[by_id, last], &Value::Null));
            assert_eq!(rest[0].1["id"], id, "{rest:?}");
            assert_eq!(rest.len(), 1);
        }
    });
}
