//! The one clock: nanoseconds since the engine started, the same for all its shards.
//!
//! Nothing below the shard reads a clock; a shard reads this one once a turn and passes the value
//! down.

#![allow(clippy::disallowed_methods, reason = "the clock is here")]

use std::time::Instant;

use crate::endpoint::Now;

/// Tells the time since a fixed start; a copy tells the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts counting.
    pub(crate) fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// The present; 2^64 ns are 584 years.
    pub(crate) fn now(self) -> Now {
        Now(self.start.elapsed().as_nanos() as u64)
    }
}
