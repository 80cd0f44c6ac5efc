//! The lane of an asyncio event loop.
//!
//! Shards push, one descriptor wakes the loop, and its thread takes what is there in batches. A
//! coroutine starts at once where Python can do so (3.12), and becomes a task of the loop's that
//! waits only if it waits. Without a loop of the program's, a thread with one is started for the
//! first call that needs it.

use std::collections::{HashMap, VecDeque};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{IntoPyDict, PyDict, PyType};
use rustix::event::{EventfdFlags, eventfd};

use crate::call::{self, Call};
use crate::run;
use crate::seat::Seat;
use crate::work::Work;

/// Items taken in one go, before other callbacks of the loop get their turn.
const BATCH_MAX: usize = 64;

/// Something for the thread of the loop.
pub(crate) enum Item {
    /// A call to begin.
    Call(Work),
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
    /// Calls that wait to begin.
    calls: AtomicUsize,
    calls_max: usize,
    numbers: AtomicU64,
    /// The tasks of calls that wait, which asyncio itself holds weakly.
    tasks: Mutex<HashMap<u64, Py<PyAny>>>,
}

#[derive(Default)]
struct State {
    items: VecDeque<Item>,
    is_rung: bool,
    is_closed: bool,
    home: Home,
}

/// Whose loop takes the items.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Home {
    /// Nobody's yet.
    #[default]
    None,
    /// The program's.
    Program,
    /// One on a thread of our own.
    Own,
}

impl Looper {
    /// A lane nobody takes from yet; at most `calls_max` calls wait in it.
    pub(crate) fn new(calls_max: usize) -> std::io::Result<Self> {
        Ok(Self {
            state: Mutex::default(),
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
            calls: AtomicUsize::new(0),
            calls_max,
            numbers: AtomicU64::new(0),
            tasks: Mutex::default(),
        })
    }

    /// A number no other call has.
    pub(crate) fn next_number(&self) -> u64 {
        self.numbers.fetch_add(1, Ordering::Relaxed)
    }

    /// Queues a call, or gives it back when too many wait or there is no loop to be had.
    pub(crate) fn push_call(self: &Arc<Self>, work: Work) -> Result<(), Work> {
        if self.calls.fetch_add(1, Ordering::Relaxed) >= self.calls_max || !self.has_home() {
            self.calls.fetch_sub(1, Ordering::Relaxed);
            return Err(work);
        }
        self.push(Item::Call(work));
        Ok(())
    }

    /// Queues what must not be lost, and is bounded by the calls that run.
    pub(crate) fn push(&self, item: Item) {
        let mut state = lock(&self.state);
        if matches!(item, Item::Stop) {
            state.is_closed = true;
        }
        state.items.push_back(item);
        if !state.is_rung {
            state.is_rung = true;
            // The counter of a bell that is not rung is zero: there is room for one more.
            let _ = rustix::io::write(&self.bell, &1_u64.to_ne_bytes());
        }
    }

    /// Whether somebody takes from the lane, or will.
    fn has_home(self: &Arc<Self>) -> bool {
        let mut state = lock(&self.state);
        if state.home == Home::None && !state.is_closed {
            let looper = Arc::clone(self);
            let thread = thread::Builder::new().name("mcpring-loop".into());
            if thread.spawn(move || looper.serve()).is_ok() {
                state.home = Home::Own;
            }
        }
        state.home != Home::None && !state.is_closed
    }

    /// A thread with a loop of its own, until the server ends.
    fn serve(self: Arc<Self>) {
        let _ = Python::try_attach(|py| {
            let run = || {
                let lane = Bound::new(py, LoopLane::new(self))?;
                py.import("mcpring._drive")?.call_method1("run_loop", (lane,))
            };
            if let Err(fault) = run() {
                fault.write_unraisable(py, None);
            }
        });
    }

    /// What waits, up to a batch.
    fn take(&self) -> Vec<Item> {
        let mut state = lock(&self.state);
        let count = state.items.len().min(BATCH_MAX);
        let batch = state.items.drain(..count).collect();
        if state.items.is_empty() {
            state.is_rung = false;
            // Reading what is known to be there; nobody else reads.
            let _ = rustix::io::read(&self.bell, &mut [0_u8; 8]);
        }
        batch
    }

    /// Keeps the task of a call that waits, and has it cancelled when nobody wants the answer.
    fn keep(self: &Arc<Self>, seat: &Seat, task: Py<PyAny>) {
        let number = seat.number;
        lock(&self.tasks).insert(number, task);
        let looper = Arc::clone(self);
        seat.context.on_cancel(move || looper.push(Item::Cancel(number)));
    }

    /// Forgets the task of a call that is answered.
    pub(crate) fn forget(&self, number: u64) {
        let task = lock(&self.tasks).remove(&number);
        drop(task);
    }

    fn task(&self, py: Python<'_>, number: u64) -> Option<Py<PyAny>> {
        lock(&self.tasks).get(&number).map(|task| task.clone_ref(py))
    }
}

/// What these locks guard is changed whole, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What an event loop calls when something waits for its thread.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct LoopLane {
    looper: Arc<Looper>,
    home: PyOnceLock<At>,
}

