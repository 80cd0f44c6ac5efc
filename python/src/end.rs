//! The end of a server, and waiting for it.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

/// How long a wait may go on without looking at signals: they wake it, unless the kernel gave one
/// to another thread.
const LOOK: Duration = Duration::from_secs(1);

/// Told when a server has ended; waited for by any number of threads.
pub(crate) struct End {
    has_come: AtomicBool,
    /// Readable from the end on.
    bell: OwnedFd,
}

impl End {
    pub(crate) fn new() -> std::io::Result<Self> {
        let bell = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?;
        Ok(Self { has_come: AtomicBool::new(false), bell })
    }

    /// It has ended.
    pub(crate) fn tell(&self) {
        self.has_come.store(true, Ordering::Release);
        // Nobody reads it, so there is room for this one.
        let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
    }

    /// What is readable from the end on; it stays ours.
    pub(crate) fn fileno(&self) -> i32 {
        self.bell.as_raw_fd()
    }

    pub(crate) fn has_come(&self) -> bool {
        self.has_come.load(Ordering::Acquire)
    }

    /// Waits for the end, a signal, or until it is time to look for signals; not longer than until
    /// `deadline`.
    pub(crate) fn wait_a_while(&self, deadline: Option<Instant>) {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let time = left.map_or(LOOK, |left| left.min(LOOK));
        let time = Timespec { tv_sec: time.as_secs() as i64, tv_nsec: time.subsec_nanos().into() };
        // An interrupted wait is over as well: the caller looks what there is.
        let _ = poll(&mut [PollFd::new(&self.bell, PollFlags::IN)], Some(&time));
    }
}
