//! A fixed number of connections with a fixed number of requests in flight: each answer is
//! followed by the next request at once.
//!
//! It finds how much work a request costs. It does not find how long a user waits under a given
//! load: a slow server slows its own questions down here.

use std::net::TcpStream;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mcpring::ring::{Choice, RingConfig};

use super::request::Request;
use super::{Generator, Tally};
use crate::client::Client;
use crate::fault::Fault;
use crate::question::Question;
use crate::target::Target;

/// How much load, and for how long.
#[derive(Clone, Debug)]
pub struct Load {
    /// Connections.
    pub connections: usize,
    /// Requests in flight on each.
    pub inflight: usize,
    /// Load before anything is counted.
    pub warmup: Duration,
    /// What is counted.
    pub extent: Extent,
    /// The driver of the generator.
    pub driver: Choice,
}

/// When a run has seen enough.
#[derive(Clone, Copy, Debug)]
pub enum Extent {
    /// After this time.
    Time(Duration),
    /// After this many requests, all counted.
    Requests(u64),
}

/// A moment at which the caller reads its meters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Counting begins.
    Begin,
    /// Counting ends; what is in flight is still awaited and checked, but not counted.
    End,
}

/// Loads `target` with `question` and says what was counted, and in which time.
pub fn run(
    target: &Target,
    question: &Question,
    load: &Load,
    mark: &mut dyn FnMut(Mark) -> Result<(), Fault>,
) -> Result<(Tally, Duration), Fault> {
    if load.connections == 0 || load.inflight == 0 {
        return Err(Fault::Usage("at least one connection and one request in flight".into()));
    }
    let mut generator = connect(target, question, load)?;
    let warm = match load.extent {
        Extent::Time(_) => u64::MAX,
        Extent::Requests(requests) => requests,
    };
    generator.allow(warm);
    for index in 0..generator.len() {
        generator.ask(index)?;
    }
    let (mut tally, elapsed) = count(&mut generator, load, mark)?;
    generator.allow(0);
    while generator.in_flight() > 0 {
        generator.turn()?;
    }
    let all = generator.tally();
    (tally.wrong, tally.first_wrong) = (all.wrong, all.first_wrong.clone());
    generator.close()?;
    Ok((tally, elapsed))
}

/// Runs the counted part, and the warm-up before it.
fn count(
    generator: &mut Generator,
    load: &Load,
    mark: &mut dyn FnMut(Mark) -> Result<(), Fault>,
) -> Result<(Tally, Duration), Fault> {
    if let Extent::Time(_) = load.extent {
        let until = Instant::now() + load.warmup;
        while Instant::now() < until {
            generator.turn()?;
        }
        generator.forget();
    }
    mark(Mark::Begin)?;
    let begin = Instant::now();
    let more = |generator: &Generator| match load.extent {
        Extent::Time(time) => begin.elapsed() < time,
        Extent::Requests(_) => generator.in_flight() > 0,
    };
    while more(generator) {
        generator.turn()?;
    }
    let elapsed = begin.elapsed();
    mark(Mark::End)?;
    Ok((generator.tally().clone(), elapsed))
}

/// Opens the connections, each with its own session where the era has sessions.
fn connect(target: &Target, question: &Question, load: &Load) -> Result<Generator, Fault> {
    let config =
        RingConfig { connections_max: 1, adoptions_max: load.connections, ..RingConfig::default() };
    let mut generator = Generator::open(load.driver, &config, question.answer.clone())?;
    let shared = Rc::new(Request::new(target, question, None));
    for _ in 0..load.connections {
        let (stream, session) = open(target)?;
        let request = match session {
            Some(session) => Rc::new(Request::new(target, question, Some(&session))),
            None => Rc::clone(&shared),
        };
        generator.adopt(stream, target.wire, request, load.inflight)?;
    }
    Ok(generator)
}

fn open(target: &Target) -> Result<(TcpStream, Option<String>), Fault> {
    let mut client = Client::connect(target)?;
    let session = client.handshake(target)?;
    Ok((client.into_stream(), session))
}
