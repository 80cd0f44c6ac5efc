//! The engine as a program uses it: real sockets, real threads, both drivers.
//!
//! What a message means is tested beneath; here it is whether bytes come and go, whether shards and
//! workers play together, and how an engine starts and ends. Ports are the kernel's choice, and
//! whoever waits, waits for an event, with a limit that only a failure reaches.

#![allow(clippy::disallowed_methods, reason = "these tests are about sockets and time")]

mod support;

use std::net::TcpStream;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use mcpring::ring::Choice;
use mcpring::{Call, Config, Engine, ErrorKind, Prompt, Resource, Running, Server, Tool};
use serde_json::json;

use support::{Client, Gate, PATIENCE, ScratchDir, drivers, server};

fn engine(choice: Choice) -> Engine {
    Engine::new(server(&Gate::new())).driver(choice).shards(2)
}

fn end(running: Running) {
    running.stop();
    assert_eq!(running.join(), Ok(()));
}

#[test]
fn every_transport_answers() {
    for choice in drivers() {
        let scratch = ScratchDir::new();
        let running = engine(choice)
            .http("127.0.0.1:0")
            .tcp("127.0.0.1:0")
            .tcp_line(":0")
            .unix(scratch.path("length"))
            .unix_line(scratch.path("line"))
            .start()
            .expect("the engine starts");
        assert_eq!(running.addresses().len(), 5);
        for address in running.addresses() {
            let mut client = Client::open(address);
            let greeting = client.initialize();
            assert_eq!(greeting["result"]["serverInfo"]["name"], "test", "{choice} {address}");
            for (id, tool) in ["inline", "pool", "async"].into_iter().enumerate() {
                let answer = client.call(id as u64, tool, &json!({ "text": tool }));
                let text = &answer["result"]["content"][0]["text"];
                assert_eq!(text, tool, "{choice} {address}: {answer}");
            }
        }
        end(running);
    }
}

/// Many connections, many requests on the way at once, on every shard and lane: each answer comes
/// to the connection that asked, exactly once.
#[test]
fn no_answer_is_lost_or_crossed() {
    const CONNECTIONS: u64 = 32;
    const EACH: u64 = 60;
    for choice in drivers() {
        let running = engine(choice).tcp("127.0.0.1:0").start().expect("the engine starts");
        let address = &running.addresses()[0];
        let mut clients: Vec<_> = (0..CONNECTIONS).map(|_| Client::open(address)).collect();
        for client in &mut clients {
            client.initialize();
        }
        for id in 0..EACH {
            for (name, client) in clients.iter_mut().enumerate() {
                let tool = ["inline", "pool", "async"][id as usize % 3];
                client.send_call(id, tool, &json!({ "text": format!("{name}/{id}") }));
            }
        }
        for (name, client) in clients.iter_mut().enumerate() {
            let mut seen = vec![false; EACH as usize];
            for _ in 0..EACH {
                let answer = client.receive().expect("an answer");
                let id = answer["id"].as_u64().expect("a number");
                let want = format!("{name}/{id}");
                assert_eq!(answer["result"]["content"][0]["text"], want, "{choice}: {answer}");
                assert!(!std::mem::replace(&mut seen[id as usize], true), "{id} came twice");
            }
        }
        end(running);
    }
}

#[test]
fn large_messages_come_whole() {
    for choice in drivers() {
        let running = engine(choice).tcp("127.0.0.1:0").start().expect("the engine starts");
        let mut client = Client::open(&running.addresses()[0]);
        client.initialize();
        for (id, size) in [4_000, 4_096, 100_000, 3_000_000].into_iter().enumerate() {
            let text = "x".repeat(size);
            for tool in ["inline", "pool"] {
                let answer = client.call(id as u64, tool, &json!({ "text": text }));
                let got = answer["result"]["content"][0]["text"].as_str().map(str::len);
                assert_eq!(got, Some(size), "{choice} {tool}");
            }
        }
        end(running);
    }
}

