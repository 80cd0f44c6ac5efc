//! Which requests of one peer are unanswered.
//!
//! Only requests that wait for a worker or a deferred answer stand here; what is answered on the
//! spot never enters. Bounded by the caller through [`Pending::len`].

use std::collections::HashMap;

use super::id::{Id, meaning};

/// Unanswered requests by id, each with the engine's own name for it.
#[derive(Debug, Default)]
pub struct Pending<T> {
    // Absent while nothing waits: an idle peer owns no table.
    #[allow(clippy::box_collection, reason = "eight bytes while nothing waits, not forty-eight")]
    tickets: Option<Box<HashMap<Box<[u8]>, T>>>,
}

impl<T: Copy> Pending<T> {
    /// Nothing waits.
    pub const fn new() -> Self {
        Self { tickets: None }
    }

    /// Enters a request; `false` when its id is already in flight (nothing is changed then).
    pub fn register(&mut self, id: Id<'_>, ticket: T) -> bool {
        let tickets = self.tickets.get_or_insert_default();
        match tickets.entry(meaning(id)) {
            std::collections::hash_map::Entry::Occupied(_) => false,
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(ticket);
                true
            }
        }
    }

    /// Whether the id is in flight.
    pub fn contains(&self, id: Id<'_>) -> bool {
        self.tickets.as_ref().is_some_and(|tickets| tickets.contains_key(&meaning(id)))
    }

    /// Takes the request out; `None` when it was answered before or never existed.
    pub fn remove(&mut self, id: Id<'_>) -> Option<T> {
        let tickets = self.tickets.as_mut()?;
        let ticket = tickets.remove(&meaning(id));
        if tickets.is_empty() {
            self.tickets = None;
        }
        ticket
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.tickets.as_ref().map_or(0, |tickets| tickets.len())
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.tickets.is_none()
    }

    /// The names of all, in no order.
    pub fn tickets(&self) -> impl Iterator<Item = T> {
        self.tickets.iter().flat_map(|tickets| tickets.values().copied())
    }

    /// Takes all out, in no order.
    pub fn drain(&mut self) -> Vec<T> {
        self.tickets.take().map(|tickets| tickets.into_values().collect()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{PaddedBuf, Parser};

    fn with_id<R>(text: &str, act: impl FnOnce(Id<'_>) -> R) -> R {
        let padded = PaddedBuf::copy(text.as_bytes());
        let mut parser = Parser::default();
        act(Id::parse(parser.parse(padded.padded()).expect("test text is JSON")).expect("an id"))
    }

    #[test]
    fn ids_are_compared_by_meaning() {
        for (first, second, same) in [
            ("1", "1", true),
            ("1", "\"1\"", false),
            ("\"a\"", "\"\\u0061\"", true),
            ("\"\\\"\"", "\"\\u0022\"", true),
            ("0", "-0", true),
            ("9007199254740993", "9007199254740992", false),
        ] {
            let mut pending = Pending::new();
            assert!(with_id(first, |id| pending.register(id, 7)));
            assert_eq!(with_id(second, |id| pending.contains(id)), same, "{first} {second}");
            assert_eq!(with_id(second, |id| pending.register(id, 8)), !same, "{first} {second}");
        }
    }

    #[test]
    fn an_idle_peer_owns_no_table() {
        let mut pending = Pending::new();
        with_id("1", |id| {
            assert!(pending.register(id, 7));
            assert_eq!(pending.remove(id), Some(7));
            assert_eq!(pending.remove(id), None);
        });
        assert!(pending.is_empty());
        assert!(pending.tickets.is_none());
    }
}
