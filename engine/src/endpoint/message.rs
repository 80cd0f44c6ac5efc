//! One message: parsed in place, told apart, admitted or refused.

use std::sync::Arc;

use super::Core;
use super::labels::{Ending, OTHER_METHOD};
use super::origin::Origin;
use super::origin::Peer;
use crate::auth::Principal;
use crate::json::{Kind, Padded, Parser, Value};
use crate::limits::BATCH_MESSAGES_MAX;
use crate::mcp::{
    self, Admitted, Envelope, Refusal, Status, Target, admit_exchange, admit_stream, choose_era,
    lookup_in,
};
use crate::rpc::{Message, Notification, Request, Response, RpcError, code};
use crate::server::Ticket;
use crate::transport::{Chunk, Facts, Frame};

/// A message on its way in: where it came from, its bytes, what is known besides.
pub(super) struct Incoming<'a> {
    pub(super) origin: Origin,
    pub(super) peer: Peer,
    pub(super) facts: Option<&'a mcp::Facts<'a>>,
    /// `Mcp-Param-*` headers, for the check against a tool's schema.
    pub(super) params: Option<&'a Facts<'a>>,
    /// The head of the HTTP request it came with, for features that keep it.
    pub(super) head: &'a [u8],
    /// Who sent it, where that is asked.
    pub(super) principal: Option<&'a Arc<Principal>>,
    chunk: &'a dyn Chunk,
    frame: &'a Frame,
    text: &'a [u8],
}

impl<'a> Incoming<'a> {
    pub(super) fn new(
        origin: Origin,
        peer: Peer,
        chunk: &'a dyn Chunk,
        frame: &'a Frame,
        facts: Option<&'a mcp::Facts<'a>>,
    ) -> Self {
        let text = frame.payload(chunk);
        Self { origin, peer, facts, params: None, head: &[], principal: None, chunk, frame, text }
    }

    pub(super) fn with_params(self, facts: &'a Facts<'a>) -> Self {
        Self { params: Some(facts), ..self }
    }

    pub(super) fn with_head(self, head: &'a [u8]) -> Self {
        Self { head, ..self }
    }

    pub(super) fn with_principal(self, principal: Option<&'a Arc<Principal>>) -> Self {
        Self { principal, ..self }
    }

    /// The same message's part of a batch.
    fn in_batch(&self, batch: u32) -> Self {
        Self { origin: Origin::Batch(batch), ..*self }
    }

    fn padded(&self) -> Option<Padded<'a>> {
        let (bytes, len) = self.frame.padded(self.chunk);
        Padded::new(bytes, len)
    }

    /// A part of the message's text, able to leave the shard.
    pub(super) fn share(&self, part: &[u8]) -> bytes::Bytes {
        let start = part.as_ptr().addr().wrapping_sub(self.text.as_ptr().addr());
        if start <= self.text.len() && part.len() <= self.text.len() - start {
            self.frame.share(self.chunk, start..start + part.len())
        } else {
            // Not of this message: a constant such as the `{}` of absent arguments.
            bytes::Bytes::copy_from_slice(part)
        }
    }
}

impl Core {
    /// Handles one frame or body.
    pub(super) fn message(&mut self, parser: &mut Parser, incoming: &Incoming<'_>) {
        let padded = incoming.padded().expect("a chunk has slack behind its payload");
        let root = match parser.parse(padded) {
            Ok(root) => root,
            Err(fault) => {
                self.metrics.parse_errors.add(1);
                let error = RpcError::new(code::PARSE_ERROR, fault.to_string());
                return self.reply_error(incoming.origin, None, &error, Status::BadRequest);
            }
        };
        if root.kind() == Kind::Array {
            return self.batch(incoming, root);
        }
        self.one_message(incoming, root);
    }

    /// An array of messages, where the agreed version has them.
    fn batch(&mut self, incoming: &Incoming<'_>, root: Value<'_>) {
        let version = match incoming.peer {
            Peer::Stream(slot) => self
                .slots
                .get_mut(slot)
                .and_then(|connection| connection.session.as_ref()?.version()),
            Peer::Session(key) => self.session(key).and_then(|session| session.version()),
            Peer::Newcomer | Peer::Exchange => None,
        };
        let problem = if !version.is_some_and(mcp::Version::has_batches) {
            Some("batches are part of protocol version 2025-03-26 only: send one message")
        } else if root.is_empty() {
            Some("a batch holds at least one message")
        } else if root.len() > BATCH_MESSAGES_MAX {
            Some("the batch holds too many messages: send it in parts")
        } else {
            None
        };
        if let Some(problem) = problem {
            let error = RpcError::invalid_request(problem);
            return self.reply_error(incoming.origin, None, &error, Status::BadRequest);
        }
        let batch = self.open_batch(incoming.origin);
        for element in root.elements() {
            self.expect_in_batch(batch);
            self.one_message(&incoming.in_batch(batch), element);
        }
        self.seal_batch(batch);
    }

