//! What clients hear without having asked for it each time: who wants to know of what, and what
//! was published.
//!
//! Only subscribers are told; where the order is known (one byte stream), from the answer of the
//! subscription to that of its end and not a message longer. Nobody is told more often than there
//! were news, and everybody of the latest.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::Value;

use super::checker::{Verdict, Wire};
use super::kernel::Clock;

/// The member that names the call which listens.
const SUBSCRIPTION_ID: &str = "io.modelcontextprotocol/subscriptionId";

/// Lists whose changes are told, by the middle of the method.
pub(super) const LISTS: [&str; 3] = ["tools", "prompts", "resources"];

/// What was published so far: how often and when last, by URI or list.
#[derive(Clone, Default)]
pub(super) struct Published(Rc<RefCell<BTreeMap<String, (u64, u64)>>>);

impl Published {
    /// Publishing is about to happen, and may reach somebody.
    pub(super) fn count(&self, topic: &str) {
        self.0.borrow_mut().entry(topic.to_owned()).or_default().0 += 1;
    }

    /// It reached every shard.
    pub(super) fn settle(&self, topic: &str, now: u64) {
        self.0.borrow_mut().entry(topic.to_owned()).or_default().1 = now;
    }

    fn of(&self, topic: &str) -> (u64, u64) {
        self.0.borrow().get(topic).copied().unwrap_or_default()
    }
}

/// One thing somebody wants to hear of.
#[derive(Debug, Default)]
struct Topic {
    /// Since when it is certain that it is told.
    since: Option<u64>,
    /// It may be told.
    is_open: bool,
    told: u64,
    told_at: u64,
}

/// What one request about subscriptions asks for.
#[derive(Debug)]
enum Change {
    Open(String),
    Close(String),
    /// A call that listens to these.
    Listen(Vec<String>),
}

impl Change {
    fn concerns(&self, topic: &str) -> bool {
        match self {
            Self::Open(uri) | Self::Close(uri) => uri == topic,
            Self::Listen(_) => false,
        }
    }
}

/// A call that listens.
#[derive(Debug, Default)]
struct Listen {
    is_acknowledged: bool,
    is_given_up: bool,
    topics: BTreeMap<String, Topic>,
}

/// All that one client wants to hear.
pub(super) struct News {
    published: Published,
    clock: Clock,
    /// Answers and news come in the order in which requests were handled.
    is_ordered: bool,
    topics: BTreeMap<String, Topic>,
    changes: BTreeMap<String, Change>,
    listens: BTreeMap<String, Listen>,
}

impl News {
    pub(super) fn new(published: Published, clock: Clock, is_ordered: bool) -> Self {
        let (topics, changes, listens) = Default::default();
        Self { published, clock, is_ordered, topics, changes, listens }
    }

    /// The time.
    pub(super) fn now(&self) -> u64 {
        self.clock.get()
    }

    /// The client says that it is ready, and so hears of lists.
    pub(super) fn ready(&mut self) {
        for list in LISTS {
            self.topics.entry(list.to_owned()).or_default().is_open = true;
        }
    }

    /// `id` asks to be told of `uri`, or no more of it.
    pub(super) fn ask(&mut self, id: &str, uri: &str, wants: bool) {
        let topic = self.topics.entry(uri.to_owned()).or_default();
        topic.is_open |= wants && !self.is_ordered;
        topic.since = None;
        let change =
            if wants { Change::Open(uri.to_owned()) } else { Change::Close(uri.to_owned()) };
        self.changes.insert(id.to_owned(), change);
    }

    /// `id` listens to `topics`.
    pub(super) fn listen(&mut self, id: &str, topics: Vec<String>) {
        self.changes.insert(id.to_owned(), Change::Listen(topics));
        self.listens.insert(id.to_owned(), Listen::default());
    }

    /// The call that listens is given up; it may go on for a while.
    pub(super) fn give_up(&mut self, id: &str) {
        if let Some(listen) = self.listens.get_mut(id) {
            listen.is_given_up = true;
            listen.topics.values_mut().for_each(|topic| topic.since = None);
        }
    }

    /// Request `id` is answered.
    pub(super) fn answered(&mut self, id: &str, is_error: bool) {
        let now = self.clock.get();
        match self.changes.remove(id) {
            Some(Change::Open(uri)) if !is_error => {
                let is_last = !self.changes.values().any(|change| change.concerns(&uri));
                let topic = self.topics.entry(uri).or_default();
                topic.is_open = true;
                topic.since = (self.is_ordered && is_last).then_some(now);
            }
            Some(Change::Close(uri)) if !is_error && self.is_ordered => {
                self.topics.entry(uri).or_default().is_open = false;
            }
            Some(Change::Open(_) | Change::Close(_) | Change::Listen(_)) | None => {}
        }
        self.listens.remove(id);
    }

