//! What callbacks can do with a call, wherever they run: on the thread that serves, on a worker, on
//! the thread that polls, and beyond the callback on a thread of the program's. Both drivers.

#![allow(clippy::disallowed_methods, reason = "kept calls are answered on other threads")]

mod support;

use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use mcpring_c::*;
use serde_json::{Value, json};

use support::{ABSENT, Call, Client, Handle, drivers, last_error, view, view_bytes, zeroed};

type Body = fn(Call) -> mcpring_status;

/// The places where a callback can run; the last keeps the call and answers it on a thread.
const PLACES: [(&str, mcpring_execution); 4] = [
    ("inline", MCPRING_RUN_INLINE),
    ("pool", MCPRING_RUN_POOL),
    ("host", MCPRING_RUN_HOST),
    ("kept", MCPRING_RUN_INLINE),
];

/// Calls a tool of each `body` at every place, and compares what is answered.
fn check(rows: &[(&str, Body, Value, Value)]) {
    for driver in drivers() {
        let server = Handle::new();
        for (name, body, ..) in rows {
            for (place, execution) in PLACES {
                let body = *body;
                server.tool(&format!("{place}.{name}"), execution, move |call| {
                    if place != "kept" {
                        return body(call);
                    }
                    let kept = call.keep();
                    // Kept twice is kept.
                    assert_eq!(call.keep(), kept);
                    thread::spawn(move || body(call));
                    kept
                });
            }
        }
        let address = server.serve(driver);
        let polling = thread::spawn(move || while server.poll(-1).0 == MCPRING_OK {});
        let mut client = Client::open(&address);
        for (name, _, arguments, want) in rows {
            for (place, _) in PLACES {
                let answer = client.call(&format!("{place}.{name}"), arguments);
                let got = answer.get("result").or(answer.get("error")).unwrap_or(&answer);
                assert_eq!(got, want, "{driver} {place} {name}");
            }
        }
        assert_eq!(server.stop(false), MCPRING_OK);
        drop(client);
        assert_eq!(server.join(), MCPRING_OK);
        polling.join().expect("who polls is told of the end");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

fn said(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

fn failed(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }], "isError": true })
}

/// A short word for what a function came to.
fn word(outcome: Result<String, mcpring_status>) -> String {
    outcome.unwrap_or_else(|status| {
        let name = mcpring_status_name(status);
        // SAFETY: names are constant and end with a NUL.
        let name = unsafe { std::ffi::CStr::from_ptr(name) };
        name.to_str().expect("names are text").trim_start_matches("MCPRING_").to_owned()
    })
}

fn echo(call: Call) -> mcpring_status {
    call.reply(&word(call.argument("text")))
}

fn raw(call: Call) -> mcpring_status {
    call.reply(&word(call.arguments()))
}

fn numbers(call: Call) -> mcpring_status {
    let (mut integer, mut float, mut flag) = (0, 0.0, false);
    let n = view("n");
    let words = [
        match c!(mcpring_call_argument_i64(call.0, n, &raw mut integer)) {
            MCPRING_OK => integer.to_string(),
            status => word(Err(status)),
        },
        match c!(mcpring_call_argument_f64(call.0, n, &raw mut float)) {
            MCPRING_OK => float.to_string(),
            status => word(Err(status)),
        },
        match c!(mcpring_call_argument_bool(call.0, n, &raw mut flag)) {
            MCPRING_OK => flag.to_string(),
            status => word(Err(status)),
        },
        word(call.argument("n")),
    ];
    call.reply(&words.join(" "))
}

fn facts(call: Call) -> mcpring_status {
    let words: Vec<_> = (0..=9).map(|fact| word(call.fact(fact))).collect();
    call.reply(&words.join(" "))
}

