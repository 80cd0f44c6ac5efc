//! HTTP+SSE of 2024-11-05: one event stream that says everything, and a place to post to.
//!
//! `GET /sse` opens a session with its stream, whose first event names the place. What is posted
//! there is taken at once and answered on the stream. The session ends with the stream.

use std::sync::Arc;

use super::Core;
use super::forward::EventsStep;
use super::message::Incoming;
use super::origin::{Origin, Peer};
use super::session_stream::{Line, StreamKind};
use super::sessions::SessionKey;
use crate::auth::Principal;
use crate::json::Parser;
use crate::mcp::{Session, Status};
use crate::rpc::RpcError;
use crate::slot::Slot;
use crate::transport::{Assembled, Chunk, Exchange, Frame};

/// The parameter of the place to post to that names the session.
const PARAMETER: &str = "sessionId=";

/// The number of a session's one stream.
const LEGACY_STREAM: u32 = 0;

impl Core {
    /// Opens a session whose only way to its client is this exchange.
    pub(super) fn open_legacy(&mut self, slot: Slot) {
        let principal = self.principal_of(slot);
        let session = self.open_session(Session::new(), principal);
        let line = Line::Here(slot);
        if self.open_session_events(session, StreamKind::Legacy, line).is_some() {
            let path = format!("/messages?{PARAMETER}{}", self.sessions.id(session));
            self.step_events(line, EventsStep::Endpoint { path });
        }
    }

    /// Takes a message for the session that the query names.
    pub(super) fn post_legacy(
        &mut self,
        parser: &mut Parser,
        slot: Slot,
        exchange: &Exchange<'_>,
        chunk: &dyn Chunk,
    ) {
        let origin = Origin::Exchange(slot);
        let query = exchange.facts.query().unwrap_or_default();
        let Some(id) = query.split('&').find_map(|part| part.strip_prefix(PARAMETER)) else {
            let error = RpcError::invalid_request(
                "no sessionId in the query: post to the address that the first event of GET /sse \
                 names",
            );
            return self.reply_error(origin, None, &error, Status::BadRequest);
        };
        let principal = self.principal_of(slot);
        match self.owner(id) {
            Some((shard, key)) if shard != self.shard => {
                self.forward_request(shard, key, slot, exchange, chunk);
            }
            Some((_, key)) if self.has_session(key, principal.as_deref()) => {
                let body = Assembled::copy(exchange.body.payload(chunk));
                let head = exchange.facts.head();
                self.legacy_message(parser, origin, key, &body, head, principal.as_ref());
            }
            _ => self.reply_unknown_session(origin),
        }
    }

    /// Takes a message that was posted from `poster`; its answer goes out on the session's stream.
    /// Another kind of session has no such stream: there it would end up in what one call says.
    pub(super) fn legacy_message(
        &mut self,
        parser: &mut Parser,
        poster: Origin,
        session: SessionKey,
        body: &Assembled,
        head: &[u8],
        principal: Option<&Arc<Principal>>,
    ) {
        // A session of streamable HTTP has no stream on which everything is said.
        if !self.is_legacy(session, LEGACY_STREAM) {
            return self.reply_unknown_session(poster);
        }
        self.reply_nothing(poster);
        let origin = Origin::Events { session, stream: LEGACY_STREAM };
        let frame = Frame::Assembled(body.clone());
        let incoming = Incoming::new(origin, Peer::Session(session), body, &frame, None)
            .with_head(head)
            .with_principal(principal);
        self.message(parser, &incoming);
    }

    /// Ends a session during a drain as soon as it waits for no answer: nothing else ends its
    /// stream.
    pub(super) fn drain_legacy(&mut self, session: SessionKey) {
        let is_draining = self.is_draining;
        let held = self.sessions.get_mut(session);
        if is_draining && held.is_some_and(|held| held.session.pending.is_empty()) {
            self.end_session(session);
        }
    }
}
