//! One connection: its transport, its unsent bytes, and how it ends.
//!
//! An idle connection owns no buffer: reply bytes live in a vector that is taken from and returned
//! to the shard's spare ones, and partial input only exists while a frame is incomplete.

use std::collections::VecDeque;
use std::sync::Arc;

use super::events::EventsOwner;
use super::labels::CloseReason;
use super::route::OpenRoute;
use super::session_stream::StreamKind;
use super::topics::Debt;
use super::{Now, Output};
use crate::auth::Principal;
use crate::config::Config;
use crate::limits::EVENTS_PING_MS;
use crate::mcp::Session;
use crate::server::Ticket;
use crate::slot::Slot;
use crate::transport::{Assembled, Http1, Pipe, Stream};

/// How bytes become messages on this connection.
#[derive(Debug)]
pub(super) enum Wire {
    /// A byte stream with a framing.
    Pipe(Pipe),
    /// HTTP/1.1.
    Http(Http1),
}

/// The HTTP exchange that is being answered.
#[derive(Debug)]
pub(super) struct OpenExchange {
    pub(super) keep_alive: bool,
    /// Whether a streamed answer may be chunked.
    pub(super) takes_chunks: bool,
    /// The call it waits for, which closing the connection cancels in the stateless era.
    pub(super) call: Option<Ticket>,
    /// Its answer became an event stream. Boxed: most answers do not, and a connection is small.
    pub(super) events: Option<Box<OpenEvents>>,
    /// Who sent it, where that is asked.
    pub(super) principal: Option<Arc<Principal>>,
    /// A route of the program's own answers it. Boxed, as above.
    pub(super) route: Option<Box<OpenRoute>>,
}

/// An answer that is an event stream.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpenEvents {
    pub(super) wire: Stream,
    pub(super) owner: EventsOwner,
    pub(super) kind: StreamKind,
    /// What only listens does so no longer than its token is good.
    pub(super) until: Now,
}

impl OpenExchange {
    /// A request that nothing is known of.
    pub(super) fn new(keep_alive: bool, takes_chunks: bool) -> Self {
        Self { keep_alive, takes_chunks, call: None, events: None, principal: None, route: None }
    }
}

/// One connection of the shard.
#[derive(Debug)]
#[allow(clippy::struct_excessive_bools, reason = "independent facts, one bit each")]
pub(super) struct Connection {
    pub(super) wire: Wire,
    pub(super) listener: u16,
    /// Reply bytes not yet handed to the driver.
    pub(super) out: Vec<u8>,
    /// Bytes of the send in flight.
    pub(super) sending_bytes: usize,
    /// A byte stream's protocol state.
    pub(super) session: Option<Box<Session>>,
    pub(super) exchange: Option<OpenExchange>,
    /// Notifications to write when there is room, oldest first, one for each subscription at most.
    pub(super) owed: VecDeque<Debt>,
    /// Received bytes that wait until the peer has taken what it was answered. Bounded by what
    /// the driver delivers of one connection in one turn.
    backlog: Vec<u8>,
    /// Last time bytes came or went.
    pub(super) active: Now,
    /// Since when a frame is incomplete.
    pub(super) partial_since: Option<Now>,
    /// Stands in the list of connections with something to send.
    pub(super) is_dirty: bool,
    pub(super) is_sending: bool,
    pub(super) is_paused: bool,
    /// The peer sends no more; what it asked is still answered.
    pub(super) is_ending: bool,
    /// Closed as soon as everything is sent.
    pub(super) is_closing: bool,
    /// The driver was told to close.
    pub(super) is_closed: bool,
    /// When its timer fires. Others still in the wheel are older and count for nothing.
    pub(super) due: Now,
}

impl Connection {
    pub(super) fn new(wire: Wire, listener: u16, now: Now) -> Self {
        let session = match wire {
            Wire::Pipe(_) => Some(Box::default()),
            Wire::Http(_) => None,
        };
        Self {
            wire,
            listener,
            out: Vec::new(),
            sending_bytes: 0,
            session,
            exchange: None,
            owed: VecDeque::new(),
            backlog: Vec::new(),
            active: now,
            partial_since: None,
            is_dirty: false,
            is_sending: false,
            is_paused: false,
            is_ending: false,
            is_closing: false,
            is_closed: false,
            due: now,
        }
    }

    /// Bytes the peer has not taken yet.
    pub(super) fn unsent(&self) -> usize {
        self.out.len() + self.sending_bytes
    }

    /// Whether the peer takes its answers fast enough to be given more.
    pub(super) fn has_room_to_send(&self, unsent_bytes_max: usize) -> bool {
        self.unsent() <= unsent_bytes_max
    }

    /// Whether a notification can be written now.
    pub(super) fn has_room_to_tell(&self, unsent_bytes_max: usize) -> bool {
        !self.is_sending && self.unsent() <= unsent_bytes_max
    }