    fn one_message(&mut self, incoming: &Incoming<'_>, root: Value<'_>) {
        match Message::parse(root) {
            Ok(Message::Request(request)) => self.request(incoming, &request),
            Ok(Message::Notification(note)) => self.notification(incoming, &note),
            Err(fault) if fault.answerable => {
                self.metrics.parse_errors.add(1);
                self.reply_error(incoming.origin, fault.id, &fault.error, Status::BadRequest);
            }
            Ok(Message::Response(response)) => self.response(incoming, Some(&response)),
            Err(_) => self.response(incoming, None),
        }
    }

    fn request(&mut self, incoming: &Incoming<'_>, request: &Request<'_>) {
        match self.admit(incoming, request) {
            Ok(admitted) => self.dispatch(incoming, request, &admitted),
            Err(refusal) => {
                let ending = if refusal.is_busy() { Ending::Busy } else { Ending::Refused };
                self.answered.push((OTHER_METHOD as u8, ending));
                self.refuse(incoming.origin, Some(request.id), &refusal);
            }
        }
    }

    fn admit<'p>(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'p>,
    ) -> Result<Admitted<'p>, Refusal> {
        let gone = || Refusal::bad_request(RpcError::invalid_request("the session has ended"));
        let check_era = || -> Result<(), Refusal> {
            let claimed = Envelope::claimed_version(request.params).and_then(Value::as_str);
            let header = incoming.facts.and_then(|facts| facts.version);
            choose_era(header, claimed.as_deref()).map(|_| ())
        };
        match incoming.peer {
            Peer::Stream(slot) => {
                let connection = self.slots.get_mut(slot).ok_or_else(gone)?;
                let session = connection.session.as_mut().ok_or_else(gone)?;
                admit_stream(session, request)
            }
            Peer::Session(key) => {
                let Some(facts) = incoming.facts else {
                    // Posted by a client of 2024-11-05, whose session is its stream.
                    return admit_stream(self.session(key).ok_or_else(gone)?, request);
                };
                check_era()?;
                let session = self.session(key).ok_or_else(gone)?;
                admit_exchange(Some(session), request, facts)
            }
            Peer::Newcomer => {
                check_era()?;
                let version = mcp::Version::LATEST_HANDSHAKE;
                let found = lookup_in(&request.method, mcp::Version::ALL[0], version);
                match found.filter(|(_, row)| row.target == Target::Initialize) {
                    Some((index, row)) => Ok(Admitted { index, row, version, envelope: None }),
                    None => Err(Refusal::bad_request(RpcError::invalid_request(
                        "missing Mcp-Session-Id header: send initialize first, or a 2026-07-28 \
                         request with its MCP-Protocol-Version header",
                    ))),
                }
            }
            Peer::Exchange => {
                let facts = incoming.facts.ok_or_else(gone)?;
                admit_exchange(None, request, facts)
            }
        }
    }

    fn notification(&mut self, incoming: &Incoming<'_>, note: &Notification<'_>) {
        if incoming.peer == Peer::Newcomer {
            return self.reply_no_session(incoming.origin);
        }
        if incoming.peer == Peer::Exchange
            && let Some(refusal) = refuse_version(incoming.facts)
        {
            return self.refuse(incoming.origin, None, &refusal);
        }
        if note.method == "notifications/cancelled" {
            self.cancelled(incoming, note);
        }
        if note.method == "notifications/initialized" {
            self.peer_ready(incoming.peer);
        }
        self.reply_nothing(incoming.origin);
    }

    /// The client gave a request up: no answer follows, whatever still works on it.
    fn cancelled(&mut self, incoming: &Incoming<'_>, note: &Notification<'_>) {
        let id = note.params.and_then(|params| params.get("requestId"));
        let Some(id) = id.and_then(crate::rpc::Id::parse) else { return };
        let ticket = match incoming.peer {
            Peer::Stream(slot) => self
                .slots
                .get_mut(slot)
                .and_then(|connection| connection.session.as_mut()?.pending.remove(id)),
            Peer::Session(key) => self.session(key).and_then(|session| session.pending.remove(id)),
            // A stateless exchange is cancelled by closing its connection, and by nothing else:
            // ids of different clients mean different requests.
            Peer::Newcomer | Peer::Exchange => None,
        };
        if let Some(ticket) = ticket {
            self.cancel_by_id(Ticket(ticket));
        }
    }

    /// A response to a question we never asked is dropped; the stateless era forbids it.
    fn response(&mut self, incoming: &Incoming<'_>, response: Option<&Response<'_>>) {
        if response.is_some_and(|response| self.take_answer(incoming.peer, response)) {
            return self.reply_nothing(incoming.origin);
        }
        self.metrics.responses_dropped.add(1);
        match incoming.peer {
            Peer::Exchange => {
                let error = RpcError::invalid_request("a response is not taken here");
                self.reply_error(incoming.origin, None, &error, Status::BadRequest);
            }
            Peer::Newcomer => self.reply_no_session(incoming.origin),
            Peer::Stream(_) | Peer::Session(_) => self.reply_nothing(incoming.origin),
        }
    }
}

/// A notification names its version in the header alone (2026-07-28, streamable HTTP).
fn refuse_version(facts: Option<&mcp::Facts<'_>>) -> Option<Refusal> {
    let version = facts?.version?;
    let is_spoken = mcp::Version::parse(version).is_some();
    (!is_spoken).then(|| mcp::unsupported_version(version))
}
