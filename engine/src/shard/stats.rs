//! Shows what the driver, the inbox and the pool count, once a turn.
//!
//! Each number is written by the shard's own thread only, as its metrics demand.

use std::sync::Arc;

use super::lanes::Lanes;
use crate::metrics::ShardMetrics;
use crate::ring::DriverStats;

/// Writes one shard's numbers.
pub(crate) struct Stats {
    metrics: Arc<ShardMetrics>,
    /// The pool is common to all shards, so one of them tells of it.
    lanes: Option<Arc<Lanes>>,
    /// Received pieces that the shard copied itself, and their bytes.
    copied: (u64, u64),
}

impl Stats {
    /// Writes into `metrics`, and there of `lanes` too.
    pub(crate) fn new(metrics: Arc<ShardMetrics>, lanes: Option<Arc<Lanes>>) -> Self {
        Self { metrics, lanes, copied: (0, 0) }
    }

    /// Counts a received piece that was copied instead of lent.
    pub(crate) fn count_copy(&mut self, bytes: usize) {
        self.copied = (self.copied.0 + 1, self.copied.1 + bytes as u64);
    }

    /// Writes what is true at the end of a turn, with `messages` waiting in the inbox.
    pub(crate) fn publish(&self, stats: &DriverStats, messages: usize) {
        let metrics = &*self.metrics;
        metrics.turns.add(1);
        metrics.enters.set(stats.enters);
        metrics.copies.set(stats.copies + self.copied.0);
        metrics.bytes_copied.set(stats.bytes_copied + self.copied.1);
        metrics.leases_free.set(stats.leases_free);
        metrics.leases_lent.set(stats.leases_lent);
        metrics.inbox_queue.set(messages as u64);
        if let Some(lanes) = &self.lanes {
            metrics.worker_queue.set(lanes.queued() as u64);
        }
    }
}
