//! Where a server listens: a URL on the command line, or one in what a server prints.

use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::str::FromStr;
use std::time::Duration;

use crate::target::{Era, Target, Wire};
use crate::workload::Via;

/// The forms a place has, for help texts.
pub const FORMS: &str = "\
Targets:
  http://HOST:PORT/PATH     Streamable HTTP; /mcp where no path is given
  tcp://HOST:PORT           TCP, a four-byte length before each message
  tcp+line://HOST:PORT      TCP, one message a line";

/// How long one address of a host name is tried before the next.
const CONNECT: Duration = Duration::from_secs(2);

/// One place where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it speaks there.
    pub via: Via,
    /// The socket.
    pub address: SocketAddr,
    /// The path of HTTP requests.
    pub path: String,
}

impl Place {
    /// What the scheme `http`, `tcp` or `tcp+line` carries.
    pub fn scheme(via: Via) -> &'static str {
        match via {
            Via::Http => "http",
            Via::Tcp => "tcp",
            Via::TcpLine => "tcp+line",
            Via::Stdio => "stdio",
        }
    }

    /// The place behind `via`'s scheme in a line, if it has one.
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
        let place: Self = url.trim_end_matches('.').parse().ok()?;
        (place.address.port() != 0).then_some(place)
    }

    /// How it is reached in `era`.
    pub fn target(&self, era: Era) -> Target {
        let wire = match self.via {
            Via::Http => Wire::Http,
            Via::Tcp => Wire::Length,
            Via::TcpLine | Via::Stdio => Wire::Line,
        };
        Target { path: self.path.clone(), ..Target::new(self.address, wire, era) }
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(url: &str) -> Result<Self, String> {
        let Some((scheme, rest)) = url.split_once("://") else {
            return Err(format!("`{url}` is no URL; write it as one of\n\n{FORMS}"));
        };
        let via = match scheme {
            "http" => Via::Http,
            "tcp" => Via::Tcp,
            "tcp+line" => Via::TcpLine,
            "https" => {
                return Err("there is no TLS here; measure the server behind the proxy that \
                            speaks it, by its http:// address"
                    .into());
            }
            _ => return Err(format!("`{scheme}` is not measured here\n\n{FORMS}")),
        };
        let (host, path) = match rest.find('/') {
            Some(at) => rest.split_at(at),
            None => (rest, ""),
        };
        if via != Via::Http && !matches!(path, "" | "/") {
            return Err(format!("{scheme}:// has no path; leave `{path}` away"));
        }
        let path = if path.is_empty() || path == "/" && via != Via::Http { "/mcp" } else { path };
        Ok(Self { via, address: resolve(host, via)?, path: path.to_owned() })
    }
}

/// The address of `host`, `HOST:PORT`: of several the first that takes a connection.
fn resolve(host: &str, via: Via) -> Result<SocketAddr, String> {
    if let Ok(address) = host.parse() {
        return Ok(address);
    }
    let with_port = match host.rsplit_once(':') {
        Some((name, port)) if !name.is_empty() && port.parse::<u16>().is_ok() => host.to_owned(),
        None if via == Via::Http && !host.is_empty() => format!("{host}:80"),
        _ => return Err(format!("`{host}` is not HOST:PORT")),
    };
    let found = with_port.to_socket_addrs().map_err(|error| format!("look up {host}: {error}"))?;
    let all: Vec<SocketAddr> = found.collect();
    let takes = |address: &&SocketAddr| TcpStream::connect_timeout(address, CONNECT).is_ok();
    let chosen = if all.len() > 1 { all.iter().find(takes) } else { None };
    chosen.or(all.first()).copied().ok_or_else(|| format!("{host} has no address"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(via: Via, address: &str, path: &str) -> Option<Place> {
        Some(Place { via, address: address.parse().expect("an address"), path: path.into() })
    }

    #[test]
    fn places_are_urls() {
        let rows = [
            ("http://127.0.0.1:80", place(Via::Http, "127.0.0.1:80", "/mcp")),
            ("http://127.0.0.1:80/", place(Via::Http, "127.0.0.1:80", "/")),
            ("http://[::1]:81/a/b", place(Via::Http, "[::1]:81", "/a/b")),
            ("tcp://127.0.0.1:82/", place(Via::Tcp, "127.0.0.1:82", "/mcp")),
            ("tcp+line://127.0.0.1:83", place(Via::TcpLine, "127.0.0.1:83", "/mcp")),
            ("tcp://127.0.0.1:82/x", None),
            ("tcp://127.0.0.1", None),
            ("https://127.0.0.1:1", None),
            ("http://:80", None),
            ("http://127.0.0.1:70000", None),
            ("127.0.0.1:80", None),
        ];
        for (url, want) in rows {
            assert_eq!(url.parse().ok(), want, "{url}");
        }
    }

    #[test]
    fn places_are_found_in_prose() {
        let http = |address, path| place(Via::Http, address, path);
        let rows = [
            ("will serve http://127.0.0.1:0/mcp", Via::Http, None),
            ("ready http://127.0.0.1:80/x", Via::Http, http("127.0.0.1:80", "/x")),
            ("on http://127.0.0.1:80 (Press CTRL+C)", Via::Http, http("127.0.0.1:80", "/mcp")),
            ("ready tcp+line://127.0.0.1:82", Via::Tcp, None),
            (
                "a tcp+line://127.0.0.1:82.",
                Via::TcpLine,
                place(Via::TcpLine, "127.0.0.1:82", "/mcp"),
            ),
            ("https://127.0.0.1:80", Via::Http, None),
            ("nothing", Via::Http, None),
        ];
        for (line, via, want) in rows {
            assert_eq!(Place::in_line(line, via), want, "{line}");
        }
    }
}
