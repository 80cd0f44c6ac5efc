//! Tools that are called with arguments that do not fit. One endpoint without a kernel.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod harness;

use harness::{LINE, World};
use mcpring::server::Server;
use mcpring::{Ask, Call, Config, Outcome, Tool};
use serde_json::{Value, json};

/// Says what it was told; what begins with a quote is mended by taking the quotes off.
fn mend(call: &mut Call<'_>) -> Outcome {
    if call.misfit().is_none() {
        return Outcome::text(format!("fits: {}", String::from_utf8_lossy(call.arguments_json())));
    }
    let mut deferred = call.defer();
    let mended = String::from_utf8_lossy(deferred.arguments_json()).replace(":\"", ":");
    let mended = mended.replace("\"}", "}");
    match deferred.check_arguments(mended.as_bytes()) {
        Ok(()) => deferred.settle(Outcome::text(format!("mended: {mended}"))),
        Err(_) => deferred.refuse_arguments(),
    }
    Outcome::Deferred
}

/// Asks once, and is entered again with what was wrong.
fn ask(call: &mut Call<'_>) -> Outcome {
    if call.answers().is_empty() {
        return Ask::new().list_roots("roots").into();
    }
    Outcome::text(call.misfit().unwrap_or("fits").to_owned())
}

fn server() -> Server {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let tool = |name: &'static str, run: fn(&mut Call<'_>) -> Outcome| {
        Tool::raw(name, schema.clone(), run).lenient(true)
    };
    Server::builder("lenient", "1")
        .tool(tool("inline", mend).inline())
        .tool(tool("pool", mend))
        .tool(tool("ask", ask))
        .tool(tool("strict", mend).lenient(false))
        .build()
        .expect("the test's server is in order")
}

fn check(version: &str, tool: &str, arguments: &str, want: &str) {
    let mut world = World::new(server(), Config::default());
    let slot = world.connect(LINE);
    let mut say = |message: Value| {
        let bytes = world.feed(slot, format!("{message}\n").as_bytes());
        let text = String::from_utf8(bytes).expect("messages are UTF-8");
        text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect::<Vec<Value>>()
    };
    say(json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": version, "capabilities": { "roots": {} },
        "clientInfo": { "name": "test", "version": "1" } } }));
    let arguments: Value = serde_json::from_str(arguments).expect("the test's JSON is JSON");
    let params = json!({ "name": tool, "arguments": arguments });
    let mut got = say(json!({ "jsonrpc": "2.0", "id": 2, "method": "tools/call",
        "params": params }));
    if let Some(question) = got.iter().find(|message| message["method"] == "roots/list") {
        let answer = json!({ "jsonrpc": "2.0", "id": question["id"], "result": { "roots": [] } });
        got = say(answer);
    }
    let answer = got.iter().find(|message| message["id"] == 2).expect("an answer");
    let words = answer["result"]["content"][0]["text"].as_str();
    let words = words.or_else(|| answer["error"]["message"].as_str()).unwrap_or_default();
    let kind = match (&answer["error"]["code"], &answer["result"]["isError"]) {
        (Value::Number(code), _) => code.to_string(),
        (_, Value::Bool(true)) => "failure".to_owned(),
        _ => "result".to_owned(),
    };
    let got = format!("{kind}: {words}");
    assert!(got.starts_with(want), "{version} {tool} {arguments}: {got}");
}

#[test]
fn what_does_not_fit_reaches_the_handler() {
    const WORDS: &str = "invalid arguments for tool";
    for tool in ["inline", "pool"] {
        check("2025-11-25", tool, r#"{"n":1}"#, "result: fits: {\"n\":1}");
        check("2025-11-25", tool, r#"{"n":"1"}"#, "result: mended: {\"n\":1}");
        let failure = format!("failure: {WORDS} {tool}: /n");
        check("2025-11-25", tool, r#"{"n":"x"}"#, &failure);
        check("2025-06-18", tool, r#"{"n":"x"}"#, &format!("-32602: {WORDS} {tool}: /n"));
    }
    check("2025-11-25", "strict", r#"{"n":"1"}"#, "failure: invalid arguments for tool strict");
    check("2025-11-25", "ask", r#"{"n":"1"}"#, "result: invalid arguments for tool ask: /n");
    check("2025-11-25", "ask", r#"{"n":1}"#, "result: fits");
}
