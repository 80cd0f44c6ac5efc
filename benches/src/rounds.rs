//! Sides in turn: A B A B …, so that a machine that slows down slows both.
//!
//! A ratio is taken within each round, and the median over the rounds is reported beside the
//! smallest and the largest.

use serde::Serialize;

use crate::child::Server;
use crate::fault::Fault;
use crate::generator::{Load, Mark, Marked, Tally, run};
use crate::measure::counters::Counters;
use crate::measure::process::Usage;
use crate::question::Question;
use crate::target::Target;

/// The counter of system calls that our servers keep.
pub(crate) const ENTERS: &str = "mcpring_kernel_enters_total";

/// One server under one load.
pub struct Side<'a> {
    /// Its name in reports.
    pub name: &'static str,
    /// The running server.
    pub server: &'a Server,
    /// How to reach it.
    pub target: Target,
    /// What is asked.
    pub question: Question,
    /// Where it shows its counters, if it does.
    pub counters: Option<Counters>,
}

/// What one run of one side measured.
#[derive(Clone, Debug, Serialize)]
pub struct Sample {
    /// Requests answered.
    pub requests: u64,
    /// Server CPU per request, in microseconds.
    pub cpu_us: f64,
    /// Requests answered a second.
    pub requests_per_s: f64,
    /// Median latency, in microseconds.
    pub p50_us: f64,
    /// 99th percentile of latency, in microseconds.
    pub p99_us: f64,
    /// Share of the time in which the server was on its core.
    pub busy: f64,
    /// Share of the time in which it was kept from it by something else.
    pub waited: f64,
    /// System calls of the server per request, if it counts them.
    pub enters: Option<f64>,
}

/// All runs of one side.
#[derive(Clone, Debug, Serialize)]
pub struct Samples {
    /// The side's name.
    pub name: &'static str,
    /// Its runs, in the order of the rounds.
    pub rounds: Vec<Sample>,
}

impl Samples {
    /// The median over the rounds of what `pick` takes.
    pub fn median(&self, pick: impl Fn(&Sample) -> f64) -> f64 {
        median(self.rounds.iter().map(pick).collect())
    }
}

/// Runs the sides in turn, `rounds` times.
pub fn alternate(sides: &[Side<'_>], load: &Load, rounds: usize) -> Result<Vec<Samples>, Fault> {
    let empty = |side: &Side<'_>| Samples { name: side.name, rounds: Vec::new() };
    let mut samples: Vec<Samples> = sides.iter().map(empty).collect();
    for _ in 0..rounds {
        for (side, samples) in sides.iter().zip(&mut samples) {
            let sample = measure(side, load).map_err(|fault| fault.within(side.name))?;
            samples.rounds.push(sample);
        }
    }
    Ok(samples)
}

/// What the meters of a side show.
#[derive(Clone, Copy, Default)]
struct Reading {
    usage: Usage,
    enters: Option<f64>,
}

/// One run of one side.
pub(crate) fn measure(side: &Side<'_>, load: &Load) -> Result<Sample, Fault> {
    sample(side.server, side.counters.as_ref(), |mark| {
        run(&side.target, &side.question, load, mark)
    })
}

/// What the meters of `server` show while `drive` asks it.
pub(crate) fn sample(
    server: &Server,
    counters: Option<&Counters>,
    drive: impl FnOnce(Marked<'_>) -> Result<Tally, Fault>,
) -> Result<Sample, Fault> {
    let mut readings = [Reading::default(); 2];
    let tally = drive(&mut |mark| {
        readings[usize::from(mark == Mark::End)] = read(server, counters, mark)?;
        Ok(())
    })?;
    if let Some(first) = &tally.errors.first {
        return Err(Fault::Target(format!("{} errors, such as {first}", tally.errors.count())));
    }
    if tally.requests == 0 {
        return Err(Fault::Invalid("no request was answered while counting".into()));
    }
    let ([begin, end], elapsed) = (readings, tally.elapsed);
    let (requests, cpu) = (tally.requests as f64, end.usage.cpu.saturating_sub(begin.usage.cpu));
    let waited = end.usage.waited.saturating_sub(begin.usage.waited);
    Ok(Sample {
        requests: tally.requests,
        cpu_us: cpu.as_secs_f64() * 1e6 / requests,
        requests_per_s: requests / elapsed.as_secs_f64(),
        p50_us: tally.latencies.quantile_us(0.5),
        p99_us: tally.latencies.quantile_us(0.99),
        busy: cpu.as_secs_f64() / elapsed.as_secs_f64(),
        waited: waited.as_secs_f64() / elapsed.as_secs_f64(),
        enters: end.enters.zip(begin.enters).map(|(end, begin)| (end - begin) / requests),
    })
}

/// Reads the meters of a server: the CPU clock next to the counted time, the counter outside of it,
/// because asking for it costs the server something.
fn read(server: &Server, counters: Option<&Counters>, mark: Mark) -> Result<Reading, Fault> {
    let enters = || match counters {
        Some(counters) => counters.sum(ENTERS),
        None => Ok(None),
    };
    let process = server.process();
    Ok(match mark {
        Mark::Begin => Reading { enters: enters()?, usage: process.usage()? },
        Mark::End => Reading { usage: process.usage()?, enters: enters()? },
    })
}

/// The middle of `values`.
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[odd / 2],
        even => f64::midpoint(values[even / 2 - 1], values[even / 2]),
    }
}

/// A ratio taken in each round.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Ratio {
    /// The median.
    pub median: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// CPU per request of `above` as a multiple of `below`, round by round.
pub fn cpu_ratio(above: &Samples, below: &Samples) -> Ratio {
    let pairs = above.rounds.iter().zip(&below.rounds);
    let ratios: Vec<f64> = pairs.map(|(above, below)| above.cpu_us / below.cpu_us).collect();
    Ratio {
        least: ratios.iter().copied().fold(f64::INFINITY, f64::min),
        most: ratios.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        median: median(ratios),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle() {
        assert!(median(vec![]).is_nan());
        for (values, want) in [(vec![3.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0), (vec![1.0, 2.0], 1.5)]
        {
            assert!((median(values) - want).abs() < f64::EPSILON);
        }
    }
}
