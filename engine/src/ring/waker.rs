//! Ending a shard's wait from another thread, for one atomic exchange when the shard is awake.
//!
//! One word says what the shard does:
//!
//! ```text
//!            sleep                 wake: writes the eventfd
//!   AWAKE ----------> SLEEPING ------------------------------> NOTIFIED
//!     ^ \________________________________________________________^  |
//!     |                  wake: no system call                       |
//!     +---------------- rise, at the end of each wait --------------+
//! ```
//!
//! All moves are read-modify-writes of that one word, so they have one order that all threads agree
//! on, and no wake-up can fall between two of them: either `sleep` comes later and finds `NOTIFIED`
//! (then the shard does not block), or it came first and `wake` finds `SLEEPING` (then the eventfd
//! is written, and the kernel remembers that until the shard looks). `wake` releases and `rise`
//! acquires, so what a thread put into the inbox before waking is seen by the turn it caused.

use std::fmt;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use super::sys;
use crate::error::SystemError;

const AWAKE: u8 = 0;
const SLEEPING: u8 = 1;
const NOTIFIED: u8 = 2;

/// Ends a shard's wait. Cheap to clone, usable from any thread, and harmless when the shard is
/// gone.
#[derive(Clone)]
pub struct Waker {
    inner: Arc<Inner>,
}

struct Inner {
    state: AtomicU8,
    /// None under simulation, where nothing blocks.
    event: Option<OwnedFd>,
}

impl Waker {
    /// A waker over a new eventfd.
    pub(super) fn new() -> Result<Self, SystemError> {
        Ok(Self::over(Some(sys::eventfd()?)))
    }

    /// A waker without a kernel behind it: it only remembers that it was used.
    #[cfg(any(test, feature = "sim"))]
    pub(crate) fn detached() -> Self {
        Self::over(None)
    }

    fn over(event: Option<OwnedFd>) -> Self {
        Self { inner: Arc::new(Inner { state: AtomicU8::new(AWAKE), event }) }
    }

    /// Ends the present wait, or the next one. Costs a system call only when the shard sleeps.
    pub fn wake(&self) {
        if self.inner.state.swap(NOTIFIED, Ordering::AcqRel) == SLEEPING
            && let Some(event) = &self.inner.event
        {
            sys::eventfd_signal(event);
        }
    }

    /// Whether both wake the same shard.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Announces that the shard is about to block; false when it must not, for it was woken.
    pub(crate) fn sleep(&self) -> bool {
        let state = &self.inner.state;
        state.compare_exchange(AWAKE, SLEEPING, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Announces that the shard is awake; true when it was woken since it last was.
    pub(crate) fn rise(&self) -> bool {
        self.inner.state.swap(AWAKE, Ordering::AcqRel) == NOTIFIED
    }

    /// Whether it was used since the shard last rose; looks only.
    #[cfg(any(test, feature = "sim"))]
    pub(crate) fn is_woken(&self) -> bool {
        self.inner.state.load(Ordering::Acquire) == NOTIFIED
    }

    /// The eventfd a driver watches.
    pub(super) fn descriptor(&self) -> RawFd {
        self.inner.event.as_ref().map_or(-1, AsRawFd::as_raw_fd)
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waker").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Waker;

    #[test]
    fn a_wake_up_is_never_lost_and_reported_once() {
        let waker = Waker::detached();
        assert!(!waker.rise(), "not woken yet");
        waker.wake();
        waker.wake();
        assert!(!waker.sleep(), "woken before it slept");
        assert!(waker.rise());
        assert!(!waker.rise(), "reported once");
        assert!(waker.sleep());
        waker.wake();
        assert!(waker.rise());
    }
}
