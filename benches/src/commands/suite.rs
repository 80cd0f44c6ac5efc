//! `mcpring-bench suite`: all workloads on one server, as records in a file.

use std::path::{Path, PathBuf};

use mcpring::ring::Choice;

use super::served::{self, Era, Own};
use super::{Ending, compare, print};
use crate::binaries::say;
use crate::fault::Fault;
use crate::record::{Environment, Record, file};
use crate::report::number;
use crate::statistics::comparison::{Comparison, Question};
use crate::subject::{Patience, Subject};
use crate::trial::{self, Outcome, Settings, Watch};
use crate::workload::{self, Workload};

const HELP: &str = "\
Examples:
  mcpring-bench suite --quick
  mcpring-bench suite --suite pr --json -o pr.json
  mcpring-bench suite --only tcp_echo_10k,sse_stream_1k --target http://127.0.0.1:8000/mcp
  mcpring-bench suite --spawn 'python server.py' --quick
  mcpring-bench suite --against main.json --fail-on-regression

Without --target or --spawn our own server is built and measured, and parts of the engine inside this
program. What a server does not offer is said and no failure.

Exit codes: 0 all measured, 1 regression (with --fail-on-regression), 2 usage, 3 a record is invalid,
4 a workload failed.";

/// Repetitions in a quick run: short ones, and many, because a comparison needs to know how much they
/// differ.
const QUICK_ROUNDS: usize = 7;

/// The arguments of `suite`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
#[allow(clippy::struct_excessive_bools, reason = "a command line has as many flags as it has")]
pub struct Arguments {
    /// Fewer operations and less time: shows that all works and finds large changes.
    #[arg(long)]
    quick: bool,
    /// Which workloads: full, or pr for the few that every change is measured by.
    #[arg(long, default_value = "full")]
    suite: String,
    /// Only these workloads, several with commas.
    #[arg(long, value_delimiter = ',', value_name = "ID")]
    only: Vec<String>,
    /// Workloads from a file instead of the plan's.
    #[arg(long, value_name = "FILE", conflicts_with = "suite")]
    workloads: Option<PathBuf>,
    /// A server that runs already.
    #[arg(long, value_name = "URL")]
    target: Option<String>,
    /// A server to start; it prints where it listens.
    #[arg(long, value_name = "COMMAND")]
    spawn: Option<String>,
    /// Which era is spoken.
    #[arg(long, value_enum, default_value_t = Era::Auto)]
    era: Era,
    /// Our own server, as somebody built it.
    #[arg(long, value_name = "PATH", conflicts_with_all = ["target", "spawn"])]
    server: Option<PathBuf>,
    /// Take our own server as it was built last, beside this program.
    #[arg(long, conflicts_with_all = ["target", "spawn", "server"])]
    no_build: bool,
    /// Repetitions of each workload; in each round all are measured once, on a server started anew.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    repeat: Option<u16>,
    /// Driver of the load and of our own server: auto, uring or epoll.
    #[arg(long, default_value = "auto")]
    driver: Choice,
    /// Print the records as one JSON array, and everything else to standard error.
    #[arg(short, long)]
    json: bool,
    /// Where the records are written; `benches/results/suite_TIME.json` if nothing is said.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Compare with these results.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
    /// End with exit code 1 if the comparison finds a regression.
    #[arg(long, requires = "against")]
    fail_on_regression: bool,
    /// Keeps each call of our own server busy for so many microseconds more.
    #[arg(long, default_value_t = 0, hide = true)]
    slow_us: u64,
}

/// Measures, prints, writes, and compares.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    let workloads = chosen(arguments)?;
    let before = arguments.against.as_deref().map(file::read).transpose()?;
    let output = arguments.output.clone().unwrap_or_else(usual_file);
    file::check(&output)?;
    let settings = settings(arguments)?;
    let mut start = starter(arguments)?;
    let subject = start()?;
    let said = Said { json: arguments.json };
    said.line(&format!("{}; load: {}", subject.identity(), settings.environment.driver))?;
    let mut outcomes = Vec::new();
    let mut ended = |outcome: Outcome| {
        if outcomes.is_empty() {
            said.line(&row(&HEAD))?;
        }
        said.line(&line(&outcome))?;
        outcomes.push(outcome);
        Ok(())
    };
    let progress = &mut Progress::default();
    trial::in_rounds(subject, &mut start, &workloads, &settings, progress, &mut ended)?;
    let ending = ending(&outcomes);
    let records: Vec<Record> = outcomes.into_iter().filter_map(measured).collect();
    if !records.is_empty() {
        file::write(&output, &records)?;
        said.line(&format!("results: {}", output.display()))?;
    }
    if arguments.json {
        file::print(&records)?;
    }
    match before {
        Some(before) => Ok(against(arguments, &before, &records, &said)?.unwrap_or(ending)),
        None => Ok(ending),
    }
}

/// Compares with results of before; an ending only if there is a regression that counts.
fn against(
    arguments: &Arguments,
    before: &[Record],
    after: &[Record],
    said: &Said,
) -> Result<Option<Ending>, Fault> {
    let question = Question { metrics: Vec::new(), threshold: compare::THRESHOLD };
    let comparison = Comparison::of(before, after, &question);
    said.line(&compare::text(&comparison))?;
    let regressed = comparison.regressions().next().is_some();
    Ok((regressed && arguments.fail_on_regression).then_some(Ending::Beyond))
}

/// Where the table goes.
struct Said {
    json: bool,
}

impl Said {
    fn line(&self, line: &str) -> Result<(), Fault> {
        if self.json {
            say(line);
            return Ok(());
        }
        print(&format!("{line}\n"))
    }
}

/// Says which round begins.
#[derive(Default)]
struct Progress {
    round: usize,
}

