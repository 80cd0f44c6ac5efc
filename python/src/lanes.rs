//! Where calls of Python handlers run: a pool of threads, and an event loop.

use std::sync::Arc;

use crate::handler::Lane;
use crate::looper::{Item, Looper};
use crate::pool::Pool;
use crate::work::Work;

/// The lanes of one server.
pub(crate) struct Lanes {
    pub(crate) pool: Arc<Pool>,
    pub(crate) looper: Arc<Looper>,
}

impl Lanes {
    /// Queues a call for the lane of its handler; a full queue gives it back.
    pub(crate) fn push(&self, work: Work) -> Result<(), Work> {
        match work.handler.lane {
            Lane::Pool => self.pool.push(work),
            Lane::Loop => self.looper.push_call(work),
        }
    }

    /// Takes no more calls, and lets the threads go when what they run has ended.
    pub(crate) fn close(&self) {
        self.pool.close();
        self.looper.push(Item::Stop);
    }
}
