//! How much is asked, how fast, and for how long.

use std::time::Duration;

use mcpring::ring::Choice;

use crate::fault::Fault;

/// Most requests a second of an open loop; no generator sends more, and each that is due is remembered.
const RATE_MAX: f64 = 10_000_000.0;

/// How much load, and for how long.
#[derive(Clone, Debug, PartialEq)]
pub struct Load {
    /// Connections.
    pub connections: usize,
    /// Requests in flight on each.
    pub inflight: usize,
    /// When a request is sent.
    pub pace: Pace,
    /// Load before anything is counted.
    pub warmup: Duration,
    /// What is counted.
    pub extent: Extent,
    /// A request unanswered for that long ends the run.
    pub timeout: Duration,
    /// The driver of the generator.
    pub driver: Choice,
}

/// When a request is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Pace {
    /// When the one before it on its lane is answered. It finds how much work a request costs. It
    /// does not find how long a user waits: a slow server slows its own questions down here.
    #[default]
    Closed,
    /// When it is due, whatever the server does; its latency counts from there. If everything that
    /// may be in flight is, it waits, and the wait is part of its latency.
    Open {
        /// Requests due a second.
        rate_per_s: f64,
    },
}

/// When a run has seen enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// After this time.
    Time(Duration),
    /// After this many requests, all counted.
    Requests(u64),
}

/// A moment at which the caller reads its meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Counting begins; nothing is in flight.
    Begin,
    /// Counting ends. In a closed loop of a given time, what is in flight is still awaited and
    /// checked, but not counted.
    End,
}

impl Load {
    /// A request that takes longer is given up, unless something else is wanted.
    pub const TIMEOUT: Duration = Duration::from_secs(10);

    /// A closed loop without a warm-up, on the driver that this machine has.
    pub fn closed(connections: usize, inflight: usize, extent: Extent) -> Self {
        Self {
            connections,
            inflight,
            pace: Pace::Closed,
            warmup: Duration::ZERO,
            extent,
            timeout: Self::TIMEOUT,
            driver: Choice::Auto,
        }
    }

    /// Refuses what makes no sense.
    pub(super) fn check(&self) -> Result<(), Fault> {
        let usage = |words: &str| Err(Fault::Usage(words.into()));
        if self.connections == 0 || self.inflight == 0 {
            return usage("at least one connection and one request in flight are needed");
        }
        if self.timeout.is_zero() {
            return usage("a timeout of zero leaves no time for an answer");
        }
        match self.pace {
            Pace::Open { rate_per_s } if !(rate_per_s > 0.0 && rate_per_s <= RATE_MAX) => {
                Err(Fault::Usage(format!(
                    "the rate of an open loop is a number of requests a second above 0, and {RATE_MAX} \
                     at most"
                )))
            }
            _ => Ok(()),
        }
    }
}
