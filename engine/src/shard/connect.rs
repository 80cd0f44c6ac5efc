//! Connections from inside the process: a pair of sockets, of which a shard gets one end.
//!
//! Such a connection is one of lines over a Unix socket like any other and passes through the whole
//! engine. Each shard has places for a number of them; a place is free again when the connection
//! has gone.

#![allow(clippy::disallowed_methods, reason = "a pair of sockets is opened here")]

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::wake::Message;
use crate::error::Error;
use crate::inbox::Sender;
use crate::limits::INSIDE_CONNECTIONS_MAX;

/// The way to new connections of every shard.
pub(crate) struct Doors {
    shards: Vec<Door>,
    /// Which shard is asked next.
    next: AtomicUsize,
    is_shut: AtomicBool,
}

/// One shard's.
struct Door {
    inbox: Sender<Message>,
    taken: Arc<AtomicUsize>,
}

/// A connection's place among those from inside; free again when dropped.
pub(crate) struct Seat(Arc<AtomicUsize>);

impl Drop for Seat {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Doors {
    pub(super) fn new(inboxes: Vec<Sender<Message>>) -> Self {
        let door = |inbox| Door { inbox, taken: Arc::default() };
        Self {
            shards: inboxes.into_iter().map(door).collect(),
            next: AtomicUsize::new(0),
            is_shut: AtomicBool::new(false),
        }
    }

    /// Lets nobody in any more.
    pub(super) fn shut(&self) {
        self.is_shut.store(true, Ordering::Release);
    }

    /// A new connection: the client's end.
    pub(super) fn connect(&self) -> Result<OwnedFd, Error> {
        if self.is_shut.load(Ordering::Acquire) {
            return Err(ended());
        }
        let (ours, theirs) = UnixStream::pair()
            .map_err(|fault| Error::system(format!("a pair of Unix sockets: {fault}")))?;
        let first = self.next.fetch_add(1, Ordering::Relaxed);
        let count = self.shards.len();
        let free = (0..count).find_map(|step| {
            let door = &self.shards[first.wrapping_add(step) % count];
            Some((door, door.take()?))
        });
        let Some((door, seat)) = free else {
            return Err(Error::limit(format!(
                "each shard has {INSIDE_CONNECTIONS_MAX} connections from inside the process: \
                 close some, or use more shards"
            )));
        };
        // A shard takes its messages in order and is there until it has been stopped.
        let message = Message::Connect(ours.into(), seat);
        door.inbox.send(message).map_err(|_| ended())?;
        Ok(theirs.into())
    }
}

impl Door {
    fn take(&self) -> Option<Seat> {
        let max = INSIDE_CONNECTIONS_MAX;
        let more = |taken| (taken < max).then_some(taken + 1);
        self.taken.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok()?;
        Some(Seat(Arc::clone(&self.taken)))
    }
}

fn ended() -> Error {
    Error::usage("the engine takes no new connections: it is ending or has ended")
}
