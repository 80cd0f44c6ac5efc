//! One workload on several servers, their repetitions in turn: A B A B …, so that a machine that
//! slows down slows all of them.
//!
//! ```text
//! Subject ─┐            ┌ prepare: can it do this workload at all?
//! Workload ┴─ in_turn ──┤ repetition: load, with meters around the counted part
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
use std::time::Duration;

use mcpring::ring::Choice;

use crate::fault::Fault;
use crate::generator::{Load, Progress};
use crate::inside;
use crate::record::{Environment, Record};
use crate::subject::Subject;
use crate::workload::{self, Workload};
use prepared::Prepared;
use repetition::Seen;

/// The plan's number of the workloads that show what a call spends its time on.
const PIPELINE: &str = "W3";
/// How often a repetition is made again because something else kept the server off its core.
const RETRIES_MAX: usize = 2;

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
    /// workload's operations several times, for what is over at once cannot be measured.
    pub time_min: Duration,
    /// Most time of the counted part of one repetition; a slow server does fewer operations.
    pub time_max: Duration,
    /// A request without an answer for that long ends a run.
    pub timeout: Duration,
    /// Whether wrong answers are counted; otherwise one ends the server's part.
    pub errors_counted: bool,
    /// The driver of the generator.
    pub driver: Choice,
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
    if let Some(why) = &workload.not_yet {
        return vec![Outcome::NotYet { workload_id: workload.id.clone(), why: why.clone() }];
    }
    let mut sides: Vec<Side<'_>> = if workload.inside.is_some() {
        vec![Side::inside(workload)]
    } else {
        subjects.iter_mut().map(|subject| Side::of(subject, workload, settings)).collect()
    };
    for number in 1..=settings.repetitions {
        for side in &mut sides {
            side.repeat(workload, settings, watch, number);
        }
    }
    sides.into_iter().map(|side| side.finish(workload, settings)).collect()
}

/// One server and its repetitions so far.
struct Side<'a> {
    subject: Option<&'a Subject>,
    state: State,
}

enum State {
    Going { prepared: Box<Prepared>, seen: Vec<Seen> },
    Over(Outcome),
}

impl<'a> Side<'a> {
    fn of(subject: &'a Subject, workload: &Workload, settings: &Settings) -> Self {
        let state = match prepared::prepare(subject, workload, settings) {
            Ok(Ok(prepared)) => State::Going { prepared: Box::new(prepared), seen: Vec::new() },
            Ok(Err(why)) => {
                let (server, workload_id) = (subject.name().to_owned(), workload.id.clone());
                State::Over(Outcome::NotOffered { server, workload_id, why })
            }
            Err(fault) => State::Over(failed(Some(subject), workload, fault)),
        };
        Self { subject: Some(subject), state }
    }

    fn inside(workload: &Workload) -> Self {
        let state = match &workload.inside {
            Some(spec) => State::Going {
                prepared: Box::new(Prepared::Inside(spec.clone())),
                seen: Vec::new(),
            },
            None => State::Over(failed(None, workload, Fault::Usage("no work".into()))),
        };
        Self { subject: None, state }
    }

    fn repeat(
        &mut self,
        workload: &Workload,
        settings: &Settings,
        watch: &mut dyn Watch,
        number: usize,
    ) {
        let State::Going { prepared, seen } = &mut self.state else { return };
        let name = self.subject.map_or("inside", Subject::name);
        watch.begins(name, workload, number, settings.repetitions);
        let operations = settings.operations(workload);
        let mut attempt =
            || repetition::repeat(self.subject, prepared, operations, settings, watch);
        let mut last = attempt();
        for _ in 0..RETRIES_MAX {
            match &last {
                Ok(seen) if seen.is_noisy() => last = attempt(),
                _ => break,
            }
        }
        match last {
            Ok(one) => seen.push(one),
            Err(fault) => self.state = State::Over(failed(self.subject, workload, fault)),
        }
    }

    fn finish(self, workload: &Workload, settings: &Settings) -> Outcome {
        match self.state {
            State::Over(outcome) => outcome,
            State::Going { prepared, seen } => {
                let closed = prepared.close();
                if let Err(fault) = closed {
                    return failed(self.subject, workload, fault);
                }
                let mut record = summary::record(self.subject, workload, settings, &seen);
                match stages(self.subject, workload) {
                    Ok(stages) => record.stages_us.extend(stages),
                    Err(fault) => return failed(self.subject, workload, fault),
                }
                Outcome::Measured(Box::new(record))
            }
        }
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
    let server = subject.map_or("inside", Subject::name).to_owned();
    Outcome::Failed { server, workload_id: workload.id.clone(), fault }
}
