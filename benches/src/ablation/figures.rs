//! What an experiment asks for beside time and memory: hits, copies, queues, the spread of work.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde::Serialize;

use crate::fault::Fault;
use crate::measure::counters::Counters;
use crate::subject::Subject;
use crate::tools;

/// What else an experiment asks for.
#[derive(Clone, Copy, Debug)]
pub enum Extra {
    /// Nothing.
    None,
    /// How many checks found their schema compiled.
    HitRate,
    /// How busy the worker threads were, and how many calls waited for one.
    Pool {
        /// Worker threads, off and on.
        workers: [usize; 2],
        /// How long a call keeps one.
        call_ms: u64,
        /// Calls under way at once.
        calls: usize,
    },
    /// How the work was spread over the shards.
    Shards,
    /// What was copied.
    Copies,
}

/// One such figure.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// What it says, with its unit.
    pub name: &'static str,
    /// Without the optimisation.
    pub off: f64,
    /// With it.
    pub on: f64,
}

/// Watches both servers while they are under load.
pub(super) struct Watcher {
    extra: Extra,
    queues: Option<Sampler>,
}

impl Watcher {
    /// Begins to watch.
    pub(super) fn start(extra: Extra, subjects: &[Subject; 2]) -> Result<Self, Fault> {
        let queues = match extra {
            Extra::Pool { .. } => Some(Sampler::start(counters(subjects)?)),
            _ => None,
        };
        Ok(Self { extra, queues })
    }

    /// What was seen; `requests_per_s` are those of both sides.
    pub(super) fn finish(
        self,
        subjects: &[Subject; 2],
        requests_per_s: [f64; 2],
    ) -> Result<Vec<Figure>, Fault> {
        let deepest = self.queues.map(Sampler::finish).transpose()?;
        match self.extra {
            Extra::None => Ok(Vec::new()),
            Extra::HitRate => hit_rate(&counters(subjects)?),
            Extra::Pool { workers, call_ms, calls } => {
                let busy = |side: usize| {
                    let asleep = requests_per_s[side] * call_ms as f64 / 1e3;
                    100.0 * asleep / workers[side] as f64
                };
                Ok(vec![
                    figure(
                        "all calls together, ms",
                        requests_per_s.map(|rate| 1e3 * calls as f64 / rate),
                    ),
                    figure("workers in use, %", [busy(0), busy(1)]),
                    figure("longest queue seen", deepest.unwrap_or_default()),
                ])
            }
            Extra::Shards => {
                let shares = [busiest_shard(&subjects[0])?, busiest_shard(&subjects[1])?];
                Ok(vec![figure("busiest shard's share of the CPU, %", shares)])
            }
            Extra::Copies => copies(&counters(subjects)?),
        }
    }
}

fn figure(name: &'static str, [off, on]: [f64; 2]) -> Figure {
    Figure { name, off, on }
}

fn counters(subjects: &[Subject; 2]) -> Result<[Counters; 2], Fault> {
    let of = |subject: &Subject| {
        let missing = || Fault::Target(format!("{}: it shows no counters", subject.name()));
        subject.counters().cloned().ok_or_else(missing)
    };
    Ok([of(&subjects[0])?, of(&subjects[1])?])
}

fn sum(counters: &Counters, name: &str) -> Result<f64, Fault> {
    counters.sum(name)?.ok_or_else(|| Fault::Target(format!("the server has no counter {name}")))
}

/// Of all that was asked of both servers so far.
fn copies(counters: &[Counters; 2]) -> Result<Vec<Figure>, Fault> {
    let each = |name, side: usize| {
        let requests = sum(&counters[side], "mcpring_requests_total")?;
        Ok::<_, Fault>(sum(&counters[side], name)? / requests)
    };
    let both = |name| Ok::<_, Fault>([each(name, 0)?, each(name, 1)?]);
    Ok(vec![
        figure("copies a request", both("mcpring_copies_total")?),
        figure("bytes copied a request", both("mcpring_copied_bytes_total")?),
    ])
}

/// The schemas that the fixture compiles when it is built, beside the calls that used them. The
/// other side compiles for each call and never hits.
fn hit_rate(counters: &[Counters; 2]) -> Result<Vec<Figure>, Fault> {
    let fixture = tools::server().map_err(|fault| Fault::Invalid(fault.to_string()))?;
    let compiled = fixture.schema_stats();
    let calls = sum(&counters[1], "mcpring_requests_total")?;
    let hits = 100.0 * calls / (calls + compiled.misses as f64);
    Ok(vec![
        figure("schema found compiled, % of the calls", [0.0, hits]),
        figure("schema texts kept, bytes", [0.0, compiled.bytes as f64]),
    ])
}

/// The share of the shards' CPU time that the busiest one had, in percent.
fn busiest_shard(subject: &Subject) -> Result<f64, Fault> {
    let process = subject.process().ok_or_else(|| Fault::Target("no process to be seen".into()))?;
    let shards = process.threads("mcpring-shard-")?;
    let all: Duration = shards.iter().sum();
    let busiest = shards.iter().max().copied().unwrap_or_default();
    Ok(100.0 * busiest.as_secs_f64() / all.as_secs_f64().max(f64::MIN_POSITIVE))
}

/// Asks both servers again and again how many calls wait for a worker.
struct Sampler {
    stop: Sender<()>,
    thread: JoinHandle<Result<[f64; 2], Fault>>,
}

impl Sampler {
    /// Rarely enough that it is no load.
    const PERIOD: Duration = Duration::from_millis(20);

    fn start(counters: [Counters; 2]) -> Self {
        let (stop, stopped) = channel();
        Self { stop, thread: thread::spawn(move || Self::sample(&counters, &stopped)) }
    }

    fn sample(counters: &[Counters; 2], stopped: &Receiver<()>) -> Result<[f64; 2], Fault> {
        let mut deepest = [0.0_f64; 2];
        while stopped.recv_timeout(Self::PERIOD) == Err(RecvTimeoutError::Timeout) {
            for (deepest, counters) in deepest.iter_mut().zip(counters) {
                *deepest = deepest.max(sum(counters, "mcpring_worker_queue_length")?);
            }
        }
        Ok(deepest)
    }

    fn finish(self) -> Result<[f64; 2], Fault> {
        drop(self.stop);
        let ended = self.thread.join();
        ended.unwrap_or_else(|_| Err(Fault::Invalid("the sampler of queues panicked".into())))
    }
}
