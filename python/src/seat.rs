//! A call from when its handler starts until it is answered, shared by whoever works on it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use mcpring::server::{CallContext, FeatureKind};
use mcpring::{Deferred, Outcome};

use crate::handler::{Lane, Prepared};
use crate::lanes::Lanes;
use crate::work::Work;

/// A call that runs.
pub(crate) struct Seat {
    call: Mutex<Deferred>,
    pub(crate) context: Arc<CallContext>,
    pub(crate) handler: Arc<Prepared>,
    pub(crate) lanes: Arc<Lanes>,
    /// Names the call among those that wait on the event loop.
    pub(crate) number: u64,
    is_done: AtomicBool,
}

impl Seat {
    pub(crate) fn new(work: Work) -> Arc<Self> {
        let Work { call, handler, lanes } = work;
        Arc::new(Self {
            context: Arc::clone(call.context()),
            call: Mutex::new(call),
            number: lanes.looper.next_number(),
            handler,
            lanes,
            is_done: AtomicBool::new(false),
        })
    }

    /// The call; for as long as it takes to read something.
    pub(crate) fn call(&self) -> MutexGuard<'_, Deferred> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn kind(&self) -> FeatureKind {
        self.call().kind()
    }

    /// The sender's bytes of the arguments.
    pub(crate) fn arguments(&self) -> Bytes {
        self.call().arguments_json().clone()
    }

    /// Whether it was answered, or asked its client.
    pub(crate) fn is_done(&self) -> bool {
        self.is_done.load(Ordering::Acquire)
    }

    /// Answers that the call failed, in these words.
    pub(crate) fn fail(self: &Arc<Self>, words: String) {
        self.settle(self.kind().failed(words));
    }

    /// Answers that the arguments do not fit, as the engine would have.
    pub(crate) fn refuse_arguments(&self) {
        if !self.is_done.swap(true, Ordering::AcqRel) {
            self.call().refuse_arguments();
        }
    }

    /// Answers, once.
    pub(crate) fn settle(self: &Arc<Self>, outcome: Outcome) {
        if self.is_done.swap(true, Ordering::AcqRel) {
            return;
        }
        match self.handler.lane {
            Lane::Pool => self.lanes.pool.answer(self, outcome),
            Lane::Loop => self.lanes.looper.answer(self, outcome),
        }
    }

    /// Hands the answer to the shard.
    pub(crate) fn answer(&self, outcome: Outcome) {
        self.call().settle(outcome);
    }
}
