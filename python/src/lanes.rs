//! Where calls of Python handlers run: a pool of threads, and an event loop.

use std::sync::Arc;

use mcpring::Error;
use mcpring::settings::Settings;
use pyo3::prelude::*;
use serde_json::{Map, Value};

use crate::handler::Lane;
use crate::looper::{Item, Looper};
use crate::pool::{Limits, Pool};
use crate::work::Work;

/// Threads for handlers that may block, unless the program says otherwise.
const THREADS_MAX: usize = 64;
/// Calls that wait for a thread, and as many for the event loop, unless the program says otherwise.
const QUEUE_MAX: usize = 4096;

/// How much the lanes take on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settled {
    threads_max: usize,
    queue_max: usize,
}

impl Settled {
    /// Reads the settings: those of the lanes, and those of the engine.
    pub(crate) fn read(json: &str) -> Result<(Self, Settings), Error> {
        let keys: Result<Map<String, Value>, _> = serde_json::from_str(json);
        let mut keys = keys.map_err(|fault| Error::usage(format!("the settings: {fault}")))?;
        let threads_max = take(&mut keys, "threads", THREADS_MAX)?;
        let queue_max = take(&mut keys, "queue", QUEUE_MAX)?;
        // What FastMCP offers: lists that may change, resources to follow, log messages.
        for name in ["list_changes", "resource_subscriptions", "logging"] {
            keys.entry(name).or_insert(Value::Bool(true));
        }
        // One thread serves more than Python can answer; more of them only take memory.
        keys.entry("shards").or_insert(1.into());
        let settings = Settings::default().with(&Value::Object(keys).to_string())?;
        Ok((Self { threads_max, queue_max }, settings))
    }
}

/// Takes a number above zero out of the settings.
fn take(keys: &mut Map<String, Value>, name: &str, default: usize) -> Result<usize, Error> {
    let Some(value) = keys.remove(name) else { return Ok(default) };
    let number = value.as_u64().filter(|number| (1..=1_000_000).contains(number));
    number.map(|number| number as usize).ok_or_else(|| {
        Error::usage(format!("the setting {name:?} wants a number from 1 to 1000000, not {value}"))
    })
}

/// The lanes of one server.
pub(crate) struct Lanes {
    pub(crate) pool: Arc<Pool>,
    pub(crate) looper: Arc<Looper>,
}

impl Lanes {
    pub(crate) fn new(settled: &Settled, on_error: Py<PyAny>) -> PyResult<Self> {
        let Settled { threads_max, queue_max } = *settled;
        let parallel = if Python::attach(is_free_threaded)? {
            std::thread::available_parallelism().map_or(1, usize::from)
        } else {
            1
        };
        let on_error = Arc::new(on_error);
        let limits = Limits { threads_max, queue_max, parallel };
        Ok(Self {
            pool: Arc::new(Pool::new(limits, Arc::clone(&on_error))),
            looper: Arc::new(Looper::new(queue_max, on_error)?),
        })
    }

    /// Sees to it that calls of such a handler will be taken.
    pub(crate) fn prepare(&self, py: Python<'_>, lane: Lane) -> PyResult<()> {
        match lane {
            Lane::Pool => {
                self.pool.warm_up(py);
                Ok(())
            }
            Lane::Loop => self.looper.find_home(py),
        }
    }

    /// Queues a call for the lane of its handler; a full queue gives it back.
    pub(crate) fn push(&self, work: Work) -> Result<(), Work> {
        match work.handler.lane {
            Lane::Pool => self.pool.push(work),
            Lane::Loop => self.looper.push_call(work),
        }
    }

    /// Wakes whom calls were pushed for since the last time.
    pub(crate) fn wake(&self) {
        self.pool.wake();
        self.looper.wake();
    }

    /// Takes no more calls, and lets the threads go when what they run has ended.
    pub(crate) fn close(&self) {
        self.pool.close();
        // Only the first end is one.
        drop(self.looper.push(Item::Stop));
    }
}

/// Whether several threads can run Python at once.
fn is_free_threaded(py: Python<'_>) -> PyResult<bool> {
    let sys = py.import("sys")?;
    match sys.getattr_opt("_is_gil_enabled")? {
        Some(is_enabled) => Ok(!is_enabled.call0()?.is_truthy()?),
        None => Ok(false),
    }
}
