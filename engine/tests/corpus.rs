//! The message corpora against a whole endpoint: JSON texts, JSON-RPC edges, hostile strings.
//!
//! Every case is one message on a connection that must answer a `ping` afterwards. An expectation
//! that differs from the corpus is in [`CHANGED`], with its reason.

#![allow(clippy::disallowed_methods, reason = "a test is a program of its own")]

mod harness;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use harness::{LENGTH, LINE, World, framed, shared_data, unframed};
use mcpring::json::Backend;
use mcpring::server::Server;
use mcpring::slot::Slot;
use mcpring::{Call, Config, Tool};
use serde_json::{Value, json};

const BACKENDS: [Backend; 3] = [Backend::Scan, Backend::SimdJson, Backend::Serde];

fn world(json: Backend) -> World {
    let schema = json!({ "type": "object", "properties": { "message": { "type": "string" } } });
    let echo = |call: &mut Call<'_>| call.argument("message").unwrap_or_default().into_owned();
    let server = Server::builder("corpus", "1.0.0")
        .tool(Tool::raw("echo", schema, echo).description("Echoes").inline())
        .build()
        .expect("the test's server is in order");
    World::new(server, Config { json, ..Config::default() })
}

fn initialized(world: &mut World, version: &str) -> Slot {
    let slot = world.connect(LENGTH);
    let params = json!({ "protocolVersion": version, "capabilities": {},
        "clientInfo": { "name": "corpus", "version": "1" } });
    let message = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
    let answers = ask(world, slot, message.to_string().as_bytes(), usize::MAX);
    assert_eq!(answers.len(), 1);
    assert_eq!(answers[0]["result"]["protocolVersion"], version);
    slot
}

fn ask(world: &mut World, slot: Slot, message: &[u8], split: usize) -> Vec<Value> {
    let sent = world.feed_split(slot, &framed(message), split);
    unframed(&sent)
        .iter()
        .map(|answer| serde_json::from_slice(answer).expect("every answer is JSON"))
        .collect()
}

fn check_alive(world: &mut World, slot: Slot, case: &str) {
    let ping = br#"{"jsonrpc":"2.0","id":"alive","method":"ping"}"#;
    let answers = ask(world, slot, ping, usize::MAX);
    assert_eq!(answers, [json!({ "jsonrpc": "2.0", "id": "alive", "result": {} })], "{case}");
}

/// The one error code of the answers, or 0 for a result.
fn code(answers: &[Value], case: &str) -> i64 {
    assert_eq!(answers.len(), 1, "{case}: {answers:?}");
    answers[0]["error"]["code"].as_i64().unwrap_or(0)
}

#[test]
fn json_texts() {
    let Some(folder) = shared_data("corpora/JSONTestSuite") else { return };
    let mut count = 0;
    for inside in ["test_parsing", "test_transform"] {
        for entry in std::fs::read_dir(folder.join(inside)).expect("a folder of the corpus") {
            let path = entry.expect("a readable folder").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let text = std::fs::read(&path).expect("a readable file");
            if path.extension().is_some_and(|kind| kind == "json") {
                check_json_text(&name, &text);
                count += 1;
            }
        }
    }
    assert!(count > 200, "only {count} cases were found");
}

fn check_json_text(name: &str, text: &[u8]) {
    for backend in BACKENDS {
        let mut world = world(backend);
        let slot = initialized(&mut world, "2025-11-25");
        if text.is_empty() {
            // A frame of length zero: the peer speaks something else, so the stream ends.
            assert_eq!(code(&ask(&mut world, slot, text, 1), name), -32600, "{name}");
            assert!(world.is_closed(slot), "{name}");
            continue;
        }
        for split in [usize::MAX, 7] {
            let answers = ask(&mut world, slot, text, split);
            let got = code(&answers, name);
            match &name[..2] {
                // JSON, and no request.
                "y_" => assert_eq!(got, -32600, "{name} {backend}"),
                "n_" => assert_eq!(got, -32700, "{name} {backend}"),
                _ => assert!(got == -32600 || got == -32700, "{name} {backend}: {got}"),
            }
            check_alive(&mut world, slot, name);
        }
    }
}

/// Cases whose expectation is not the corpus's, and why.
const CHANGED: &[(&str, &str, &str)] = &[
    ("spec-pos", "error -32601", "MCP has no method `subtract`"),
    ("spec-named", "error -32601", "MCP has no method `subtract`"),
    ("spec-batch-invalid", "error -32600", "no batches at the version of this test"),
    ("depth-64", "result", "66 levels are within the limit of 128"),
];

#[test]
fn json_rpc_edges() {
    let Some(path) = shared_data("corpora/jsonrpc-edge/cases.jsonl") else { return };
    let cases = std::fs::read_to_string(path).expect("a readable file");
    let mut changed = 0;
    for line in cases.lines() {
        let case: Value = serde_json::from_str(line).expect("a case is JSON");
        let name = case["id"].as_str().expect("a case has an id");
        let raw = BASE64.decode(case["raw_b64"].as_str().expect("bytes")).expect("base64");
        let own = CHANGED.iter().find(|(id, ..)| *id == name);
        changed += usize::from(own.is_some());
        let expect = own.map_or(case["expect"].as_str().expect("words"), |(_, expect, _)| expect);
        for backend in BACKENDS {
            let mut world = world(backend);
            let slot = initialized(&mut world, "2025-11-25");
            if name == "id-bignum" {
                // 400 digits: serde_json cannot read the answer, so its bytes are compared.
                check_digits(&mut world, slot, &raw);
                continue;
            }
            let answers = ask(&mut world, slot, &raw, usize::MAX);
            check_edge(name, expect, &raw, &answers);
            check_alive(&mut world, slot, name);
        }
    }
    assert_eq!(changed, CHANGED.len(), "a changed case is not in the corpus");
}

