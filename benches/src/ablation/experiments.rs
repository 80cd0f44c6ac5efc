//! The plan's experiments, as a table: what is asked of a server with an optimisation and of one
//! without it, and what the plan expects of that.

use serde_json::{Value, json};

use super::figures::Extra;
use crate::tools::many;
use crate::workload::{self, AnswerSpec, LoadSpec, RequestSpec, Via, Workload};

/// One experiment of the plan.
pub struct Experiment {
    /// The plan's number.
    pub id: &'static str,
    /// What is on, and what takes its place when it is off.
    pub about: &'static str,
    /// What the plan expects of latency, throughput, memory and CPU; nothing where it says nothing.
    pub plan: [&'static str; 4],
    /// How it is measured.
    pub how: How,
}

/// How an experiment is measured.
pub enum How {
    /// In these variations.
    Measured(&'static [Variation]),
    /// Not yet, for this reason.
    NotYet(&'static str),
}

/// One pair of sides.
pub struct Variation {
    /// What is particular about it.
    pub name: &'static str,
    /// What both sides do.
    pub work: Work,
}

/// What both sides do.
pub enum Work {
    /// Two servers answer the same load.
    Served {
        /// The load.
        workload: fn() -> Workload,
        /// Arguments of the server without the optimisation.
        off: &'static [&'static str],
        /// Arguments of the server with it.
        on: &'static [&'static str],
        /// What else the experiment asks for.
        extra: Extra,
    },
    /// The template that a URI fits is looked for in this process, among so many.
    Lookup(usize),
}

/// All of them, in the plan's order.
pub const ALL: &[Experiment] = &[
    Experiment {
        id: "E1",
        about: "schema cache: compiled once, not before every check",
        plan: ["-75 %", "5x", "+10 MB", "-30 %"],
        how: How::Measured(&[
            without("5 fields", || plan("tool_call_medium_1k"), SCHEMAS, Extra::HitRate),
            without("20 fields", form20, SCHEMAS, Extra::HitRate),
            served(
                "20 fields, beside 1,000 schemas",
                form20,
                &["--schemas", "1000", "--off", "schema-cache"],
                &["--schemas", "1000"],
                Extra::None,
            ),
        ]),
    },
    Experiment {
        id: "E2",
        about: "JSON: our scan, not serde_json's tree",
        plan: ["-60 %", "3x", "none", "-40 %"],
        how: How::Measured(&[
            without("small, 0.3 KB", || plan("tcp_sustained_1m"), SERDE, Extra::None),
            without("20 fields, 0.6 KB", || over_tcp(form20(), 16), SERDE, Extra::None),
            without(
                "1,000 fields, 88 KB",
                || over_tcp(plan("tool_call_large_1k"), 1),
                SERDE,
                Extra::None,
            ),
        ]),
    },
    Experiment {
        id: "E3",
        about: "asynchronous tools: 10 workers, not 1",
        plan: ["none", "5x", "+5 MB", "+10 %"],
        how: How::Measured(&[served(
            "100 calls of 5 ms at once",
            sleeping,
            &["--workers", "1"],
            &["--workers", "10"],
            Extra::Pool { workers: [1, 10], call_ms: SLEEP_MS, calls: SLEEPERS },
        )]),
    },
    Experiment {
        id: "E4",
        about: "server pool: 2 shards, not 1; the load has one of their cores too",
        plan: ["none", "10x", "+50 MB", "+80 %"],
        how: How::Measured(&[
            served(
                "a tool that computes 200 µs",
                many_clients,
                &["--all-cores", "--slow-us", "200"],
                &["--all-cores", "--slow-us", "200", "--shards", "2"],
                Extra::Shards,
            ),
            served(
                "echo",
                many_clients,
                &["--all-cores"],
                &["--all-cores", "--shards", "2"],
                Extra::Shards,
            ),
        ]),
    },
    Experiment {
        id: "E5",
        about: "batched fan-out: encoded once and sent together, not one by one",
        plan: ["-75 %", "4x", "+2 MB", "-20 %"],
        how: How::Measured(&[
            without("1,000 at 10 Hz", fanout, BATCHING, Extra::None),
            without("1,000, one after the other", fanout_closed, BATCHING, Extra::None),
        ]),
    },
    Experiment {
        id: "E6",
        about: "zero-copy: received bytes are lent, not copied out",
        plan: ["-20 %", "1.2x", "-30 %", "none"],
        how: How::Measured(&[
            without("10 KB messages", echo_10k, LEASES, Extra::Copies),
            without("0.3 KB messages", || plan("tcp_sustained_1m"), LEASES, Extra::Copies),
        ]),
    },
    Experiment {
        id: "E7",
        about: "native JSON: our scan, not simd-json's tape",
        plan: ["-80 %", "10x", "none", "-60 %"],
        how: How::Measured(&[
            without("small, 0.3 KB", || plan("tcp_sustained_1m"), SIMD, Extra::None),
            without("20 fields, 0.6 KB", || over_tcp(form20(), 16), SIMD, Extra::None),
            without(
                "1,000 fields, 88 KB",
                || over_tcp(plan("tool_call_large_1k"), 1),
                SIMD,
                Extra::None,
            ),
        ]),
    },
    Experiment {
        id: "E8",
        about: "HTTP/2 multiplexing",
        plan: ["-50 %", "3x", "+10 MB", "+20 %"],
        how: How::NotYet(
            "the engine speaks HTTP/1.1 only; over TCP many requests share a connection",
        ),
    },
    Experiment {
        id: "E9",
        about: "a registry over several nodes",
        plan: ["", "linear", "", ""],
        how: How::NotYet("the engine has no cluster: processes share a port, and no state"),
    },
    Experiment {
        id: "E10",
        about: "URI templates: a radix tree, not one template after another",
        plan: ["", "2x", "", ""],
        how: How::Measured(&[
            served(
                "read, 10 templates",
                || reading(10),
                &["--templates", "10", "--off", "template-router"],
                &["--templates", "10"],
                Extra::None,
            ),
            served(
                "read, 100 templates",
                || reading(100),
                &["--templates", "100", "--off", "template-router"],
                &["--templates", "100"],
                Extra::None,
            ),
            served(
                "read, 1,000 templates",
                || reading(1_000),
                &["--templates", "1000", "--off", "template-router"],
                &["--templates", "1000"],
                Extra::None,
            ),
            served(
                "read, 10,000 templates",
                || reading(10_000),
                &["--templates", "10000", "--off", "template-router"],
                &["--templates", "10000"],
                Extra::None,
            ),
            Variation { name: "look-up alone, 10 templates", work: Work::Lookup(10) },
            Variation { name: "look-up alone, 100 templates", work: Work::Lookup(100) },
            Variation { name: "look-up alone, 1,000 templates", work: Work::Lookup(1_000) },
            Variation { name: "look-up alone, 10,000 templates", work: Work::Lookup(10_000) },
        ]),
    },
];

const SCHEMAS: &[&str] = &["--off", "schema-cache"];
const BATCHING: &[&str] = &["--off", "fanout-batching"];
const LEASES: &[&str] = &["--off", "leases"];
const SERDE: &[&str] = &["--json", "serde"];
const SIMD: &[&str] = &["--json", "simd-json"];

/// How long a call of the pool experiment sleeps.
const SLEEP_MS: u64 = 5;
/// How many of them are under way at once.
const SLEEPERS: usize = 100;
/// Letters of a message of the zero-copy experiment.
const LETTERS: usize = 10 << 10;
/// Connections enough that each of two shards gets some.
const CLIENTS: usize = 64;

const fn served(
    name: &'static str,
    workload: fn() -> Workload,
    off: &'static [&'static str],
    on: &'static [&'static str],
    extra: Extra,
) -> Variation {
    Variation { name, work: Work::Served { workload, off, on, extra } }
}