/// Everything after the answer is refused, and nothing of it is seen.
fn twice(call: Call) -> mcpring_status {
    let first = call.reply("first");
    let late = [
        call.reply("second"),
        c!(mcpring_call_fail(call.0, view("late"))),
        c!(mcpring_call_add_text(call.0, view("late"))),
        c!(mcpring_call_keep(call.0)),
        call.arguments().unwrap_err(),
    ];
    // Of a kept call nothing is left; inside its callback it is known to be done.
    assert!(late.iter().all(|status| [MCPRING_ERR_DONE, MCPRING_ERR_HANDLE].contains(status)));
    assert!(late.iter().all(|status| *status == late[0]), "{late:?}");
    first
}

fn blocks(call: Call) -> mcpring_status {
    let add = |set: &dyn Fn(&mut mcpring_content)| {
        let content = zeroed(|content: &mut mcpring_content| set(content));
        assert_eq!(
            c!(mcpring_call_add(call.0, &raw const content)),
            MCPRING_OK,
            "{}",
            last_error()
        );
    };
    assert_eq!(c!(mcpring_call_add_text(call.0, view("one\0two"))), MCPRING_OK);
    add(&|it| {
        it.kind = MCPRING_CONTENT_IMAGE;
        (it.data, it.mime_type) = (view_bytes(b"\xff\0"), view("image/png"));
        it.annotations = view(r#"{"audience":["user"],"priority":1}"#);
    });
    add(&|it| {
        it.kind = MCPRING_CONTENT_RESOURCE_TEXT;
        (it.uri, it.data) = (view("demo://x"), view("X"));
    });
    add(&|it| {
        it.kind = MCPRING_CONTENT_LINK;
        (it.uri, it.name, it.title) = (view("demo://y"), view("y"), view("Y"));
    });
    assert_eq!(c!(mcpring_call_set_structured(call.0, view(r#"{"n":1}"#))), MCPRING_OK);
    assert_eq!(c!(mcpring_call_set_meta(call.0, view(r#"{"a/b":2}"#))), MCPRING_OK);
    c!(mcpring_call_finish(call.0))
}

fn mistakes(call: Call) -> mcpring_status {
    let add = |set: &dyn Fn(&mut mcpring_content)| {
        let content = zeroed(|content: &mut mcpring_content| set(content));
        c!(mcpring_call_add(call.0, &raw const content))
    };
    let mut statuses = vec![
        add(&|it| it.kind = 99),
        add(&|it| it.struct_size = 1),
        add(&|it| it.data = view_bytes(b"\xff")),
        add(&|it| it.kind = MCPRING_CONTENT_IMAGE),
        add(&|it| it.kind = MCPRING_CONTENT_LINK),
        add(&|it| it.annotations = view("{")),
        c!(mcpring_call_add(call.0, ptr::null())),
        c!(mcpring_call_reply_json(call.0, view("{"))),
        c!(mcpring_call_set_meta(call.0, view("[]"))),
        c!(mcpring_call_error(call.0, -1, view("m"), view("{"))),
        c!(mcpring_call_log(call.0, 8, ABSENT, view("t"))),
        c!(mcpring_call_progress(call.0, f64::NAN, 0.0, ABSENT)),
        c!(mcpring_call_ask(call.0, view("k"), view("ping"), ABSENT)),
        c!(mcpring_call_ask(call.0, view("k"), view("roots/list"), view("[]"))),
        c!(mcpring_call_fact(call.0, 0, ptr::null_mut())),
    ];
    statuses.dedup();
    assert_eq!(statuses, [MCPRING_ERR_ARGUMENT], "{}", last_error());
    for status in [
        c!(mcpring_call_set_description(call.0, view("of a prompt"))),
        c!(mcpring_call_set_total(call.0, 1, false)),
        c!(mcpring_call_become_task(call.0)),
    ] {
        assert_eq!(status, MCPRING_ERR_UNSUPPORTED);
    }
    call.reply("still open")
}

fn lone_state(call: Call) -> mcpring_status {
    assert_eq!(c!(mcpring_call_set_state(call.0, view("s"))), MCPRING_OK);
    assert_eq!(c!(mcpring_call_finish(call.0)), MCPRING_ERR_STATE);
    c!(mcpring_call_fail(call.0, view("no question")))
}

fn timed(call: Call) -> mcpring_status {
    let (mut ms, mut cancelled) = (0, true);
    assert_eq!(c!(mcpring_call_time_left(call.0, &raw mut ms)), MCPRING_OK);
    assert_eq!(c!(mcpring_call_cancelled(call.0, &raw mut cancelled)), MCPRING_OK);
    // The setting call_ms is a minute when nothing else is said.
    call.reply(&format!("{} {cancelled}", ms > 1_000 && ms <= 60_000))
}

fn blob_of(call: Call) -> mcpring_status {
    let kind = call.argument("kind").unwrap_or_default();
    c!(mcpring_call_reply_blob(call.0, view_bytes(b"\0\x01"), view(&kind)))
}

#[test]
fn a_callback_reads_and_answers() {
    let text = |text: &str| json!({ "text": text });
    let n = |n: Value| json!({ "n": n });
    check(&[
        ("echo", echo, text("plain"), said("plain")),
        ("echo2", echo, text("a\"b\\\n\u{1f600}\0z"), said("a\"b\\\n\u{1f600}\0z")),
        ("echo3", echo, json!({}), said("ERR_NOT_FOUND")),
        ("echo4", echo, json!({ "text": 7 }), said("ERR_ARGUMENT")),
        ("raw", raw, json!({ "a": [1, 2] }), said(r#"{"a":[1,2]}"#)),
        ("n1", numbers, n(json!(-7)), said("-7 -7 ERR_ARGUMENT ERR_ARGUMENT")),
        ("n2", numbers, n(json!(2.0)), said("2 2 ERR_ARGUMENT ERR_ARGUMENT")),
        ("n3", numbers, n(json!(2.5)), said("ERR_ARGUMENT 2.5 ERR_ARGUMENT ERR_ARGUMENT")),
        ("n4", numbers, n(json!(true)), said("ERR_ARGUMENT ERR_ARGUMENT true ERR_ARGUMENT")),
        ("n5", numbers, n(json!("7")), said("ERR_ARGUMENT ERR_ARGUMENT ERR_ARGUMENT 7")),
        ("n6", numbers, n(json!(u64::MAX)), {
            said(&format!("ERR_ARGUMENT {} ERR_ARGUMENT ERR_ARGUMENT", u64::MAX as f64))
        }),
        ("n7", numbers, json!({}), said("ERR_NOT_FOUND ERR_NOT_FOUND ERR_NOT_FOUND ERR_NOT_FOUND")),
        ("twice", twice, json!({}), said("first")),
        ("mistakes", mistakes, json!({}), said("still open")),
        ("lone", lone_state, json!({}), failed("no question")),
        ("timed", timed, json!({}), said("true false")),
    ]);
}

#[test]
fn every_form_of_an_answer() {
    let json_reply: Body = |call| c!(mcpring_call_reply_json(call.0, view(r#"{"n": 1.50}"#)));
    let fail: Body = |call| c!(mcpring_call_fail(call.0, view("no luck")));
    let error: Body = |call| c!(mcpring_call_error(call.0, -7, view("odd"), view(r#"{"d":[]}"#)));
    let empty: Body = |call| c!(mcpring_call_finish(call.0));
    let block = |block: Value| json!({ "content": [block] });
    let kind = |kind: &str| json!({ "kind": kind });
    check(&[
        ("json", json_reply, json!({}), {
            json!({ "content": [{ "type": "text", "text": "{\"n\": 1.50}" }],
                "structuredContent": { "n": 1.5 } })
        }),
        ("fail", fail, json!({}), failed("no luck")),
        ("error", error, json!({}), {
            json!({ "code": -7, "message": "odd", "data": { "d": [] } })
        }),
        ("empty", empty, json!({}), json!({ "content": [] })),
        ("blocks", blocks, json!({}), {
            json!({ "content": [
                    { "type": "text", "text": "one\0two" },
                    { "type": "image", "data": "/wA=", "mimeType": "image/png",
                      "annotations": { "audience": ["user"], "priority": 1.0 } },
                    { "type": "resource", "resource": { "uri": "demo://x", "text": "X" } },
                    { "type": "resource_link", "uri": "demo://y", "name": "y", "title": "Y" },
                ],
                "structuredContent": { "n": 1 }, "_meta": { "a/b": 2 } })
        }),
        ("blob1", blob_of, kind("image/gif"), {
            block(json!({ "type": "image", "data": "AAE=", "mimeType": "image/gif" }))
        }),
        ("blob2", blob_of, kind("audio/ogg"), {
            block(json!({ "type": "audio", "data": "AAE=", "mimeType": "audio/ogg" }))
        }),
    ]);
}

#[test]
fn facts_of_a_call() {
    for driver in drivers() {
        let server = Handle::new();
        server.tool("facts", MCPRING_RUN_INLINE, facts);
        let mut client = Client::open(&server.serve(driver));
        let want = "facts ERR_NOT_FOUND ERR_NOT_FOUND ERR_NOT_FOUND 2025-11-25 client 7 \
                    ERR_NOT_FOUND ERR_NOT_FOUND ERR_ARGUMENT";
        assert_eq!(client.call("facts", &json!({}))["result"], said(want), "{driver}");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// A callback that does not answer, fails or panics costs its call, and nothing else.
#[test]
fn callbacks_that_fail() {
    let nothing: Body = |_| MCPRING_OK;
    let callback: Body = |_| MCPRING_ERR_CALLBACK;
    let odd: Body = |_| 12345;
    let answered: Body = |call| {
        call.reply("not seen");
        MCPRING_ERR_CALLBACK
    };
    let added: Body = |call| c!(mcpring_call_add_text(call.0, view("not finished")));
    let panics: Body = |_| std::panic::resume_unwind(Box::new("on purpose"));
    for driver in drivers() {
        let server = Handle::new();
        let rows = [
            ("nothing", nothing, "the tool failed"),
            ("callback", callback, "the tool failed"),
            ("odd", odd, "the tool failed"),
            ("answered", answered, "the tool failed"),
            ("added", added, "the tool failed"),
            ("panics", panics, "the tool panicked"),
        ];
        for (name, body, _) in rows {
            for (place, execution) in &PLACES[..3] {
                server.tool(&format!("{place}.{name}"), *execution, body);
            }
            server.tool(&format!("kept.{name}"), MCPRING_RUN_POOL, move |call| {
                assert_eq!(call.keep(), MCPRING_OK);
                // Kept, it has to fail by itself.
                if name == "nothing" || name == "added" { MCPRING_ERR_CALLBACK } else { body(call) }
            });
        }
        let address = server.serve(driver);
        let polling = thread::spawn(move || while server.poll(-1).0 == MCPRING_OK {});
        let mut client = Client::open(&address);
        for (name, _, words) in rows {
            for (place, _) in PLACES {
                let answer = client.call(&format!("{place}.{name}"), &json!({}));
                let is_answered = (place, name) == ("kept", "answered");
                let want = if is_answered { said("not seen") } else { failed(words) };
                assert_eq!(answer["result"], want, "{driver} {place} {name}: {answer}");
            }
        }
        assert_eq!(server.stop(true), MCPRING_OK);
        polling.join().expect("who polls is told of the end");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// A call is its callback's until it is kept, and nobody's afterwards.
#[test]
fn handles_know_their_thread_and_their_end() {
    for driver in drivers() {
        let server = Handle::new();
        let (tell, told) = std::sync::mpsc::channel();
        let handle = Arc::new(std::sync::Mutex::new(tell));
        server.tool("tell", MCPRING_RUN_POOL, move |call| {
            let elsewhere = thread::spawn(move || call.arguments().map(drop));
            let elsewhere = elsewhere.join().expect("the other thread");
            let tell = handle.lock().expect("no test panics with it");
            tell.send((call, elsewhere)).expect("the test listens");
            call.reply("told")
        });
        let mut client = Client::open(&server.serve(driver));
        assert_eq!(client.call("tell", &json!({}))["result"], said("told"));
        let (call, elsewhere) = told.recv().expect("the call");
        assert_eq!(elsewhere, Err(MCPRING_ERR_THREAD), "{driver}: another thread's callback");
        assert_eq!(call.arguments(), Err(MCPRING_ERR_HANDLE), "{driver}: it is over");
        assert_eq!(call.reply("late"), MCPRING_ERR_HANDLE);
        assert_eq!(call.keep(), MCPRING_ERR_HANDLE);
        assert_eq!(Call(ptr::null_mut()).reply("x"), MCPRING_ERR_HANDLE);
        assert_eq!(Call(server.0.cast()).reply("x"), MCPRING_ERR_HANDLE, "a server is no call");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// Large answers come whole; one that its reader would have to refuse is refused here, in words.
#[test]
fn answers_as_large_as_a_frame() {
    let size: Body = |call| {
        let mut bytes = 0;
        c!(mcpring_call_argument_i64(call.0, view("bytes"), &raw mut bytes));
        let text = "x".repeat(bytes as usize);
        match call.reply(&text) {
            MCPRING_ERR_LIMIT => {
                let words = last_error();
                assert!(words.contains("frame_bytes_max"), "{words}");
                let added = c!(mcpring_call_add_text(call.0, view(&text)));
                assert_eq!(added, MCPRING_ERR_LIMIT);
                c!(mcpring_call_fail(call.0, view(&words)))
            }
            status => status,
        }
    };
    for driver in drivers() {
        let server = Handle::new();
        server.tool("size", MCPRING_RUN_POOL, size);
        let mut client = Client::open(&server.serve(driver));
        let most = 16 << 20;
        let answer = client.call("size", &json!({ "bytes": most }));
        let text = answer["result"]["content"][0]["text"].as_str().expect("text");
        assert_eq!(text.len(), most, "{driver}");
        let answer = client.call("size", &json!({ "bytes": most + 1 }));
        assert_eq!(answer["result"]["isError"], true, "{driver}");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// Whoever answers a kept call first has answered it; the others are told that it is over.
#[test]
fn one_of_many_answers_a_kept_call() {
    const MANY: usize = 8;
    for driver in drivers() {
        let server = Handle::new();
        let (tell, told) = std::sync::mpsc::channel();
        let tell = std::sync::Mutex::new(tell);
        server.tool("keep", MCPRING_RUN_INLINE, move |call| {
            let kept = call.keep();
            tell.lock().expect("no test panics with it").send(call).expect("the test listens");
            kept
        });
        let mut client = Client::open(&server.serve(driver));
        for round in 0..50 {
            let id = client.send_call("keep", &json!({}));
            let call = told.recv_timeout(support::PATIENCE).expect("the call");
            let threads: Vec<_> =
                (0..MANY).map(|at| thread::spawn(move || call.reply(&at.to_string()))).collect();
            let statuses: Vec<_> =
                threads.into_iter().map(|thread| thread.join().expect("no panic")).collect();
            let first = statuses.iter().position(|status| *status == MCPRING_OK);
            let first = first.unwrap_or_else(|| panic!("{driver} {round}: {statuses:?}"));
            let late = statuses.iter().filter(|status| **status == MCPRING_ERR_HANDLE).count();
            assert_eq!(late, MANY - 1, "{driver} {round}: {statuses:?}");
            let answer = client.receive().expect("an answer");
            assert_eq!(answer["id"], id, "{driver} {round}: {answer}");
            assert_eq!(answer["result"], said(&first.to_string()), "{driver} {round}");
        }
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// What was lent before a call was kept is good until the callback returns, whoever answers it
/// meanwhile.
#[test]
fn what_was_lent_stays_while_the_callback_runs() {
    const LONG: &str = "long enough to have memory of its own,\nand with an escape to be decoded";
    static GOOD: AtomicUsize = AtomicUsize::new(0);
    let body: Body = |call| {
        let (mut decoded, mut whole) = (ABSENT, ABSENT);
        let read = c!(mcpring_call_argument(call.0, view("text"), &raw mut decoded));
        assert_eq!(read, MCPRING_OK);
        assert_eq!(c!(mcpring_call_arguments(call.0, &raw mut whole)), MCPRING_OK);
        let before = support::read(whole);
        assert_eq!(call.keep(), MCPRING_OK);
        let other = thread::spawn(move || call.reply("answered"));
        assert_eq!(other.join().expect("the other thread"), MCPRING_OK);
        // As much memory as went with the call, used for something else.
        let _used: Vec<_> = (0..200).map(|bytes| vec![b'#'; bytes]).collect();
        let is_good = support::read(decoded) == LONG.as_bytes();
        GOOD.fetch_add(usize::from(is_good && support::read(whole) == before), Ordering::SeqCst);
        MCPRING_OK
    };
    let arguments = json!({ "text": LONG });
    let mut calls = 1;
    for driver in drivers() {
        let server = Handle::new();
        for (place, execution) in &PLACES[..3] {
            server.tool(place, *execution, body);
        }
        let address = server.serve(driver);
        let polling = thread::spawn(move || while server.poll(-1).0 == MCPRING_OK {});
        let mut client = Client::open(&address);
        for (place, _) in &PLACES[..3] {
            let answer = client.call(place, &arguments);
            assert_eq!(answer["result"], said("answered"), "{driver} {place}: {answer}");
            calls += 1;
        }
        drop(client);
        assert_eq!(server.stop(true), MCPRING_OK);
        polling.join().expect("who polls is told of the end");
        assert_eq!(server.free(), MCPRING_OK);
    }
    let server = Handle::new();
    server.tool("pool", MCPRING_RUN_POOL, body);
    let result = server.invoke("pool", &arguments.to_string()).expect("a result");
    assert_eq!(result["content"], said("answered")["content"]);
    assert_eq!(server.free(), MCPRING_OK);
    // A callback on a worker may still be looking when its answer is there.
    let end = std::time::Instant::now() + support::PATIENCE;
    while GOOD.load(Ordering::SeqCst) < calls {
        assert!(std::time::Instant::now() < end, "{GOOD:?} of {calls}");
        thread::yield_now();
    }
}

/// Each part of an answer counts, whichever function brings it.
#[test]
fn an_answer_in_parts_is_no_longer_than_a_frame() {
    let server = Handle::new();
    assert_eq!(server.configure(&json!({ "frame_bytes_max": 4096 })), MCPRING_OK);
    server.tool("parts", MCPRING_RUN_POOL, |call| {
        let (text, json) = ("x".repeat(3000), format!("{:?}", "y".repeat(3000)));
        assert_eq!(c!(mcpring_call_add_text(call.0, view(&text))), MCPRING_OK);
        let meta = format!("{{\"m\":{json}}}");
        let content = zeroed(|content: &mut mcpring_content| content.meta = view(&meta));
        for status in [
            c!(mcpring_call_add_text(call.0, view(&text))),
            c!(mcpring_call_add(call.0, ptr::from_ref(&content))),
            c!(mcpring_call_set_structured(call.0, view(&json))),
            c!(mcpring_call_reply_json(call.0, view(&json))),
            c!(mcpring_call_reply_blob(call.0, view(&text), view("image/png"))),
            call.reply(&text),
        ] {
            assert_eq!(status, MCPRING_ERR_LIMIT, "{}", last_error());
        }
        call.reply("end")
    });
    let result = server.invoke("parts", "{}").expect("a result");
    assert_eq!(result["content"].as_array().map(Vec::len), Some(2), "nothing was lost or added");
    assert_eq!(result["content"][1]["text"], "end");
    assert_eq!(server.free(), MCPRING_OK);
}
