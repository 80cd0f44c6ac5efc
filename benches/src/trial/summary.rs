//! One record from all repetitions: medians of what varies from one to the next, percentiles of
//! all latencies together, sums of what is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Settings;
use super::meters::Used;
use super::repetition::Seen;
use crate::generator::Tally;
use crate::generator::validity::Why;
use crate::histogram::Latencies;
use crate::record::{Load, Record, Repetition, SCHEMA};
use crate::rounds::median;
use crate::subject::{Place, Subject};
use crate::workload::{Via, Workload};

/// Share of a core from which on a server is what held a closed loop back.
const BUSY: f64 = 0.9;

/// What the repetitions of `workload` on `subject` came to.
pub(super) fn record(
    subject: Option<&Subject>,
    workload: &Workload,
    settings: &Settings,
    seen: &[Seen],
) -> Record {
    let latencies = together(seen, |tally| &tally.latencies);
    let operations = seen.iter().map(|one| one.tally.requests).sum();
    let elapsed: Duration = seen.iter().map(|one| one.tally.elapsed).sum();
    let used: Vec<&Used> = seen.iter().filter_map(|one| one.used.as_ref()).collect();
    let cpu: Duration = used.iter().map(|used| used.time.cpu).sum();
    let [start, end] = resident(seen).map(|bytes| bytes as f64 / f64::from(1 << 20));
    let share = cpu.as_secs_f64() / elapsed.as_secs_f64();
    let messages = operations as f64 * messages(workload);
    let repetitions: Vec<Repetition> = seen.iter().map(repetition).collect();
    let invalid = invalid(seen);
    let errors = errors(seen);
    Record {
        schema: SCHEMA,
        benchmark: workload.about.clone(),
        workload_id: workload.id.clone(),
        timestamp: jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        environment: settings.environment.clone(),
        operations,
        duration_s: elapsed.as_secs_f64(),
        throughput_msg_per_s: messages / elapsed.as_secs_f64(),
        latency_p50_us: latencies.quantile_us(0.5),
        latency_p95_us: latencies.quantile_us(0.95),
        latency_p99_us: latencies.quantile_us(0.99),
        latency_min_us: latencies.min_us(),
        latency_max_us: latencies.max_us(),
        latency_avg_us: latencies.mean_us(),
        memory_start_mib: start,
        memory_end_mib: end,
        memory_delta_mib: end - start,
        cpu_percent_avg: 100.0 * share,
        bottlenecks: bottlenecks(share, seen),
        requests_per_s: median(repetitions.iter().map(|one| one.requests_per_s).collect()),
        server_cpu_us: all(seen, |one| Some(each(one, one.used?.time.cpu.as_secs_f64() * 1e6))),
        system_calls: all(seen, |one| Some(each(one, one.used?.calls?))),
        context_switches: all(seen, |one| Some(each(one, one.used?.switches as f64))),
        service_us: rate(workload).map(|_| {
            let service = together(seen, |tally| &tally.service);
            [0.5, 0.95, 0.99].map(|share| service.quantile_us(share))
        }),
        errors: errors.values().sum(),
        errors_by_kind: errors,
        first_error: seen.iter().find_map(|one| one.tally.errors.first.clone()),
        valid: invalid.is_empty(),
        invalid,
        subject: subject.map_or("inside", Subject::name).to_owned(),
        server: server(subject, workload),
        load: load(subject, workload, settings),
        repetitions,
        stages_us: medians(seen, |one| &one.stages_us),
        figures: medians(seen, |one| &one.figures),
    }
}

/// Resident memory of the process that was measured last: before its first repetition, which may have
/// been all it had, and after the last one. Zero where it could not be seen.
fn resident(seen: &[Seen]) -> [u64; 2] {
    let all = || seen.iter().filter_map(|one| one.resident);
    let last = all().next_back();
    let first = last.and_then(|last| all().find(|one| one.process == last.process));
    first.zip(last).map_or([0; 2], |(first, last)| [first.bytes[0], last.bytes[1]])
}

/// Messages of one operation: a request and its answer, and what comes between them; or a call and
/// what every subscriber hears.
fn messages(workload: &Workload) -> f64 {
    let events = workload.answer.as_ref().map_or(0, |answer| answer.events);
    let replies = workload.request.as_ref().map_or(0, |request| 2 * request.replies.len());
    let heard = workload.fanout.as_ref().map_or(0, |fanout| fanout.subscribers);
    2.0 + f64::from(events) + replies as f64 + heard as f64
}

fn each(seen: &Seen, value: f64) -> f64 {
    value / seen.tally.requests as f64
}

