//! One repetition: the warm-up, then the load with the meters around what is counted.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::meters::{Meters, Resident, Used};
use super::prepared::Prepared;
use super::{Settings, Watch};
use crate::audience::Stage;
use crate::child::{self, Server};
use crate::fault::Fault;
use crate::generator::pipes::Pipes;
use crate::generator::validity::{Why, validity};
use crate::generator::{Errors, Extent, Load, Mark, Pace, Tally, run_watched};
use crate::histogram::Latencies;
use crate::inside::{Account, Work};
use crate::measure::process::Usage;
use crate::record::{READ_WRITES, RENEWALS, RESENT};
use crate::subject::Subject;
use crate::workload::{FanoutSpec, LoadSpec};

/// Publications before anything is counted.
const WARM_PUBLICATIONS: u32 = 3;
/// Share of the warm-up that is spent on the connections that are counted.
const WARM_AGAIN: u32 = 10;

/// What one repetition showed.
pub(super) struct Seen {
    /// What was counted; its latencies are those of the operations.
    pub(super) tally: Tally,
    /// What speaks against it.
    pub(super) whys: Vec<Why>,
    /// What the server used, where that can be seen.
    pub(super) used: Option<Used>,
    /// Resident memory before and after, where it can be seen.
    pub(super) resident: Option<Resident>,
    /// Other figures, each with its unit at the end of its name.
    pub(super) figures: BTreeMap<String, f64>,
    /// The stages of an operation, where they are known.
    pub(super) stages_us: BTreeMap<String, f64>,
}

impl Seen {
    fn of(tally: Tally, meters: &Meters<'_>) -> Self {
        let used = meters.used();
        let counts = [(RENEWALS, tally.renewals), (RESENT, tally.resent)];
        let there = counts.into_iter().filter(|(_, count)| *count > 0);
        let there = there.map(|(name, count)| (name, count as f64));
        let read_writes = used.and_then(|used| used.read_writes);
        let read_writes =
            read_writes.map(|calls| (READ_WRITES, calls as f64 / tally.requests as f64));
        let figures = there.chain(read_writes).map(|(name, value)| (name.into(), value)).collect();
        Self {
            whys: validity(&tally, used.map(|used| used.time)),
            tally,
            used,
            resident: meters.resident(),
            figures,
            stages_us: BTreeMap::new(),
        }
    }

    /// Whether something spoiled it that may be better the next time.
    pub(super) fn is_spoiled(&self) -> bool {
        self.whys.iter().any(|why| why.may_pass())
    }

    /// Share of the time in which the server was kept off its core by something else. Threads of one
    /// server wait for each other too: others had at most what it did not use.
    pub(super) fn kept_off(&self) -> f64 {
        let Some(used) = self.used else { return 0.0 };
        let elapsed = self.tally.elapsed.as_secs_f64();
        let unused = (1.0 - used.time.cpu.as_secs_f64() / elapsed).max(0.0);
        (used.time.waited.as_secs_f64() / elapsed).min(unused)
    }
}

