//! Where a server listens, as URLs.

use std::path::PathBuf;

use mcpring::{Engine, Error};

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    Http(String),
    Tcp(String),
    TcpLine(String),
    Unix(PathBuf),
    UnixLine(PathBuf),
    Stdio,
}

impl Place {
    /// Reads a URL; for `http` also the path, when it has one.
    pub(crate) fn parse(url: &str) -> Result<(Self, Option<String>), Error> {
        if url == "stdio:" {
            return Ok((Self::Stdio, None));
        }
        let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
        let place = match scheme {
            _ if rest.is_empty() => return Err(no_address(url)),
            "http" => {
                let (address, path) = match rest.find('/') {
                    Some(place) => rest.split_at(place),
                    None => (rest, ""),
                };
                let path = (path.len() > 1).then(|| path.to_owned());
                return Ok((Self::Http(address.to_owned()), path));
            }
            "tcp" => Self::Tcp(rest.to_owned()),
            "tcp+line" => Self::TcpLine(rest.to_owned()),
            "unix" => Self::Unix(rest.into()),
            "unix+line" => Self::UnixLine(rest.into()),
            _ => return Err(no_address(url)),
        };
        Ok((place, None))
    }

    /// Has the engine listen there.
    pub(crate) fn listen(&self, engine: Engine) -> Engine {
        match self {
            Self::Http(address) => engine.http(address),
            Self::Tcp(address) => engine.tcp(address),
            Self::TcpLine(address) => engine.tcp_line(address),
            Self::Unix(path) => engine.unix(path),
            Self::UnixLine(path) => engine.unix_line(path),
            Self::Stdio => engine.stdio(),
        }
    }
}

fn no_address(url: &str) -> Error {
    Error::usage(format!(
        "{url:?} is no address: they are http://HOST:PORT/PATH, tcp://HOST:PORT, \
         tcp+line://HOST:PORT, unix:///PATH, unix+line:///PATH or stdio:"
    ))
}
