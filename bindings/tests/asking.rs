//! Callbacks that ask their client and are entered again with the answers.

#![allow(clippy::disallowed_methods, reason = "kept calls are answered on other threads")]

mod support;

use std::thread;

use mcpring_c::*;
use serde_json::{Value, json};

use support::{Call, Client, Handle, drivers, last_error, view};

const FORM: &str = r#"{"message":"Who?","requestedSchema":{"type":"object","properties":{}}}"#;

/// Asks twice, the second time with what it was told and a state.
fn twice(call: Call) -> mcpring_status {
    let name = match call.answer("who") {
        Ok(answer) => answer,
        Err(MCPRING_ERR_NOT_FOUND) => {
            assert_eq!(call.state(), Err(MCPRING_ERR_NOT_FOUND));
            assert_eq!(c!(mcpring_call_set_state(call.0, view("one\0"))), MCPRING_OK);
            assert_eq!(call.ask("who", "elicitation/create", FORM), MCPRING_OK);
            assert_eq!(call.ask("who", "roots/list", "{}"), MCPRING_ERR_ARGUMENT, "asked twice");
            return c!(mcpring_call_finish(call.0));
        }
        Err(status) => {
            return c!(mcpring_call_fail(call.0, view(&format!("{status} {}", last_error()))));
        }
    };
    let name: Value = serde_json::from_str(&name).expect("the client's JSON");
    let state = String::from_utf8(call.state().unwrap_or_default()).expect("our own text");
    match call.answer("where") {
        Ok(_) => call.reply(&format!("{} {state:?}", name["content"]["name"])),
        Err(_) => call.ask("where", "roots/list", "{}"),
    }
}

fn answer(client: &mut Client, question: &Value) {
    let result = match question["method"].as_str() {
        Some("elicitation/create") => {
            json!({ "action": "accept", "content": { "name": "Ann" } })
        }
        Some("roots/list") => json!({ "roots": [{ "uri": "file:///home" }] }),
        other => panic!("no question: {other:?} in {question}"),
    };
    client.say(&json!({ "jsonrpc": "2.0", "id": question["id"], "result": result }));
}

fn servers(driver: &str) -> (Handle, String) {
    let server = Handle::new();
    server.tool("inline", MCPRING_RUN_INLINE, twice);
    server.tool("pool", MCPRING_RUN_POOL, twice);
    server.tool("host", MCPRING_RUN_HOST, twice);
    server.tool("kept", MCPRING_RUN_INLINE, |call| {
        assert_eq!(call.keep(), MCPRING_OK);
        thread::spawn(move || {
            let status = twice(call);
            assert_eq!(status, MCPRING_OK);
            // Kept, what is to be asked has to be finished.
            if call.arguments().is_ok() {
                assert_eq!(c!(mcpring_call_finish(call.0)), MCPRING_OK);
            }
        });
        MCPRING_OK
    });
    server.tool("can", MCPRING_RUN_POOL, |call| {
        let can = |method: &str, params: &str| {
            let mut can = false;
            let status = c!(mcpring_call_can_ask(call.0, view(method), view(params), &raw mut can));
            assert_eq!(status, MCPRING_OK, "{}", last_error());
            can
        };
        call.reply(&format!(
            "{} {} {} {} {}",
            can("elicitation/create", FORM),
            can("elicitation/create", r#"{"mode":"url"}"#),
            can("sampling/createMessage", "{}"),
            can("sampling/createMessage", r#"{"tools":[]}"#),
            can("roots/list", "{}"),
        ))
    });
    let address = server.serve(driver);
    (server, address)
}

#[test]
fn a_callback_is_entered_again_with_the_answers() {
    for driver in drivers() {
        let (server, address) = servers(driver);
        let polling = thread::spawn(move || while server.poll(-1).0 == MCPRING_OK {});
        let mut client = Client::open(&address);
        for tool in ["inline", "pool", "host", "kept"] {
            client.send_call(tool, &json!({}));
            for method in ["elicitation/create", "roots/list"] {
                let question = client.receive().expect("a question");
                assert_eq!(question["method"], method, "{driver} {tool}: {question}");
                answer(&mut client, &question);
            }
            let done = client.receive().expect("an answer");
            let text = &done["result"]["content"][0]["text"];
            assert_eq!(text, "\"Ann\" \"one\\0\"", "{driver} {tool}: {done}");
        }
        assert_eq!(server.stop(true), MCPRING_OK);
        polling.join().expect("who polls is told of the end");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

#[test]
fn refused_and_unsupported_questions() {
    for driver in drivers() {
        let (server, address) = servers(driver);
        let mut client = Client::open(&address);
        client.send_call("pool", &json!({}));
        let question = client.receive().expect("a question");
        let error = json!({ "code": -1, "message": "not now" });
        client.say(&json!({ "jsonrpc": "2.0", "id": question["id"], "error": error }));
        let done = client.receive().expect("an answer");
        let want = format!("{MCPRING_ERR_REFUSED} the client did not answer \"who\": not now (-1)");
        assert_eq!(done["result"]["content"][0]["text"], want, "{driver}: {done}");
        assert_eq!(done["result"]["isError"], true);
        let can = |client: &mut Client| {
            client.call("can", &json!({}))["result"]["content"][0]["text"].clone()
        };
        assert_eq!(can(&mut client), "true false true false true", "{driver}");
        let mut shy = Client::open_as(&address, &json!({}));
        assert_eq!(can(&mut shy), "false false false false false", "{driver}");
        let done = shy.call("inline", &json!({}));
        assert_eq!(done["result"]["isError"], true, "{driver}: {done}");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// A call either asks or answers; what would be dropped is refused.
#[test]
fn questions_and_answers_do_not_mix() {
    let server = Handle::new();
    server.tool("both", MCPRING_RUN_POOL, |call| {
        assert_eq!(call.ask("where", "roots/list", "{}"), MCPRING_OK);
        for status in [
            call.reply("text"),
            c!(mcpring_call_reply_json(call.0, view("{}"))),
            c!(mcpring_call_reply_blob(call.0, view("x"), view("image/png"))),
        ] {
            assert_eq!(status, MCPRING_ERR_STATE);
            assert!(last_error().contains("mcpring_call_finish"), "{}", last_error());
        }
        c!(mcpring_call_fail(call.0, view("neither")))
    });
    let result = server.invoke("both", "{}").expect("a failure drops the questions");
    assert_eq!(result["content"][0]["text"], "neither");
    assert_eq!(server.free(), MCPRING_OK);
}
