//! The corpus of length frames against real sockets, on both drivers.

#![allow(clippy::disallowed_methods, reason = "a test is a program of its own")]

mod harness;
mod support;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use harness::{shared_data, unframed};
use mcpring::{Config, Engine, Running};
use serde_json::Value;
use socket2::SockRef;
use support::{Gate, PATIENCE, drivers, server};

/// Time for a frame to become whole, in these tests.
const FRAME_MS: u64 = 300;

/// What a case must come to: how many results, whether an error may precede the end, and whether
/// the server ends the connection by itself.
struct Want {
    results: std::ops::RangeInclusive<usize>,
    may_say_why: bool,
    closes: bool,
}

fn want(name: &str) -> Want {
    let (results, may_say_why, closes) = match name {
        "good" | "split-every-byte" | "long-len" => (1..=1, false, false),
        "pipeline-1000" => (1000..=1000, false, false),
        "id-reuse" => (2..=2, false, false),
        "cancel-race" => (1..=1000, false, false),
        "half" | "rst" => (0..=0, false, false),
        // An incomplete frame is given its time, then the connection ends.
        "max" | "slow-header" => (0..=0, false, true),
        // The frame is cut one byte short: its text is no JSON, and what follows is no length that
        // could be believed.
        "short-len" => (0..=0, true, true),
        "zero" | "4GiB-1" | "2GiB" | "max+1" | "tls-hello" | "stdio-on-frame" => {
            (0..=0, true, true)
        }
        "nul-body" => (0..=0, true, false),
        "urgent-oob" => (0..=1, true, false),
        _ => panic!("no expectation for the case {name}"),
    };
    Want { results, may_say_why, closes }
}

fn start(choice: mcpring::ring::Choice) -> Running {
    let config = Config { frame_ms: FRAME_MS, ..Config::default() };
    let engine = Engine::new(server(&Gate::new())).config(config).driver(choice).shards(1);
    engine.tcp("127.0.0.1:0").start().expect("the engine starts")
}

fn connect(running: &Running) -> TcpStream {
    let address = running.addresses()[0].strip_prefix("tcp://").expect("a TCP address").to_owned();
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_nodelay(true).expect("an option");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    stream
}

/// Plays the steps; a server that closed meanwhile is no fault of the test.
fn play(stream: &mut TcpStream, steps: &[Value]) {
    for step in steps {
        let bytes = step["b64"].as_str().map(|text| BASE64.decode(text).expect("base64"));
        match (bytes, step.as_str()) {
            (Some(bytes), _) => drop(stream.write_all(&bytes)),
            (None, Some("FIN")) => drop(stream.shutdown(Shutdown::Write)),
            (None, Some("RST")) => {
                SockRef::from(&*stream)
                    .set_linger(Some(std::time::Duration::ZERO))
                    .expect("linger");
            }
            (None, Some(oob)) if oob.starts_with("OOB:") => {
                drop(SockRef::from(&*stream).send_out_of_band(&oob.as_bytes()[4..]));
            }
            // A pause: TCP_NODELAY already sends every piece by itself.
            (None, _) => assert!(step["sleep_ms"].is_u64(), "unknown step {step}"),
        }
    }
}

fn check(name: &str, running: &Running, steps: &[Value]) {
    let want = want(name);
    let mut stream = connect(running);
    play(&mut stream, steps);
    let is_reset = steps.iter().any(|step| step == "RST");
    if is_reset {
        drop(stream);
    } else {
        if !want.closes {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let mut bytes = Vec::new();
        // A reset after the answer (unread input at the server) still leaves what was read.
        let _ = stream.read_to_end(&mut bytes);
        let answers = unframed(&bytes);
        let is_result = |answer: &&Vec<u8>| {
            serde_json::from_slice::<Value>(answer).expect("JSON").get("result").is_some()
        };
        let results = answers.iter().filter(is_result).count();
        assert!(want.results.contains(&results), "{name}: {results} results");
        assert!(want.may_say_why || results == answers.len(), "{name}: {answers:?}");
    }
    let mut after = connect(running);
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    after.write_all(&harness::framed(ping)).expect("a living server");
    let mut answer = [0; 40];
    after.read_exact(&mut answer).expect("an answer");
    assert_eq!(&answer[4..], br#"{"jsonrpc":"2.0","id":1,"result":{}}"#, "{name}");
}

#[test]
fn frames() {
    let Some(path) = shared_data("corpora/frames-4byte/cases.jsonl") else { return };
    let cases = std::fs::read_to_string(path).expect("a readable file");
    for choice in drivers() {
        let running = start(choice);
        let before = resident_kib();
        for line in cases.lines() {
            let case: Value = serde_json::from_str(line).expect("a case is JSON");
            let name = case["id"].as_str().expect("a case has an id");
            check(name, &running, case["steps"].as_array().expect("steps"));
        }
        let grown = resident_kib().saturating_sub(before);
        assert!(grown < 8 << 10, "the announced lengths took {grown} KiB");
        running.stop();
        assert_eq!(running.join(), Ok(()));
    }
}

/// Resident memory of this process, which is the server's too.
fn resident_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).expect("a line");
    line.split_whitespace().nth(1).and_then(|size| size.parse().ok()).expect("a number")
}
