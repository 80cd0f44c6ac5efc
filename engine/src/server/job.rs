//! A call on its way to a worker thread.

use std::pin::Pin;

use super::{Call, CallContext, Deferred, Outcome, Ticket};

/// Which workers a job is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Threads that may block.
    Pool,
    /// Threads that run an asynchronous runtime.
    Async,
}

/// A future that stays on the thread that started it.
pub type LocalFuture = Pin<Box<dyn Future<Output = ()>>>;

/// A call on its way to a worker. Dropped unrun it is answered with an internal error.
#[derive(Debug)]
pub struct Job {
    lane: Lane,
    call: Deferred,
}

impl Job {
    pub(super) fn new(lane: Lane, call: Deferred) -> Self {
        Self { lane, call }
    }

    /// Which workers it is for.
    pub fn lane(&self) -> Lane {
        self.lane
    }

    /// Which call it carries.
    pub fn ticket(&self) -> Ticket {
        self.context().ticket()
    }

    /// The call's context.
    pub fn context(&self) -> &CallContext {
        self.call.context()
    }

    /// Runs the handler on this thread and posts the answer; a panic is answered for. A call that
    /// was cancelled while it waited is not begun.
    pub fn run(self) {
        self.run_with(None);
    }

    /// As [`Self::run`] on the asynchronous lane: `spawn` takes a future to this thread's runtime.
    pub fn run_local(self, spawn: &dyn Fn(LocalFuture)) {
        self.run_with(Some(spawn));
    }

    /// Posts that no worker had room.
    pub fn refuse(self) {
        self.call.context().refuse();
    }

    fn run_with(self, spawn: Option<&dyn Fn(LocalFuture)>) {
        let context = self.call.context();
        if context.is_cancelled() {
            return context.answer(Outcome::internal("the call was cancelled"));
        }
        match Call::from_owned(self.call.owned(), spawn).run() {
            Outcome::Deferred => self.call.disarm(),
            outcome => self.call.owned().answer(outcome),
        }
    }
}
