//! `mcpring-bench run` against HTTP servers that answer in their own manner: what is allowed is
//! measured, by both drivers, and what is not is said in one line.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};

const BENCH: &str = env!("CARGO_BIN_EXE_mcpring-bench");

/// How an answer is written.
type Manner = fn(&mut TcpStream, &Value);

/// What a connection serves.
#[derive(Clone, Copy)]
enum Serves {
    /// Answers without end.
    All,
    /// One, and it is closed behind it.
    One,
    /// The same, and the next connection waits until then: the server has no threads.
    OneByOne,
}

/// A server whose answers go through `manner`; its one tool asks the client's model. Its threads end
/// with the process.
fn serve(manner: Manner, serves: Serves) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            match serves {
                Serves::OneByOne => converse(stream, manner, serves),
                _ => drop(thread::spawn(move || converse(stream, manner, serves))),
            }
        }
    });
    format!("http://{address}/mcp")
}

/// Answers one connection until it is over.
fn converse(mut stream: TcpStream, manner: Manner, serves: Serves) {
    stream.set_nodelay(true).expect("a socket");
    let mut reader = BufReader::new(stream.try_clone().expect("another handle"));
    while let Some(request) = request(&mut reader) {
        let result = match request["method"].as_str() {
            Some("initialize") => json!({
                "protocolVersion": "2025-11-25", "capabilities": {},
                "serverInfo": { "name": "odd", "version": "1" },
            }),
            Some("server/discover") => json!({ "capabilities": { "tools": {} } }),
            Some("tools/list") => json!({ "tools": [{ "name": "ask_model" }] }),
            Some("tools/call") => ask_model(&request["params"]),
            _ => json!({}),
        };
        if request["id"].is_null() {
            accepted(&mut stream, serves);
        } else {
            let answer = json!({ "jsonrpc": "2.0", "id": request["id"], "result": result });
            manner(&mut stream, &answer);
        }
        if let Serves::One | Serves::OneByOne = serves {
            return;
        }
    }
}

/// What the tool comes to: a question at first, then the client's words.
fn ask_model(params: &Value) -> Value {
    match params.pointer("/inputResponses/ask/content") {
        Some(content) => json!({ "content": [content] }),
        None => json!({
            "resultType": "input_required",
            "inputRequests": { "ask": { "method": "sampling/createMessage", "params": {} } },
        }),
    }
}

/// The message of the next request, if there is one.
fn request(reader: &mut impl BufRead) -> Option<Value> {
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|bytes| *bytes > 0)?;
        match line.trim().to_ascii_lowercase().split_once(':') {
            Some(("content-length", value)) => length = value.trim().parse().expect("a length"),
            None if line.trim().is_empty() => break,
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

fn write(stream: &mut TcpStream, text: &str) {
    // Who has given up is not written to.
    let _ = stream.write_all(text.as_bytes());
}

/// Answers a notification; whoever has no threads says that the connection is over.
fn accepted(stream: &mut TcpStream, serves: Serves) {
    let version = if let Serves::OneByOne = serves { "1.0" } else { "1.1" };
    write(stream, &format!("HTTP/{version} 202 Accepted\r\nContent-Length: 0\r\n\r\n"));
}

fn sized(stream: &mut TcpStream, version: &str, header: &str, answer: &Value) {
    let body = answer.to_string();
    let length = body.len();
    write(
        stream,
        &format!("HTTP/{version} 200 OK\r\n{header}Content-Length: {length}\r\n\r\n{body}"),
    );
}

/// An answer that is over when its connection is.
fn unsized_body(stream: &mut TcpStream, version: &str, answer: &Value) {
    write(stream, &format!("HTTP/{version} 200 OK\r\n\r\n{answer}"));
}

/// One event, its lines ended by `end`, on a stream that is left open.
fn event(stream: &mut TcpStream, end: &str, answer: &Value) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n";
    let event = format!("event: message{end}data: {answer}{end}{end}");
    let size = event.len();
    let framed = "Transfer-Encoding: chunked\r\n\r\n";
    write(stream, &format!("{head}{framed}{size:x}\r\n{event}\r\n"));
}

fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(BENCH);
    command.arg("run").args(arguments).stdin(Stdio::null());
    command.output().expect("the program starts")
}

/// What is measured: nothing but an answer in both eras and when it is due, and a call that is made
/// again.
const LOADS: [&[&str]; 4] = [
    &["--era", "2025"],
    &["--era", "2026"],
    &["--era", "2026", "-q", "1000"],
    &["--workload", "sampling_mock_1k"],
];

