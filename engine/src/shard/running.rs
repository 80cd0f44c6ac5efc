//! A running engine, and what its threads share about its end.
//!
//! A drain ends in this order: each shard stops accepting, answers what was asked and closes its
//! connections; a shard that has none left still turns, for another may wait for an answer from a
//! session it owns; with the last one drained all are told to stop.

#![allow(
    clippy::disallowed_methods,
    reason = "who starts without waiting has a thread for signals"
)]

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, JoinHandle};

use super::connect::Doors;
use super::jwks::Refreshers;
use super::listener::SocketPath;
use super::signal::{Event, Signals};
use super::wake::Message;
use crate::error::Error;
use crate::inbox::Sender;
use crate::metrics::{self, ShardMetrics};
use crate::server::Publisher;

/// An engine that serves. Dropping it stops it at once; [`Running::join`] waits for its end. Share
/// it in an `Arc` to stop it on one thread while another waits.
///
/// A panic in a shard's thread ends the process: the state of its connections is lost, and a
/// server that goes on without one of its shards would leave clients waiting for ever. Handlers'
/// panics are caught and never get that far.
pub struct Running {
    pub(super) control: Arc<Control>,
    pub(super) threads: Mutex<Threads>,
    pub(super) publisher: Publisher,
    pub(super) metrics: Arc<[Arc<ShardMetrics>]>,
    pub(super) addresses: Vec<String>,
    pub(super) driver: &'static str,
    pub(super) driver_line: String,
    /// Dropped with the engine, which ends them.
    pub(super) _refreshers: Option<Refreshers>,
}

impl Running {
    /// Where it listens, as URLs, in the order they were asked for, with real port numbers:
    /// `http://127.0.0.1:8080/mcp`, `tcp://…`, `tcp+line://…`, `unix:///path`,
    /// `unix+line:///path`, `stdio:`.
    pub fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// One line that says which driver won, and why another was refused.
    pub fn driver_line(&self) -> &str {
        &self.driver_line
    }

    /// The way to change the server's features while it runs, and to tell clients of updates.
    pub fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    /// Connects to it from inside the process: the client's end of a Unix stream socket whose other
    /// end a shard serves, message by message, one line each, as [`Engine::unix_line`] does; the
    /// shards take turns. The descriptor blocks, is not inherited by child processes, and is the
    /// caller's, whose closing it ends the connection.
    ///
    /// Any thread may connect, a handler too. A limit error says that each shard has as many such
    /// connections as it takes; a usage error that the engine is ending or has ended. A connection
    /// that the engine refuses later, for it serves `connections_max` already or drains, is closed
    /// before a byte.
    ///
    /// [`Engine::unix_line`]: super::Engine::unix_line
    pub fn connect(&self) -> Result<OwnedFd, Error> {
        self.control.connect()
    }

    /// What all shards have counted, as one JSON object; the numbers of `/metrics`.
    ///
    /// `{"driver":…, "version":…, "counters":{…}, "gauges":{…}, "closes":{reason: n},
    /// "requests":{method: {outcome: n}}, "latency_ns":{method: {"count", "sum", "max", "p50", "p90",
    /// "p99", "p999"}}}`. Quantiles are those of the histogram's buckets.
    pub fn metrics_json(&self) -> String {
        metrics::render_json(&self.metrics, &metrics::info(self.driver))
    }

    /// Begins to end in good order: no new connections, what was asked is answered, within the
    /// time of `Config::drain_ms`. Returns at once; again is nothing.
    pub fn stop(&self) {
        self.control.drain();
    }

    /// Ends now, whatever is unanswered. Returns at once.
    pub fn stop_now(&self) {
        self.control.stop();
    }

    /// Waits until it has ended, by [`Running::stop`] or because standard input has. A worker
    /// thread that still runs a handler then is left to it. The error is the first shard's whose
    /// driver failed.
    pub fn join(self) -> Result<(), Error> {
        self.wait()
    }

    /// As [`Running::join`] for one that is shared; all who wait are told the same. A handler must
    /// not wait here: it would wait for itself.
    pub fn wait(&self) -> Result<(), Error> {
        let mut threads = lock(&self.threads);
        if !threads.handles.is_empty() {
            threads.outcome = threads.join();
            self.control.remove_paths();
        }
        threads.outcome.clone()
    }

    /// Whether the last shard has ended, so that [`Running::wait`] waits no more.
    pub fn has_ended(&self) -> bool {
        self.control.alive.load(Ordering::Acquire) == 0
    }

    /// Calls `told` once when the last shard has ended, on its thread; now if it has already.
    pub fn on_end(&self, told: impl FnOnce() + Send + 'static) {
        self.control.on_end(told);
    }
}

