//! What a server costs before anybody asks: its start to the first answer, its memory at rest, and
//! the memory of an idle session.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use mcpring::ring::Choice;
use serde::Serialize;

use super::list::{Cast, Peer};
use crate::child::{Place, Server};
use crate::fault::Fault;
use crate::measure::cores::Cores;
use crate::rounds::median;
use crate::subject::CommandSpec;
use crate::table::sessions::cost_of;
use crate::table::start::{Starts, over_http, over_stdio};

/// What is measured, and how often.
#[derive(Clone, Copy, Debug)]
pub struct Extent {
    /// Starts of each server on each wire.
    pub starts: usize,
    /// Sessions held at the same time.
    pub sessions: usize,
    /// The driver that holds them.
    pub driver: Choice,
}

/// One figure of all servers.
#[derive(Clone, Debug, Serialize)]
pub struct Figure {
    /// What it is, with its unit at the end.
    pub name: String,
    /// The figure by server.
    pub values: BTreeMap<String, f64>,
    /// Why a server has none.
    pub without: BTreeMap<String, String>,
}

/// The name of the figure about sessions.
pub const SESSION: &str = "memory of an idle session, bytes";

impl Figure {
    fn new(name: &str) -> Self {
        Self { name: name.into(), values: BTreeMap::new(), without: BTreeMap::new() }
    }

    fn add(&mut self, server: &str, value: Result<f64, Fault>) {
        match value {
            Ok(value) => drop(self.values.insert(server.into(), value)),
            Err(fault) => drop(self.without.insert(server.into(), fault.to_string())),
        }
    }
}

/// Measures all of it on every server that is there.
pub fn measure(peers: &[Peer], extent: Extent, cores: &Cores) -> Vec<Figure> {
    let ways = WAYS.iter().flat_map(|way| starts(way, peers, extent, cores));
    let mut figures: Vec<_> = ways.collect();
    let mut session = Figure::new(SESSION);
    for peer in peers {
        if let Some(command) = peer.spec(Cast::Sessions).listening {
            session.add(peer.name, session_bytes(&command, extent, cores));
        }
    }
    figures.push(session);
    figures
}

/// Resident memory of a session of the handshake era with its open stream.
fn session_bytes(command: &CommandSpec, extent: Extent, cores: &Cores) -> Result<f64, Fault> {
    let mut server = Server::start(&mut command.command(), Place::Pinned(cores))?;
    let address = server.address("http")?;
    Ok(cost_of(server.process(), address, extent.sessions, extent.driver)?.resident)
}

/// Starts a server: the time to its first answer, and its memory at rest.
type Start = fn(&Cores, Command) -> Result<(Duration, u64), Fault>;

/// One way to start servers and to be answered.
struct Way {
    wire: &'static str,
    start: Start,
    command: fn(&Peer) -> Option<&CommandSpec>,
}

const WAYS: [Way; 2] = [
    Way { wire: "HTTP", start: over_http, command: |peer| peer.usual.as_ref() },
    Way { wire: "stdio", start: over_stdio, command: |peer| peer.stdio.as_ref() },
];

/// Starts every server that can be started this way, in turn: the time and the memory.
fn starts(way: &Way, peers: &[Peer], extent: Extent, cores: &Cores) -> [Figure; 2] {
    let startable = peers.iter().filter_map(|peer| Some((peer.name, (way.command)(peer)?)));
    let startable: Vec<_> = startable.collect();
    let mut seen: Vec<_> = startable.iter().map(|_| Ok(Starts::default())).collect();
    for _ in 0..extent.starts {
        for ((_, command), seen) in startable.iter().zip(&mut seen) {
            let Ok(starts) = seen else { continue };
            match (way.start)(cores, command.command()) {
                Ok(once) => starts.add(once),
                Err(fault) => *seen = Err(fault),
            }
        }
    }
    let mut first = Figure::new(&format!("start to first answer over {}, ms", way.wire));
    let mut memory = Figure::new(&format!("memory at rest, {}, MB", way.wire));
    for ((name, _), seen) in startable.into_iter().zip(seen) {
        let (ms, mb) = match seen {
            Ok(Starts { first_ms, resident_mb }) => (Ok(median(first_ms)), Ok(median(resident_mb))),
            Err(fault) => (Err(fault.clone()), Err(fault)),
        };
        first.add(name, ms);
        memory.add(name, mb);
    }
    [first, memory]
}
