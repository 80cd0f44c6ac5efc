//! How a server is started, changed while it runs, and ended; what is refused where.

#![allow(clippy::disallowed_methods, reason = "servers are joined on other threads")]

mod support;

use std::ptr;
use std::sync::mpsc;
use std::thread;

use mcpring_c::*;
use serde_json::json;

use support::{ABSENT, Call, Client, Gone, Handle, PATIENCE, drivers, last_error, tool, view};

fn echo(call: Call) -> mcpring_status {
    call.reply(&call.argument("text").unwrap_or_default())
}

#[test]
fn each_function_has_its_state() {
    use mcpring_c::{MCPRING_ERR_STATE as STATE, MCPRING_ERR_USAGE as USAGE};
    let server = Handle::new();
    for status in [
        server.stop(false),
        server.join(),
        server.poll(0).0,
        server.address(0).unwrap_err(),
        server.metrics().unwrap_err(),
        c!(mcpring_server_resource_updated(server.0, view("demo://x"))),
        c!(mcpring_server_elicitation_done(server.0, view("x"))),
    ] {
        assert_eq!(status, STATE, "{}", last_error());
    }
    assert_eq!(server.start(), USAGE, "{}", last_error());
    assert!(last_error().contains("nothing to serve on"), "{}", last_error());
    assert_eq!(server.listen("tcp:/"), USAGE, "{}", last_error());
    assert_eq!(server.listen("tcp://nowhere"), MCPRING_OK, "if it can be had shows at the start");
    assert_eq!(server.start(), USAGE, "{}", last_error());
    assert_eq!(server.free(), MCPRING_OK);
    let server = Handle::new();
    assert_eq!(server.listen("tcp+line://127.0.0.1:0"), MCPRING_OK);
    assert_eq!(server.start(), MCPRING_OK, "{}", last_error());
    for status in [server.start(), server.listen("stdio:"), server.configure(&json!({}))] {
        assert_eq!(status, STATE, "{}", last_error());
    }
    assert_eq!(server.address(1), Err(MCPRING_ERR_NOT_FOUND));
    assert_eq!(server.stop(false), MCPRING_OK);
    assert_eq!(server.join(), MCPRING_OK);
    assert_eq!([server.join(), server.stop(true)], [MCPRING_OK; 2], "again is nothing");
    assert_eq!(server.start(), STATE);
    let gone = Gone::default();
    let guard = gone.guard();
    let late = tool("late", move |call| {
        let _ = &guard;
        echo(call)
    });
    for status in [
        server.add(&late),
        server.remove(MCPRING_TOOL, "late"),
        c!(mcpring_server_resource_updated(server.0, view("demo://x"))),
        c!(mcpring_server_elicitation_done(server.0, view("x"))),
    ] {
        assert_eq!(status, STATE, "{}", last_error());
        assert!(last_error().contains("has ended"), "{}", last_error());
    }
    assert_eq!(gone.count(), 1, "what is refused is destroyed");
    assert_eq!(server.free(), MCPRING_OK);
    for status in [server.free(), server.start(), server.stop(true), server.poll(0).0] {
        assert_eq!(status, MCPRING_ERR_HANDLE, "{}", last_error());
    }
    assert_eq!(Handle(ptr::null_mut()).free(), MCPRING_OK);
    assert_eq!(Handle(ptr::null_mut()).start(), MCPRING_ERR_HANDLE);
}

#[test]
fn addresses_are_urls() {
    let server = Handle::new();
    for url in ["https://127.0.0.1:0", "stdio:x", "", "127.0.0.1:80"] {
        assert_eq!(server.listen(url), MCPRING_ERR_USAGE, "{url}");
        assert!(last_error().contains("write http://"), "{url}: {}", last_error());
    }
    assert_eq!(server.listen("http://127.0.0.1:0"), MCPRING_OK);
    assert_eq!(server.listen("http://127.0.0.1:0/rpc"), MCPRING_OK);
    assert_eq!(server.listen("http://127.0.0.1:0/mcp"), MCPRING_ERR_USAGE);
    assert!(last_error().contains("under one path"), "{}", last_error());
    assert_eq!(server.listen("tcp+line://127.0.0.1:0"), MCPRING_OK);
    assert_eq!(server.start(), MCPRING_OK, "{}", last_error());
    for (at, end) in [(0, "/rpc"), (1, "/rpc")] {
        let address = server.address(at).expect("it listens there");
        assert!(address.starts_with("http://") && address.ends_with(end), "{address}");
    }
    assert!(server.address(2).expect("it listens there").starts_with("tcp+line://"));
    assert_eq!(server.free(), MCPRING_OK);
}