/// The loop that takes from the lane, and how it makes tasks.
struct At {
    event_loop: Py<PyAny>,
    drive: Py<PyAny>,
    /// `asyncio.Task` and its arguments where tasks can start at once.
    eager: Option<(Py<PyType>, Py<PyDict>)>,
    is_own: bool,
}

impl At {
    fn new(event_loop: &Bound<'_, PyAny>, is_own: bool) -> PyResult<Self> {
        let py = event_loop.py();
        let eager = if py.version_info() >= (3, 12) {
            let class = py.import("asyncio")?.getattr("Task")?.cast_into::<PyType>()?;
            let arguments = [("eager_start", true)].into_py_dict(py)?;
            arguments.set_item("loop", event_loop)?;
            Some((class.unbind(), arguments.unbind()))
        } else {
            None
        };
        let drive = py.import("mcpring._drive")?.getattr("drive")?.unbind();
        Ok(Self { event_loop: event_loop.clone().unbind(), drive, eager, is_own })
    }

    /// Starts to await something for a call.
    fn start<'py>(
        &self,
        call: &Bound<'py, Call>,
        awaitable: Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let py = call.py();
        let coroutine = self.drive.bind(py).call1((call, awaitable))?;
        match &self.eager {
            Some((class, arguments)) => {
                class.bind(py).call((coroutine,), Some(arguments.bind(py)))
            }
            None => self.event_loop.bind(py).call_method1(intern!(py, "create_task"), (coroutine,)),
        }
    }
}

impl LoopLane {
    pub(crate) fn new(looper: Arc<Looper>) -> Self {
        Self { looper, home: PyOnceLock::new() }
    }

    /// Takes from the lane on the thread of `event_loop`, which runs or is about to.
    pub(crate) fn settle(
        lane: &Bound<'_, Self>,
        event_loop: &Bound<'_, PyAny>,
        is_own: bool,
    ) -> PyResult<()> {
        let py = lane.py();
        let this = lane.get();
        this.home.get_or_try_init(py, || At::new(event_loop, is_own))?;
        if !is_own {
            lock(&this.looper.state).home = Home::Program;
        }
        let descriptor = this.looper.bell.as_fd().as_raw_fd();
        event_loop.call_method1("add_reader", (descriptor, lane))?;
        Ok(())
    }

    fn begin(&self, py: Python<'_>, at: &At, work: Work) {
        if work.is_stale() {
            return work.forget();
        }
        let seat = Seat::new(work);
        let entered = Bound::new(py, Call::new(Arc::clone(&seat))).and_then(|call| {
            call::set_current(py, Some(&call))?;
            let Some(value) = run::enter(py, &seat, Some(&call), false)? else { return Ok(()) };
            if run::is_awaitable(&value) {
                return self.start(at, &seat, &call, value);
            }
            seat.finish(&value);
            Ok(())
        });
        if let Err(fault) = entered {
            seat.fail(py, fault);
        }
    }

    fn start<'py>(
        &self,
        at: &At,
        seat: &Arc<Seat>,
        call: &Bound<'py, Call>,
        awaitable: Bound<'py, PyAny>,
    ) -> PyResult<()> {
        let task = at.start(call, awaitable)?;
        if !seat.is_done() {
            self.looper.keep(seat, task.unbind());
        }
        Ok(())
    }

    fn go_on(&self, py: Python<'_>, at: &At, seat: &Arc<Seat>, awaitable: Py<PyAny>) {
        let started = Bound::new(py, Call::new(Arc::clone(seat))).and_then(|call| {
            call::set_current(py, Some(&call))?;
            self.start(at, seat, &call, awaitable.into_bound(py))
        });
        if let Err(fault) = started {
            seat.fail(py, fault);
        }
    }

    fn cancel(&self, py: Python<'_>, number: u64) -> PyResult<()> {
        if let Some(task) = self.looper.task(py, number) {
            task.call_method0(py, intern!(py, "cancel"))?;
        }
        Ok(())
    }

    fn stop(&self, py: Python<'_>, at: &At) -> PyResult<()> {
        let event_loop = at.event_loop.bind(py);
        event_loop.call_method1("remove_reader", (self.looper.bell.as_fd().as_raw_fd(),))?;
        if at.is_own {
            event_loop.call_method0("stop")?;
        }
        Ok(())
    }
}

#[pymethods]
impl LoopLane {
    /// Takes from the lane on the thread of this loop, which belongs to the lane.
    fn attach(lane: &Bound<'_, Self>, event_loop: &Bound<'_, PyAny>) -> PyResult<()> {
        Self::settle(lane, event_loop, true)
    }

    /// Takes what waits; the loop calls it when the descriptor is readable.
    fn __call__(&self, py: Python<'_>) -> PyResult<()> {
        let Some(at) = self.home.get(py) else { return Ok(()) };
        for item in self.looper.take() {
            match item {
                Item::Call(work) => {
                    self.looper.calls.fetch_sub(1, Ordering::Relaxed);
                    self.begin(py, at, work);
                }
                Item::Await(seat, awaitable) => self.go_on(py, at, &seat, awaitable),
                Item::Cancel(number) => self.cancel(py, number)?,
                Item::Stop => self.stop(py, at)?,
            }
        }
        call::set_current(py, None)
    }
}
