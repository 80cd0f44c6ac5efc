//! What `cargo bench` runs: the table, with the arguments behind `--`.
//!
//! Cargo also runs this program when all targets are tested, then without `--bench`; measuring is
//! not testing, so it does nothing then.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if !arguments.iter().any(|argument| argument == "--bench") {
        return ExitCode::SUCCESS;
    }
    let own = arguments.into_iter().filter(|argument| argument != "--bench");
    mcpring_bench::cli::main(["mcpring-bench".into(), "table".into()].into_iter().chain(own))
}
