//! `mcpring-bench run`: load on one server, and what it came to.

mod asked;
mod choose;
mod shown;

use std::path::PathBuf;
use std::time::Duration;

use mcpring::ring::Choice;

use super::Ending;
use super::served::{self, Era};
use crate::binaries::say;
use crate::fault::Fault;
use crate::record::{Environment, Record, file};
use crate::subject::Patience;
use crate::target::FORMS;
use crate::trial::{self, Outcome, Scale, Settings};

const HELP: &str = "\
Examples:
  mcpring-bench run http://127.0.0.1:8000/mcp
  mcpring-bench run http://127.0.0.1:8000/mcp --tool echo --args '{\"message\":\"hi\"}' -c 50 -z 30s
  mcpring-bench run tcp://127.0.0.1:9000 -q 20000 -z 10s
  mcpring-bench run stdio:'python server.py --stdio'
  mcpring-bench run --spawn 'python server.py --port 8123' http://127.0.0.1:8123/mcp
  mcpring-bench run http://127.0.0.1:8000/mcp --workload tool_call_simple_10k --json -o echo.json

Without --tool a tool is taken that says it only reads (readOnlyHint) and whose arguments can be made
from its schema; if there is none, tools/list or ping is measured, which is said.

With -q requests are sent when they are due, whatever the server does, and latency counts from that
moment; without it each answer is followed by the next request.

Exit codes: 0 measured, 2 usage, 3 the generator or the machine was the limit, 4 the server failed or
answered wrongly.";

/// The arguments of `run`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = format!("{HELP}\n\n{FORMS}"))]
pub struct Arguments {
    /// The server, see below.
    #[arg(required_unless_present = "spawn")]
    target: Option<String>,
    /// Start this server first. Without a target it prints where it listens.
    #[arg(long, value_name = "COMMAND")]
    spawn: Option<String>,
    /// Connections; 10 if nothing is said, always one over stdio.
    #[arg(short, long, value_parser = clap::value_parser!(u32).range(1..))]
    connections: Option<u32>,
    /// Requests in flight on each connection; one over HTTP.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    inflight: u32,
    /// How long is counted; at most so long if -n is given.
    #[arg(short = 'z', long, value_name = "TIME", default_value = "10s", value_parser = time)]
    duration: Duration,
    /// How many requests are counted.
    #[arg(short = 'n', long, value_parser = clap::value_parser!(u64).range(1..))]
    requests: Option<u64>,
    /// Requests a second, sent when they are due.
    #[arg(short = 'q', long, value_parser = rate)]
    rate: Option<f64>,
    /// Load before anything is counted.
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = time)]
    warmup: Duration,
    /// A request without an answer for that long ends the run.
    #[arg(short, long, value_name = "TIME", default_value = "10s", value_parser = time)]
    timeout: Duration,
    /// How long a server that is started (--spawn, stdio:) may take until it listens, or answers
    /// for the first time.
    #[arg(long, value_name = "TIME", default_value = "20s", value_parser = time)]
    start_timeout: Duration,
    /// Which era is spoken.
    #[arg(long, value_enum, default_value_t = Era::Auto)]
    era: Era,
    #[command(flatten)]
    asked: asked::Wanted,
    /// Repetitions; three or more give a comparison its interval.
    #[arg(long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..))]
    repeat: u16,
    /// Print the record as a JSON array, and everything else to standard error.
    #[arg(short, long)]
    json: bool,
    /// Write the record to this file too.
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// No line of progress.
    #[arg(long)]
    no_progress: bool,
    /// Driver of the load: auto, uring or epoll.
    #[arg(long, default_value = "auto")]
    driver: Choice,
}

/// Reads a time such as `10s`, `500ms` or `1m`.
fn time(text: &str) -> Result<Duration, String> {
    let words = || format!("`{text}` is no time; write it as 10s, 500ms or 1m");
    let span: jiff::SignedDuration = text.parse().map_err(|_| words())?;
    Duration::try_from(span).map_err(|_| words())
}

fn rate(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("a number of requests a second above zero".into()),
    }
}

/// Measures and prints.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    let Arguments { duration, timeout, start_timeout, .. } = arguments;
    if [duration, timeout, start_timeout].iter().any(|time| time.is_zero()) {
        let words = "--duration, --timeout and --start-timeout must be more than nothing";
        return Err(Fault::Usage(words.into()));
    }
    arguments.output.as_deref().map_or(Ok(()), file::check)?;
    let environment = Environment::find(arguments.driver)?;
    let (target, spawn) = (arguments.target.as_deref(), arguments.spawn.as_deref());
    let patience = Patience { start: *start_timeout, answer: *timeout };
    let subject = served::named(target, spawn, arguments.era, patience)?;
    let workload = asked::workload(&subject, arguments)?;
    let settings = Settings {
        repetitions: usize::from(arguments.repeat),
        scale: arguments.requests.map_or(Scale::Timed, Scale::Exactly),
        warmup: arguments.warmup,
        time_min: Duration::ZERO,
        time_max: arguments.duration,
        timeout: arguments.timeout,
        errors_counted: true,
        driver: arguments.driver,
        apart: None,
        environment,
    };
    say(&format!("{}: {}", subject.identity(), workload.about));
    let mut progress = shown::Progress::new(!arguments.no_progress);
    let outcomes = trial::in_turn(&mut [subject], &workload, &settings, &mut progress);
    progress.end();
    let mut ending = Ending::Fine;
    for outcome in outcomes {
        match outcome {
            Outcome::Measured(record) => ending = finish(arguments, &record)?,
            Outcome::NotOffered { why, .. } => return Err(Fault::Usage(format!("it {why}"))),
            Outcome::NotYet { why, .. } => return Err(Fault::Usage(format!("not yet: {why}"))),
            Outcome::Failed { fault, .. } => return Err(fault),
        }
    }
    Ok(ending)
}

fn finish(arguments: &Arguments, record: &Record) -> Result<Ending, Fault> {
    let records = std::slice::from_ref(record);
    if let Some(path) = &arguments.output {
        file::write(path, records)?;
    }
    if arguments.json {
        file::print(records)?;
    } else {
        super::print(&shown::table(record))?;
    }
    for why in &record.invalid {
        say(&format!("mcpring-bench: the measurement is invalid: {why}"));
    }
    Ok(match () {
        () if record.errors > 0 => Ending::Failed,
        () if !record.valid => Ending::Invalid,
        () => Ending::Fine,
    })
}
