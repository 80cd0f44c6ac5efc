//! Answers: where they go, and how they are written there without an intermediate copy.
//!
//! An answer is written once, straight behind the bytes that already wait on its connection. Only
//! an answer for another shard or for a batch is written into a buffer of its own.

use super::connection::{Connection, Wire};
use super::forward::{Answer, Forwarded};
use super::origin::Origin;
use super::{Core, Output};
use crate::json::Writer;
use crate::mcp::{Refusal, Status};
use crate::rpc::{Id, RpcError};
use crate::slot::Slot;
use crate::transport::respond;

/// What an HTTP answer says before its body. Streams have no place for it.
#[derive(Clone, Debug, Default)]
pub(super) struct Head {
    pub(super) status: Option<u16>,
    /// The session `initialize` opened.
    pub(super) session: Option<String>,
}

impl Head {
    fn new(status: Status) -> Self {
        let status = match status {
            Status::Ok => None,
            Status::BadRequest => Some(400),
            Status::NotFound => Some(404),
            Status::NotAcceptable => Some(406),
            Status::Conflict => Some(409),
            Status::Busy => Some(503),
        };
        Self { status, session: None }
    }

    fn code(&self) -> u16 {
        self.status.unwrap_or(200)
    }
}

impl Core {
    /// Answers with a result; `body` writes the result value.
    pub(super) fn reply_result(
        &mut self,
        origin: Origin,
        id: Id<'_>,
        head: &Head,
        body: impl FnOnce(&mut Writer<'_>),
    ) {
        self.reply(origin, head, |out| {
            out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
            out.extend_from_slice(id.raw());
            out.extend_from_slice(br#","result":"#);
            body(&mut Writer::new(out));
            out.push(b'}');
        });
    }

    /// Answers with an error. Without an id the message could not be read that far; JSON-RPC wants
    /// null there.
    pub(super) fn reply_error(
        &mut self,
        origin: Origin,
        id: Option<Id<'_>>,
        error: &RpcError,
        status: Status,
    ) {
        self.reply(origin, &Head::new(status), |out| {
            out.extend_from_slice(br#"{"jsonrpc":"2.0","id":"#);
            out.extend_from_slice(id.map_or(b"null", Id::raw));
            out.extend_from_slice(br#","error":"#);
            error.encode(&mut Writer::new(out));
            out.push(b'}');
        });
    }

    pub(super) fn refuse(&mut self, origin: Origin, id: Option<Id<'_>>, refusal: &Refusal) {
        self.reply_error(origin, id, &refusal.error, refusal.status);
    }

    /// Writes one answer where it belongs; `body` appends exactly one JSON value.
    pub(super) fn reply(&mut self, origin: Origin, head: &Head, body: impl FnOnce(&mut Vec<u8>)) {
        match origin {
            Origin::Stream(slot) => self.reply_stream(slot, body),
            Origin::Events { session, stream } => {
                let mut json = Vec::new();
                body(&mut json);
                self.session_answer(session, stream, json.into());
            }
            Origin::Exchange(slot) if self.carries_events(slot) => self.answer_events(slot, body),
            Origin::Exchange(slot) => {
                self.reply_exchange(slot, head.code(), head.session.as_deref(), body);
            }
            Origin::Batch(batch) => self.reply_in_batch(batch, body),
            // What a task comes to is kept before it is written: see `task_done`.
            Origin::Task(_) => self.metrics.answers_dropped.add(1),
            Origin::Remote { shard, slot } => {
                let mut bytes = Vec::new();
                body(&mut bytes);
                let status = head.code();
                let answer = Answer { slot, status, session: head.session.clone(), body: bytes };
                self.forward(shard, Forwarded::Answer(answer));
            }
        }
    }

    fn reply_stream(&mut self, slot: Slot, body: impl FnOnce(&mut Vec<u8>)) {
        let Some(connection) = self.slots.get_mut(slot) else {
            self.metrics.answers_dropped.add(1);
            return;
        };
        let Wire::Pipe(pipe) = &connection.wire else { return };
        self.outbox.lend(&mut connection.out);
        let mark = pipe.open(&mut connection.out);
        body(&mut connection.out);
        pipe.close(&mut connection.out, mark);
        self.touch(slot);
    }

    /// Sends what nobody asked for, if the connection is still there.
    pub(super) fn notify_stream(&mut self, slot: Slot, body: impl FnOnce(&mut Vec<u8>)) {
        if self.slots.get_mut(slot).is_some() {
            self.reply_stream(slot, body);
        }
    }

    pub(super) fn reply_exchange(
        &mut self,
        slot: Slot,
        status: u16,
        session: Option<&str>,
        body: impl FnOnce(&mut Vec<u8>),
    ) {
        let Some((connection, exchange)) = self.take_exchange(slot) else {
            return;
        };
        let json = Some("application/json");
        let out = &mut connection.out;
        match session {
            Some(id) => {
                let headers = [("mcp-session-id", id)];
                respond(out, status, &headers, json, exchange, body);
            }
            None => respond(out, status, &[], json, exchange, body),
        }
        self.touch(slot);
    }

    /// Takes the open exchange of `slot` to answer it, and says whether the connection stays.
    pub(super) fn take_exchange(&mut self, slot: Slot) -> Option<(&mut Connection, bool)> {
        let draining = self.is_draining;
        let Some(connection) = self.slots.get_mut(slot) else {
            self.metrics.answers_dropped.add(1);
            return None;
        };
        let exchange = connection.exchange.take()?;
        if let Wire::Http(http) = &mut connection.wire {
            http.responded();
        }
        let keep_alive = exchange.keep_alive && !draining;
        connection.is_closing |= !keep_alive;
        self.outbox.lend(&mut connection.out);
        Some((connection, keep_alive))
    }

    /// Marks a connection as having something to send, or to resume, at the end of the turn.
    pub(super) fn touch(&mut self, slot: Slot) {
        if let Some(connection) = self.slots.get_mut(slot)
            && !connection.is_dirty
        {
            connection.is_dirty = true;
            self.outbox.dirty.push_back(slot);
        }
    }

    pub(super) fn forward(&mut self, shard: u16, message: Forwarded) {
        self.outbox.outputs.push_back(Output::Forward { shard, message: Box::new(message) });
    }
}
