//! Event streams that only listen: how a drain ends them, and the end of their access token.
//!
//! A call that was let in is answered, however long that takes. A stream to listen on is nobody's
//! answer, and could go on for years: it lasts as long as a request with its token would be let in.

use super::Core;
use super::events::EventsOwner;
use super::session_stream::StreamKind;
use crate::slot::Slot;

impl Core {
    /// Ends what listens and nothing else, as a drain does. A client of 2024-11-05 only listens once
    /// all that it asked is answered.
    pub(super) fn drain_events(&mut self, slot: Slot) {
        let events = self.slots.get_mut(slot).and_then(|connection| connection.events());
        let Some(events) = events else { return };
        match (events.kind, events.owner) {
            (StreamKind::Listen, owner) => self.end_listening(slot, owner),
            (StreamKind::Legacy, EventsOwner::Session(session, _)) => self.drain_legacy(session),
            (StreamKind::Answer | StreamKind::Legacy, _) => {}
        }
    }

    /// Ends the stream of a connection that listens longer than its token is good; its client may
    /// take it up again with another token. The connection ends with it: what another shard is
    /// saying on it must not come to stand on the connection's next one.
    pub(super) fn listening_due(&mut self, slot: Slot) {
        let now = self.now;
        let events = self.slots.get_mut(slot).and_then(|connection| connection.events());
        let Some(events) = events.filter(|events| events.until <= now) else { return };
        self.metrics.event_streams_expired.add(1);
        self.end_listening(slot, events.owner);
        if let Some(connection) = self.slots.get_mut(slot) {
            connection.is_closing = true;
        }
    }

    /// Ends a stream that listens. Whose it is must know: a session with a stream that is carried
    /// counts as used.
    fn end_listening(&mut self, slot: Slot, owner: EventsOwner) {
        if owner == EventsOwner::Exchange {
            return self.end_listens_of(slot);
        }
        self.finish_events(slot);
        self.cut(owner, slot);
    }
}
