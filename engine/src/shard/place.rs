//! Where an engine is to be served, and what is spoken there.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use crate::auth::Guard;
use crate::config::Config;
use crate::endpoint::{Framing, HttpRules, ListenerKind, Medium, OwnPaths};
use crate::error::Error;

/// One place that was asked for.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// A TCP address, as it was written.
    Tcp(String, Speech),
    /// The path of a Unix socket.
    Unix(PathBuf, Framing),
    /// Standard input and output.
    Stdio,
}

/// What is spoken over TCP.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Speech {
    /// Streamable HTTP.
    Http,
    /// Framed messages.
    Framed(Framing),
}

impl Speech {
    /// What connections to the TCP `address` speak.
    pub(crate) fn kind(
        self,
        address: SocketAddr,
        config: &Config,
        guard: Option<&Guard>,
        paths: &Arc<OwnPaths>,
    ) -> Result<ListenerKind, Error> {
        if let Self::Framed(framing) = self {
            return Ok(ListenerKind::Pipe(framing, Medium::Tcp));
        }
        let rules = http_rules(address, config, guard);
        if let Some(path) = paths.conflict(|path| rules.serves(path)) {
            return Err(Error::usage(format!(
                "route {path:?}: the engine itself serves this path"
            )));
        }
        let rules = HttpRules { own_paths: Arc::clone(paths), ..rules };
        Ok(ListenerKind::Http(Arc::new(rules)))
    }

    /// The TCP `address` as a URL.
    pub(crate) fn url(self, address: SocketAddr, config: &Config) -> String {
        match self {
            Self::Http => format!("http://{address}{}", config.http_path),
            Self::Framed(Framing::Length) => format!("tcp://{address}"),
            Self::Framed(Framing::Line) => format!("tcp+line://{address}"),
        }
    }
}

/// The rules of a listener: local names, its own address, and what the settings add.
fn http_rules(address: SocketAddr, config: &Config, guard: Option<&Guard>) -> HttpRules {
    let mut rules = HttpRules {
        path: config.http_path.clone(),
        allowed_origins: config.allowed_origins.clone(),
        body_bytes_max: config.frame_bytes_max,
        ..HttpRules::default()
    };
    // A page can make a name of its own lead here, but not an address, so the address is safe. The
    // address that means "all" is nobody's Host.
    if !address.ip().is_unspecified() {
        rules.allowed_hosts.push(match address.ip() {
            IpAddr::V4(ip) => ip.to_string(),
            IpAddr::V6(ip) => format!("[{ip}]"),
        });
    }
    rules.allowed_hosts.extend_from_slice(&config.allowed_hosts);
    if let Some(guard) = guard {
        // Where the program says it is reached, it answers.
        rules.allowed_hosts.push(guard.host().to_owned());
        rules.metadata_paths = guard.metadata_paths(&rules.path);
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listener_answers_for_its_own_address_and_no_other() {
        let check = |address: &str, wants: &[&str]| {
            let config = Config { allowed_hosts: vec!["example.org".to_owned()], ..default() };
            let rules = http_rules(address.parse().expect("an address"), &config, None);
            let local = HttpRules::default().allowed_hosts.len();
            assert_eq!(rules.allowed_hosts[local..], *wants, "{address}");
        };
        check("192.0.2.7:80", &["192.0.2.7", "example.org"]);
        check("[2001:db8::7]:80", &["[2001:db8::7]", "example.org"]);
        check("0.0.0.0:80", &["example.org"]);
        check("[::]:80", &["example.org"]);
    }

    #[test]
    fn urls_say_what_is_spoken() {
        let check = |speech: Speech, want: &str| {
            let address = "[::1]:8080".parse().expect("an address");
            assert_eq!(speech.url(address, &default()), want);
        };
        check(Speech::Http, "http://[::1]:8080/mcp");
        check(Speech::Framed(Framing::Length), "tcp://[::1]:8080");
        check(Speech::Framed(Framing::Line), "tcp+line://[::1]:8080");
    }

    fn default() -> Config {
        Config::default()
    }
}
