//! Shards without threads and without a clock: what the simulation turns by hand.
//!
//! They are the very shards that serve, wired to each other as the pool wires them; only drivers,
//! time and workers are handed in.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::stats::Stats;
use super::turn::{Parts, Phase, Shard};
use super::wake::{self, Message, Poster};
use crate::config::Config;
use crate::endpoint::{self, Census, Endpoint, EndpointConfig, KeyRing, ListenerKind, Now};
use crate::error::SystemError;
use crate::inbox;
use crate::metrics::ShardMetrics;
use crate::ring::Driver;
use crate::server::{Job, Publisher, Server};

/// What the shards of a rig have in common.
pub(crate) struct RigSetup {
    /// The features served.
    pub(crate) server: Arc<Server>,
    /// What the connections of each listener speak.
    pub(crate) listeners: Vec<ListenerKind>,
    /// Limits and choices.
    pub(crate) config: Arc<Config>,
    /// Seed of all randomness of the protocol.
    pub(crate) seed: [u8; 32],
    /// The time at which the shards begin.
    pub(crate) now: Now,
}

/// Shards that are turned by hand.
pub(crate) struct Rig {
    shards: Vec<Shard>,
    inboxes: Vec<inbox::Sender<Message>>,
    publisher: Publisher,
    metrics: Arc<[Arc<ShardMetrics>]>,
    /// The time of the last turn, as handlers see it.
    now_ns: Arc<AtomicU64>,
}

impl Rig {
    /// One shard for each of `drivers`; `work` takes their jobs.
    pub(crate) fn new(
        setup: &RigSetup,
        drivers: Vec<Box<dyn Driver>>,
        work: impl Fn(Job) + Clone + 'static,
    ) -> Self {
        let metrics: Arc<[Arc<ShardMetrics>]> =
            drivers.iter().map(|_| Arc::new(ShardMetrics::new(endpoint::LABELS))).collect();
        let state_ring = Arc::new(KeyRing::ephemeral(&setup.seed));
        let (inboxes, receivers): (Vec<_>, Vec<_>) = drivers
            .iter()
            .map(|driver| wake::inbox(setup.config.inbox_max, driver.waker()))
            .unzip();
        let publisher = wake::publisher(Arc::clone(&setup.server), inboxes.clone());
        let now_ns = Arc::new(AtomicU64::new(setup.now.0));
        let shards = drivers.into_iter().zip(receivers).enumerate();
        let shards = shards
            .map(|(number, (driver, inbox))| {
                let endpoint = EndpointConfig {
                    server: Arc::clone(&setup.server),
                    listeners: setup.listeners.clone(),
                    shard: number as u16,
                    config: Arc::clone(&setup.config),
                    seed: setup.seed.map(|byte| byte ^ number as u8),
                    unix_s_at_zero: 0,
                    state_ring: Arc::clone(&state_ring),
                    post: Arc::new(Poster {
                        inbox: inboxes[number].clone(),
                        publisher: publisher.clone(),
                        now: {
                            let now_ns = Arc::clone(&now_ns);
                            Box::new(move || Now(now_ns.load(Ordering::Relaxed)))
                        },
                    }),
                    metrics: Arc::clone(&metrics),
                    driver: "sim",
                    authorization: None,
                    routes: Arc::new([]),
                };
                let parts = Parts {
                    driver,
                    endpoint: Endpoint::new(setup.now, endpoint),
                    inbox,
                    peers: inboxes.clone(),
                    work: Box::new(work.clone()),
                    stats: Stats::new(Arc::clone(&metrics[number]), None),
                    drain_ms: setup.config.drain_ms,
                    lends: true,
                    // Its driver adopts nothing.
                    inside: u16::MAX,
                };
                Shard::new(setup.now, parts)
            })
            .collect();
        Self { shards, inboxes, publisher, metrics, now_ns }
    }

    /// One turn of one shard, at `now`.
    pub(crate) fn turn(&mut self, shard: usize, now: Now) -> Result<Phase, SystemError> {
        self.now_ns.fetch_max(now.0, Ordering::Relaxed);
        self.shards[shard].turn(|| now)
    }

    /// How long a shard may wait before its next turn.
    pub(crate) fn patience(&self, shard: usize) -> Option<Duration> {
        self.shards[shard].timeout()
    }

    /// Tells every shard to answer what was asked, then end.
    pub(crate) fn drain(&self) {
        for inbox in &self.inboxes {
            // An inbox that is gone belongs to a shard that has ended.
            let _ = inbox.send(Message::Drain);
        }
    }

    /// Changes what is served, and tells clients.
    pub(crate) fn publisher(&self) -> &Publisher {
        &self.publisher
    }

    /// What the protocol of a shard holds.
    pub(crate) fn census(&mut self, shard: usize) -> Census {
        self.shards[shard].census()
    }

    /// What a shard has counted.
    pub(crate) fn metrics(&self, shard: usize) -> &ShardMetrics {
        &self.metrics[shard]
    }
}
