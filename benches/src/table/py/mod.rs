//! The rows about the Python package: the same functions as tools of mcpring, of the official SDK and
//! of `FastMCP`, on the same interpreter.
//!
//! A peer that fails under a load is reported as failing and left alone from then on; we may not.

mod contest;
mod load;
mod sleep;
mod start;

use std::path::Path;
use std::process::Command;

use super::Bench;
use crate::fault::Fault;
use crate::pythons::{Pythons, script};

/// How the sides run, for readers of the table.
const MODES: &str = "Python servers: one process on the server's core; the peers without sessions, \
                     answers in JSON, uvicorn on uvloop and httptools, no log; \"plain\" is their run() \
                     as documented, with what they install";

/// A server in Python.
#[derive(Clone, Copy)]
struct Side {
    name: &'static str,
    script: &'static str,
    /// What makes it serve HTTP.
    http: &'static str,
}

/// Ours.
const OURS: Side = Side { name: "mcpring", script: "ours_server.py", http: "--http" };
/// The others.
const PEERS: [Side; 3] = [
    Side { name: "mcp, high level", script: "mcp_high_server.py", http: "--http" },
    Side { name: "mcp, low level", script: "mcp_low_server.py", http: "--http" },
    Side { name: "FastMCP", script: "fastmcp_server.py", http: "--http" },
];
/// The same over HTTP, with nothing set and nothing else installed.
const PLAIN: [Side; 2] = [
    Side { name: "mcp, high level, plain", http: "--http-plain", ..PEERS[0] },
    Side { name: "FastMCP, plain", http: "--http-plain", ..PEERS[2] },
];

impl Side {
    fn is_ours(self) -> bool {
        self.name == OURS.name
    }

    /// Its server over standard input and output.
    fn command(self, pythons: &Pythons) -> Command {
        let python: &Path = if self.is_ours() { &pythons.ours } else { &pythons.peers };
        script(python, self.script)
    }

    /// Its server over HTTP, on a port that it says.
    fn http_command(self, pythons: &Pythons) -> Command {
        let mut command = self.command(pythons);
        command.arg(self.http);
        command
    }
}

/// All sides, ours first.
fn sides() -> impl Iterator<Item = Side> {
    [OURS].into_iter().chain(PEERS)
}

/// Measures all of it.
pub(super) fn measure(bench: &mut Bench) -> Result<(), Fault> {
    let pythons = pythons(bench)?;
    bench.versions.extend(pythons.versions()?);
    bench.versions.push(MODES.into());
    load::http(bench, &pythons)?;
    load::stdio(bench, &pythons)?;
    sleep::measure(bench, &pythons)?;
    start::measure(bench, &pythons)
}

/// The environments; what makes them runs on every core.
fn pythons(bench: &Bench) -> Result<Pythons, Fault> {
    let peers = bench.binaries.peers().join("python");
    let ours = bench.binaries.results().join("python");
    if bench.options.no_build {
        return Pythons::built(&peers, &ours);
    }
    bench.cores.unpin()?;
    let all = Pythons::build(&peers, &ours);
    bench.cores.pin(bench.cores.load)?;
    all
}
