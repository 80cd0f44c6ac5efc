//! The plan's table of cost and benefit, measured: for people, and as JSON for programs.

use serde::Serialize;

use super::experiments::Experiment;
use super::measure::{Change, Measured};
use crate::fault::Fault;
use crate::record::Environment;
use crate::statistics::{Better, Ratio, Verdict};

/// A smaller difference is none.
const THRESHOLD: f64 = 0.05;

/// Everything one run found.
#[derive(Clone, Debug, Serialize)]
pub struct Report {
    /// Where and with what.
    pub environment: Environment,
    /// The experiments' rows, in the plan's order.
    pub rows: Vec<Row>,
}

/// One variation of one experiment.
#[derive(Clone, Debug, Serialize)]
pub struct Row {
    /// The plan's number.
    pub experiment: &'static str,
    /// What is on, and what takes its place when it is off.
    pub about: &'static str,
    /// What the plan expects of latency, throughput, memory and CPU.
    pub plan: [&'static str; 4],
    /// What is particular about this row.
    pub name: &'static str,
    /// What it came to.
    #[serde(flatten)]
    pub came_to: CameTo,
}

/// What a row came to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CameTo {
    /// Both sides were measured.
    Measured(Box<Measured>),
    /// It cannot be measured yet.
    NotYet(&'static str),
    /// A server or the measurement failed.
    Failed(String),
}

impl From<Result<Measured, Fault>> for CameTo {
    fn from(measured: Result<Measured, Fault>) -> Self {
        match measured {
            Ok(measured) => Self::Measured(Box::new(measured)),
            Err(fault) => Self::Failed(fault.to_string()),
        }
    }
}

impl Report {
    /// For people.
    pub fn text(&self) -> String {
        let place = &self.environment;
        let mut table = Table::default();
        table.words(format!(
            "{}, {} cores, {}, {}; every row with the optimisation against without it\n",
            place.processor, place.cores, place.os, place.driver
        ));
        table.cells("", ["latency p50", "throughput", "memory", "CPU a request"], "");
        let mut before = "";
        for row in &self.rows {
            if row.experiment != before {
                table.words(format!("\n{:<4}{}", row.experiment, row.about));
                table.cells("the plan", row.plan, "");
                before = row.experiment;
            }
            row.write(&mut table);
        }
        table.text()
    }

    /// Whether a row could not be measured that should have been.
    pub fn has_failed(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.came_to, CameTo::Failed(_)))
    }
}

/// Lines in columns that are as wide as their widest cell, with other words between them.
#[derive(Default)]
struct Table(Vec<Line>);

enum Line {
    Words(String),
    /// What it is about, the plan's four columns, and a verdict.
    Cells([String; 6]),
}

impl Table {
    fn words(&mut self, words: String) {
        self.0.push(Line::Words(words));
    }

    fn cells(&mut self, name: &str, columns: [&str; 4], verdict: &str) {
        let [latency, throughput, memory, cpu] = columns;
        let cells = [name, latency, throughput, memory, cpu, verdict].map(str::to_owned);
        self.0.push(Line::Cells(cells));
    }

    fn text(&self) -> String {
        let mut widths = [0; 6];
        for line in &self.0 {
            let Line::Cells(cells) = line else { continue };
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = cell.chars().count().max(*width);
            }
        }
        let mut text = String::new();
        for line in &self.0 {
            match line {
                Line::Words(words) => text.push_str(words),
                Line::Cells(cells) => {
                    let padded =
                        cells.iter().zip(widths).map(|(cell, wide)| format!("{cell:<wide$}"));
                    let full = padded.collect::<Vec<_>>().join("  ");
                    text.push_str(format!("      {full}").trim_end());
                }
            }
            text.push('\n');
        }
        text
    }
}

impl Row {
    /// What one variation of `experiment` came to.
    pub fn new(experiment: &Experiment, name: &'static str, came_to: CameTo) -> Self {
        let Experiment { id, about, plan, .. } = *experiment;
        Self { experiment: id, about, plan, name, came_to }
    }

