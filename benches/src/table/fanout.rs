//! The rows about fan-out: one update of a resource to a thousand HTTP subscribers, beside rmcp.
//!
//! Subscribers are connected before anything is counted. One client calls a tool that publishes
//! the update; the next call follows when every subscriber has it and the call is answered.

use std::time::{Duration, Instant};

use super::Bench;
use super::sessions::Host;
use crate::audience::Stage;
use crate::child::Server;
use crate::fault::Fault;
use crate::histogram::Latencies;
use crate::measure::counters::Counters;
use crate::report::{Asked, Row};
use crate::rounds::{ENTERS, Sample, Samples};
use crate::target::{Era, Target, Wire};

/// Subscribers of both resources.
const SUBSCRIBERS: usize = 1_000;
/// Most server CPU of one delivery, in microseconds.
const CPU_US_MAX: f64 = 12.0;
/// Most time until the last subscriber has an update, in milliseconds.
const LAST_MS_MAX: f64 = 20.0;
/// Updates before anything is counted.
const WARM: u32 = 5;
/// Time in which nothing more may come, at the end.
const SILENCE: Duration = Duration::from_millis(200);

/// Both eras, ours and rmcp in turn.
pub(super) fn measure(bench: &mut Bench) -> Result<(), Fault> {
    for (era, called) in [(Era::Handshake, "sessions"), (Era::Stateless, "listening requests")] {
        let name = format!("update to {SUBSCRIBERS} {called}");
        let open = |host| Side::open(bench, host, era).map_err(|fault| fault.within(&name));
        let mut sides = [open(Host::Ours)?, open(Host::Rmcp)?];
        let sides = alternate(bench, &mut sides).map_err(|fault| fault.within(&name))?;
        rows(bench, &name, &sides);
        bench.compared(name, sides);
    }
    Ok(())
}

fn rows(bench: &mut Bench, name: &str, sides: &[Samples]) {
    let [cpu, last]: [fn(&Sample) -> f64; 2] =
        [|sample| sample.cpu_us, |sample| sample.p50_us / 1e3];
    for (what, asked, unit, pick) in [
        ("CPU a delivery", CPU_US_MAX, "µs", cpu),
        ("until the last has it", LAST_MS_MAX, "ms", last),
    ] {
        let [ours, rmcp] = [0, 1].map(|side| sides[side].median(pick));
        let rounds = sides[0].rounds.iter().map(pick);
        let spread = rounds.fold((f64::INFINITY, f64::NEG_INFINITY), |(least, most), value| {
            (least.min(value), most.max(value))
        });
        let row = Row::new(format!("{name}: {what}"), Asked::AtMost(asked), ours, unit);
        let note = format!("rmcp {rmcp:.1} {unit}, {:.1} times as much", rmcp / ours);
        bench.rows.push(Row { spread: Some(spread), ..row.with_note(note) });
    }
}

/// Both sides in turn, and at the end a while in which neither may say anything more.
fn alternate(bench: &Bench, sides: &mut [Side; 2]) -> Result<Vec<Samples>, Fault> {
    let empty = |side: &Side| Samples { name: side.host.name(), rounds: Vec::new() };
    let mut samples: Vec<Samples> = sides.iter().map(empty).collect();
    for _ in 0..bench.rounds() {
        for (side, samples) in sides.iter_mut().zip(&mut samples) {
            let sample = side.round(bench.seconds());
            samples.rounds.push(sample.map_err(|fault| fault.within(side.host.name()))?);
        }
    }
    for side in sides {
        side.stage.rest(SILENCE).map_err(|fault| fault.within(side.host.name()))?;
    }
    Ok(samples)
}

/// One server with its subscribers.
struct Side {
    host: Host,
    server: Server,
    stage: Stage,
    counters: Counters,
}

impl Side {
    fn open(bench: &Bench, host: Host, era: Era) -> Result<Self, Fault> {
        let open = || -> Result<Self, Fault> {
            let (server, address) = host.start(bench)?;
            let target = Target::new(address, Wire::Http, era);
            let mut stage = Stage::open(&target, SUBSCRIBERS, bench.options.driver)?;
            (0..WARM).try_for_each(|_| stage.publish().map(|_| ()))?;
            let counters = Counters::new(address);
            Ok(Self { host, server, stage, counters })
        };
        open().map_err(|fault| fault.within(host.name()))
    }

    /// Publishes for `time` and measures the server meanwhile.
    fn round(&mut self, time: Duration) -> Result<Sample, Fault> {
        let process = self.server.process();
        let enters = self.enters()?;
        let (before, begin) = (process.usage()?, Instant::now());
        let (mut deliveries, mut lasts) = (0, Latencies::default());
        while begin.elapsed() < time {
            lasts.record(self.stage.publish()?.as_nanos() as u64);
            deliveries += self.stage.len() as u64;
        }
        let (after, elapsed) = (process.usage()?, begin.elapsed().as_secs_f64());
        let enters = self.enters()?.zip(enters).map(|(after, before)| after - before);
        let cpu = after.cpu.saturating_sub(before.cpu).as_secs_f64();
        let waited = after.waited.saturating_sub(before.waited).as_secs_f64();
        Ok(Sample {
            requests: deliveries,
            cpu_us: cpu * 1e6 / deliveries as f64,
            requests_per_s: deliveries as f64 / elapsed,
            p50_us: lasts.quantile_us(0.5),
            p99_us: lasts.quantile_us(0.99),
            busy: cpu / elapsed,
            waited: waited / elapsed,
            enters: enters.map(|enters| enters / deliveries as f64),
        })
    }

    /// System calls so far, where the server counts them.
    fn enters(&self) -> Result<Option<f64>, Fault> {
        match self.host {
            Host::Ours => self.counters.sum(ENTERS),
            Host::Rmcp => Ok(None),
        }
    }
}
