//! HTTP exchanges: which era and which session a request belongs to, before its body is read.
//!
//! A connection answers one exchange at a time. What a verb may do depends on the era, which the
//! version header names; whether it may be here at all was decided by the transport.

use std::rc::Rc;

use super::connection::{OpenExchange, Wire};
use super::forward::{Answer, Forwarded, ForwardedRequest};
use super::message::Incoming;
use super::origin::Origin;
use super::origin::Peer;
use super::session_stream::{EventId, Line};
use super::sessions::{SessionKey, Sessions};
use super::{Core, ListenerKind};
use crate::json::Parser;
use crate::mcp::{self, Mirror, Status, Version};
use crate::rpc::{RpcError, code};
use crate::slot::Slot;
use crate::transport::exchange::decode_value;
use crate::transport::respond::CONTINUE;
use crate::transport::{Assembled, Chunk, Exchange, Route, Step, Verb, respond_empty};

impl Core {
    /// Handles the requests of a chunk, until one waits for its answer, or the peer must first take
    /// what it was answered.
    pub(super) fn receive_exchange(&mut self, parser: &mut Parser, slot: Slot, chunk: &dyn Chunk) {
        let unsent_max = self.config.unsent_bytes_pause;
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let listeners = Rc::clone(&self.listeners);
        let Some(ListenerKind::Http(rules)) = listeners.get(connection.listener as usize) else {
            return;
        };
        let mut at = 0;
        loop {
            let Some(connection) = self.slots.get_mut(slot) else { return };
            if connection.is_closing {
                return;
            }
            if connection.must_keep(unsent_max) {
                if at < chunk.len() {
                    connection.keep(&chunk.payload()[at..]);
                    self.touch(slot);
                }
                return;
            }
            let Wire::Http(http) = &mut connection.wire else { return };
            let step = http.next(rules, chunk, &mut at);
            if !self.step(parser, slot, step, chunk) {
                return;
            }
        }
    }

    /// Goes on with what was received behind an exchange that is answered now, as far as above.
    pub(super) fn resume_exchange(&mut self, parser: &mut Parser, slot: Slot) {
        let listeners = Rc::clone(&self.listeners);
        let nothing = Assembled::empty();
        let unsent_max = self.config.unsent_bytes_pause;
        loop {
            let Some(connection) = self.slots.get_mut(slot) else { return };
            if connection.is_closing || !connection.has_room_to_send(unsent_max) {
                return;
            }
            let Some(ListenerKind::Http(rules)) = listeners.get(connection.listener as usize)
            else {
                return;
            };
            let Wire::Http(http) = &mut connection.wire else { return };
            if http.awaiting() || http.backlog_bytes() == 0 {
                return;
            }
            let step = http.next_kept(rules);
            if !self.step(parser, slot, step, &nothing) {
                return;
            }
        }
    }

    /// Acts on one step; says whether there may be another.
    fn step(&mut self, parser: &mut Parser, slot: Slot, step: Step<'_>, chunk: &dyn Chunk) -> bool {
        let Some(connection) = self.slots.get_mut(slot) else { return false };
        match step {
            Step::NeedMore | Step::Waiting => return false,
            Step::Continue => {
                self.outbox.lend(&mut connection.out);
                connection.out.extend_from_slice(CONTINUE);
            }
            Step::Refuse(refusal) => {
                self.metrics.http_refused.add(1);
                self.outbox.lend(&mut connection.out);
                refusal.write(&mut connection.out);
                connection.is_closing |= refusal.close();
            }
            Step::Exchange(exchange) => {
                let Exchange { keep_alive, takes_chunks, .. } = exchange;
                connection.exchange = Some(OpenExchange::new(keep_alive, takes_chunks));
                self.exchange(parser, slot, &exchange, chunk);
            }
        }
        self.touch(slot);
        true
    }

    fn exchange(
        &mut self,
        parser: &mut Parser,
        slot: Slot,
        exchange: &Exchange<'_>,
        chunk: &dyn Chunk,
    ) {
        self.metrics.frames.add(1);
        if !self.let_in(slot, exchange) {
            return;
        }
        let header = exchange.facts.protocol_version();
        let is_handshake = header
            .and_then(|header| Version::parse(header.trim()))
            .map_or(header.is_none(), Version::has_handshake);
        match (exchange.route, exchange.verb, is_handshake) {
            (Route::Health, ..) => self.reply_health(slot),
            (Route::Metrics, ..) => self.reply_metrics(slot),
            (Route::ResourceMetadata, ..) => self.reply_resource_metadata(slot),
            (Route::Mcp, Verb::Post, false) => {
                self.post(parser, slot, exchange, chunk, Peer::Exchange);
            }
            (Route::Own(number), ..) => self.run_route(slot, number, exchange, chunk),
            (Route::Mcp, Verb::Get | Verb::Delete | Verb::Own, false) => {
                self.reply_no_verb(slot, "POST");
            }
            (Route::Mcp, Verb::Get, true) if !exchange.facts.accepts_sse() => {
                self.reply_not_acceptable(slot);
            }
            (Route::Mcp, _, true) => self.exchange_in_session(parser, slot, exchange, chunk),
            (Route::Sse, ..) => self.open_legacy(slot),
            (Route::Messages, ..) => self.post_legacy(parser, slot, exchange, chunk),
        }
    }

