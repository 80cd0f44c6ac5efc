//! Where a server listens: a target on the command line, or one in what a server prints.

use crate::target::{Address, Era, Target, Wire};
use crate::workload::Via;

/// One place where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it speaks there; a Unix socket carries what TCP does.
    pub via: Via,
    /// How it is reached.
    target: Target,
}

impl Place {
    /// The scheme of what `via` carries.
    pub fn scheme(via: Via) -> &'static str {
        match via {
            Via::Http => "http",
            Via::Tcp => "tcp",
            Via::TcpLine => "tcp+line",
            Via::Stdio => "stdio",
        }
    }

    /// The place behind `via`'s scheme in a line, if it has one that is chosen already.
    pub fn in_line(line: &str, via: Via) -> Option<Self> {
        let marker = format!("{}://", Self::scheme(via));
        let at = line.find(&marker)?;
        // The scheme may be the end of a longer one.
        let inside = |letter: char| letter.is_ascii_alphanumeric() || "+-.".contains(letter);
        if line[..at].ends_with(inside) {
            return None;
        }
        let end = |letter: char| letter.is_whitespace() || "\"'`,;()<>\u{1b}".contains(letter);
        let url = line[at..].split(end).next()?;
        let target: Target = url.trim_end_matches('.').parse().ok()?;
        Some(Self::from(target))
    }

    /// How it is reached in `era`.
    pub fn target(&self, era: Era) -> Target {
        self.target.clone().with_era(era)
    }

    /// What carries messages, as a record names it.
    pub fn name(&self) -> &'static str {
        match (&self.target.address, self.via) {
            (Address::Unix(_), Via::TcpLine) => "unix-line",
            (Address::Unix(_), _) => "unix",
            (_, Via::Http) => "http",
            (_, Via::Tcp) => "tcp",
            (_, Via::TcpLine) => "tcp-line",
            (_, Via::Stdio) => "stdio",
        }
    }

    /// Where that is.
    pub fn address(&self) -> &Address {
        &self.target.address
    }
}

impl From<Target> for Place {
    fn from(target: Target) -> Self {
        let via = match (&target.address, target.wire) {
            (Address::Program(_), _) => Via::Stdio,
            (_, Wire::Http) => Via::Http,
            (_, Wire::Length) => Via::Tcp,
            (_, Wire::Line) => Via::TcpLine,
        };
        Self { via, target }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_in_prose() {
        let rows = [
            ("will serve http://127.0.0.1:0/mcp", Via::Http, None),
            ("ready http://127.0.0.1:80/x", Via::Http, Some("http://127.0.0.1:80/x")),
            ("on http://localhost:80 (Press", Via::Http, Some("http://localhost:80/mcp")),
            ("ready tcp+line://127.0.0.1:82", Via::Tcp, None),
            ("a tcp+line://127.0.0.1:82.", Via::TcpLine, Some("tcp+line://127.0.0.1:82")),
            ("https://127.0.0.1:80", Via::Http, None),
            ("nothing", Via::Http, None),
        ];
        for (line, via, want) in rows {
            let got = Place::in_line(line, via).map(|place| place.target.to_string());
            assert_eq!(got.as_deref(), want, "{line}");
        }
    }
}
