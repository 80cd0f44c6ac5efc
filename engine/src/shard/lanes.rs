//! Where calls run that do not run on their shard: one pool, one asynchronous lane, for all shards.

use std::fmt;
use std::sync::Arc;

use super::async_worker::AsyncLane;
use super::worker::{Pool, Task};
use crate::config::Config;
use crate::ring::Choice;
use crate::server::{Job, Lane};

/// The worker lanes of one engine.
pub(crate) struct Lanes {
    pool: Pool<Job>,
    asynchronous: AsyncLane<Job>,
    turn_end: Option<TurnEnd>,
}

/// What a program wants to be told at the end of each turn.
#[derive(Clone)]
pub(crate) struct TurnEnd(pub(crate) Arc<dyn Fn() + Send + Sync>);

impl fmt::Debug for TurnEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TurnEnd")
    }
}

impl Lanes {
    /// The lanes as configured; no thread is started before the first job.
    pub(crate) fn new(config: &Config, turn_end: Option<TurnEnd>) -> Self {
        // Who asks for epoll wants no io_uring anywhere.
        let wants_uring = config.driver != Choice::Epoll;
        Self {
            pool: Pool::new(config.workers, config.worker_queue),
            asynchronous: AsyncLane::new(config.async_workers, config.worker_queue, wants_uring),
            turn_end,
        }
    }

    /// Queues `job` where it belongs, or refuses it; never blocks.
    pub(crate) fn take(&self, job: Job) {
        match job.lane() {
            Lane::Pool => self.pool.submit(job),
            Lane::Async => self.asynchronous.submit(job),
        }
    }

    /// A shard has ended a turn.
    pub(crate) fn turn_ended(&self) {
        if let Some(TurnEnd(told)) = &self.turn_end {
            told();
        }
    }

    /// Jobs waiting for a thread of the pool.
    pub(crate) fn queued(&self) -> usize {
        self.pool.queued()
    }
}

impl Task for Job {
    fn run(self) {
        Job::run(self);
    }

    fn run_local(self) {
        Job::run_local(self, &|future| {
            tokio::task::spawn_local(future);
        });
    }

    fn refuse(self) {
        Job::refuse(self);
    }
}
