//! One repetition: the warm-up, then the load with the meters around what is counted.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::Settings;
use super::meters::{Meters, Used};
use super::prepared::Prepared;
use crate::audience::Stage;
use crate::child::{self, Server};
use crate::fault::Fault;
use crate::generator::{self, Extent, Load, Mark, Tally, piped};
use crate::histogram::Latencies;
use crate::inside;
use crate::measure::process::Process;
use crate::subject::Subject;
use crate::workload::{FanoutSpec, InsideSpec};

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
            let run = |warmup, extent, mark: Marked<'_>| {
                let (connections, inflight) = (load.connections, load.inflight);
                let load = Load { connections, inflight, warmup, extent, driver: settings.driver };
                generator::run(target, question, &load, mark)
            };
            let warm = run(Duration::ZERO, Extent::Time(settings.warmup), &mut |_| Ok(()))?;
            right(&warm.0)?;
            let extent = extent(operations, &warm, settings.time_max);
            let counted = run(Duration::ZERO, extent, &mut |mark| meters.read(mark))?;
            seen(counted, &meters)
        }
        Prepared::Pipes { command, question, load, cores } => {
            let place = child::Place::Pinned(cores);
            let (server, input, output) = Server::start_piped(&mut command.command(), place)?;
            let mut meters = Meters::new(Some(server.process()), None);
            let mut pipes = piped::Pipes::open(input, output)?;
            let mut run = |time, mark: Marked<'_>| {
                let load = piped::Load { inflight: load.inflight, warmup: Duration::ZERO, time };
                pipes.run(question, load, mark)
            };
            let warm = run(settings.warmup, &mut |_| Ok(()))?;
            let time = time(operations, &warm, settings.time_max);
            let counted = run(time, &mut |mark| meters.read(mark))?;
            seen(counted, &meters)
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

/// Called when counting begins and when it ends.
type Marked<'a> = &'a mut dyn FnMut(Mark) -> Result<(), Fault>;

/// How many operations fit into the time, going by the warm-up.
fn extent(operations: u64, (warm, elapsed): &(Tally, Duration), time_max: Duration) -> Extent {
    if operations == u64::MAX {
        return Extent::Time(time_max);
    }
    let rate = warm.requests as f64 / elapsed.as_secs_f64().max(f64::MIN_POSITIVE);
    let most = (rate * time_max.as_secs_f64()) as u64;
    Extent::Requests(operations.min(most.max(OPERATIONS_MIN)))
}

/// The time that so many operations take, going by the warm-up.
fn time(operations: u64, (warm, elapsed): &(Tally, Duration), time_max: Duration) -> Duration {
    let each = elapsed.as_secs_f64() / warm.requests.max(1) as f64;
    Duration::try_from_secs_f64(each * operations as f64).map_or(time_max, |all| all.min(time_max))
}

/// Refuses a tally with wrong answers.
fn right(tally: &Tally) -> Result<(), Fault> {
    match &tally.first_wrong {
        Some(answer) => {
            Err(Fault::Target(format!("{} wrong answers, such as {answer}", tally.wrong)))
        }
        None => Ok(()),
    }
}

/// What was counted, if every answer was right.
fn seen((tally, elapsed): (Tally, Duration), meters: &Meters<'_>) -> Result<Seen, Fault> {
    right(&tally)?;
    if tally.requests == 0 {
        return Err(Fault::Invalid("no request was answered while counting".into()));
    }
    Ok(Seen::of(tally.latencies, elapsed, meters))
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
