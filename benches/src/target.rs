//! Where a server listens, what carries its messages, and which era of the protocol is spoken.

use std::fmt;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::str::FromStr;

use crate::fault::Fault;

/// What carries a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    /// A byte stream, a length of four bytes before each message.
    Length,
    /// A byte stream, a newline behind each message.
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

/// Where a server is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address of the network.
    Socket(SocketAddr),
    /// A host's name and a port; the name is looked up when it is connected to.
    Name(String, u16),
    /// A Unix socket.
    Unix(PathBuf),
    /// A program that is started; its standard input and output.
    Program(Vec<String>),
}

impl Address {
    /// All the addresses of the network behind it.
    pub fn sockets(&self) -> Result<Vec<SocketAddr>, Fault> {
        match self {
            Self::Socket(address) => Ok(vec![*address]),
            Self::Name(host, port) => (host.as_str(), *port)
                .to_socket_addrs()
                .map(Iterator::collect)
                .map_err(Fault::target(format!("look up the host {host}"))),
            Self::Unix(_) | Self::Program(_) => {
                Err(Fault::Usage(format!("{self} is not an address of a network")))
            }
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Socket(address) => address.fmt(f),
            Self::Name(host, port) => write!(f, "{host}:{port}"),
            Self::Unix(path) => path.display().fmt(f),
            Self::Program(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// One way to reach one server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Where it is.
    pub address: Address,
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
        Self::at(Address::Socket(address), wire, era)
    }

    /// A server at any place, under `/mcp` if it speaks HTTP.
    pub fn at(address: Address, wire: Wire, era: Era) -> Self {
        Self { address, wire, era, path: "/mcp".into() }
    }

    /// The same server in another era.
    #[must_use]
    pub fn with_era(self, era: Era) -> Self {
        Self { era, ..self }
    }

    /// The value of the HTTP header `Host`.
    pub fn host(&self) -> String {
        match &self.address {
            Address::Socket(_) | Address::Name(..) => self.address.to_string(),
            Address::Unix(_) | Address::Program(_) => "localhost".into(),
        }
    }
}

/// The same as [`FORMS`] in one line.
const WRITE: &str = "write http://HOST:PORT/PATH, tcp://HOST:PORT, tcp+line://HOST:PORT, \
                     unix:///PATH, unix+line:///PATH or stdio:COMMAND";

/// The forms a target has, for help texts.
pub const FORMS: &str = "\
Targets:
  http://HOST:PORT/PATH     Streamable HTTP
  tcp://HOST:PORT           TCP, a four-byte length before each message
  tcp+line://HOST:PORT      TCP, one message a line
  unix:///PATH              Unix socket, a four-byte length before each message
  unix+line:///PATH         Unix socket, one message a line
  stdio:COMMAND             start COMMAND and speak over its standard input and output";

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = &self.address;
        match (&self.address, self.wire) {
            (Address::Program(_), _) => write!(f, "stdio:{address}"),
            (Address::Unix(_), Wire::Line) => write!(f, "unix+line://{address}"),
            (Address::Unix(_), _) => write!(f, "unix://{address}"),
            (_, Wire::Http) => write!(f, "http://{address}{}", self.path),
            (_, Wire::Length) => write!(f, "tcp://{address}"),
            (_, Wire::Line) => write!(f, "tcp+line://{address}"),
        }
    }
}

/// Reads one of [`FORMS`]. The era is no part of it: it is the newest one.
impl FromStr for Target {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        let usage = |words: String| Fault::Usage(format!("the target {text:?}: {words}"));
        let (address, wire, path) = read(text).map_err(usage)?;
        let target = Self::at(address, wire, Era::Stateless);
        Ok(Self { path: path.unwrap_or(target.path), ..target })
    }
}

type Read = (Address, Wire, Option<String>);

fn read(text: &str) -> Result<Read, String> {
    if let Some(command) = text.strip_prefix("stdio:") {
        return Ok((Address::Program(words(command)?), Wire::Line, None));
    }
    let Some((scheme, place)) = text.split_once("://") else {
        return Err(WRITE.to_owned());
    };
    match scheme {
        "http" => http(place),
        "https" => Err("there is no TLS here, for it would be measured too; use http:// to a \
                        server on this machine"
            .to_owned()),
        "tcp" => Ok((network(place.trim_end_matches('/'))?, Wire::Length, None)),
        "tcp+line" => Ok((network(place.trim_end_matches('/'))?, Wire::Line, None)),
        "unix" => Ok((unix(place)?, Wire::Length, None)),
        "unix+line" => Ok((unix(place)?, Wire::Line, None)),
        _ => Err(format!("the scheme {scheme:?} is not known here; {WRITE}")),
    }
}

