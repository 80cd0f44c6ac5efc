//! Event streams over HTTP: opened, written, ended, cut and taken up again.
//!
//! ```text
//!   POST ── answered with JSON ───────────────────────────────▶ done
//!     └─ something to say first ─▶ event stream ── the answer ─▶ ended
//!                                     │ cut                        ▲
//!                                     ▼         GET, Last-Event-ID │
//!                                  kept in its session ────────────┘
//! ```
//! In the stateless era a stream belongs to its exchange and dies with it, which cancels. In the
//! handshake era it belongs to its session ([`super::session_stream`]); the connection that
//! carries it may be another shard's, which then gets each event by its inbox.

use bytes::Bytes;

use super::connection::OpenEvents;
use super::forward::{Detached, EventsStep, Forwarded, ForwardedEvents};
use super::labels::CloseReason;
use super::origin::{Origin, Peer};
use super::session_stream::{EventId, Line, StreamKind};
use super::sessions::SessionKey;
use super::{Core, Now};
use crate::json::Writer;
use crate::limits::EVENTS_RETRY_MS;
use crate::mcp::Version;
use crate::server::Ticket;
use crate::slot::Slot;
use crate::transport::{Stream, sse};

/// Whose event stream a connection carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EventsOwner {
    /// The exchange's own request; closing cancels it.
    Exchange,
    /// A session of this shard.
    Session(SessionKey, u32),
    /// A session of another shard.
    Remote {
        /// The shard that owns the session.
        shard: u16,
        /// The session there.
        session: SessionKey,
        /// The stream of it.
        stream: u32,
    },
}

impl Core {
    /// Where messages about a call go before its answer. An exchange becomes an event stream now.
    pub(super) fn events_of_call(&mut self, ticket: Ticket) -> Option<Origin> {
        let call = self.calls.get(ticket)?;
        let (origin, peer) = (call.origin, call.peer);
        let kind = call.listens_as.map_or(StreamKind::Answer, |_| StreamKind::Listen);
        let batch = match origin {
            Origin::Batch(batch) => Some(batch),
            _ => None,
        };
        let base = match batch {
            Some(batch) => self.batches.origin(batch)?,
            None => origin,
        };
        let opened = self.open_events(base, peer, kind)?;
        match batch {
            Some(batch) => self.batches.set_origin(batch, opened),
            None => self.calls.get_mut(ticket)?.origin = opened,
        }
        Some(opened)
    }

    fn open_events(&mut self, origin: Origin, peer: Peer, kind: StreamKind) -> Option<Origin> {
        match (origin, peer) {
            (Origin::Exchange(slot), Peer::Exchange) => {
                self.open_exchange_events(slot, EventsOwner::Exchange, kind)?;
                Some(origin)
            }
            (Origin::Exchange(slot), Peer::Session(session)) => {
                // Once it is gone its client has no event's id to come back with.
                self.slots.get_mut(slot)?.exchange.as_ref()?;
                let line = Line::Here(slot);
                let stream = self.open_session_events(session, kind, line)?;
                Some(Origin::Events { session, stream })
            }
            (Origin::Remote { shard, slot }, Peer::Session(session)) => {
                let line = Line::There { shard, slot };
                let stream = self.open_session_events(session, kind, line)?;
                Some(Origin::Events { session, stream })
            }
            (Origin::Stream(_) | Origin::Events { .. } | Origin::Task(_), _) => Some(origin),
            // Another pairing has no one to speak to.
            _ => None,
        }
    }

    /// Turns the open exchange of a connection into an event stream, unless it is one.
    fn open_exchange_events(
        &mut self,
        slot: Slot,
        owner: EventsOwner,
        kind: StreamKind,
    ) -> Option<()> {
        let is_draining = self.is_draining;
        let principal = self.principal_of(slot).filter(|_| kind != StreamKind::Answer);
        let until = principal.map_or(Now::NEVER, |principal| self.token_end(&principal));
        let connection = self.slots.get_mut(slot)?;
        let exchange = connection.exchange.as_mut()?;
        if exchange.events.is_some() {
            return Some(());
        }
        self.outbox.lend(&mut connection.out);
        let keep_alive = exchange.keep_alive && !is_draining;
        let headers = [("cache-control", "no-cache, no-transform"), ("x-accel-buffering", "no")];
        let media = "text/event-stream";
        let chunks = exchange.takes_chunks;
        let wire = Stream::open(&mut connection.out, &headers, media, chunks, keep_alive);
        exchange.events = Some(Box::new(OpenEvents { wire, owner, kind, until }));
        self.metrics.event_streams_opened.add(1);
        self.touch(slot);
        self.watch(slot);
        Some(())
    }

    /// Opens a stream of a session on the open exchange at `line`.
    pub(super) fn open_session_events(
        &mut self,
        session: SessionKey,
        kind: StreamKind,
        line: Line,
    ) -> Option<u32> {
        let number = self.sessions.open_stream(session, kind, line)?;
        self.carry_session_events(session, number, kind, line);
        let version = self.session(session)?.version();
        if version.is_some_and(Version::has_priming_event) {
            let id = EventId { stream: number, event: 0 };
            self.step_events(line, EventsStep::Prime { id: id.text() });
        }
        Some(number)
    }