impl Watch for Progress {
    fn begins(&mut self, _: &str, _: &Workload, number: usize, of: usize) {
        if self.round != number {
            self.round = number;
            say(&format!("round {number} of {of}"));
        }
    }
}

fn settings(arguments: &Arguments) -> Result<Settings, Fault> {
    let environment = Environment::find(arguments.driver)?;
    let settings = if arguments.quick {
        Settings { repetitions: QUICK_ROUNDS, ..Settings::quick(environment) }
    } else {
        Settings::full(environment)
    };
    let repetitions = arguments.repeat.map_or(settings.repetitions, usize::from);
    let own = std::env::current_exe().map_err(Fault::harness("find this program"))?;
    Ok(Settings { repetitions, driver: arguments.driver, apart: Some(own), ..settings })
}

/// Starts the server that is measured, or finds it, as often as it is called.
fn starter(
    arguments: &Arguments,
) -> Result<Box<dyn FnMut() -> Result<Subject, Fault> + '_>, Fault> {
    let (target, spawn) = (arguments.target.as_deref(), arguments.spawn.as_deref());
    if target.is_some() || spawn.is_some() {
        let patience = Patience::default();
        return Ok(Box::new(move || served::named(target, spawn, arguments.era, patience)));
    }
    let own = match (&arguments.server, arguments.no_build) {
        (Some(path), _) => Own::At(path),
        (None, true) => Own::Last,
        (None, false) => Own::Built,
    };
    let program = own.program()?;
    let Arguments { driver, slow_us, era, .. } = *arguments;
    Ok(Box::new(move || served::own(&program, driver, slow_us, era)))
}

/// The workloads that were asked for, in their order.
fn chosen(arguments: &Arguments) -> Result<Vec<Workload>, Fault> {
    let all = match &arguments.workloads {
        Some(path) => workload::load(path)?,
        None => suite(&arguments.suite)?,
    };
    if let Some(id) = arguments.only.iter().find(|id| !all.iter().any(|one| one.id == **id)) {
        let words = "is no workload here; `mcpring-bench list` shows them";
        return Err(Fault::Usage(format!("`{id}` {words}")));
    }
    let only = &arguments.only;
    // Work inside this process says nothing about a server of somebody else.
    let others = arguments.target.is_some() || arguments.spawn.is_some();
    let fits = |workload: &Workload| workload.inside.is_none() || !others;
    let wanted = |workload: &Workload| {
        if only.is_empty() { fits(workload) } else { only.contains(&workload.id) }
    };
    Ok(all.into_iter().filter(wanted).collect())
}

fn suite(name: &str) -> Result<Vec<Workload>, Fault> {
    let id = match name {
        "full" => return Ok(workload::all().to_vec()),
        "pr" => "pull_request",
        other => other,
    };
    let suite = workload::suites().iter().find(|suite| suite.id == id);
    let suite = suite.ok_or_else(|| {
        let ids: Vec<_> = workload::suites().iter().map(|suite| suite.id.as_str()).collect();
        Fault::Usage(format!("there is no suite `{name}`; there is: full, {}", ids.join(", ")))
    })?;
    let entry = |entry: &workload::Entry| {
        let (id, operations) = (entry.id.clone(), entry.operations);
        let workload = workload::find(&entry.workload)?.clone();
        Some(Workload { id, operations, quick_operations: Some(operations), ..workload })
    };
    Ok(suite.run.iter().filter_map(entry).collect())
}

fn usual_file() -> PathBuf {
    let time = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    file::results().join(Path::new(&format!("suite_{time}.json")))
}

/// The worst of what happened.
fn ending(outcomes: &[Outcome]) -> Ending {
    let failed = |outcome: &Outcome| match outcome {
        Outcome::Failed { fault, .. } => Some(fault.exit_code()),
        _ => None,
    };
    let codes: Vec<u8> = outcomes.iter().filter_map(failed).collect();
    let invalid = |outcome: &Outcome| matches!(outcome, Outcome::Measured(record) if !record.valid);
    match () {
        () if codes.contains(&Ending::Failed.exit_code()) => Ending::Failed,
        () if !codes.is_empty() || outcomes.iter().any(invalid) => Ending::Invalid,
        () => Ending::Fine,
    }
}

fn measured(outcome: Outcome) -> Option<Record> {
    match outcome {
        Outcome::Measured(record) => Some(*record),
        _ => None,
    }
}

const HEAD: [&str; 7] =
    ["workload", "operations", "CPU µs/op", "op/s", "p50 µs", "p95 µs", "p99 µs"];

/// Columns of a width that is known before the first row.
fn row(cells: &[&str]) -> String {
    let mut out = format!("{:<28}", cells[0]);
    for cell in &cells[1..] {
        out.push_str(&format!("{cell:>12}"));
    }
    out
}

fn line(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Measured(record) => {
            let mark = if record.valid {
                String::new()
            } else {
                format!("  INVALID: {}", record.invalid.join("; "))
            };
            let cells = [
                record.operations.to_string(),
                number(record.server_cpu_us.unwrap_or(f64::NAN)),
                format!("{:.0}", record.requests_per_s),
                number(record.latency_p50_us),
                number(record.latency_p95_us),
                number(record.latency_p99_us),
            ];
            let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
            format!("{}{mark}", row(&[&[record.workload_id.as_str()], &cells[..]].concat()))
        }
        Outcome::NotOffered { workload_id, why, .. } => {
            format!("{workload_id:<28}  not offered: {why}")
        }
        Outcome::NotYet { workload_id, why } => format!("{workload_id:<28}  not yet: {why}"),
        Outcome::Failed { workload_id, fault, .. } => format!("{workload_id:<28}  FAILED: {fault}"),
    }
}
