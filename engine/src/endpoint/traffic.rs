//! Bytes in and out of connections: accepted, received, sent, settled at the end of the turn, closed.

use super::connection::{Connection, Wire};
use super::labels::CloseReason;
use super::{Core, ListenerKind, Output, Timer};
use crate::json::Parser;
use crate::server::Ticket;
use crate::slot::Slot;
use crate::transport::{Chunk, Http1, Pipe};

impl Core {
    pub(super) fn accept(&mut self, slot: Slot, listener: u16) {
        let config = &self.config;
        let wire = match self.listeners.get(listener as usize) {
            Some(ListenerKind::Pipe(framing, _)) => {
                Wire::Pipe(Pipe::new(*framing, config.frame_bytes_max))
            }
            Some(ListenerKind::Http(_)) => Wire::Http(Http1::new()),
            None => return self.outbox.outputs.push_back(Output::Close { slot }),
        };
        self.metrics.connections_accepted.add(1);
        if self.is_draining || self.slots.len() >= config.connections_max {
            self.metrics.connections_refused.add(1);
            return self.outbox.outputs.push_back(Output::Close { slot });
        }
        let mut connection = Connection::new(wire, listener, self.now);
        connection.due = connection.deadline(config);
        self.timers.set(connection.due, Timer::Connection(slot));
        self.slots.insert(slot, connection);
        self.metrics.connections_open.set(self.slots.len() as u64);
        self.outbox.outputs.push_back(Output::Receive { slot });
    }

    pub(super) fn receive(&mut self, parser: &mut Parser, slot: Slot, chunk: &dyn Chunk) {
        let now = self.now;
        let Some(connection) = self.slots.get_mut(slot) else { return };
        connection.active = now;
        self.metrics.bytes_received.add(chunk.len() as u64);
        if connection.is_closing {
            return;
        }
        match connection.wire {
            Wire::Pipe(_) => self.receive_stream(parser, slot, chunk),
            Wire::Http(_) => self.receive_exchange(parser, slot, chunk),
        }
        self.watch(slot);
    }

    /// Sets a timer for a deadline that comes before the one that is set.
    pub(super) fn watch(&mut self, slot: Slot) {
        let Self { slots, timers, config, now, .. } = self;
        let Some(connection) = slots.get_mut(slot) else { return };
        let is_partial = match &connection.wire {
            Wire::Pipe(pipe) => pipe.is_partial(),
            Wire::Http(http) => http.is_partial(),
        };
        connection.partial_since = match (is_partial, connection.partial_since) {
            (true, since) => since.or(Some(*now)),
            (false, _) => None,
        };
        let deadline = connection.deadline(config);
        if deadline < connection.due {
            connection.due = deadline;
            timers.set(deadline, Timer::Connection(slot));
        }
    }