/// A failed start leaves a server that can be started again.
#[test]
fn an_address_in_use_can_be_tried_again() {
    for driver in drivers() {
        let first = Handle::new();
        let address = first.serve(driver);
        let second = Handle::new();
        let gone = Gone::default();
        let guard = gone.guard();
        second.tool("echo", MCPRING_RUN_INLINE, move |call| {
            let _ = &guard;
            echo(call)
        });
        assert_eq!(second.configure(&json!({ "driver": driver })), MCPRING_OK);
        assert_eq!(second.listen(&address), MCPRING_OK);
        assert_eq!(second.start(), MCPRING_ERR_SYSTEM, "{driver}: {}", last_error());
        assert_eq!(gone.count(), 0);
        assert_eq!(first.free(), MCPRING_OK);
        assert_eq!(second.start(), MCPRING_OK, "{driver}: {}", last_error());
        let answer = Client::open(&address).call("echo", &json!({ "text": "here" }));
        assert_eq!(answer["result"]["content"][0]["text"], "here", "{driver}");
        assert_eq!(second.free(), MCPRING_OK);
        gone.wait_for(1);
    }
}

/// Everything that a callback may do with its own server, and what it may not.
#[test]
fn callbacks_reach_their_server() {
    for driver in drivers() {
        let server = Handle::new();
        let settings = json!({ "list_changes": true, "resource_subscriptions": true });
        assert_eq!(server.configure(&settings), MCPRING_OK);
        server.tool("echo", MCPRING_RUN_INLINE, echo);
        let busy = move |call: Call| {
            let own = call.server();
            assert_eq!(own, server);
            for status in [own.free(), own.join(), own.run(), own.poll(0).0] {
                assert_eq!(status, MCPRING_ERR_THREAD, "{}", last_error());
            }
            own.tool("added", MCPRING_RUN_POOL, |call| call.reply("added"));
            let updated = c!(mcpring_server_resource_updated(own.0, view("demo://x")));
            assert_eq!(updated, MCPRING_OK, "{}", last_error());
            assert!(own.metrics().is_ok());
            let inner = own.invoke("echo", r#"{"text":"inner"}"#).expect("a result");
            assert_eq!(own.invoke("added", "{}").expect("a result")["content"][0]["text"], "added");
            assert_eq!(own.remove(MCPRING_TOOL, "added"), MCPRING_OK, "{}", last_error());
            assert_eq!(own.remove(MCPRING_TOOL, "added"), MCPRING_ERR_NOT_FOUND);
            call.reply(inner["content"][0]["text"].as_str().unwrap_or_default())
        };
        server.tool("inline", MCPRING_RUN_INLINE, busy);
        server.tool("pool", MCPRING_RUN_POOL, busy);
        server.tool("host", MCPRING_RUN_HOST, busy);
        server.tool("suicide", MCPRING_RUN_INLINE, move |call| {
            assert_eq!(server.remove(MCPRING_TOOL, "suicide"), MCPRING_OK);
            call.reply("gone")
        });
        server.tool("stop", MCPRING_RUN_INLINE, move |call| {
            assert_eq!(call.server().stop(false), MCPRING_OK);
            call.reply("bye")
        });
        let address = server.serve(driver);
        let polling = thread::spawn(move || while server.poll(-1).0 == MCPRING_OK {});
        let mut client = Client::open(&address);
        for (name, want) in
            [("inline", "inner"), ("pool", "inner"), ("host", "inner"), ("suicide", "gone")]
        {
            let answer = client.call(name, &json!({}));
            assert_eq!(answer["result"]["content"][0]["text"], want, "{driver} {name}: {answer}");
        }
        let answer = client.call("stop", &json!({}));
        assert_eq!(answer["result"]["content"][0]["text"], "bye", "{driver}: {answer}");
        // It drains; news of the changes above may still be on the way.
        while let Some(message) = client.receive() {
            assert_eq!(message["method"], "notifications/tools/list_changed", "{driver}");
        }
        assert_eq!(server.join(), MCPRING_OK);
        polling.join().expect("who polls is told of the end");
        assert_eq!(server.free(), MCPRING_OK);
    }
}

#[test]
fn features_come_and_go_while_it_runs() {
    for driver in drivers() {
        let server = Handle::new();
        assert_eq!(server.configure(&json!({ "list_changes": true })), MCPRING_OK);
        let gone = Gone::default();
        let mut client = Client::open(&server.serve(driver));
        for round in 1..=3 {
            let guard = gone.guard();
            server.tool("come", MCPRING_RUN_INLINE, move |call| {
                let _ = &guard;
                call.reply("here")
            });
            let note = client.receive().expect("a notification");
            assert_eq!(note["method"], "notifications/tools/list_changed", "{driver}: {note}");
            let answer = client.call("come", &json!({}));
            assert_eq!(answer["result"]["content"][0]["text"], "here", "{driver}: {answer}");
            let again = tool("come", echo);
            assert_eq!(server.add(&again), MCPRING_ERR_USAGE, "{}", last_error());
            assert_eq!(server.remove(MCPRING_TOOL, "come"), MCPRING_OK);
            let note = client.receive().expect("a notification");
            assert_eq!(note["method"], "notifications/tools/list_changed", "{driver}: {note}");
            gone.wait_for(round);
        }
        let plain = Handle::new();
        plain.serve(driver);
        assert_eq!(plain.add(&tool("late", echo)), MCPRING_ERR_USAGE, "{}", last_error());
        assert!(last_error().contains("without tools"), "{}", last_error());
        assert_eq!([plain.free(), server.free()], [MCPRING_OK; 2]);
    }
}

/// A removed feature's user data outlives the calls that are inside it.
#[test]
fn destruction_waits_for_the_last_call() {
    for driver in drivers() {
        let server = Handle::new();
        assert_eq!(server.configure(&json!({ "list_changes": true })), MCPRING_OK);
        let gone = Gone::default();
        let guard = gone.guard();
        let (enter, entered) = mpsc::channel();
        let (leave, left) = mpsc::channel::<()>();
        let ends = std::sync::Mutex::new((enter, left));
        server.tool("slow", MCPRING_RUN_POOL, move |call| {
            let _ = &guard;
            let ends = ends.lock().expect("no test panics with it");
            ends.0.send(()).expect("the test listens");
            ends.1.recv_timeout(PATIENCE).expect("the test lets it go");
            call.reply("slow")
        });
        let mut client = Client::open(&server.serve(driver));
        client.send_call("slow", &json!({}));
        entered.recv_timeout(PATIENCE).expect("the call begins");
        assert_eq!(server.remove(MCPRING_TOOL, "slow"), MCPRING_OK, "{}", last_error());
        let note = client.receive().expect("a notification");
        assert_eq!(note["method"], "notifications/tools/list_changed", "{driver}: {note}");
        let listed = client.ask("tools/list", &json!({}));
        assert_eq!(listed["result"]["tools"], json!([]), "{driver}");
        assert_eq!(gone.count(), 0, "{driver}: it is inside");
        leave.send(()).expect("the call waits");
        assert_eq!(client.receive().expect("an answer")["result"]["content"][0]["text"], "slow");
        gone.wait_for(1);
        assert_eq!(server.free(), MCPRING_OK);
    }
}

#[test]
fn run_returns_when_it_was_stopped_elsewhere() {
    for driver in drivers() {
        let server = Handle::new();
        server.tool("echo", MCPRING_RUN_INLINE, echo);
        assert_eq!(server.configure(&json!({ "driver": driver, "shards": 1 })), MCPRING_OK);
        assert_eq!(server.listen("tcp+line://127.0.0.1:0"), MCPRING_OK);
        let running = thread::spawn(move || server.run());
        let address = loop {
            match server.address(0) {
                Ok(address) => break address,
                Err(status) => assert_eq!(status, MCPRING_ERR_STATE, "{}", last_error()),
            }
            thread::yield_now();
        };
        let joining = thread::spawn(move || server.join());
        let mut client = Client::open(&address);
        client.call("echo", &json!({}));
        assert_eq!(server.stop(false), MCPRING_OK);
        assert_eq!(running.join().expect("no panic"), MCPRING_OK);
        assert_eq!(joining.join().expect("no panic"), MCPRING_OK);
        assert_eq!(server.free(), MCPRING_OK);
    }
}

/// Freed while it runs it ends at once; a kept call is answered to nobody then.
#[test]
fn free_ends_what_runs() {
    for driver in drivers() {
        let server = Handle::new();
        let (tell, told) = mpsc::channel();
        let tell = std::sync::Mutex::new(tell);
        server.tool("keep", MCPRING_RUN_INLINE, move |call| {
            let kept = call.keep();
            tell.lock().expect("no test panics with it").send(call).expect("the test listens");
            kept
        });
        let mut client = Client::open(&server.serve(driver));
        client.send_call("keep", &json!({}));
        let call = told.recv_timeout(PATIENCE).expect("the call");
        assert_eq!(server.free(), MCPRING_OK);
        assert_eq!(client.receive(), None, "{driver}");
        assert_eq!(call.arguments().as_deref(), Ok("{}"), "{driver}: it is still the program's");
        let mut is_cancelled = false;
        assert_eq!(c!(mcpring_call_cancelled(call.0, &raw mut is_cancelled)), MCPRING_OK);
        assert!(is_cancelled, "{driver}: nobody waits");
        assert_eq!(call.reply("late"), MCPRING_OK, "{driver}: to nobody");
        assert_eq!(call.reply("again"), MCPRING_ERR_HANDLE, "{driver}");
    }
}

#[test]
fn settings_are_checked_at_once() {
    let server = Handle::new();
    let configure = |json: &str| c!(mcpring_server_configure(server.0, view(json)));
    assert_eq!(configure("{"), MCPRING_ERR_ARGUMENT);
    assert_eq!(configure(r#"{"shard":1}"#), MCPRING_ERR_USAGE);
    assert!(last_error().contains("\"shard\""), "{}", last_error());
    assert_eq!(c!(mcpring_server_configure(server.0, ABSENT)), MCPRING_ERR_ARGUMENT);
    assert_eq!(configure("{}"), MCPRING_OK);
    assert_eq!(server.free(), MCPRING_OK);
}

/// A destroy function may wait for another thread that uses the server: no lock is held meanwhile.
#[test]
fn destroy_functions_run_behind_every_lock() {
    let check = |what: &str, act: &dyn Fn(Handle, mcpring_tool)| {
        let server = Handle::new();
        assert_eq!(server.configure(&json!({ "list_changes": true })), MCPRING_OK);
        let (begin, started) = mpsc::channel();
        let (add, added) = mpsc::channel::<()>();
        let (end, ended) = mpsc::channel();
        let waits = Waits { begin, added: std::sync::Mutex::new(added), end };
        let slow = tool("slow", move |call| {
            let _ = &waits;
            call.reply("")
        });
        let other = thread::spawn(move || {
            started.recv_timeout(PATIENCE).expect("it is destroyed");
            server.tool("other", MCPRING_RUN_POOL, echo);
            assert!(server.invoke("other", "{}").is_ok());
            add.send(()).expect("the destroy function waits");
        });
        act(server, slow);
        assert_eq!(ended.recv_timeout(PATIENCE), Ok(true), "{what}");
        other.join().expect("the server was free to use");
        assert_eq!(server.free(), MCPRING_OK);
    };
    check("refused before the start", &|server, mut slow| {
        slow.input_schema = view("{");
        assert_eq!(server.add(&slow), MCPRING_ERR_USAGE);
    });
    check("removed before the start", &|server, slow| {
        assert_eq!(server.add(&slow), MCPRING_OK);
        assert_eq!(server.remove(MCPRING_TOOL, "slow"), MCPRING_OK);
    });
    check("refused while it runs", &|server, mut slow| {
        server.serve("epoll");
        slow.input_schema = view("{");
        assert_eq!(server.add(&slow), MCPRING_ERR_USAGE);
    });
    check("removed while it runs", &|server, slow| {
        server.serve("epoll");
        assert_eq!(server.add(&slow), MCPRING_OK);
        assert_eq!(server.remove(MCPRING_TOOL, "slow"), MCPRING_OK);
    });
}

/// Destroyed, it waits until another thread has used the server.
struct Waits {
    begin: mpsc::Sender<()>,
    added: std::sync::Mutex<mpsc::Receiver<()>>,
    end: mpsc::Sender<bool>,
}

impl Drop for Waits {
    fn drop(&mut self) {
        self.begin.send(()).expect("the other thread listens");
        let added = self.added.get_mut().expect("no test panics with it");
        let is_added = added.recv_timeout(PATIENCE).is_ok();
        self.end.send(is_added).expect("the test listens");
    }
}