/// A session lives on one shard and connections arrive at any: requests are forwarded.
#[test]
fn a_session_is_found_from_every_shard() {
    for choice in drivers() {
        let running = engine(choice).http("127.0.0.1:0").start().expect("the engine starts");
        let address = &running.addresses()[0];
        let mut first = Client::open(address);
        first.initialize();
        for id in 0..32 {
            // The kernel picks the shard by the client's port: 32 of them miss neither of two.
            let mut other = Client::open(address);
            other.session.clone_from(&first.session);
            let tool = ["inline", "pool"][id as usize % 2];
            let answer = other.call(id, tool, &json!({ "text": "here" }));
            assert_eq!(answer["result"]["content"][0]["text"], "here", "{choice}: {answer}");
        }
        end(running);
    }
}

#[test]
fn a_drain_answers_what_was_asked() {
    for choice in drivers() {
        let gate = Gate::new();
        let engine = Engine::new(server(&gate)).driver(choice).shards(2);
        let running = engine.tcp("127.0.0.1:0").http(":0").start().expect("the engine starts");
        let addresses = running.addresses().to_vec();
        let mut clients: Vec<_> = addresses.iter().map(|address| Client::open(address)).collect();
        let mut idle = Client::open(&addresses[0]);
        for client in &mut clients {
            client.initialize();
            client.send_call(7, "gate", &json!({}));
            gate.wait_for_caller();
        }
        running.stop();
        running.stop();
        assert!(idle.receive().is_none(), "a connection without calls is closed at once");
        gate.open();
        for client in &mut clients {
            let answer = client.receive().expect("the answer comes before the end");
            assert_eq!(answer["id"], 7);
            assert_eq!(answer["result"]["content"][0]["text"], "open", "{choice}: {answer}");
            assert!(client.receive().is_none(), "and then the connection ends");
        }
        assert_eq!(running.join(), Ok(()));
        let port = addresses[0].strip_prefix("tcp://").expect("a TCP address");
        assert!(TcpStream::connect(port).is_err(), "nobody listens any more");
    }
}

#[test]
fn stopping_now_waits_for_nobody() {
    for choice in drivers() {
        let gate = Gate::new();
        let engine = Engine::new(server(&gate)).driver(choice).shards(2);
        let running = engine.tcp("127.0.0.1:0").start().expect("the engine starts");
        let mut client = Client::open(&running.addresses()[0]);
        client.initialize();
        client.send_call(7, "gate", &json!({}));
        gate.wait_for_caller();
        let start = Instant::now();
        running.stop();
        running.stop_now();
        assert_eq!(running.join(), Ok(()));
        assert!(start.elapsed() < PATIENCE, "the call still waits at its gate");
        assert!(client.receive().is_none());
        gate.open();
    }
}

#[test]
fn a_drain_has_a_limit() {
    for choice in drivers() {
        let gate = Gate::new();
        let config =
            Config { drain_ms: 50, pin: true, shards: 2, driver: choice, ..Config::default() };
        let engine = Engine::new(server(&gate)).config(config);
        let running = engine.tcp("127.0.0.1:0").start().expect("the engine starts");
        let mut client = Client::open(&running.addresses()[0]);
        client.initialize();
        client.send_call(7, "gate", &json!({}));
        gate.wait_for_caller();
        end(running);
        assert!(client.receive().is_none());
        gate.open();
    }
}

#[test]
fn a_full_worker_queue_answers_busy() {
    for choice in drivers() {
        let gate = Gate::new();
        let config = Config { workers: 1, worker_queue: 1, driver: choice, ..Config::default() };
        let engine = Engine::new(server(&gate)).config(config);
        let running = engine.tcp("127.0.0.1:0").start().expect("the engine starts");
        let mut client = Client::open(&running.addresses()[0]);
        client.initialize();
        client.send_call(1, "gate", &json!({}));
        gate.wait_for_caller();
        client.send_call(2, "gate", &json!({}));
        client.send_call(3, "gate", &json!({}));
        let busy = client.receive().expect("an answer");
        assert_eq!(busy["id"], 3, "{choice}: {busy}");
        assert!(busy["error"]["code"].is_i64(), "{choice}: {busy}");
        let inline = client.call(4, "inline", &json!({ "text": "awake" }));
        assert_eq!(inline["result"]["content"][0]["text"], "awake", "the shard is not blocked");
        gate.open();
        assert_eq!(client.receive().expect("an answer")["id"], 1);
        assert_eq!(client.receive().expect("an answer")["id"], 2);
        end(running);
    }
}

