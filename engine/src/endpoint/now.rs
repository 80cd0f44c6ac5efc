//! Time as an argument: nothing at or below the endpoint reads a clock.

use std::time::Duration;

/// Nanoseconds on the shard's monotonic clock, read once per turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Now(pub u64);

impl Now {
    /// A time that does not come.
    pub const NEVER: Self = Self(u64::MAX);

    /// This many milliseconds later.
    pub const fn after_ms(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms.saturating_mul(1_000_000)))
    }

    /// Time since `earlier`, zero when that lies ahead.
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}