    /// Makes the exchange at `line` carry a stream of a session.
    fn carry_session_events(
        &mut self,
        session: SessionKey,
        stream: u32,
        kind: StreamKind,
        line: Line,
    ) {
        match line {
            Line::Here(slot) => {
                let owner = EventsOwner::Session(session, stream);
                if self.open_exchange_events(slot, owner, kind).is_none() {
                    self.detach(session, stream, line);
                }
            }
            Line::There { .. } => {
                self.step_events(line, EventsStep::Open { session, stream, kind });
            }
        }
    }

    /// Takes a stream up again behind the event `last`, or begins to listen afresh: to an event of
    /// no stream of this session there is nothing to add.
    pub(super) fn resume_events(
        &mut self,
        session: SessionKey,
        last: Option<EventId>,
        line: Line,
    ) -> bool {
        let stream = last.and_then(|last| self.sessions.stream(session, last.stream));
        let (Some(last), Some(stream)) = (last, stream) else {
            return self.open_session_events(session, StreamKind::Listen, line).is_some();
        };
        let missed = stream.after(last.event);
        let (kind, is_ended) = (stream.kind, stream.is_ended);
        // The older connection is dead, only nobody has noticed.
        if let Some(before) = stream.line.replace(line).filter(|before| *before != line) {
            self.step_events(before, EventsStep::End);
        }
        self.metrics.event_streams_resumed.add(1);
        self.carry_session_events(session, last.stream, kind, line);
        let events = missed.into_iter().map(|(id, json)| (id.text(), json)).collect();
        self.step_events(line, EventsStep::Missed { events });
        if is_ended {
            self.end_events(session, last.stream);
        }
        true
    }

    /// Writes one message on a stream of a session, or keeps it for a client that comes back.
    pub(super) fn session_event(&mut self, session: SessionKey, stream: u32, json: Bytes) -> bool {
        let Some((id, line)) = self.sessions.log_event(session, stream, json.clone()) else {
            self.metrics.answers_dropped.add(1);
            return false;
        };
        if let Some(line) = line {
            self.step_events(line, EventsStep::Event { id: id.text(), json });
        }
        true
    }

    /// Writes the last message on a stream of a session, unless it goes on after answers.
    pub(super) fn session_answer(&mut self, session: SessionKey, stream: u32, json: Bytes) {
        if !self.session_event(session, stream, json) {
            return;
        }
        match self.sessions.stream(session, stream).map(|stream| stream.kind) {
            Some(StreamKind::Answer) => self.end_events(session, stream),
            Some(StreamKind::Legacy) => self.drain_legacy(session),
            Some(StreamKind::Listen) | None => {}
        }
    }

    /// All is said on a stream.
    pub(super) fn end_events(&mut self, session: SessionKey, stream: u32) {
        let Some(stream) = self.sessions.stream(session, stream) else { return };
        stream.is_ended = true;
        if let Some(line) = stream.line.take() {
            self.step_events(line, EventsStep::End);
        }
    }

    /// Whether a stream is all that a client of 2024-11-05 hears.
    pub(super) fn is_legacy(&mut self, session: SessionKey, stream: u32) -> bool {
        let stream = self.sessions.stream(session, stream);
        stream.is_some_and(|stream| stream.kind == StreamKind::Legacy)
    }

    /// Ends the connection's part of a stream and keeps the stream: its client is to come back.
    pub(super) fn close_stream(&mut self, ticket: Ticket) {
        let is_apt = self.calls.get(ticket).is_some_and(|call| call.version.has_priming_event());
        if !is_apt {
            return;
        }
        let Some(Origin::Events { session, stream }) = self.events_of_call(ticket) else { return };
        let Some(stream) = self.sessions.stream(session, stream) else { return };
        if stream.kind == StreamKind::Answer
            && let Some(line) = stream.line.take()
        {
            self.step_events(line, EventsStep::End);
        }
    }

    /// Ends what a connection carries of a stream that is no more.
    pub(super) fn end_line(&mut self, line: Line) {
        self.step_events(line, EventsStep::End);
    }

    /// Does one step on the connection that carries a stream, wherever it is.
    pub(super) fn step_events(&mut self, line: Line, step: EventsStep) {
        match line {
            Line::Here(slot) => {
                self.step_events_here(slot, step);
            }
            Line::There { shard, slot } => {
                let message = ForwardedEvents { shard: self.shard, slot, step };
                self.forward(shard, Forwarded::Events(message));
            }
        }
    }

