//! The program's own loop: a descriptor to wait for, callbacks on the thread that polls.

#![allow(clippy::disallowed_methods, reason = "who polls is a thread")]

mod support;

use std::sync::mpsc;
use std::thread::{self, ThreadId};

use mcpring_c::*;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::json;

use support::{Client, Handle, PATIENCE, drivers, last_error};

/// Whether the server's descriptor becomes readable within so many seconds.
fn is_readable(server: Handle, seconds: i64) -> bool {
    let mut fd = -1;
    assert_eq!(c!(mcpring_server_fd(server.0, &raw mut fd)), MCPRING_OK);
    // SAFETY: the server keeps it open until it is freed.
    let fd = unsafe { std::os::fd::BorrowedFd::borrow_raw(fd) };
    let mut places = [PollFd::from_borrowed_fd(fd, PollFlags::IN)];
    let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
    poll(&mut places, Some(&time)).expect("waiting works") == 1
}

#[test]
fn callbacks_run_where_it_is_polled() {
    for driver in drivers() {
        let server = Handle::new();
        let (tell, told) = mpsc::channel::<ThreadId>();
        let tell = std::sync::Mutex::new(tell);
        server.tool("where", MCPRING_RUN_HOST, move |call| {
            let tell = tell.lock().expect("no test panics with it");
            tell.send(thread::current().id()).expect("the test listens");
            assert_eq!(call.server().poll(0).0, MCPRING_ERR_THREAD);
            call.reply("here")
        });
        let mut client = Client::open(&server.serve(driver));
        assert!(!is_readable(server, 0));
        assert_eq!(server.poll(0), (MCPRING_OK, 0));
        for count in [1, 3] {
            for _ in 0..count {
                client.send_call("where", &json!({}));
            }
            let mut ran = 0;
            while ran < count {
                assert!(is_readable(server, PATIENCE.as_secs() as i64), "{driver}");
                let (status, some) = server.poll(-1);
                assert_eq!(status, MCPRING_OK, "{}", last_error());
                ran += some;
            }
            assert_eq!(ran, count, "{driver}");
            for _ in 0..count {
                let answer = client.receive().expect("an answer");
                assert_eq!(answer["result"]["content"][0]["text"], "here", "{driver}: {answer}");
                assert_eq!(told.recv_timeout(PATIENCE), Ok(thread::current().id()));
            }
            assert!(!is_readable(server, 0), "{driver}: nothing is left to do");
        }
        assert_eq!(server.poll(-2).0, MCPRING_ERR_ARGUMENT);
        assert_eq!(server.stop(true), MCPRING_OK);
        assert_eq!(server.poll(-1), (MCPRING_END, 0), "{driver}");
        assert!(is_readable(server, 0), "{driver}: the end stays readable");
        assert_eq!(server.poll(-1), (MCPRING_END, 0), "{driver}: and is told again");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

#[test]
fn one_thread_polls_at_a_time() {
    let server = Handle::new();
    let (enter, entered) = mpsc::channel::<()>();
    let (leave, left) = mpsc::channel::<()>();
    let ends = std::sync::Mutex::new((enter, left));
    server.tool("hold", MCPRING_RUN_HOST, move |call| {
        let ends = ends.lock().expect("no test panics with it");
        ends.0.send(()).expect("the test listens");
        ends.1.recv_timeout(PATIENCE).expect("the test lets it go");
        call.reply("held")
    });
    let mut client = Client::open(&server.serve("epoll"));
    let polling = thread::spawn(move || server.poll(-1));
    client.send_call("hold", &json!({}));
    entered.recv_timeout(PATIENCE).expect("the callback runs");
    assert_eq!(server.poll(0).0, MCPRING_ERR_STATE, "{}", last_error());
    leave.send(()).expect("the callback waits");
    assert_eq!(polling.join().expect("no panic"), (MCPRING_OK, 1));
    assert_eq!(server.free(), MCPRING_OK);
}

/// Calls that nobody comes for are bounded; one that was given up is not begun.
#[test]
fn a_full_queue_answers_busy_and_late_calls_are_not_begun() {
    for driver in drivers() {
        let server = Handle::new();
        assert_eq!(server.configure(&json!({ "host_queue": 2 })), MCPRING_OK);
        let (tell, told) = mpsc::channel();
        let tell = std::sync::Mutex::new(tell);
        server.tool("host", MCPRING_RUN_HOST, move |call| {
            let n = call.argument("n").expect("a number as text");
            tell.lock().expect("no test panics with it").send(n).expect("the test listens");
            call.reply("done")
        });
        let mut client = Client::open(&server.serve(driver));
        let ids: Vec<_> =
            (0..3).map(|n| client.send_call("host", &json!({ "n": n.to_string() }))).collect();
        let refused = client.receive().expect("the third is answered");
        assert_eq!(refused["id"], ids[2], "{driver}: {refused}");
        assert!(refused["error"]["message"].as_str().is_some_and(|it| it.contains("behind")));
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": ids[0] } });
        client.say(&note);
        // Answered behind the note, so that it has been read.
        client.ask("ping", &json!({}));
        assert_eq!(server.poll(-1), (MCPRING_OK, 2), "{driver}");
        assert_eq!(told.try_iter().collect::<Vec<_>>(), ["1"], "{driver}");
        assert_eq!(client.receive().expect("an answer")["id"], ids[1], "{driver}");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// What waits is answered during a drain.
#[test]
fn a_drain_waits_for_the_loop() {
    for driver in drivers() {
        let server = Handle::new();
        server.tool("host", MCPRING_RUN_HOST, |call| call.reply("in time"));
        let mut client = Client::open(&server.serve(driver));
        client.send_call("host", &json!({}));
        assert!(is_readable(server, PATIENCE.as_secs() as i64));
        assert_eq!(server.stop(false), MCPRING_OK);
        // With its answer the server may have ended already.
        let (status, ran) = server.poll(-1);
        assert!(ran == 1 && [MCPRING_OK, MCPRING_END].contains(&status), "{driver}: {status}");
        let answer = client.receive().expect("an answer");
        assert_eq!(answer["result"]["content"][0]["text"], "in time", "{driver}: {answer}");
        while server.poll(-1).0 == MCPRING_OK {}
        assert_eq!(server.join(), MCPRING_OK);
        assert_eq!(server.free(), MCPRING_OK);
    }
}
