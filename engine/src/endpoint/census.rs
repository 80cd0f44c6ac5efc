//! How much the endpoint holds, for the simulation's checks. Nothing else may depend on it.

use super::events::EventsOwner;
use super::session_stream::Line;
use super::{Core, Endpoint};

/// What an endpoint holds at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Census {
    /// Connections not yet reported closed.
    pub(crate) connections: usize,
    /// Handshake-era HTTP sessions.
    pub(crate) sessions: usize,
    /// Calls that wait for their outcome.
    pub(crate) calls: usize,
    /// Batches whose answers are not all there.
    pub(crate) batches: usize,
    /// Event streams that sessions keep.
    pub(crate) streams: usize,
    /// Most event streams of any one session.
    pub(crate) streams_max: usize,
    /// Bytes of events kept for those who come back.
    pub(crate) replay_bytes: usize,
    /// Connections that carry an event stream.
    pub(crate) lines: usize,
    /// Event streams that lead to a connection of this shard which does not carry them.
    pub(crate) astray: usize,
    /// Unanswered calls of all peers that have a list of them.
    pub(crate) pending: usize,
    /// Most unanswered calls of any one peer.
    pub(crate) pending_max: usize,
    /// Most reply bytes any one connection has not sent.
    pub(crate) unsent_bytes_max: usize,
    /// Most received bytes that wait on any one connection.
    pub(crate) behind_bytes_max: usize,
}

impl Endpoint {
    /// Counts everything.
    pub(crate) fn census(&mut self) -> Census {
        self.core.census()
    }

    /// Counts the deadlines that are set.
    #[cfg(test)]
    pub(crate) fn timers(&self) -> usize {
        self.core.timers.len()
    }
}

impl Core {
    fn census(&mut self) -> Census {
        let mut census = Census {
            connections: self.slots.len(),
            sessions: self.sessions.len(),
            calls: self.calls.len(),
            batches: self.batches.len(),
            pending: self.sessions.pending().sum(),
            pending_max: self.sessions.pending().max().unwrap_or(0),
            ..Census::default()
        };
        let mut here = Vec::new();
        for (key, streams) in self.sessions.streams() {
            census.streams += streams.len();
            census.streams_max = census.streams_max.max(streams.len());
            census.replay_bytes += streams.replay_bytes();
            here.extend(streams.lines().map(|(number, line)| (key, number, line)));
        }
        for (key, number, line) in here {
            let Line::Here(slot) = line else { continue };
            let carried = self.slots.get_mut(slot).and_then(|connection| connection.events());
            let is_right = carried.is_some_and(|e| e.owner == EventsOwner::Session(key, number));
            census.astray += usize::from(!is_right);
        }
        for slot in self.slots.slots() {
            let Some(connection) = self.slots.get_mut(slot) else { continue };
            let pending = connection.session.as_ref().map_or(0, |session| session.pending.len());
            census.pending += pending;
            census.pending_max = census.pending_max.max(pending);
            census.lines += usize::from(connection.events().is_some());
            census.unsent_bytes_max = census.unsent_bytes_max.max(connection.unsent());
            census.behind_bytes_max = census.behind_bytes_max.max(connection.behind_bytes());
        }
        census
    }
}