    fn write(&self, table: &mut Table) {
        let measured = match &self.came_to {
            CameTo::Measured(measured) => measured,
            CameTo::NotYet(why) => return table.words(remark(&format!("not yet: {why}"))),
            CameTo::Failed(why) => {
                return table.words(remark(&format!("{}: not measured: {why}", self.name)));
            }
        };
        let latency = percent(&measured.latency_p50_us);
        let throughput = times(&measured.requests_per_s);
        let memory = measured.memory.map_or_else(String::new, |memory| {
            let [off, on] = memory.loaded_mib;
            format!("{} MiB", signed(on - off, 1))
        });
        let cpu = measured.server_cpu_us.as_ref().map_or_else(String::new, percent);
        let columns = [&*latency, &*throughput, &*memory, &*cpu];
        table.cells(self.name, columns, measured.worth());
        for more in measured.more() {
            table.words(remark(&more));
        }
    }
}

fn remark(words: &str) -> String {
    format!("        {words}")
}

impl Measured {
    /// Whether it is worth something: more throughput, or where that is fixed, less latency.
    pub fn worth(&self) -> &'static str {
        let (change, better) = if self.paced {
            (&self.latency_p50_us, Better::Less)
        } else {
            (&self.requests_per_s, Better::More)
        };
        match change.ratio.map(|ratio| ratio.verdict(THRESHOLD, better)) {
            Some(Verdict::Faster) => "faster",
            Some(Verdict::Slower) => "slower",
            Some(Verdict::Same) => "worth nothing here",
            Some(Verdict::TooNoisy) => "too noisy to tell",
            None => "",
        }
    }

    /// The figures themselves, off and on.
    fn more(&self) -> Vec<String> {
        let both =
            |what: &str, [off, on]: [f64; 2]| format!("{what} {} -> {}", short(off), short(on));
        let change = |what: &str, change: &Change| both(what, [change.off, change.on]);
        let mut times = vec![change("p50 µs", &self.latency_p50_us)];
        if !self.records.is_empty() {
            times.push(change("p95 µs", &self.latency_p95_us));
        }
        times.push(change("a second", &self.requests_per_s));
        times.extend(self.server_cpu_us.as_ref().map(|cpu| change("CPU µs", cpu)));
        if let Some(memory) = &self.memory {
            times.push(both("MiB at rest", memory.rest_mib));
            times.push(both("loaded", memory.loaded_mib));
        }
        let figures = self.figures.iter().map(|one| both(one.name, [one.off, one.on]));
        let doubts = self.doubts.iter().map(|why| format!("doubtful: {why}"));
        std::iter::once(times.join("; ")).chain(figures).chain(doubts).collect()
    }
}

/// A change in percent, with its interval.
fn percent(change: &Change) -> String {
    with_interval(change.ratio, " %", |ratio| {
        let percent = 100.0 * (ratio - 1.0);
        // What is nearly gone is not gone.
        if percent < -99.0 { format!("{percent:.1}") } else { signed(percent, 0) }
    })
}

/// A change as a multiple, with its interval.
fn times(change: &Change) -> String {
    with_interval(change.ratio, "x", |ratio| {
        if ratio < 10.0 { format!("{ratio:.2}") } else { format!("{ratio:.0}") }
    })
}

fn with_interval(ratio: Option<Ratio>, unit: &str, part: impl Fn(f64) -> String) -> String {
    let Some(ratio) = ratio else { return "?".into() };
    let interval = ratio
        .interval
        .map_or_else(String::new, |[low, high]| format!(" [{}, {}]", part(low), part(high)));
    format!("{}{unit}{interval}", part(ratio.median))
}

/// A number with its sign; zero has none of its own and gets a plus.
fn signed(value: f64, digits: usize) -> String {
    let tenfold = 10_f64.powi(digits as i32);
    // Adding nothing makes a zero of a negative one.
    format!("{:+.digits$}", (value * tenfold).round() / tenfold + 0.0)
}

/// Three digits or more that mean something.
fn short(value: f64) -> String {
    match value.abs() {
        0.0 => "0".into(),
        small if small < 1.0 => format!("{value:.3}"),
        middle if middle < 100.0 => format!("{value:.2}"),
        _ => format!("{value:.0}"),
    }
}
