//! `ablate`: what each optimisation of the engine is worth.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::PossibleValuesParser;
use mcpring::ring::Choice;

use super::{Ending, print, print_json};
use crate::ablation::experiments::{ALL, How};
use crate::ablation::measure::measure;
use crate::ablation::report::{CameTo, Report, Row};
use crate::binaries::{Binaries, say};
use crate::fault::Fault;
use crate::measure::cores::Cores;
use crate::record::Environment;
use crate::trial::{Scale, Settings};

/// What is to be measured.
#[derive(Args, Clone, Debug)]
pub struct Arguments {
    /// Three short repetitions: shows that it works, and finds large effects.
    #[arg(long)]
    quick: bool,
    /// Only these experiments, by the plan's numbers (several with commas).
    #[arg(long, value_delimiter = ',', value_parser = ids())]
    only: Vec<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Take the server as it was built last, beside this program.
    #[arg(long)]
    no_build: bool,
    /// Take this program as the server; it must be a `mcpring-bench-server`.
    #[arg(long, conflicts_with = "no_build")]
    server: Option<PathBuf>,
    /// Driver of the servers and of the load: auto, uring or epoll.
    #[arg(long, default_value = "auto")]
    driver: Choice,
}

fn ids() -> PossibleValuesParser {
    ALL.iter().map(|experiment| experiment.id).collect::<Vec<_>>().into()
}

/// Measures the experiments and prints what they came to. A row that fails ends itself only.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    let cores = Cores::find()?;
    let settings = arguments.settings(Environment::find(arguments.driver)?);
    let server = match &arguments.server {
        Some(path) => path.clone(),
        None if arguments.no_build => Binaries::here()?.server,
        None => Binaries::build_server()?,
    };
    cores.pin(cores.load)?;
    let mut report = Report { environment: settings.environment.clone(), rows: Vec::new() };
    for experiment in ALL.iter().filter(|one| arguments.wants(one.id)) {
        let variations = match experiment.how {
            How::Measured(variations) => variations,
            How::NotYet(why) => {
                report.rows.push(Row::new(experiment, "", CameTo::NotYet(why)));
                continue;
            }
        };
        for variation in variations {
            say(&format!("{} {}", experiment.id, variation.name));
            let measured = measure(variation, &server, &cores, &settings);
            report.rows.push(Row::new(experiment, variation.name, measured.into()));
        }
    }
    if arguments.json {
        print_json(&report)?;
    } else {
        print(&report.text())?;
    }
    Ok(if report.has_failed() { Ending::Failed } else { Ending::Fine })
}

impl Arguments {
    fn wants(&self, id: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == id)
    }

    /// All rows take the same time, whatever the plan's counts: a fast side does more operations.
    fn settings(&self, environment: Environment) -> Settings {
        let (repetitions, time_ms) = if self.quick { (3, 300) } else { (7, 1_500) };
        let time_max = Duration::from_millis(time_ms);
        let (scale, warmup, driver) = (Scale::Timed, time_max / 5, self.driver);
        let full = Settings::full(environment);
        Settings { repetitions, scale, warmup, time_max, driver, ..full }
    }
}
