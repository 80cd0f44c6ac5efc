//! A running engine, and what its threads share about its end.
//!
//! A drain ends in this order: each shard stops accepting, answers what was asked and closes its
//! connections; a shard that has none left still turns, for another may wait for an answer from a
//! session it owns; with the last one drained all are told to stop.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::JoinHandle;

use std::sync::Arc;

use super::jwks::Refreshers;
use super::listener::SocketPath;
use super::signal::Bell;
use super::wake::Message;
use crate::error::Error;
use crate::inbox::Sender;
use crate::server::Publisher;

/// An engine that serves. Dropping it stops it at once; [`Running::join`] waits for its end.
///
/// A panic in a shard's thread ends the process: the state of its connections is lost, and a
/// server that goes on without one of its shards would leave clients waiting for ever. Handlers'
/// panics are caught and never get that far.
pub struct Running {
    pub(super) control: Arc<Control>,
    pub(super) threads: Vec<JoinHandle<Result<(), Error>>>,
    pub(super) publisher: Publisher,
    pub(super) addresses: Vec<String>,
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
    pub fn join(mut self) -> Result<(), Error> {
        self.join_threads()
    }

    fn join_threads(&mut self) -> Result<(), Error> {
        let mut outcome = Ok(());
        for thread in self.threads.drain(..) {
            // A panicking shard aborts the process, so there is no other way for this to fail.
            let ended = thread.join().unwrap_or_else(|_| Err(Error::bug("a shard panicked")));
            outcome = outcome.and(ended);
        }
        self.control.remove_paths();
        outcome
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.control.stop();
        // Whoever drops instead of joining does not ask for the outcome.
        let _ = self.join_threads();
    }
}

/// What the threads of one engine share about its end.
pub(crate) struct Control {
    inboxes: OnceLock<Vec<Sender<Message>>>,
    /// Shards that still have connections.
    undrained: AtomicUsize,
    /// Shards that still turn.
    alive: AtomicUsize,
    /// Unix sockets' paths, removed when the drain begins, so that a successor may bind.
    paths: Mutex<Vec<SocketPath>>,
    /// Rung when the last shard has ended.
    bell: Mutex<Option<Bell>>,
}

impl Control {
    pub(super) fn new(shards: usize, paths: Vec<SocketPath>) -> Self {
        Self {
            inboxes: OnceLock::new(),
            undrained: AtomicUsize::new(shards),
            alive: AtomicUsize::new(shards),
            paths: Mutex::new(paths),
            bell: Mutex::new(None),
        }
    }

    /// Makes the shards known; until then nothing reaches them.
    pub(super) fn set_inboxes(&self, inboxes: Vec<Sender<Message>>) {
        // Set once, by the one starter.
        let _ = self.inboxes.set(inboxes);
    }

    /// Tells every shard to drain.
    pub(super) fn drain(&self) {
        self.remove_paths();
        self.tell(|| Message::Drain);
    }

    /// Tells every shard to stop.
    pub(super) fn stop(&self) {
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
        if self.alive.fetch_sub(1, Ordering::AcqRel) == 1
            && let Some(bell) = lock(&self.bell).take()
        {
            bell.ring();
        }
    }

    /// Rings `bell` when the last shard has ended, perhaps now.
    pub(super) fn on_end(&self, bell: Bell) {
        let mut place = lock(&self.bell);
        // Asked under the lock: a shard that ends now looks for the bell after this.
        if self.alive.load(Ordering::Acquire) == 0 {
            bell.ring();
        } else {
            *place = Some(bell);
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
