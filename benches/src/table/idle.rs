//! The row about idle connections: how many one process holds, and what each costs in memory.
//!
//! Server and load both run under a limit of 20,000 descriptors. Neither needs more: a connection
//! is a direct descriptor of a ring, and each ring has its own table. The load holds its share in
//! as many rings as the server has shards, and spreads its ports over several local addresses.

use std::process::Command;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use mcpring::ring::Choice;
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use super::Bench;
use crate::binaries::say;
use crate::child::{Place, Server};
use crate::dial::dial;
use crate::fault::Fault;
use crate::generator::Generator;
use crate::generator::request::Request;
use crate::measure::counters::Counters;
use crate::measure::process::Process;
use crate::question::Question;
use crate::report::{Asked, Row};
use crate::target::{Era, Target, Wire};

/// The descriptor limit of both processes.
const DESCRIPTORS: u64 = 20_000;
/// Shards of the server, and rings of the load.
const SHARDS: usize = 3;
/// Most resident bytes of an idle connection.
const BYTES_MAX: f64 = 1000.0;
/// Connections that ask at the same time when each is used once.
const ASKING: usize = 256;
/// The gauge of open connections.
const OPEN: &str = "mcpring_connections_open";
/// Time for the server to accept what the kernel has queued for it.
const ACCEPTING: Duration = Duration::from_secs(20);

/// Holds the connections and measures the server's memory around them.
pub(super) fn measure(bench: &mut Bench) -> Result<(), Fault> {
    lower_limit()?;
    let wanted = bench.options.idle;
    let mut command = Command::new(&bench.binaries.mcpring);
    command.args(["serve", "--tcp", "127.0.0.1:0", "--http", "127.0.0.1:0"]);
    command.arg(format!("--shards={SHARDS}")).arg(format!("--driver={}", bench.options.driver));
    let mut server = Server::start(&mut command, Place::Pinned(&bench.cores))?;
    let (process, counters) = (server.process(), Counters::new(server.address("http")?));
    let target = Target::new(server.address("tcp")?, Wire::Length, Era::Handshake);
    warm(&target, &counters)?;
    let before = process.resident_bytes()?;
    let mut crowd = Crowd::connect(&target, wanted, bench.options.driver)?;
    let accepted = accepted(&counters, process, wanted)?;
    let unused = process.resident_bytes()?;
    crowd.use_each_once()?;
    let used = process.resident_bytes()?;
    let each = |after: u64| after.saturating_sub(before) as f64 / wanted as f64;
    let descriptors = process.descriptors()?;
    let note = format!("{descriptors} descriptors open of {} allowed", process.descriptors_max()?);
    bench.rows.push(
        Row::new(
            "idle TCP connections in one process",
            Asked::AtLeast(wanted as f64),
            accepted,
            "",
        )
        .with_note(note),
    );
    let asked = Asked::AtMost(BYTES_MAX);
    let name = "resident bytes of an idle connection";
    bench.rows.push(Row::new(format!("{name}, never used"), asked, each(unused), "B"));
    bench.rows.push(Row::new(format!("{name}, used once"), asked, each(used), "B"));
    crowd.close()
}

/// Lowers this process's limit, which the server inherits. A lower one is left as it is.
fn lower_limit() -> Result<(), Fault> {
    let invalid = |error| Fault::Invalid(format!("limit of descriptors: {error}"));
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).map_err(invalid)?;
    let limit = hard.min(DESCRIPTORS);
    setrlimit(Resource::RLIMIT_NOFILE, limit, limit).map_err(invalid)
}

/// Lets the server touch what any connection touches, before its memory is taken as the start.
fn warm(target: &Target, counters: &Counters) -> Result<(), Fault> {
    for _ in 0..4 * SHARDS {
        let mut client = crate::client::Client::connect(target)?;
        client.handshake(target)?;
        counters.sum(OPEN)?;
    }
    thread::sleep(Duration::from_millis(300));
    Ok(())
}

/// Waits until the server has accepted `wanted` and says how many it holds. A server that does not
/// count is given until it has nothing more to do.
fn accepted(counters: &Counters, process: Process, wanted: usize) -> Result<f64, Fault> {
    let until = Instant::now() + ACCEPTING;
    let mut cpu = process.usage()?.cpu;
    loop {
        thread::sleep(Duration::from_millis(200));
        let open = counters.sum(OPEN)?;
        // The connection that asks is counted too.
        let open = open.map(|open| (open - 1.0).max(0.0));
        let now = process.usage()?.cpu;
        let resting = now.saturating_sub(cpu) < Duration::from_millis(2);
        cpu = now;
        match open {
            Some(open) if open >= wanted as f64 => return Ok(open),
            Some(open) if Instant::now() > until => return Ok(open),
            None if resting => return Ok(wanted as f64),
            _ => {}
        }
    }
}

/// The load's side of the idle connections.
struct Crowd {
    rings: Vec<Generator>,
}

impl Crowd {
    fn connect(target: &Target, wanted: usize, driver: Choice) -> Result<Self, Fault> {
        let ping = Question::ping();
        let request = Rc::new(Request::new(target, &ping, None));
        let share = wanted.div_ceil(SHARDS);
        let mut rings = Vec::new();
        let mut left = wanted;
        while left > 0 {
            let mut ring = Generator::open(driver, share, 1, &ping)?;
            for number in 0..share.min(left) {
                let stream = dial(&target.address, number)?;
                ring.adopt(stream, target.wire, Rc::clone(&request))?;
            }
            left -= ring.len();
            say(&format!("  {} connections held", wanted - left));
            rings.push(ring);
        }
        Ok(Self { rings })
    }

    /// One request on each connection, a few at a time.
    fn use_each_once(&mut self) -> Result<(), Fault> {
        for ring in &mut self.rings {
            for index in 0..ring.len() {
                ring.allow(1);
                ring.ask(index)?;
                ring.allow(0);
                while ring.in_flight() >= ASKING {
                    ring.turn()?;
                }
            }
            while ring.in_flight() > 0 {
                ring.turn()?;
            }
        }
        let answered: u64 = self.rings.iter().map(|ring| ring.tally().requests).sum();
        let held: usize = self.rings.iter().map(Generator::len).sum();
        if answered == held as u64 {
            return Ok(());
        }
        Err(Fault::Target(format!("{answered} of {held} idle connections answered rightly")))
    }

    fn close(self) -> Result<(), Fault> {
        self.rings.into_iter().try_for_each(Generator::close)
    }
}
