//! The benchmarks' server on the library: the same tools as the peers, on every wire.
//!
//! It says where it listens, one line `ready URL` each, and serves until it is killed.

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use mcpring::json::Backend;
use mcpring::ring::Choice;
use mcpring::{Config, Engine, Error};
use mcpring_bench::tools;

/// Offers the tools of the benchmarks: echo, add, form20, form1000, update_resource.
#[derive(Parser)]
struct Arguments {
    /// Serve standard input and output, and nothing else.
    #[arg(long)]
    stdio: bool,
    /// Threads that serve connections.
    #[arg(long, default_value_t = 1)]
    shards: usize,
    /// auto, uring or epoll.
    #[arg(long, default_value = "auto")]
    driver: Choice,
    /// scan, simd-json or serde.
    #[arg(long, default_value = "scan")]
    json: Backend,
}

fn main() -> ExitCode {
    match serve(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(io::stderr(), "{error}");
            ExitCode::from(3)
        }
    }
}

fn serve(arguments: &Arguments) -> Result<(), Error> {
    let Arguments { shards, driver, json, .. } = *arguments;
    // The table holds ten thousand sessions, and a few more while it warms up.
    let sessions_max = 2 * Config::default().sessions_max;
    let config = Config { shards, driver, json, sessions_max, ..Config::default() };
    let engine = Engine::new(tools::server()?).config(config);
    let engine = if arguments.stdio {
        engine.stdio()
    } else {
        engine.http("127.0.0.1:0").tcp("127.0.0.1:0").tcp_line("127.0.0.1:0")
    };
    let running = engine.start()?;
    for url in running.addresses() {
        // Standard output belongs to the protocol when it is served.
        let _ = writeln!(io::stderr(), "ready {url}");
    }
    running.join()
}
