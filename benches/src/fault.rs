//! Why a measurement could not be made, by who has to act, which is also the exit code.
//!
//! A figure that misses its goal is no fault: it is a row of the report.

use std::fmt;
use std::io;

/// Why there is no figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The command line or a question makes no sense.
    Usage(String),
    /// The machine or the harness could not measure: no build, no core, no ring.
    Invalid(String),
    /// The server under test is down, silent, or answered wrongly.
    Target(String),
}

impl Fault {
    /// The exit code of a process that ends with this.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage(_) => 2,
            Self::Invalid(_) => 3,
            Self::Target(_) => 4,
        }
    }

    /// An I/O error of the harness itself, with what it was doing.
    pub fn harness(doing: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Invalid(format!("{doing}: {error}"))
    }

    /// An I/O error on the way to the server, with what it was doing.
    pub fn target(doing: impl fmt::Display) -> impl FnOnce(io::Error) -> Self {
        move |error| Self::Target(format!("{doing}: {error}"))
    }

    /// The same fault with the place it happened in front.
    pub fn within(self, place: &str) -> Self {
        match self {
            Self::Usage(text) => Self::Usage(format!("{place}: {text}")),
            Self::Invalid(text) => Self::Invalid(format!("{place}: {text}")),
            Self::Target(text) => Self::Target(format!("{place}: {text}")),
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(text) | Self::Invalid(text) | Self::Target(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Fault {}

/// The beginning of `bytes` as text, for a message.
pub fn excerpt(bytes: &[u8]) -> String {
    const SHOWN: usize = 300;
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]);
    // What a server says must not command the terminal.
    let text: String = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
    if bytes.len() > SHOWN { format!("{text}… ({} bytes)", bytes.len()) } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_says_commands_no_terminal() {
        let long = [b'a'; 301];
        for (bytes, want) in [
            (&b"caf\xc3\xa9"[..], "caf\u{e9}".to_owned()),
            (b"\x1b[2J\n", "\u{fffd}[2J\u{fffd}".to_owned()),
            (&long, format!("{}\u{2026} (301 bytes)", "a".repeat(300))),
        ] {
            assert_eq!(excerpt(bytes), want);
        }
    }
}
