//! Numbers with one writer: what makes counting cost a load and a store.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that only grows.
///
/// **One thread writes.** A second writer would lose counts, nothing worse. In return no
/// instruction is locked. Order between counters is not kept: each is right by itself.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Zero.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// Counts `n` more. By the counter's one writer only.
    pub fn add(&self, n: u64) {
        self.0.store(self.0.load(Relaxed).wrapping_add(n), Relaxed);
    }

    /// Takes over a total that is counted elsewhere. By the counter's one writer only.
    pub fn set(&self, total: u64) {
        self.0.store(total, Relaxed);
    }

    /// The count so far, from any thread.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that comes and goes. **One thread writes**, as with [`Counter`].
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Zero.
    pub const fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// The number now. By the gauge's one writer only.
    pub fn set(&self, value: u64) {
        self.0.store(value, Relaxed);
    }

    /// The number as last set, from any thread.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts() {
        let counter = Counter::new();
        counter.add(2);
        counter.add(3);
        assert_eq!(counter.get(), 5);
        counter.set(u64::MAX);
        counter.add(2);
        assert_eq!(counter.get(), 1, "a full counter starts over, as scrapers expect");
        let gauge = Gauge::new();
        gauge.set(7);
        gauge.set(4);
        assert_eq!(gauge.get(), 4);
    }
}
