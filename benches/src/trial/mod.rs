//! Workloads on servers, with repetitions that are spread: one workload on several servers in turn
//! (A B A B …), so that a machine that slows down slows all of them; or all workloads on one server
//! in rounds, each on a process of its own, so that the repetitions show how much two measurements
//! differ when nothing has changed.
//!
//! ```text
//! Subject ─┐ in_turn,   ┌ prepare: can it do this workload at all?
//! Workload ┴─ in_rounds ┤ repetition: load, with meters around the counted part
//!                       └ summary: one Record from all repetitions
//! ```
//!
//! A server that fails ends its own part only; the others go on.

mod meters;
mod prepared;
mod repetition;
mod summary;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use mcpring::ring::Choice;

use crate::fault::Fault;
use crate::generator::{Load, Progress};
use crate::inside::{self, Amount};
use crate::record::{Environment, Record};
use crate::subject::Subject;
use crate::workload::{self, Workload};
use prepared::Prepared;
use repetition::Seen;

/// The plan's number of the workloads that show what a call spends its time on.
const PIPELINE: &str = "W3";
/// How often a repetition is made again because something spoiled it that may pass.
const RETRIES_MAX: usize = 2;
/// Of the least time of a repetition over a wire, the part that suffices inside this process.
const INSIDE_SHARE: u32 = 10;

/// How long a workload may take, and how it is repeated.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Repetitions of each server.
    pub repetitions: usize,
    /// Which of a workload's operation counts is taken.
    pub scale: Scale,
    /// Load before anything is counted, in each repetition.
    pub warmup: Duration,
    /// Least time of the counted part of one repetition over a wire: a fast server does a
    /// workload's operations several times, for what is over at once cannot be measured. Work inside
    /// this process, where nobody waits for anybody, takes a tenth of it.
    pub time_min: Duration,
    /// Most time of the counted part of one repetition; a slow server does fewer operations.
    pub time_max: Duration,
    /// A request without an answer for that long ends a run.
    pub timeout: Duration,
    /// Whether wrong answers are counted; otherwise one ends the server's part.
    pub errors_counted: bool,
    /// The driver of the generator.
    pub driver: Choice,
    /// `mcpring-bench`, if each repetition of work inside a process is to have one of its own.
    pub apart: Option<PathBuf>,
    /// Where all this happens.
    pub environment: Environment,
}

/// Which of a workload's operation counts is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// The plan's.
    Full,
    /// A tenth, or what the workload says.
    Quick,
    /// Operations until the time is over.
    Timed,
    /// This many.
    Exactly(u64),
}

impl Settings {
    /// What the suite's figures are made with.
    pub fn full(environment: Environment) -> Self {
        Self {
            repetitions: 5,
            scale: Scale::Full,
            warmup: Duration::from_secs(1),
            time_min: Duration::from_millis(500),
            time_max: Duration::from_secs(10),
            timeout: Load::TIMEOUT,
            errors_counted: false,
            driver: Choice::Auto,
            apart: None,
            environment,
        }
    }

    /// Shows in about a minute that everything works, and finds large changes.
    pub fn quick(environment: Environment) -> Self {
        Self {
            repetitions: 3,
            scale: Scale::Quick,
            warmup: Duration::from_millis(100),
            time_min: Duration::from_millis(150),
            time_max: Duration::from_millis(500),
            timeout: Load::TIMEOUT,
            errors_counted: false,
            driver: Choice::Auto,
            apart: None,
            environment,
        }
    }

    /// Operations at `rate` a second until a repetition is long enough. A count that was asked for
    /// exactly is kept.
    fn operations_min(&self, rate: f64) -> u64 {
        match self.scale {
            Scale::Exactly(_) => 0,
            _ => (rate * self.time_min.as_secs_f64()) as u64,
        }
    }

    /// The same for work inside this process.
    fn amount(&self, operations: u64) -> Amount {
        let time_min = match self.scale {
            Scale::Exactly(_) => Duration::ZERO,
            _ => self.time_min / INSIDE_SHARE,
        };
        Amount { operations, time_min }
    }

