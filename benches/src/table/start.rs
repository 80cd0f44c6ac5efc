//! The rows about starting: from the spawn to the first answer, and the memory at rest.
//!
//! The servers run as a user would start them: no core prescribed, every core to use.

use std::io::Write;
use std::process::Command;
use std::thread;
use std::time::Duration;

use super::Bench;
use crate::child::{Place, Server};
use crate::client::{Client, HELLO, wrap};
use crate::fault::{Fault, excerpt};
use crate::measure::cores::Cores;
use crate::report::{Asked, Row};
use crate::rounds::median;
use crate::target::{Era, Target, Wire};

/// Starts of each server.
pub(super) const STARTS: usize = 11;
/// What a server may still do after its first answer before its memory counts as at rest.
const REST: Duration = Duration::from_millis(300);

/// Starts ours and rmcp in turn.
pub(super) fn measure(bench: &mut Bench) -> Result<(), Fault> {
    let starts = if bench.options.quick { 1 } else { STARTS };
    let mut http = [Starts::default(), Starts::default()];
    let mut stdio = [Starts::default(), Starts::default()];
    for _ in 0..starts {
        for side in 0..2 {
            let mut http_command = command(bench, side);
            http_command.args(["--http", "127.0.0.1:0"]);
            http[side].add(over_http(&bench.cores, http_command)?);
            let mut stdio_command = command(bench, side);
            stdio_command.arg("--stdio");
            stdio[side].add(over_stdio(&bench.cores, stdio_command)?);
        }
    }
    for (name, wire) in [("HTTP", &http), ("stdio", &stdio)] {
        let [ours, rmcp] = wire;
        let (first, memory) = (median(rmcp.first_ms.clone()), median(rmcp.resident_mb.clone()));
        bench.rows.push(row(
            format!("start to first answer, {name}"),
            Asked::AtMost(10.0),
            &ours.first_ms,
            "ms",
            format!("rmcp {first:.1} ms"),
        ));
        bench.rows.push(row(
            format!("memory at rest, {name}"),
            Asked::AtMost(8.0),
            &ours.resident_mb,
            "MB",
            format!("rmcp {memory:.1} MB"),
        ));
    }
    Ok(())
}

/// All starts of one server.
#[derive(Default)]
pub(crate) struct Starts {
    pub(crate) first_ms: Vec<f64>,
    pub(crate) resident_mb: Vec<f64>,
}

impl Starts {
    pub(crate) fn add(&mut self, (first, resident): (Duration, u64)) {
        self.first_ms.push(first.as_secs_f64() * 1e3);
        self.resident_mb.push(resident as f64 / 1e6);
    }
}

/// A row with the median of `values` and their spread.
pub(super) fn row(
    name: String,
    asked: Asked,
    values: &[f64],
    unit: &'static str,
    note: String,
) -> Row {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let row = Row::new(name, asked, median(values.to_vec()), unit).with_note(note);
    Row { spread: Some((least, most)), ..row }
}

/// The server of a side: ours, then rmcp.
fn command(bench: &Bench, side: usize) -> Command {
    if side == 0 {
        let mut command = Command::new(&bench.binaries.mcpring);
        command.arg("serve").arg(format!("--driver={}", bench.options.driver));
        command
    } else {
        Command::new(&bench.binaries.rmcp)
    }
}

/// Starts `command` and says hello over HTTP: the time to its answer, and the memory at rest.
pub(crate) fn over_http(cores: &Cores, mut command: Command) -> Result<(Duration, u64), Fault> {
    let mut server = Server::start(&mut command, Place::Anywhere(cores))?;
    let target = Target::new(server.address("http")?, Wire::Http, Era::Handshake);
    let reply = Client::connect(&target)?.ask(&wrap(&target, None, HELLO))?;
    let first = server.started.elapsed();
    is_hello(&reply.body)?;
    thread::sleep(REST);
    Ok((first, server.process().resident_bytes()?))
}

/// The same over its standard input and output.
pub(crate) fn over_stdio(cores: &Cores, mut command: Command) -> Result<(Duration, u64), Fault> {
    let mut server = Server::start(&mut command, Place::Anywhere(cores))?;
    let hello = [HELLO, b"\n"].concat();
    if let Some(input) = server.input() {
        input.write_all(&hello).map_err(Fault::target("write to standard input"))?;
    }
    let line = loop {
        let line = server.line()?;
        // Both outputs are one pipe here, so words of the log may stand before the answer.
        if let Some(at) = line.find('{').filter(|_| line.contains(r#""jsonrpc""#)) {
            break line[at..].to_owned();
        }
    };
    let first = server.started.elapsed();
    is_hello(line.as_bytes())?;
    thread::sleep(REST);
    Ok((first, server.process().resident_bytes()?))
}

fn is_hello(body: &[u8]) -> Result<(), Fault> {
    match memchr::memmem::find(body, b"\"protocolVersion\"") {
        Some(_) => Ok(()),
        None => Err(Fault::Target(format!("initialize was answered with {}", excerpt(body)))),
    }
}
