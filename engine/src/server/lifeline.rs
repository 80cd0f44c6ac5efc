//! What the session that waits for a call tells whoever works on it: whether the answer is still
//! wanted, and until when.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Shared by the session that waits for a call and whoever works on it.
///
/// Times are nanoseconds on the session's clock, which [`Post::now_ns`](super::Post::now_ns) reads.
/// One side writes; nothing else hangs on the order of what is read here.
#[derive(Debug)]
pub struct Lifeline {
    is_cancelled: AtomicBool,
    deadline_ns: AtomicU64,
}

/// A deadline that does not come.
const NEVER_NS: u64 = u64::MAX;

impl Default for Lifeline {
    /// Wanted for ever.
    fn default() -> Self {
        Self::until(NEVER_NS)
    }
}

impl Lifeline {
    /// Wanted until then; `u64::MAX` is for ever.
    pub const fn until(deadline_ns: u64) -> Self {
        Self { is_cancelled: AtomicBool::new(false), deadline_ns: AtomicU64::new(deadline_ns) }
    }

    /// The answer is not wanted any more.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
    }

    /// Whether the answer is not wanted any more.
    pub fn is_cancelled(&self) -> bool {
        self.is_cancelled.load(Ordering::Relaxed)
    }

    /// Moves the deadline.
    pub fn set_deadline(&self, deadline_ns: u64) {
        self.deadline_ns.store(deadline_ns, Ordering::Relaxed);
    }

    /// The time from `now_ns` to the deadline, if there is one; zero when it is over.
    pub fn time_left(&self, now_ns: impl FnOnce() -> u64) -> Option<Duration> {
        match self.deadline_ns.load(Ordering::Relaxed) {
            NEVER_NS => None,
            deadline => Some(Duration::from_nanos(deadline.saturating_sub(now_ns()))),
        }
    }
}
