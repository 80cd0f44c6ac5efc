//! What the kernel and the server itself say about a server, before and after the counted part.

use crate::fault::Fault;
use crate::generator::Mark;
use crate::measure::counters::Counters;
use crate::measure::process::{Process, Switches, Usage};
use crate::rounds::ENTERS;

/// Reads the meters of one server at the two marks of a repetition.
pub(super) struct Meters<'a> {
    process: Option<Process>,
    counters: Option<&'a Counters>,
    readings: [Reading; 2],
}

#[derive(Clone, Copy, Default)]
struct Reading {
    usage: Usage,
    switches: Switches,
    calls: Option<f64>,
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
}

impl<'a> Meters<'a> {
    pub(super) fn new(process: Option<Process>, counters: Option<&'a Counters>) -> Self {
        Self { process, counters, readings: [Reading::default(); 2] }
    }

    /// Reads them all: the CPU clock next to the counted time, the others outside of it, because
    /// asking costs the server something.
    pub(super) fn read(&mut self, mark: Mark) -> Result<(), Fault> {
        let Some(process) = self.process else { return Ok(()) };
        let reading = &mut self.readings[usize::from(mark == Mark::End)];
        if mark == Mark::End {
            reading.usage = process.usage()?;
        }
        reading.switches = process.switches()?;
        reading.calls = self.counters.and_then(|counters| counters.sum(ENTERS).ok().flatten());
        reading.resident_bytes = process.resident_bytes()?;
        if mark == Mark::Begin {
            reading.usage = process.usage()?;
        }
        Ok(())
    }

    /// The difference between the two marks, of a server that can be seen.
    pub(super) fn used(&self) -> Option<Used> {
        self.process?;
        let [begin, end] = self.readings;
        Some(Used {
            time: end.usage.since(begin.usage),
            switches: all(end.switches).saturating_sub(all(begin.switches)),
            calls: end.calls.zip(begin.calls).map(|(end, begin)| end - begin),
        })
    }

    /// Resident memory at the two marks, of a server that can be seen.
    pub(super) fn resident_bytes(&self) -> Option<[u64; 2]> {
        self.process?;
        Some(self.readings.map(|reading| reading.resident_bytes))
    }
}

/// Both kinds.
fn all(switches: Switches) -> u64 {
    switches.voluntary + switches.involuntary
}
