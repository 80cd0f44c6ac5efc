//! Messages nobody asked for: on the stream of a call, or to a peer at large.
//!
//! A message about a call goes where the call's answer will go, before it: on a pipe, or as an
//! event of the exchange, which becomes an event stream with the first one. A message about
//! nothing in particular goes to the peer: on its pipe, or on the event stream it listens on.

use bytes::Bytes;

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
        match self.events_of_call(ticket) {
            Some(Origin::Stream(slot)) => {
                self.notify_stream(slot, |out| write(&mut Writer::new(out)));
                true
            }
            Some(Origin::Exchange(slot)) => self.exchange_event(slot, write),
            Some(Origin::Events { session, stream }) => {
                self.session_event(session, stream, encoded(write))
            }
            Some(Origin::Task(key)) => self.notify_task(key, write),
            Some(Origin::Batch(_) | Origin::Remote { .. }) | None => false,
        }
    }

    /// Whether a peer is to be told what it can do without. Of a pipe that does not take what it
    /// was told so much is kept and no more; an event stream that falls behind so far is closed.
    pub(super) fn takes_news(&mut self, peer: Peer) -> bool {
        let unsent_max = self.config.unsent_bytes_pause;
        let Peer::Stream(slot) = peer else { return true };
        self.slots.get_mut(slot).is_none_or(|open| open.has_room_to_send(unsent_max))
    }

    /// Writes one message to a peer of the handshake era; whether there was a way to it.
    pub(super) fn notify_peer(&mut self, peer: Peer, write: impl FnOnce(&mut Writer<'_>)) -> bool {
        match peer {
            Peer::Stream(slot) => {
                self.notify_stream(slot, |out| write(&mut Writer::new(out)));
                true
            }
            Peer::Session(session) => {
                let listener =
                    self.sessions.get_mut(session).and_then(|held| held.streams.listener());
                listener.is_some_and(|stream| self.session_event(session, stream, encoded(write)))
            }
            Peer::Newcomer | Peer::Exchange => false,
        }
    }
}

/// One message as bytes that many may share.
fn encoded(write: impl FnOnce(&mut Writer<'_>)) -> Bytes {
    let mut json = Vec::new();
    write(&mut Writer::new(&mut json));
    json.into()
}

/// Writes a notification: `method` with the members that `params` writes.
pub(super) fn notification(
    w: &mut Writer<'_>,
    method: &'static str,
    params: impl FnOnce(&mut Writer<'_>),
) {
    w.begin_object();
    // Names of methods have nothing to escape.
    w.raw_parts(&[br#""jsonrpc":"2.0","method":""#, method.as_bytes(), b"\""]);
    w.spelled(r#""params":"#);
    w.begin_object();
    params(w);
    w.end_object();
    w.end_object();
}
