//! Two files of results side by side: a verdict for each workload and metric, and everything that
//! keeps a verdict from meaning something.

use serde::Serialize;

use super::{Better, Ratio, Verdict};
use crate::record::{Record, Repetition};

/// A figure that can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// CPU time of the server a request: the calmest figure on a machine that others use too.
    Cpu,
    /// Half of the requests took no longer.
    P50,
    /// 95 % took no longer.
    P95,
    /// 99 % took no longer.
    P99,
    /// Requests a second.
    Throughput,
}

impl Metric {
    /// All of them, the calmest first.
    pub const ALL: [Self; 5] = [Self::Cpu, Self::P50, Self::P95, Self::P99, Self::Throughput];

    /// For people.
    pub fn title(self) -> &'static str {
        match self {
            Self::Cpu => "server CPU µs/req",
            Self::P50 => "p50 µs",
            Self::P95 => "p95 µs",
            Self::P99 => "p99 µs",
            Self::Throughput => "req/s",
        }
    }

    fn better(self) -> Better {
        if self == Self::Throughput { Better::More } else { Better::Less }
    }

    /// The figure of each repetition, if all have it.
    fn of(self, record: &Record) -> Vec<f64> {
        let pick = |one: &Repetition| match self {
            Self::Cpu => one.server_cpu_us,
            Self::P50 => Some(one.latency_p50_us),
            Self::P95 => Some(one.latency_p95_us),
            Self::P99 => Some(one.latency_p99_us),
            Self::Throughput => Some(one.requests_per_s),
        };
        record.repetitions.iter().map(pick).collect::<Option<_>>().unwrap_or_default()
    }
}

/// What is compared, and from when on a difference counts.
#[derive(Clone, Debug)]
pub struct Question {
    /// The metrics that were asked for. Without any, all are shown and only the calmest that both
    /// sides have decides.
    pub metrics: Vec<Metric>,
    /// Such as 0.1 for a tenth.
    pub threshold: f64,
}

/// One metric of one workload.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The workload.
    pub workload_id: String,
    /// The server.
    pub subject: String,
    /// The figure.
    pub metric: Metric,
    /// Its median before.
    pub before: f64,
    /// And after.
    pub after: f64,
    /// After by before.
    pub ratio: Ratio,
    /// What that means.
    pub verdict: Verdict,
    /// Whether a regression of this metric fails a comparison.
    pub decides: bool,
}

/// Both files side by side.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Comparison {
    /// What can be compared.
    pub rows: Vec<Row>,
    /// What cannot, and what to keep in mind.
    pub remarks: Vec<String>,
}

impl Comparison {
    /// Compares `after` with `before`.
    pub fn of(before: &[Record], after: &[Record], question: &Question) -> Self {
        let mut comparison = Self::default();
        if let (Some(first), Some(second)) = (before.first(), after.first()) {
            let differences = first.environment.differs_from(&second.environment);
            let say = |what| format!("measured under different conditions: {what}");
            comparison.remarks.extend(differences.into_iter().map(say));
        }
        let single = is_single(before) && is_single(after);
        let same = |a: &Record, b: &Record| {
            a.workload_id == b.workload_id && (single || a.subject == b.subject)
        };
        for record in before {
            match after.iter().find(|other| same(record, other)) {
                Some(other) => comparison.pair(record, other, question),
                None => comparison.missing(record, "after"),
            }
        }
        for record in after.iter().filter(|record| !before.iter().any(|one| same(one, record))) {
            comparison.missing(record, "before");
        }
        comparison
    }

    /// The rows that are worse and decide.
    pub fn regressions(&self) -> impl Iterator<Item = &Row> {
        self.rows.iter().filter(|row| row.decides && row.verdict == Verdict::Slower)
    }

    fn missing(&mut self, record: &Record, side: &str) {
        let (id, subject) = (&record.workload_id, &record.subject);
        self.remarks.push(format!("{id} on {subject} is missing {side}"));
    }

