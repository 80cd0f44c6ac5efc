//! What one workload came to: the plan's keys, exactly, and what we add.
//!
//! The published schema of an array of these is `benches/results.schema.json`, made from the types here.

mod environment;
pub mod file;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The version of the shape of a record; a key more or less is a new one.
pub const SCHEMA: u32 = 1;

/// The figure of connections that were opened anew in one repetition, because the server had closed
/// the one before or had left the event stream of an answer open.
pub const RENEWALS: &str = "new_connections";

/// The figure of requests that were sent once more in one repetition, because the server had closed
/// their connection after an answer without saying so.
pub const RESENT: &str = "requests_sent_again";

/// The figure of calls of the kinds read and write that the server made for a request, over standard
/// input and output. They are nearly all that most such servers ask of the kernel, and nothing of what a
/// ring is asked.
pub const READ_WRITES: &str = "read_write_calls_a_request";

/// One workload, measured on one server.
#[derive(Clone, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// The version of the shape of this record.
    pub schema: u32,
    /// What was measured, in words.
    pub benchmark: String,
    /// The identifier of the workload.
    pub workload_id: String,
    /// When it ended: ISO 8601, UTC.
    pub timestamp: String,
    /// Where and with what.
    pub environment: Environment,
    /// Operations counted, over all repetitions.
    pub operations: u64,
    /// Seconds in which they were counted, over all repetitions.
    pub duration_s: f64,
    /// Messages a second: two for each request that is answered, and what comes between them.
    pub throughput_msg_per_s: f64,
    /// Half of the operations took no longer, in microseconds. In an open loop from the moment the
    /// request was due.
    pub latency_p50_us: f64,
    /// 95 % took no longer.
    pub latency_p95_us: f64,
    /// 99 % took no longer.
    pub latency_p99_us: f64,
    /// The shortest.
    pub latency_min_us: f64,
    /// The longest.
    pub latency_max_us: f64,
    /// The mean.
    pub latency_avg_us: f64,
    /// Resident memory of the server before, in MiB; zero where it cannot be seen.
    pub memory_start_mib: f64,
    /// And after.
    pub memory_end_mib: f64,
    /// The difference.
    pub memory_delta_mib: f64,
    /// Share of one core that the server used, in percent; zero where it cannot be seen.
    pub cpu_percent_avg: f64,
    /// What held it back, as far as it shows: `server_cpu`, `generator_cpu`, `noise`.
    pub bottlenecks: Vec<String>,

    /// Requests answered a second.
    #[serde(rename = "req/s")]
    pub requests_per_s: f64,
    /// CPU time of the server a request, in microseconds, where it can be seen.
    pub server_cpu_us: Option<f64>,
    /// System calls of the server a request, where they can be seen.
    pub system_calls: Option<f64>,
    /// Context switches of the server a request, where they can be seen.
    pub context_switches: Option<f64>,
    /// Latency from the moment a request was sent, in an open loop: p50, p95, p99.
    pub service_us: Option<[f64; 3]>,
    /// Wrong answers, errors and requests without an answer.
    pub errors: u64,
    /// How many of each kind: `wrong`, `rpc`, `http`, `unanswered`.
    pub errors_by_kind: BTreeMap<String, u64>,
    /// The first of them, in words.
    pub first_error: Option<String>,
    /// Whether the figures mean something.
    pub valid: bool,
    /// Why not: the generator or the machine was the limit.
    pub invalid: Vec<String>,
    /// The name of the server in this run; `inside` for work inside the measuring process.
    pub subject: String,
    /// Which server: its name and version as it says itself, and how it was reached.
    pub server: String,
    /// How it was asked.
    pub load: Load,
    /// Each repetition.
    pub repetitions: Vec<Repetition>,
    /// Microseconds of the stages of one operation, where they are known.
    pub stages_us: BTreeMap<String, f64>,
    /// Other figures, each with its unit at the end of its name.
    pub figures: BTreeMap<String, f64>,
}

impl Record {
    /// A record of nothing, for tests that care about a few keys.
    #[cfg(test)]
    pub(crate) fn empty(environment: Environment) -> Self {
        Self {
            schema: SCHEMA,
            benchmark: String::new(),
            workload_id: String::new(),
            timestamp: String::new(),
            environment,
            operations: 0,
            duration_s: 0.0,
            throughput_msg_per_s: 0.0,
            latency_p50_us: 0.0,
            latency_p95_us: 0.0,
            latency_p99_us: 0.0,
            latency_min_us: 0.0,
            latency_max_us: 0.0,
            latency_avg_us: 0.0,
            memory_start_mib: 0.0,
            memory_end_mib: 0.0,
            memory_delta_mib: 0.0,
            cpu_percent_avg: 0.0,
            bottlenecks: Vec::new(),
            requests_per_s: 0.0,
            server_cpu_us: None,
            system_calls: None,
            context_switches: None,
            service_us: None,
            errors: 0,
            errors_by_kind: BTreeMap::new(),
            first_error: None,
            valid: true,
            invalid: Vec::new(),
            subject: String::new(),
            server: String::new(),
            load: Load::default(),
            repetitions: Vec::new(),
            stages_us: BTreeMap::new(),
            figures: BTreeMap::new(),
        }
    }
}

/// Where and with what.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The operating system and its kernel.
    pub os: String,
    /// The processor.
    pub processor: String,
    /// Cores this process may use.
    pub cores: usize,
    /// Memory of the machine, in MiB.
    pub memory_mib: u64,
    /// The governor of the processor's clock, where there is one.
    pub governor: Option<String>,
    /// What the load runs on, `io_uring` or `epoll`, with the probe's reason.
    pub driver: String,
    /// The revision of the sources, with `+` behind it when the tree had changes.
    pub git_revision: Option<String>,
    /// Versions by name: `mcpring`, `rustc`, and what servers run on.
    pub versions: BTreeMap<String, String>,
    /// `release` or `debug`.
    pub build: String,
}

/// How a server was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Load {
    /// `closed`: the next request follows an answer; `open`: requests are sent when they are due.
    pub pace: String,
    /// Requests a second of an open loop.
    pub rate: Option<f64>,
    /// What carried the messages: `http`, `tcp`, `tcp-line`, `unix`, `unix-line`, `stdio`, `inside`.
    pub via: String,
    /// The protocol's version that was spoken.
    pub version: String,
    /// Connections.
    pub connections: usize,
    /// Requests in flight on each.
    pub inflight: usize,
    /// Seconds before counting.
    pub warmup_s: f64,
}

/// One repetition.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Repetition {
    /// Operations counted.
    pub operations: u64,
    /// Requests answered a second.
    #[serde(rename = "req/s")]
    pub requests_per_s: f64,
    /// Microseconds.
    pub latency_p50_us: f64,
    /// Microseconds.
    pub latency_p95_us: f64,
    /// Microseconds.
    pub latency_p99_us: f64,
    /// CPU time of the server a request, in microseconds.
    pub server_cpu_us: Option<f64>,
    /// Share of the time in which the server was kept off its core by something else.
    pub kept_off: f64,
}
