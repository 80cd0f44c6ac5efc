//! Messages between shards: an HTTP connection lives here, its session there.
//!
//! A handshake-era session is owned by the shard that opened it, and its id says which. A request
//! that arrives elsewhere travels there whole, and its answer travels back; both are one inbox
//! message, and the shards share nothing else.

use std::sync::Arc;

use bytes::Bytes;

use super::session_stream::{Line, StreamKind};
use super::sessions::SessionKey;
use super::task_request::{TaskReply, Wish};
use super::tasks::{Asker, Shown, TaskKey};
use crate::auth::{Challenge, Principal};
use crate::server::Ticket;
use crate::slot::Slot;
use crate::transport::{Assembled, Facts, Verb};

/// One inbox message between shards.
#[derive(Debug)]
pub enum Forwarded {
    /// A request for a session the receiver owns.
    Request(ForwardedRequest),
    /// What it came to.
    Answer(Answer),
    /// That its principal may not do this.
    Challenged(Challenged),
    /// The sender could not deliver a request (its target's inbox is full).
    Undelivered(Slot),
    /// What an event stream says, from its session's shard to its connection's.
    Events(ForwardedEvents),
    /// An event stream's connection is gone, from the connection's shard to the session's.
    Detached(Detached),
    /// Something is wanted of a task the receiver owns.
    Task(Box<TaskAsk>),
    /// What a task's owner says, or that its asker is gone.
    TaskAnswer(TaskAnswer),
    /// The sender could not deliver what a call wants of a task.
    TaskUndelivered(Ticket),
}

/// Something that is wanted of a task.
#[derive(Debug)]
pub struct TaskAsk {
    pub(super) asker: Asker,
    pub(super) key: TaskKey,
    pub(super) principal: Option<Arc<Principal>>,
    /// The asker speaks of the tasks of 2025-11-25, not of those of the extension.
    pub(super) is_core: bool,
    pub(super) wish: Wish,
}

/// What is said about a task between its owner and who asked.
#[derive(Debug)]
pub struct TaskAnswer(pub(super) TaskWord);

#[derive(Debug)]
pub(super) enum TaskWord {
    /// From the owner: the answer.
    Reply {
        /// The call on the receiver's shard.
        ticket: Ticket,
        /// The answer.
        reply: TaskReply,
    },
    /// From the owner: the task has changed.
    News {
        /// The listening call on the receiver's shard.
        ticket: Ticket,
        /// How it stands.
        shown: Box<Shown>,
    },
    /// To the owner: the asker is gone.
    Gone {
        /// The task.
        key: TaskKey,
        /// Who asked.
        asker: Asker,
    },
}

/// A request whose token is not good enough, on its way back to the connection.
#[derive(Debug)]
pub struct Challenged {
    pub(super) slot: Slot,
    pub(super) challenge: Challenge,
}

/// The connection that carried an event stream is gone.
#[derive(Debug)]
pub struct Detached {
    pub(super) session: SessionKey,
    pub(super) stream: u32,
    pub(super) line: Line,
}

/// One step on an event stream that another shard's connection carries.
#[derive(Debug)]
pub struct ForwardedEvents {
    /// The shard that owns the session.
    pub(super) shard: u16,
    /// The connection, on the receiver's shard.
    pub(super) slot: Slot,
    pub(super) step: EventsStep,
}

/// What happens on the connection that carries an event stream.
#[derive(Debug)]
pub(super) enum EventsStep {
    /// The open exchange becomes this event stream.
    Open { session: SessionKey, stream: u32, kind: StreamKind },
    /// The event that says where a client can come back to.
    Prime { id: String },
    /// The event that says where a client of 2024-11-05 posts to.
    Endpoint { path: String },
    /// One message.
    Event { id: String, json: Bytes },
    /// What was said while nobody carried the stream; bounded where it was kept.
    Missed { events: Vec<(String, Bytes)> },
    /// All is said.
    End,
}

/// A message on its way to the shard that owns its session.
#[derive(Debug)]
pub struct ForwardedRequest {
    /// The shard that holds the connection.
    pub(super) shard: u16,
    /// The connection there.
    pub(super) slot: Slot,
    pub(super) verb: Verb,
    pub(super) session: SessionKey,
    /// What its head says.
    pub(super) facts: Facts<'static>,
    /// A message of a client of 2024-11-05, answered on its stream.
    pub(super) is_legacy: bool,
    pub(super) principal: Option<Arc<Principal>>,
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
            Self::Task(ask) => Some(Self::TaskUndelivered(ask.asker.ticket)),
            // A step that was lost would be an event out of order or a stream without an end.
            Self::Answer(_)
            | Self::Challenged(_)
            | Self::Undelivered(_)
            | Self::Events(_)
            | Self::Detached(_)
            | Self::TaskAnswer(_)
            | Self::TaskUndelivered(_) => None,
        }
    }
}