fn check_digits(world: &mut World, slot: Slot, raw: &[u8]) {
    let digits = |text: &[u8]| -> Vec<u8> {
        let longest = text.split(|byte| !byte.is_ascii_digit()).max_by_key(|run| run.len());
        longest.unwrap_or_default().to_vec()
    };
    let sent = unframed(&world.feed(slot, &framed(raw)));
    assert_eq!(digits(&sent[0]), digits(raw));
}

/// What the words of an expectation allow.
fn check_edge(name: &str, expect: &str, raw: &[u8], answers: &[Value]) {
    let is_silent = expect.contains("no response") || expect.starts_with("ignored");
    let may_fail =
        |code: i64| expect.contains(&code.to_string()) || expect.contains(&format!("/{code}"));
    let may_succeed = !expect.starts_with("error") && !expect.starts_with('[');
    if is_silent || (expect.contains("ignore") && answers.is_empty()) {
        return assert!(answers.is_empty(), "{name}: {answers:?}");
    }
    let got = code(answers, name);
    if got == 0 {
        assert!(may_succeed || expect.contains("lossless"), "{name}: {answers:?}");
        check_id(name, raw, &answers[0]);
    } else {
        assert!(may_fail(got), "{name} expects {expect}: {answers:?}");
    }
    if expect.contains("id null") {
        assert!(answers[0]["id"].is_null(), "{name}");
    }
}

/// The answer's id is the request's: the same text for strings, the same digits for numbers.
fn check_id(name: &str, raw: &[u8], answer: &Value) {
    let text = std::str::from_utf8(raw).expect("an accepted request is UTF-8");
    let Ok(request) = serde_json::from_str::<Value>(text) else { return };
    if request["id"].is_string() {
        assert_eq!(answer["id"], request["id"], "{name}");
    }
}

/// Numbers are compared by their digits in the bytes, which no JSON library may round.
#[test]
fn ids_come_back_byte_for_byte() {
    let long = "1".repeat(400);
    for id in ["1", "-0", "9223372036854775807", "9007199254740993", &long, r#""\u00e9\/\"""#] {
        for backend in BACKENDS {
            let mut world = world(backend);
            let slot = initialized(&mut world, "2025-11-25");
            let ping = format!(r#"{{"jsonrpc":"2.0","id":{id},"method":"ping"}}"#);
            let sent = unframed(&world.feed(slot, &framed(ping.as_bytes())));
            let want = format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{{}}}}"#);
            assert_eq!(String::from_utf8_lossy(&sent[0]), want, "{backend}");
        }
    }
}

#[test]
fn naughty_strings() {
    let Some(path) = shared_data("corpora/naughty-strings/blns.json") else { return };
    let text = std::fs::read(path).expect("a readable file");
    let strings: Vec<String> = serde_json::from_slice(&text).expect("an array of strings");
    assert!(strings.len() > 400);
    for backend in BACKENDS {
        let mut world = world(backend);
        let slot = initialized(&mut world, "2025-11-25");
        for string in &strings {
            let params = json!({ "name": "echo", "arguments": { "message": string } });
            let call =
                json!({ "jsonrpc": "2.0", "id": string, "method": "tools/call", "params": params });
            let answers = ask(&mut world, slot, call.to_string().as_bytes(), usize::MAX);
            let answer = &answers[0];
            assert_eq!(answer["id"], *string, "{backend}");
            assert_eq!(answer["result"]["content"][0]["text"], *string, "{backend}: {answer}");
            let unknown = json!({ "jsonrpc": "2.0", "id": 1, "method": string });
            let answers = ask(&mut world, slot, unknown.to_string().as_bytes(), 5);
            assert_eq!(code(&answers, string), -32601, "{string}");
            let unknown = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": { "name": string } });
            let answers = ask(&mut world, slot, unknown.to_string().as_bytes(), usize::MAX);
            assert_eq!(code(&answers, string), -32602, "{string}");
        }
    }
}

/// The same strings framed by lines: no answer may hold a newline of its own.
#[test]
fn naughty_strings_by_line() {
    let Some(path) = shared_data("corpora/naughty-strings/blns.json") else { return };
    let text = std::fs::read(path).expect("a readable file");
    let strings: Vec<String> = serde_json::from_slice(&text).expect("an array of strings");
    let mut world = world(Backend::Scan);
    let slot = world.connect(LINE);
    for string in &strings {
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {} });
        let params = json!({ "name": "echo", "arguments": { "message": string }, "_meta": meta });
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let sent = world.feed_split(slot, format!("{call}\n").as_bytes(), 64);
        assert_eq!(sent.split_inclusive(|byte| *byte == b'\n').count(), 1, "{string}");
        let answer: Value = serde_json::from_slice(&sent).expect("one line of JSON");
        assert_eq!(answer["result"]["content"][0]["text"], *string);
    }
}
