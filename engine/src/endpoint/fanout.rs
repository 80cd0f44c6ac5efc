//! Fan-out: what the program publishes, taken to every subscriber in slices of a turn.
//!
//! A notification is written straight into the buffer of each subscriber's connection. While that
//! has a send in flight, or much unsent, the notification is owed: the connection keeps a note of
//! it, at most one for each subscription, and it is written once there is room. So a slow
//! subscriber costs a few bytes, gets the latest of what it missed, and holds nobody up; one that
//! takes nothing at all is closed like any peer that does not take its answers.

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::Core;
use super::origin::{Origin, Peer};
use super::session_stream::Line;
use super::sessions::SessionKey;
use super::topics::{Debt, Delivery, ENDS, Hearer};
use crate::limits::UNSENT_BYTES_OWE;
use crate::mcp::META_SUBSCRIPTION_ID;
use crate::server::{ListKind, Publication, Server};
use crate::slot::Slot;

impl Core {
    /// The program has something to say to clients.
    pub(super) fn publish(&mut self, publication: Publication) {
        match publication {
            Publication::Server(server) => self.revise(server),
            Publication::ElicitationDone(id) => self.elicitation_done(&id),
            Publication::ResourceUpdated(uri) => {
                let is_merged = self.topics.publish_uri(&uri);
                self.metrics.notifications_coalesced.add(u64::from(is_merged));
            }
        }
    }

    /// Serves another revision from now on. Revisions may overtake each other on their way here:
    /// an older one is nothing new.
    fn revise(&mut self, server: Arc<Server>) {
        if server.revision() <= self.server.revision() {
            return;
        }
        for list in ListKind::ALL {
            let has_changed = server.list_revision(list) != self.server.list_revision(list);
            if has_changed && server.capabilities().list_changes {
                let is_merged = self.topics.publish_list(list);
                self.metrics.notifications_coalesced.add(u64::from(is_merged));
            }
        }
        self.server = Rc::new(server);
    }

    /// Takes what was published to as many subscribers as this turn has left.
    pub(super) fn fan_out(&mut self) {
        while self.fanned_out < self.fanout_per_turn {
            let Some(delivery) = self.topics.next() else { return };
            self.fanned_out += 1;
            self.deliver(&delivery);
        }
    }

    /// Writes a notification, or notes that it is owed.
    fn deliver(&mut self, delivery: &Delivery) {
        if delivery.is_owed {
            return self.metrics.notifications_coalesced.add(1);
        }
        let connection = self.way_to(&delivery.hearer).and_then(|slot| self.slots.get_mut(slot));
        match connection {
            Some(connection) if connection.must_owe(UNSENT_BYTES_OWE) => {
                connection.owed.push_back(delivery.debt);
                self.topics.owe(delivery.debt);
            }
            _ => self.tell(delivery),
        }
    }

    /// Writes what a connection is owed, as far as there is room now.
    pub(super) fn pay_owed(&mut self, slot: Slot) {
        loop {
            let Some(connection) = self.slots.get_mut(slot) else { return };
            if !connection.has_room_to_tell(UNSENT_BYTES_OWE) {
                return;
            }
            let Some(debt) = connection.owed.pop_front() else { return };
            if let Some(delivery) = self.topics.pay(debt) {
                self.tell(&delivery);
            }
        }
    }

    /// Delivers what a connection that is gone was owed; a session may be told another way.
    pub(super) fn pass_on(&mut self, owed: VecDeque<Debt>) {
        for debt in owed {
            if let Some(delivery) = self.topics.pay(debt) {
                self.deliver(&delivery);
            }
        }
    }

    fn tell(&mut self, delivery: &Delivery) {
        let Delivery { hearer, message, has_members, .. } = delivery;
        let head = &message[..message.len() - ENDS.len()];
        let is_told = match hearer {
            // A session keeps what it was told: all keep the same bytes.
            Hearer::Peer(Peer::Session(session)) => match self.listener_of(*session) {
                Some((stream, _)) => self.session_event(*session, stream, message.clone()),
                None => false,
            },
            Hearer::Peer(peer) => self.notify_peer(*peer, |w| w.raw(message)),
            Hearer::Listen(ticket, id) => {
                let link: &[u8] = if *has_members { b"," } else { b"" };
                let meta = META_SUBSCRIPTION_ID.as_bytes();
                let parts = [head, link, b"\"_meta\":{\"", meta, b"\":", id, b"}}}"];
                self.notify_call(*ticket, |w| w.raw_parts(&parts))
            }
        };
        self.metrics.notifications_delivered.add(u64::from(is_told));
    }

    /// The connection of this shard that a subscriber is told on.
    fn way_to(&mut self, hearer: &Hearer) -> Option<Slot> {
        match hearer {
            Hearer::Peer(Peer::Stream(slot)) => Some(*slot),
            Hearer::Peer(Peer::Session(session)) => match self.listener_of(*session)? {
                (_, Some(Line::Here(slot))) => Some(slot),
                _ => None,
            },
            Hearer::Peer(Peer::Newcomer | Peer::Exchange) => None,
            Hearer::Listen(ticket, _) => match self.calls.get(*ticket)?.origin {
                Origin::Stream(slot) | Origin::Exchange(slot) => Some(slot),
                Origin::Batch(_)
                | Origin::Remote { .. }
                | Origin::Events { .. }
                | Origin::Task(_) => None,
            },
        }
    }

    /// The stream on which a session hears what it did not ask for, and where that leads now.
    fn listener_of(&mut self, session: SessionKey) -> Option<(u32, Option<Line>)> {
        let streams = &mut self.sessions.get_mut(session)?.streams;
        let stream = streams.listener()?;
        Some((stream, streams.get_mut(stream)?.line))
    }
}
