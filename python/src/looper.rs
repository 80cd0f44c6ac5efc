//! The lane of an asyncio event loop.
//!
//! Shards push, one descriptor wakes the loop, and its thread takes what is there in batches
//! (`_drive.Drain`). Without a loop of the program's, a thread with one is started when a handler
//! needs it.

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcpring::Outcome;
use pyo3::prelude::*;
use pyo3::types::PyList;
use rustix::event::{EventfdFlags, eventfd};

use crate::call::Call;
use crate::held::Held;
use crate::prepare;
use crate::route::Visit;
use crate::seat::Seat;
use crate::work::Work;

/// Items taken in one go, before other callbacks of the loop get their turn.
const BATCH_MAX: usize = 64;

/// Something for the thread of the loop.
pub(crate) enum Item {
    /// A call to begin.
    Call(Work),
    /// A request for a route of the program's.
    Visit(Visit),
    /// What a plain function returned has to be awaited.
    Await(Arc<Seat>, Py<PyAny>),
    /// The answer to the call of that number is no longer wanted.
    Cancel(u64),
    /// The server has ended.
    Stop,
}

/// What waits for the thread of an event loop.
pub(crate) struct Looper {
    state: Mutex<State>,
    /// Readable while something waits.
    bell: OwnedFd,
    /// Calls were pushed since the loop was last woken for some.
    is_due: AtomicBool,
    held: Held,
    /// Whether the loop will send what is held at the end of its present pass.
    holds: AtomicBool,
    /// Calls that wait to begin.
    calls: AtomicUsize,
    calls_max: usize,
    numbers: AtomicU64,
    /// What makes words of an exception.
    on_error: Arc<Py<PyAny>>,
    /// The tasks of calls that wait, which asyncio itself holds weakly.
    tasks: Mutex<HashMap<u64, Py<PyAny>>>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    is_rung: bool,
    is_closed: bool,
    has_home: bool,
}

impl Looper {
    /// A lane nobody takes from yet; at most `calls_max` calls wait in it.
    pub(crate) fn new(calls_max: usize, on_error: Arc<Py<PyAny>>) -> std::io::Result<Self> {
        Ok(Self {
            state: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            is_due: AtomicBool::new(false),
            held: Held::default(),
            holds: AtomicBool::new(false),
            calls: AtomicUsize::new(0),
            calls_max,
            numbers: AtomicU64::new(0),
            on_error,
            tasks: Mutex::default(),
        })
    }

    /// A number no other call has.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Queues a call, or gives it back when too many wait.
    pub(crate) fn push_call(&self, work: Work) -> Result<(), Work> {
        if self.calls.fetch_add(1, Ordering::Relaxed) >= self.calls_max {
            self.calls.fetch_sub(1, Ordering::Relaxed);
            return Err(work);
        }
        match self.push(Item::Call(work)) {
            Err(Item::Call(work)) => Err(work),
            Err(_) | Ok(()) => Ok(()),
        }
    }

    /// As [`Self::push_call`], for a request for a route.
    pub(crate) fn push_visit(&self, visit: Visit) -> Result<(), Visit> {
        if self.calls.fetch_add(1, Ordering::Relaxed) >= self.calls_max {
            self.calls.fetch_sub(1, Ordering::Relaxed);
            return Err(visit);
        }
        match self.push(Item::Visit(visit)) {
            Err(Item::Visit(visit)) => Err(visit),
            Err(_) | Ok(()) => Ok(()),
        }
    }

    /// Queues what is bounded by the calls that run; a lane that has ended gives it back.
    pub(crate) fn push(&self, item: Item) -> Result<(), Item> {
        let mut state = lock(&self.state);
        if state.is_closed {
            return Err(item);
        }
        state.is_closed = matches!(item, Item::Stop);
        // Shards wake the loop once a turn, for all they pushed.
        let is_of_turn = matches!(item, Item::Call(_) | Item::Visit(_));
        state.items.push_back(item);
        if is_of_turn {
            self.is_due.store(true, Ordering::Relaxed);
        } else {
            self.ring(&mut state);
        }
        Ok(())
    }

    /// Wakes the loop if calls were pushed since the last time. Costs next to nothing when none
    /// were.
    pub(crate) fn wake(&self) {
        // Whoever pushed on this thread sees what it stored itself.
        if self.is_due.load(Ordering::Relaxed) && self.is_due.swap(false, Ordering::Relaxed) {
            self.ring(&mut lock(&self.state));
        }
    }

