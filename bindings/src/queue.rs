//! Calls that wait for the thread of the program's that polls.
//!
//! The descriptor is readable while there is something to do: calls that wait, or the end. Both
//! sides change it under the lock of the queue, so that none misses the other.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, OwnedFd, RawFd};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use mcpring::{Deferred, Outcome};
use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

use crate::answering::Answering;
use crate::call::{Frame, HostCall};
use crate::failure::Failure;
use crate::invoke;
use crate::status::MCPRING_ERR_SYSTEM;

/// Calls that wait when the settings do not say.
pub(crate) const HOST_QUEUE: usize = 1024;

/// A call that waits for its callback to be run.
pub(crate) struct Waiting {
    call: Deferred,
    answering: Arc<Answering>,
}

impl Waiting {
    /// The call, and who answers it.
    pub(crate) fn new(call: Deferred, answering: Arc<Answering>) -> Self {
        Self { call, answering }
    }

    /// Answers it without running anything.
    pub(crate) fn refuse(self, outcome: Outcome) {
        self.call.finish(outcome);
    }

    /// Runs the callback here. A call that nobody waits for any more is not begun.
    fn run(self) {
        if self.call.context().is_cancelled() {
            return self.refuse(Outcome::internal("the call was cancelled"));
        }
        let mut call = HostCall::new(self.call);
        match Frame::run(&self.answering, &mut call) {
            // Kept: whoever has it answers.
            Outcome::Deferred => {}
            outcome => {
                if let Some(call) = call.into_inner() {
                    call.finish(outcome);
                }
            }
        }
    }
}

/// Calls for the thread that polls.
pub(crate) struct Queue {
    state: Mutex<State>,
    waiting_max: AtomicUsize,
    readable: OwnedFd,
    is_polled: AtomicBool,
}

#[derive(Default)]
struct State {
    waiting: VecDeque<Waiting>,
    has_ended: bool,
    /// The thread that polled last.
    poller: Option<ThreadId>,
}

/// What a poll came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Polled {
    /// How many callbacks ran.
    pub(crate) ran: usize,
    /// Nothing comes any more.
    pub(crate) has_ended: bool,
}

impl Queue {
    /// An empty queue.
    pub(crate) fn new() -> Result<Self, Failure> {
        let flags = EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK;
        let readable = eventfd(0, flags).map_err(|errno| system("eventfd", errno))?;
        Ok(Self {
            state: Mutex::default(),
            waiting_max: AtomicUsize::new(HOST_QUEUE),
            readable,
            is_polled: AtomicBool::new(false),
        })
    }

    /// At most so many calls wait; one more is answered "busy".
    pub(crate) fn set_waiting_max(&self, waiting_max: usize) {
        self.waiting_max.store(waiting_max, Ordering::Relaxed);
    }

    /// The descriptor that is readable while there is something to do.
    pub(crate) fn descriptor(&self) -> RawFd {
        self.readable.as_raw_fd()
    }

    /// Whether callbacks run on this very thread: it is the one that polls, or nobody ever did and
    /// the program invokes the tool here.
    pub(crate) fn is_ours(&self) -> bool {
        match self.lock().poller {
            Some(poller) => poller == thread::current().id(),
            None => invoke::is_invoking(),
        }
    }

    /// Adds a call, or gives it back when there are too many or nobody will come for it.
    #[allow(
        clippy::result_large_err,
        reason = "a call that is refused goes back to who brought it"
    )]
    pub(crate) fn push(&self, waiting: Waiting) -> Result<(), Waiting> {
        let mut state = self.lock();
        if state.has_ended || state.waiting.len() >= self.waiting_max.load(Ordering::Relaxed) {
            return Err(waiting);
        }
        state.waiting.push_back(waiting);
        if state.waiting.len() == 1 {
            self.raise();
        }
        Ok(())
    }

    /// No calls come any more: those that wait are dropped, and who polls is told.
    pub(crate) fn end(&self) {
        let mut state = self.lock();
        state.has_ended = true;
        let waiting = std::mem::take(&mut state.waiting);
        self.raise();
        drop(state);
        drop(waiting);
    }

    /// Runs what waits, after waiting for the first so long; `None` is for ever. A signal to the
    /// thread ends the wait early.
    pub(crate) fn poll(&self, time: Option<Duration>) -> Result<Polled, Failure> {
        if self.is_polled.swap(true, Ordering::Acquire) {
            return Err(Failure::state("another thread is in mcpring_server_poll"));
        }
        let _polled = Polling(&self.is_polled);
        let count = {
            let mut state = self.lock();
            state.poller = Some(thread::current().id());
            state.waiting.len()
        };
        let count = if count == 0 { self.wait(time)? } else { count };
        // Those that come meanwhile are for the next time, which keeps this one bounded.
        let mut ran = 0;
        while ran < count {
            let Some(waiting) = self.take() else { break };
            waiting.run();
            ran += 1;
        }
        let state = self.lock();
        Ok(Polled { ran, has_ended: state.has_ended && state.waiting.is_empty() })
    }

    /// Waits for something to do; gives how many calls there are.
    fn wait(&self, time: Option<Duration>) -> Result<usize, Failure> {
        let time = time.and_then(|time| Timespec::try_from(time).ok());
        let mut readable = [PollFd::from_borrowed_fd(self.readable.as_fd(), PollFlags::IN)];
        match poll(&mut readable, time.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(self.lock().waiting.len()),
            Err(errno) => Err(system("poll", errno)),
        }
    }

    fn take(&self) -> Option<Waiting> {
        let mut state = self.lock();
        let waiting = state.waiting.pop_front();
        if state.waiting.is_empty() && !state.has_ended {
            // Readable or not, afterwards it is not.
            let _ = rustix::io::read(&self.readable, &mut [0; 8]);
        }
        waiting
    }

    /// Makes the descriptor readable. Its counter has room for 2^64 of these.
    fn raise(&self) {
        let _ = rustix::io::write(&self.readable, &1u64.to_ne_bytes());
    }

    /// Callbacks run without it, so a panic leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One thread polls until this is dropped.
struct Polling<'a>(&'a AtomicBool);

impl Drop for Polling<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

fn system(call: &str, errno: Errno) -> Failure {
    Failure::new(MCPRING_ERR_SYSTEM, format!("{call} failed: {errno}"))
}
