//! Connections that carry no further request: the next one goes over a new connection, as it does in
//! any client, and what that costs, the client's wait included, is part of what the request costs.
//!
//! ```text
//! the answer says so (Connection: close, HTTP/1.0) ──┐
//! the server closes, between two answers or unsaid ──┼── retire ── slot_of ── a new one, once
//! its event stream stays open behind the answer ─────┘                        there is a request
//! ```
//!
//! Most servers end a stream a moment after the answer, and the connection serves the next request;
//! one that has not by then keeps its connection to itself. Who closes after an answer without saying
//! so mostly finds the next request on the way already. It is sent once more; so that this does not
//! happen each time, no connection is used twice from then on.

use std::time::Duration;

use mcpring::error::SystemError;
use mcpring::ring::Op;
use mcpring::slot::Slot;

use super::Generator;
use super::connection::Connection;
use super::inbox::Found;
use crate::dial;
use crate::fault::Fault;

/// A stream that is open for that long behind the answer is left open.
const LINGER: Duration = Duration::from_secs(1);

impl Generator {
    /// Whether a stream is open behind its answer.
    pub(super) fn lingers(&self) -> bool {
        self.connections.iter().any(|connection| connection.desk.answered_ns.is_some())
    }

    /// Leaves the connections whose streams have been open for too long. From the first one on the
    /// server is known for that, and no further stream is waited for.
    pub(super) fn retire_late(&mut self) -> Result<(), Fault> {
        let linger_ns = LINGER.min(self.timeout).as_nanos() as u64;
        for index in 0..self.connections.len() {
            let answered_ns = self.connections[index].desk.answered_ns;
            if answered_ns.is_some_and(|since_ns| self.books.now_ns - since_ns > linger_ns) {
                self.uses_once = true;
                self.retire(index)?;
            }
        }
        Ok(())
    }

    /// Leaves the connection of `index`, which carries no further request.
    pub(super) fn retire(&mut self, index: usize) -> Result<(), Fault> {
        if self.peer.is_none() {
            return Ok(());
        }
        let connection = &mut self.connections[index];
        if connection.desk.lanes.len() > 1 {
            let words = "the server closes a connection after an answer, or leaves its stream open; \
                         one request in flight on each is all that it serves";
            return Err(Fault::Target(words.into()));
        }
        if connection.desk.answered_ns.is_some() {
            self.books.leave(index as u32, &mut connection.desk);
        }
        let slot = connection.retire();
        self.list(index);
        slot.map_or(Ok(()), |slot| self.submit(Op::Close { slot }))
    }

    /// Where `index` sends, over a new connection if it has none; nowhere while too many old ones are
    /// still to be closed.
    pub(super) fn slot_of(&mut self, index: usize) -> Result<Option<Slot>, Fault> {
        let Some(peer) = self.peer.filter(|_| self.connections[index].slot.is_none()) else {
            return Ok(self.connections[index].slot);
        };
        if self.slots == self.slots_max {
            return Ok(None);
        }
        let slot = self.take_over(dial::begin(peer)?)?;
        self.settle_at(slot, index);
        self.connections[index].slot = Some(slot);
        self.books.tally.renewals += u64::from(self.books.counts);
        self.submit(Op::Receive { slot })?;
        Ok(Some(slot))
    }

    /// Nothing more comes at `slot`.
    pub(super) fn ended(&mut self, slot: Slot, fault: Option<SystemError>) -> Result<(), Fault> {
        let Some(index) = self.place(slot) else {
            return Ok(());
        };
        let connection = &mut self.connections[index];
        connection.ended = Some(fault.map_or_else(String::new, |fault| format!(" ({fault})")));
        // Its bytes may be needed once more.
        if self.peer.is_some() && connection.desk.outbox.is_sending() {
            return Ok(());
        }
        self.go_on(index)
    }

    /// The server has closed the connection of `index`, and nothing is on the way there. Goes on over
    /// another one if that is in order: nothing of an answer is missing, and a request without one can
    /// be sent once more.
    pub(super) fn go_on(&mut self, index: usize) -> Result<(), Fault> {
        let (books, number) = (&mut self.books, index as u32);
        let Connection { inbox, desk, answers, ended, .. } = &mut self.connections[index];
        let is_lost = inbox.is_untouched() && desk.awaits();
        inbox.finish(&mut |found| {
            match found {
                Found::Message(body) => return books.message(number, desk, body),
                Found::End(end) => books.end(number, desk, &end),
            }
            Ok(())
        })?;
        let is_whole = inbox.is_untouched() || desk.answered_ns.is_some();
        // A server that closes without having answered anything is none that answers.
        if self.peer.is_none() || !is_whole || is_lost && *answers == 0 {
            let why = ended.as_deref().unwrap_or_default();
            return Err(Fault::Target(format!("the server closed a connection{why}")));
        }
        if is_lost {
            desk.outbox.send_again();
            books.tally.resent += u64::from(books.counts);
            self.uses_once |= *answers == 1;
        }
        self.retire(index)
    }
}
