//! Tools called in the process: before the start, while the server runs, from inside each other.

#![allow(clippy::disallowed_methods, reason = "kept calls are answered on other threads")]

mod support;

use std::sync::mpsc;
use std::thread;

use mcpring_c::*;
use serde_json::{Value, json};

use support::{Call, Client, Handle, PATIENCE, last_error, tool, view};

fn server() -> Handle {
    let server = Handle::new();
    for (name, execution) in
        [("inline", MCPRING_RUN_INLINE), ("pool", MCPRING_RUN_POOL), ("host", MCPRING_RUN_HOST)]
    {
        let mut tool = tool(name, |call| call.reply(&call.argument("text").unwrap_or_default()));
        tool.execution = execution;
        tool.input_schema = view(r#"{"type":"object","required":["text"]}"#);
        assert_eq!(server.add(&tool), MCPRING_OK, "{}", last_error());
    }
    server.tool("kept", MCPRING_RUN_POOL, |call| {
        assert_eq!(call.keep(), MCPRING_OK);
        thread::spawn(move || call.reply("later"));
        MCPRING_OK
    });
    server.tool("asks", MCPRING_RUN_POOL, |call| call.ask("k", "roots/list", "{}"));
    server.tool("error", MCPRING_RUN_POOL, |call| {
        c!(mcpring_call_error(call.0, -7, view("odd"), support::ABSENT))
    });
    server.tool("fails", MCPRING_RUN_POOL, |call| c!(mcpring_call_fail(call.0, view("no luck"))));
    server.tool("facts", MCPRING_RUN_POOL, |call| {
        assert_eq!(call.fact(MCPRING_FACT_CLIENT_NAME), Err(MCPRING_ERR_NOT_FOUND));
        let mut ms = 0;
        assert_eq!(c!(mcpring_call_time_left(call.0, &raw mut ms)), MCPRING_OK);
        assert!(ms > 0 && ms <= 60_000, "{ms}");
        call.reply(&call.fact(MCPRING_FACT_VERSION).unwrap_or_default())
    });
    server
}

fn text(result: &Value) -> &Value {
    &result["content"][0]["text"]
}

/// What invoking `tool` gives: the text of its result, or the status with a part of the words.
fn check(server: Handle, tool: &str, arguments: &str, want: Result<&str, (mcpring_status, &str)>) {
    match (server.invoke(tool, arguments), want) {
        (Ok(result), Ok(want)) => {
            assert_eq!(result["resultType"], "complete", "{result}");
            assert_eq!(text(&result), want, "{tool} {arguments}: {result}");
        }
        (Err(status), Err((want, words))) => {
            assert_eq!(status, want, "{tool} {arguments}: {}", last_error());
            assert!(last_error().contains(words), "{tool} {arguments}: {}", last_error());
        }
        (got, want) => panic!("{tool} {arguments}: {got:?}, not {want:?}: {}", last_error()),
    }
}

fn check_all(server: Handle) {
    let words = r#"{"text":"a\nb"}"#;
    for tool in ["inline", "pool", "host"] {
        check(server, tool, words, Ok("a\nb"));
        check(server, tool, "{}", Err((MCPRING_ERR_INVALID, "text")));
        check(server, tool, "[]", Err((MCPRING_ERR_ARGUMENT, "must be a JSON object")));
        check(server, tool, "{", Err((MCPRING_ERR_ARGUMENT, "arguments:")));
    }
    check(server, "none", "{}", Err((MCPRING_ERR_NOT_FOUND, "\"none\"")));
    check(server, "kept", "{}", Ok("later"));
    check(server, "asks", "{}", Err((MCPRING_ERR_STATE, "asks its client")));
    check(server, "error", "{}", Err((MCPRING_ERR_REFUSED, "odd (-7)")));
    check(server, "fails", "{}", Ok("no luck"));
    assert_eq!(server.invoke("fails", "{}").expect("a result")["isError"], true);
    check(server, "facts", "{}", Ok("2026-07-28"));
}

#[test]
fn tools_are_invoked_before_and_while_the_server_runs() {
    let server = server();
    check_all(server);
    let address = server.serve("epoll");
    check_all(server);
    let answer = Client::open(&address).call("inline", &json!({ "text": "served" }));
    assert_eq!(*text(&answer["result"]), "served");
    assert_eq!(server.remove(MCPRING_TOOL, "inline"), MCPRING_OK);
    check(server, "inline", "{}", Err((MCPRING_ERR_NOT_FOUND, "inline")));
    assert_eq!(server.free(), MCPRING_OK);
}

/// A tool that is late is told to stop and fails; what it says later goes nowhere.
#[test]
fn a_late_tool_fails() {
    let server = Handle::new();
    let (tell, told) = mpsc::channel::<Call>();
    let tell = std::sync::Mutex::new(tell);
    let mut late = tool("late", move |call| {
        let kept = call.keep();
        tell.lock().expect("no test panics with it").send(call).expect("the test listens");
        kept
    });
    late.timeout_ms = 1;
    assert_eq!(server.add(&late), MCPRING_OK);
    let result = server.invoke("late", "{}").expect("a result");
    assert_eq!(*text(&result), "late did not answer within 1 ms");
    assert_eq!(result["isError"], true);
    let call = told.recv_timeout(PATIENCE).expect("the call");
    let mut cancelled = false;
    assert_eq!(c!(mcpring_call_cancelled(call.0, &raw mut cancelled)), MCPRING_OK);
    assert!(cancelled);
    assert_eq!(call.reply("late"), MCPRING_OK);
    assert_eq!(server.free(), MCPRING_OK);
}

/// Calls inside of calls are each their own; without end they are refused.
#[test]
fn tools_invoke_each_other() {
    let server = Handle::new();
    server.tool("sum", MCPRING_RUN_INLINE, |call| {
        let mut n = 0;
        assert_eq!(c!(mcpring_call_argument_i64(call.0, view("n"), &raw mut n)), MCPRING_OK);
        if n == 0 {
            return call.reply("0");
        }
        let inner = call.server().invoke("sum", &format!(r#"{{"n":{}}}"#, n - 1));
        let inner = match inner {
            Ok(result) => result["content"][0]["text"].as_str().unwrap_or_default().to_owned(),
            Err(status) => return c!(mcpring_call_fail(call.0, view(&status.to_string()))),
        };
        let sum = inner.parse::<i64>().unwrap_or(-1_000_000) + n;
        // The outer call is found again behind the inner ones.
        assert_eq!(call.arguments().as_deref(), Ok(&*format!(r#"{{"n":{n}}}"#)));
        call.reply(&sum.to_string())
    });
    check(server, "sum", r#"{"n":10}"#, Ok("55"));
    // The 64th finds no room for another, and its failure is what the others add to.
    let deep = i64::from(MCPRING_ERR_LIMIT) + (938..=1000).sum::<i64>();
    check(server, "sum", r#"{"n":1000}"#, Ok(&deep.to_string()));
    assert_eq!(server.free(), MCPRING_OK);
}

/// On another thread than the one that polls, a tool of the loop waits for the loop.
#[test]
fn a_tool_of_the_loop_runs_in_the_loop() {
    let server = Handle::new();
    server.tool("where", MCPRING_RUN_HOST, |call| {
        call.reply(&format!("{:?}", thread::current().id()))
    });
    server.serve("epoll");
    assert_eq!(server.poll(0), (MCPRING_OK, 0));
    let own = format!("{:?}", thread::current().id());
    check(server, "where", "{}", Ok(&own));
    let other = thread::spawn(move || server.invoke("where", "{}"));
    assert_eq!(server.poll(-1), (MCPRING_OK, 1));
    let result = other.join().expect("no panic").expect("a result");
    assert_eq!(*text(&result), own);
    assert_eq!(server.free(), MCPRING_OK);
}

/// An inner call that is over is known to be over, though the outer one of its thread runs.
#[test]
fn an_inner_call_ends_before_the_outer() {
    let server = Handle::new();
    let (tell, told) = mpsc::channel::<Call>();
    let tell = std::sync::Mutex::new(tell);
    server.tool("inner", MCPRING_RUN_POOL, move |call| {
        tell.lock().expect("no test panics with it").send(call).expect("the test listens");
        call.reply("inner")
    });
    let told = std::sync::Mutex::new(told);
    server.tool("outer", MCPRING_RUN_POOL, move |call| {
        check(call.server(), "inner", "{}", Ok("inner"));
        let inner = told.lock().expect("no test panics with it").recv().expect("the inner call");
        assert_eq!(inner.reply("late"), MCPRING_ERR_HANDLE, "{}", last_error());
        let elsewhere = thread::spawn(move || (inner.reply("late"), call.reply("late")));
        let elsewhere = elsewhere.join().expect("the other thread");
        assert_eq!(elsewhere, (MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD));
        call.reply("outer")
    });
    check(server, "outer", "{}", Ok("outer"));
    assert_eq!(server.free(), MCPRING_OK);
}