/// Makes one repetition of about `operations`, as far as the time suffices.
pub(super) fn repeat(
    subject: Option<&Subject>,
    prepared: &mut Prepared,
    operations: u64,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Result<Seen, Fault> {
    let process = subject.and_then(Subject::process);
    let mut meters = Meters::new(process, subject.and_then(Subject::counters));
    match prepared {
        Prepared::Socket { target, question, load } => {
            let tally = loaded(load, operations, settings, &mut |load, is_counted| {
                let mark = &mut |mark| if is_counted { meters.read(mark) } else { Ok(()) };
                let tell = &mut |progress: &_| watch.progress(progress);
                run_watched(target, question, load, mark, Some(tell))
            })?;
            Ok(Seen::of(tally, &meters))
        }
        Prepared::Pipes { command, cores, era, patience, question, load } => {
            let place = child::Place::Pinned(cores);
            let (server, input, output) = Server::start_piped(&mut command.command(), place)?;
            let mut pipes = Pipes::open(input, output, *era, *patience)?;
            // A launcher may have ended before the first answer.
            let mut meters = Meters::of_pipes(server.process());
            let tally = loaded(load, operations, settings, &mut |load, is_counted| {
                let mark = &mut |mark| if is_counted { meters.read(mark) } else { Ok(()) };
                let tell = &mut |progress: &_| watch.progress(progress);
                pipes.run_watched(question, load, mark, Some(tell))
            })?;
            Ok(Seen::of(tally, &meters))
        }
        Prepared::Fanout { stage, spec } => {
            // Other servers had their turn meanwhile.
            stage.resume()?;
            (0..WARM_PUBLICATIONS).try_for_each(|_| stage.publish().map(|_| ()))?;
            meters.read(Mark::Begin)?;
            let tally = publish(stage, spec, operations, settings.time_max)?;
            meters.read(Mark::End)?;
            Ok(Seen::of(tally, &meters))
        }
        Prepared::Inside(spec) => {
            let work = Work { spec: spec.clone(), amount: settings.amount(operations) };
            inside(&work, settings.apart.as_deref())
        }
    }
}

/// One run of the generator under a load, counted or to warm up.
type Run<'r> = &'r mut dyn FnMut(&Load, bool) -> Result<Tally, Fault>;

/// Warms up and counts. How many operations of a closed loop fit into the time is known from the
/// warm-up.
fn loaded(
    spec: &LoadSpec,
    operations: u64,
    settings: &Settings,
    run: Run<'_>,
) -> Result<Tally, Fault> {
    let mut load = Load {
        connections: spec.connections,
        inflight: spec.inflight,
        pace: spec.rate.map_or(Pace::Closed, |rate_per_s| Pace::Open { rate_per_s }),
        warmup: settings.warmup,
        extent: Extent::Time(settings.time_max),
        timeout: settings.timeout,
        driver: settings.driver,
    };
    let fits = |rate: f64| ((rate * settings.time_max.as_secs_f64()) as u64).max(1);
    match spec.rate {
        _ if operations == u64::MAX => {}
        Some(rate) => load.extent = Extent::Requests(operations.min(fits(rate))),
        None if settings.warmup.is_zero() => load.extent = Extent::Requests(operations),
        None => {
            let extent = Extent::Time(settings.warmup);
            let warm = run(&Load { warmup: Duration::ZERO, extent, ..load.clone() }, false)?;
            let warm = checked(warm, settings)?;
            load.warmup = settings.warmup / WARM_AGAIN;
            // A warm-up too short for an answer says nothing about the rate.
            load.extent = Extent::Requests(if warm.requests > 0 {
                let rate = warm.requests_per_s();
                let least = settings.operations_min(rate);
                let rounds = least.div_ceil(operations).max(1);
                operations.saturating_mul(rounds).min(fits(rate).max(least))
            } else {
                operations
            });
        }
    }
    let tally = checked(run(&load, true)?, settings)?;
    match &tally.errors.first {
        _ if tally.requests > 0 => Ok(tally),
        Some(first) => Err(Fault::Target(format!("no request was answered rightly: {first}"))),
        None => Err(Fault::Invalid("no request was answered while counting".into())),
    }
}

/// Refuses a tally with errors, unless they are to be counted.
fn checked(tally: Tally, settings: &Settings) -> Result<Tally, Fault> {
    let Errors { first, .. } = &tally.errors;
    match first {
        Some(first) if !settings.errors_counted => {
            let words = match tally.errors.count() {
                0 => "an error before counting:".to_owned(),
                count => format!("{count} errors, such as"),
            };
            Err(Fault::Target(format!("{words} {first}")))
        }
        _ if tally.unanswered > 0 && !settings.errors_counted => {
            Err(Fault::Target(format!("{} requests were not answered", tally.unanswered)))
        }
        _ => Ok(tally),
    }
}

/// Does the work, by `program` if there is one. Its processor time is not told apart from that of the
/// checks around it, so only its time counts.
fn inside(work: &Work, program: Option<&Path>) -> Result<Seen, Fault> {
    let account = program.map_or_else(|| work.here(), |program| work.apart(program))?;
    let Account { outcome, elapsed, usage: generator, process, resident_bytes: bytes } = account;
    let whole = Tally { generator, elapsed, pace: UNPACED, ..Tally::default() };
    let whys = validity(&whole, None);
    let (requests, latencies) = (outcome.operations, outcome.latencies);
    Ok(Seen {
        tally: Tally { requests, latencies, elapsed: outcome.elapsed, ..whole },
        whys,
        used: None,
        resident: Some(Resident { process, bytes }),
        figures: outcome.figures,
        stages_us: outcome.stages_us,
    })
}

/// The pace of what is no loop of requests: that its thread is busy says nothing.
const UNPACED: Pace = Pace::Open { rate_per_s: 0.0 };

/// Publishes `operations` times, when each is due if the workload has a rate.
fn publish(
    stage: &mut Stage,
    spec: &FanoutSpec,
    operations: u64,
    time_max: Duration,
) -> Result<Tally, Fault> {
    let (mut latencies, mut service) = (Latencies::default(), Latencies::default());
    let (usage, begin) = (Usage::of_this_thread()?, Instant::now());
    for number in 0..operations {
        let due = spec.rate.map(|rate| Duration::from_secs_f64(number as f64 / rate));
        if let Some(wait) = due.and_then(|due| due.checked_sub(begin.elapsed())) {
            stage.rest(wait)?;
        }
        let late = due.map_or(Duration::ZERO, |due| begin.elapsed().saturating_sub(due));
        let last = stage.publish()?;
        latencies.record((last + late).as_nanos() as u64);
        service.record(last.as_nanos() as u64);
        if begin.elapsed() >= time_max {
            break;
        }
    }
    let generator = Usage::of_this_thread()?.since(usage);
    let (requests, elapsed) = (latencies.count(), begin.elapsed());
    let pace = UNPACED;
    Ok(Tally { pace, requests, latencies, service, elapsed, generator, ..Tally::default() })
}
