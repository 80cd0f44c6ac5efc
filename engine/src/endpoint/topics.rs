//! Who is to hear of what: topics, their subscribers, and the walk from one to the other.
//!
//! A topic is a list of features or the URI of a resource. What is said about it never differs, so
//! it is encoded once, when the topic comes into being. A published topic waits for its walk over
//! its subscribers; published again before the walk begins it is walked once, and after that once
//! more. Nothing here writes to a connection.

use std::collections::{HashMap, VecDeque};
use std::rc::Rc;
use std::sync::Arc;

use bytes::Bytes;

use super::notify::notification;
use super::origin::Peer;
use crate::config::Ablation;
use crate::json::Writer;
use crate::limits::{SUBSCRIPTIONS_MAX, TOPIC_BYTES_MAX};
use crate::server::{ListKind, Ticket};

/// How every message of a topic ends: its parameters, itself.
pub(super) const ENDS: &[u8] = b"}}";

/// Names a subscriber; given out again once it is removed.
pub(super) type SubscriberKey = u32;

/// Names a topic; the lists come first, in the order of their numbers.
pub(super) type TopicKey = u32;

/// Who hears of a topic.
#[derive(Clone, Debug)]
pub(super) enum Hearer {
    /// A peer of the handshake era.
    Peer(Peer),
    /// A call that listens, with its id as the client wrote it.
    Listen(Ticket, Rc<[u8]>),
}

/// One subscription, as long as it is the same: a notification that is owed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Debt {
    subscription: u32,
    generation: u32,
}

/// What to send to whom.
pub(super) struct Delivery {
    pub(super) hearer: Hearer,
    /// The whole message; before [`ENDS`] another member of its parameters may stand.
    pub(super) message: Bytes,
    /// Whether the parameters have members already.
    pub(super) has_members: bool,
    pub(super) debt: Debt,
    /// Whether the same is owed to the subscriber already.
    pub(super) is_owed: bool,
}

/// The shard's topics and subscribers.
#[derive(Debug)]
pub(super) struct Topics {
    /// The lists, and behind them the URIs.
    places: Vec<Topic>,
    free_places: Vec<TopicKey>,
    by_uri: HashMap<Arc<str>, TopicKey>,
    /// Bytes of the topics that are URIs.
    topic_bytes: usize,
    subscribers: Vec<Option<Subscriber>>,
    free_subscribers: Vec<SubscriberKey>,
    subscriptions: Vec<Subscription>,
    free_subscriptions: Vec<u32>,
    /// Published topics in order, the first being walked. Each stands here once; the first twice,
    /// if it was published again.
    walks: VecDeque<TopicKey>,
    /// Whether a topic's message is encoded once, not for each delivery.
    keeps_messages: bool,
}

#[derive(Debug)]
struct Topic {
    /// `None` for a list, or while the place is free.
    uri: Option<Arc<str>>,
    message: Bytes,
    subscriptions: Vec<u32>,
    /// Of the subscriptions these first ones are still to be visited: the walk goes downwards, so
    /// that who comes during it, at the end, does not hear of what was before.
    left: usize,
    /// It stands among the walks.
    is_walked: bool,
    /// It was published again during its walk, and stands there twice.
    is_published_again: bool,
}

#[derive(Debug)]
struct Subscriber {
    hearer: Hearer,
    subscriptions: Vec<(TopicKey, u32)>,
}

#[derive(Debug)]
struct Subscription {
    subscriber: SubscriberKey,
    topic: TopicKey,
    /// Its place among the topic's subscriptions.
    place: u32,
    /// Of those that had this place in the table.
    generation: u32,
    is_owed: bool,
}

impl Topics {
    pub(super) fn new(ablation: Ablation) -> Self {
        Self {
            places: ListKind::ALL.map(|list| Topic::new(None, list_message(list))).into(),
            free_places: Vec::new(),
            by_uri: HashMap::new(),
            topic_bytes: 0,
            subscribers: Vec::new(),
            free_subscribers: Vec::new(),
            subscriptions: Vec::new(),
            free_subscriptions: Vec::new(),
            walks: VecDeque::new(),
            keeps_messages: ablation.fanout_batching,
        }
    }

    /// Enters a subscriber of nothing yet.
    pub(super) fn enter(&mut self, hearer: Hearer) -> SubscriberKey {
        let subscriber = Some(Subscriber { hearer, subscriptions: Vec::new() });
        if let Some(key) = self.free_subscribers.pop() {
            self.subscribers[key as usize] = subscriber;
            return key;
        }
        self.subscribers.push(subscriber);
        (self.subscribers.len() - 1) as SubscriberKey
    }

    /// Removes a subscriber with its subscriptions.
    pub(super) fn remove(&mut self, key: SubscriberKey) {
        let Some(subscriber) = self.subscribers[key as usize].take() else { return };
        for (_, subscription) in subscriber.subscriptions {
            self.end(subscription);
        }
        self.free_subscribers.push(key);
    }

