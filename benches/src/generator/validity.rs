//! Whether the figures of a run say something about the server.

use std::fmt;

use super::load::Pace;
use super::tally::Tally;
use crate::measure::process::Usage;

/// A generator's thread that is on its core for this share of the time has no time left.
const GENERATOR_BUSY_MAX: f64 = 0.97;
/// A server that is on its core for less than this share of the time could have done more.
const SERVER_BUSY_MIN: f64 = 0.95;
/// Share of the time that the server or the generator may be kept off its core.
const KEPT_OFF_MAX: f64 = 0.05;
/// Lag of the generator that is nothing beside any latency, in microseconds.
const LAG_US_MAX: f64 = 1000.0;
/// Lag of the generator that may be part of the latency.
const LAG_SHARE_MAX: f64 = 0.1;

/// Why figures mean nothing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Why {
    /// The generator had no time left while the server had some: its share of its core.
    GeneratorBusy(f64),
    /// The generator sent its requests late: 99th percentiles of lag and latency, in microseconds.
    GeneratorLate(f64, f64),
    /// The server was kept off its core by something else for this share of the time.
    ServerKeptOff(f64),
    /// So was the generator.
    GeneratorKeptOff(f64),
}

impl Why {
    /// The word for it among the bottlenecks of a record.
    pub fn bottleneck(self) -> &'static str {
        match self {
            Self::GeneratorBusy(_) | Self::GeneratorLate(..) => "generator_cpu",
            Self::ServerKeptOff(_) | Self::GeneratorKeptOff(_) => "noise",
        }
    }

    /// Whether it may be better the next time: a generator that is late has often been held up once.
    pub fn may_pass(self) -> bool {
        !matches!(self, Self::GeneratorBusy(_))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::GeneratorBusy(share) => write!(
                f,
                "the generator was the limit: {:.0} % of its core while the server was idle at \
                 times; give the server fewer cores or each request more work",
                share * 100.0
            ),
            Self::GeneratorLate(lag_us, latency_us) => write!(
                f,
                "the generator was late by {lag_us:.0} us (p99) of {latency_us:.0} us latency; \
                 lower the rate, or give it a core of its own"
            ),
            Self::ServerKeptOff(share) => kept_off(f, "server", *share),
            Self::GeneratorKeptOff(share) => kept_off(f, "generator", *share),
        }
    }
}

fn kept_off(f: &mut fmt::Formatter<'_>, who: &str, share: f64) -> fmt::Result {
    let percent = share * 100.0;
    write!(
        f,
        "the {who} was kept off its core for {percent:.0} % of the time; end what else runs on this \
         machine and measure again"
    )
}

/// All that speaks against the figures of `tally`; none is the goal. `server` is what the scheduler
/// gave the server in the same time, where that can be seen.
pub fn validity(tally: &Tally, server: Option<Usage>) -> Vec<Why> {
    let share = |time: std::time::Duration| time.as_secs_f64() / tally.elapsed.as_secs_f64();
    // Threads of one server wait for each other too: others had at most what it did not use.
    let kept_off = |usage: Usage| share(usage.waited).min((1.0 - share(usage.cpu)).max(0.0));
    let mut whys = Vec::new();
    match tally.pace {
        Pace::Closed => {
            let busy = share(tally.generator.cpu);
            let idle = server.is_none_or(|server| share(server.cpu) < SERVER_BUSY_MIN);
            whys.extend((busy >= GENERATOR_BUSY_MAX && idle).then_some(Why::GeneratorBusy(busy)));
        }
        // It waits without sleeping, so that its share of the core says nothing.
        Pace::Open { .. } => {
            let (lag, latency) = (tally.lag.quantile_us(0.99), tally.latencies.quantile_us(0.99));
            let most = LAG_US_MAX.max(LAG_SHARE_MAX * latency);
            whys.extend((lag > most).then_some(Why::GeneratorLate(lag, latency)));
        }
    }
    if let Some(off) = server.map(kept_off).filter(|off| *off > KEPT_OFF_MAX) {
        whys.push(Why::ServerKeptOff(off));
    }
    let off = share(tally.generator.waited);
    whys.extend((off > KEPT_OFF_MAX).then_some(Why::GeneratorKeptOff(off)));
    whys
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const OPEN: Pace = Pace::Open { rate_per_s: 1.0 };

    /// A run of one second; times in milliseconds on the core and off it, percentiles of lag and
    /// latency in milliseconds.
    #[track_caller]
    fn check(
        pace: Pace,
        generator: (u64, u64),
        server: Option<(u64, u64)>,
        percentiles: (u64, u64),
        want: &[&str],
    ) {
        let ms = Duration::from_millis;
        let usage = |(cpu, waited)| Usage { cpu: ms(cpu), waited: ms(waited) };
        let mut tally = Tally { pace, elapsed: ms(1000), ..Tally::default() };
        tally.generator = usage(generator);
        tally.lag.record(percentiles.0 * 1_000_000);
        tally.latencies.record(percentiles.1 * 1_000_000);
        let whys = validity(&tally, server.map(usage));
        let got: Vec<_> = whys.iter().map(ToString::to_string).collect();
        assert_eq!(got.len(), want.len(), "{got:?}");
        for (got, want) in got.iter().zip(want) {
            assert!(got.contains(want), "{got} has no {want:?}");
        }
    }

    #[test]
    fn figures_mean_something_unless_something_else_was_the_limit() {
        check(Pace::Closed, (960, 0), Some((500, 0)), (0, 1), &[]);
        check(Pace::Closed, (980, 0), Some((990, 0)), (0, 1), &[]);
        check(Pace::Closed, (980, 0), Some((500, 0)), (0, 1), &["98 % of its core"]);
        check(Pace::Closed, (980, 0), None, (0, 1), &["98 % of its core"]);
        check(OPEN, (1000, 0), Some((500, 0)), (0, 5), &[]);
        check(OPEN, (1000, 0), Some((500, 0)), (3, 40), &[]);
        check(OPEN, (1000, 0), Some((500, 0)), (3, 5), &["late by 3"]);
        check(
            Pace::Closed,
            (500, 60),
            Some((500, 60)),
            (0, 1),
            &["the server was", "the generator"],
        );
        check(Pace::Closed, (500, 0), Some((990, 500)), (0, 1), &[]);
    }

    /// Judges work inside this process that took a second and was on a core for so many milliseconds.
    #[track_caller]
    fn check_inside(process_cpu: u64, want: &[&str]) {
        let ms = Duration::from_millis;
        let generator = Usage::of_busy_work(ms(process_cpu), ms(1000));
        let tally = Tally { pace: OPEN, elapsed: ms(1000), generator, ..Tally::default() };
        let got: Vec<_> = validity(&tally, None).iter().map(ToString::to_string).collect();
        let is_said = |(got, want): (&String, &&str)| got.contains(*want);
        let all = got.len() == want.len() && got.iter().zip(want).all(is_said);
        assert!(all, "{process_cpu} of 1000 ms: {got:?} is not {want:?}");
    }

    #[test]
    fn work_is_kept_off_its_core_by_what_is_not_the_work() {
        check_inside(1000, &[]);
        check_inside(960, &[]);
        check_inside(940, &["the generator was kept off its core for 6 %"]);
        check_inside(100, &["the generator was kept off its core for 90 %"]);
        // The clocks are read in turn, and its threads may have several cores.
        check_inside(1001, &[]);
        check_inside(1700, &[]);
    }
}
