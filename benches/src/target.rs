//! Where a server listens, what carries its messages, and which era of the protocol is spoken.

use std::net::SocketAddr;

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// TCP, a length of four bytes before each message.
    Length,
    /// TCP, a newline behind each message.
    Line,
    /// HTTP/1.1, one POST a message, keep-alive.
    Http,
}

/// Which rules of the protocol are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// `initialize` first, then calls (2025-11-25).
    Handshake,
    /// Every call carries its own facts (2026-07-28).
    Stateless,
    /// No protocol at all: the bare loop answers bytes with bytes.
    Bare,
}

impl Era {
    /// The version sent on the wire.
    pub fn version(self) -> &'static str {
        match self {
            Self::Handshake => "2025-11-25",
            Self::Stateless => "2026-07-28",
            Self::Bare => "",
        }
    }
}

/// One way to reach one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it listens.
    pub address: SocketAddr,
    /// What carries the messages.
    pub wire: Wire,
    /// What is spoken.
    pub era: Era,
    /// The path of HTTP requests.
    pub path: String,
}

impl Target {
    /// A server on `address`, under `/mcp` if it speaks HTTP.
    pub fn new(address: SocketAddr, wire: Wire, era: Era) -> Self {
        Self { address, wire, era, path: "/mcp".into() }
    }
}