/// The server as it is, and `off`.
const fn without(
    name: &'static str,
    workload: fn() -> Workload,
    off: &'static [&'static str],
    extra: Extra,
) -> Variation {
    served(name, workload, off, &[], extra)
}

/// A workload of the plan's.
fn plan(id: &str) -> Workload {
    let workload = workload::find(id);
    workload.unwrap_or_else(|| panic!("a test measures every one, also {id}")).clone()
}

/// The same over TCP, where the least lies around the message itself.
fn over_tcp(workload: Workload, inflight: usize) -> Workload {
    let load = LoadSpec { via: Via::Tcp, inflight, ..workload.load };
    Workload { load, ..workload }
}

fn form20() -> Workload {
    plan("tool_call_complex_100")
}

fn fanout() -> Workload {
    plan("resource_subscribe_fanout")
}

/// The next update follows when every subscriber has the one before.
fn fanout_closed() -> Workload {
    let mut workload = fanout();
    workload.fanout.iter_mut().for_each(|fanout| fanout.rate = None);
    workload
}

/// A hundred calls at once, none of which computes anything.
fn sleeping() -> Workload {
    let simple = plan("tool_call_simple_10k");
    let text = format!("slept {SLEEP_MS} ms");
    let asked = call(simple, "sleep", json!({ "ms": SLEEP_MS }), &text);
    let load = LoadSpec { connections: SLEEPERS, ..asked.load };
    Workload { id: "tool_call_concurrent_100".into(), load, ..asked }
}

fn many_clients() -> Workload {
    let simple = plan("tool_call_simple_10k");
    let load = LoadSpec { connections: CLIENTS, ..simple.load };
    Workload { load, ..over_tcp(simple, 1) }
}

fn echo_10k() -> Workload {
    let message: String = ('a'..='z').cycle().take(LETTERS).collect();
    call(plan("tcp_sustained_1m"), "echo", json!({ "message": message }), &message)
}

/// `workload` with another call of a tool.
fn call(workload: Workload, tool: &str, arguments: Value, text: &str) -> Workload {
    let result = json!({ "content": [{ "type": "text", "text": text }] });
    ask(workload, "tools/call", [("name", tool.into()), ("arguments", arguments)], result)
}

/// A read that fits the template in the middle of `templates`.
fn reading(templates: usize) -> Workload {
    let uri = many::template(templates / 2).replace("{id}", "seven");
    let result = json!({ "contents": [{ "uri": uri, "text": "seven" }] });
    let read = over_tcp(plan("resource_read_10k"), 16);
    ask(read, "resources/read", [("uri", uri.into())], result)
}

fn ask<const N: usize>(
    workload: Workload,
    method: &str,
    params: [(&str, Value); N],
    result: Value,
) -> Workload {
    let request = RequestSpec {
        method: method.into(),
        params: params.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        generate: None,
        progress: false,
        replies: serde_json::Map::new(),
    };
    let answer = Some(AnswerSpec { result, events: 0 });
    Workload { request: Some(request), answer, ..workload }
}
