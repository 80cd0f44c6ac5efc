//! The table of `cargo bench`: ours beside the bare loop and beside rmcp, in one run.
//!
//! Every row of the project's "speed and memory" goals is measured here and nowhere else. A goal
//! that is missed is shown and fails nothing: the machine is not the same everywhere.

mod c;
mod fanout;
mod idle;
mod load;
mod py;
pub(crate) mod sessions;
pub(crate) mod start;
mod stdio;

use std::io::Write;
use std::time::Duration;

use mcpring::ring::{self, Choice, RingConfig};

use crate::binaries::{Binaries, say};
use crate::c_programs::CPrograms;
use crate::fault::Fault;
use crate::measure::cores::Cores;
use crate::report::{Comparison, Environment, Report, Row};

/// What the table is to measure.
#[derive(Clone, Debug, clap::Args)]
pub struct Options {
    /// Rounds of each comparison; each runs every side once.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    pub rounds: u16,
    /// Seconds counted of one run of one side.
    #[arg(long, default_value_t = 2.0)]
    pub seconds: f64,
    /// Idle connections to hold.
    #[arg(long, default_value_t = 51_000)]
    pub idle: usize,
    /// Driver of the servers and of the load: auto, uring or epoll.
    #[arg(long, default_value = "auto")]
    pub driver: Choice,
    /// Only the parts named: tcp, http, stdio, form, idle, start, sessions, fanout, c, blocks, py (several
    /// with commas).
    #[arg(long, value_delimiter = ',', value_parser = PARTS)]
    pub only: Vec<String>,
    /// Take the servers as they were built last, wherever this program was built.
    #[arg(long)]
    pub no_build: bool,
    /// One short round of everything, a thousand idle connections, few idle sessions: shows that
    /// it works.
    #[arg(long)]
    pub quick: bool,
}

const PARTS: [&str; 11] =
    ["tcp", "http", "stdio", "form", "idle", "start", "sessions", "fanout", "c", "blocks", "py"];

/// One part of the table.
type Part = fn(&mut Bench) -> Result<(), Fault>;

/// What all parts share.
struct Bench {
    options: Options,
    cores: Cores,
    binaries: Binaries,
    /// Built when the first part asks for them.
    c_programs: Option<CPrograms>,
    /// What ran beside us, for the report.
    versions: Vec<String>,
    rows: Vec<Row>,
    comparisons: Vec<Comparison>,
}

/// Measures the table, prints it, and writes it as JSON beside the build.
pub fn run(mut options: Options) -> Result<(), Fault> {
    if options.quick {
        (options.rounds, options.seconds) = (1, options.seconds.min(0.3));
        options.idle = options.idle.min(1000);
    }
    if !(options.seconds.is_finite() && options.seconds > 0.0) {
        return Err(Fault::Usage("--seconds must be more than nothing".into()));
    }
    let cores = Cores::find()?;
    let environment = Environment::find(driver_line(options.driver)?);
    let binaries = match &options {
        // The Python part has its own servers.
        options if !options.only.is_empty() && options.only.iter().all(|part| part == "py") => {
            Binaries::here()?
        }
        options if options.no_build => Binaries::built()?,
        _ => Binaries::build()?,
    };
    cores.pin(cores.load)?;
    let mut bench = Bench {
        options,
        cores,
        binaries,
        c_programs: None,
        versions: Vec::new(),
        rows: Vec::new(),
        comparisons: Vec::new(),
    };
    let parts: [Part; PARTS.len()] = [
        load::tcp,
        load::http,
        stdio::measure,
        load::form,
        idle::measure,
        start::measure,
        sessions::measure,
        fanout::measure,
        c::call,
        c::blocks,
        py::measure,
    ];
    for (name, part) in PARTS.into_iter().zip(parts) {
        if bench.options.only.is_empty() || bench.options.only.iter().any(|only| only == name) {
            say(&format!("measuring {name}"));
            part(&mut bench).map_err(|fault| fault.within(name))?;
        }
    }
    bench.finish(environment)
}

fn driver_line(choice: Choice) -> Result<String, Fault> {
    let config = RingConfig { connections_max: 1, ..RingConfig::default() };
    let (_, line) =
        ring::open(choice, &config).map_err(|error| Fault::Invalid(error.to_string()))?;
    Ok(line)
}

impl Bench {
    fn rounds(&self) -> usize {
        usize::from(self.options.rounds)
    }

    fn seconds(&self) -> Duration {
        Duration::from_secs_f64(self.options.seconds)
    }

    /// The programs in C; compilers run on every core.
    fn c_programs(&mut self) -> Result<CPrograms, Fault> {
        if let Some(all) = &self.c_programs {
            return Ok(all.clone());
        }
        let folder = self.binaries.results().join("c");
        let all = if self.options.no_build {
            CPrograms::built(&folder)?
        } else {
            self.cores.unpin()?;
            let all = CPrograms::build(&folder);
            self.cores.pin(self.cores.load)?;
            all?
        };
        self.c_programs = Some(all.clone());
        Ok(all)
    }

    fn finish(self, mut environment: Environment) -> Result<(), Fault> {
        environment.versions = self.versions;
        let report = Report { environment, rows: self.rows, comparisons: self.comparisons };
        let path = report.write(&self.binaries.results(), "table")?;
        let text = format!("{}\nresults: {}\n", report.text(), path.display());
        std::io::stdout().write_all(text.as_bytes()).map_err(Fault::harness("print the table"))
    }
}
