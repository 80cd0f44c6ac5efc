//! Messages between shards: an HTTP connection lives here, its session there.
//!
//! A handshake-era session is owned by the shard that opened it, and its id says which. A request
//! that arrives elsewhere travels there whole, and its answer travels back; both are one inbox
//! message, and the shards share nothing else.

use crate::slot::Slot;
use crate::transport::{Assembled, Verb};

/// One inbox message between shards.
#[derive(Debug)]
pub enum Forwarded {
    /// A request for a session the receiver owns.
    Request(ForwardedRequest),
    /// What it came to.
    Answer(Answer),
    /// The sender could not deliver a request (its target's inbox is full).
    Undelivered(Slot),
}

/// A message on its way to the shard that owns its session.
#[derive(Debug)]
pub struct ForwardedRequest {
    /// The shard that holds the connection.
    pub(super) shard: u16,
    /// The connection there.
    pub(super) slot: Slot,
    pub(super) verb: Verb,
    pub(super) session: u128,
    pub(super) version: Option<String>,
    pub(super) body: Assembled,
}

/// An answer on its way back to the connection.
#[derive(Debug)]
pub struct Answer {
    pub(super) slot: Slot,
    pub(super) status: u16,
    pub(super) session: Option<String>,
    /// Empty: the answer has no body.
    pub(super) body: Vec<u8>,
}

impl Forwarded {
    /// What to hand back to the sending endpoint when this message cannot be delivered; `None`
    /// for answers, which must always be.
    pub fn undelivered(&self) -> Option<Self> {
        match self {
            Self::Request(request) => Some(Self::Undelivered(request.slot)),
            Self::Answer(_) | Self::Undelivered(_) => None,
        }
    }
}
