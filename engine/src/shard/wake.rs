//! What arrives at a shard from other threads, and how it gets there.
//!
//! Everything comes through the shard's inbox, and each message ends the shard's wait through the
//! driver's waker, which costs a system call only when the shard sleeps. What must not be lost (the
//! end of a call, an answer for another shard's connection, a stop) is never refused: there is at
//! most one for each call in flight. The rest (forwarded requests, progress, log lines, updates of
//! resources) is refused when the inbox is full.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::connect::Seat;
use super::together;
use crate::endpoint::{Forwarded, Now};
use crate::error::LimitError;
use crate::inbox::{self, Inbox, Reason, Sender};
use crate::ring::Waker;
use crate::server::{CallEvent, Post, Publication, Publisher, Server};

/// One message to a shard.
pub(crate) enum Message {
    /// Something happened to a call of this shard.
    Call(CallEvent),
    /// Another shard says something.
    Forward(Box<Forwarded>),
    /// The program says something to clients.
    Publish(Publication),
    /// A socket whose other end somebody inside the process has.
    Connect(OwnedFd, Seat),
    /// Answer what was asked, then end.
    Drain,
    /// End now.
    Stop,
}

/// Opens the inbox of the shard that `waker` wakes.
pub(crate) fn inbox(inbox_max: usize, waker: Waker) -> (Sender<Message>, Inbox<Message>) {
    inbox::open(inbox_max, move || together::wake(&waker))
}

/// Takes the events of calls to the shard that waits for them.
pub(crate) struct Poster {
    pub(crate) inbox: Sender<Message>,
    pub(crate) publisher: Publisher,
    /// The clock of the shards.
    pub(crate) now: Box<dyn Fn() -> Now + Send + Sync>,
}

impl Post for Poster {
    fn post(&self, event: CallEvent) {
        // A shard that has ended has closed its connections: nobody waits for the event.
        let _ = match event {
            CallEvent::Done { .. }
            | CallEvent::Refused { .. }
            | CallEvent::Asked { .. }
            | CallEvent::BecameTask { .. }
            | CallEvent::Routed { .. } => self.inbox.send(Message::Call(event)),
            CallEvent::Progress { .. }
            | CallEvent::Elicited { .. }
            | CallEvent::Log { .. }
            | CallEvent::TaskStatus { .. }
            | CallEvent::CloseStream { .. }
            | CallEvent::OutputBroken { .. } => self.inbox.try_send(Message::Call(event)),
        };
    }

    fn publisher(&self) -> Publisher {
        self.publisher.clone()
    }

    fn now_ns(&self) -> u64 {
        (self.now)().0
    }
}

/// A publisher that reaches the shards of `inboxes`.
pub(crate) fn publisher(server: Arc<Server>, inboxes: Vec<Sender<Message>>) -> Publisher {
    Publisher::new(server, move |publication| {
        let is_refusable = match publication {
            Publication::Server(_) => false,
            Publication::ResourceUpdated(_) | Publication::ElicitationDone(_) => true,
        };
        let mut outcome = Ok(());
        for inbox in &inboxes {
            let message = Message::Publish(publication.clone());
            let sent = if is_refusable { inbox.try_send(message) } else { inbox.send(message) };
            // A shard that has ended has no clients to tell.
            if sent.is_err_and(|refused| refused.reason == Reason::Full) {
                outcome = Err(LimitError("inbox_max"));
            }
        }
        outcome
    })
}

/// Hands `message` to another shard; comes back with what to tell the own endpoint when it could
/// not be delivered.
pub(crate) fn forward(
    target: Option<&Sender<Message>>,
    message: Box<Forwarded>,
) -> Option<Forwarded> {
    let undelivered = message.undelivered();
    let delivered = match (target, &undelivered) {
        (None, _) => false,
        // What can be turned back may be refused; an answer may not.
        (Some(target), Some(_)) => target.try_send(Message::Forward(message)).is_ok(),
        (Some(target), None) => target.send(Message::Forward(message)).is_ok(),
    };
    if delivered { None } else { undelivered }
}
