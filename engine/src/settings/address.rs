//! Where a server listens, as a URL: the one reader of such URLs, for every front end.

use std::path::PathBuf;
use std::str::FromStr;

use crate::error::Error;
use crate::shard::Engine;

/// Where a server listens. Whether the address can be had shows at the start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address(Form);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Form {
    /// Host and port, and the path when one was given.
    Http(String, Option<String>),
    Tcp(String),
    TcpLine(String),
    Unix(PathBuf),
    UnixLine(PathBuf),
    Stdio,
}

/// The forms of an address.
const FORMS: &str = "http://HOST:PORT/PATH, tcp://HOST:PORT, tcp+line://HOST:PORT, unix:///PATH, \
                     unix+line:///PATH or stdio:";

impl Address {
    /// Whether this is standard input and output.
    pub fn is_stdio(&self) -> bool {
        self.0 == Form::Stdio
    }

    /// The path under which HTTP is served there, if the address has one.
    pub(super) fn http_path(&self) -> Option<&str> {
        match &self.0 {
            Form::Http(_, path) => path.as_deref(),
            _ => None,
        }
    }

    /// Has the engine listen there.
    pub(super) fn listen(&self, engine: Engine) -> Engine {
        match &self.0 {
            Form::Http(address, _) => engine.http(address),
            Form::Tcp(address) => engine.tcp(address),
            Form::TcpLine(address) => engine.tcp_line(address),
            Form::Unix(path) => engine.unix(path),
            Form::UnixLine(path) => engine.unix_line(path),
            Form::Stdio => engine.stdio(),
        }
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        let form = read(url);
        form.map(Self).map_err(|words| Error::usage(format!("{url:?} is no address: {words}")))
    }
}

fn read(url: &str) -> Result<Form, String> {
    if url == "stdio:" {
        return Ok(Form::Stdio);
    }
    let Some((scheme, rest)) = url.split_once("://") else {
        return Err(format!("write {FORMS}"));
    };
    match scheme {
        "http" => {
            let (address, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            let path = (path.len() > 1).then(|| path.to_owned());
            Ok(Form::Http(network(scheme, address)?, path))
        }
        "https" => Err("there is no TLS here; write http:// and put a proxy that speaks TLS in \
                        front"
            .to_owned()),
        "tcp" => network(scheme, rest).map(Form::Tcp),
        "tcp+line" => network(scheme, rest).map(Form::TcpLine),
        "unix" => socket(scheme, rest).map(Form::Unix),
        "unix+line" => socket(scheme, rest).map(Form::UnixLine),
        _ => Err(format!("there is no scheme {scheme:?}; write {FORMS}")),
    }
}

/// What the engine resolves when it starts. An address alone has no path; clients show it with a
/// slash behind it, and so may be given it.
fn network(scheme: &str, address: &str) -> Result<String, String> {
    let address = address.strip_suffix('/').unwrap_or(address);
    match address.split_once('/') {
        None if address.is_empty() => {
            Err(format!("host and port are missing; write {scheme}://HOST:PORT"))
        }
        None => Ok(address.to_owned()),
        Some((address, _)) => Err(format!("only http has a path; write {scheme}://{address}")),
    }
}

fn socket(scheme: &str, path: &str) -> Result<PathBuf, String> {
    if path.is_empty() {
        return Err(format!("the path is missing; write {scheme}:///PATH"));
    }
    Ok(path.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[track_caller]
    fn check(url: &str, want: Result<Form, &str>) {
        match (url.parse::<Address>(), want) {
            (Ok(Address(form)), Ok(want)) => assert_eq!(form, want, "{url}"),
            (Err(fault), Err(words)) => {
                assert_eq!(fault.kind(), ErrorKind::Usage, "{url}: {fault}");
                let fault = fault.to_string();
                assert!(fault.starts_with(&format!("{url:?} is no address: ")), "{fault}");
                assert!(fault.contains(words), "{fault}");
            }
            (got, want) => panic!("{url}: {got:?}, not {want:?}"),
        }
    }

    #[test]
    fn every_form() {
        let http = |address: &str, path: Option<&str>| {
            Ok(Form::Http(address.to_owned(), path.map(str::to_owned)))
        };
        check("http://127.0.0.1:80", http("127.0.0.1:80", None));
        check("http://:80/", http(":80", None));
        check("http://[::1]:80/mcp", http("[::1]:80", Some("/mcp")));
        check("http://:80/a/b/", http(":80", Some("/a/b/")));
        check("tcp://[::1]:0", Ok(Form::Tcp("[::1]:0".into())));
        check("tcp://nowhere", Ok(Form::Tcp("nowhere".into())));
        check("tcp+line://:0/", Ok(Form::TcpLine(":0".into())));
        check("unix:///tmp/s", Ok(Form::Unix("/tmp/s".into())));
        check("unix+line://s", Ok(Form::UnixLine("s".into())));
        check("stdio:", Ok(Form::Stdio));
    }

    #[test]
    fn what_is_wrong_comes_with_what_to_write() {
        for url in ["", "127.0.0.1:80", "stdio:x", "stdio", "tcp:/", "http:h:80"] {
            check(url, Err("write http://HOST:PORT/PATH, tcp://"));
        }
        check("ftp://h", Err("there is no scheme \"ftp\"; write http://"));
        check("stdio://", Err("there is no scheme \"stdio\"; write http://"));
        check("https://:80", Err("write http:// and put a proxy"));
        check("http://", Err("write http://HOST:PORT"));
        check("http:///mcp", Err("write http://HOST:PORT"));
        check("tcp:///", Err("write tcp://HOST:PORT"));
        check("tcp+line://h:1/mcp", Err("only http has a path; write tcp+line://h:1"));
        check("unix://", Err("write unix:///PATH"));
    }
}
