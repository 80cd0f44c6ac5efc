//! Subscriptions: who wants to hear of what.
//!
//! In the handshake era a peer that is ready hears of every list, and of the resources it names
//! one by one. In the stateless era a call says all of it at once and stays open: it is answered
//! when this side ends it, and not at all when the client does.

use std::borrow::Cow;

use super::Core;
use super::calls::{PendingCall, TaskLink};
use super::labels::Ending;
use super::lifecycle::Carried;
use super::message::Incoming;
use super::notify::notification;
use super::origin::{Origin, Peer};
use super::reply::Head;
use super::task::undeclared;
use super::task_request::Wish;
use super::tasks::TaskKey;
use super::topics::{Hearer, SubscriberKey};
use super::{Now, call};
use crate::json::{Kind, Value, Writer};
use crate::limits::{LISTENS_MAX, SUBSCRIPTIONS_PER_PEER_MAX, TASK_WATCHES_MAX, URI_BYTES_MAX};
use crate::mcp::{Admitted, META_SERVER_INFO, META_SUBSCRIPTION_ID, Refusal, Target, Version};
use crate::model::Task;
use crate::rpc::{Id, Request};
use crate::server::{ListKind, Ticket};
use crate::slot::Slot;

/// What a listening call wants to hear of, as far as the server offers it.
#[derive(Debug, Default)]
struct Filter<'p> {
    lists: Vec<ListKind>,
    /// `None` when no resources were named.
    uris: Option<Vec<Cow<'p, str>>>,
    /// Tasks, by their ids; `None` when none were named.
    tasks: Option<Vec<Cow<'p, str>>>,
}

/// The members of a filter that are lists.
const LISTS: [(&str, ListKind); 3] = [
    ("toolsListChanged", ListKind::Tools),
    ("promptsListChanged", ListKind::Prompts),
    ("resourcesListChanged", ListKind::Resources),
];

const BAD_TASKS: &str = "params.notifications.taskIds is no short array of strings";

const BAD_URIS: &str = "params.notifications.resourceSubscriptions is no array of short strings";

impl Core {
    /// A peer of the handshake era is ready: from now on it hears of the lists.
    pub(super) fn peer_ready(&mut self, peer: Peer) {
        if !self.server.capabilities().list_changes {
            return;
        }
        let Some(key) = self.subscriber_of(peer) else { return };
        for list in ListKind::ALL.into_iter().filter(|list| self.server.offers(list.need())) {
            self.topics.add_list(key, list);
        }
        self.count_subscriptions();
    }

    /// `resources/subscribe` and `resources/unsubscribe`.
    pub(super) fn subscribe(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let uri = call::uri_param(request)?;
        if let Some(key) = self.subscriber_of(incoming.peer) {
            if admitted.row.target == Target::Unsubscribe {
                self.topics.remove_uri(key, &uri);
            } else {
                let server = self.server.clone();
                let Some(found) = server.features().resource(&uri) else {
                    return Err(call::no_resource(&uri, admitted.version));
                };
                if let Some(done) = self.forbid(incoming, found.feature()) {
                    return done;
                }
                self.subscribe_to(key, &uri, admitted.version)?;
            }
            self.count_subscriptions();
        }
        self.reply_result(incoming.origin, request.id, &Head::default(), |w| w.raw(b"{}"));
        Ok(Some(Ending::Result))
    }

    fn subscribe_to(
        &mut self,
        key: SubscriberKey,
        uri: &str,
        version: Version,
    ) -> Result<(), Refusal> {
        if self.topics.has_uri(key, uri) {
            return Ok(());
        }
        if self.topics.len_of(key) >= SUBSCRIPTIONS_PER_PEER_MAX {
            let words = "too many subscriptions: unsubscribe from some resources first";
            return Err(Refusal::busy(version, words));
        }
        if !self.topics.add_uri(key, uri) {
            return Err(Refusal::busy(version, "the server has too many subscriptions"));
        }
        Ok(())
    }

