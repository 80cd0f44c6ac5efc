//! Latencies, kept as counts in buckets of three significant digits.

use hdrhistogram::Histogram;

/// A latency beyond this is counted as this; a load that sees it has other troubles.
const LONGEST_NS: u64 = 60_000_000_000;

/// Latencies of one run.
#[derive(Clone, Debug)]
pub struct Latencies {
    counts: Histogram<u64>,
}

impl Default for Latencies {
    fn default() -> Self {
        let counts = Histogram::new_with_bounds(1, LONGEST_NS, 3)
            .expect("1 ns to 60 s at three digits are bounds the histogram takes");
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

    /// Counts all that `other` counted too.
    pub fn add(&mut self, other: &Self) {
        self.counts.add(&other.counts).expect("both have the same bounds");
    }

    /// How many were counted.
    pub fn count(&self) -> u64 {
        self.counts.len()
    }

    /// The latency that `share` (0 to 1) of the answers did not exceed, in microseconds.
    pub fn quantile_us(&self, share: f64) -> f64 {
        self.counts.value_at_quantile(share) as f64 / 1000.0
    }

    /// The shortest, in microseconds; zero if none was counted.
    pub fn min_us(&self) -> f64 {
        if self.counts.is_empty() { 0.0 } else { self.counts.min() as f64 / 1000.0 }
    }

    /// The longest, in microseconds.
    pub fn max_us(&self) -> f64 {
        self.counts.max() as f64 / 1000.0
    }

    /// The mean, in microseconds.
    pub fn mean_us(&self) -> f64 {
        self.counts.mean() / 1000.0
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
        latencies.clear();
        latencies.record(u64::MAX);
        assert_eq!(latencies.count(), 1);
    }
}