    /// The call that a message of a subscription belongs to, if it says so.
    pub(super) fn listener(&self, wire: &Wire<'_>) -> Option<&str> {
        let own = wire.params.as_ref()?.get("_meta")?.get(SUBSCRIPTION_ID)?;
        let is_own = |id: &str| serde_json::from_str::<Value>(id).is_ok_and(|id| id == *own);
        self.listens.keys().find(|id| is_own(id)).map(String::as_str)
    }

    /// Judges a notification about a subscription.
    pub(super) fn take(&mut self, method: &str, wire: &Wire<'_>) -> Verdict {
        let (now, published) = (self.clock.get(), self.published.clone());
        let listener = self.listener(wire).map(str::to_owned);
        let names_one = wire.params.as_ref().is_some_and(|p| p.get("_meta").is_some());
        if names_one && listener.is_none() {
            return Err(format!("{method} for a call that does not listen"));
        }
        if method == "notifications/subscriptions/acknowledged" {
            return self.acknowledge(listener.as_deref().unwrap_or_default(), wire);
        }
        let topic = match method.strip_prefix("notifications/") {
            Some("resources/updated") => {
                let uri = wire.params.as_ref().and_then(|params| params["uri"].as_str());
                uri.ok_or("an update of nothing")?.to_owned()
            }
            Some(list) => list.trim_end_matches("/list_changed").to_owned(),
            None => return Err(format!("{method} was not asked for")),
        };
        let topics = match &listener {
            None => &mut self.topics,
            Some(id) => match self.listens.get_mut(id) {
                Some(listen) if listen.is_acknowledged => &mut listen.topics,
                _ => return Err(format!("{method} before the call that listens is acknowledged")),
            },
        };
        let Some(found) = topics.get_mut(&topic).filter(|topic| topic.is_open) else {
            return Err(format!("{method} of {topic:?}, not subscribed to, for {listener:?}"));
        };
        found.told += 1;
        found.told_at = now;
        let (count, _) = published.of(&topic);
        if found.told > count {
            return Err(format!("told {} times of {topic:?}, published {count}", found.told));
        }
        Ok(())
    }

    fn acknowledge(&mut self, id: &str, wire: &Wire<'_>) -> Verdict {
        let Some(Change::Listen(wanted)) = self.changes.remove(id) else {
            return Err(format!("the call {id} is acknowledged twice"));
        };
        let granted = wire.params.as_ref().map(|params| &params["notifications"]);
        let granted = granted.ok_or("an acknowledgement of nothing")?;
        let uris = granted["resourceSubscriptions"].as_array();
        let is_granted = |topic: &String| {
            granted[format!("{topic}ListChanged")] == true
                || uris.is_some_and(|uris| uris.iter().any(|uri| uri == topic))
        };
        if let Some(missing) = wanted.iter().find(|topic| !is_granted(topic)) {
            return Err(format!("{missing} is not granted to {id}"));
        }
        let count = uris.map_or(0, Vec::len)
            + LISTS.iter().filter(|list| granted[format!("{list}ListChanged")] == true).count();
        if count != wanted.len() {
            return Err(format!("more is granted to {id} than it asks for"));
        }
        let is_given_up = self.listens.get(id).is_some_and(|listen| listen.is_given_up);
        let since = (!is_given_up).then(|| self.clock.get());
        let topic = || Topic { since, is_open: true, ..Topic::default() };
        let topics = wanted.into_iter().map(|uri| (uri, topic())).collect();
        self.listens.insert(id.to_owned(), Listen { is_acknowledged: true, is_given_up, topics });
        Ok(())
    }

    /// Everybody was told of the latest; `is_heard` says whether a call that listens still can be.
    pub(super) fn judge(&self, is_heard: impl Fn(&str) -> bool) -> Verdict {
        let listens = self.listens.iter().filter(|(id, _)| is_heard(id));
        let all = listens.flat_map(|(_, listen)| &listen.topics).chain(&self.topics);
        for (name, topic) in all {
            let (_, last) = self.published.of(name);
            if topic.is_open && topic.since.is_some_and(|at| at < last) && topic.told_at < last {
                let ms = |at: u64| at / 1_000_000;
                return Err(format!(
                    "the latest news of {name:?}, of {}, were not told: subscribed since {:?}, \
                     told {} times, last {}",
                    ms(last),
                    topic.since.map(ms),
                    topic.told,
                    ms(topic.told_at),
                ));
            }
        }
        Ok(())
    }
}