    /// Operations of one repetition of `workload`, as far as the time suffices.
    fn operations(&self, workload: &Workload) -> u64 {
        let tenth = workload.operations.div_ceil(10);
        match self.scale {
            Scale::Full => workload.operations,
            Scale::Quick => workload.quick_operations.unwrap_or(tenth),
            Scale::Timed => u64::MAX,
            Scale::Exactly(operations) => operations,
        }
    }
}

/// What one workload on one server came to.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It was measured.
    Measured(Box<Record>),
    /// The server has nothing of the kind; no fault of anybody.
    NotOffered {
        /// The server's name.
        server: String,
        /// The workload.
        workload_id: String,
        /// What is missing.
        why: String,
    },
    /// Nobody can measure it yet.
    NotYet {
        /// The workload.
        workload_id: String,
        /// What is missing.
        why: String,
    },
    /// The server failed, or the measurement did.
    Failed {
        /// The server's name.
        server: String,
        /// The workload.
        workload_id: String,
        /// What happened.
        fault: Fault,
    },
}

/// Hears how a measurement gets on.
pub trait Watch {
    /// Repetition `number` of `of` of a workload begins on the server of that name.
    fn begins(&mut self, server: &str, workload: &Workload, number: usize, of: usize);

    /// How its load is going, some times a second. Not everybody wants to know.
    fn progress(&mut self, _progress: &Progress) {}
}

/// Hears nothing.
pub struct Unwatched;

impl Watch for Unwatched {
    fn begins(&mut self, _: &str, _: &Workload, _: usize, _: usize) {}
}

/// Measures `workload` on all `subjects`, in turn; one outcome for each, in their order. Work
/// inside this process has no server and comes to one outcome.
pub fn in_turn(
    subjects: &mut [Subject],
    workload: &Workload,
    settings: &Settings,
    watch: &mut dyn Watch,
) -> Vec<Outcome> {
    let mut sides: Vec<Side<'_>> = if workload.needs_server() {
        subjects.iter().map(|subject| Side::of(Some(subject), workload, settings)).collect()
    } else {
        vec![Side::of(None, workload, settings)]
    };
    for number in 1..=settings.repetitions {
        for side in &mut sides {
            side.repeat(workload, settings, watch, number);
        }
    }
    sides.into_iter().map(|side| side.finish(workload, settings)).collect()
}

/// Measures each of `workloads` once, and all of them again until each has its repetitions: the
/// first time on `subject`, then on one that `again` has started or found anew. Fails if it cannot.
/// `ended` hears what each has come to, in their order, in the last round.
///
/// How the memory of a process happens to lie, and what else the machine does in a minute, make more
/// of a difference between two measurements than repetitions in a row show: a comparison of them
/// would take it for one between the servers.
pub fn in_rounds(
    subject: Subject,
    again: &mut dyn FnMut() -> Result<Subject, Fault>,
    workloads: &[Workload],
    settings: &Settings,
    watch: &mut dyn Watch,
    ended: &mut dyn FnMut(Outcome) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut all: Vec<SoFar> = workloads.iter().map(|_| Ok(Vec::new())).collect();
    let mut next = Some(subject);
    for number in 1..=settings.repetitions {
        let round = |fault: Fault| fault.within(&format!("round {number}"));
        let subject = next.take().map_or_else(&mut *again, Ok).map_err(round)?;
        for (workload, so_far) in workloads.iter().zip(&mut all) {
            let subject = workload.needs_server().then_some(&subject);
            let before = std::mem::replace(so_far, Ok(Vec::new()));
            let mut side = Side::with(before, subject, workload, settings);
            side.repeat(workload, settings, watch, number);
            if number < settings.repetitions {
                *so_far = side.pause(workload);
            } else {
                ended(side.finish(workload, settings))?;
            }
        }
    }
    Ok(())
}

/// The repetitions of a workload, or what it has come to before it had them all.
type SoFar = Result<Vec<Seen>, Outcome>;

/// One workload on one server, made ready, and its repetitions so far.
struct Side<'a> {
    subject: Option<&'a Subject>,
    state: State,
}

