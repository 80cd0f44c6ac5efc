//! Durations in one kibibyte: a log-linear histogram of nanoseconds.
//!
//! Each doubling is cut into four equal buckets, so a bucket is at most a quarter of its lower
//! bound wide and its middle is at most 12.5 % off. 128 buckets of 16 ns resolution reach from 0
//! to 137 s; what is longer counts in the last. Below 64 ns the error is 8 ns instead.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::counter::Counter;

const BUCKETS: usize = 128;
/// Nanoseconds are counted in units of 2^4.
const UNIT_BITS: u32 = 4;
/// Each doubling has 2^2 buckets.
const STEP_BITS: u32 = 2;

/// How often which duration occurred. **One thread writes**, as with [`Counter`].
#[derive(Debug)]
pub struct Histogram {
    buckets: [Counter; BUCKETS],
    sum: Counter,
    max: AtomicU64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self::new()
    }
}

impl Histogram {
    /// Nothing recorded.
    pub const fn new() -> Self {
        Self {
            buckets: [const { Counter::new() }; BUCKETS],
            sum: Counter::new(),
            max: AtomicU64::new(0),
        }
    }

    /// Records one duration. By the histogram's one writer only.
    pub fn record(&self, nanoseconds: u64) {
        self.buckets[bucket(nanoseconds)].add(1);
        self.sum.add(nanoseconds);
        if nanoseconds > self.max.load(Relaxed) {
            self.max.store(nanoseconds, Relaxed);
        }
    }

    /// What has been recorded, as plain numbers that can be added up.
    pub fn read(&self) -> Distribution {
        Distribution {
            buckets: std::array::from_fn(|at| self.buckets[at].get()),
            sum: self.sum.get(),
            max: self.max.load(Relaxed),
        }
    }

    /// See [`Distribution::quantile`].
    pub fn quantile(&self, q: f64) -> Option<u64> {
        self.read().quantile(q)
    }
}

/// The content of one or several histograms at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    buckets: [u64; BUCKETS],
    sum: u64,
    max: u64,
}

impl Default for Distribution {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], sum: 0, max: 0 }
    }
}

impl Distribution {
    /// Adds what another histogram recorded.
    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.buckets.iter_mut().zip(&other.buckets) {
            *mine = mine.wrapping_add(*theirs);
        }
        self.sum = self.sum.wrapping_add(other.sum);
        self.max = self.max.max(other.max);
    }

    /// How many durations were recorded.
    pub fn count(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Their sum in nanoseconds.
    pub fn sum(&self) -> u64 {
        self.sum
    }

    /// The longest, exactly.
    pub fn max(&self) -> u64 {
        self.max
    }

    /// The duration that a share `q` (0 to 1) of all durations does not exceed, within 12.5 %;
    /// `None` when nothing was recorded.
    pub fn quantile(&self, q: f64) -> Option<u64> {
        let count = self.count();
        let rank = ((q.clamp(0.0, 1.0) * count as f64).ceil() as u64).clamp(1, count.max(1));
        let mut seen = 0;
        let at = self.buckets.iter().position(|bucket| {
            seen += bucket;
            seen >= rank
        })?;
        let (low, high) = (lower_bound(at), lower_bound(at + 1));
        let last = at == BUCKETS - 1;
        Some(if last { self.max } else { (low + (high - low) / 2).min(self.max) })
    }

    /// How many durations were below each of `bounds`. A bound between two buckets counts the
    /// bucket it cuts with the longer ones.
    pub(super) fn below(&self, bounds: &[u64]) -> Vec<u64> {
        let count = |bound: &u64| {
            let whole = (0..BUCKETS).take_while(|at| lower_bound(at + 1) <= *bound);
            whole.map(|at| self.buckets[at]).sum()
        };
        bounds.iter().map(count).collect()
    }
}

/// The bucket of a duration.
const fn bucket(nanoseconds: u64) -> usize {
    let units = nanoseconds >> UNIT_BITS;
    if units < 1 << STEP_BITS {
        return units as usize;
    }
    let octave = units.ilog2() - STEP_BITS;
    let step = (units >> octave) & ((1 << STEP_BITS) - 1);
    let at = ((octave + 1) << STEP_BITS) as usize + step as usize;
    if at < BUCKETS { at } else { BUCKETS - 1 }
}

/// The least duration of a bucket; one past the last bucket is allowed.
const fn lower_bound(at: usize) -> u64 {
    let step = at as u64 & ((1 << STEP_BITS) - 1);
    let row = at as u64 >> STEP_BITS;
    let units = if row == 0 { step } else { ((1 << STEP_BITS) + step) << (row - 1) };
    units << UNIT_BITS
}

const _: () = assert!(size_of::<Histogram>() <= (1 << 10) + 16);
const _: () = assert!(lower_bound(BUCKETS) == 1 << 37);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn buckets_join_without_gaps() {
        for at in 0..BUCKETS {
            let (low, high) = (lower_bound(at), lower_bound(at + 1));
            assert!(low < high);
            assert_eq!((bucket(low), bucket(high - 1)), (at, at));
            assert!(low < 64 || (high - low) * 4 <= low, "bucket {at} is too wide");
        }
        assert_eq!(bucket(u64::MAX), BUCKETS - 1);
    }

    #[test]
    fn ends() {
        let histogram = Histogram::new();
        assert_eq!(histogram.quantile(0.5), None);
        histogram.record(0);
        assert_eq!(histogram.quantile(1.0), Some(0));
        histogram.record(u64::MAX);
        assert_eq!(histogram.quantile(1.0), Some(u64::MAX));
        assert_eq!(histogram.read().below(&[16, 32]), [1, 1]);
    }

    proptest! {
        #[test]
        fn quantiles_are_within_an_eighth(
            mut values in prop::collection::vec((0u32..37, any::<u64>()), 1..400),
            q in 0.0f64..=1.0,
        ) {
            // Every order of magnitude is as likely as another.
            let mut values: Vec<u64> =
                values.drain(..).map(|(bits, v)| v % (1u64 << bits).max(1)).collect();
            let (one, two) = (Histogram::new(), Histogram::new());
            for (at, value) in values.iter().enumerate() {
                if at % 3 == 0 { one.record(*value) } else { two.record(*value) }
            }
            let mut all = one.read();
            all.merge(&two.read());
            values.sort_unstable();
            let rank = ((q * values.len() as f64).ceil() as usize).max(1) - 1;
            let (want, got) = (values[rank], all.quantile(q).unwrap());
            prop_assert!(got.abs_diff(want) <= (want / 8).max(16), "{} for {}", got, want);
            prop_assert_eq!(all.count(), values.len() as u64);
            prop_assert_eq!(all.sum(), values.iter().sum::<u64>());
            prop_assert_eq!(all.max(), *values.last().unwrap());
        }
    }
}
