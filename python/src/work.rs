//! Calls on their way from a shard into the interpreter.
//!
//! The engine's handler of every feature is an [`Entry`]: on the shard it only takes the call along
//! and puts it into the queue of its lane. No thread that serves sockets attaches to the
//! interpreter, or waits for one that does.

use std::sync::Arc;

use mcpring::{Call, Deferred, Handler, Outcome};

use crate::handler::Prepared;
use crate::lanes::Lanes;

/// A call, and what answers it.
pub(crate) struct Work {
    pub(crate) call: Deferred,
    pub(crate) handler: Arc<Prepared>,
    pub(crate) lanes: Arc<Lanes>,
}

impl Work {
    /// Whether nobody waits for the answer any more.
    pub(crate) fn is_stale(&self) -> bool {
        self.call.context().is_cancelled()
    }

    /// Answers a call that was cancelled before it began.
    pub(crate) fn forget(self) {
        self.call.finish(Outcome::internal("the call was cancelled"));
    }

    /// Answers that nobody has room for it.
    pub(crate) fn refuse(self) {
        self.call.refuse();
    }
}

/// The engine's side of a handler.
pub(crate) struct Entry {
    handler: Arc<Prepared>,
    lanes: Arc<Lanes>,
}

impl Entry {
    pub(crate) fn new(handler: &Arc<Prepared>, lanes: &Arc<Lanes>) -> Self {
        Self { handler: Arc::clone(handler), lanes: Arc::clone(lanes) }
    }
}

impl Handler for Entry {
    fn call(&self, call: &mut Call<'_>) -> Outcome {
        let (handler, lanes) = (Arc::clone(&self.handler), Arc::clone(&self.lanes));
        if let Err(work) = self.lanes.push(Work { call: call.defer(), handler, lanes }) {
            work.refuse();
        }
        Outcome::Deferred
    }
}
