//! What answers a call, and where it runs.

use super::{Call, Lane, Outcome};

/// Answers calls of one feature. Any `Fn(&mut Call<'_>) -> Outcome` is one.
pub trait Handler: Send + Sync + 'static {
    /// Answers `call`, or takes it along ([`Call::defer`]) and returns [`Outcome::Deferred`].
    fn call(&self, call: &mut Call<'_>) -> Outcome;
}

impl<F> Handler for F
where
    F: Fn(&mut Call<'_>) -> Outcome + Send + Sync + 'static,
{
    fn call(&self, call: &mut Call<'_>) -> Outcome {
        self(call)
    }
}

/// Where a handler runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Execution {
    /// On the thread that serves sockets, between reading and writing. Fastest by far, and every
    /// other connection of that thread waits meanwhile: for handlers that only compute, briefly,
    /// and never block.
    Inline,
    /// On a thread of the worker pool, where it may block.
    #[default]
    Pool,
    /// On a worker thread with an asynchronous runtime: the handler starts a future there.
    Async,
}

impl Execution {
    /// The workers for a call of this kind that leaves its shard.
    pub(super) fn lane(self) -> Lane {
        match self {
            Self::Async => Lane::Async,
            Self::Inline | Self::Pool => Lane::Pool,
        }
    }
}
