//! What it costs to import the package and make a server with one tool, beside a bare interpreter;
//! and the time until a host has its first answer.

use std::path::Path;
use std::time::Duration;

use super::{Bench, OURS, PEERS, sides};
use crate::child::{Place, Server};
use crate::fault::{Fault, excerpt};
use crate::pythons::{Pythons, script};
use crate::report::Asked;
use crate::rounds::median;
use crate::table::start::{STARTS, Starts, over_stdio, row};

/// Most time beyond the bare interpreter, in milliseconds.
const IMPORT_MS_MAX: f64 = 50.0;
/// Most memory beyond it, in megabytes.
const IMPORT_MB_MAX: f64 = 6.0;
/// The packages, as the script of starts calls them, the bare interpreter first.
const PACKAGES: [&str; 4] = ["bare", "mcpring", "mcp", "fastmcp"];

/// Starts every side many times, in turn.
pub(super) fn measure(bench: &mut Bench, pythons: &Pythons) -> Result<(), Fault> {
    imports(bench, pythons)?;
    first_answers(bench, pythons)
}

fn starts(bench: &Bench) -> usize {
    if bench.options.quick { 1 } else { 2 * STARTS }
}

fn imports(bench: &mut Bench, pythons: &Pythons) -> Result<(), Fault> {
    let mut seen = PACKAGES.map(|_| Starts::default());
    for _ in 0..starts(bench) {
        for (package, seen) in PACKAGES.into_iter().zip(&mut seen) {
            let of_peers = package == "mcp" || package == "fastmcp";
            let python = if of_peers { &pythons.peers } else { &pythons.ours };
            seen.add(import(bench, python, package).map_err(|fault| fault.within(package))?);
        }
    }
    let name =
        |what: &str| format!("Python, import and a server with one tool: {what} beyond bare");
    let [bare, ours, mcp, fastmcp] = &seen;
    let more = |of: &Starts, pick: fn(&Starts) -> &Vec<f64>| -> Vec<f64> {
        pick(of).iter().zip(pick(bare)).map(|(with, bare)| with - bare).collect()
    };
    for (what, unit, most, pick) in [
        ("time", "ms", IMPORT_MS_MAX, (|of| &of.first_ms) as fn(&Starts) -> &Vec<f64>),
        ("memory", "MB", IMPORT_MB_MAX, |of| &of.resident_mb),
    ] {
        let note = format!(
            "bare {:.1} {unit}; mcp {:.0} more, FastMCP {:.0} more",
            median(pick(bare).clone()),
            median(more(mcp, pick)),
            median(more(fastmcp, pick)),
        );
        bench.rows.push(row(name(what), Asked::AtMost(most), &more(ours, pick), unit, note));
    }
    Ok(())
}

/// Time until a process says that its server is made, and its memory then.
fn import(bench: &Bench, python: &Path, package: &str) -> Result<(Duration, u64), Fault> {
    let mut command = script(python, "start.py");
    let mut server = Server::start(command.arg(package), Place::Anywhere(&bench.cores))?;
    let line = server.line()?;
    let made = server.started.elapsed();
    if line != "made" {
        return Err(Fault::Target(format!("it said {}", excerpt(line.as_bytes()))));
    }
    Ok((made, server.process().resident_bytes()?))
}

fn first_answers(bench: &mut Bench, pythons: &Pythons) -> Result<(), Fault> {
    let mut seen: Vec<Starts> = sides().map(|_| Starts::default()).collect();
    let mut fails = String::new();
    for _ in 0..starts(bench) {
        for (side, seen) in sides().zip(&mut seen) {
            match over_stdio(&bench.cores, side.command(pythons)) {
                Ok(started) => seen.add(started),
                Err(fault) if side.is_ours() => return Err(fault.within(side.name)),
                Err(fault) => fails = format!("; {} failed to start: {fault}", side.name),
            }
        }
    }
    let (ours, peers) = (&seen[0], &seen[1..]);
    for (what, unit, pick) in [
        ("start to first answer", "ms", (|of| &of.first_ms) as fn(&Starts) -> &Vec<f64>),
        ("memory at rest", "MB", |of| &of.resident_mb),
    ] {
        let of_peers = PEERS
            .iter()
            .zip(peers)
            .map(|(peer, seen)| format!("{} {:.0} {unit}", peer.name, median(pick(seen).clone())));
        let note = of_peers.collect::<Vec<_>>().join("; ") + &fails;
        let name = format!("Python, {what}, stdio, {}", OURS.name);
        bench.rows.push(row(name, Asked::Nothing, pick(ours), unit, note));
    }
    Ok(())
}