    /// The calls that listen, in an order that the same inputs give again.
    pub(super) fn listens(&self) -> Vec<Ticket> {
        let all = self.subscribers.iter().flatten();
        all.filter_map(|subscriber| match subscriber.hearer {
            Hearer::Listen(ticket, _) => Some(ticket),
            Hearer::Peer(_) => None,
        })
        .collect()
    }

    /// How many subscriptions there are.
    pub(super) fn len(&self) -> usize {
        self.subscriptions.len() - self.free_subscriptions.len()
    }

    /// How many subscriptions a subscriber has.
    pub(super) fn len_of(&self, key: SubscriberKey) -> usize {
        self.subscribers[key as usize].as_ref().map_or(0, |own| own.subscriptions.len())
    }

    /// Subscribes to a list.
    pub(super) fn add_list(&mut self, key: SubscriberKey, list: ListKind) {
        self.add(key, list as TopicKey);
    }

    /// Subscribes to the updates of a resource; `false` when a limit of the shard forbids it.
    pub(super) fn add_uri(&mut self, key: SubscriberKey, uri: &str) -> bool {
        if self.len() >= SUBSCRIPTIONS_MAX {
            return false;
        }
        let topic = match self.by_uri.get(uri) {
            Some(topic) => *topic,
            None if self.topic_bytes + uri.len() > TOPIC_BYTES_MAX => return false,
            None => self.open_topic(uri),
        };
        self.add(key, topic);
        true
    }

    /// Ends a subscription to a resource, if there is one.
    pub(super) fn remove_uri(&mut self, key: SubscriberKey, uri: &str) {
        let Some(topic) = self.by_uri.get(uri) else { return };
        let Some(own) = &mut self.subscribers[key as usize] else { return };
        if let Some(at) = own.subscriptions.iter().position(|(other, _)| other == topic) {
            let (_, subscription) = own.subscriptions.swap_remove(at);
            self.end(subscription);
        }
    }

    /// Whether a subscriber has subscribed to a resource.
    pub(super) fn has_uri(&self, key: SubscriberKey, uri: &str) -> bool {
        let topic = self.by_uri.get(uri);
        let own = self.subscribers[key as usize].as_ref();
        own.zip(topic).is_some_and(|(own, topic)| own.has(*topic))
    }

    /// A list changed; says whether the news were merged into older ones.
    pub(super) fn publish_list(&mut self, list: ListKind) -> bool {
        self.publish(list as TopicKey)
    }

    /// A resource was updated; says whether the news were merged into older ones.
    pub(super) fn publish_uri(&mut self, uri: &str) -> bool {
        self.by_uri.get(uri).copied().is_some_and(|topic| self.publish(topic))
    }

    /// Whether something published is not with all its subscribers.
    pub(super) fn is_behind(&self) -> bool {
        !self.walks.is_empty()
    }

    /// The next one to be told of something published.
    pub(super) fn next(&mut self) -> Option<Delivery> {
        loop {
            let key = *self.walks.front()?;
            let topic = &mut self.places[key as usize];
            if let Some(left) = topic.left.checked_sub(1) {
                topic.left = left;
                let subscription = topic.subscriptions[left];
                return self.delivery(subscription);
            }
            self.walks.pop_front();
            self.finish_walk(key);
        }
    }

    /// Marks a notification as owed.
    pub(super) fn owe(&mut self, debt: Debt) {
        if let Some(subscription) = self.owed(debt) {
            subscription.is_owed = true;
        }
    }

    /// What a debt is worth: nothing, if its subscription has ended since.
    pub(super) fn pay(&mut self, debt: Debt) -> Option<Delivery> {
        self.owed(debt)?.is_owed = false;
        self.delivery(debt.subscription)
    }

    fn owed(&mut self, debt: Debt) -> Option<&mut Subscription> {
        let subscription = self.subscriptions.get_mut(debt.subscription as usize)?;
        (subscription.generation == debt.generation).then_some(subscription)
    }

    fn delivery(&self, at: u32) -> Option<Delivery> {
        let subscription = &self.subscriptions[at as usize];
        let topic = &self.places[subscription.topic as usize];
        let subscriber = self.subscribers[subscription.subscriber as usize].as_ref()?;
        Some(Delivery {
            hearer: subscriber.hearer.clone(),
            message: self.message_of(subscription.topic),
            has_members: topic.uri.is_some(),
            debt: Debt { subscription: at, generation: subscription.generation },
            is_owed: subscription.is_owed,
        })
    }

    fn message_of(&self, key: TopicKey) -> Bytes {
        let topic = &self.places[key as usize];
        match &topic.uri {
            _ if self.keeps_messages => topic.message.clone(),
            Some(uri) => uri_message(uri),
            None => list_message(ListKind::ALL[key as usize]),
        }
    }

