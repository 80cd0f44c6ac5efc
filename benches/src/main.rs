//! `mcpring-bench`: measures MCP servers.

use std::process::ExitCode;

fn main() -> ExitCode {
    mcpring_bench::cli::main(std::env::args())
}