    fn pair(&mut self, before: &Record, after: &Record, question: &Question) {
        let id = &before.workload_id;
        for (record, side) in [(before, "before"), (after, "after")] {
            if !record.valid {
                let why = record.invalid.join("; ");
                self.remarks.push(format!("{id} is not valid {side} but for its CPU time: {why}"));
            }
        }
        if before.load != after.load {
            self.remarks.push(format!("{id} was asked in different ways, and is not judged"));
        }
        if before.load != after.load {
            return;
        }
        let valid = before.valid && after.valid;
        let asked = &question.metrics;
        let shown = if asked.is_empty() { &Metric::ALL[..] } else { asked };
        let mut is_first = true;
        // What the server itself ran is counted rightly however busy the machine was.
        for metric in shown.iter().filter(|metric| valid || **metric == Metric::Cpu) {
            let (first, second) = (metric.of(before), metric.of(after));
            let Some(ratio) = Ratio::of(&first, &second) else {
                if !asked.is_empty() {
                    let title = metric.title();
                    self.remarks.push(format!("{id}: {title} was not seen on both sides"));
                }
                continue;
            };
            // In their order the metrics become less calm; the first that is there decides.
            let decides = !asked.is_empty() || std::mem::take(&mut is_first);
            self.rows.push(Row {
                workload_id: id.clone(),
                subject: after.subject.clone(),
                metric: *metric,
                before: super::median(first),
                after: super::median(second),
                ratio,
                verdict: ratio.verdict(question.threshold, metric.better()),
                decides,
            });
        }
    }
}

/// Whether all records are of one server.
fn is_single(records: &[Record]) -> bool {
    records.iter().all(|record| record.subject == records[0].subject)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Environment;

    /// A record whose repetitions took `cpu_us` each.
    fn record(id: &str, cpu_us: Option<f64>, p50_us: f64, valid: bool) -> Record {
        let repetition = Repetition {
            operations: 10,
            requests_per_s: 1e6 / p50_us,
            latency_p50_us: p50_us,
            latency_p95_us: p50_us,
            latency_p99_us: p50_us,
            server_cpu_us: cpu_us,
            kept_off: 0.0,
        };
        Record {
            workload_id: id.into(),
            valid,
            repetitions: vec![repetition; 3],
            ..Record::empty(Environment::default())
        }
    }

    fn describe(comparison: &Comparison) -> Vec<String> {
        let row = |row: &Row| {
            let mark = if row.decides { "*" } else { "" };
            format!("{} {:?}{mark} {}", row.workload_id, row.metric, row.verdict.words())
        };
        let remarks = comparison.remarks.iter().cloned();
        comparison.rows.iter().map(row).chain(remarks).collect()
    }

    #[track_caller]
    fn check(metrics: &[Metric], before: &Record, after: &Record, want: &[&str]) {
        let question = Question { metrics: metrics.to_vec(), threshold: 0.1 };
        let (before, after) = (std::slice::from_ref(before), std::slice::from_ref(after));
        assert_eq!(describe(&Comparison::of(before, after, &question)), want);
    }

    #[test]
    fn the_calmest_metric_decides_unless_others_are_named() {
        use Metric::{Cpu, P50, P99};

        let base = record("w", Some(10.0), 100.0, true);
        let slower = record("w", Some(20.0), 100.0, true);
        check(
            &[],
            &base,
            &slower,
            &["w Cpu* slower", "w P50 same", "w P95 same", "w P99 same", "w Throughput same"],
        );
        check(&[P99], &base, &slower, &["w P99* same"]);
        let unseen = record("w", None, 200.0, true);
        let slower = ["w P50* slower", "w P95 slower", "w P99 slower", "w Throughput slower"];
        check(&[], &base, &unseen, &slower);
        check(&[Cpu], &base, &unseen, &["w: server CPU µs/req was not seen on both sides"]);
        check(&[P50], &base, &base, &["w P50* same"]);
    }

    #[test]
    fn what_cannot_be_judged_is_said() {
        let base = record("w", Some(10.0), 100.0, true);
        let noisy = record("w", Some(10.0), 200.0, false);
        check(&[], &base, &noisy, &["w Cpu* same", "w is not valid after but for its CPU time: "]);
        let other = record("v", Some(10.0), 100.0, true);
        check(&[], &base, &other, &["w on  is missing after", "v on  is missing before"]);
        let load = crate::record::Load { connections: 7, ..base.load.clone() };
        let asked = Record { load, ..base.clone() };
        check(&[], &base, &asked, &["w was asked in different ways, and is not judged"]);
        let environment = Environment { cores: 64, ..Environment::default() };
        let elsewhere = Record { environment, ..base.clone() };
        let want = ["w P50* same", "measured under different conditions: cores: 0 and 64"];
        check(&[Metric::P50], &base, &elsewhere, &want);
    }
}