    /// `subscriptions/listen`: a call that is told of what it names until one side ends it.
    pub(super) fn listen(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let mut filter = self.read_filter(request)?;
        let tasks = self.read_tasks(&mut filter, admitted)?;
        if let Some(uris) = &mut filter.uris {
            uris.retain(|uri| self.may_hear_of(incoming, uri));
        }
        self.check_peer(incoming.peer, request, admitted.version)?;
        if self.listens >= LISTENS_MAX {
            return Err(Refusal::busy(admitted.version, "the server has too many listeners"));
        }
        let ticket = self.calls.reserve();
        let key = self.topics.enter(Hearer::Listen(ticket, request.id.raw().into()));
        for list in &filter.lists {
            self.topics.add_list(key, *list);
        }
        for uri in filter.uris.iter().flatten() {
            if let Err(refusal) = self.subscribe_to(key, uri, admitted.version) {
                self.topics.remove(key);
                self.calls.release(ticket);
                return Err(refusal);
            }
        }
        self.listens += 1;
        let never = Now::NEVER;
        let call = PendingCall {
            listens_as: Some(key),
            task: TaskLink::Watches(tasks.clone()),
            ..PendingCall::without_handler(incoming, request, admitted, self.now, never)
        };
        self.enter_call(ticket, call);
        self.count_subscriptions();
        self.notify_call(ticket, |w| acknowledge(w, request.id, &filter));
        for (shard, key) in tasks {
            // The owner of an earlier one may have ended the call.
            if self.calls.get(ticket).is_none() {
                break;
            }
            self.ask_about_task(shard, ticket, key, incoming, admitted, Wish::Watch);
        }
        // Who has ended its side cannot end this call, and hears of nothing once it is gone.
        if self.is_draining || self.is_ending(incoming.origin) {
            self.end_listen(ticket);
        }
        Ok(None)
    }