/// The median of a figure, if every repetition has it.
fn all(seen: &[Seen], pick: impl Fn(&Seen) -> Option<f64>) -> Option<f64> {
    seen.iter().map(pick).collect::<Option<Vec<_>>>().filter(|all| !all.is_empty()).map(median)
}

/// The median of each figure that every repetition has.
fn medians(seen: &[Seen], pick: fn(&Seen) -> &BTreeMap<String, f64>) -> BTreeMap<String, f64> {
    let names = seen.first().into_iter().flat_map(|one| pick(one).keys());
    let figure =
        |name: &String| Some((name.clone(), all(seen, |one| pick(one).get(name).copied())?));
    names.filter_map(figure).collect()
}

/// All latencies of one kind.
fn together(seen: &[Seen], pick: fn(&Tally) -> &Latencies) -> Latencies {
    let mut all = Latencies::default();
    for one in seen {
        all.add(pick(&one.tally));
    }
    all
}

/// Errors by kind, those that there were.
fn errors(seen: &[Seen]) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for Tally { errors, unanswered, .. } in seen.iter().map(|one| &one.tally) {
        for (kind, count) in [
            ("wrong", errors.wrong),
            ("rpc", errors.rpc),
            ("http", errors.http),
            ("unanswered", *unanswered),
        ] {
            *counts.entry(kind.to_owned()).or_default() += count;
        }
    }
    counts.retain(|_, count| *count > 0);
    counts
}

fn repetition(seen: &Seen) -> Repetition {
    let quantile = |share| seen.tally.latencies.quantile_us(share);
    Repetition {
        operations: seen.tally.requests,
        requests_per_s: seen.tally.requests_per_s(),
        latency_p50_us: quantile(0.5),
        latency_p95_us: quantile(0.95),
        latency_p99_us: quantile(0.99),
        server_cpu_us: seen.used.map(|used| each(seen, used.time.cpu.as_secs_f64() * 1e6)),
        kept_off: seen.kept_off(),
    }
}

/// Why the figures do not mean much: the first reason of each kind, and in how many repetitions.
fn invalid(seen: &[Seen]) -> Vec<String> {
    let mut reasons: Vec<(Why, usize)> = Vec::new();
    for why in seen.iter().flat_map(|one| &one.whys) {
        let same = |known: &Why| std::mem::discriminant(known) == std::mem::discriminant(why);
        match reasons.iter_mut().find(|(known, _)| same(known)) {
            Some((_, count)) => *count += 1,
            None => reasons.push((*why, 1)),
        }
    }
    let of = seen.len();
    let words = |(why, count)| format!("{why} ({count} of {of} repetitions)");
    reasons.into_iter().map(words).collect()
}

fn bottlenecks(share: f64, seen: &[Seen]) -> Vec<String> {
    let whys = seen.iter().flat_map(|one| &one.whys).map(|why| why.bottleneck());
    let mut found: Vec<&str> = (share >= BUSY).then_some("server_cpu").into_iter().collect();
    found.extend(whys);
    found.sort_unstable();
    found.dedup();
    found.into_iter().map(str::to_owned).collect()
}

/// Requests a second of an open loop.
fn rate(workload: &Workload) -> Option<f64> {
    workload.fanout.as_ref().map_or(workload.load.rate, |fanout| fanout.rate)
}

fn server(subject: Option<&Subject>, workload: &Workload) -> String {
    match subject {
        Some(subject) => format!("{} over {}", subject.identity(), via(subject, workload)),
        None => format!("mcpring {}, inside this process", env!("CARGO_PKG_VERSION")),
    }
}

/// What carries the messages.
fn via(subject: &Subject, workload: &Workload) -> &'static str {
    let via = if workload.fanout.is_some() { Via::Http } else { workload.load.via };
    subject.place(via).map_or("stdio", Place::name)
}

fn load(subject: Option<&Subject>, workload: &Workload, settings: &Settings) -> Load {
    let (spec, rate) = (&workload.load, rate(workload));
    let era = subject.and_then(|subject| Some((subject, subject.era_of(spec)?)));
    Load {
        pace: if rate.is_some() { "open" } else { "closed" }.into(),
        rate,
        via: subject.map_or("inside", |subject| via(subject, workload)).into(),
        version: era.map_or(String::new(), |(subject, era)| subject.version(era).to_owned()),
        connections: workload.fanout.as_ref().map_or(spec.connections, |spec| spec.subscribers),
        inflight: spec.inflight,
        warmup_s: settings.warmup.as_secs_f64(),
    }
}
