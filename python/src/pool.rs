//! The threads that run handlers which may block.
//!
//! A thread keeps its thread state and takes one call after the other without letting go of the
//! interpreter in between; it detaches only to wait. Where one thread at a time can run Python, one
//! is enough as long as calls go on being taken: more would only hand the interpreter to each
//! other. A *watch* looks whether they do. When some wait and none is taken for a while, the threads
//! that work are blocked or slow, and with each tick as many again are set to work; so it takes about
//! ten ticks to have sixty-four calls that sleep side by side.
//!
//! The threads are Python's own, and run `_drive.serve`: a thread that the ending interpreter stops
//! in a handler must have no frames of ours below it.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use mcpring::Outcome;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::held::Held;
use crate::prepare::{self, Prepared};
use crate::seat::Seat;
use crate::work::Work;

/// How often the watch looks.
const TICK: Duration = Duration::from_millis(1);
/// Ticks in a row without a call taken, while some wait, before more threads are set to work. On a
/// busy core the threads that work may be ready and have to wait for the processor for fewer.
const STALLED_TICKS: u32 = 5;
/// Ticks without a waiting call after which the watch sleeps until it is called. Busy servers would
/// call it for every batch otherwise.
const QUIET_TICKS: u32 = 16;
/// Ticks in a row with calls taken after which one thread too many goes to rest.
const CALM_TICKS: u32 = 16;
/// How long a thread that is not the last waits for a call before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// Threads that run calls, at most so many, behind one bounded queue.
pub(crate) struct Pool {
    state: Mutex<State>,
    /// Threads wait here for a permit.
    permits: Condvar,
    /// The watch waits here for its next tick.
    watch: Condvar,
    /// Calls were pushed since threads were last woken for some.
    is_due: AtomicBool,
    held: Held,
    limits: Limits,
    /// What makes words of an exception.
    on_error: Arc<Py<PyAny>>,
    /// The context variables of who starts the server; each call has a copy.
    context: PyOnceLock<Py<PyAny>>,
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
    /// Threads that are to go to rest although calls wait.
    surplus: usize,
    has_watch: bool,
    is_watched: bool,
    is_closed: bool,
}

impl Pool {
    /// A pool without threads yet.
    pub(crate) fn new(limits: Limits, on_error: Arc<Py<PyAny>>) -> Self {
        Self {
            state: Mutex::default(),
            permits: Condvar::new(),
            watch: Condvar::new(),
            is_due: AtomicBool::new(false),
            held: Held::default(),
            limits,
            on_error,
            context: PyOnceLock::new(),
        }
    }

    /// Queues a call, or gives it back when too many wait. Whoever pushes [`wake`](Self::wake)s
    /// when it has no more to push.
    pub(crate) fn push(&self, work: Work) -> Result<(), Work> {
        let mut state = self.lock();
        if state.is_closed || state.queue.len() >= self.limits.queue_max {
            return Err(work);
        }
        state.queue.push_back(work);
        self.is_due.store(true, Ordering::Relaxed);
        Ok(())
    }

