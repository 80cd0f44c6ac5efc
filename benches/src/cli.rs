//! The command line of `mcpring-bench`.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::binaries::say;
use crate::table;

/// Measures MCP servers, and mcpring beside its floor and its peers.
///
/// Exit codes: 0 measured, 2 usage, 3 the machine or the harness could not measure, 4 the server
/// under test failed or answered wrongly.
#[derive(Parser)]
#[command(name = "mcpring-bench", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// The table of the project's goals: ours beside the bare loop and beside rmcp.
    Table(table::Options),
}

/// Runs the command in `arguments`, the program's name first.
pub fn main(arguments: impl IntoIterator<Item = String>) -> ExitCode {
    let Command::Table(options) = Arguments::parse_from(arguments).command;
    match table::run(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            say(&format!("mcpring-bench: {fault}"));
            ExitCode::from(fault.exit_code())
        }
    }
}
