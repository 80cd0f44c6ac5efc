//! `mcpring-bench budget`: results against what they may come to.

use std::path::PathBuf;

use super::{Ending, print, print_json};
use crate::binaries::say;
use crate::budget::{Breach, Budgets, OWN};
use crate::fault::Fault;
use crate::record::file;
use crate::report::{grid, number};

const HELP: &str = "\
Examples:
  mcpring-bench budget results.json
  mcpring-bench budget results.json --table ours --json

Table `plan` holds the plan's targets, table `ours` what this engine is held to on a machine like
that of the baseline.

Exit codes: 0 all kept, 1 a budget was exceeded, 2 usage.";

/// The arguments of `budget`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = HELP)]
pub struct Arguments {
    /// The results.
    file: PathBuf,
    /// Which table of budgets.
    #[arg(long, default_value = "plan")]
    table: String,
    /// A file of budgets instead of the project's.
    #[arg(long, value_name = "FILE")]
    budgets: Option<PathBuf>,
    /// Print every breach as JSON.
    #[arg(short, long)]
    json: bool,
}

/// Checks and prints.
pub fn run(arguments: &Arguments) -> Result<Ending, Fault> {
    let budgets = match &arguments.budgets {
        Some(path) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path);
            Budgets::parse(&name, &text.map_err(|error| Fault::Usage(format!("{name}: {error}")))?)
        }
        None => Budgets::parse("budgets.toml", OWN),
    }?;
    let checked = budgets.check(&arguments.table, &file::read(&arguments.file)?)?;
    for remark in &checked.remarks {
        say(remark);
    }
    if arguments.json {
        print_json(&checked.breaches)?;
    } else {
        print(&text(checked.figures, &checked.breaches))?;
    }
    Ok(if checked.breaches.is_empty() { Ending::Fine } else { Ending::Beyond })
}

fn text(figures: usize, breaches: &[Breach]) -> String {
    let row = |breach: &Breach| {
        let (value, budget) = (number(breach.value), number(breach.budget));
        vec![breach.workload_id.clone(), breach.metric.clone(), value, budget]
    };
    let rows: Vec<_> = breaches.iter().map(row).collect();
    let table = grid(&["workload", "metric", "value", "budget"], &rows);
    let exceeded = breaches.len();
    format!("{table}{figures} figures checked, {exceeded} beyond their budget\n")
}
