//! The rows about fan-out: one update of a resource to a thousand HTTP subscribers, beside rmcp.
//!
//! Subscribers are connected before anything is counted. One client calls a tool that publishes
//! the update; the next call follows when every subscriber has it and the call is answered. Two
//! resources take turns, so that a notification that is late or doubled is found.

use std::time::{Duration, Instant};

use memchr::memmem;

use super::Bench;
use super::sessions::Host;
use crate::audience::{Audience, Notice};
use crate::child::Server;
use crate::client::Client;
use crate::fault::{Fault, excerpt};
use crate::generator::request::{ID_FIRST, Request};
use crate::histogram::Latencies;
use crate::measure::counters::Counters;
use crate::report::{Asked, Row};
use crate::rounds::{ENTERS, Sample, Samples};
use crate::target::{Era, Target, Wire};
use crate::tools::RESOURCES;
use crate::workload::Workload;

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
        side.audience.rest(SILENCE).map_err(|fault| fault.within(side.host.name()))?;
    }
    Ok(samples)
}

/// One server with its subscribers.
struct Side {
    host: Host,
    server: Server,
    audience: Audience,
    trigger: Trigger,
    counters: Counters,
}

impl Side {
    fn open(bench: &Bench, host: Host, era: Era) -> Result<Self, Fault> {
        let open = || -> Result<Self, Fault> {
            let (server, address) = host.start(bench)?;
            let target = Target::new(address, Wire::Http, era);
            let trigger = Trigger::open(&target)?;
            let audience = Audience::open(&target, SUBSCRIBERS, &RESOURCES, bench.options.driver)?;
            let counters = Counters::new(address);
            let mut side = Self { host, server, audience, trigger, counters };
            (0..WARM).try_for_each(|_| side.publish().map(|_| ()))?;
            Ok(side)
        };
        open().map_err(|fault| fault.within(host.name()))
    }

    /// Publishes once and says how long it took until the last subscriber had it.
    fn publish(&mut self) -> Result<Duration, Fault> {
        let uri = self.trigger.next();
        self.audience.expect(Notice::updated(uri));
        let begin = Instant::now();
        self.trigger.pull()?;
        self.audience.wait()?;
        let last = begin.elapsed();
        self.trigger.answered()?;
        Ok(last)
    }

    /// Publishes for `time` and measures the server meanwhile.
    fn round(&mut self, time: Duration) -> Result<Sample, Fault> {
        let process = self.server.process();
        let enters = self.enters()?;
        let (before, begin) = (process.usage()?, Instant::now());
        let (mut deliveries, mut lasts) = (0, Latencies::default());
        while begin.elapsed() < time {
            lasts.record(self.publish()?.as_nanos() as u64);
            deliveries += self.audience.len() as u64;
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

/// The client that publishes; it subscribes to nothing.
struct Trigger {
    client: Client,
    /// One request for each resource.
    requests: [Request; RESOURCES.len()],
    pulled: u64,
}

impl Trigger {
    fn open(target: &Target) -> Result<Self, Fault> {
        let mut client = Client::connect(target)?;
        let session = client.handshake(target)?;
        let requests = RESOURCES.map(|uri| {
            let arguments = format!(r#"{{"uri":"{uri}"}}"#);
            let workload = Workload::tool("update_resource", arguments, "updated");
            Request::new(target, &workload, session.as_deref())
        });
        Ok(Self { client, requests, pulled: 0 })
    }

    fn place(&self) -> usize {
        (self.pulled % RESOURCES.len() as u64) as usize
    }

    /// The resource that is updated next.
    fn next(&self) -> &'static str {
        RESOURCES[self.place()]
    }

    fn pull(&mut self) -> Result<(), Fault> {
        let mut request = Vec::new();
        self.requests[self.place()].append(&mut request, ID_FIRST + self.pulled);
        self.client.send(&request)
    }

    fn answered(&mut self) -> Result<(), Fault> {
        let reply = self.client.answer()?;
        let id = format!(r#""id":{}"#, ID_FIRST + self.pulled);
        self.pulled += 1;
        let holds = |what: &str| memmem::find(&reply.body, what.as_bytes()).is_some();
        if reply.status == 200 && holds(&id) && holds(r#""text":"updated""#) {
            return Ok(());
        }
        let (status, text) = (reply.status, excerpt(&reply.body));
        Err(Fault::Target(format!("the call that publishes was answered: {status} {text}")))
    }
}