    pub(super) fn end(&mut self, slot: Slot, is_broken: bool) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        connection.is_ending = true;
        if is_broken {
            return self.close(slot, CloseReason::Broken);
        }
        if connection.is_left_by_its_client() {
            return self.close(slot, CloseReason::Done);
        }
        self.end_listens_of(slot);
        self.hurry_waiters_of(slot);
        self.touch(slot);
    }

    /// A last line without its newline is a message all the same, once all before it was handled.
    pub(super) fn finish_stream(&mut self, parser: &mut Parser, slot: Slot) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        if !connection.is_ending || self.is_draining || connection.behind_bytes() > 0 {
            return;
        }
        let Wire::Pipe(pipe) = &mut connection.wire else { return };
        if let Some(last) = pipe.finish() {
            let whole = crate::transport::Frame::Assembled(last.clone());
            self.message_on_stream(parser, slot, &last, &whole);
        }
    }

    /// Closes at once, whatever is unsent; its calls are cancelled.
    pub(super) fn close(&mut self, slot: Slot, reason: CloseReason) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        if connection.is_closed {
            return;
        }
        connection.is_closing = true;
        connection.is_closed = true;
        self.metrics.count_close(reason as usize);
        self.outbox.outputs.push_back(Output::Close { slot });
        self.abandon(slot);
    }

    /// Cancels what this connection still waits for.
    pub(super) fn abandon(&mut self, slot: Slot) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let owed = std::mem::take(&mut connection.owed);
        connection.clear();
        let mut tickets: Vec<Ticket> = Vec::new();
        let mut subscriber = None;
        let mut asked: Vec<Ticket> = Vec::new();
        if let Some(session) = &mut connection.session {
            tickets.extend(session.pending.drain().into_iter().map(Ticket));
            asked.extend(session.questions.waiters().map(Ticket));
            subscriber = session.subscriber.take();
        }
        let mut owner = None;
        if let Some(exchange) = connection.exchange.take() {
            // Over HTTP a disconnect cancels in the stateless era only (2025-11-25, transports).
            tickets.extend(exchange.call);
            owner = exchange.events.map(|events| events.owner);
        }
        // In an order that the same inputs give again.
        tickets.sort_unstable();
        for ticket in tickets {
            self.cancel_call(ticket);
        }
        self.fail_askers(asked);
        self.forget_subscriber(subscriber);
        if let Some(owner) = owner {
            self.cut(owner, slot);
        }
        self.pass_on(owed);
    }

    pub(super) fn sent(&mut self, slot: Slot, bytes: Vec<u8>, start: usize, is_failed: bool) {
        let now = self.now;
        let Some(connection) = self.slots.get_mut(slot) else {
            return self.outbox.recycle(bytes);
        };
        let first = bytes.len().saturating_sub(connection.sending_bytes);
        self.metrics.bytes_sent.add(start.saturating_sub(first) as u64);
        connection.active = now;
        connection.is_sending = false;
        connection.sending_bytes = 0;
        if is_failed {
            self.metrics.answers_dropped.add(1);
            self.outbox.recycle(bytes);
            return self.close(slot, CloseReason::Broken);
        }
        if start < bytes.len() && !connection.is_closed {
            connection.is_sending = true;
            connection.sending_bytes = bytes.len() - start;
            return self.outbox.outputs.push_back(Output::Send { slot, bytes, start });
        }
        self.outbox.recycle(bytes);
        self.touch(slot);
    }

    pub(super) fn closed(&mut self, slot: Slot) {
        self.abandon(slot);
        if self.slots.remove(slot).is_some() {
            self.metrics.connections_closed.add(1);
            self.metrics.connections_open.set(self.slots.len() as u64);
        }
    }

    /// Gives one connection its due at the end of the turn: resume what waited, send what is
    /// written, close what is done.
    pub(super) fn settle(&mut self, parser: &mut Parser, slot: Slot) {
        // While it counts as having something to send, so that this makes it no second time.
        self.pay_owed(slot);
        let Some(connection) = self.slots.get_mut(slot) else { return };
        connection.is_dirty = false;
        if connection.is_closed {
            return;
        }
        self.resume(parser, slot);
        self.finish_stream(parser, slot);
        self.end_questions(slot);
        if self.is_draining {
            self.drain_events(slot);
        }
        let Some(connection) = self.slots.get_mut(slot) else { return };
        if !connection.is_sending && !connection.out.is_empty() {
            let bytes = std::mem::take(&mut connection.out);
            connection.is_sending = true;
            connection.sending_bytes = bytes.len();
            self.outbox.outputs.push_back(Output::Send { slot, bytes, start: 0 });
        }
        self.throttle(slot);
        self.watch(slot);
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let is_done = connection.is_ending || connection.is_closing;
        if is_done && connection.is_drained() {
            self.close(slot, CloseReason::Done);
        }
    }

    /// Goes on with input that had to wait, as far as it may.
    pub(super) fn resume(&mut self, parser: &mut Parser, slot: Slot) {
        let unsent_max = self.config.unsent_bytes_pause;
        let Some(connection) = self.slots.get_mut(slot) else { return };
        if connection.is_closing || !connection.has_room_to_send(unsent_max) {
            return;
        }
        let backlog = connection.take_backlog();
        match &connection.wire {
            Wire::Pipe(_) => {
                if let Some(chunk) = backlog {
                    self.receive_stream(parser, slot, &chunk);
                }
            }
            Wire::Http(_) => {
                self.resume_exchange(parser, slot);
                if let Some(chunk) = backlog {
                    self.receive_exchange(parser, slot, &chunk);
                }
            }
        }
    }

    /// Stops reading from a peer that does not take its answers, and starts again when it does.
    pub(super) fn throttle(&mut self, slot: Slot) {
        let (now, unsent_max) = (self.now, self.config.unsent_bytes_pause);
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let must_wait = connection.behind_bytes() > 0 || !connection.has_room_to_send(unsent_max);
        if must_wait == connection.is_paused || connection.is_ending || connection.is_closing {
            return;
        }
        connection.is_paused = must_wait;
        // While we did not read, the peer could not complete its frame.
        connection.partial_since = connection.partial_since.map(|_| now);
        let output = if must_wait { Output::Pause { slot } } else { Output::Receive { slot } };
        self.outbox.outputs.push_back(output);
    }
}
