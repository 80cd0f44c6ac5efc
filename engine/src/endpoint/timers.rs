//! A timer wheel: one entry a connection or call, cheap to set, checked when it fires.
//!
//! Entries are never cancelled. Whoever owns the key compares its true deadline when the entry
//! fires and sets a new one if it lies ahead, so activity on a connection costs nothing here.

use super::Now;
use crate::limits::TICK_MS;

/// Places of the wheel; with [`TICK_MS`] one round takes 51.2 s, later deadlines go round again.
const PLACES: usize = 512;
/// Words of a bit a place.
const WORDS: usize = PLACES / 64;
const TICK_NS: u64 = TICK_MS * 1_000_000;

/// Deadlines by key.
#[derive(Debug)]
pub(super) struct Timers<K> {
    places: Vec<Vec<(Now, K)>>,
    /// One bit a place: whether it holds entries.
    occupied: [u64; WORDS],
    /// The tick up to which everything has fired.
    fired_tick: u64,
}

impl<K: Copy> Timers<K> {
    pub(super) fn new(now: Now) -> Self {
        Self {
            places: (0..PLACES).map(|_| Vec::new()).collect(),
            occupied: [0; WORDS],
            fired_tick: now.0 / TICK_NS,
        }
    }

    /// Fires `key` at the first tick after `deadline`.
    pub(super) fn set(&mut self, deadline: Now, key: K) {
        let tick = (deadline.0 / TICK_NS + 1).max(self.fired_tick + 1);
        let place = tick as usize % PLACES;
        self.places[place].push((deadline, key));
        self.occupied[place / 64] |= 1 << (place % 64);
    }

    /// How many are set.
    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.places.iter().map(Vec::len).sum()
    }

    /// When [`Self::fire`] should run next, if anything is set.
    pub(super) fn deadline(&self) -> Option<Now> {
        let tick = self.fired_tick + 1;
        let from = tick as usize % PLACES;
        let behind = u64::MAX << (from % 64);
        // Once round by words; the first one comes again at the end, for what precedes the place.
        (0..=WORDS).find_map(|round| {
            let word = (from / 64 + round) % WORDS;
            let looked_at = match round {
                0 => behind,
                WORDS => !behind,
                _ => u64::MAX,
            };
            let bits = self.occupied[word] & looked_at;
            let place = (word * 64) + bits.trailing_zeros() as usize;
            let ahead = (place + PLACES - from) % PLACES;
            (bits != 0).then(|| Now((tick + ahead as u64) * TICK_NS))
        })
    }

    /// Takes out every key whose deadline has passed.
    pub(super) fn fire(&mut self, now: Now, fired: &mut Vec<K>) {
        let last = now.0 / TICK_NS;
        // After a long sleep one round visits every place; more would visit them again for nothing.
        let first = (self.fired_tick + 1).max((last + 1).saturating_sub(PLACES as u64));
        for tick in first..=last {
            let place = tick as usize % PLACES;
            let entries = &mut self.places[place];
            let mut kept = 0;
            for at in 0..entries.len() {
                let (deadline, key) = entries[at];
                if deadline <= now {
                    fired.push(key);
                } else {
                    entries[kept] = (deadline, key);
                    kept += 1;
                }
            }
            entries.truncate(kept);
            if kept == 0 {
                *entries = Vec::new();
                self.occupied[place / 64] &= !(1 << (place % 64));
            }
        }
        self.fired_tick = self.fired_tick.max(last);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Everything fires once, never early, and at most one tick late when driven by `deadline`.
        #[test]
        fn fires_once_and_on_time(delays in proptest::collection::vec(0u64..400_000, 1..60)) {
            let mut timers = Timers::new(Now(12_345_678));
            let start = Now(12_345_678);
            for (key, delay) in delays.iter().enumerate() {
                timers.set(start.after_ms(*delay), key);
            }
            let mut seen = vec![0; delays.len()];
            let mut fired = Vec::new();
            while let Some(now) = timers.deadline() {
                timers.fire(now, &mut fired);
                for key in fired.drain(..) {
                    seen[key] += 1;
                    let due = start.after_ms(delays[key]);
                    prop_assert!(due <= now);
                    prop_assert!(now <= due.after_ms(TICK_MS));
                }
            }
            prop_assert!(seen.iter().all(|count| *count == 1));
        }
    }

    #[test]
    fn a_long_sleep_misses_nothing() {
        let mut timers = Timers::new(Now(0));
        for key in 0..1000u64 {
            timers.set(Now(0).after_ms(key * 97), key);
        }
        let mut fired = Vec::new();
        timers.fire(Now(0).after_ms(10_000_000), &mut fired);
        assert_eq!(fired.len(), 1000);
        assert_eq!(timers.deadline(), None);
    }
}