/// Expects every request to be measured, and either no new connection or one for nearly every
/// request; a call that is made again is two.
#[track_caller]
fn measured(manner: Manner, serves: Serves, renews: bool) {
    let url = serve(manner, serves);
    for driver in ["auto", "epoll"] {
        for what in LOADS {
            let load = ["-n", "20", "-c", "2", "--warmup", "0s", "--json"];
            let output = run(&[&[&url, "--driver", driver], what, &load[..]].concat());
            let place = format!("{driver}, {what:?}: {output:?}");
            assert!(matches!(output.status.code(), Some(0 | 3)), "{place}");
            let records: Value = serde_json::from_slice(&output.stdout).expect("records");
            let record = &records[0];
            assert_eq!(
                (&record["operations"], &record["errors"]),
                (&20.into(), &0.into()),
                "{place}"
            );
            let connections = record["figures"]["new_connections"].as_f64().unwrap_or(0.0);
            let right = if renews { connections >= 16.0 } else { connections == 0.0 };
            assert!(right, "{connections} new connections, {place}");
            // What was lost on one connection teaches it at the latest.
            let again = record["figures"]["requests_sent_again"].as_f64().unwrap_or(0.0);
            let held = record["load"]["connections"].as_f64();
            assert!(Some(again) <= held, "{again} requests sent again, {place}");
        }
    }
}

/// Expects the failure of the target, in one line with `words`.
#[track_caller]
fn refused(manner: Manner, serves: Serves, words: &str) {
    let output = run(&[&serve(manner, serves)]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let told: Vec<_> =
        said.lines().skip_while(|line| !line.starts_with("mcpring-bench: ")).collect();
    let is_told = matches!(told[..], [line] if line.contains(words));
    assert!(is_told, "no line with {words:?} alone:\n{said}");
}

fn ended_event(stream: &mut TcpStream, answer: &Value) {
    event(stream, "\n", answer);
    write(stream, "0\r\n\r\n");
}

fn open_event(stream: &mut TcpStream, answer: &Value) {
    event(stream, "\n", answer);
}

#[test]
fn event_streams_may_end_late_or_never() {
    measured(ended_event, Serves::All, false);
    measured(open_event, Serves::All, true);
    // With the connection, in the middle of its frames.
    measured(open_event, Serves::One, true);
}

#[test]
fn event_streams_may_end_lines_with_a_return() {
    let manner: Manner = |stream, answer| {
        event(stream, "\r", answer);
        write(stream, "0\r\n\r\n");
    };
    measured(manner, Serves::All, false);
}

#[test]
fn connections_may_be_closed_after_each_answer() {
    const CLOSE: &str = "Connection: close\r\n";
    measured(|stream, answer| sized(stream, "1.1", CLOSE, answer), Serves::One, true);
    measured(|stream, answer| sized(stream, "1.0", "", answer), Serves::OneByOne, true);
    // Who only says so is left all the same.
    measured(|stream, answer| sized(stream, "1.1", CLOSE, answer), Serves::All, true);
}

#[test]
fn connections_may_be_closed_unsaid() {
    measured(|stream, answer| sized(stream, "1.1", "", answer), Serves::One, true);
    measured(ended_event, Serves::One, true);
}

#[test]
fn answers_may_end_with_their_connection() {
    let unsized_events: Manner = |stream, answer| {
        let head = "HTTP/1.0 200 OK\r\nContent-Type: text/event-stream\r\n\r\n";
        write(stream, &format!("{head}data: {answer}\n\n"));
    };
    measured(unsized_events, Serves::One, true);
    measured(|stream, answer| unsized_body(stream, "1.0", answer), Serves::One, true);
    measured(|stream, answer| unsized_body(stream, "1.1", answer), Serves::OneByOne, true);
}

#[test]
fn what_is_no_answer_for_a_load_is_said() {
    let halfway: Manner = |stream, answer| {
        let body = answer.to_string();
        write(stream, &format!("HTTP/1.1 200 OK\r\nContent-Length: 999\r\n\r\n{body}"));
    };
    refused(halfway, Serves::One, "the server closed the connection");
    refused(|_, _| (), Serves::One, "the server closed the connection");
    let other: Manner = |stream, answer| {
        let mut answer = answer.clone();
        answer["id"] = json!("seven");
        sized(stream, "1.1", "", &answer);
    };
    let words = "initialize: the request had the id 0, its answer has the id \"seven\"";
    refused(other, Serves::All, words);
}
