//! Latencies, kept as counts in buckets of three significant digits.

use std::fmt;

use hdrhistogram::Histogram;

/// A latency beyond this is counted as this: an open loop that is far behind may come to minutes.
const LONGEST_NS: u64 = 3_600_000_000_000;

/// Latencies of one run.
#[derive(Clone)]
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
}
