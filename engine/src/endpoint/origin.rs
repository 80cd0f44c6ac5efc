//! Where a message came from: who is asking, and where the answer goes.

use super::sessions::SessionKey;
use super::tasks::TaskKey;
use crate::slot::Slot;

/// Where the answer to a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A byte stream.
    Stream(Slot),
    /// The open exchange of an HTTP connection.
    Exchange(Slot),
    /// A place in a batch that is answered as a whole.
    Batch(u32),
    /// An HTTP connection of another shard.
    Remote {
        /// The shard that holds the connection.
        shard: u16,
        /// The connection there.
        slot: Slot,
    },
    /// An event stream of a session of this shard.
    Events {
        /// The session.
        session: SessionKey,
        /// The number of the stream in it.
        stream: u32,
    },
    /// A task, which keeps the answer.
    Task(TaskKey),
}

/// Whose request a call is, for cancelling by id and for taking it off the peer's list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Peer {
    /// A byte stream's own session.
    Stream(Slot),
    /// A handshake-era session over HTTP.
    Session(SessionKey),
    /// An HTTP client of the handshake era that has no session yet.
    Newcomer,
    /// A stateless exchange: it is nobody's but its connection's.
    Exchange,
}