    /// The granted part of what the request asks for.
    fn read_filter<'p>(&self, request: &Request<'p>) -> Result<Filter<'p>, Refusal> {
        let asked = request.params.and_then(|params| params.get("notifications"));
        let asked = asked
            .filter(|asked| asked.kind() == Kind::Object)
            .ok_or_else(|| call::invalid("params.notifications is missing or no object".into()))?;
        let offered = self.server.capabilities();
        let mut filter = Filter::default();
        for (name, list) in LISTS {
            let is_asked = match asked.get(name) {
                None => false,
                Some(flag) => flag.as_bool().ok_or_else(|| {
                    call::invalid(format!("params.notifications.{name} is no boolean"))
                })?,
            };
            if is_asked && offered.list_changes && self.server.offers(list.need()) {
                filter.lists.push(list);
            }
        }
        if let Some(uris) = asked.get("resourceSubscriptions") {
            let uris = read_uris(uris).ok_or_else(|| call::invalid(BAD_URIS.into()))?;
            filter.uris = Some(uris).filter(|_| offered.resource_subscriptions);
        }
        if let Some(ids) = asked.get("taskIds").filter(|_| offered.tasks) {
            let ids = read_uris(ids).filter(|ids| ids.len() <= TASK_WATCHES_MAX);
            filter.tasks = Some(ids.ok_or_else(|| call::invalid(BAD_TASKS.into()))?);
        }
        Ok(filter)
    }

    /// The tasks a filter names, by the shards that own them. Whether they exist and may be heard
    /// of their owners know; of others nothing is ever said.
    fn read_tasks(
        &self,
        filter: &mut Filter<'_>,
        admitted: &Admitted<'_>,
    ) -> Result<Box<[(u16, TaskKey)]>, Refusal> {
        let Some(ids) = &mut filter.tasks else { return Ok(Box::default()) };
        if admitted.envelope.is_some_and(|envelope| !envelope.has_extension(Task::EXTENSION)) {
            return Err(undeclared());
        }
        ids.retain(|id| self.owner(id).is_some());
        let mut tasks: Vec<_> = ids.iter().filter_map(|id| self.owner(id)).collect();
        // Who names a task twice hears of it once.
        tasks.sort_unstable();
        tasks.dedup();
        Ok(tasks.into())
    }

    /// Ends every listening call: the server is going away.
    pub(super) fn end_all_listens(&mut self) {
        for ticket in self.topics.listens() {
            self.end_listen(ticket);
        }
    }

    /// Ends the listening calls of a connection whose peer sends no more.
    pub(super) fn end_listens_of(&mut self, slot: Slot) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let waiting = connection.session.iter().flat_map(|session| session.pending.tickets());
        let mut tickets: Vec<_> = waiting.map(Ticket).collect();
        tickets.extend(connection.exchange.as_ref().and_then(|exchange| exchange.call));
        tickets.sort_unstable();
        for ticket in tickets {
            self.end_listen(ticket);
        }
    }

    /// Ends a listening call from this side. On a byte stream the request is cancelled as well,
    /// as the rules of cancellation demand there.
    fn end_listen(&mut self, ticket: Ticket) {
        if self.calls.get(ticket).is_none_or(|call| call.listens_as.is_none()) {
            return;
        }
        let Some(call) = self.take_call(ticket) else { return };
        let id = call.id.borrow();
        if let Origin::Stream(slot) = call.origin {
            self.notify_stream(slot, |out| {
                notification(&mut Writer::new(out), "notifications/cancelled", |w| {
                    w.member_raw("requestId", id.raw());
                });
            });
        }
        let server = self.server.clone();
        self.reply_result(call.origin, id, &Head::default(), |w| {
            w.begin_object();
            w.member_string("resultType", "complete");
            w.key("_meta");
            w.begin_object();
            w.member_raw(META_SUBSCRIPTION_ID, id.raw());
            w.member_raw(META_SERVER_INFO, server.info_json(call.version.fields()));
            w.end_object();
            w.end_object();
        });
        self.count_call(&call, Ending::Result);
    }

    /// Forgets what a call listened to.
    pub(super) fn stop_listening(&mut self, key: SubscriberKey) {
        self.topics.remove(key);
        self.listens -= 1;
        self.count_subscriptions();
    }

    /// Forgets what a peer has subscribed to.
    pub(super) fn forget_subscriber(&mut self, key: Option<SubscriberKey>) {
        if let Some(key) = key {
            self.topics.remove(key);
            self.count_subscriptions();
        }
    }

    /// The place of a handshake-era peer among the subscribers, made when it has none.
    fn subscriber_of(&mut self, peer: Peer) -> Option<SubscriberKey> {
        let session = self.session_of(peer)?;
        session.version()?;
        if let Some(key) = session.subscriber {
            return Some(key);
        }
        let key = self.topics.enter(Hearer::Peer(peer));
        self.session_of(peer)?.subscriber = Some(key);
        Some(key)
    }

    fn is_ending(&mut self, origin: Origin) -> bool {
        let (Origin::Stream(slot) | Origin::Exchange(slot)) = origin else { return false };
        self.slots.get_mut(slot).is_none_or(|connection| connection.is_ending)
    }

    fn count_subscriptions(&self) {
        self.metrics.subscriptions.set(self.topics.len() as u64);
        self.metrics.listens.set(self.listens as u64);
    }
}

fn read_uris(uris: Value<'_>) -> Option<Vec<Cow<'_, str>>> {
    if uris.kind() != Kind::Array {
        return None;
    }
    uris.elements().map(|uri| uri.as_str().filter(|uri| uri.len() <= URI_BYTES_MAX)).collect()
}

/// The first message of a listening call: what it will be told of.
fn acknowledge(w: &mut Writer<'_>, id: Id<'_>, filter: &Filter<'_>) {
    notification(w, "notifications/subscriptions/acknowledged", |w| {
        w.key("_meta");
        w.begin_object();
        w.member_raw(META_SUBSCRIPTION_ID, id.raw());
        w.end_object();
        w.key("notifications");
        w.begin_object();
        for (name, _) in LISTS.iter().filter(|(_, list)| filter.lists.contains(list)) {
            w.member_bool(name, true);
        }
        if let Some(uris) = &filter.uris {
            w.key("resourceSubscriptions");
            w.begin_array();
            for uri in uris {
                w.string(uri);
            }
            w.end_array();
        }
        if let Some(ids) = &filter.tasks {
            w.key("taskIds");
            w.begin_array();
            for id in ids {
                w.string(id);
            }
            w.end_array();
        }
        w.end_object();
    });
}
