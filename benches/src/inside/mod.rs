//! Work inside this process, on parts of the engine, without a socket or a client's time.
//!
//! Each part checks that its results are right before it is timed, and again what the timed
//! operations added up to. It uses what the engine's crate offers to anybody; where a part of the
//! engine has no door of its own, the smallest one it lies behind is measured, and its file says so.

mod apart;
mod document;
mod json;
mod pool;
mod queue;
mod registry;
mod schema;
mod session;
mod shard;
mod stages;
mod stopwatch;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use apart::{Account, COMMAND, Work};
pub use document::Document;
pub use schema::{arguments as schema_arguments, schema as schema_of};
pub use shard::Shard;
pub use stages::stages;
pub use stopwatch::Amount;

use crate::fault::Fault;
use crate::histogram::Latencies;
use crate::workload::InsideSpec;
use stopwatch::Timed;

/// What a part came to.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Outcome {
    /// The time of each operation.
    pub latencies: Latencies,
    /// The time of all together.
    pub elapsed: Duration,
    /// How many there were.
    pub operations: u64,
    /// What else was measured, each with its unit at the end of its name.
    pub figures: BTreeMap<String, f64>,
    /// The stages of an operation, in microseconds, where it has some.
    pub stages_us: BTreeMap<String, f64>,
}

/// A part: how large, how many operations.
type Part = fn(usize, Amount) -> Result<Outcome, Fault>;

/// The parts by name, with the size of those that have one.
const PARTS: [(&str, Option<u64>, Part); 8] = [
    ("json_encode", Some(10), json::encode),
    ("json_decode", Some(10), json::decode),
    ("schema", Some(5), schema::check),
    ("registry_lookup", Some(1000), registry::lookup),
    ("registry_register", Some(1000), registry::register),
    ("queue", None, queue::run),
    ("session", None, session::run),
    ("pool", None, pool::run),
];

/// Does `amount` operations on the part that `spec` names.
pub fn run(spec: &InsideSpec, amount: Amount) -> Result<Outcome, Fault> {
    if amount.operations == 0 {
        return Err(Fault::Usage("no operations to measure: at least one is needed".into()));
    }
    let (usual, part) = find(spec).map_err(Fault::Usage)?;
    let size = spec.size.or(usual).unwrap_or_default();
    part(size as usize, amount).map_err(|fault| fault.within(&spec.part))
}

/// Says in words what is wrong with `spec`.
pub(crate) fn check(spec: &InsideSpec) -> Result<(), String> {
    find(spec).map(|_| ())
}

fn find(spec: &InsideSpec) -> Result<(Option<u64>, Part), String> {
    let InsideSpec { part, size } = spec;
    let found = PARTS.iter().find(|(name, ..)| name == part);
    let Some((_, usual, run)) = found else {
        let known: Vec<&str> = PARTS.iter().map(|(name, ..)| *name).collect();
        return Err(format!("unknown part {part:?}; known: {}", known.join(", ")));
    };
    match size {
        Some(_) if usual.is_none() => Err(format!("the part {part:?} has no size")),
        Some(0) => Err("size is 0, must be 1 at least".into()),
        _ => Ok((*usual, *run)),
    }
}

impl Outcome {
    /// What was timed, with the figures of the watch.
    fn of(timed: Timed) -> Self {
        let figures = [
            ("clock_ns".to_owned(), timed.clock_ns),
            ("batch_operations".to_owned(), timed.batch as f64),
        ];
        Self {
            latencies: timed.latencies,
            elapsed: timed.elapsed,
            operations: timed.operations,
            figures: figures.into(),
            stages_us: BTreeMap::new(),
        }
    }

    /// Adds a figure.
    fn with(mut self, name: impl Into<String>, value: f64) -> Self {
        self.figures.insert(name.into(), value);
        self
    }
}

/// A fault of the engine or of this harness, which must not be timed.
fn wrong(what: impl std::fmt::Display) -> Fault {
    Fault::Target(what.to_string())
}
