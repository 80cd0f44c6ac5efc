//! Times operations, one at a time where they are long enough, otherwise in batches.
//!
//! The clock's own cost is measured first. An operation is timed alone when it takes twenty times
//! as long; shorter ones are timed in batches that do, and each operation of a batch is counted
//! with the batch's mean. So at most a twentieth of a latency is the clock's, and nothing is
//! subtracted.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::histogram::Latencies;

/// How many times longer than the clock's cost a timed stretch has to be.
const CLOCK_COSTS: f64 = 20.0;
/// Readings from which the clock's cost is taken.
const READINGS: usize = 1001;
/// Most operations of a batch.
const BATCH_MAX: u64 = 1 << 12;

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

/// Times `operations` calls of `operate`, which is told the operation's number and gives something
/// to add up, so that none of its work can be left out. A tenth more go before, untimed.
pub(super) fn time(operations: u64, mut operate: impl FnMut(u64) -> u64) -> Timed {
    let clock_ns = clock_ns();
    let warmup = (operations / 10).clamp(1, 1000);
    let began = Instant::now();
    for number in 0..warmup {
        black_box(operate(number % operations));
    }
    let each_ns = began.elapsed().as_nanos() as f64 / warmup as f64;
    let wanted = (CLOCK_COSTS * clock_ns / each_ns.max(1.0)).ceil() as u64;
    let batch = wanted.clamp(1, BATCH_MAX.min(operations));
    let mut timed = Timed {
        latencies: Latencies::default(),
        elapsed: Duration::ZERO,
        operations,
        sum: 0,
        batch,
        clock_ns,
    };
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

    #[test]
    fn every_operation_is_done_once_and_counted() {
        for operations in [1, 7, 1000, 12_345] {
            let timed = time(operations, |number| number + 1);
            assert_eq!(timed.sum, operations * (operations + 1) / 2);
            assert_eq!((timed.operations, timed.latencies.count()), (operations, operations));
            assert!(timed.batch <= operations && timed.clock_ns >= 1.0);
        }
    }
}
