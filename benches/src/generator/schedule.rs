//! When the next request may be sent.

use super::load::Pace;

const NS_PER_S: f64 = 1e9;

/// How many requests are still to be sent, and when each is due.
///
/// Times are in nanoseconds of the generator's clock.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Schedule {
    pace: Pace,
    /// When the first one is due.
    begin_ns: u64,
    /// How many were taken.
    taken: u64,
    /// How many may be taken.
    most: u64,
}

impl Schedule {
    /// `most` requests from `begin_ns` on.
    pub(super) fn new(pace: Pace, begin_ns: u64, most: u64) -> Self {
        Self { pace, begin_ns, taken: 0, most }
    }

    /// When the next request is due, none if there is no further one. In a closed loop it is always
    /// due.
    pub(super) fn due_ns(&self) -> Option<u64> {
        if self.taken >= self.most {
            return None;
        }
        Some(match self.pace {
            Pace::Closed => 0,
            // Counted from the begin, so that no rounding adds up.
            Pace::Open { rate_per_s } => {
                self.begin_ns + (self.taken as f64 * NS_PER_S / rate_per_s) as u64
            }
        })
    }

    /// Takes the next request if it is due by `now_ns`, and says when it was.
    pub(super) fn take(&mut self, now_ns: u64) -> Option<u64> {
        let due_ns = self.due_ns().filter(|due_ns| *due_ns <= now_ns)?;
        self.taken += 1;
        Some(match self.pace {
            Pace::Closed => now_ns,
            Pace::Open { .. } => due_ns,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes all that is due at each of `moments`.
    fn check(pace: Pace, most: u64, moments: &[u64], want: &[u64]) {
        let mut schedule = Schedule::new(pace, 100, most);
        let mut taken = Vec::new();
        for now_ns in moments {
            // A closed loop takes one for each answer; here each moment brings one.
            let at_once = if pace == Pace::Closed { 1 } else { usize::MAX };
            taken.extend(std::iter::from_fn(|| schedule.take(*now_ns)).take(at_once));
        }
        assert_eq!(taken, want, "{pace:?}, {most} at {moments:?}");
    }

    #[test]
    fn requests_are_due_at_the_rate_whenever_they_are_taken() {
        let open = Pace::Open { rate_per_s: 1e8 };
        check(open, 3, &[99, 100, 109, 110, 1000], &[100, 110, 120]);
        check(open, 100, &[145], &[100, 110, 120, 130, 140]);
        check(open, 0, &[1000], &[]);
        check(Pace::Open { rate_per_s: 3e8 }, 4, &[1000], &[100, 103, 106, 110]);
        check(Pace::Closed, 2, &[5, 6, 7], &[5, 6]);
    }
}
