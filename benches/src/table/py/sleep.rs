//! Functions that block: many at once beside one, and how long others wait meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use super::load::over_http;
use super::{Bench, OURS, PEERS, Side};
use crate::client::{Client, wrap};
use crate::fault::{Fault, excerpt};
use crate::generator::request::ID_FIRST;
use crate::generator::{Extent, Load, run};
use crate::histogram::Latencies;
use crate::pythons::Pythons;
use crate::question::Question;
use crate::report::{Asked, Row};
use crate::rounds::median;
use crate::table::start::row;
use crate::target::{Era, Target};

/// How long a call sleeps.
const SLEEP_MS: u64 = 100;
/// Calls at once.
const CALLS: usize = 64;
/// Times that many are made at once, in each round.
const BURSTS: usize = 4;
/// From one answer to `ping` to the next question.
const PAUSE: Duration = Duration::from_millis(2);
/// Most time for all, beside one.
const TIMES_MAX: f64 = 2.0;
/// Longest wait of 99 of 100 pings.
const PING_MS_MAX: f64 = 5.0;

/// What was seen of one side.
#[derive(Default)]
struct Seen {
    /// All at once, as a multiple of one alone.
    times: Vec<f64>,
    pings: Latencies,
}

/// Measures every side, one after the other: they mostly sleep.
pub(super) fn measure(bench: &mut Bench, pythons: &Pythons) -> Result<(), Fault> {
    let ours = watch(bench, OURS, pythons).map_err(|fault| fault.within(OURS.name))?;
    let (mut times, mut pings) = (Vec::new(), vec![said(OURS, &ours.pings)]);
    for peer in PEERS {
        match watch(bench, peer, pythons) {
            Ok(seen) => {
                times.push(format!("{} {:.2}×", peer.name, median(seen.times)));
                pings.push(said(peer, &seen.pings));
            }
            Err(fault) => times.push(format!("{} fails: {fault}", peer.name)),
        }
    }
    let name = format!("Python, {CALLS} functions that sleep {SLEEP_MS} ms: time beside one");
    let asked = Asked::AtMost(TIMES_MAX);
    bench.rows.push(row(name, asked, &ours.times, "×", times.join("; ")));
    let p99 = ours.pings.quantile_us(0.99) / 1e3;
    let row = Row::new("Python, ping meanwhile, p99", Asked::AtMost(PING_MS_MAX), p99, "ms");
    bench.rows.push(row.with_note(pings.join("; ")));
    Ok(())
}

fn said(side: Side, pings: &Latencies) -> String {
    let ms = |share| pings.quantile_us(share) / 1e3;
    let (name, count) = (side.name, pings.count());
    format!("{name} p50 {:.2} p99 {:.2} ms of {count}", ms(0.5), ms(0.99))
}

fn watch(bench: &Bench, side: Side, pythons: &Pythons) -> Result<Seen, Fault> {
    let (_server, target) = over_http(bench, side, pythons, Era::Stateless)?;
    let mut seen = Seen::default();
    // Threads are started by the first calls, which are counted: users wait for them too.
    for _ in 0..bench.rounds() * BURSTS {
        let one = at_once(bench, &target, 1)?;
        let stop = AtomicBool::new(false);
        let all = thread::scope(|scope| {
            let pings = scope.spawn(|| ping(&target, &stop, &mut seen.pings));
            let all = at_once(bench, &target, CALLS);
            stop.store(true, Ordering::Relaxed);
            let pinged = pings.join().unwrap_or(Err(Fault::Invalid("a thread panicked".into())));
            pinged.and(all)
        })?;
        seen.times.push(all.as_secs_f64() / one.as_secs_f64());
    }
    Ok(seen)
}

/// Time until `calls` that are made at once, each on a connection of its own, are answered.
fn at_once(bench: &Bench, target: &Target, calls: usize) -> Result<Duration, Fault> {
    let arguments = format!(r#"{{"ms":{SLEEP_MS}}}"#);
    let question = Question::tool("sleep", &arguments, &format!("slept {SLEEP_MS} ms"));
    let extent = Extent::Requests(calls as u64);
    let load = Load { driver: bench.options.driver, ..Load::closed(calls, 1, extent) };
    let tally = run(target, &question, &load, &mut |_| Ok(()))?;
    match tally.errors.first {
        Some(first) => Err(Fault::Target(first)),
        None => Ok(tally.elapsed),
    }
}

/// Pings on a connection of its own until `stop`.
fn ping(target: &Target, stop: &AtomicBool, latencies: &mut Latencies) -> Result<(), Fault> {
    // Only this era has a ping.
    let target = Target { era: Era::Handshake, ..target.clone() };
    let mut client = Client::connect(&target)?;
    let session = client.handshake(&target)?;
    let message = Question::ping().message(target.era, ID_FIRST).0;
    let request = wrap(&target, session.as_deref(), &message);
    while !stop.load(Ordering::Relaxed) {
        let asked = Instant::now();
        let reply = client.ask(&request)?;
        latencies.record(asked.elapsed().as_nanos() as u64);
        if reply.status != 200 {
            let text = format!("ping: {} {}", reply.status, excerpt(&reply.body));
            return Err(Fault::Target(text));
        }
        thread::sleep(PAUSE);
    }
    Ok(())
}