    /// A handshake-era exchange: it names its session, or opens one.
    fn exchange_in_session(
        &mut self,
        parser: &mut Parser,
        slot: Slot,
        exchange: &Exchange<'_>,
        chunk: &dyn Chunk,
    ) {
        if exchange.facts.duplicate_routing_header() {
            let error = RpcError::invalid_request("a session or version header was sent twice");
            return self.reply_error(Origin::Exchange(slot), None, &error, Status::BadRequest);
        }
        let Some(id) = exchange.facts.session_id() else {
            return match exchange.verb {
                Verb::Post => self.post(parser, slot, exchange, chunk, Peer::Newcomer),
                _ => self.reply_no_session(Origin::Exchange(slot)),
            };
        };
        let origin = Origin::Exchange(slot);
        let principal = self.principal_of(slot);
        match self.owner(id.trim()) {
            None => self.reply_unknown_session(origin),
            Some((shard, key)) if shard != self.shard => {
                self.forward_request(shard, key, slot, exchange, chunk);
            }
            Some((_, key)) if !self.has_session(key, principal.as_deref()) => {
                self.reply_unknown_session(origin);
            }
            Some((_, key)) => match exchange.verb {
                Verb::Delete => self.delete_session(origin, key),
                Verb::Get => {
                    let last = exchange.facts.last_event_id().and_then(EventId::parse);
                    self.listen_in_session(origin, key, last, Line::Here(slot));
                }
                // Routes of the program's own have no sessions: they were answered above.
                Verb::Post | Verb::Own => {
                    self.post(parser, slot, exchange, chunk, Peer::Session(key));
                }
            },
        }
    }

    /// The shard that owns the session of that id, and its key; `None` for an id of no shard.
    pub(super) fn owner(&self, id: &str) -> Option<(u16, SessionKey)> {
        Sessions::parse_id(id).filter(|(shard, _)| (*shard as usize) < self.all_metrics.len())
    }

    /// Lets the shard that owns the session answer.
    pub(super) fn forward_request(
        &mut self,
        shard: u16,
        session: SessionKey,
        slot: Slot,
        exchange: &Exchange<'_>,
        chunk: &dyn Chunk,
    ) {
        let request = ForwardedRequest {
            shard: self.shard,
            slot,
            verb: exchange.verb,
            session,
            facts: exchange.facts.clone().into_owned(),
            is_legacy: exchange.route == Route::Messages,
            principal: self.principal_of(slot),
            body: Assembled::copy(exchange.body.payload(chunk)),
        };
        self.metrics.forwards.add(1);
        self.forward(shard, Forwarded::Request(request));
    }

    /// GET: a stream to listen on, or one to take up again.
    fn listen_in_session(
        &mut self,
        origin: Origin,
        session: SessionKey,
        last: Option<EventId>,
        line: Line,
    ) {
        if !self.resume_events(session, last, line) {
            let error = RpcError::invalid_request(
                "the session has too many event streams open: close one first",
            );
            self.reply_error(origin, None, &error, Status::Conflict);
        }
    }

    pub(super) fn post(
        &mut self,
        parser: &mut Parser,
        slot: Slot,
        exchange: &Exchange<'_>,
        chunk: &dyn Chunk,
        peer: Peer,
    ) {
        let name = exchange.facts.name().map(str::trim).map(decode_value);
        let facts = mcp::Facts {
            version: exchange.facts.protocol_version().map(str::trim),
            method: exchange.facts.method().map_or(Mirror::Absent, |m| Mirror::Value(m.trim())),
            name: match &name {
                None => Mirror::Absent,
                Some(Ok(name)) => Mirror::Value(name),
                Some(Err(_)) => Mirror::Undecodable,
            },
            has_duplicates: exchange.facts.duplicate_routing_header(),
        };
        let origin = Origin::Exchange(slot);
        let principal = self.principal_of(slot);
        let incoming = Incoming::new(origin, peer, chunk, &exchange.body, Some(&facts))
            .with_params(&exchange.facts)
            .with_head(exchange.facts.head())
            .with_principal(principal.as_ref());
        self.message(parser, &incoming);
    }

