//! CPU time a call: three tools over HTTP, and one over standard input and output.

use super::contest::Contest;
use super::{Bench, PEERS, PLAIN, Side};
use crate::child::{Place, Server};
use crate::fault::Fault;
use crate::generator::Load;
use crate::generator::pipes::Pipes;
use crate::pythons::Pythons;
use crate::question::{Question, form20};
use crate::report::Asked;
use crate::rounds::{self, sample};
use crate::table::load::{CONNECTIONS, MESSAGE_BYTES};
use crate::target::{Era, Target, Wire};

/// Requests in flight over standard input and output.
const INFLIGHT: usize = 16;

/// The peers with the goals for the official high level and for `FastMCP`; the low level is shown.
fn goals(high: f64, fastmcp: f64) -> Vec<(Side, Asked)> {
    let (high, fastmcp) = (Asked::AtLeast(high), Asked::AtLeast(fastmcp));
    PEERS.into_iter().zip([high, Asked::Nothing, fastmcp]).collect()
}

/// With the plain ones, which have the same goals.
fn with_plain(high: f64, fastmcp: f64) -> Vec<(Side, Asked)> {
    let plain = PLAIN.into_iter().zip([Asked::AtLeast(high), Asked::AtLeast(fastmcp)]);
    goals(high, fastmcp).into_iter().chain(plain).collect()
}

/// A function in both eras, twenty checked parameters, and a coroutine function, over HTTP.
pub(super) fn http(bench: &mut Bench, pythons: &Pythons) -> Result<(), Fault> {
    let echo = Question::echo(MESSAGE_BYTES);
    for (called, era, question, peers) in [
        ("echo", Era::Stateless, echo.clone(), with_plain(80.0, 100.0)),
        ("echo, handshake", Era::Handshake, echo.clone(), goals(80.0, 100.0)),
        ("20 parameters", Era::Stateless, form20(), with_plain(60.0, 60.0)),
        ("async echo", Era::Stateless, Question::aecho(MESSAGE_BYTES), with_plain(40.0, 40.0)),
    ] {
        let name = format!("Python HTTP {called}, {CONNECTIONS} × 1");
        Contest { name, peers }.run(
            bench,
            |bench, side| over_http(bench, side, pythons, era),
            |bench, (server, target)| {
                let (question, target) = (question.clone(), target.clone());
                let side = rounds::Side { name: "", server, target, question, counters: None };
                rounds::measure(&side, &bench.load(CONNECTIONS, 1))
            },
        )?;
    }
    Ok(())
}

/// A server on its core, and where it listens.
pub(super) fn over_http(
    bench: &Bench,
    side: Side,
    pythons: &Pythons,
    era: Era,
) -> Result<(Server, Target), Fault> {
    let mut command = side.http_command(pythons);
    let mut server = Server::start(&mut command, Place::Pinned(&bench.cores))?;
    let target = Target::new(server.address("http")?, Wire::Http, era);
    Ok((server, target))
}

/// A function, over the pipes of a server that a host has started.
pub(super) fn stdio(bench: &mut Bench, pythons: &Pythons) -> Result<(), Fault> {
    let question = Question::echo(MESSAGE_BYTES);
    let name = format!("Python stdio echo, 1 × {INFLIGHT}");
    Contest { name, peers: goals(50.0, 50.0) }.run(
        bench,
        |bench, side| {
            let mut command = side.command(pythons);
            let place = Place::Pinned(&bench.cores);
            let (server, input, output) = Server::start_piped(&mut command, place)?;
            Ok((server, Pipes::open(input, output, Era::Handshake, Load::TIMEOUT)?))
        },
        |bench, (server, pipes)| {
            let load = bench.load(1, INFLIGHT);
            sample(server, None, |mark| pipes.run(&question, &load, mark))
        },
    )
}
