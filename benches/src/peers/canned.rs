//! A comparison that nobody measured, to test what is made of one.

use super::goals;
use super::rest::{Figure, SESSION};
use super::{Comparison, Server, Without};
use crate::record::{Environment, Record, Repetition};
use crate::workload;

/// A record with its CPU time and its requests a second; latencies follow from them.
fn record(id: &str, server: &str, cpu_us: f64, requests_per_s: f64) -> Record {
    let p50 = 1e6 / requests_per_s;
    let [p50, p95, p99] = [p50, 1.5 * p50, 2.0 * p50];
    let repetition = Repetition {
        operations: 1000,
        requests_per_s,
        latency_p50_us: p50,
        latency_p95_us: p95,
        latency_p99_us: p99,
        server_cpu_us: Some(cpu_us),
        kept_off: 0.0,
    };
    Record {
        workload_id: id.into(),
        timestamp: "2026-11-26T08:00:00Z".into(),
        latency_p50_us: p50,
        latency_p95_us: p95,
        latency_p99_us: p99,
        requests_per_s,
        server_cpu_us: Some(cpu_us),
        valid: server != "fastmcp",
        subject: server.into(),
        repetitions: vec![repetition],
        ..Record::empty(Environment::default())
    }
}

/// Echo on three servers, and a resource read on two.
pub(super) fn records() -> Vec<Record> {
    vec![
        record("tool_call_simple_10k", "mcpring", 2.0, 50_000.0),
        record("tool_call_simple_10k", "rmcp", 10.0, 10_000.0),
        record("tool_call_simple_10k", "fastmcp", 400.0, 250.0),
        record("resource_read_10k", "mcpring", 3.0, 40_000.0),
        record("resource_read_10k", "rmcp", 6.0, 20_000.0),
    ]
}

/// The memory of sessions on two servers, and why a third has none.
pub(super) fn figures() -> Vec<Figure> {
    let value = |server: &str, bytes| (server.to_owned(), bytes);
    vec![Figure {
        name: SESSION.into(),
        values: [value("mcpring", 1_200.0), value("rmcp", 48_000.0)].into(),
        without: [("fastmcp".to_owned(), "it ended".to_owned())].into(),
    }]
}

/// All of it, with what was not measured.
pub(super) fn comparison() -> Comparison {
    let (records, figures) = (records(), figures());
    let without = |server: &str, id: Option<&str>, why: &str, failed| Without {
        server: server.into(),
        workload_id: id.map(str::to_owned),
        why: why.into(),
        failed,
    };
    let server = |name, version: &str, mode| Server { name, version: version.into(), mode };
    let environment = Environment {
        os: "Linux 6.12".into(),
        processor: "a processor".into(),
        cores: 2,
        memory_mib: 4096,
        driver: "io_uring".into(),
        versions: [("mcpring".to_owned(), "0.1.0".to_owned())].into(),
        build: "release".into(),
        ..Environment::default()
    };
    Comparison {
        environment,
        quick: true,
        servers: vec![
            server("mcpring", "mcpring 0.1.0, Rust", "one shard"),
            server("rmcp", "rmcp 3.9.0", "fastest"),
            server("fastmcp", "FastMCP 4.1.2", "fastest"),
            server("typescript", "TypeScript SDK 2.4.0", "fastest"),
        ],
        workloads: ["tool_call_simple_10k", "resource_read_10k", "sse_stream_1k"]
            .map(|id| workload::find(id).expect("a workload of the plan"))
            .into(),
        goals: goals::all(&records, &figures),
        records,
        figures,
        without: vec![
            without("typescript", None, "npm is not installed", false),
            without(
                "fastmcp",
                Some("resource_subscribe_fanout"),
                "has no subscriptions to resources",
                false,
            ),
            without("fastmcp", Some("sse_stream_1k"), "it fell silent", true),
        ],
    }
}
