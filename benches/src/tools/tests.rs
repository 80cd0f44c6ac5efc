//! The fixture answers what the workloads ask, on every wire, in both eras and on both drivers.

use std::net::SocketAddr;

use mcpring::ring::Choice;
use mcpring::{Config, Engine, Running};
use serde_json::{Value, json};

use super::*;
use crate::client::Client;
use crate::generator::request::{ID_FIRST, post};
use crate::generator::{Extent, Load, run};
use crate::question::{Answer, Question};
use crate::target::{Era, Target, Wire};
use crate::workload::{self, Workload};

/// Requests of each question: a few for each connection.
const REQUESTS: u64 = 12;

fn on_both_drivers(check: impl Fn(Choice, &Running)) {
    for driver in [Choice::Auto, Choice::Epoll] {
        let config = Config { shards: 1, driver, ..Config::default() };
        let engine = Engine::new(server().expect("a sound server")).config(config);
        let engine = engine.http("127.0.0.1:0").tcp("127.0.0.1:0").tcp_line("127.0.0.1:0");
        let running = engine.start().expect("free ports");
        check(driver, &running);
        running.stop_now();
        running.join().expect("a sound end");
    }
}

fn address(running: &Running, place: usize) -> SocketAddr {
    let url = &running.addresses()[place];
    let scheme = url.split_once("://").expect("a URL").0;
    crate::child::address(url, scheme).expect("an address")
}

#[test]
fn every_workload_is_answered_on_every_wire() {
    let questions: Vec<Question> = workload::all().iter().filter_map(Workload::question).collect();
    assert!(questions.len() > 12, "{} questions", questions.len());
    on_both_drivers(|driver, running| {
        for (place, wire) in [Wire::Http, Wire::Length, Wire::Line].into_iter().enumerate() {
            for era in [Era::Handshake, Era::Stateless] {
                let target = Target::new(address(running, place), wire, era);
                // Only the handshake era can be pinged.
                let asked = questions
                    .iter()
                    .filter(|question| era == Era::Handshake || question.method() != "ping");
                asked.for_each(|question| check(driver, &target, question));
            }
        }
    });
}

fn check(driver: Choice, target: &Target, question: &Question) {
    let load = Load { driver, ..Load::closed(3, 2, Extent::Requests(REQUESTS)) };
    let place = format!("{driver}, {target:?}, {}", question.name);
    let tally = run(target, question, &load, &mut |_| Ok(()))
        .unwrap_or_else(|fault| panic!("{place}: {fault}"));
    assert_eq!((tally.requests, tally.errors.first), (REQUESTS, None), "{place}");
}

#[test]
fn other_threads_answer_and_the_client_is_asked() {
    let text = |text: &str| json!({ "content": [{ "type": "text", "text": text }] });
    let said = json!({
        "role": "assistant", "model": "m", "content": { "type": "text", "text": "Yes." }
    });
    let rows = [
        ("echo_pooled", json!({ "message": "hi" }), text("hi")),
        ("add", json!({ "a": -2, "b": 5 }), text("3")),
        ("sleep", json!({ "ms": 1 }), text("slept 1 ms")),
        ("count_up", json!({ "steps": 3 }), text("counted 3")),
        ("update_resource", json!({ "uri": RESOURCES[0] }), text("updated")),
        ("ask_model", json!({ "prompt": "Well?" }), text("Yes.")),
        ("form5", json!({ "name": "", "email": "e", "age": 1, "price": 0, "active": "no" }), {
            json!({ "isError": true })
        }),
    ];
    on_both_drivers(|driver, running| {
        let target = Target::new(address(running, 0), Wire::Http, Era::Stateless);
        for (tool, arguments, want) in &rows {
            let mut result = call(&target, tool, arguments, &json!({}));
            if let Some(asked) = result["inputRequests"].as_object() {
                let answers: serde_json::Map<String, Value> =
                    asked.keys().map(|key| (key.clone(), said.clone())).collect();
                let mut more = json!({ "inputResponses": answers });
                if let Some(state) = result.get("requestState") {
                    more["requestState"] = state.clone();
                }
                result = call(&target, tool, arguments, &more);
            }
            let want = want.as_object().expect("an object");
            for (name, want) in want {
                assert_eq!(&result[name], want, "{driver}, {tool}: {result}");
            }
        }
    });
}

/// The result of one call over HTTP; `more` stands beside the arguments.
fn call(target: &Target, tool: &str, arguments: &Value, more: &Value) -> Value {
    let mut params = json!({ "name": tool, "arguments": arguments });
    for (name, value) in more.as_object().expect("an object") {
        params[name] = value.clone();
    }
    let answer = Answer::Result(json!({}));
    let question = Question::request(tool, "tools/call", params.to_string(), answer);
    let (message, _) = question.message(target.era, ID_FIRST);
    let headers = [("Mcp-Method", "tools/call"), ("Mcp-Name", tool)];
    let request = post(target, None, &headers, &message).0;
    let mut client = Client::connect(target).expect("it listens");
    let reply = client.ask(&request).expect("an answer");
    let reply: Value = serde_json::from_slice(&reply.body).expect("JSON");
    assert!(reply["result"].is_object(), "{tool}: {reply}");
    reply["result"].clone()
}
