//! Who is told about an update: rmcp keeps no list of subscribers, so a server on it keeps one.
//!
//! It is as plain as such a list can be: peers by address behind a lock that is not held while they
//! are told. All of them are told at once and awaited together.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use futures::future::join_all;
use rmcp::{
    RoleServer,
    model::ResourceUpdatedNotificationParam,
    service::{Peer, SubscriptionSink},
};

static SUBSCRIBERS: Mutex<Option<HashMap<String, Vec<Subscriber>>>> = Mutex::new(None);

/// One subscriber, by the era it speaks.
#[derive(Clone)]
pub enum Subscriber {
    /// A session that asked `resources/subscribe`.
    Session(Peer<RoleServer>),
    /// A stream that `subscriptions/listen` opened.
    Stream(SubscriptionSink),
}

impl Subscriber {
    async fn tell(self, uri: &str) -> bool {
        match self {
            Self::Session(peer) => {
                let update = ResourceUpdatedNotificationParam::new(uri);
                peer.notify_resource_updated(update).await.is_ok()
            }
            Self::Stream(sink) => sink.notify_resource_updated(uri).await.is_ok(),
        }
    }
}

/// From now on `subscriber` is told about `uri`.
pub fn add(uri: String, subscriber: Subscriber) {
    let mut subscribers = lock();
    let subscribers = subscribers.get_or_insert_default();
    subscribers.entry(uri).or_default().push(subscriber);
}

/// Tells every subscriber of `uri` and says how many took it.
pub async fn tell(uri: &str) -> usize {
    let told = lock()
        .as_ref()
        .and_then(|subscribers| subscribers.get(uri).cloned())
        .unwrap_or_default();
    let told = join_all(told.into_iter().map(|subscriber| subscriber.tell(uri))).await;
    told.into_iter().filter(|took| *took).count()
}

fn lock() -> MutexGuard<'static, Option<HashMap<String, Vec<Subscriber>>>> {
    SUBSCRIBERS.lock().unwrap_or_else(PoisonError::into_inner)
}
