//! What the kernel and the server itself say about a server, before and after the counted part.
//!
//! A server is its process and all that this has started: the workers of a server that forks, and the
//! server behind a launcher that waits for it.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::generator::Mark;
use crate::measure::counters::Counters;
use crate::measure::process::{Process, Switches, Usage};
use crate::rounds::ENTERS;

/// Reads the meters of one server at the two marks of a repetition.
pub(super) struct Meters<'a> {
    process: Option<Process>,
    counters: Option<&'a Counters>,
    is_piped: bool,
    readings: [Reading; 2],
}

/// The meters at one mark, of each process by its id.
#[derive(Default)]
struct Reading {
    usage: BTreeMap<u32, Usage>,
    switches: BTreeMap<u32, Switches>,
    calls: Option<f64>,
    read_writes: BTreeMap<u32, u64>,
    resident_bytes: u64,
}

/// What a server used in the counted part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Used {
    /// On a core, and ready to run while something else was on it.
    pub(super) time: Usage,
    /// Changes from and to another thread, wanted or not.
    pub(super) switches: u64,
    /// System calls, where it counts them.
    pub(super) calls: Option<f64>,
    /// Calls of the kinds read and write, of a server behind its pipes.
    pub(super) read_writes: Option<u64>,
}

/// Resident memory before and after the counted part.
#[derive(Clone, Copy, Debug)]
pub(super) struct Resident {
    /// Whose: the first process of a server.
    pub(super) process: Process,
    /// With all that it has started.
    pub(super) bytes: [u64; 2],
}

impl<'a> Meters<'a> {
    pub(super) fn new(process: Option<Process>, counters: Option<&'a Counters>) -> Self {
        Self { process, counters, is_piped: false, readings: Default::default() }
    }

    /// The meters of a server that speaks over its standard input and output.
    pub(super) fn of_pipes(process: Process) -> Self {
        Self { is_piped: true, ..Self::new(Some(process), None) }
    }

    /// Reads them all: the CPU clocks next to the counted time, the others outside of it, because
    /// asking costs the server something.
    pub(super) fn read(&mut self, mark: Mark) -> Result<(), Fault> {
        let Some(process) = self.process else { return Ok(()) };
        let tree = process.tree()?;
        let reading = &mut self.readings[usize::from(mark == Mark::End)];
        if mark == Mark::End {
            reading.usage = each(&tree, Process::usage)?;
        }
        reading.switches = each(&tree, Process::switches)?;
        reading.calls = self.counters.and_then(|counters| counters.sum(ENTERS).ok().flatten());
        if self.is_piped {
            reading.read_writes = each(&tree, Process::read_write_calls)?;
        }
        reading.resident_bytes = each(&tree, Process::resident_bytes)?.values().sum();
        if mark == Mark::Begin {
            reading.usage = each(&tree, Process::usage)?;
        }
        Ok(())
    }

    /// The difference between the two marks, of a server that can be seen. Of a process that has
    /// ended meanwhile nothing is known, and one that has begun used all that it has.
    pub(super) fn used(&self) -> Option<Used> {
        self.process?;
        let [begin, end] = &self.readings;
        let mut used = Used {
            calls: end.calls.zip(begin.calls).map(|(end, begin)| end - begin),
            ..Used::default()
        };
        for (id, usage) in &end.usage {
            let since = usage.since(begin.usage.get(id).copied().unwrap_or_default());
            used.time.cpu += since.cpu;
            used.time.waited += since.waited;
        }
        let read_writes = end.read_writes.iter().map(|(id, calls)| {
            calls.saturating_sub(begin.read_writes.get(id).copied().unwrap_or_default())
        });
        used.read_writes = self.is_piped.then(|| read_writes.sum());
        for (id, switches) in &end.switches {
            let before = begin.switches.get(id).copied().unwrap_or_default();
            used.switches += switches.all().saturating_sub(before.all());
        }
        Some(used)
    }

    /// Resident memory at the two marks, of a server that can be seen.
    pub(super) fn resident(&self) -> Option<Resident> {
        let bytes = [&self.readings[0], &self.readings[1]].map(|reading| reading.resident_bytes);
        self.process.map(|process| Resident { process, bytes })
    }
}

/// What `read` says of each process of `tree`. One that has ended since it was listed is left out,
/// unless it is the first.
fn each<T>(
    tree: &[Process],
    read: impl Fn(Process) -> Result<T, Fault>,
) -> Result<BTreeMap<u32, T>, Fault> {
    let mut all = BTreeMap::new();
    for (number, process) in tree.iter().enumerate() {
        match read(*process) {
            Ok(read) => drop(all.insert(process.0, read)),
            Err(fault) if number == 0 => return Err(fault),
            Err(_) => {}
        }
    }
    Ok(all)
}