    fn ring(&self, state: &mut State) {
        if !state.is_rung && !state.items.is_empty() {
            state.is_rung = true;
            // The counter of a bell that is not rung is zero: there is room for one more.
            let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        }
    }

    /// Answers a call: at once, or with the others of this pass of the loop.
    pub(crate) fn answer(&self, seat: &Arc<Seat>, outcome: Outcome) {
        if !self.holds.load(Ordering::Relaxed) {
            seat.answer(outcome);
        } else if self.held.put(seat, outcome) {
            self.held.send();
        }
    }

    /// Sees to it that somebody takes from the lane: a thread with a loop of its own, if nobody
    /// does yet.
    pub(crate) fn find_home(self: &Arc<Self>, py: Python<'_>) -> PyResult<()> {
        if std::mem::replace(&mut lock(&self.state).has_home, true) {
            return Ok(());
        }
        let lane = Bound::new(py, LoopLane(Arc::clone(self)));
        let started = lane.and_then(|lane| prepare::start_thread(py, "run_loop", lane.into_any()));
        // Whoever needs one next tries again.
        started.inspect_err(|_| lock(&self.state).has_home = false)
    }

    /// Leaves the lane to a loop that will settle, or no more.
    pub(crate) fn reserve(&self, is_reserved: bool) {
        lock(&self.state).has_home = is_reserved;
    }

    /// The program's own loop, for which the lane was reserved, takes from it.
    pub(crate) fn settle(self: &Arc<Self>, event_loop: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = event_loop.py();
        let lane = Bound::new(py, LoopLane(Arc::clone(self)))?;
        py.import("mcpring._drive")?.call_method1("join_loop", (lane, event_loop)).map(drop)
    }

    /// What waits, up to a batch.
    fn take(&self) -> Vec<Item> {
        let mut state = lock(&self.state);
        let count = state.items.len().min(BATCH_MAX);
        let batch = state.items.drain(..count).collect();
        if state.items.is_empty() {
            state.is_rung = false;
            // It is rung, and nobody else reads it.
            let _ = rustix::io::read(&self.bell, &mut [0_u8; 8]);
        }
        batch
    }

    /// Keeps the task of a call that waits.
    pub(crate) fn keep(&self, number: u64, task: Py<PyAny>) {
        let before = lock(&self.tasks).insert(number, task);
        drop(before);
    }

    /// Forgets the task of a call that is answered.
    pub(crate) fn forget(&self, number: u64) {
        let task = {
            let mut tasks = lock(&self.tasks);
            // A map looks for the place of a key even when it is empty, as that of a pool's calls is.
            if tasks.is_empty() { None } else { tasks.remove(&number) }
        };
        drop(task);
    }
}

/// What these locks guard is changed whole, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the thread of an event loop takes its calls from.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct LoopLane(Arc<Looper>);

#[pymethods]
impl LoopLane {
    /// What makes words of an exception.
    fn on_error(&self, py: Python<'_>) -> Py<PyAny> {
        self.0.on_error.clone_ref(py)
    }

    /// Readable while something waits.
    fn fileno(&self) -> i32 {
        self.0.bell.as_fd().as_raw_fd()
    }

    /// Holds the answers from here on, until `send`.
    fn hold(&self) {
        self.0.holds.store(true, Ordering::Relaxed);
    }

    /// Sends what is held, and holds no more.
    fn send(&self) {
        self.0.holds.store(false, Ordering::Relaxed);
        self.0.held.send();
    }

    /// What waits, up to a batch: calls with what they run; calls with what has to be awaited;
    /// tasks to cancel; `None` when the server has ended.
    fn take<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let found = PyList::empty(py);
        for item in self.0.take() {
            match item {
                Item::Call(work) => {
                    self.0.calls.fetch_sub(1, Ordering::Relaxed);
                    if let Some(prepared) = prepare::on_loop(py, work) {
                        found.append(prepared)?;
                    }
                }
                Item::Visit(visit) => {
                    self.0.calls.fetch_sub(1, Ordering::Relaxed);
                    found.append(visit.prepare(py)?)?;
                }
                Item::Await(seat, awaitable) => {
                    let way = seat.handler.way.clone_ref(py);
                    let awaitable = PyList::new(py, [awaitable])?;
                    found.append((Bound::new(py, Call::new(seat))?, way, awaitable))?;
                }
                Item::Cancel(number) => {
                    let task = lock(&self.0.tasks).get(&number).map(|task| task.clone_ref(py));
                    if let Some(task) = task {
                        found.append((py.None(), task, py.None()))?;
                    }
                }
                Item::Stop => found.append(py.None())?,
            }
        }
        Ok(found)
    }
}
