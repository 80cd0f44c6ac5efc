//! Latencies, kept as counts in buckets of three significant digits.

use std::fmt;

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};

/// A latency beyond this is counted as this: an open loop that is far behind may come to minutes.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// Latencies of one run. As JSON it is a list of `[nanoseconds, count]`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(from = "Vec<[u64; 2]>", into = "Vec<[u64; 2]>")]
pub struct Latencies {
    counts: Histogram<u64>,
}

impl fmt::Debug for Latencies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (count, p50, p99) = (self.count(), self.quantile_us(0.5), self.quantile_us(0.99));
        write!(f, "{count} of p50 {p50} us, p99 {p99} us")
    }
}

impl Default for Latencies {
    fn default() -> Self {
        let counts = Histogram::new_with_bounds(1, LONGEST_NS, 3)
            .expect("1 ns to an hour at three digits are bounds the histogram takes");
        Self { counts }
    }
}

impl From<Latencies> for Vec<[u64; 2]> {
    fn from(latencies: Latencies) -> Self {
        let values = latencies.counts.iter_recorded();
        values.map(|value| [value.value_iterated_to(), value.count_at_value()]).collect()
    }
}

impl From<Vec<[u64; 2]>> for Latencies {
    fn from(list: Vec<[u64; 2]>) -> Self {
        let mut latencies = Self::default();
        for [ns, count] in list {
            latencies.counts.saturating_record_n(ns.max(1), count);
        }
        latencies
    }
}

impl Latencies {
    /// Counts one latency.
    pub fn record(&mut self, ns: u64) {
        self.counts.saturating_record(ns.max(1));
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.counts.reset();
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// Adds all that `other` counted.
    pub fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts).expect("both have the same bounds");
    }

    /// The shortest, in microseconds; zero without any.
    pub fn min_us(&self) -> f64 {
        self.counts.min() as f64 / 1000.0
    }

    /// The longest, in microseconds; zero without any.
    pub fn max_us(&self) -> f64 {
        self.counts.max() as f64 / 1000.0
    }

    /// The mean, in microseconds; zero without any.
    pub fn mean_us(&self) -> f64 {
        self.counts.mean() / 1000.0
    }

    /// The latency that `share` (0 to 1) of the answers did not exceed, in microseconds.
    pub fn quantile_us(&self, share: f64) -> f64 {
        self.counts.value_at_quantile(share) as f64 / 1000.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_keep_three_digits() {
        let mut latencies = Latencies::default();
        (1..=1000).for_each(|us| latencies.record(us * 1000));
        for (share, want) in [(0.5, 500.0), (0.99, 990.0), (1.0, 1000.0)] {
            let got = latencies.quantile_us(share);
            assert!((got - want).abs() <= want / 500.0, "{share}: {got} instead of {want}");
        }
        for (got, want) in
            [(latencies.min_us(), 1.0), (latencies.max_us(), 1000.0), (latencies.mean_us(), 500.5)]
        {
            assert!((got - want).abs() <= want / 500.0, "{got} instead of {want}");
        }
        latencies.clear();
        latencies.record(u64::MAX);
        assert_eq!(latencies.count(), 1);
        assert!(Latencies::default().mean_us().abs() < f64::EPSILON);
    }

    #[test]
    fn counts_add_up() {
        let (mut sum, mut other) = (Latencies::default(), Latencies::default());
        sum.record(1000);
        other.record(3000);
        sum.add(&other);
        assert_eq!(sum.count(), 2);
        assert!((sum.mean_us() - 2.0).abs() < 0.01, "{}", sum.mean_us());
    }

    #[test]
    fn a_list_of_counts_holds_them_all() {
        let mut latencies = Latencies::default();
        (1..=1000).chain([70_000, 1 << 40]).for_each(|ns| latencies.record(ns));
        let text = serde_json::to_string(&latencies).expect("a list");
        let read: Latencies = serde_json::from_str(&text).expect("latencies");
        assert_eq!(read.counts, latencies.counts);
    }
}
