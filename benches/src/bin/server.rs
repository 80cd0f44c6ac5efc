//! The benchmarks' server on the library: the same fixture as the peers', on every wire.
//!
//! It says where it listens, one line `ready URL` each, and serves until it is killed.

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use mcpring::config::Ablation;
use mcpring::json::Backend;
use mcpring::ring::Choice;
use mcpring::{Config, Engine, Error};
use mcpring_bench::measure::cores;
use mcpring_bench::tools::{self, many};

/// Offers the fixture of the benchmarks.
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
    /// Most threads for tools that block; the engine's own number where nothing is said.
    #[arg(long)]
    workers: Option<usize>,
    /// Keeps `echo` and the forms busy for so many microseconds more, to be found by comparisons.
    #[arg(long, default_value_t = 0, hide = true)]
    slow_us: u64,
    /// Without these optimisations: schema-cache, fanout-batching, leases, template-router
    /// (several with commas).
    #[arg(long, default_value = "", hide_default_value = true)]
    off: Ablation,
    /// Resource templates beside the fixture.
    #[arg(long, default_value_t = 0)]
    templates: usize,
    /// Tools with a schema of their own beside the fixture.
    #[arg(long, default_value_t = 0)]
    schemas: usize,
    /// Run on every core of the machine, whichever this program was started on.
    #[arg(long)]
    all_cores: bool,
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
    if arguments.all_cores {
        cores::use_all().map_err(|fault| Error::system(fault.to_string()))?;
    }
    let Arguments { shards, driver, json, workers, slow_us, .. } = *arguments;
    let mut config = Config { shards, driver, json, ..Config::default() };
    // The table holds ten thousand sessions, and a few more while it warms up.
    config.sessions_max *= 2;
    config.workers = workers.unwrap_or(config.workers);
    let server = tools::builder(Duration::from_micros(slow_us)).ablation(arguments.off);
    let server = many::with_templates(server, arguments.templates);
    let server = many::with_schemas(server, arguments.schemas).build()?;
    let engine = Engine::new(server).config(config);
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
