//! `mcpring-bench run` against HTTP servers that answer in their own manner: what is allowed is
//! measured, by both drivers, and what is not is said in one line.

use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::thread;

use serde_json::{Value, json};

const BENCH: &str = env!("CARGO_BIN_EXE_mcpring-bench");

/// How an answer is written, and whether the connection serves another one.
type Manner = fn(&mut TcpStream, Value) -> bool;

/// A server whose answers go through `manner`; its one tool asks the client's model. Its threads end
/// with the process.
fn serve(manner: Manner) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || converse(stream, manner));
        }
    });
    format!("http://{address}/mcp")
}

/// Answers one connection until it is over.
fn converse(mut stream: TcpStream, manner: Manner) {
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
            Some("notifications/initialized") => {
                write(&mut stream, "HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            _ => json!({}),
        };
        let answer = json!({ "jsonrpc": "2.0", "id": request["id"], "result": result });
        if !manner(&mut stream, answer) {
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

fn sized(stream: &mut TcpStream, version: &str, header: &str, answer: &Value) {
    let body = answer.to_string();
    let length = body.len();
    write(
        stream,
        &format!("HTTP/{version} 200 OK\r\n{header}Content-Length: {length}\r\n\r\n{body}"),
    );
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

/// What is measured: nothing but an answer in both eras, and a call that is made again.
const LOADS: [&[&str]; 3] =
    [&["--era", "2025"], &["--era", "2026"], &["--workload", "sampling_mock_1k"]];

/// Expects every request to be measured, and either no new connection or one for nearly every
/// request; a call that is made again is two.
#[track_caller]
fn measured(manner: Manner, renews: bool) {
    let url = serve(manner);
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
        }
    }
}

/// Expects the failure of the target, in one line with `words`.
#[track_caller]
fn refused(manner: Manner, words: &str) {
    let output = run(&[&serve(manner)]);
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let told: Vec<_> =
        said.lines().skip_while(|line| !line.starts_with("mcpring-bench: ")).collect();
    let is_told = matches!(told[..], [line] if line.contains(words));
    assert!(is_told, "no line with {words:?} alone:\n{said}");
}

#[test]
fn event_streams_may_end_late_or_never() {
    measured(
        |stream, answer| {
            event(stream, "\n", &answer);
            write(stream, "0\r\n\r\n");
            true
        },
        false,
    );
    measured(
        |stream, answer| {
            event(stream, "\n", &answer);
            true
        },
        true,
    );
}

#[test]
fn event_streams_may_end_lines_with_a_return() {
    measured(
        |stream, answer| {
            event(stream, "\r", &answer);
            write(stream, "0\r\n\r\n");
            true
        },
        false,
    );
}

#[test]
fn what_is_no_answer_for_a_load_is_said() {
    refused(
        |stream, answer| {
            sized(stream, "1.1", "Connection: close\r\n", &answer);
            false
        },
        "the server closes the connection after each answer",
    );
    refused(
        |stream, answer| {
            sized(stream, "1.0", "", &answer);
            false
        },
        "the server closes the connection after each answer",
    );
    refused(
        |stream, answer| {
            sized(stream, "1.1", "", &answer);
            false
        },
        "the server closed the connection after an answer",
    );
    refused(
        |stream, mut answer| {
            answer["id"] = json!("seven");
            sized(stream, "1.1", "", &answer);
            true
        },
        "initialize: the request had the id 0, its answer has the id \"seven\"",
    );
}