    fn publish(&mut self, key: TopicKey) -> bool {
        let is_first = self.walks.front() == Some(&key);
        let topic = &mut self.places[key as usize];
        let all = topic.subscriptions.len();
        if topic.is_walked {
            let has_begun = is_first && topic.left < all;
            if has_begun && !topic.is_published_again {
                topic.is_published_again = true;
                self.walks.push_back(key);
                return false;
            }
            // Those who have come since are told as well, unless it is walked already.
            topic.left = if is_first { topic.left } else { all };
            return true;
        }
        if all > 0 {
            topic.is_walked = true;
            topic.left = all;
            self.walks.push_back(key);
        }
        false
    }

    fn finish_walk(&mut self, key: TopicKey) {
        let topic = &mut self.places[key as usize];
        topic.is_walked = std::mem::take(&mut topic.is_published_again);
        if topic.is_walked {
            topic.left = topic.subscriptions.len();
        } else {
            self.close_topic(key);
        }
    }

    fn open_topic(&mut self, uri: &str) -> TopicKey {
        let uri: Arc<str> = uri.into();
        let message = uri_message(&uri);
        self.topic_bytes += uri.len();
        let topic = Topic::new(Some(Arc::clone(&uri)), message);
        let key = if let Some(key) = self.free_places.pop() {
            self.places[key as usize] = topic;
            key
        } else {
            self.places.push(topic);
            (self.places.len() - 1) as TopicKey
        };
        self.by_uri.insert(uri, key);
        key
    }

    /// Forgets a resource that nobody wants to hear of any more.
    fn close_topic(&mut self, key: TopicKey) {
        let topic = &mut self.places[key as usize];
        if !topic.subscriptions.is_empty() || topic.is_walked {
            return;
        }
        if let Some(uri) = topic.uri.take() {
            self.topic_bytes -= uri.len();
            self.by_uri.remove(&uri);
            *topic = Topic::new(None, Bytes::new());
            self.free_places.push(key);
        }
    }

    fn add(&mut self, key: SubscriberKey, topic: TopicKey) {
        let Some(own) = &mut self.subscribers[key as usize] else { return };
        if own.has(topic) {
            return;
        }
        let at = self.free_subscriptions.pop().unwrap_or_else(|| {
            self.subscriptions.push(Subscription::FREE);
            (self.subscriptions.len() - 1) as u32
        });
        own.subscriptions.push((topic, at));
        let listed = &mut self.places[topic as usize].subscriptions;
        let subscription = &mut self.subscriptions[at as usize];
        let generation = subscription.generation.wrapping_add(1);
        let place = listed.len() as u32;
        *subscription = Subscription { subscriber: key, topic, place, generation, is_owed: false };
        listed.push(at);
    }

    /// Takes a subscription off its topic; its subscriber no longer names it.
    fn end(&mut self, at: u32) {
        let Subscription { topic: key, place, generation, .. } = self.subscriptions[at as usize];
        // The next generation, so that what is owed to this one is owed to nobody.
        let generation = generation.wrapping_add(1);
        self.subscriptions[at as usize] = Subscription { generation, ..Subscription::FREE };
        self.free_subscriptions.push(at);
        let topic = &mut self.places[key as usize];
        let (mut hole, last) = (place as usize, topic.subscriptions.len() - 1);
        if hole < topic.left {
            // The last of those not visited fills the hole, and one that was visited its place.
            topic.left -= 1;
            let left = topic.left;
            self.relocate(key, left, hole);
            hole = left;
        }
        self.relocate(key, last, hole);
        self.places[key as usize].subscriptions.pop();
        self.close_topic(key);
    }

    /// Gives the place `to` of a topic to the subscription at `from`.
    fn relocate(&mut self, topic: TopicKey, from: usize, to: usize) {
        let listed = &mut self.places[topic as usize].subscriptions;
        if from != to {
            listed[to] = listed[from];
            self.subscriptions[listed[to] as usize].place = to as u32;
        }
    }
}

impl Topic {
    fn new(uri: Option<Arc<str>>, message: Bytes) -> Self {
        Self {
            uri,
            message,
            subscriptions: Vec::new(),
            left: 0,
            is_walked: false,
            is_published_again: false,
        }
    }
}

impl Subscriber {
    fn has(&self, topic: TopicKey) -> bool {
        self.subscriptions.iter().any(|(other, _)| *other == topic)
    }
}

impl Subscription {
    /// Of nobody.
    const FREE: Self = Self { subscriber: 0, topic: 0, place: 0, generation: 0, is_owed: false };
}

/// What is said about a list.
fn list_message(list: ListKind) -> Bytes {
    message(list.method(), None)
}

/// What is said about a resource.
fn uri_message(uri: &str) -> Bytes {
    message("notifications/resources/updated", Some(uri))
}

fn message(method: &'static str, uri: Option<&str>) -> Bytes {
    let mut message = Vec::new();
    notification(&mut Writer::new(&mut message), method, |w| {
        if let Some(uri) = uri {
            w.member_string("uri", uri);
        }
    });
    message.into()
}

#[cfg(test)]
mod tests;
