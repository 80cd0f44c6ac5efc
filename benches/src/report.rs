//! Rows with a goal and what was reached, as a table for people and as JSON for programs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use serde::Serialize;

use crate::fault::Fault;
use crate::rounds::{Ratio, Sample, Samples};

/// What a row was asked to reach.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Asked {
    /// This or less.
    AtMost(f64),
    /// This or more.
    AtLeast(f64),
    /// Nothing: shown beside a row that has a goal.
    Nothing,
}

/// Whether a row reached what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It did.
    Reached,
    /// It did not.
    Missed,
    /// Nothing was asked.
    Shown,
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// What was measured.
    pub name: String,
    /// The goal.
    pub asked: Asked,
    /// The figure.
    pub reached: f64,
    /// Its unit.
    pub unit: &'static str,
    /// The least and the most over the rounds.
    pub spread: Option<(f64, f64)>,
    /// Whether the goal was reached.
    pub verdict: Verdict,
    /// What a reader should know about it.
    pub note: String,
}

impl Row {
    /// A row with its verdict.
    pub fn new(name: impl Into<String>, asked: Asked, reached: f64, unit: &'static str) -> Self {
        let verdict = match asked {
            Asked::AtMost(goal) if reached <= goal => Verdict::Reached,
            Asked::AtLeast(goal) if reached >= goal => Verdict::Reached,
            Asked::AtMost(_) | Asked::AtLeast(_) => Verdict::Missed,
            Asked::Nothing => Verdict::Shown,
        };
        let (name, note) = (name.into(), String::new());
        Self { name, asked, reached, unit, spread: None, verdict, note }
    }

    /// A row about a ratio of CPU per request.
    pub fn ratio(name: impl Into<String>, asked: Asked, ratio: Ratio) -> Self {
        let row = Self::new(name, asked, ratio.median, "×");
        Self { spread: Some((ratio.least, ratio.most)), ..row }
    }

    /// The same row with a remark.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

/// The two or more sides of one comparison.
#[derive(Clone, Debug, Serialize)]
pub struct Comparison {
    /// What was compared.
    pub name: String,
    /// What each side measured.
    pub sides: Vec<Samples>,
}

/// Everything one run found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// The machine and the versions.
    pub environment: Environment,
    /// The figures with goals.
    pub rows: Vec<Row>,
    /// The measurements behind them.
    pub comparisons: Vec<Comparison>,
}

/// The machine and the versions.
#[derive(Clone, Debug, Serialize)]
pub struct Environment {
    /// When, in seconds since 1970.
    pub unix_seconds: u64,
    /// The kernel.
    pub kernel: String,
    /// The processor.
    pub processor: String,
    /// Cores this run could use.
    pub cores: usize,
    /// The generator's driver, and why not another.
    pub driver: String,
    /// Our version.
    pub version: &'static str,
    /// What ran beside it, where that is not pinned by the sources alone.
    pub versions: Vec<String>,
}

impl Environment {
    /// What can be found out here; `driver` is the line of the generator's driver. To be asked
    /// before the thread is bound to a core, or it sees only that one.
    pub fn find(driver: String) -> Self {
        let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let processor = read("/proc/cpuinfo")
            .lines()
            .find_map(|line| Some(line.strip_prefix("model name")?.split_once(": ")?.1.to_owned()));
        Self {
            unix_seconds: since.map_or(0, |since| since.as_secs()),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            processor: processor.unwrap_or_else(|| "unknown".into()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            driver,
            version: env!("CARGO_PKG_VERSION"),
            versions: Vec::new(),
        }
    }
}

/// Columns of the measurements.
const FIGURES: [&str; 9] = [
    "load",
    "server",
    "CPU µs/req",
    "req/s",
    "p50 µs",
    "p99 µs",
    "syscalls/req",
    "on core",
    "kept off",
];
/// Columns of the goals.
const GOALS: [&str; 6] = ["row", "asked", "reached", "least … most", "verdict", "remark"];

impl Report {
    /// The report for people.
    pub fn text(&self) -> String {
        let Environment { kernel, processor, cores, driver, .. } = &self.environment;
        let mut out = format!("\n{processor}, {cores} cores, Linux {kernel}; load: {driver}\n");
        for line in &self.environment.versions {
            out.push_str(line);
            out.push('\n');
        }
        let figures = self.comparisons.iter().flat_map(|comparison| {
            comparison.sides.iter().map(|side| figures(&comparison.name, side))
        });
        let rows = self.rows.iter().map(goals);
        for part in
            [grid(&FIGURES, &figures.collect::<Vec<_>>()), grid(&GOALS, &rows.collect::<Vec<_>>())]
        {
            out.push('\n');
            out.push_str(&part);
        }
        out
    }

