//! Hooks over real sockets, on both drivers: answered by a thread of the program's own.

#![allow(clippy::disallowed_methods, reason = "these tests are about sockets")]

mod support;

use std::thread;

use crossbeam_channel::Sender;
use mcpring::server::{Deferred, Server};
use mcpring::{Call, Engine, Hook, Outcome, Tool};
use serde_json::{Value, json};

use support::{Client, drivers};

/// Hands the call to whoever takes from `queue`; the shard does no more.
fn queued(queue: &Sender<Deferred>) -> Hook {
    let queue = queue.clone();
    let hook = move |call: &mut Call<'_>| {
        // A call that nobody takes is answered as it is dropped.
        let _ = queue.send(call.defer());
        Outcome::Deferred
    };
    Hook::new(hook).inline()
}

fn server(queue: &Sender<Deferred>) -> Server {
    Server::builder("test", "1.0.0")
        .tool(Tool::raw("tool", json!({ "type": "object" }), |_: &mut Call<'_>| "called").inline())
        .hook("initialize", queued(queue))
        .hook("tools/list", queued(queue))
        .build()
        .expect("the test's server is in order")
}

/// Signs a result with the method it answers.
fn sign(deferred: Deferred) {
    let mut result: Value = serde_json::from_str(deferred.result_json()).expect("JSON");
    match deferred.name() {
        "initialize" => result["instructions"] = json!("signed"),
        method => result["tools"][0]["title"] = json!(method),
    }
    deferred.finish(Outcome::raw(result.to_string()));
}

#[test]
fn another_thread_has_the_last_word() {
    for choice in drivers() {
        let (queue, calls) = crossbeam_channel::unbounded::<Deferred>();
        let signer = thread::spawn(move || calls.into_iter().for_each(sign));
        let engine = Engine::new(server(&queue)).driver(choice).shards(2);
        let engine = engine.http("127.0.0.1:0").tcp("127.0.0.1:0").tcp_line("127.0.0.1:0");
        let running = engine.start().expect("the engine starts");
        drop(queue);
        for address in running.addresses() {
            let mut client = Client::open(address);
            let opened = client.initialize();
            assert_eq!(opened["result"]["instructions"], "signed", "{choice} {address}: {opened}");
            let listed = client.ask(2, "tools/list", &json!({}));
            let title = &listed["result"]["tools"][0]["title"];
            assert_eq!(*title, "tools/list", "{choice} {address}: {listed}");
            let called = client.call(3, "tool", &json!({}));
            assert_eq!(called["result"]["content"][0]["text"], "called", "{choice} {address}");
        }
        running.stop();
        assert_eq!(running.join(), Ok(()));
        // The server is gone, and with it the last sender.
        signer.join().expect("all calls were signed");
    }
}