    fn step_events_here(&mut self, slot: Slot, step: EventsStep) {
        match step {
            EventsStep::Open { .. } => {}
            EventsStep::Prime { id } => {
                self.event_piece(slot, |out| {
                    sse::retry_into(out, EVENTS_RETRY_MS as u32);
                    sse::event_into(out, Some(&id), None, b"");
                });
            }
            EventsStep::Event { id, json } => {
                self.event_piece(slot, |out| {
                    sse::event_with(out, Some(&id), |out| out.extend_from_slice(&json));
                });
            }
            EventsStep::Missed { events } => {
                self.event_piece_at_any_length(slot, |out| {
                    for (id, json) in &events {
                        sse::event_with(out, Some(id), |out| out.extend_from_slice(json));
                    }
                });
            }
            EventsStep::Endpoint { path } => {
                self.event_piece(slot, |out| {
                    sse::event_into(out, None, Some("endpoint"), path.as_bytes());
                });
            }
            EventsStep::End => self.finish_events(slot),
        }
    }

    /// A step from the shard that owns the session of a stream we carry.
    pub(super) fn forwarded_events(&mut self, message: ForwardedEvents) {
        let ForwardedEvents { shard, slot, step } = message;
        let EventsStep::Open { session, stream, kind } = step else {
            return self.step_events_here(slot, step);
        };
        let owner = EventsOwner::Remote { shard, session, stream };
        if self.open_exchange_events(slot, owner, kind).is_none() {
            self.cut(owner, slot);
        }
    }

    /// Writes one message on the event stream of an exchange of the stateless era.
    pub(super) fn exchange_event(
        &mut self,
        slot: Slot,
        write: impl FnOnce(&mut Writer<'_>),
    ) -> bool {
        self.event_piece(slot, |out| {
            sse::event_with(out, None, |out| write(&mut Writer::new(out)));
        })
    }

    /// Whether the open exchange of a connection became an event stream.
    pub(super) fn carries_events(&mut self, slot: Slot) -> bool {
        self.slots.get_mut(slot).is_some_and(|connection| connection.events().is_some())
    }

    /// Writes the answer on the event stream of an exchange, which ends with it. Unlike what is
    /// said before, it is written however much is unsent: answers are not dropped.
    pub(super) fn answer_events(&mut self, slot: Slot, body: impl FnOnce(&mut Vec<u8>)) {
        self.event_piece_at_any_length(slot, |out| sse::event_with(out, None, body));
        self.finish_events(slot);
    }

    /// Appends to the event stream of a connection. A peer that reads too slowly for what it is
    /// told loses its connection, and may come back to a stream that is kept.
    fn event_piece(&mut self, slot: Slot, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let unsent_max = self.config.unsent_bytes_pause;
        let Some(connection) = self.slots.get_mut(slot) else { return false };
        // Only a send that is still under way shows a slow reader: much may be said in one turn.
        let is_slow = connection.is_sending && !connection.has_room_to_send(unsent_max);
        if connection.events().is_some() && is_slow {
            self.close(slot, CloseReason::Slow);
            return false;
        }
        self.event_piece_at_any_length(slot, write)
    }

    fn event_piece_at_any_length(&mut self, slot: Slot, write: impl FnOnce(&mut Vec<u8>)) -> bool {
        let Some(connection) = self.slots.get_mut(slot) else { return false };
        let Some(wire) = connection.events().map(|events| events.wire) else { return false };
        self.outbox.lend(&mut connection.out);
        let mark = wire.open_piece(&mut connection.out);
        write(&mut connection.out);
        wire.close_piece(&mut connection.out, mark);
        self.touch(slot);
        true
    }

    /// Ends the event stream of a connection, and with it the exchange.
    pub(super) fn finish_events(&mut self, slot: Slot) {
        let wire = self.slots.get_mut(slot).and_then(|c| c.events().map(|events| events.wire));
        let Some(wire) = wire else { return };
        let Some((connection, _)) = self.take_exchange(slot) else { return };
        let is_delimited = wire.finish(&mut connection.out);
        connection.is_closing |= !is_delimited;
        self.touch(slot);
    }

    /// Keeps a silent stream alive: proxies and clients give up on silence.
    pub(super) fn ping_events(&mut self, slot: Slot) {
        self.event_piece(slot, sse::comment_into);
    }

    /// The connection at `slot` carries `owner`'s stream no more.
    pub(super) fn cut(&mut self, owner: EventsOwner, slot: Slot) {
        match owner {
            EventsOwner::Exchange => {}
            EventsOwner::Session(session, stream) => {
                self.detach(session, stream, Line::Here(slot));
            }
            EventsOwner::Remote { shard, session, stream } => {
                let line = Line::There { shard: self.shard, slot };
                self.forward(shard, Forwarded::Detached(Detached { session, stream, line }));
            }
        }
    }

    /// `line` carries the stream no more, if it still did. A client of 2024-11-05 has nothing but
    /// its stream, so its session ends.
    pub(super) fn detach(&mut self, session: SessionKey, stream: u32, line: Line) {
        let Some(stream) = self.sessions.stream(session, stream) else { return };
        if stream.line != Some(line) {
            return;
        }
        stream.line = None;
        if stream.kind == StreamKind::Legacy {
            self.end_session(session);
        }
    }
}
