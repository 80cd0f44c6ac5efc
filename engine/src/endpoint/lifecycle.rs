//! Openings: `initialize` of the handshake era, `server/discover` of the stateless one.

use std::sync::Arc;

use super::Core;
use super::calls::PendingCall;
use super::dispatch::write_meta;
use super::labels::Ending;
use super::message::Incoming;
use super::origin::{Origin, Peer};
use super::reply::Head;
use super::sessions::{HttpSession, SessionKey};
use super::task::Manner;
use crate::auth::Principal;
use crate::json::Writer;
use crate::mcp::{Admitted, Initialize, Refusal, Session, Version};
use crate::rpc::Request;
use crate::server::{Outcome, Server, Ticket};

/// How a request was carried out: at once, with this ending, or `None` while it waits.
pub(super) type Carried = Result<Option<Ending>, Refusal>;

impl Core {
    pub(super) fn initialize(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        if matches!(incoming.origin, Origin::Batch(_)) {
            return Err(Refusal::bad_request(crate::rpc::RpcError::invalid_request(
                "initialize must not be part of a batch",
            )));
        }
        let initialize = Initialize::read(request.params).map_err(Refusal::bad_request)?;
        let (server, version) = (self.server.clone(), initialize.version);
        let admitted = Admitted { version, ..*admitted };
        let manner = Manner::Opening(Box::new(initialize));
        self.answer_own(incoming, request, &admitted, manner, |w| {
            write_initialize(w, &server, version);
        })
    }

    /// The session of `peer` begins, now that `initialize` is answered; gives what its answer has
    /// to say beside the result.
    pub(super) fn shake_hands(
        &mut self,
        peer: Peer,
        principal: Option<Arc<Principal>>,
        initialize: Initialize,
    ) -> Head {
        let mut head = Head::default();
        match peer {
            Peer::Stream(slot) => {
                if let Some(connection) = self.slots.get_mut(slot) {
                    connection.session.get_or_insert_default().shake_hands(initialize);
                }
            }
            Peer::Newcomer => {
                let key = self.open_session(Session::open(initialize), principal);
                head.session = Some(self.sessions.id(key));
            }
            // Its stream came first (HTTP+SSE of 2024-11-05); any other is refused before.
            Peer::Session(key) => {
                if let Some(session) = self.session(key) {
                    session.shake_hands(initialize);
                }
            }
            // Without a handshake there is no such method.
            Peer::Exchange => {}
        }
        head
    }

    /// Answers an `initialize` whose hook came to `outcome`. Only with a result does the session
    /// begin; over HTTP not if nobody waits for it any more.
    pub(super) fn write_opening(
        &mut self,
        call: &PendingCall,
        initialize: Initialize,
        outcome: Outcome,
    ) -> Ending {
        let PendingCall { origin, row, version, .. } = *call;
        let Outcome::Raw(result) = outcome else {
            return self.write_outcome(origin, call.id.borrow(), row, version, outcome);
        };
        let is_gone = match origin {
            Origin::Exchange(slot) => self.slots.get_mut(slot).is_none(),
            _ => false,
        };
        if is_gone {
            self.metrics.answers_dropped.add(1);
            return Ending::Cancelled;
        }
        let head = self.shake_hands(call.peer, call.principal.clone(), initialize);
        self.reply_result(origin, call.id.borrow(), &head, |w| w.raw(result.get().as_bytes()));
        Ending::Result
    }

    /// Enters a session of `principal`, in the place of the longest unused one if there are too many.
    pub(super) fn open_session(
        &mut self,
        session: Session,
        principal: Option<Arc<Principal>>,
    ) -> SessionKey {
        let opened = self.sessions.open(self.now, &mut self.rng, session, principal);
        if let Some((key, evicted)) = opened.evicted {
            self.metrics.sessions_evicted.add(1);
            self.abandon_session(key, evicted);
        }
        self.metrics.sessions_created.add(1);
        self.metrics.sessions_open.set(self.sessions.len() as u64);
        opened.key
    }

    /// Ends a session; whether there was one.
    pub(super) fn end_session(&mut self, key: SessionKey) -> bool {
        let Some(ended) = self.sessions.close(key) else { return false };
        self.metrics.sessions_closed.add(1);
        self.metrics.sessions_open.set(self.sessions.len() as u64);
        self.abandon_session(key, ended);
        true
    }

    /// Ends the streams of an ended session and cancels what it still waits for.
    pub(super) fn abandon_session(&mut self, _key: SessionKey, mut ended: HttpSession) {
        self.forget_subscriber(ended.session.subscriber.take());
        for stream in ended.streams.iter_mut() {
            if let Some(line) = stream.line.take() {
                self.end_line(line);
            }
        }
        let mut tickets = ended.session.pending.drain();
        // In an order that the same inputs give again.
        tickets.sort_unstable();
        for ticket in tickets {
            self.cancel_by_id(Ticket(ticket));
        }
        self.fail_askers(ended.session.questions.waiters().map(Ticket).collect());
    }

    pub(super) fn discover(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let (server, version) = (self.server.clone(), admitted.version);
        self.answer_complete(incoming, request, admitted, |w, extra| {
            w.key("supportedVersions");
            w.begin_array();
            for version in Version::STATELESS {
                w.string(version.as_str());
            }
            w.end_array();
            w.member_raw("capabilities", server.capabilities_json(version.fields()));
            if let Some(instructions) = server.instructions() {
                w.member_string("instructions", instructions);
            }
            write_meta(w, extra);
        })
    }
}

fn write_initialize(w: &mut Writer<'_>, server: &Server, version: Version) {
    let fields = version.fields();
    w.begin_object();
    w.member_string("protocolVersion", version.as_str());
    w.member_raw("capabilities", server.capabilities_json(fields));
    w.member_raw("serverInfo", server.info_json(fields));
    if let Some(instructions) = server.instructions() {
        w.member_string("instructions", instructions);
    }
    w.end_object();
}
