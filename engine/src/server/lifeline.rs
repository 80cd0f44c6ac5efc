//! What the session that waits for a call tells whoever works on it: whether the answer is still
//! wanted, and until when.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

type Told = Box<dyn FnOnce() + Send>;

/// Shared by the session that waits for a call and whoever works on it.
///
/// Times are nanoseconds on the session's clock, which [`Post::now_ns`](super::Post::now_ns) reads.
/// One side writes; nothing else hangs on the order of what is read here.
pub struct Lifeline {
    is_cancelled: AtomicBool,
    deadline_ns: AtomicU64,
    /// Who wants to hear of it at once.
    told: Mutex<Option<Told>>,
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
        Self {
            is_cancelled: AtomicBool::new(false),
            deadline_ns: AtomicU64::new(deadline_ns),
            told: Mutex::new(None),
        }
    }

    /// The answer is not wanted any more.
    pub fn cancel(&self) {
        self.is_cancelled.store(true, Ordering::Relaxed);
        self.tell();
    }

    /// Calls `told` when the answer is not wanted any more, on the thread that finds out; now if
    /// that is so already. It must not block. One is kept: the last.
    pub fn on_cancel(&self, told: impl FnOnce() + Send + 'static) {
        let before = self.place().replace(Box::new(told));
        drop(before);
        // Asked behind the lock: who cancels now either finds it there or was seen here.
        if self.is_cancelled() {
            self.tell();
        }
    }

    fn tell(&self) {
        let told = self.place().take();
        if let Some(told) = told {
            told();
        }
    }

    /// What it guards is replaced whole, so a panic elsewhere leaves nothing half done.
    fn place(&self) -> MutexGuard<'_, Option<Told>> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
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

impl fmt::Debug for Lifeline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lifeline")
            .field("is_cancelled", &self.is_cancelled())
            .field("deadline_ns", &self.deadline_ns)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::AtomicU32;

    #[test]
    fn whoever_works_is_told_once() {
        let check = |steps: &str, want: u32| {
            let (lifeline, heard) = (Lifeline::default(), Arc::new(AtomicU32::new(0)));
            for step in steps.chars() {
                let heard = Arc::clone(&heard);
                match step {
                    'c' => lifeline.cancel(),
                    _ => lifeline.on_cancel(move || {
                        heard.fetch_add(1, Ordering::Relaxed);
                    }),
                }
            }
            assert_eq!(heard.load(Ordering::Relaxed), want, "{steps}");
        };
        check("o", 0);
        check("oc", 1);
        check("co", 1);
        check("occ", 1);
        check("ooc", 1);
        check("oco", 2);
    }
}