enum State {
    Going { prepared: Box<Prepared>, seen: Vec<Seen> },
    Over(Outcome),
}

impl<'a> Side<'a> {
    fn of(subject: Option<&'a Subject>, workload: &Workload, settings: &Settings) -> Self {
        Self::with(Ok(Vec::new()), subject, workload, settings)
    }

    /// A side with repetitions that were made before, on the server as it was then.
    fn with(
        so_far: SoFar,
        subject: Option<&'a Subject>,
        workload: &Workload,
        settings: &Settings,
    ) -> Self {
        let state = so_far.and_then(|seen| {
            let prepared = Box::new(prepare(subject, workload, settings)?);
            Ok(State::Going { prepared, seen })
        });
        Self { subject, state: state.unwrap_or_else(State::Over) }
    }

    fn repeat(
        &mut self,
        workload: &Workload,
        settings: &Settings,
        watch: &mut dyn Watch,
        number: usize,
    ) {
        let State::Going { prepared, seen } = &mut self.state else { return };
        watch.begins(&name(self.subject), workload, number, settings.repetitions);
        let operations = settings.operations(workload);
        let mut attempt =
            || repetition::repeat(self.subject, prepared, operations, settings, watch);
        let mut last = attempt();
        for _ in 0..RETRIES_MAX {
            match &last {
                Ok(seen) if seen.is_spoiled() => last = attempt(),
                _ => break,
            }
        }
        match last {
            Ok(one) => seen.push(one),
            Err(fault) => self.state = State::Over(failed(self.subject, workload, fault)),
        }
    }

    /// Ends what was made ready.
    fn pause(self, workload: &Workload) -> SoFar {
        match self.state {
            State::Over(outcome) => Err(outcome),
            State::Going { prepared, seen } => {
                let closed = prepared.close();
                closed.map(|()| seen).map_err(|fault| failed(self.subject, workload, fault))
            }
        }
    }

    fn finish(self, workload: &Workload, settings: &Settings) -> Outcome {
        let subject = self.subject;
        let record = |seen: Vec<Seen>| {
            let mut record = summary::record(subject, workload, settings, &seen);
            let stages = stages(subject, workload);
            record.stages_us.extend(stages.map_err(|fault| failed(subject, workload, fault))?);
            Ok(Outcome::Measured(Box::new(record)))
        };
        self.pause(workload).and_then(record).unwrap_or_else(|outcome| outcome)
    }
}

/// Makes `workload` ready, or says why there is nothing to measure.
fn prepare(
    subject: Option<&Subject>,
    workload: &Workload,
    settings: &Settings,
) -> Result<Prepared, Outcome> {
    let workload_id = workload.id.clone();
    if let Some(why) = workload.not_yet.clone() {
        return Err(Outcome::NotYet { workload_id, why });
    }
    match prepared::prepare(subject, workload, settings) {
        Ok(Ok(prepared)) => Ok(prepared),
        Ok(Err(why)) => Err(Outcome::NotOffered { server: name(subject), workload_id, why }),
        Err(fault) => Err(failed(subject, workload, fault)),
    }
}

/// The stages of a call, where they can be known: of the plan's calls of tools on our own server.
/// What is made of them, such as a call of a tool that sleeps, has no such stages.
fn stages(subject: Option<&Subject>, workload: &Workload) -> Result<BTreeMap<String, f64>, Fault> {
    let own = subject.is_some_and(|subject| subject.identity().starts_with(env!("CARGO_PKG_NAME")));
    let pipeline = workload::all().iter().filter(|one| own && one.plan == PIPELINE);
    let asked = workload.question();
    match asked.filter(|asked| pipeline.filter_map(Workload::question).any(|one| one == *asked)) {
        Some(question) => inside::stages(&question),
        None => Ok(BTreeMap::new()),
    }
}

fn failed(subject: Option<&Subject>, workload: &Workload, fault: Fault) -> Outcome {
    Outcome::Failed { server: name(subject), workload_id: workload.id.clone(), fault }
}

fn name(subject: Option<&Subject>) -> String {
    subject.map_or("inside", Subject::name).to_owned()
}
