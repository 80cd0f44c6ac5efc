//! `mcpring-bench compare`: two files of results, and a verdict for each workload and metric.

use std::path::{Path, PathBuf};

use super::{Ending, print, print_json};
use crate::fault::Fault;
use crate::record::file;
use crate::report::{grid, number};
use crate::statistics::comparison::{Comparison, Metric, Question, Row};

/// From which share on a difference counts, unless something else is said.
pub(super) const THRESHOLD: f64 = 0.10;

const HELP: &str = "\
Examples:
  mcpring-bench compare before.json after.json
  mcpring-bench compare main.json pr.json --markdown --fail-on-regression
  mcpring-bench compare main.json pr.json --metrics p99,throughput --threshold 0.2

A verdict follows from the 95 % bootstrap interval of the ratio of the medians over the repetitions:
slower or faster when all of it lies beyond the threshold, same when all of it lies within, too noisy
otherwise. With fewer than three repetitions on a side there is no interval: same within the
threshold, too noisy beyond it.

Without --metrics all are shown, and only the server's CPU time a request decides about a regression
(marked *), or p50 where the CPU time was not seen: the other figures vary with whatever else the
machine does.

Exit codes: 0 compared, 1 regression (with --fail-on-regression), 2 usage, such as a file that holds
no results.";

/// The arguments of `compare`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The results before.
    before: PathBuf,
    /// The results after.
    after: PathBuf,
    #[command(flatten)]
    options: Options,
}

/// How two files are compared.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// From which share on a difference counts.
    #[arg(long, default_value_t = THRESHOLD, value_parser = share)]
    pub threshold: f64,
    /// End with exit code 1 if a deciding metric is slower.
    #[arg(long)]
    pub fail_on_regression: bool,
    /// Only these metrics; each of them decides.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub metrics: Vec<Metric>,
    /// Print a Markdown table.
    #[arg(long, conflicts_with = "json")]
    pub markdown: bool,
    /// Print JSON.
    #[arg(short, long)]
    pub json: bool,
}

fn share(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if share > 0.0 && share < 1.0 => Ok(share),
        _ => Err("a share between 0 and 1, such as 0.10".into()),
    }
}

/// Compares and prints.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    between(&arguments.before, &arguments.after, &arguments.options)
}

/// Compares the results in two files and prints what it came to.
pub(super) fn between(before: &Path, after: &Path, options: &Options) -> Result<Ending, Fault> {
    let (before, after) = (file::read(before)?, file::read(after)?);
    let question = Question { metrics: options.metrics.clone(), threshold: options.threshold };
    let comparison = Comparison::of(&before, &after, &question);
    if options.json {
        print_json(&comparison)?;
    } else if options.markdown {
        print(&markdown(&comparison))?;
    } else {
        print(&text(&comparison))?;
    }
    let regressed = comparison.regressions().next().is_some();
    Ok(if regressed && options.fail_on_regression { Ending::Beyond } else { Ending::Fine })
}

const HEAD: [&str; 6] = ["workload", "metric", "before", "after", "ratio (95 %)", "verdict"];

fn cells(row: &Row) -> Vec<String> {
    let interval = match row.ratio.interval {
        Some([low, high]) => format!("{:.2} ({low:.2} … {high:.2})", row.ratio.median),
        None => format!("{:.2} (no interval)", row.ratio.median),
    };
    let mark = if row.decides { " *" } else { "" };
    vec![
        row.workload_id.clone(),
        format!("{}{mark}", row.metric.title()),
        number(row.before),
        number(row.after),
        interval,
        row.verdict.words().into(),
    ]
}

pub(super) fn text(comparison: &Comparison) -> String {
    let rows: Vec<_> = comparison.rows.iter().map(cells).collect();
    let mut out = grid(&HEAD, &rows);
    for remark in &comparison.remarks {
        out.push_str(&format!("! {remark}\n"));
    }
    out
}

fn markdown(comparison: &Comparison) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut out = line(&HEAD.map(str::to_owned));
    out.push_str("|---|---|--:|--:|--:|---|\n");
    for row in &comparison.rows {
        let mut cells = cells(row);
        cells[0] = format!("`{}`", cells[0]);
        // A star would begin emphasis.
        cells[1] = cells[1].replace('*', "\\*");
        out.push_str(&line(&cells));
    }
    if !comparison.remarks.is_empty() {
        out.push('\n');
    }
    for remark in &comparison.remarks {
        out.push_str(&format!("- {remark}\n"));
    }
    out
}