    /// A message from another shard.
    pub(super) fn forwarded(&mut self, parser: &mut Parser, message: Forwarded) {
        match message {
            Forwarded::Request(request) => self.forwarded_request(parser, &request),
            Forwarded::Answer(answer) => self.forwarded_answer(&answer),
            Forwarded::Challenged(refused) => {
                self.reply_challenge(refused.slot, &refused.challenge);
            }
            Forwarded::Events(events) => self.forwarded_events(events),
            Forwarded::Detached(gone) => self.detach(gone.session, gone.stream, gone.line),
            Forwarded::Task(ask) => self.task_asked(*ask),
            Forwarded::TaskAnswer(answer) => self.forwarded_task(answer),
            Forwarded::TaskUndelivered(ticket) => self.task_undelivered(ticket),
            Forwarded::Undelivered(slot) => {
                let error = RpcError::new(code::BUSY_HANDSHAKE, "the session's shard is busy");
                self.reply_error(Origin::Exchange(slot), None, &error, Status::Busy);
            }
        }
    }

    fn forwarded_request(&mut self, parser: &mut Parser, request: &ForwardedRequest) {
        let origin = Origin::Remote { shard: request.shard, slot: request.slot };
        if !self.has_session(request.session, request.principal.as_deref()) {
            return self.reply_unknown_session(origin);
        }
        if request.verb == Verb::Delete {
            return self.delete_session(origin, request.session);
        }
        if request.is_legacy {
            let (session, body) = (request.session, &request.body);
            let principal = request.principal.as_ref();
            let head = request.facts.head();
            return self.legacy_message(parser, origin, session, body, head, principal);
        }
        if request.verb == Verb::Get {
            let last = request.facts.last_event_id().and_then(EventId::parse);
            let line = Line::There { shard: request.shard, slot: request.slot };
            return self.listen_in_session(origin, request.session, last, line);
        }
        let facts = mcp::Facts {
            version: request.facts.protocol_version().map(str::trim),
            method: Mirror::Absent,
            name: Mirror::Absent,
            has_duplicates: false,
        };
        let body = crate::transport::Frame::Assembled(request.body.clone());
        let peer = Peer::Session(request.session);
        let incoming = Incoming::new(origin, peer, &request.body, &body, Some(&facts))
            .with_head(request.facts.head())
            .with_principal(request.principal.as_ref());
        self.message(parser, &incoming);
    }

    fn forwarded_answer(&mut self, answer: &Answer) {
        if answer.body.is_empty() {
            return self.reply_empty(answer.slot, answer.status, &[]);
        }
        self.reply_exchange(answer.slot, answer.status, answer.session.as_deref(), |out| {
            out.extend_from_slice(&answer.body);
        });
    }

    /// The message is taken and wants no answer.
    pub(super) fn reply_nothing(&mut self, origin: Origin) {
        match origin {
            Origin::Stream(_) | Origin::Task(_) => {}
            Origin::Events { session, stream } if self.is_legacy(session, stream) => {}
            // A batch became a stream, and then all its calls were cancelled.
            Origin::Events { session, stream } => self.end_events(session, stream),
            Origin::Batch(batch) => self.nothing_in_batch(batch),
            Origin::Exchange(slot) => self.reply_empty(slot, 202, &[]),
            Origin::Remote { shard, slot } => {
                let answer = Answer { slot, status: 202, session: None, body: Vec::new() };
                self.forward(shard, Forwarded::Answer(answer));
            }
        }
    }

    pub(super) fn reply_no_session(&mut self, origin: Origin) {
        let error = RpcError::invalid_request(
            "missing Mcp-Session-Id header: send initialize first, then its session id",
        );
        self.reply_error(origin, None, &error, Status::BadRequest);
    }

    pub(super) fn reply_unknown_session(&mut self, origin: Origin) {
        let error = RpcError::invalid_request("session not found: send initialize again");
        self.reply_error(origin, None, &error, Status::NotFound);
    }

    fn reply_not_acceptable(&mut self, slot: Slot) {
        let error = RpcError::invalid_request(
            "a GET opens an event stream: send Accept: text/event-stream",
        );
        self.reply_error(Origin::Exchange(slot), None, &error, Status::NotAcceptable);
    }

    fn reply_no_verb(&mut self, slot: Slot, allow: &str) {
        self.reply_empty(slot, 405, &[("allow", allow)]);
    }

    fn reply_empty(&mut self, slot: Slot, status: u16, headers: &[(&str, &str)]) {
        if let Some((connection, keep_alive)) = self.take_exchange(slot) {
            respond_empty(&mut connection.out, status, headers, keep_alive);
            self.touch(slot);
        }
    }

    fn delete_session(&mut self, origin: Origin, key: u128) {
        if !self.end_session(key) {
            return self.reply_unknown_session(origin);
        }
        match origin {
            Origin::Exchange(slot) => self.reply_empty(slot, 200, &[]),
            Origin::Remote { shard, slot } => {
                let answer = Answer { slot, status: 200, session: None, body: Vec::new() };
                self.forward(shard, Forwarded::Answer(answer));
            }
            Origin::Stream(_) | Origin::Batch(_) | Origin::Events { .. } | Origin::Task(_) => {}
        }
    }
}
