//! Trials against servers in this process: no child, no second core, tiny counts.

use std::time::Duration;

use mcpring::ring::Choice;
use mcpring::{Config, Engine, Running};
use serde_json::{Value, json};

use super::*;
use crate::workload::{AnswerSpec, EraSpec, FanoutSpec, InsideSpec, LoadSpec, RequestSpec, Via};

fn start(driver: Choice) -> Running {
    let config = Config { shards: 1, driver, ..Config::default() };
    let engine = Engine::new(crate::tools::server().expect("a sound server")).config(config);
    let engine = engine.http("127.0.0.1:0").tcp("127.0.0.1:0").tcp_line("127.0.0.1:0");
    engine.start().expect("free ports")
}

fn settings(driver: Choice) -> Settings {
    Settings {
        repetitions: 2,
        scale: Scale::Exactly(20),
        warmup: Duration::from_millis(5),
        time_min: Duration::ZERO,
        time_max: Duration::from_secs(5),
        timeout: Duration::from_secs(5),
        errors_counted: false,
        driver,
        apart: None,
        environment: Environment::default(),
    }
}

fn workload(id: &str, via: Via) -> Workload {
    Workload {
        id: id.into(),
        about: "a workload".into(),
        plan: "W0".into(),
        operations: 20,
        quick_operations: None,
        request: None,
        answer: None,
        load: LoadSpec { via, era: EraSpec::Any, connections: 2, inflight: 1, rate: None },
        fanout: None,
        inside: None,
        not_yet: None,
    }
}

fn call(tool: &str, arguments: &Value, text: &str, via: Via) -> Workload {
    let Value::Object(params) = json!({ "name": tool, "arguments": arguments }) else {
        panic!("an object")
    };
    let request = RequestSpec {
        method: "tools/call".into(),
        params,
        generate: None,
        progress: false,
        replies: serde_json::Map::new(),
    };
    let result = json!({ "content": [{ "type": "text", "text": text }] });
    let answer = Some(AnswerSpec { result, events: 0 });
    Workload { request: Some(request), answer, ..workload(tool, via) }
}

/// Measures `workload` on one server by all its addresses, as if they were three servers, and
/// describes what it came to on each.
fn check(driver: Choice, workload: &Workload, want: &str) {
    let running = start(driver);
    let mut subjects: Vec<Subject> = running
        .addresses()
        .iter()
        .map(|url| Subject::remote(url, EraSpec::Any).expect("a server"))
        .collect();
    let outcomes = in_turn(&mut subjects, workload, &settings(driver), &mut Unwatched);
    let got: Vec<_> = outcomes.iter().map(describe).collect();
    assert_eq!(got.join("; "), want, "{driver}, {}", workload.id);
    running.stop_now();
    running.join().expect("a sound end");
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Measured(record) => {
            assert_eq!(record.repetitions.len(), 2, "{record:?}");
            assert!(record.latency_p50_us <= record.latency_p99_us, "{record:?}");
            assert!(record.duration_s > 0.0 && record.requests_per_s > 0.0, "{record:?}");
            format!("{} over {}", record.operations, record.load.via)
        }
        Outcome::NotOffered { why, .. } => why.clone(),
        Outcome::NotYet { why, .. } => format!("not yet: {why}"),
        Outcome::Failed { fault, .. } => {
            let words = fault.to_string();
            let kind = words.split(", such as").next().unwrap_or("");
            let kind = kind.trim_start_matches(|letter: char| letter.is_ascii_digit());
            format!("exit {}:{kind}", fault.exit_code())
        }
    }
}

#[test]
fn a_workload_is_measured_where_it_can_be() {
    for driver in [Choice::Auto, Choice::Epoll] {
        let echo = |via| call("echo", &json!({ "message": "abc" }), "abc", via);
        check(driver, &echo(Via::Http), &format!("40 over http; {}", http_missing()));
        let add = call("add", &json!({ "a": 1, "b": 2 }), "4", Via::Http);
        let wrong = format!("exit 4: errors; {}", http_missing());
        check(driver, &add, &wrong);
        let other = call("other", &json!({}), "", Via::Http);
        check(driver, &other, &format!("has no tool `other`; {}", http_missing()));
        let fanout = Some(FanoutSpec { subscribers: 3, rate: None });
        let fanout = Workload { fanout, ..workload("fanout", Via::Http) };
        check(driver, &fanout, &format!("40 over http; {}", http_missing()));
        let not_yet = Some("why".to_owned());
        check(driver, &Workload { not_yet, ..workload("w", Via::Http) }, "not yet: why");
        check(
            driver,
            &echo(Via::Stdio),
            "is not started over stdio; is not started over stdio; is not started over stdio",
        );
    }
}

/// Measures `workloads` on servers that are started anew for each round, of which there may be
/// `servers_max`, and describes what they came to.
fn check_rounds(driver: Choice, workloads: &[Workload], servers_max: usize, want: &[&str]) {
    let mut servers = vec![start(driver)];
    let meet = |running: &Running| Subject::remote(&running.addresses()[0], EraSpec::Any);
    let mut got = Vec::new();
    let first = meet(&servers[0]).expect("a server");
    let again = &mut || {
        if servers.len() == servers_max {
            return Err(Fault::Target("no more servers".into()));
        }
        servers.push(start(driver));
        meet(&servers[servers.len() - 1])
    };
    let settings = settings(driver);
    let mut ended = |outcome| {
        got.push(describe(&outcome));
        Ok(())
    };
    let all = in_rounds(first, again, workloads, &settings, &mut Unwatched, &mut ended);
    got.extend(all.err().map(|fault| fault.to_string()));
    assert_eq!(got, want, "{driver}");
    assert_eq!(servers.len(), servers_max.min(settings.repetitions), "{driver}");
    for running in servers {
        running.stop_now();
        running.join().expect("a sound end");
    }
}

#[test]
fn all_are_measured_again_on_a_server_started_anew() {
    for driver in [Choice::Auto, Choice::Epoll] {
        let echo = call("echo", &json!({ "message": "abc" }), "abc", Via::Http);
        let add = call("add", &json!({ "a": 1, "b": 2 }), "4", Via::Http);
        let fanout = Some(FanoutSpec { subscribers: 3, rate: None });
        let fanout = Workload { fanout, ..workload("fanout", Via::Http) };
        let not_yet = Workload { not_yet: Some("why".into()), ..workload("w", Via::Http) };
        let inside = Some(InsideSpec { part: "pool".into(), size: None });
        let inside = Workload { inside, ..workload("pool", Via::Http) };
        let all = [inside, echo, call("none", &json!({}), "", Via::Http), add, not_yet, fanout];
        let (echo, none) = ("40 over http", "has no tool `none`");
        let want = ["40 over inside", echo, none, "exit 4: errors", "not yet: why", "40 over http"];
        check_rounds(driver, &all, 2, &want);
        check_rounds(driver, &all, 1, &["round 2: no more servers"]);
    }
}

#[test]
fn work_inside_is_measured_without_a_server() {
    let inside = Some(InsideSpec { part: "pool".into(), size: None });
    check(Choice::Auto, &Workload { inside, ..workload("pool", Via::Http) }, "40 over inside");
}

fn http_missing() -> &'static str {
    "does not listen on http; does not listen on http"
}
