//! Walks against a model that keeps no places: who is due, and who is told.

use std::collections::{HashMap, HashSet};

use proptest::prelude::*;

use super::*;

/// What may happen to the table.
#[derive(Clone, Debug)]
enum Step {
    Add(usize, usize),
    End(usize, usize),
    Remove(usize),
    Publish(usize),
    /// So many are told.
    Tell(usize),
}

const URIS: [&str; 3] = ["a:1", "a:2", "a:3"];
const PEERS: usize = 12;

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let (peer, uri) = (0..PEERS, 0..URIS.len());
    let step = prop_oneof![
        4 => (peer.clone(), uri.clone()).prop_map(|(peer, uri)| Step::Add(peer, uri)),
        1 => (peer.clone(), uri.clone()).prop_map(|(peer, uri)| Step::End(peer, uri)),
        1 => peer.prop_map(Step::Remove),
        2 => uri.prop_map(Step::Publish),
        3 => (0..6usize).prop_map(Step::Tell),
    ];
    proptest::collection::vec(step, 1..200)
}

struct Model {
    topics: Topics,
    keys: HashMap<usize, SubscriberKey>,
    subscribed: HashSet<(usize, String)>,
    due: HashSet<(usize, String)>,
}

impl Model {
    fn take(&mut self, step: &Step) {
        match step {
            Step::Add(peer, uri) => {
                let hearer = Hearer::Listen(Ticket(*peer as u64), Rc::default());
                let topics = &mut self.topics;
                let key = *self.keys.entry(*peer).or_insert_with(|| topics.enter(hearer));
                assert!(self.topics.add_uri(key, URIS[*uri]));
                self.subscribed.insert((*peer, URIS[*uri].to_owned()));
            }
            Step::End(peer, uri) => {
                if let Some(key) = self.keys.get(peer) {
                    self.topics.remove_uri(*key, URIS[*uri]);
                }
                self.subscribed.remove(&(*peer, URIS[*uri].to_owned()));
            }
            Step::Remove(peer) => {
                if let Some(key) = self.keys.remove(peer) {
                    self.topics.remove(key);
                }
                self.subscribed.retain(|(other, _)| other != peer);
            }
            Step::Publish(uri) => {
                self.topics.publish_uri(URIS[*uri]);
                let told = self.subscribed.iter().filter(|(_, other)| other == URIS[*uri]);
                self.due.extend(told.cloned());
            }
            Step::Tell(count) => {
                for _ in 0..*count {
                    self.tell();
                }
            }
        }
        self.due.retain(|due| self.subscribed.contains(due));
        assert_eq!(self.topics.len(), self.subscribed.len());
    }

    fn tell(&mut self) -> bool {
        let Some(delivery) = self.topics.next() else { return false };
        let Hearer::Listen(Ticket(peer), _) = delivery.hearer else { panic!("nobody else") };
        let message: serde_json::Value = serde_json::from_slice(&delivery.message).expect("JSON");
        let uri = message["params"]["uri"].as_str().expect("a URI").to_owned();
        let told = (peer as usize, uri);
        assert!(self.subscribed.contains(&told), "{told:?} has not subscribed");
        self.due.remove(&told);
        true
    }
}

proptest! {
    /// Whoever was subscribed when something was published is told, however many come and go
    /// while others are; who is not subscribed is never told; and nothing stays behind.
    #[test]
    fn all_who_are_due_are_told(steps in steps()) {
        let topics = Topics::new(Ablation::default());
        let (keys, subscribed, due) = Default::default();
        let mut model = Model { topics, keys, subscribed, due };
        for step in &steps {
            model.take(step);
        }
        while model.tell() {}
        prop_assert!(model.due.is_empty(), "{:?} were not told", model.due);
        prop_assert!(!model.topics.is_behind());
        for peer in 0..PEERS {
            model.take(&Step::Remove(peer));
        }
        prop_assert!(model.topics.by_uri.is_empty());
        prop_assert_eq!(model.topics.topic_bytes, 0);
    }
}

#[test]
fn what_is_published_twice_is_told_in_that_order() {
    let mut topics = Topics::new(Ablation::default());
    let key = topics.enter(Hearer::Listen(Ticket(0), Rc::default()));
    let other = topics.enter(Hearer::Listen(Ticket(1), Rc::default()));
    for uri in ["a:1", "a:2"] {
        assert!(topics.add_uri(key, uri) && topics.add_uri(other, uri));
    }
    let next = |topics: &mut Topics| {
        let message = topics.next().expect("there is more").message;
        String::from_utf8_lossy(&message).contains("a:1")
    };
    assert!(!topics.publish_uri("a:1"));
    assert!(topics.publish_uri("a:1"), "its walk has not begun");
    assert!(next(&mut topics));
    assert!(!topics.publish_uri("a:1"), "its walk has begun");
    assert!(topics.publish_uri("a:1"));
    assert!(!topics.publish_uri("a:2"));
    assert!(topics.publish_uri("a:2"));
    let told: Vec<_> = (0..5).map(|_| next(&mut topics)).collect();
    assert_eq!(told, [true, true, true, false, false]);
    assert!(topics.next().is_none());
}