#[test]
fn a_panicking_handler_fails_its_call_only() {
    for choice in drivers() {
        let running = engine(choice).tcp("127.0.0.1:0").start().expect("the engine starts");
        let mut client = Client::open(&running.addresses()[0]);
        client.initialize();
        for (id, tool) in ["panic", "panic-inline"].into_iter().enumerate() {
            let answer = client.call(id as u64, tool, &json!({}));
            assert!(answer["id"] == id && answer["result"]["content"].is_array(), "{answer}");
            assert_eq!(answer["result"]["isError"], true, "{choice}: {answer}");
        }
        let answer = client.call(9, "inline", &json!({ "text": "on" }));
        assert_eq!(answer["result"]["content"][0]["text"], "on");
        end(running);
    }
}

#[test]
fn an_address_in_use_is_refused_and_nothing_stays_behind() {
    for choice in drivers() {
        let scratch = ScratchDir::new();
        let path = scratch.path("socket");
        let first = engine(choice).tcp("127.0.0.1:0").unix(&path).start().expect("it starts");
        let taken = first.addresses()[0].strip_prefix("tcp://").expect("a TCP address").to_owned();
        let fault = engine(choice).tcp(&taken).start().err().expect("the port is taken");
        assert_eq!(fault.kind(), ErrorKind::System);
        assert!(fault.to_string().contains(&taken), "{fault}");
        let fault = engine(choice).tcp(":0").unix(&path).start().err().expect("the path is taken");
        assert!(fault.to_string().contains("socket is in use"), "{fault}");
        assert!(path.exists(), "the owner keeps its path");
        end(first);
        assert!(!path.exists(), "the path goes with its owner");
        end(engine(choice).tcp(&taken).unix(&path).start().expect("all is free again"));
    }
}

#[test]
fn a_bad_setting_is_named_before_anything_is_opened() {
    let check = |engine: Engine, want: &str| {
        let fault = engine.start().err().expect(want);
        assert_eq!(fault.kind(), ErrorKind::Usage);
        assert!(fault.to_string().contains(want), "{fault} should say {want}");
    };
    let bare = || Engine::new(server(&Gate::new()));
    check(bare(), "nothing to serve on");
    check(bare().tcp(":0").config(Config { workers: 0, ..Config::default() }), "workers");
    check(bare().tcp("0.0.0.0:0"), "public");
    check(bare().tcp("nonsense"), "nonsense");
}

/// Dropping an engine ends it; and starting again and again leaks no descriptors.
#[test]
fn a_dropped_engine_ends() {
    for choice in drivers() {
        for _ in 0..8 {
            let running = engine(choice).tcp("127.0.0.1:0").start().expect("the engine starts");
            let mut client = Client::open(&running.addresses()[0]);
            client.initialize();
            drop(running);
            assert!(client.receive().is_none());
        }
    }
}

