//! What `run` shows: one line while it measures, a table when it has.

use std::io::{IsTerminal, Write, stderr};

use crate::generator;
use crate::record::{READ_WRITES, RENEWALS, RESENT, Record};
use crate::report::number;
use crate::trial::Watch;
use crate::workload::Workload;

/// Goes back to the beginning of the line and clears it.
const ANEW: &str = "\r\u{1b}[K";

/// The line of progress, on a terminal only.
pub(super) struct Progress {
    shown: bool,
    repetition: String,
}

impl Progress {
    /// Shows progress if it is `wanted` and somebody looks.
    pub(super) fn new(wanted: bool) -> Self {
        Self { shown: wanted && stderr().is_terminal(), repetition: String::new() }
    }

    fn line(&self, text: &str) {
        if self.shown {
            // Nobody seeing it is no reason to stop.
            let _ = write!(stderr(), "{ANEW}{text}");
            let _ = stderr().flush();
        }
    }

    /// Clears the line.
    pub(super) fn end(&self) {
        self.line("");
    }
}

impl Watch for Progress {
    fn begins(&mut self, _: &str, _: &Workload, number: usize, of: usize) {
        self.repetition = if of > 1 { format!("{number} of {of}: ") } else { String::new() };
    }

    fn progress(&mut self, progress: &generator::Progress) {
        let generator::Progress { elapsed, requests_per_s, p50_us, p99_us, errors, .. } = progress;
        let phase = if progress.is_warmup { "warming up, " } else { "" };
        let errors = if *errors > 0 { format!(", {errors} errors") } else { String::new() };
        let (p50, p99, s) = (number(*p50_us), number(*p99_us), elapsed.as_secs_f64());
        self.line(&format!(
            "{}{phase}{s:.1} s, {requests_per_s:.0} req/s, p50 {p50} µs, p99 {p99} µs{errors}",
            self.repetition
        ));
    }
}

/// The record for people; what was not seen is left out.
pub(super) fn table(record: &Record) -> String {
    let us = |value: f64| format!("{} µs", number(value));
    let mut rows = vec![
        ("server", record.server.clone()),
        ("load", load(record)),
        ("requests", format!("{} in {} s", record.operations, number(record.duration_s))),
        ("throughput", throughput(record)),
        ("latency p50", us(record.latency_p50_us)),
        ("latency p95", us(record.latency_p95_us)),
        ("latency p99", us(record.latency_p99_us)),
        ("latency min, mean, max", {
            let [min, mean, max] =
                [record.latency_min_us, record.latency_avg_us, record.latency_max_us].map(us);
            format!("{min}, {mean}, {max}")
        }),
    ];
    if let Some(service) = record.service_us {
        let [p50, p95, p99] = service.map(us);
        rows.push(("from being sent: p50, p95, p99", format!("{p50}, {p95}, {p99}")));
    }
    if let Some(cpu) = record.server_cpu_us {
        let share = number(record.cpu_percent_avg);
        rows.push(("server CPU a request", format!("{} ({share} % of a core)", us(cpu))));
        let [start, end] = [record.memory_start_mib, record.memory_end_mib].map(number);
        rows.push(("server memory", format!("{start} MiB, then {end} MiB")));
    }
    let a_request = |value: f64| format!("{} a request", number(value));
    let seen = [
        ("context switches", record.context_switches),
        ("system calls", record.system_calls),
        ("read and write calls", record.figures.get(READ_WRITES).copied()),
    ];
    rows.extend(seen.into_iter().filter_map(|(name, value)| Some((name, a_request(value?)))));
    let counted = [
        ("new connections", RENEWALS, "the server closes them, or leaves event streams open"),
        ("requests sent again", RESENT, "their connection was closed after an answer, unsaid"),
    ];
    rows.extend(counted.into_iter().filter_map(|(name, figure, why)| {
        Some((name, format!("{}: {why}", number(*record.figures.get(figure)?))))
    }));
    rows.extend(errors(record));
    let wide = rows.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
    let lines = rows.iter().map(|(name, value)| format!("{name:<wide$}  {value}"));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}

fn throughput(record: &Record) -> String {
    let messages = record.throughput_msg_per_s;
    format!("{:.0} req/s, {messages:.0} msg/s", record.requests_per_s)
}

fn load(record: &Record) -> String {
    let load = &record.load;
    let (connections, inflight) = (load.connections, load.inflight);
    let pace = load.rate.map_or(String::new(), |rate| format!(", {rate} due a second"));
    let version = &load.version;
    format!("{version}, connections: {connections}, in flight on each: {inflight}{pace}")
}

/// Errors by kind, and the first one's words.
fn errors(record: &Record) -> Vec<(&'static str, String)> {
    if record.errors == 0 {
        return vec![("errors", "none".into())];
    }
    let kinds = record.errors_by_kind.iter().map(|(kind, count)| format!("{kind} {count}"));
    let mut rows = vec![("errors", kinds.collect::<Vec<_>>().join(", "))];
    rows.extend(record.first_error.clone().map(|words| ("the first", words)));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Environment;

    #[test]
    fn what_was_not_seen_is_left_out() {
        let record = Record { operations: 7, ..Record::empty(Environment::default()) };
        let shown = table(&record);
        assert!(!shown.contains("server CPU") && !shown.contains("sent"), "{shown}");
        assert!(shown.contains("none"), "{shown}");
        let record = Record {
            service_us: Some([1.0, 2.0, 3.0]),
            server_cpu_us: Some(4.5),
            system_calls: Some(0.25),
            errors: 3,
            errors_by_kind: [("wrong".to_owned(), 3)].into(),
            figures: [(RENEWALS, 40.0), (RESENT, 2.0), (READ_WRITES, 1.5)]
                .map(|(name, value)| (name.to_owned(), value))
                .into(),
            first_error: Some("first words".into()),
            ..record
        };
        let shown = table(&record);
        for part in [
            "1.00 µs, 2.00 µs, 3.00 µs",
            "4.50 µs",
            "0.250 a",
            "1.50 a",
            "wrong 3",
            "first words",
            "40.0: the server closes them",
            "2.00: their connection",
        ] {
            assert!(shown.contains(part), "{part}: {shown}");
        }
    }
}
