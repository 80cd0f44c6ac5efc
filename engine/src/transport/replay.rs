//! What an event stream has said lately, for a client that comes back with `Last-Event-ID`.
//!
//! Bounded twice: by events and by bytes. What was given up is gone; who asks for it gets what is
//! still here. An event shared by many streams is held once.

use std::collections::VecDeque;

use bytes::Bytes;

use crate::limits::{REPLAY_BYTES_MAX, REPLAY_EVENTS_MAX};

/// The latest events of one stream, in order, each with its number.
#[derive(Debug, Default)]
pub struct Replay {
    events: VecDeque<(u64, Bytes)>,
    bytes: usize,
}

impl Replay {
    /// Keeps an event; `number` is greater than all before. The oldest ones go when there are too
    /// many.
    pub fn push(&mut self, number: u64, data: Bytes) {
        debug_assert!(self.events.back().is_none_or(|(last, _)| *last < number));
        self.bytes += data.len();
        self.events.push_back((number, data));
        while self.events.len() > REPLAY_EVENTS_MAX
            || (self.bytes > REPLAY_BYTES_MAX && self.events.len() > 1)
        {
            self.pop();
        }
    }

    /// Gives up everything but the latest event.
    pub fn shrink(&mut self) {
        while self.events.len() > 1 {
            self.pop();
        }
    }

    /// Gives up everything.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The events behind number `last`, oldest first.
    pub fn after(&self, last: u64) -> impl Iterator<Item = (u64, &Bytes)> {
        let start = self.events.partition_point(|(number, _)| *number <= last);
        self.events.range(start..).map(|(number, data)| (*number, data))
    }

    /// Bytes of all events held.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    fn pop(&mut self) {
        if let Some((_, data)) = self.events.pop_front() {
            self.bytes -= data.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(replay: &Replay, last: u64) -> Vec<u64> {
        replay.after(last).map(|(number, _)| number).collect()
    }

    #[test]
    fn what_came_behind_a_number_is_given_again() {
        let mut replay = Replay::default();
        for number in [1, 2, 5] {
            replay.push(number, Bytes::from_static(b"x"));
        }
        for (last, want) in [(0, vec![1, 2, 5]), (1, vec![2, 5]), (3, vec![5]), (5, vec![])] {
            assert_eq!(numbers(&replay, last), want, "after {last}");
        }
        replay.shrink();
        assert_eq!((numbers(&replay, 0), replay.bytes()), (vec![5], 1));
        replay.clear();
        assert_eq!((numbers(&replay, 0), replay.bytes()), (vec![], 0));
    }

    #[test]
    fn the_oldest_go_first_and_one_large_event_is_kept() {
        let mut replay = Replay::default();
        for number in 0..2 * REPLAY_EVENTS_MAX as u64 {
            replay.push(number, Bytes::from_static(b"12"));
        }
        assert_eq!(replay.bytes(), 2 * REPLAY_EVENTS_MAX);
        assert_eq!(numbers(&replay, 0)[0], REPLAY_EVENTS_MAX as u64);
        replay.push(10_000, Bytes::from(vec![0; REPLAY_BYTES_MAX + 1]));
        assert_eq!(numbers(&replay, 0), [10_000]);
        replay.push(10_001, Bytes::from_static(b"x"));
        assert_eq!((numbers(&replay, 0), replay.bytes()), (vec![10_001], 1));
    }
}
