//! The program `mcpring`: serves a demonstration or plugins, lists what a server offers, calls its
//! tools.
//!
//! It is a user of the library like any other: the server side goes through the public API, and
//! the client side, which the library does not have, lives here. Each command has a file. What goes
//! to standard output is the answer and nothing else; where a server listens, what went wrong and
//! what to do about it goes to standard error.
#![forbid(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "a program has clocks, sockets and output")]
#![allow(clippy::needless_pass_by_value, reason = "parsed options are used up by their command")]

mod call;
mod client;
mod demo;
mod form;
mod headers;
mod list;
mod out;
mod plugins;
mod serve;
mod target;
mod wire;

use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

const EXIT_CODES: &str = "\
Exit codes:
  0  done
  1  the tool answered that it failed (isError)
  2  the command line or the arguments of the tool are wrong
  3  cannot listen, cannot connect, or the other side does not speak MCP
  4  the server answered with an error

Examples:
  mcpring                                          serve the demonstration on local ports
  mcpring --stdio                                  the same on standard input and output
  mcpring list http://127.0.0.1:8080/mcp
  mcpring list http://127.0.0.1:8080/mcp --token-file token.txt
  mcpring call tcp+line://127.0.0.1:8082 add a=1 b=2
  mcpring call stdio:'mcpring --stdio' echo message=hello";

/// A Model Context Protocol server engine on Linux io_uring, and a small client.
///
/// Without a command it serves a demonstration; the options below are those of `serve`.
#[derive(Debug, Parser)]
#[command(name = "mcpring", version, args_conflicts_with_subcommands = true, after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: serve::ServeArgs,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the demonstration: five tools, ten resources, a template, three prompts.
    Serve(Box<serve::ServeArgs>),
    /// Show the tools, resources, templates and prompts of a server.
    List(list::ListArgs),
    /// Call a tool of a server and print its answer.
    Call(call::CallArgs),
}

/// How the client opens the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Era {
    /// Stateless first; a handshake if the server does not know that.
    Auto,
    /// Version 2026-07-28: no handshake, every request stands alone.
    Stateless,
    /// Versions up to 2025-11-25: initialize first.
    Handshake,
}

/// Why a command ended early. Each kind is one exit code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// The tool answered that it failed; its words.
    Tool(String),
    /// The command line is wrong; what to write instead.
    Usage(String),
    /// The other side cannot be reached, or is no MCP server.
    Link(String),
    /// The server answered a request with an error.
    Answer {
        /// The JSON-RPC code.
        code: i64,
        /// The server's words, and its data if it sent some.
        message: String,
    },
}

impl Failure {
    fn exit_code(&self) -> u8 {
        match self {
            Self::Tool(_) => 1,
            Self::Usage(_) => 2,
            Self::Link(_) => 3,
            Self::Answer { .. } => 4,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Tool(text) => text.clone(),
            Self::Usage(text) | Self::Link(text) => format!("mcpring: {text}"),
            Self::Answer { code, message } => {
                format!("mcpring: the server answered error {code}: {message}")
            }
        }
    }
}

/// Reads the command line, does what it says, and says how it went.
fn main() -> ExitCode {
    let cli = Cli::parse();
    let done = match cli.command {
        None => serve::run(cli.serve),
        Some(Command::Serve(args)) => serve::run(*args),
        Some(Command::List(args)) => list::run(&args),
        Some(Command::Call(args)) => call::run(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            out::note(&failure.words());
            ExitCode::from(failure.exit_code())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default() {
        let rows: [(&[&str], bool); 5] = [
            (&["mcpring"], true),
            (&["mcpring", "--stdio"], true),
            (&["mcpring", "--http", "127.0.0.1:0", "--shards", "1"], true),
            (&["mcpring", "serve", "--stdio"], false),
            (&["mcpring", "list", "tcp://127.0.0.1:1"], false),
        ];
        for (line, bare) in rows {
            let cli = Cli::try_parse_from(line).unwrap();
            assert_eq!(cli.command.is_none(), bare, "{line:?}");
        }
        assert!(Cli::try_parse_from(["mcpring", "--stdio", "list", "tcp://x:1"]).is_err());
        assert!(Cli::try_parse_from(["mcpring", "list", "ftp://x"]).is_err());
    }
}