fn http(place: &str) -> Result<Read, String> {
    let (host, path) = match place.find('/') {
        Some(at) => (&place[..at], Some(place[at..].to_owned())),
        None => (place, None),
    };
    if path.as_ref().is_some_and(|path| !path.bytes().all(|byte| byte.is_ascii_graphic())) {
        return Err("a path has no blanks and nothing but ASCII; write them as %20".to_owned());
    }
    let has_port = host.rsplit_once(':').is_some_and(|(_, port)| !port.contains(']'));
    let host = if has_port { host.to_owned() } else { format!("{host}:80") };
    Ok((network(&host)?, Wire::Http, path))
}

/// `HOST:PORT`, where the host is an address or a name.
fn network(place: &str) -> Result<Address, String> {
    let refused = || format!("{place:?} is not HOST:PORT");
    let (host, port) = place.rsplit_once(':').ok_or_else(refused)?;
    let port: u16 = port.parse().map_err(|_| refused())?;
    if host.is_empty() || port == 0 {
        return Err(refused());
    }
    if let Ok(address) = place.parse() {
        return Ok(Address::Socket(address));
    }
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    if !host.bytes().all(is_name) {
        return Err(format!("{host:?} is neither an address nor the name of a host"));
    }
    Ok(Address::Name(host.to_owned(), port))
}

fn unix(place: &str) -> Result<Address, String> {
    if place.starts_with('/') {
        Ok(Address::Unix(place.into()))
    } else {
        Err(format!("the path must be absolute, with three slashes: unix:///{place}"))
    }
}

/// Splits a command into words at blanks outside quotes. No shell is asked: there are no
/// variables, no globs and no pipes.
pub(crate) fn words(command: &str) -> Result<Vec<String>, String> {
    match shlex::split(command) {
        None => Err(format!("a quote in the command is never closed: {command}")),
        Some(words) if words.is_empty() => Err("the command is empty".to_owned()),
        Some(words) => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads `text` and writes it again; none if it is refused.
    #[track_caller]
    fn check(text: &str, want: Option<&str>) {
        let read = text.parse::<Target>();
        if let Err(fault) = &read {
            assert_eq!(fault.exit_code(), 2, "{text}: {fault}");
        }
        assert_eq!(read.ok().map(|target| target.to_string()).as_deref(), want, "{text}");
    }

    #[test]
    fn every_form() {
        for same in [
            "http://h:1/mcp",
            "http://h:1/",
            "http://[::1]:8080/a/b?c=d",
            "tcp://127.0.0.1:8081",
            "tcp+line://[::1]:8082",
            "unix:///a/b",
            "unix+line:///a",
            "stdio:a b",
        ] {
            check(same, Some(same));
        }
        check("http://h", Some("http://h:80/mcp"));
        check("http://[::1]/x", Some("http://[::1]:80/x"));
        check("tcp+line://localhost:8082/", Some("tcp+line://localhost:8082"));
        for refused in [
            "http:///mcp",
            "http://h:0/mcp",
            "http://h:1/a b",
            "https://h/mcp",
            "tcp://h",
            "tcp://:1",
            "tcp://h:0",
            "tcp://h:70000",
            "tcp://a b:1",
            "unix://a",
            "h:1",
            "ftp://h",
            "stdio: ",
            "stdio:a 'b",
            "",
        ] {
            check(refused, None);
        }
    }

    #[test]
    fn refusals_say_what_to_do() {
        for (text, hint) in [
            ("https://h/mcp", "http://"),
            ("unix://a", "unix:///a"),
            ("tcp://h", "HOST:PORT"),
            ("h:1", "stdio:COMMAND"),
        ] {
            let fault = text.parse::<Target>().expect_err("refused").to_string();
            assert!(fault.contains(hint) && fault.contains(text), "{fault}");
        }
    }

    #[test]
    fn commands_split_at_blanks_outside_quotes() {
        for (command, want) in [
            ("a b  c", &["a", "b", "c"][..]),
            ("'a b' c\"d e\"''", &["a b", "cd e"]),
            ("a ''", &["a", ""]),
            ("a \"it's\"", &["a", "it's"]),
        ] {
            let want = want.iter().map(|word| (*word).to_owned()).collect();
            assert_eq!(words(command), Ok(want), "{command}");
        }
    }

    #[test]
    fn names_are_looked_up() {
        let named = "tcp://localhost:9".parse::<Target>().expect("a form").address;
        assert!(
            named.sockets().expect("a name every machine knows").iter().all(|it| it.port() == 9)
        );
    }
}
