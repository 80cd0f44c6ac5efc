//! The rows about pipes: echo of a server that a host has started, beside the floor and beside rmcp.
//!
//! With sixteen requests in flight a round costs two wakings and going to sleep again, whatever
//! answers; the floor says how much of a request that is.

use std::process::Command;

use super::Bench;
use super::load::MESSAGE_BYTES;
use crate::child::{Place, Server};
use crate::fault::Fault;
use crate::generator::Load;
use crate::generator::pipes::Pipes;
use crate::question::Question;
use crate::report::{Asked, Row};
use crate::rounds::{Samples, cpu_ratio, sample};
use crate::target::{Era, Target, Wire};

/// Requests in flight, and the multiple of our CPU time that is asked of rmcp.
const LOADS: [(usize, Asked); 2] = [(16, Asked::AtLeast(10.0)), (64, Asked::Nothing)];

/// A server behind its pipes.
struct Side {
    name: &'static str,
    server: Server,
    pipes: Pipes,
    question: Question,
    samples: Samples,
}

/// Ours, the floor and rmcp in turn.
pub(super) fn measure(bench: &mut Bench) -> Result<(), Fault> {
    let echo = Question::echo(MESSAGE_BYTES);
    let floor = floor(bench, &echo)?;
    let mut ours = Command::new(&bench.binaries.server);
    ours.arg("--stdio").arg(format!("--driver={}", bench.options.driver));
    let mut bare = Command::new(&bench.binaries.bare);
    bare.args(["--stdio", &format!("--reply-bytes={}", floor.reply)]);
    let mut rmcp = Command::new(&bench.binaries.rmcp);
    rmcp.arg("--stdio");
    let opaque = Question::opaque(floor.request, floor.reply);
    let mut sides = [
        Side::start(bench, "mcpring", ours, Era::Handshake, echo.clone())?,
        Side::start(bench, "bare loop", bare, Era::Bare, opaque)?,
        Side::start(bench, "rmcp", rmcp, Era::Handshake, echo)?,
    ];
    for (inflight, asked) in LOADS {
        for _ in 0..bench.rounds() {
            for side in &mut sides {
                side.play(bench, inflight).map_err(|fault| fault.within(side.name))?;
            }
        }
        keep(bench, inflight, asked, sides.each_mut().map(Side::take));
    }
    Ok(())
}

/// How many bytes the floor is sent and sends.
struct Sizes {
    request: usize,
    reply: usize,
}

/// As many as an echo has, in both directions.
fn floor(bench: &Bench, echo: &Question) -> Result<Sizes, Fault> {
    let mut command = Command::new(&bench.binaries.server);
    command.arg(format!("--driver={}", bench.options.driver));
    let mut server = Server::start(&mut command, Place::Pinned(&bench.cores))?;
    let target = Target::new(server.address("tcp+line")?, Wire::Line, Era::Handshake);
    let reply = super::load::first_answer(&target, echo)?.len();
    let request = echo.message(Era::Handshake, crate::generator::request::ID_FIRST).0.len();
    Ok(Sizes { request, reply })
}

impl Side {
    fn start(
        bench: &Bench,
        name: &'static str,
        mut command: Command,
        era: Era,
        question: Question,
    ) -> Result<Self, Fault> {
        let place = Place::Pinned(&bench.cores);
        let (server, input, output) = Server::start_piped(&mut command, place)?;
        let pipes = Pipes::open(input, output, era, Load::TIMEOUT)?;
        Ok(Self { name, server, pipes, question, samples: Samples { name, rounds: Vec::new() } })
    }

    fn play(&mut self, bench: &Bench, inflight: usize) -> Result<(), Fault> {
        let load = bench.load(1, inflight);
        let Self { server, pipes, question, samples, .. } = self;
        samples.rounds.push(sample(server, None, |mark| pipes.run(question, &load, mark))?);
        Ok(())
    }

    fn take(&mut self) -> Samples {
        let rounds = std::mem::take(&mut self.samples.rounds);
        Samples { name: self.name, rounds }
    }
}

fn keep(bench: &mut Bench, inflight: usize, asked: Asked, sides: [Samples; 3]) {
    let name = format!("stdio echo 1 × {inflight}");
    let [ours, bare, rmcp] = &sides;
    let rows = [
        (format!("{name}: CPU beside the bare loop"), Asked::AtMost(2.0), cpu_ratio(ours, bare)),
        (format!("{name}: rmcp's CPU beside ours"), asked, cpu_ratio(rmcp, ours)),
        (
            format!("{name}: rmcp's CPU beside the bare loop, the most that can be reached"),
            Asked::Nothing,
            cpu_ratio(rmcp, bare),
        ),
    ];
    bench.rows.extend(rows.map(|(row, asked, ratio)| Row::ratio(row, asked, ratio)));
    bench.compared(name, sides.into());
}
