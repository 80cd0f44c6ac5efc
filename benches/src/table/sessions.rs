//! The rows about idle sessions: what a handshake session with one open event stream costs in
//! memory, beside rmcp.
//!
//! Each session has a connection of its own, on which it was opened and which then carries its
//! stream. The server's resident memory before and after is compared; what the kernel keeps for
//! the connections is shown apart, for it is the same for every server.

use std::net::SocketAddr;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use mcpring::ring::Choice;

use super::Bench;
use crate::audience::Audience;
use crate::binaries::say;
use crate::child::{Place, Server};
use crate::fault::Fault;
use crate::measure::kernel;
use crate::measure::process::Process;
use crate::report::{Asked, Row};
use crate::target::{Era, Target, Wire};

/// Sessions held at the same time, one row each.
const SESSIONS: [usize; 2] = [2_000, 10_000];
/// Sessions of a short run.
const SESSIONS_QUICK: usize = 500;
/// Most resident bytes of a session with its stream.
const BYTES_MAX: f64 = 2_000.0;
/// Sessions opened and left before anything is compared.
const WARM: usize = 64;
/// Time for a server to come to rest.
const RESTING: Duration = Duration::from_secs(5);
/// A server that used less CPU within this time is at rest.
const REST: Duration = Duration::from_millis(300);

/// The two servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Host {
    /// The bench server on the library.
    Ours,
    /// rmcp with sessions.
    Rmcp,
}

impl Host {
    /// Its name in reports.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Ours => "mcpring",
            Self::Rmcp => "rmcp",
        }
    }

    /// Starts it on the server's core, with sessions over HTTP.
    pub(super) fn start(self, bench: &Bench) -> Result<(Server, SocketAddr), Fault> {
        let mut command = match self {
            Self::Ours => {
                let mut command = Command::new(&bench.binaries.server);
                command.arg(format!("--driver={}", bench.options.driver));
                command
            }
            Self::Rmcp => {
                let mut command = Command::new(&bench.binaries.rmcp);
                command.args(["--http-sessions", "127.0.0.1:0"]);
                command
            }
        };
        let mut server = Server::start(&mut command, Place::Pinned(&bench.cores))?;
        let address = server.address("http")?;
        Ok((server, address))
    }
}

/// What one session costs.
pub(crate) struct Cost {
    /// Bytes in RAM.
    pub(crate) resident: f64,
    /// Bytes of the kernel's objects, of the whole machine.
    pub(crate) kernel: f64,
}

/// Opens the sessions at each server and measures the memory around them.
pub(super) fn measure(bench: &mut Bench) -> Result<(), Fault> {
    let counts = if bench.options.quick { &[SESSIONS_QUICK][..] } else { &SESSIONS };
    for count in counts {
        let [ours, rmcp] = [Host::Ours, Host::Rmcp].map(|host| {
            say(&format!("  {count} sessions, {}", host.name()));
            cost(bench, host, *count).map_err(|fault| fault.within(host.name()))
        });
        let (ours, rmcp) = (ours?, rmcp?);
        let name = format!("session with an idle event stream, {count} of them");
        let note = format!(
            "rmcp {:.1} KB, {:.1} times as much; its limit of idle time is off",
            rmcp.resident / 1e3,
            rmcp.resident / ours.resident
        );
        let row =
            Row::new(format!("{name}: resident"), Asked::AtMost(BYTES_MAX), ours.resident, "B");
        bench.rows.push(row.with_note(note));
        let note = format!("rmcp {:.0} B; both ends of the connection, whole machine", rmcp.kernel);
        let row = Row::new(format!("{name}: in the kernel"), Asked::Nothing, ours.kernel, "B");
        bench.rows.push(row.with_note(note));
    }
    Ok(())
}

fn cost(bench: &Bench, host: Host, count: usize) -> Result<Cost, Fault> {
    let (server, address) = host.start(bench)?;
    cost_of(server.process(), address, count, bench.options.driver)
}

/// Opens `count` sessions at the server that speaks HTTP on `address`, each with a stream, and
/// measures the memory around them.
pub(crate) fn cost_of(
    process: Process,
    address: SocketAddr,
    count: usize,
    driver: Choice,
) -> Result<Cost, Fault> {
    let target = Target::new(address, Wire::Http, Era::Handshake);
    Audience::open(&target, WARM, &[], driver)?.close()?;
    rest(process)?;
    let (resident, objects) = (process.resident_bytes()?, kernel::object_bytes()?);
    let mut audience = Audience::open(&target, count, &[], driver)?;
    rest(process)?;
    // Every stream must still be there, and silent.
    audience.rest(REST)?;
    let each = |after: u64, before: u64| after.saturating_sub(before) as f64 / count as f64;
    let cost = Cost {
        resident: each(process.resident_bytes()?, resident),
        kernel: each(kernel::object_bytes()?, objects),
    };
    audience.close()?;
    Ok(cost)
}

/// Waits until the server has nothing more to do.
fn rest(process: Process) -> Result<(), Fault> {
    let until = Instant::now() + RESTING;
    let mut cpu = process.usage()?.cpu;
    while Instant::now() < until {
        thread::sleep(REST);
        let now = process.usage()?.cpu;
        if now.saturating_sub(cpu) < REST / 100 {
            return Ok(());
        }
        cpu = now;
    }
    Ok(())
}
