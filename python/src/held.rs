//! Answers that are sent together.
//!
//! Each answer on its own would wake the shard that waits for it, which would send it and go back to
//! sleep. A lane holds the answers of calls that came together until the last of them is there, or
//! time is up.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use mcpring::Outcome;
use mcpring::shard::together;

use crate::seat::Seat;

/// Answers held at most before they are sent.
const HELD_MAX: usize = 32;

/// Answers that wait for others.
#[derive(Default)]
pub(crate) struct Held {
    answers: Mutex<Vec<(Arc<Seat>, Outcome)>>,
    has_some: AtomicBool,
}

impl Held {
    /// Holds an answer; whether it is time to send.
    pub(crate) fn put(&self, seat: &Arc<Seat>, outcome: Outcome) -> bool {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.push((Arc::clone(seat), outcome));
        self.has_some.store(true, Ordering::Release);
        answers.len() >= HELD_MAX
    }

    /// Sends what is held.
    pub(crate) fn send(&self) {
        if !self.has_some.load(Ordering::Acquire) {
            return;
        }
        let answers = {
            let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
            self.has_some.store(false, Ordering::Release);
            std::mem::take(&mut *answers)
        };
        together(|| answers.into_iter().for_each(|(seat, outcome)| seat.answer(outcome)));
    }
}
