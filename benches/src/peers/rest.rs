//! What a server costs before anybody asks: its start to the first answer, its memory at rest, and
//! the memory of an idle session.

use std::collections::BTreeMap;

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
    let mut figures = starts(peers, extent, cores);
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

/// Starts every server in turn, on both wires.
fn starts(peers: &[Peer], extent: Extent, cores: &Cores) -> Vec<Figure> {
    type Start = fn(&Cores, std::process::Command) -> Result<(std::time::Duration, u64), Fault>;
    let wires: [(&str, Start, fn(&Peer) -> Option<CommandSpec>); 2] = [
        ("HTTP", over_http, |peer| peer.usual.clone()),
        ("stdio", over_stdio, |peer| peer.stdio.clone()),
    ];
    let mut figures = Vec::new();
    for (wire, start, command) in wires {
        let mut seen: Vec<Result<Starts, Fault>> =
            peers.iter().map(|_| Ok(Starts::default())).collect();
        for _ in 0..extent.starts {
            for (peer, seen) in peers.iter().zip(&mut seen) {
                let (Some(command), Ok(starts)) = (command(peer), &mut *seen) else { continue };
                match start(cores, command.command()) {
                    Ok(once) => starts.add(once),
                    Err(fault) => *seen = Err(fault),
                }
            }
        }
        let mut first = Figure::new(&format!("start to first answer over {wire}, ms"));
        let mut memory = Figure::new(&format!("memory at rest, {wire}, MB"));
        for (peer, seen) in peers.iter().zip(seen).filter(|(peer, _)| command(peer).is_some()) {
            let of = |pick: fn(&Starts) -> &Vec<f64>| match &seen {
                Ok(starts) => Ok(median(pick(starts).clone())),
                Err(fault) => Err(fault.clone()),
            };
            first.add(peer.name, of(|starts| &starts.first_ms));
            memory.add(peer.name, of(|starts| &starts.resident_mb));
        }
        figures.extend([first, memory]);
    }
    figures
}
