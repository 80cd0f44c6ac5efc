//! One record from all repetitions: medians of what varies from one to the next, percentiles of
//! all latencies together, sums of what is counted.

use std::collections::BTreeMap;
use std::time::Duration;

use super::KEPT_OFF_MAX;
use super::Settings;
use super::meters::Used;
use super::repetition::Seen;
use crate::histogram::Latencies;
use crate::record::{Load, Record, Repetition, SCHEMA};
use crate::rounds::median;
use crate::subject::{Place, Subject};
use crate::workload::Workload;

/// Share of a core from which on a server is what held a closed loop back.
const BUSY: f64 = 0.9;

/// What the repetitions of `workload` on `subject` came to.
pub(super) fn record(
    subject: Option<&Subject>,
    workload: &Workload,
    settings: &Settings,
    seen: &[Seen],
) -> Record {
    let mut latencies = Latencies::default();
    seen.iter().for_each(|one| latencies.add(&one.latencies));
    let operations = seen.iter().map(|one| one.operations).sum();
    let elapsed: Duration = seen.iter().map(|one| one.elapsed).sum();
    let used: Vec<&Used> = seen.iter().filter_map(|one| one.used.as_ref()).collect();
    let cpu: Duration = used.iter().map(|used| used.cpu).sum();
    let mib = |bytes: Option<u64>| bytes.unwrap_or(0) as f64 / f64::from(1 << 20);
    let start = mib(seen.first().and_then(|one| one.resident_bytes).map(|[start, _]| start));
    let end = mib(seen.last().and_then(|one| one.resident_bytes).map(|[_, end]| end));
    let share = cpu.as_secs_f64() / elapsed.as_secs_f64();
    let messages = operations as f64 * messages(workload);
    let repetitions: Vec<Repetition> = seen.iter().map(repetition).collect();
    let invalid = invalid(&repetitions);
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
        bottlenecks: bottlenecks(share, &invalid),
        requests_per_s: median(repetitions.iter().map(|one| one.requests_per_s).collect()),
        server_cpu_us: all(seen, |one| Some(each(one, one.used?.cpu.as_secs_f64() * 1e6))),
        system_calls: all(seen, |one| Some(each(one, one.used?.calls?))),
        context_switches: all(seen, |one| Some(each(one, one.used?.switches as f64))),
        service_us: None,
        errors: 0,
        errors_by_kind: BTreeMap::new(),
        first_error: None,
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

/// Messages of one operation: a request and its answer, and what comes between them; or a call and
/// what every subscriber hears.
fn messages(workload: &Workload) -> f64 {
    let events = workload.answer.as_ref().map_or(0, |answer| answer.events);
    let replies = workload.request.as_ref().map_or(0, |request| 2 * request.replies.len());
    let heard = workload.fanout.as_ref().map_or(0, |fanout| fanout.subscribers);
    2.0 + f64::from(events) + replies as f64 + heard as f64
}

fn each(seen: &Seen, value: f64) -> f64 {
    value / seen.operations as f64
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

fn repetition(seen: &Seen) -> Repetition {
    let quantile = |share| seen.latencies.quantile_us(share);
    Repetition {
        operations: seen.operations,
        requests_per_s: seen.operations as f64 / seen.elapsed.as_secs_f64(),
        latency_p50_us: quantile(0.5),
        latency_p95_us: quantile(0.95),
        latency_p99_us: quantile(0.99),
        server_cpu_us: seen.used.map(|used| each(seen, used.cpu.as_secs_f64() * 1e6)),
        kept_off: seen.kept_off(),
    }
}

/// Why the figures do not mean much.
fn invalid(repetitions: &[Repetition]) -> Vec<String> {
    let noisy = repetitions.iter().filter(|one| one.kept_off > KEPT_OFF_MAX).count();
    if noisy == 0 {
        return Vec::new();
    }
    let of = repetitions.len();
    vec![format!("noise: the server was kept off its core in {noisy} of {of} repetitions")]
}

fn bottlenecks(share: f64, invalid: &[String]) -> Vec<String> {
    let mut found = Vec::new();
    if share >= BUSY {
        found.push("server_cpu".to_owned());
    }
    if invalid.iter().any(|why| why.starts_with("noise")) {
        found.push("noise".to_owned());
    }
    found
}

fn server(subject: Option<&Subject>, workload: &Workload) -> String {
    match subject {
        Some(subject) => {
            format!("{} over {}", subject.identity(), Place::scheme(workload.load.via))
        }
        None => format!("mcpring {}, inside this process", env!("CARGO_PKG_VERSION")),
    }
}

fn load(subject: Option<&Subject>, workload: &Workload, settings: &Settings) -> Load {
    let spec = &workload.load;
    let rate = workload.fanout.as_ref().map_or(spec.rate, |fanout| fanout.rate);
    let via = serde_json::to_value(spec.via).ok();
    let via = via.as_ref().and_then(|via| via.as_str()).unwrap_or("").to_owned();
    let era = subject.and_then(|subject| Some((subject, subject.era(spec.era)?)));
    Load {
        pace: if rate.is_some() { "open" } else { "closed" }.into(),
        rate,
        via: if subject.is_some() { via } else { "inside".into() },
        version: era.map_or(String::new(), |(subject, era)| subject.version(era).to_owned()),
        connections: workload.fanout.as_ref().map_or(spec.connections, |spec| spec.subscribers),
        inflight: spec.inflight,
        warmup_s: settings.warmup.as_secs_f64(),
    }
}
