//! The rows about work: CPU per request beside the floor and beside rmcp, system calls per request.

use std::net::SocketAddr;
use std::process::Command;
use std::time::Duration;

use super::Bench;
use crate::child::{Place, Server};
use crate::fault::Fault;
use crate::generator::{Extent, Load};
use crate::measure::counters::Counters;
use crate::question::{Question, form1000};
use crate::report::{Asked, Comparison, Row};
use crate::rounds::{Sample, Samples, Side, alternate, cpu_ratio, median};
use crate::target::{Era, Target, Wire};

/// Connections of every load.
pub(super) const CONNECTIONS: usize = 50;
/// Letters of the echoed message: with the envelope about 200 bytes each way.
pub(super) const MESSAGE_BYTES: usize = 100;
/// Longest load before counting begins.
const WARMUP_MAX: Duration = Duration::from_millis(500);
/// Most system calls per request.
const ENTERS_MAX: f64 = 0.1;

/// Share of the time a server may be kept off its core before its figures are called noisy.
const WAITED_MAX: f64 = 0.05;

/// Length-framed TCP beside the bare loop.
pub(super) fn tcp(bench: &mut Bench) -> Result<(), Fault> {
    let mut ours = Ours::start(bench)?;
    let echo = Question::echo(MESSAGE_BYTES);
    let reply = first_answer(&Target::new(ours.tcp()?, Wire::Length, Era::Handshake), &echo)?;
    let mut command = Command::new(&bench.binaries.bare);
    command.arg(format!("--reply-bytes={}", reply.len()));
    command.arg(format!("--driver={}", bench.options.driver));
    let mut bare = Server::start(&mut command, Place::Pinned(&bench.cores))?;
    let floor = Target::new(bare.address("tcp")?, Wire::Length, Era::Bare);
    let request = echo.message(Era::Handshake, crate::generator::request::ID_FIRST).0.len();
    for (inflight, most) in [(16, 2.0), (1, 1.25)] {
        let sides = [
            ours.side(Wire::Length, Era::Handshake, echo.clone())?,
            Side {
                name: "bare loop",
                server: &bare,
                target: floor.clone(),
                question: Question::opaque(request, reply.len()),
                counters: None,
            },
        ];
        let name = format!("TCP echo {CONNECTIONS} × {inflight}");
        let sides = bench.compare(&name, &sides, inflight)?;
        let ratio = cpu_ratio(&sides[0], &sides[1]);
        let row = format!("{name}: CPU beside the bare loop");
        bench.rows.push(Row::ratio(row, Asked::AtMost(most), ratio));
        bench.system_calls(&name, &sides[0]);
        bench.compared(name, sides);
    }
    Ok(())
}

/// HTTP echo beside rmcp, in both eras.
pub(super) fn http(bench: &mut Bench) -> Result<(), Fault> {
    for (era, called) in [(Era::Stateless, "stateless"), (Era::Handshake, "handshake")] {
        let name = format!("HTTP echo {CONNECTIONS} × 1, {called}");
        let sides = beside_rmcp(bench, &name, era, &Question::echo(MESSAGE_BYTES))?;
        let ratio = cpu_ratio(&sides[0], &sides[1]);
        let row = format!("{name}: CPU beside rmcp");
        bench.rows.push(Row::ratio(row, Asked::AtMost(0.25), ratio));
        bench.system_calls(&name, &sides[0]);
        bench.compared(name, sides);
    }
    Ok(())
}

/// The large form beside rmcp.
pub(super) fn form(bench: &mut Bench) -> Result<(), Fault> {
    let name = format!("HTTP 88 KB, 1000 fields {CONNECTIONS} × 1");
    let sides = beside_rmcp(bench, &name, Era::Stateless, &form1000())?;
    let ratio = cpu_ratio(&sides[1], &sides[0]);
    bench.rows.push(Row::ratio(
        format!("{name}: rmcp's CPU beside ours"),
        Asked::AtLeast(10.0),
        ratio,
    ));
    bench.compared(name, sides);
    Ok(())
}