    /// Sets threads to work if calls were pushed since the last time. Costs next to nothing when
    /// none were.
    pub(crate) fn wake(self: &Arc<Self>) {
        // Whoever pushed on this thread sees what it stored itself.
        if !self.is_due.load(Ordering::Relaxed) || !self.is_due.swap(false, Ordering::Relaxed) {
            return;
        }
        let mut state = self.lock();
        if state.queue.is_empty() {
            return;
        }
        let is_permitted = state.running < self.limits.parallel && self.permit(&mut state);
        // One thread is right for all, unless the first of them blocks it.
        let is_enough = is_permitted && state.queue.len() == 1 || state.is_watched;
        // Without a watch and without a thread there is nobody for them.
        if !is_enough && !self.call_watch(&mut state) && state.running == 0 {
            let left = std::mem::take(&mut state.queue);
            drop(state);
            left.into_iter().for_each(Work::refuse);
        }
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

    /// Starts the first thread, so that the first call need not wait for one.
    pub(crate) fn warm_up(self: &Arc<Self>, py: Python<'_>) {
        let is_first = {
            let mut state = self.lock();
            let is_first = state.started == 0;
            if is_first {
                state.started += 1;
                state.running += 1;
            }
            is_first
        };
        if is_first {
            self.start(py);
        }
    }

    /// The context variables that calls begin with: of who asks first.
    pub(crate) fn context(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        let copy = || {
            let context = py.import("contextvars")?.call_method0("copy_context")?;
            Ok::<_, PyErr>(context.unbind())
        };
        Ok(self.context.get_or_try_init(py, copy)?.clone_ref(py))
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

    /// Starts a thread that is counted already.
    fn start(self: &Arc<Self>, py: Python<'_>) {
        let lane = Bound::new(py, PoolLane(Arc::clone(self)));
        if lane.and_then(|lane| prepare::start_thread(py, "serve", lane.into_any())).is_err() {
            let mut state = self.lock();
            state.started -= 1;
            state.running -= 1;
        }
    }

    /// The oldest call. Without one the thread counts as waiting from here on.
    fn take(&self) -> Option<Work> {
        let mut state = self.lock();
        let work = if state.surplus > 0 { None } else { state.queue.pop_front() };
        if work.is_some() {
            state.taken += 1;
            return work;
        }
        state.surplus = state.surplus.saturating_sub(1);
        state.running -= 1;
        state.idle += 1;
        drop(state);
        self.held.send();
        None
    }

    /// Answers a call: at once, or with others that wait to be run.
    pub(crate) fn answer(&self, seat: &Arc<Seat>, outcome: Outcome) {
        // Calls that wait have a watch, which sends what is held when a handler takes its time.
        let has_more = !self.lock().queue.is_empty();
        if !has_more {
            self.held.send();
            seat.answer(outcome);
        } else if self.held.put(seat, outcome) {
            self.held.send();
        }
    }

    /// Waits for a permit; `false` when the thread is to end.
    fn rest(&self) -> bool {
        let mut state = self.lock();
        loop {
            let waits = |state: &mut State| state.permits == 0 && !state.is_closed;
            let waited = self.permits.wait_timeout_while(state, IDLE, waits);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.permits > 0 {
                state.permits -= 1;
                return true;
            }
            // The last one stays, so that the next call needs no new thread.
            if state.is_closed || state.started > 1 {
                state.idle -= 1;
                state.started -= 1;
                return false;
            }
        }
    }

    /// The watch: sets more threads to work when those that work take no calls.
    fn look_after(self: &Arc<Self>) {
        let (mut quiet, mut stalled, mut calm) = (0, 0, 0);
        loop {
            let state = self.next_tick();
            if state.is_closed {
                return;
            }
            let taken = state.taken;
            let ticked = self.watch.wait_timeout(state, TICK);
            let mut state = ticked.unwrap_or_else(PoisonError::into_inner).0;
            let (is_empty, is_stalled) = (state.queue.is_empty(), state.taken == taken);
            quiet = if is_empty { quiet + 1 } else { 0 };
            stalled = if is_stalled && !is_empty { stalled + 1 } else { 0 };
            calm = if is_stalled || is_empty { 0 } else { calm + 1 };
            if calm > CALM_TICKS && state.running > self.limits.parallel {
                (state.surplus, calm) = (1, 0);
            }
            if quiet > QUIET_TICKS {
                (state.is_watched, quiet) = (false, 0);
            }
            // Nobody works where the first thread has yet to be started.
            let is_due = stalled >= STALLED_TICKS || state.running == 0 && !is_empty;
            let missing = if is_due { self.double(&mut state) } else { 0 };
            drop(state);
            self.held.send();
            if missing > 0 {
                self.start_more(missing);
            }
        }
    }

    /// Waits until somebody wants the watch to tick.
    fn next_tick(&self) -> MutexGuard<'_, State> {
        let sleeps = |state: &mut State| !state.is_watched && !state.is_closed;
        let waited = self.watch.wait_while(self.lock(), sleeps);
        waited.unwrap_or_else(PoisonError::into_inner)
    }

    /// Sets as many threads to work as work already, but no more than there are calls. Gives how
    /// many of them have to be started; they are counted.
    fn double(&self, state: &mut State) -> usize {
        let wanted = state.running.max(1).min(state.queue.len());
        let woken = (0..wanted).take_while(|_| self.permit(state)).count();
        let missing = (wanted - woken).min(self.limits.threads_max - state.started);
        state.started += missing;
        state.running += missing;
        missing
    }

    fn start_more(self: &Arc<Self>, missing: usize) {
        // An interpreter that ends has no use for them. One that is held by a handler for long
        // delays them, as it would delay what they are for.
        let _ = Python::try_attach(|py| (0..missing).for_each(|_| self.start(py)));
    }

    /// Each change is made whole, so a panic elsewhere leaves nothing half done.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a thread of the pool takes its calls from.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct PoolLane(Arc<Pool>);

#[pymethods]
impl PoolLane {
    /// What makes words of an exception.
    fn on_error(&self, py: Python<'_>) -> Py<PyAny> {
        self.0.on_error.clone_ref(py)
    }

    /// The context variables that calls begin with.
    fn context(&self, py: Python<'_>) -> PyResult<Py<PyAny>> {
        self.0.context(py)
    }

    fn __iter__(this: Bound<'_, Self>) -> Bound<'_, Self> {
        // For those who look at the process; a thread without it works as well.
        let _ = rustix::thread::set_name(c"mcpring-pool");
        this
    }

    /// The next call, what it runs, and with which arguments; none when the thread is to end.
    fn __next__<'py>(&self, py: Python<'py>) -> Option<Prepared<'py>> {
        prepare::leave();
        loop {
            let pool = &self.0;
            match pool.take() {
                Some(work) => {
                    if let Some(prepared) = prepare::on_thread(py, work) {
                        return Some(prepared);
                    }
                }
                None if py.detach(|| pool.rest()) => {}
                None => return None,
            }
        }
    }
}
