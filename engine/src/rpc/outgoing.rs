//! Our own requests to one peer that it has not answered.
//!
//! Ids are counted and never come twice on one peer, so that a late or doubled answer finds
//! nothing. Bounded by the caller through [`Outgoing::len`].

use std::collections::HashMap;

use super::Id;

/// Unanswered requests of ours by id, each with the engine's own name for what waits.
#[derive(Debug, Default)]
pub struct Outgoing<T> {
    last: u64,
    // Absent while nothing waits: an idle peer owns no table.
    #[allow(clippy::box_collection, reason = "eight bytes while nothing waits, not forty-eight")]
    open: Option<Box<HashMap<u64, T>>>,
}

impl<T: Copy> Outgoing<T> {
    /// Nothing was asked.
    pub const fn new() -> Self {
        Self { last: 0, open: None }
    }

    /// Enters a request and gives its id.
    pub fn register(&mut self, waiter: T) -> u64 {
        self.last += 1;
        self.open.get_or_insert_default().insert(self.last, waiter);
        self.last
    }

    /// Takes out the request that an answer names; `None` when it is none of ours, or no longer.
    pub fn answered(&mut self, id: Id<'_>) -> Option<(u64, T)> {
        // What we number comes back as a number, or it is not ours.
        let id = str::from_utf8(id.raw()).ok()?.parse().ok()?;
        self.remove(id).map(|waiter| (id, waiter))
    }

    /// Takes a request out that needs no answer any more.
    pub fn remove(&mut self, id: u64) -> Option<T> {
        let open = self.open.as_mut()?;
        let waiter = open.remove(&id);
        if open.is_empty() {
            self.open = None;
        }
        waiter
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.open.as_ref().map_or(0, |open| open.len())
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.open.is_none()
    }

    /// What waits, in no order; once for each request.
    pub fn waiters(&self) -> impl Iterator<Item = T> {
        self.open.iter().flat_map(|open| open.values().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{PaddedBuf, Parser};

    fn answered(outgoing: &mut Outgoing<u64>, id: &str) -> Option<(u64, u64)> {
        let padded = PaddedBuf::copy(id.as_bytes());
        let mut parser = Parser::default();
        let id = Id::parse(parser.parse(padded.padded()).expect("test text is JSON"));
        outgoing.answered(id.expect("an id"))
    }

    #[test]
    fn only_the_id_that_was_sent_answers_and_only_once() {
        let mut outgoing = Outgoing::new();
        assert_eq!((outgoing.register(70), outgoing.register(80)), (1, 2));
        for foreign in ["\"1\"", "3", "-1", "0", "-0", "10", "18446744073709551617"] {
            assert_eq!(answered(&mut outgoing, foreign), None, "{foreign}");
        }
        assert_eq!(answered(&mut outgoing, "2"), Some((2, 80)));
        assert_eq!(answered(&mut outgoing, "2"), None);
        assert_eq!(answered(&mut outgoing, "1"), Some((1, 70)));
        assert!(outgoing.is_empty() && outgoing.open.is_none());
        assert_eq!(outgoing.register(90), 3, "an id never comes twice");
    }
}
