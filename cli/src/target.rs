//! Where a server is: one word on the command line.

use std::path::PathBuf;
use std::str::FromStr;

/// How messages are told apart on a byte stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// Four bytes of length, big-endian, before each message.
    Length,
    /// A line end behind each message.
    Line,
}

/// A server's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// Streamable HTTP at this URL.
    Http(String),
    /// A TCP address, `host:port`.
    Tcp(String, Framing),
    /// A Unix socket.
    Unix(PathBuf, Framing),
    /// A program to start; its standard input and output.
    Stdio(Vec<String>),
}

/// The forms a target has, for help texts.
pub(crate) const FORMS: &str = "\
Targets:
  http://HOST:PORT/PATH     Streamable HTTP
  tcp://HOST:PORT           TCP, a four-byte length before each message
  tcp+line://HOST:PORT      TCP, one message a line
  unix:///PATH              Unix socket, a four-byte length before each message
  unix+line:///PATH         Unix socket, one message a line
  stdio:COMMAND             start COMMAND and speak over its standard input and output";

impl FromStr for Target {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(command) = text.strip_prefix("stdio:") {
            return words(command).map(Self::Stdio);
        }
        let Some((scheme, place)) = text.split_once("://") else {
            return Err(format!("write it as one of\n\n{FORMS}"));
        };
        match scheme {
            "http" if place.is_empty() || place.starts_with('/') => {
                Err("a host is missing; write http://HOST:PORT/mcp".to_owned())
            }
            "http" => Ok(Self::Http(with_path(text, place))),
            "https" => Err("this client has no TLS; use http:// to a server on this machine, or \
                            put a proxy that speaks TLS in between"
                .to_owned()),
            "tcp" => address(place).map(|address| Self::Tcp(address, Framing::Length)),
            "tcp+line" => address(place).map(|address| Self::Tcp(address, Framing::Line)),
            "unix" => path(place).map(|path| Self::Unix(path, Framing::Length)),
            "unix+line" => path(place).map(|path| Self::Unix(path, Framing::Line)),
            _ => Err(format!("`{scheme}` is not known here\n\n{FORMS}")),
        }
    }
}

/// The usual path, where none was given.
fn with_path(url: &str, place: &str) -> String {
    if place.contains('/') { url.to_owned() } else { format!("{url}/mcp") }
}

fn address(place: &str) -> Result<String, String> {
    let place = place.strip_suffix('/').unwrap_or(place);
    let port = place.rsplit_once(':').filter(|(host, _)| !host.is_empty());
    match port.map(|(_, port)| port.parse::<u16>()) {
        Some(Ok(port)) if port > 0 => Ok(place.to_owned()),
        _ => Err(format!("`{place}` is not HOST:PORT")),
    }
}

fn path(place: &str) -> Result<PathBuf, String> {
    if place.starts_with('/') {
        Ok(place.into())
    } else {
        Err(format!("the path must be absolute, with three slashes: unix:///{place}"))
    }
}

/// Splits a command into words at blanks outside quotes. No shell is asked: there are no
/// variables, no globs and no pipes.
fn words(command: &str) -> Result<Vec<String>, String> {
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut quote: Option<char> = None;
    for c in command.chars() {
        match quote {
            Some(open) if c == open => quote = None,
            None if c == '\'' || c == '"' => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            None if c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    match (quote, words.is_empty()) {
        (Some(open), _) => Err(format!("the quote {open} is never closed")),
        (None, true) => Err("a command is missing; write stdio:COMMAND".to_owned()),
        (None, false) => Ok(words),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, want: Option<Target>) {
        assert_eq!(text.parse::<Target>().ok(), want, "{text}");
    }

    #[test]
    fn every_form() {
        let tcp = |address: &str, framing| Some(Target::Tcp(address.to_owned(), framing));
        let http = |url: &str| Some(Target::Http(url.to_owned()));
        check("http://h:1/mcp", http("http://h:1/mcp"));
        check("http://h:1", http("http://h:1/mcp"));
        check("http://h:1/", http("http://h:1/"));
        check("http:///mcp", None);
        check("https://h/mcp", None);
        check("tcp://127.0.0.1:8081", tcp("127.0.0.1:8081", Framing::Length));
        check("tcp+line://[::1]:8082/", tcp("[::1]:8082", Framing::Line));
        check("tcp://h", None);
        check("tcp://:1", None);
        check("tcp://h:0", None);
        check("tcp://h:70000", None);
        check("unix:///a/b", Some(Target::Unix("/a/b".into(), Framing::Length)));
        check("unix+line:///a", Some(Target::Unix("/a".into(), Framing::Line)));
        check("unix://a", None);
        check("h:1", None);
        check("ftp://h", None);
    }

    #[test]
    fn commands_split_at_blanks_outside_quotes() {
        let stdio =
            |words: &[&str]| Some(Target::Stdio(words.iter().map(|w| (*w).into()).collect()));
        check("stdio:a b  c", stdio(&["a", "b", "c"]));
        check("stdio:'a b' c\"d e\"''", stdio(&["a b", "cd e"]));
        check("stdio:a ''", stdio(&["a", ""]));
        check("stdio:a \"it's\"", stdio(&["a", "it's"]));
        check("stdio: ", None);
        check("stdio:a 'b", None);
    }
}
