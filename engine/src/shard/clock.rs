//! The one clock: nanoseconds since the engine started, the same for all its shards.
//!
//! Nothing below the shard reads a clock; a shard reads this one once a turn and passes the value
//! down.

#![allow(clippy::disallowed_methods, reason = "the clock is here")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::endpoint::Now;

/// Tells the time since a fixed start; a copy tells the same.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    start: Instant,
    start_unix_s: u64,
}

impl Clock {
    /// Starts counting.
    pub(crate) fn start() -> Self {
        let calendar = SystemTime::now().duration_since(UNIX_EPOCH);
        // Before 1970 no clock is set yet; state and tokens are refused then, and nothing else.
        let start_unix_s = calendar.map_or(0, |since| since.as_secs());
        Self { start: Instant::now(), start_unix_s }
    }

    /// The calendar's time at the start. Later settings of the calendar change nothing here.
    pub(crate) fn unix_s_at_zero(self) -> u64 {
        self.start_unix_s
    }

    /// The present; 2^64 ns are 584 years.
    pub(crate) fn now(self) -> Now {
        Now(self.start.elapsed().as_nanos() as u64)
    }
}