impl Running {
    /// Ends it on signals, which a thread waits for.
    pub(super) fn obey_elsewhere(&self, mut signals: Signals) -> Result<(), Error> {
        let (bell, control) = (signals.bell()?, Arc::clone(&self.control));
        let obey = move || {
            control.obey(&mut signals);
            Ok(())
        };
        let thread = thread::Builder::new().name("mcpring-signals".into()).spawn(obey);
        let fault = |fault| Error::system(format!("thread for signals: {fault}"));
        lock(&self.threads).push(thread.map_err(fault)?);
        self.control.on_end(|| bell.ring());
        Ok(())
    }
}

/// The threads that serve, until somebody has waited for them.
pub(super) struct Threads {
    handles: Vec<JoinHandle<Result<(), Error>>>,
    /// What they came to.
    outcome: Result<(), Error>,
}

impl Threads {
    pub(super) fn new(handles: Vec<JoinHandle<Result<(), Error>>>) -> Self {
        Self { handles, outcome: Ok(()) }
    }

    /// One more to wait for.
    pub(super) fn push(&mut self, handle: JoinHandle<Result<(), Error>>) {
        self.handles.push(handle);
    }

    fn join(&mut self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for thread in self.handles.drain(..) {
            // A panicking shard aborts the process, so there is no other way for this to fail.
            let ended = thread.join().unwrap_or_else(|_| Err(Error::bug("a shard panicked")));
            outcome = outcome.and(ended);
        }
        outcome
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.control.stop();
        // Whoever drops instead of joining does not ask for the outcome.
        let _ = self.wait();
    }
}

type Told = Box<dyn FnOnce() + Send>;

/// What the threads of one engine share about its end.
pub(crate) struct Control {
    inboxes: OnceLock<Vec<Sender<Message>>>,
    doors: OnceLock<Doors>,
    /// Shards that still have connections.
    undrained: AtomicUsize,
    /// Shards that still turn.
    alive: AtomicUsize,
    /// Unix sockets' paths, removed when the drain begins, so that a successor may bind.
    paths: Mutex<Vec<SocketPath>>,
    /// Told when the last shard has ended.
    at_end: Mutex<Vec<Told>>,
}

impl Control {
    pub(super) fn new(shards: usize, paths: Vec<SocketPath>) -> Self {
        Self {
            inboxes: OnceLock::new(),
            doors: OnceLock::new(),
            undrained: AtomicUsize::new(shards),
            alive: AtomicUsize::new(shards),
            paths: Mutex::new(paths),
            at_end: Mutex::default(),
        }
    }

    /// Makes the shards known; until then nothing reaches them.
    pub(super) fn set_inboxes(&self, inboxes: Vec<Sender<Message>>) {
        // Set once, by the one starter.
        let _ = self.doors.set(Doors::new(inboxes.clone()));
        let _ = self.inboxes.set(inboxes);
    }

    /// Tells every shard to drain.
    pub(super) fn drain(&self) {
        self.shut_doors();
        self.remove_paths();
        self.tell(|| Message::Drain);
    }

    /// Tells every shard to stop.
    pub(super) fn stop(&self) {
        self.shut_doors();
        self.tell(|| Message::Stop);
    }

    /// One shard has no connections left; with the last one the engine ends.
    pub(super) fn shard_drained(&self) {
        if self.undrained.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.stop();
        }
    }

    /// One shard has ended.
    pub(super) fn shard_ended(&self) {
        if self.alive.fetch_sub(1, Ordering::AcqRel) == 1 {
            let told = std::mem::take(&mut *lock(&self.at_end));
            for told in told {
                told();
            }
        }
    }

    /// Calls `told` when the last shard has ended, perhaps now.
    pub(super) fn on_end(&self, told: impl FnOnce() + Send + 'static) {
        let mut place = lock(&self.at_end);
        // Asked under the lock: a shard that ends now looks for who is told after this.
        if self.alive.load(Ordering::Acquire) == 0 {
            drop(place);
            told();
        } else {
            place.push(Box::new(told));
        }
    }

    /// Waits for signals until the engine has ended: the first drains, the second ends at once.
    pub(super) fn obey(&self, signals: &mut Signals) {
        let mut is_draining = false;
        while signals.wait() == Event::Signal {
            if is_draining {
                self.stop();
            } else {
                self.drain();
            }
            is_draining = true;
        }
    }

    /// A connection from inside the process.
    fn connect(&self) -> Result<OwnedFd, Error> {
        let doors = self.doors.get().ok_or_else(|| Error::bug("an engine without doors"))?;
        doors.connect()
    }

    fn shut_doors(&self) {
        if let Some(doors) = self.doors.get() {
            doors.shut();
        }
    }

    fn remove_paths(&self) {
        lock(&self.paths).clear();
    }

    fn tell(&self, message: impl Fn() -> Message) {
        for inbox in self.inboxes.get().into_iter().flatten() {
            // A shard that has ended needs no telling.
            let _ = inbox.send(message());
        }
    }
}

/// What these locks guard is replaced whole, so a panic elsewhere leaves nothing half done.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