fn beside_rmcp(
    bench: &Bench,
    name: &str,
    era: Era,
    question: &Question,
) -> Result<Vec<Samples>, Fault> {
    let mut ours = Ours::start(bench)?;
    let mut command = Command::new(&bench.binaries.rmcp);
    command.args(["--http", "127.0.0.1:0"]);
    let mut rmcp = Server::start(&mut command, Place::Pinned(&bench.cores))?;
    let target = Target::new(rmcp.address("http")?, Wire::Http, era);
    let sides = [
        ours.side(Wire::Http, era, question.clone())?,
        Side { name: "rmcp", server: &rmcp, target, question: question.clone(), counters: None },
    ];
    bench.compare(name, &sides, 1)
}

impl Bench {
    /// A closed loop for as long as the options say.
    pub(super) fn load(&self, connections: usize, inflight: usize) -> Load {
        Load {
            warmup: self.seconds().min(WARMUP_MAX),
            driver: self.options.driver,
            ..Load::closed(connections, inflight, Extent::Time(self.seconds()))
        }
    }

    pub(super) fn compare(
        &self,
        name: &str,
        sides: &[Side<'_>],
        inflight: usize,
    ) -> Result<Vec<Samples>, Fault> {
        let load = self.load(CONNECTIONS, inflight);
        alternate(sides, &load, self.rounds()).map_err(|fault| fault.within(name))
    }

    /// Keeps the measurements behind the rows of `name`, and says on those if the machine was shared.
    pub(super) fn compared(&mut self, name: String, sides: Vec<Samples>) {
        // Threads of one server wait for each other too: others had at most what it did not use.
        let kept_off = |sample: &Sample| sample.waited.min(1.0 - sample.busy);
        let waited = sides.iter().map(|side| side.median(kept_off));
        let most = waited.fold(0.0, f64::max);
        if most > WAITED_MAX {
            let share = most * 100.0;
            let note = format!("noisy: a server was kept off its core {share:.0} % of the time");
            for row in self.rows.iter_mut().filter(|row| row.name.starts_with(&format!("{name}:")))
            {
                row.note = if row.note.is_empty() {
                    note.clone()
                } else {
                    format!("{}; {note}", row.note)
                };
            }
        }
        self.comparisons.push(Comparison { name, sides });
    }

    fn system_calls(&mut self, name: &str, ours: &Samples) {
        let counted: Vec<f64> = ours.rounds.iter().filter_map(|sample| sample.enters).collect();
        let reached = median(counted);
        let row = Row::new(
            format!("{name}: system calls a request"),
            Asked::AtMost(ENTERS_MAX),
            reached,
            "",
        );
        let note = if reached.is_nan() { "the server shows no such counter" } else { "" };
        self.rows.push(row.with_note(note));
    }
}

/// Our server with the tools of the peers, on its core.
pub(super) struct Ours {
    server: Server,
    http: SocketAddr,
}

impl Ours {
    pub(super) fn start(bench: &Bench) -> Result<Self, Fault> {
        let mut command = Command::new(&bench.binaries.server);
        command.arg(format!("--driver={}", bench.options.driver));
        let mut server = Server::start(&mut command, Place::Pinned(&bench.cores))?;
        let http = server.address("http")?;
        Ok(Self { server, http })
    }

    fn tcp(&mut self) -> Result<SocketAddr, Fault> {
        self.server.address("tcp")
    }

    pub(super) fn side(
        &mut self,
        wire: Wire,
        era: Era,
        question: Question,
    ) -> Result<Side<'_>, Fault> {
        let address = match wire {
            Wire::Http => self.http,
            Wire::Length => self.server.address("tcp")?,
            Wire::Line => self.server.address("tcp+line")?,
        };
        Ok(Side {
            name: "mcpring",
            server: &self.server,
            target: Target::new(address, wire, era),
            question,
            counters: Some(Counters::new(self.http)),
        })
    }
}

/// One answer to `question`, so that the floor sends as many bytes as we do.
pub(super) fn first_answer(target: &Target, question: &Question) -> Result<Vec<u8>, Fault> {
    let mut client = crate::client::Client::connect(target)?;
    let session = client.handshake(target)?;
    let message = question.message(target.era, crate::generator::request::ID_FIRST).0;
    let wrapped = crate::client::wrap(target, session.as_deref(), &message);
    Ok(client.ask(&wrapped)?.body)
}
