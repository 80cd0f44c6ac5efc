//! Times operations, one at a time where they are long enough, otherwise in batches.
//!
//! The clock's own cost is measured first. An operation is timed alone when it takes twenty times
//! as long; shorter ones are timed in batches that do, and each operation of a batch is counted
//! with the batch's mean. So at most a twentieth of a latency is the clock's, and nothing is
//! subtracted.

use std::hint::black_box;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::histogram::Latencies;

/// How many times longer than the clock's cost a timed stretch has to be.
const CLOCK_COSTS: f64 = 20.0;
/// Readings from which the clock's cost is taken.
const READINGS: usize = 1001;
/// Most operations of a batch.
const BATCH_MAX: u64 = 1 << 12;

/// How much is timed.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Amount {
    /// This many operations,
    pub operations: u64,
    /// and all of them again, until they have taken about so long.
    pub time_min: Duration,
}

impl Amount {
    /// No more than `operations`, however soon they are over.
    pub fn exactly(operations: u64) -> Self {
        Self { operations, time_min: Duration::ZERO }
    }

    /// The same operations, once.
    pub(super) fn once(self) -> Self {
        Self::exactly(self.operations)
    }

    /// One of `share` operations, once.
    pub(super) fn fewer(self, share: u64) -> Self {
        Self::exactly(self.operations.div_ceil(share))
    }

    /// How often all are done when one takes `each_ns`.
    fn passes(self, each_ns: f64) -> u64 {
        let once_ns = each_ns.max(1.0) * self.operations as f64;
        (self.time_min.as_nanos() as f64 / once_ns).ceil().max(1.0) as u64
    }
}

/// What was timed.
pub(super) struct Timed {
    pub(super) latencies: Latencies,
    /// The timed stretches together.
    pub(super) elapsed: Duration,
    pub(super) operations: u64,
    /// What the operations gave, added up.
    pub(super) sum: u64,
    /// Operations of one timed stretch.
    pub(super) batch: u64,
    /// What reading the clock costs, in nanoseconds.
    pub(super) clock_ns: f64,
}

impl Timed {
    /// The median, in microseconds.
    pub(super) fn p50_us(&self) -> f64 {
        self.latencies.quantile_us(0.5)
    }

    /// The mean, in nanoseconds: it keeps what the buckets of a histogram round.
    pub(super) fn mean_ns(&self) -> f64 {
        self.elapsed.as_nanos() as f64 / self.operations as f64
    }
}

/// Times `amount` calls of `operate`, which is told the operation's number and gives something to add
/// up, so that none of its work can be left out. A tenth more go before, untimed.
pub(super) fn time(amount: Amount, mut operate: impl FnMut(u64) -> u64) -> Timed {
    let Amount { operations, time_min } = amount;
    let clock_ns = clock_ns();
    let warmup = (operations / 10).clamp(1, 1000);
    let (mut warmed, began) = (0, Instant::now());
    while warmed == 0 || began.elapsed() < time_min / 10 {
        for number in 0..warmup {
            black_box(operate(number % operations));
        }
        warmed += warmup;
    }
    let each_ns = began.elapsed().as_nanos() as f64 / warmed as f64;
    let wanted = (CLOCK_COSTS * clock_ns / each_ns.max(1.0)).ceil() as u64;
    let batch = wanted.clamp(1, BATCH_MAX.min(operations));
    let passes = amount.passes(each_ns);
    let mut timed = Timed {
        latencies: Latencies::default(),
        elapsed: Duration::ZERO,
        operations: operations * passes,
        sum: 0,
        batch,
        clock_ns,
    };
    for _ in 0..passes {
        let mut number = 0;
        while number < operations {
            let end = (number + batch).min(operations);
            let began = Instant::now();
            for number in number..end {
                timed.sum = timed.sum.wrapping_add(black_box(operate(number)));
            }
            let took = began.elapsed();
            timed.elapsed += took;
            let each = took.as_nanos() as u64 / (end - number);
            (number..end).for_each(|_| timed.latencies.record(each));
            number = end;
        }
    }
    timed
}

/// What it costs to read the clock: the median time between two readings.
fn clock_ns() -> f64 {
    let mut costs: Vec<u64> = (0..READINGS)
        .map(|_| {
            let began = Instant::now();
            black_box(began.elapsed()).as_nanos() as u64
        })
        .collect();
    costs.sort_unstable();
    costs[READINGS / 2].max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(amount: Amount, passes: std::ops::RangeInclusive<u64>) {
        let Amount { operations, .. } = amount;
        let timed = time(amount, |number| number + 1);
        let done = timed.operations / operations;
        assert!(passes.contains(&done), "{amount:?}: {done} times");
        assert_eq!(timed.sum, done * operations * (operations + 1) / 2);
        assert_eq!(timed.latencies.count(), timed.operations);
        assert!(timed.batch <= operations && timed.clock_ns >= 1.0);
    }

    #[test]
    fn every_operation_is_done_as_often_and_counted() {
        for operations in [1, 7, 1000, 12_345] {
            check(Amount::exactly(operations), 1..=1);
        }
        check(Amount { operations: 7, time_min: Duration::from_millis(1) }, 2..=1_000_000);
    }
}
