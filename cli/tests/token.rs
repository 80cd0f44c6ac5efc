//! The program and a server that asks for tokens: what it sends, and what it says without one.

#![allow(clippy::disallowed_methods, reason = "a test of a program")]

use std::io::Write;
use std::process::{Command, Output, Stdio};

use mcpring::ring::Choice;
use mcpring::{Authorization, Engine, Principal, Running, Server, Tool};
use serde_json::{Value, json};

const TOKEN: &str = "token-of-ann-0123456789";

fn start() -> Running {
    let who = |call: &mut mcpring::Call<'_>| {
        call.context().principal().map_or_else(String::new, |who| who.subject().to_owned())
    };
    let server = Server::builder("guarded", "1")
        .tool(Tool::raw("who", json!({ "type": "object" }), who))
        .build()
        .expect("the test's server is in order");
    let authorization = Authorization::new("https://tools.example.com/mcp")
        .static_token(TOKEN, Principal::new("ann"));
    let engine = Engine::new(server).driver(Choice::Epoll).shards(1).http("127.0.0.1:0");
    engine.authorization(authorization).start().expect("the engine starts")
}

/// Runs the program with a token file on its standard input.
fn run(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mcpring"));
    command.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("the program starts");
    let mut input = child.stdin.take().expect("a pipe");
    // Who needs no token may have ended by now.
    let _ = writeln!(input, "{TOKEN}\nanother-0123456789");
    drop(input);
    child.wait_with_output().expect("the program ends")
}

/// Expects this exit code, and these words on standard output or standard error.
#[track_caller]
fn check(args: &[&str], code: i32, words: &str) {
    let output = run(args);
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let (out, err) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}{err}");
    let said = if code == 0 { &out } else { &err };
    assert!(said.contains(words), "{args:?}\n{out}{err}");
    assert!(!out.contains("0123456789") && !err.contains("0123456789"), "{args:?}\n{out}{err}");
}

#[test]
fn every_request_shows_the_token() {
    let running = start();
    let url = &*running.addresses()[0];
    let bearer = format!("authorization: bearer {TOKEN}");
    for era in ["stateless", "handshake", "auto"] {
        for by in [["--token-file", "/dev/stdin"], ["--header", &bearer], ["-H", &bearer]] {
            check(&["list", url, "--era", era, by[0], by[1]], 0, "guarded 1");
            check(&["call", url, "who", "--era", era, by[0], by[1]], 0, "ann");
        }
    }
    let metrics: Value = serde_json::from_str(&running.metrics_json()).expect("JSON");
    let counters = &metrics["counters"];
    assert_eq!(counters["http_challenged"], 0, "also the end of a session has it");
    assert_eq!(
        (&counters["sessions_created"], &counters["sessions_closed"]),
        (&json!(6), &json!(6))
    );
    running.stop();
    assert_eq!(running.join(), Ok(()));
}

#[test]
fn without_a_good_one_the_words_say_what_to_do() {
    let running = start();
    let url = &*running.addresses()[0];
    check(&["list", url], 3, "see --token-file");
    check(&["call", url, "who", "-H", "Authorization: Bearer other-0123456789"], 3, "HTTP 401");
    check(&["list", url, "--header", "Bearer token-0123456789"], 2, "there is no colon");
    check(&["list", url, "-H", "X-Secret: \u{e9}-0123456789"], 2, "not printable ASCII");
    check(&["list", url, "--token-file", "/nonexistent/token"], 2, "it cannot be read");
    check(&["list", "stdio:true", "--token-file", "/dev/stdin"], 2, "for http:// targets");
    running.stop();
    assert_eq!(running.join(), Ok(()));
}
