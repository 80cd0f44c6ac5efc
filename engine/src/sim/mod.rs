//! Deterministic simulation: whole engines in one thread, under virtual time and thrown faults.
//!
//! A world has shards (the very [`crate::shard`] code that serves), each over a simulated driver
//! and kernel, clients of every transport and era, and workers that run calls late, twice as late
//! or never. Everything is thrown from one seed: the same seed gives the same transcript, byte for
//! byte, and a seed that fails is the whole report.
//!
//! ```text
//!   clients ─ bytes ─► kernel ─ completions ─► shard ─ endpoint ─ jobs ─► workers
//!      ▲                 │  ▲                    │  ▲                        │
//!      └──── checker ◄───┘  └──────── ops ───────┘  └────── inbox ◄──────────┘
//! ```
//!
//! Checked at each step: answers (once, verbatim ids, nobody else's, none behind a cancellation),
//! the owner's side of the driver's contract, limits. Checked at the end: when faults stop,
//! everything pending ends; a drain completes; nothing is held, lent or counted any more.
//!
//! Not here: real kernels (see `ring/tests`), and the speed of anything.

mod author;
mod checker;
mod dice;
mod driver;
mod errands;
mod faults;
#[cfg(test)]
mod found;
mod http_client;
mod http_line;
mod http_reader;
mod kernel;
mod legacy_client;
mod log;
mod news;
mod peer;
mod rounds;
mod seat;
mod server;
mod stream_client;
mod streams;
#[cfg(test)]
mod tests;
mod workers;
mod world;

use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use world::World;

/// What a world went through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Report {
    /// The seed.
    pub seed: u64,
    /// Digest of the transcript.
    pub digest: u64,
    /// Lines of the transcript.
    pub lines: u64,
    /// Connections made.
    pub connections: u64,
    /// Answers received and found right.
    pub answers: u64,
    /// Event streams opened.
    pub streams: u64,
    /// Event streams taken up again.
    pub resumed: u64,
    /// Messages between shards.
    pub forwards: u64,
    /// Virtual time passed, in milliseconds.
    pub virtual_ms: u64,
}

/// What went wrong, and how to see it again.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What is not as it must be.
    pub words: String,
    /// The end of the transcript.
    pub tail: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, words, tail } = self;
        writeln!(f, "seed {seed}: {words}")?;
        writeln!(f, "{tail}repeat with:")?;
        write!(f, "  MCPRING_SIM_SEED={seed} cargo test -p mcpring --lib sim::tests::one_seed")
    }
}

impl std::error::Error for Failure {}

/// Lets one world run from `seed` to its end.
pub fn run(seed: u64) -> Result<Report, Failure> {
    play(seed, false).map(|(report, _)| report)
}

/// As [`run`], with the whole transcript.
pub fn transcript(seed: u64) -> Result<(Report, String), Failure> {
    play(seed, true)
}

fn play(seed: u64, keeps_all: bool) -> Result<(Report, String), Failure> {
    // After a panic a world may be in no state to be taken apart: better lost.
    let mut world = ManuallyDrop::new(World::new(seed, keeps_all));
    let played = catch_unwind(AssertUnwindSafe(|| world.run()));
    let words = match played {
        Ok(Ok(report)) => {
            let transcript = world.take_transcript();
            drop(ManuallyDrop::into_inner(world));
            return Ok((report, transcript));
        }
        Ok(Err(words)) => words,
        Err(panic) => {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string));
            format!("panic: {}", text.unwrap_or_default())
        }
    };
    Err(Failure { seed, words, tail: world.tail() })
}
