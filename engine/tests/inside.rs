//! Connections from inside the process, through the whole engine, on both drivers.

#![allow(clippy::disallowed_methods, reason = "these tests are about sockets")]

mod support;

use std::io::{ErrorKind as IoErrorKind, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::net::UnixStream;
use std::thread;

use mcpring::ring::Choice;
use mcpring::{Engine, ErrorKind, Running};
use serde_json::{Value, json};

use support::{Client, Gate, drivers, server};

fn start(choice: Choice, gate: &Gate, shards: usize) -> Running {
    let engine = Engine::new(server(gate)).driver(choice).shards(shards).detached();
    engine.start().expect("an engine needs no address")
}

fn connect(running: &Running) -> UnixStream {
    UnixStream::from(running.connect().expect("a connection"))
}

fn client(running: &Running) -> Client {
    Client::lines(connect(running))
}

fn end(running: Running) {
    running.stop();
    assert_eq!(running.join(), Ok(()));
}

fn counter(running: &Running, name: &str) -> u64 {
    let all: Value = serde_json::from_str(&running.metrics_json()).expect("JSON");
    all["counters"][name].as_u64().expect(name)
}

#[test]
fn the_whole_engine_answers() {
    for choice in drivers() {
        let running = start(choice, &Gate::new(), 0);
        assert_eq!(running.addresses(), &[] as &[String]);
        let mut client = client(&running);
        assert_eq!(client.initialize()["result"]["serverInfo"]["name"], "test", "{choice}");
        for (id, tool) in ["inline", "pool", "async"].into_iter().enumerate() {
            let answer = client.call(id as u64, tool, &json!({ "text": tool }));
            assert_eq!(answer["result"]["content"][0]["text"], tool, "{choice}: {answer}");
        }
        assert_eq!(counter(&running, "connections_accepted"), 1);
        end(running);
    }
}

/// With addresses beside, on several shards, from several threads: none is crossed.
#[test]
fn many_at_once_are_served() {
    const THREADS: u64 = 8;
    const EACH: u64 = 16;
    for choice in drivers() {
        let engine = Engine::new(server(&Gate::new())).driver(choice).shards(2);
        let running = engine.tcp("127.0.0.1:0").start().expect("the engine starts");
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let running = &running;
                scope.spawn(move || {
                    let mut clients: Vec<_> = (0..EACH).map(|_| client(running)).collect();
                    for client in &mut clients {
                        client.initialize();
                    }
                    for (name, client) in clients.iter_mut().enumerate() {
                        client.send_call(7, "pool", &json!({ "text": format!("{thread}/{name}") }));
                    }
                    for (name, client) in clients.iter_mut().enumerate() {
                        let answer = client.receive().expect("an answer");
                        let text = &answer["result"]["content"][0]["text"];
                        assert_eq!(*text, format!("{thread}/{name}"), "{choice}: {answer}");
                    }
                });
            }
        });
        assert_eq!(counter(&running, "connections_accepted"), THREADS * EACH);
        let mut outside = Client::open(&running.addresses()[0]);
        assert!(outside.initialize()["result"].is_object(), "{choice}");
        end(running);
    }
}

/// A place is free again when its connection has gone.
#[test]
fn a_shard_has_a_limit_of_them() {
    for choice in drivers() {
        let running = start(choice, &Gate::new(), 1);
        let mut open = Vec::new();
        let fault = loop {
            match running.connect() {
                Ok(end) => open.push(end),
                Err(fault) => break fault,
            }
        };
        assert_eq!(open.len(), mcpring::limits::INSIDE_CONNECTIONS_MAX, "{choice}");
        assert_eq!(fault.kind(), ErrorKind::Limit, "{fault}");
        let mut last = Client::lines(UnixStream::from(open.pop().expect("the last")));
        last.initialize();
        drop(open);
        // The engine takes note of the closings behind this call's back, in its own time.
        let mut id = 0;
        while running.connect().is_err() {
            id += 1;
            last.call(id, "inline", &json!({ "text": "x" }));
        }
        end(running);
    }
}

#[test]
fn a_stop_answers_what_was_asked_and_closes() {
    for choice in drivers() {
        let gate = Gate::new();
        let running = start(choice, &gate, 2);
        let (mut busy, mut idle) = (client(&running), client(&running));
        busy.initialize();
        idle.initialize();
        busy.send_call(7, "gate", &json!({}));
        gate.wait_for_caller();
        running.stop();
        assert!(idle.receive().is_none(), "{choice}");
        let fault = running.connect().expect_err("nobody is let in any more");
        assert_eq!(fault.kind(), ErrorKind::Usage, "{fault}");
        gate.open();
        assert_eq!(busy.receive().expect("an answer")["id"], 7, "{choice}");
        assert!(busy.receive().is_none(), "{choice}");
        assert_eq!(running.wait(), Ok(()));
        assert!(running.has_ended());
        assert!(running.connect().is_err(), "{choice}");
    }
}

#[test]
fn stopping_now_closes_at_once() {
    for choice in drivers() {
        let running = start(choice, &Gate::new(), 1);
        let mut stream = connect(&running);
        running.stop_now();
        assert_eq!(running.wait(), Ok(()));
        match stream.read(&mut [0]) {
            Ok(read) => assert_eq!(read, 0, "{choice}"),
            Err(fault) => assert_eq!(fault.kind(), IoErrorKind::ConnectionReset, "{choice}"),
        }
        assert!(stream.write_all(b"{}\n").is_err(), "{choice}: nobody reads");
    }
}

#[test]
fn children_do_not_inherit_it() {
    let running = start(Choice::Epoll, &Gate::new(), 1);
    let stream = connect(&running);
    let path = format!("/proc/self/fdinfo/{}", stream.as_raw_fd());
    let text = std::fs::read_to_string(path).expect("what the kernel says of it");
    let flags = text.lines().find_map(|line| line.strip_prefix("flags:")).expect("flags");
    let flags = u32::from_str_radix(flags.trim(), 8).expect("octal digits");
    assert_ne!(flags & 0o2_000_000, 0, "{flags:o}: it would be inherited");
    assert_eq!(flags & 0o4_000, 0, "{flags:o}: its mode is the caller's to choose");
    end(running);
}

#[test]
fn an_engine_for_nobody_is_a_mistake() {
    let fault = Engine::new(server(&Gate::new())).start().err().expect("nothing to serve on");
    assert!(fault.to_string().contains("detached"), "{fault}");
}