    /// Whether a notification must wait until the peer has taken more.
    pub(super) fn must_owe(&self, unsent_bytes_max: usize) -> bool {
        !self.owed.is_empty() || !self.has_room_to_tell(unsent_bytes_max)
    }

    /// Whether the peer waits to be told of something.
    pub(super) fn is_listening(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.subscriber.is_some())
    }

    /// Whether bytes received now must wait: behind others that do, or until the peer has taken
    /// what it was answered.
    pub(super) fn must_keep(&self, unsent_bytes_max: usize) -> bool {
        !self.backlog.is_empty() || !self.has_room_to_send(unsent_bytes_max)
    }

    /// Keeps received bytes for later.
    pub(super) fn keep(&mut self, bytes: &[u8]) {
        self.backlog.extend_from_slice(bytes);
    }

    /// Takes what was kept.
    pub(super) fn take_backlog(&mut self) -> Option<Assembled> {
        let backlog = std::mem::take(&mut self.backlog);
        (!backlog.is_empty()).then(|| Assembled::copy(&backlog))
    }

    /// The event stream it carries.
    pub(super) fn events(&self) -> Option<OpenEvents> {
        self.exchange.as_ref()?.events.as_deref().copied()
    }

    /// Received bytes that wait to be handled.
    pub(super) fn behind_bytes(&self) -> usize {
        let kept = match &self.wire {
            Wire::Pipe(_) => 0,
            Wire::Http(http) => http.backlog_bytes(),
        };
        kept + self.backlog.len()
    }

    /// Whether a call of this connection is unanswered.
    pub(super) fn is_waiting(&self) -> bool {
        self.exchange.is_some() || self.session.as_ref().is_some_and(|s| !s.pending.is_empty())
    }

    /// Whether the end of what the peer sends means that it listens no more. A client that closes
    /// an event stream, or a request of the stateless era, cannot be told from one that only sends
    /// no more; the protocol takes the closing for a cancellation (2026-07-28, streamable HTTP).
    pub(super) fn is_left_by_its_client(&self) -> bool {
        self.exchange.as_ref().is_some_and(|open| open.call.is_some() || open.events.is_some())
    }

    /// Whether all is said and sent.
    pub(super) fn is_drained(&self) -> bool {
        !self.is_sending && self.out.is_empty() && !self.is_waiting() && self.backlog.is_empty()
    }

    /// Forgets everything that would be sent or handled.
    pub(super) fn clear(&mut self) {
        self.out = Vec::new();
        self.backlog = Vec::new();
    }

    /// When this connection will have been silent, partial or stuck for too long.
    pub(super) fn deadline(&self, config: &Config) -> Now {
        let mut deadline = match self.events() {
            Some(events) => self.active.after_ms(EVENTS_PING_MS).min(events.until),
            None => self.active.after_ms(config.idle_ms),
        };
        if let Some(route) = self.exchange.as_ref().and_then(|open| open.route.as_ref()) {
            deadline = deadline.min(route.deadline);
        }
        if self.is_sending {
            deadline = deadline.min(self.active.after_ms(config.send_stall_ms));
        }
        if let Some(since) = self.partial_since.filter(|_| !self.is_paused) {
            let grace = since.after_ms(config.frame_ms);
            // A large frame may take its time as long as it keeps the least speed.
            let earned_ms = match config.body_bytes_per_second_min {
                0 => 0,
                least => self.partial_bytes() as u64 * 1000 / least,
            };
            deadline = deadline.min(grace.max(since.after_ms(earned_ms)));
        }
        deadline
    }

    /// Why the deadline has passed.
    pub(super) fn overdue(&self) -> CloseReason {
        if self.is_sending {
            CloseReason::Stalled
        } else if self.partial_since.is_some() && !self.is_paused {
            CloseReason::Partial
        } else {
            CloseReason::Idle
        }
    }

    fn partial_bytes(&self) -> usize {
        match &self.wire {
            Wire::Pipe(pipe) => pipe.partial_bytes(),
            Wire::Http(http) => http.partial_bytes(),
        }
    }
}

/// Output waiting for [`super::Endpoint::poll`], and the buffers it goes out in.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) outputs: VecDeque<Output>,
    pub(super) dirty: VecDeque<Slot>,
    spare: Vec<Vec<u8>>,
}

/// Spare buffers kept, and the largest worth keeping: an idle shard holds at most 4 MiB of them.
const SPARE_BUFFERS: usize = 256;
const SPARE_BYTES_MAX: usize = 16 << 10;

impl Outbox {
    /// Lends a buffer to a connection that has none.
    pub(super) fn lend(&mut self, out: &mut Vec<u8>) {
        if out.capacity() == 0
            && let Some(spare) = self.spare.pop()
        {
            *out = spare;
        }
    }

    /// Takes a sent buffer back.
    pub(super) fn recycle(&mut self, mut bytes: Vec<u8>) {
        let fits = (1..=SPARE_BYTES_MAX).contains(&bytes.capacity());
        if fits && self.spare.len() < SPARE_BUFFERS {
            bytes.clear();
            self.spare.push(bytes);
        }
    }
}
