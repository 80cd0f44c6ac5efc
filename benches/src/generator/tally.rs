//! What was counted.

use std::time::Duration;

use super::load::Pace;
use crate::histogram::Latencies;
use crate::measure::process::Usage;

/// What one run counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// When requests were sent.
    pub pace: Pace,
    /// Requests answered rightly.
    pub requests: u64,
    /// Requests answered with something else; the first may be of the warm-up.
    pub errors: Errors,
    /// Requests of an open loop without an answer when the run gave up waiting; their latencies are
    /// counted with what they had reached by then.
    pub unanswered: u64,
    /// From the moment a request was due to its answer. In a closed loop it is due when it is sent.
    pub latencies: Latencies,
    /// From the moment a request was sent to its answer.
    pub service: Latencies,
    /// How late a request was sent although a lane was free for it: the generator's own fault.
    pub lag: Latencies,
    /// The time in which all this was counted.
    pub elapsed: Duration,
    /// What the scheduler gave the generator's thread in that time.
    pub generator: Usage,
    /// Connections opened in that time, because the server closes them or leaves event streams open.
    pub renewals: u64,
    /// Requests sent once more in that time, because the server had closed their connection unsaid.
    pub resent: u64,
    /// Bytes sent in that time.
    pub bytes_out: u64,
    /// Bytes received in that time.
    pub bytes_in: u64,
}

/// Answers that were not right, by what was wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Errors {
    /// Another content, another id, too few or too many messages before the answer, `isError`.
    pub wrong: u64,
    /// JSON-RPC errors.
    pub rpc: u64,
    /// HTTP statuses other than success, and event streams that ended without the answer.
    pub http: u64,
    /// The first one, in words.
    pub first: Option<String>,
}

/// How a run is going.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// Whether this is the warm-up.
    pub is_warmup: bool,
    /// Time since the warm-up or the counting began.
    pub elapsed: Duration,
    /// Requests answered rightly since then.
    pub requests: u64,
    /// Errors since the run began.
    pub errors: u64,
    /// Requests a second since the last progress.
    pub requests_per_s: f64,
    /// Median latency since the last progress, in microseconds.
    pub p50_us: f64,
    /// 99th percentile of latency since the last progress, in microseconds.
    pub p99_us: f64,
}

impl Tally {
    /// Requests answered a second.
    pub fn requests_per_s(&self) -> f64 {
        self.requests as f64 / self.elapsed.as_secs_f64()
    }

    /// Share of the time in which the generator's thread was on its core.
    pub fn generator_busy(&self) -> f64 {
        self.generator.cpu.as_secs_f64() / self.elapsed.as_secs_f64()
    }

    /// Share of the time in which it was kept off its core by something else.
    pub fn generator_kept_off(&self) -> f64 {
        self.generator.waited.as_secs_f64() / self.elapsed.as_secs_f64()
    }
}

impl Errors {
    /// All of them.
    pub fn count(&self) -> u64 {
        self.wrong + self.rpc + self.http
    }
}