/// Threads of the program publish while clients sit on both shards: whoever subscribed hears of
/// the last update, and of every list once it has its last state; nobody else hears anything.
#[test]
fn what_threads_publish_reaches_the_subscribers_of_every_shard() {
    const THREADS: usize = 4;
    const EACH: usize = 50;
    for choice in drivers() {
        let server = Server::builder("test", "1.0.0")
            .list_changes()
            .resource_subscriptions()
            .resource(Resource::text("demo://a", "a", "text"))
            .build()
            .expect("the test's server is in order");
        let running = Engine::new(server)
            .driver(choice)
            .shards(2)
            .tcp("127.0.0.1:0")
            .start()
            .expect("the engine starts");
        // The kernel picks the shard by the client's port: 32 of them miss neither of two.
        let mut clients: Vec<_> = (0..32).map(|_| Client::open(&running.addresses()[0])).collect();
        for (name, client) in clients.iter_mut().enumerate() {
            client.initialize();
            if name % 2 == 0 {
                let answer = client.ask(1, "resources/subscribe", &json!({ "uri": "demo://a" }));
                assert_eq!(answer["result"], json!({}), "{choice}");
            } else {
                client.ask(1, "ping", &json!({}));
            }
        }
        thread::scope(|scope| {
            for thread in 0..THREADS {
                let publisher = running.publisher();
                scope.spawn(move || {
                    for number in 0..EACH {
                        publisher.resource_updated("demo://a").expect("the inboxes have room");
                        let name = format!("{thread}-{number}");
                        let tool = Tool::raw(name, r#"{"type":"object"}"#, |_: &mut Call<'_>| "");
                        publisher.edit(|edit| edit.add_tool(tool)).expect("a good edit");
                    }
                });
            }
        });
        running.publisher().edit(|edit| edit.add_prompt(last())).expect("a good edit");
        for (name, client) in clients.iter_mut().enumerate() {
            let (mut updates, mut lists) = (0, 0);
            loop {
                let message = client.receive().expect("a notification");
                match message["method"].as_str().expect("a notification") {
                    "notifications/resources/updated" => updates += 1,
                    "notifications/tools/list_changed" => lists += 1,
                    "notifications/prompts/list_changed" => break,
                    other => panic!("{choice}: {other}"),
                }
            }
            let most = THREADS * EACH;
            let is_subscriber = name % 2 == 0;
            assert!((1..=most).contains(&lists), "{choice}: {lists}");
            assert!(if is_subscriber { (1..=most).contains(&updates) } else { updates == 0 });
            let tools = client.ask(2, "tools/list", &json!({}));
            let tools = tools["result"]["tools"].as_array().map(Vec::len);
            assert_eq!(tools, Some(most), "{choice}: every shard has the last revision");
        }
        end(running);
    }
}

fn last() -> Prompt {
    Prompt::new("last", |_: &mut Call<'_>| "text")
}

/// Shared, it is stopped from elsewhere while several wait; all are told when it has ended.
#[test]
fn a_shared_engine_is_waited_for_by_many() {
    for choice in drivers() {
        let running = engine(choice).tcp("127.0.0.1:0").start().expect("the engine starts");
        let running = Arc::new(running);
        let (tell, told) = mpsc::channel();
        let early = tell.clone();
        running.on_end(move || early.send("told at the end").expect("somebody listens"));
        let waiting: Vec<_> = (0..3)
            .map(|_| {
                let running = Arc::clone(&running);
                thread::spawn(move || running.wait())
            })
            .collect();
        assert!(!running.has_ended());
        assert_eq!(told.try_recv(), Err(mpsc::TryRecvError::Empty));
        running.stop();
        for waiting in waiting {
            assert_eq!(waiting.join().expect("waiting does not panic"), Ok(()));
        }
        assert!(running.has_ended());
        assert_eq!(told.recv_timeout(PATIENCE), Ok("told at the end"));
        running.on_end(move || tell.send("told late").expect("somebody listens"));
        assert_eq!(told.recv_timeout(PATIENCE), Ok("told late"));
        assert_eq!(running.wait(), Ok(()));
    }
}

#[test]
fn the_numbers_are_told_as_json() {
    for choice in drivers() {
        let running = engine(choice).tcp("127.0.0.1:0").start().expect("the engine starts");
        let mut client = Client::open(&running.addresses()[0]);
        client.initialize();
        client.call(1, "inline", &json!({ "text": "counted" }));
        let text = running.metrics_json();
        let numbers: serde_json::Value = serde_json::from_str(&text).expect("it is JSON");
        let driver = if choice == Choice::Epoll { "epoll" } else { "io_uring" };
        assert_eq!(numbers["driver"], driver, "{text}");
        assert_eq!(numbers["requests"]["tools/call"]["result"], 1, "{text}");
        assert_eq!(numbers["latency_ns"]["tools/call"]["count"], 1, "{text}");
        end(running);
    }
}
