//! One variation of one experiment: both sides in turn, and what they came to.

use std::path::Path;

use serde::Serialize;

use super::experiments::{Variation, Work};
use super::figures::{Extra, Figure, Watcher};
use super::lookup;
use crate::fault::Fault;
use crate::measure::cores::Cores;
use crate::record::{Record, Repetition};
use crate::statistics::{Ratio, median};
use crate::subject::{CommandSpec, Spec, Subject};
use crate::trial::{Outcome, Settings, Unwatched, in_turn};
use crate::workload::{EraSpec, Workload};

/// What the sides are called, without the optimisation and with it.
const SIDES: [&str; 2] = ["off", "on"];

/// Both sides of one variation.
#[derive(Clone, Debug, Serialize)]
pub struct Measured {
    /// Median latency, in microseconds.
    pub latency_p50_us: Change,
    /// 95th percentile of the latency, in microseconds.
    pub latency_p95_us: Change,
    /// Operations a second.
    #[serde(rename = "req/s")]
    pub requests_per_s: Change,
    /// CPU time of the server an operation, in microseconds.
    pub server_cpu_us: Option<Change>,
    /// Resident memory, in MiB.
    pub memory: Option<Memory>,
    /// What else the experiment asks for.
    pub figures: Vec<Figure>,
    /// Whether operations came at a fixed rate, so that throughput says nothing.
    pub paced: bool,
    /// Why a reader should doubt it.
    pub doubts: Vec<String>,
    /// What both sides measured; nothing for work in this process.
    pub records: Vec<Record>,
}

/// A figure on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Change {
    /// Median over the repetitions without the optimisation.
    pub off: f64,
    /// With it.
    pub on: f64,
    /// On by off.
    pub ratio: Option<Ratio>,
}

impl Change {
    /// Of the repetitions of both sides.
    pub fn of(off: &[f64], on: &[f64]) -> Self {
        Self { off: median(off.to_vec()), on: median(on.to_vec()), ratio: Ratio::of(off, on) }
    }
}

/// Resident memory of both servers, in MiB, off and on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Memory {
    /// Before the load.
    pub rest_mib: [f64; 2],
    /// After it.
    pub loaded_mib: [f64; 2],
}

/// Measures `variation` with the server program at `server`.
pub fn measure(
    variation: &Variation,
    server: &Path,
    cores: &Cores,
    settings: &Settings,
) -> Result<Measured, Fault> {
    match variation.work {
        Work::Lookup(templates) => {
            let time = settings.time_max / 10;
            let [off, on] = lookup::measure(templates, settings.repetitions, time)?;
            Ok(looked_up(&off, &on))
        }
        Work::Served { workload, off, on, extra } => {
            let start = |side: usize, arguments| {
                let spec = spec(SIDES[side], server, settings, arguments);
                Subject::start(&spec, cores)
            };
            let subjects = [start(0, off)?, start(1, on)?];
            served(&workload(), subjects, extra, settings)
        }
    }
}

fn spec(side: &str, server: &Path, settings: &Settings, arguments: &[&str]) -> Spec {
    let driver = ["--driver".to_owned(), settings.driver.to_string()];
    let command = CommandSpec::new(server).args(driver).args(arguments.iter().copied());
    Spec {
        name: side.into(),
        listening: Some(command),
        stdio: None,
        era: EraSpec::Any,
        note: String::new(),
    }
}

fn looked_up(off: &[f64], on: &[f64]) -> Measured {
    let per_s = |all: &[f64]| all.iter().map(|us| 1e6 / us).collect::<Vec<_>>();
    Measured {
        latency_p50_us: Change::of(off, on),
        latency_p95_us: Change::of(off, on),
        requests_per_s: Change::of(&per_s(off), &per_s(on)),
        server_cpu_us: None,
        memory: None,
        figures: Vec::new(),
        paced: false,
        doubts: Vec::new(),
        records: Vec::new(),
    }
}

fn served(
    workload: &Workload,
    mut subjects: [Subject; 2],
    extra: Extra,
    settings: &Settings,
) -> Result<Measured, Fault> {
    let rest_mib = [resident_mib(&subjects[0])?, resident_mib(&subjects[1])?];
    let watcher = Watcher::start(extra, &subjects)?;
    let outcomes = in_turn(&mut subjects, workload, settings, &mut Unwatched);
    let records = outcomes.into_iter().map(record).collect::<Result<Vec<_>, _>>();
    // The watcher ends in any case, and has nothing to say where nothing was measured.
    let rates = records
        .as_ref()
        .map_or([f64::NAN; 2], |records| [records[0].requests_per_s, records[1].requests_per_s]);
    let figures = watcher.finish(&subjects, rates);
    let records = records?;
    let loaded_mib = [records[0].memory_end_mib, records[1].memory_end_mib];
    let paced = workload.fanout.as_ref().is_some_and(|fanout| fanout.rate.is_some());
    Ok(Measured { figures: figures?, ..compared(records, Memory { rest_mib, loaded_mib }, paced) })
}

/// The figures of both records side by side.
pub(super) fn compared(records: Vec<Record>, memory: Memory, paced: bool) -> Measured {
    let change = |pick: fn(&Repetition) -> f64| {
        let side = |record: &Record| record.repetitions.iter().map(pick).collect::<Vec<_>>();
        Change::of(&side(&records[0]), &side(&records[1]))
    };
    let seen = records.iter().flat_map(|one| &one.repetitions);
    let has_cpu = seen.clone().all(|one| one.server_cpu_us.is_some());
    let doubts = records.iter().zip(SIDES);
    let doubts = doubts
        .flat_map(|(record, side)| record.invalid.iter().map(move |why| format!("{side}: {why}")));
    Measured {
        latency_p50_us: change(|one| one.latency_p50_us),
        latency_p95_us: change(|one| one.latency_p95_us),
        requests_per_s: change(|one| one.requests_per_s),
        server_cpu_us: has_cpu.then(|| change(|one| one.server_cpu_us.unwrap_or(f64::NAN))),
        memory: Some(memory),
        figures: Vec::new(),
        paced,
        doubts: doubts.collect(),
        records,
    }
}

fn record(outcome: Outcome) -> Result<Record, Fault> {
    match outcome {
        Outcome::Measured(record) => Ok(*record),
        Outcome::NotOffered { why, .. } | Outcome::NotYet { why, .. } => {
            Err(Fault::Target(format!("the server {why}")))
        }
        Outcome::Failed { server, fault, .. } => Err(fault.within(&server)),
    }
}

fn resident_mib(subject: &Subject) -> Result<f64, Fault> {
    let process = subject.process().ok_or_else(|| Fault::Target("no process to be seen".into()))?;
    Ok(process.resident_bytes()? as f64 / f64::from(1 << 20))
}
