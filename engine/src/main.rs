//! The binary `mcpring`: serves a demonstration, lists what a server offers, calls its tools.
//!
//! It is a user of the library like any other: the server side goes through the public API, and
//! the client side, which the library does not have, lives in `cli`.

#![allow(clippy::disallowed_methods, reason = "a program has clocks, sockets and output")]
#![allow(clippy::needless_pass_by_value, reason = "parsed options are used up by their command")]

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
