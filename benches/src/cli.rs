//! The command line of `mcpring-bench`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::binaries::say;
use crate::commands::{
    Ending, ablate, baseline, budget, compare, inside, list, run, schema, suite,
};
use crate::fault::Fault;
use crate::{interrupt, peers, table};

/// Measures MCP servers, and mcpring beside its floor and its peers.
#[derive(Parser)]
#[command(name = "mcpring-bench", version, after_help = EXIT_CODES)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0  fine
  1  a regression (with --fail-on-regression), or a budget not kept
  2  usage: the command line or a file makes no sense
  3  the measurement is invalid: the generator or the machine was the limit
  4  the server under test failed or answered wrongly
Ended by Ctrl-C or SIGTERM, it ends what it has started too.";

#[derive(Subcommand)]
enum Command {
    /// Loads one server and says what it came to.
    Run(Box<run::Arguments>),
    /// Measures all workloads on one server and writes the results.
    Suite(Box<suite::Arguments>),
    /// Lists the workloads, or what a server offers and which of them fit it.
    List(list::Arguments),
    /// Compares two files of results.
    Compare(compare::Arguments),
    /// Keeps results that later ones are compared with.
    Baseline(baseline::Arguments),
    /// Checks results against what they may come to.
    Budget(budget::Arguments),
    /// Prints the JSON Schema of files of results.
    Schema,
    /// Measures our servers and the peers, every workload that each can do.
    Peers(peers::Arguments),
    /// What each optimisation of the engine is worth: with it and without it, in turn.
    Ablate(ablate::Arguments),
    /// Does the work of one repetition for another of these.
    #[command(name = crate::inside::COMMAND, hide = true)]
    Inside(inside::Arguments),
    /// The table of the project's goals: ours beside the bare loop and beside rmcp.
    Table(table::Options),
}

/// Runs the command in `arguments`, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let command = Arguments::parse_from(arguments).command;
    let ended = interrupt::obey().and_then(|()| carry_out(command));
    let _last = interrupt::gate();
    match ended {
        Ok(ending) => ExitCode::from(ending.exit_code()),
        Err(fault) => {
            say(&format!("mcpring-bench: {fault}"));
            ExitCode::from(fault.exit_code())
        }
    }
}

fn carry_out(command: Command) -> Result<Ending, Fault> {
    match command {
        Command::Run(arguments) => run::run(&arguments),
        Command::Suite(arguments) => suite::run(&arguments),
        Command::List(arguments) => list::run(&arguments),
        Command::Compare(arguments) => compare::run(&arguments),
        Command::Baseline(arguments) => baseline::run(&arguments),
        Command::Budget(arguments) => budget::run(&arguments),
        Command::Schema => schema::run(),
        Command::Peers(arguments) => peers::run(&arguments),
        Command::Ablate(arguments) => ablate::run(&arguments),
        Command::Inside(arguments) => inside::run(&arguments),
        Command::Table(options) => table::run(options).map(|()| Ending::Fine),
    }
}
