//! The threads that run handlers which may block.
//!
//! A thread attaches to the interpreter once and keeps its thread state; it takes one call after the
//! other without letting go of the interpreter in between, and detaches only to wait. Where one
//! thread at a time can run Python, one is enough as long as calls go on being taken: more would
//! only hand the interpreter to each other. A *watch* looks whether they do. When a tick passes
//! without a call taken while some wait, the threads that work are blocked or slow, and as many
//! again are set to work; so it takes six ticks to have sixty-four calls that sleep side by side.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use pyo3::Python;

use crate::run;
use crate::work::Work;

/// How long calls may wait while none is taken before more threads are set to work.
const TICK: Duration = Duration::from_millis(1);
/// Ticks without a waiting call after which the watch sleeps until it is called. Busy servers would
/// call it for every batch otherwise.
const QUIET_TICKS: u32 = 16;
/// How long a thread that is not the last waits for a call before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// Threads that run calls, at most so many, behind one bounded queue.
pub(crate) struct Pool {
    state: Mutex<State>,
    /// Threads wait here for a permit.
    permits: Condvar,
    /// The watch waits here for its next tick.
    watch: Condvar,
    limits: Limits,
}

/// How much a pool takes on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// Threads.
    pub(crate) threads_max: usize,
    /// Calls that wait.
    pub(crate) queue_max: usize,
    /// Threads that can run Python at the same time.
    pub(crate) parallel: usize,
}

#[derive(Default)]
struct State {
    queue: VecDeque<Work>,
    /// Threads there are.
    started: usize,
    /// Threads that wait and have no permit.
    idle: usize,
    /// Threads that run calls, or are about to.
    running: usize,
    /// Rights to go to work that waiting threads have not used yet.
    permits: usize,
    /// Calls taken from the queue.
    taken: u64,
    has_watch: bool,
    is_watched: bool,
    is_closed: bool,
}

impl Pool {
    /// A pool without threads yet.
    pub(crate) fn new(limits: Limits) -> Self {
        Self { state: Mutex::default(), permits: Condvar::new(), watch: Condvar::new(), limits }
    }

    /// Queues a call, or gives it back when too many wait or no thread can be had.
    pub(crate) fn push(self: &Arc<Self>, work: Work) -> Result<(), Work> {
        let mut state = self.lock();
        if state.is_closed || state.queue.len() >= self.limits.queue_max {
            return Err(work);
        }
        state.queue.push_back(work);
        if state.running < self.limits.parallel {
            if self.permit(&mut state) || self.spawn(&mut state) {
                return Ok(());
            }
        } else if state.is_watched || self.call_watch(&mut state) {
            return Ok(());
        }
        // Someone else is at work and will take it, unless there is nobody.
        if state.started > 0 { Ok(()) } else { state.queue.pop_back().map_or(Ok(()), Err) }
    }

    /// Refuses what waits, and lets the threads end.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.is_closed = true;
        let left = std::mem::take(&mut state.queue);
        drop(state);
        self.permits.notify_all();
        self.watch.notify_all();
        left.into_iter().for_each(Work::refuse);
    }

    /// Sets a waiting thread to work, if there is one.
    fn permit(&self, state: &mut State) -> bool {
        if state.idle == 0 {
            return false;
        }
        state.idle -= 1;
        state.running += 1;
        state.permits += 1;
        self.permits.notify_one();
        true
    }

    /// Starts a thread at work, if there may be one more.
    fn spawn(self: &Arc<Self>, state: &mut State) -> bool {
        if state.started >= self.limits.threads_max {
            return false;
        }
        let pool = Arc::clone(self);
        let name = format!("mcpring-python-{}", state.started);
        let thread = thread::Builder::new().name(name).spawn(move || pool.serve());
        if thread.is_ok() {
            state.started += 1;
            state.running += 1;
        }
        thread.is_ok()
    }

    /// Has the watch tick, if it can be had.
    fn call_watch(self: &Arc<Self>, state: &mut State) -> bool {
        if !state.has_watch {
            let pool = Arc::clone(self);
            let thread = thread::Builder::new().name("mcpring-watch".into());
            state.has_watch = thread.spawn(move || pool.look_after()).is_ok();
        }
        state.is_watched = state.has_watch;
        self.watch.notify_one();
        state.has_watch
    }

    /// One thread: calls, one after the other, until there is no more use for it.
    fn serve(&self) {
        // An interpreter that ends meanwhile has no use for the thread.
        let _ = Python::try_attach(|py| {
            loop {
                match self.take() {
                    // What a panic leaves unanswered answers itself.
                    Some(work) => drop(catch_unwind(AssertUnwindSafe(|| run::here(py, work)))),
                    None if py.detach(|| self.rest()) => {}
                    None => return,
                }
            }
        });
    }

    /// The oldest call; without one the thread counts as waiting from here on.
    fn take(&self) -> Option<Work> {
        let mut state = self.lock();
        let work = state.queue.pop_front();
        if work.is_some() {
            state.taken += 1;
        } else {
            state.running -= 1;
            state.idle += 1;
        }
        work
    }

    /// Waits for a permit; `false` when the thread is to end.
    fn rest(&self) -> bool {
        let state = self.lock();
        let waits = |state: &mut State| state.permits == 0 && !state.is_closed;
        let waited = self.permits.wait_timeout_while(state, IDLE, waits);
        let (mut state, _) = waited.unwrap_or_else(PoisonError::into_inner);
        if state.permits > 0 {
            state.permits -= 1;
            return true;
        }
        // The last one stays, so that the next call needs no new thread.
        let ends = state.is_closed || state.started > 1;
        if ends {
            state.idle -= 1;
            state.started -= 1;
        }
        !ends && {
            drop(state);
            self.rest()
        }
    }

    /// The watch: sets more threads to work when those that work take no calls.
    fn look_after(self: &Arc<Self>) {
        let mut quiet = 0;
        let mut state = self.lock();
        loop {
            state = self.next_tick(state);
            if state.is_closed {
                return;
            }
            let taken = state.taken;
            let ticked = self.watch.wait_timeout(state, TICK);
            state = ticked.unwrap_or_else(PoisonError::into_inner).0;
            quiet = if state.queue.is_empty() { quiet + 1 } else { 0 };
            if quiet > QUIET_TICKS {
                (state.is_watched, quiet) = (false, 0);
            } else if state.taken == taken {
                self.double(&mut state);
            }
        }
    }

    /// Waits until somebody wants the watch to tick.
    fn next_tick<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        let sleeps = |state: &mut State| !state.is_watched && !state.is_closed;
        self.watch.wait_while(state, sleeps).unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets as many threads to work as work already, but no more than there are calls.
    fn double(self: &Arc<Self>, state: &mut State) {
        for _ in 0..state.running.max(1).min(state.queue.len()) {
            if !self.permit(state) && !self.spawn(state) {
                return;
            }
        }
    }

    /// Each change is made whole, so a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
