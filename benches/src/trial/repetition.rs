//! One repetition: the warm-up, then the load with the meters around what is counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Settings;
use super::meters::{Meters, Used};
use super::prepared::Prepared;
use crate::audience::Stage;
use crate::child::{self, Server};
use crate::fault::Fault;
use crate::generator::pipes::Pipes;
use crate::generator::{self, Extent, Load, Mark, Marked, Pace, Tally};
use crate::histogram::Latencies;
use crate::inside;
use crate::measure::process::Process;
use crate::subject::Subject;
use crate::target::Era;
use crate::workload::{FanoutSpec, InsideSpec, LoadSpec};

/// Publications before anything is counted.
const WARM_PUBLICATIONS: u32 = 3;
/// Fewest operations of a repetition, whatever the time.
const OPERATIONS_MIN: u64 = 1;

/// What one repetition showed.
pub(super) struct Seen {
    /// Operations answered rightly.
    pub(super) operations: u64,
    /// The time in which they were.
    pub(super) elapsed: Duration,
    /// How long each took.
    pub(super) latencies: Latencies,
    /// What the server used, where that can be seen.
    pub(super) used: Option<Used>,
    /// Resident memory before and after, where it can be seen.
    pub(super) resident_bytes: Option<[u64; 2]>,
    /// Other figures, each with its unit at the end of its name.
    pub(super) figures: BTreeMap<String, f64>,
    /// The stages of an operation, where they are known.
    pub(super) stages_us: BTreeMap<String, f64>,
}

impl Seen {
    fn of(latencies: Latencies, elapsed: Duration, meters: &Meters<'_>) -> Self {
        Self {
            operations: latencies.count(),
            elapsed,
            latencies,
            used: meters.used(),
            resident_bytes: meters.resident_bytes(),
            figures: BTreeMap::new(),
            stages_us: BTreeMap::new(),
        }
    }

    /// Share of the time in which the server was kept off its core by something else.
    pub(super) fn kept_off(&self) -> f64 {
        let waited = self.used.map_or(0.0, |used| used.waited.as_secs_f64());
        waited / self.elapsed.as_secs_f64().max(f64::MIN_POSITIVE)
    }
}

/// Makes one repetition of about `operations`, as far as the time suffices.
pub(super) fn repeat(
    subject: Option<&Subject>,
    prepared: &mut Prepared,
    operations: u64,
    settings: &Settings,
) -> Result<Seen, Fault> {
    let process = subject.and_then(Subject::process);
    let mut meters = Meters::new(process, subject.and_then(Subject::counters));
    match prepared {
        Prepared::Socket { target, question, load } => {
            load_it(load, operations, settings, &mut meters, |load, mark| {
                generator::run(target, question, load, mark)
            })
        }
        Prepared::Pipes { command, question, load, cores } => {
            let place = child::Place::Pinned(cores);
            let (server, input, output) = Server::start_piped(&mut command.command(), place)?;
            let mut meters = Meters::new(Some(server.process()), None);
            let mut pipes = Pipes::open(input, output, Era::Handshake, Load::TIMEOUT)?;
            load_it(load, operations, settings, &mut meters, |load, mark| {
                pipes.run(question, load, mark)
            })
        }
        Prepared::Fanout { stage, spec } => {
            (0..WARM_PUBLICATIONS).try_for_each(|_| stage.publish().map(|_| ()))?;
            meters.read(Mark::Begin)?;
            let (latencies, elapsed) = publish(stage, spec, operations, settings.time_max)?;
            meters.read(Mark::End)?;
            Ok(Seen::of(latencies, elapsed, &meters))
        }
        Prepared::Inside(spec) => inside(spec, operations),
    }
}

/// Warms the server up, and counts about `operations` that `run` makes, as far as the time suffices.
fn load_it(
    spec: &LoadSpec,
    operations: u64,
    settings: &Settings,
    meters: &mut Meters<'_>,
    mut run: impl FnMut(&Load, Marked<'_>) -> Result<Tally, Fault>,
) -> Result<Seen, Fault> {
    let mut load = Load {
        pace: spec.rate.map_or(Pace::Closed, |rate_per_s| Pace::Open { rate_per_s }),
        driver: settings.driver,
        ..Load::closed(spec.connections, spec.inflight, Extent::Time(settings.warmup))
    };
    let warm = run(&load, &mut |_| Ok(()))?;
    right(&warm)?;
    load.extent = extent(operations, &warm, settings.time_max);
    let counted = run(&load, &mut |mark| meters.read(mark))?;
    seen(counted, meters)
}

/// How many operations fit into the time, going by the warm-up.
fn extent(operations: u64, warm: &Tally, time_max: Duration) -> Extent {
    if operations == u64::MAX {
        return Extent::Time(time_max);
    }
    if warm.requests == 0 {
        // Nothing was answered in so short a time: there is nothing to go by.
        return Extent::Requests(operations);
    }
    let rate = warm.requests as f64 / warm.elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    let most = (rate * time_max.as_secs_f64()) as u64;
    Extent::Requests(operations.min(most.max(OPERATIONS_MIN)))
}

/// Refuses a tally with wrong answers.
fn right(tally: &Tally) -> Result<(), Fault> {
    match &tally.errors.first {
        Some(first) => {
            Err(Fault::Target(format!("{} errors, such as {first}", tally.errors.count())))
        }
        None => Ok(()),
    }
}

/// What was counted, if every answer was right.
fn seen(tally: Tally, meters: &Meters<'_>) -> Result<Seen, Fault> {
    right(&tally)?;
    if tally.requests == 0 {
        return Err(Fault::Invalid("no request was answered while counting".into()));
    }
    Ok(Seen::of(tally.latencies, tally.elapsed, meters))
}

/// Does the work in this process. Its processor time is not told apart from that of the checks
/// around it, so only its time counts.
fn inside(spec: &InsideSpec, operations: u64) -> Result<Seen, Fault> {
    let own = Process(std::process::id());
    let before = own.resident_bytes()?;
    let outcome = inside::run(spec, operations)?;
    Ok(Seen {
        operations: outcome.operations,
        elapsed: outcome.elapsed,
        latencies: outcome.latencies,
        used: None,
        resident_bytes: Some([before, own.resident_bytes()?]),
        figures: outcome.figures,
        stages_us: outcome.stages_us,
    })
}

/// Publishes `operations` times, when each is due if the workload has a rate.
fn publish(
    stage: &mut Stage,
    spec: &FanoutSpec,
    operations: u64,
    time_max: Duration,
) -> Result<(Latencies, Duration), Fault> {
    let (mut latencies, begin) = (Latencies::default(), Instant::now());
    for number in 0..operations {
        let due = spec.rate.map(|rate| Duration::from_secs_f64(number as f64 / rate));
        if let Some(wait) = due.and_then(|due| due.checked_sub(begin.elapsed())) {
            stage.rest(wait)?;
        }
        let late = due.map_or(Duration::ZERO, |due| begin.elapsed().saturating_sub(due));
        latencies.record((stage.publish()? + late).as_nanos() as u64);
        if begin.elapsed() >= time_max {
            break;
        }
    }
    Ok((latencies, begin.elapsed()))
}
