//! Openings: `initialize` of the handshake era, `server/discover` of the stateless one.

use std::sync::Arc;

use super::Core;
use super::dispatch::write_meta;
use super::labels::Ending;
use super::message::Incoming;
use super::origin::Peer;
use super::reply::Head;
use super::sessions::{HttpSession, SessionKey};
use crate::auth::Principal;
use crate::mcp::{Admitted, Initialize, Refusal, Session, Version};
use crate::rpc::Request;
use crate::server::Ticket;

/// How a request was carried out: at once, with this ending, or `None` while it waits.
pub(super) type Carried = Result<Option<Ending>, Refusal>;

impl Core {
    pub(super) fn initialize(&mut self, incoming: &Incoming<'_>, request: &Request<'_>) -> Carried {
        if matches!(incoming.origin, super::origin::Origin::Batch(_)) {
            return Err(Refusal::bad_request(crate::rpc::RpcError::invalid_request(
                "initialize must not be part of a batch",
            )));
        }
        let initialize = Initialize::read(request.params).map_err(Refusal::bad_request)?;
        let version = initialize.version;
        let mut head = Head::default();
        match incoming.peer {
            Peer::Stream(slot) => {
                if let Some(connection) = self.slots.get_mut(slot) {
                    connection.session.get_or_insert_default().shake_hands(initialize);
                }
            }
            Peer::Newcomer => {
                let key = self.open_session(Session::open(initialize), incoming.principal.cloned());
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
        self.reply_initialize(incoming, request, &head, version);
        Ok(Some(Ending::Result))
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

    fn reply_initialize(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        head: &Head,
        version: Version,
    ) {
        let server = self.server.clone();
        let fields = version.fields();
        self.reply_result(incoming.origin, request.id, head, |w| {
            w.begin_object();
            w.member_string("protocolVersion", version.as_str());
            w.member_raw("capabilities", server.capabilities_json(fields));
            w.member_raw("serverInfo", server.info_json(fields));
            if let Some(instructions) = server.instructions() {
                w.member_string("instructions", instructions);
            }
            w.end_object();
        });
    }

    pub(super) fn discover(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Ending {
        let server = self.server.clone();
        let version = admitted.version;
        self.reply_complete(incoming.origin, request.id, admitted.row, version, |w, extra| {
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
        });
        Ending::Result
    }
}
