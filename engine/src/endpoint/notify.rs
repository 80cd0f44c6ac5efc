//! Messages nobody asked for: on the stream of a call, or to a peer at large.
//!
//! A message about a call goes where the call's answer will go, before it: on a pipe, or as an
//! event of the exchange, which becomes an event stream with the first one. A message about
//! nothing in particular goes to the peer: on its pipe, or on the event stream it listens on.

use super::Core;
use super::origin::{Origin, Peer};
use crate::json::Writer;
use crate::server::Ticket;

impl Core {
    /// Writes one message about a call that is not answered yet; whether it could be written.
    pub(super) fn notify_call(
        &mut self,
        ticket: Ticket,
        write: impl FnOnce(&mut Writer<'_>),
    ) -> bool {
        let Some(call) = self.calls.get(ticket) else { return false };
        match call.origin {
            Origin::Stream(slot) => self.notify_stream(slot, |out| write(&mut Writer::new(out))),
            Origin::Exchange(_) | Origin::Batch(_) | Origin::Remote { .. } => return false,
        }
        true
    }

    /// Writes one message to a peer of the handshake era; whether there was a way to it.
    pub(super) fn notify_peer(&mut self, peer: Peer, write: impl FnOnce(&mut Writer<'_>)) -> bool {
        match peer {
            Peer::Stream(slot) => self.notify_stream(slot, |out| write(&mut Writer::new(out))),
            Peer::Session(_) | Peer::Newcomer | Peer::Exchange => return false,
        }
        true
    }
}

/// Writes a notification: `method` with the members that `params` writes.
pub(super) fn notification(w: &mut Writer<'_>, method: &str, params: impl FnOnce(&mut Writer<'_>)) {
    w.begin_object();
    w.member_string("jsonrpc", "2.0");
    w.member_string("method", method);
    w.key("params");
    w.begin_object();
    params(w);
    w.end_object();
    w.end_object();
}