    /// Writes the report for programs into the folder `results`, and says where.
    pub fn write(&self, results: &Path, name: &str) -> Result<std::path::PathBuf, Fault> {
        fs::create_dir_all(results).map_err(Fault::harness("create the folder of results"))?;
        let path = results.join(format!("{name}.json"));
        let text = serde_json::to_vec_pretty(self)
            .map_err(|error| Fault::Invalid(format!("write the results: {error}")))?;
        fs::write(&path, text).map_err(Fault::harness(path.display()))?;
        Ok(path)
    }
}

fn figures(load: &str, side: &Samples) -> Vec<String> {
    let median = |pick: fn(&Sample) -> f64| side.median(pick);
    let enters = side.rounds.iter().all(|sample| sample.enters.is_some());
    vec![
        load.into(),
        side.name.into(),
        number(median(|sample| sample.cpu_us)),
        format!("{:.0}", median(|sample| sample.requests_per_s)),
        number(median(|sample| sample.p50_us)),
        number(median(|sample| sample.p99_us)),
        if enters { number(median(|sample| sample.enters.unwrap_or(0.0))) } else { "–".into() },
        format!("{:.0} %", 100.0 * median(|sample| sample.busy)),
        format!("{:.0} %", 100.0 * median(|sample| sample.waited)),
    ]
}

fn goals(row: &Row) -> Vec<String> {
    let with_unit = |value: f64| format!("{} {}", number(value), row.unit);
    vec![
        row.name.clone(),
        match row.asked {
            Asked::AtMost(goal) => format!("≤ {}", with_unit(goal)),
            Asked::AtLeast(goal) => format!("≥ {}", with_unit(goal)),
            Asked::Nothing => String::new(),
        },
        with_unit(row.reached),
        row.spread.map_or_else(String::new, |(least, most)| {
            format!("{} … {}", number(least), number(most))
        }),
        match row.verdict {
            Verdict::Reached => "reached",
            Verdict::Missed => "MISSED",
            Verdict::Shown => "",
        }
        .into(),
        row.note.clone(),
    ]
}

/// Three significant digits are all that such a measurement carries.
pub(crate) fn number(value: f64) -> String {
    match value.abs() {
        none if none.is_nan() => "–".into(),
        large if large >= 100.0 => format!("{value:.0}"),
        middle if middle >= 10.0 => format!("{value:.1}"),
        small if small >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

/// Columns as wide as their widest cell.
pub(crate) fn grid(head: &[&str], rows: &[Vec<String>]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let head = head.iter().map(ToString::to_string).collect::<Vec<_>>();
    let wide = |column: usize| {
        let cells = rows.iter().chain([&head]).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(wide).collect();
    let mut out = String::new();
    for row in [&head].into_iter().chain(rows) {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verdicts_follow_the_goal() {
        for (asked, reached, want) in [
            (Asked::AtMost(2.0), 2.0, Verdict::Reached),
            (Asked::AtMost(2.0), 2.1, Verdict::Missed),
            (Asked::AtLeast(10.0), 9.9, Verdict::Missed),
            (Asked::AtLeast(10.0), 12.0, Verdict::Reached),
            (Asked::AtMost(2.0), f64::NAN, Verdict::Missed),
            (Asked::Nothing, 1.0, Verdict::Shown),
        ] {
            assert_eq!(Row::new("row", asked, reached, "×").verdict, want, "{asked:?} {reached}");
        }
    }

    #[test]
    fn columns_line_up() {
        let rows = vec![vec!["µ".into(), "1".into()], vec!["long".into(), "2".into()]];
        assert_eq!(grid(&["a", "b"], &rows), "a     b\nµ     1\nlong  2\n");
    }
}
