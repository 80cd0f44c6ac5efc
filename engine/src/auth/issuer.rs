//! Whose tokens are taken, and where the keys come from that check them.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use super::Algorithm;
use super::resource::Resource;
use crate::error::Error;
use crate::limits;

/// Where an issuer's key set is read. This place and no other: what a token says about places of
/// keys is not looked at.
#[derive(Clone, Debug)]
pub struct Jwks {
    place: JwksPlace,
    every: Duration,
    asked_every: Duration,
}

/// The place of a key set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JwksPlace {
    /// A URL: `https`, or `http` on this machine.
    Url(String),
    /// A file.
    File(PathBuf),
    /// The set itself.
    Text(String),
}

impl Jwks {
    /// Reads the set from `url`, which is `https`, or `http` on this machine. No redirect is
    /// followed.
    pub fn url(url: impl Into<String>) -> Self {
        Self::at(JwksPlace::Url(url.into()))
    }

    /// Reads the set from the file `path`.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        Self::at(JwksPlace::File(path.into()))
    }

    /// Uses the set in `json`, for ever.
    pub fn text(json: impl Into<String>) -> Self {
        Self::at(JwksPlace::Text(json.into()))
    }

    fn at(place: JwksPlace) -> Self {
        let every = Duration::from_secs(limits::JWKS_EVERY_S);
        let asked_every = Duration::from_secs(limits::JWKS_ASKED_EVERY_S);
        Self { place, every, asked_every }
    }

    /// Reads the set again after this time.
    pub fn every(self, every: Duration) -> Self {
        Self { every, ..self }
    }

    /// Reads the set again because a token names a key that is not in it, but no sooner than this
    /// after the last time.
    pub fn asked_every(self, asked_every: Duration) -> Self {
        Self { asked_every, ..self }
    }

    /// Where it is.
    pub fn place(&self) -> &JwksPlace {
        &self.place
    }

    /// Time from one reading to the next, unasked.
    pub fn time(&self) -> Duration {
        self.every
    }

    /// Least time between readings that were asked for.
    pub fn time_asked(&self) -> Duration {
        self.asked_every
    }
}

/// An authorization server whose tokens are taken.
#[derive(Clone)]
pub struct Issuer {
    pub(super) name: String,
    pub(super) keys: Keys,
    pub(super) audiences: Vec<String>,
    pub(super) algorithms: Vec<Algorithm>,
    pub(super) leeway_s: u64,
}

/// What an issuer's signatures are checked with.
#[derive(Clone)]
pub(super) enum Keys {
    Jwks(Jwks),
    Secret(Vec<u8>),
}

impl Issuer {
    /// The issuer of exactly this name, its `iss`, with the keys of `jwks`.
    pub fn new(name: impl Into<String>, jwks: Jwks) -> Self {
        Self::with(name.into(), Keys::Jwks(jwks), Algorithm::ASYMMETRIC.to_vec())
    }

    /// An issuer that signs with a secret it shares with this server (HS256), of 32 bytes or more.
    /// Whoever learns the secret can make tokens.
    pub fn shared_secret(name: impl Into<String>, secret: impl Into<Vec<u8>>) -> Self {
        Self::with(name.into(), Keys::Secret(secret.into()), vec![Algorithm::Hs256])
    }

    fn with(name: String, keys: Keys, algorithms: Vec<Algorithm>) -> Self {
        let leeway_s = limits::TOKEN_LEEWAY_S;
        Self { name, keys, audiences: Vec::new(), algorithms, leeway_s }
    }

    /// Takes tokens for this audience instead of the server's resource URL. Again for more.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Takes these algorithms only.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }

    /// How far the issuer's clock may be from this machine's, in seconds.
    pub fn leeway_s(mut self, leeway_s: u64) -> Self {
        self.leeway_s = leeway_s;
        self
    }

    pub(super) fn check(&self) -> Result<(), Error> {
        let name = &self.name;
        let refuse = |fault: &str| Err(Error::usage(format!("issuer {name:?}: {fault}")));
        if name.is_empty() {
            return refuse("the name is empty");
        }
        if self.algorithms.is_empty() {
            return refuse("no algorithm is allowed");
        }
        if self.leeway_s > limits::TOKEN_LEEWAY_S_MAX {
            return refuse("the leeway is over ten minutes");
        }
        if self.audiences.iter().any(String::is_empty) {
            return refuse("an audience is empty");
        }
        let is_shared = matches!(self.keys, Keys::Secret(_));
        if self.algorithms.iter().any(|algorithm| (*algorithm == Algorithm::Hs256) != is_shared) {
            return refuse("HS256 goes with a shared secret and nothing else does");
        }
        match &self.keys {
            Keys::Secret(secret) if secret.len() < 32 => refuse("the secret is under 32 bytes"),
            Keys::Jwks(Jwks { place: JwksPlace::Url(url), .. }) if !is_safe_url(url) => {
                refuse("the key set's URL must be https, or http on this machine")
            }
            _ => Ok(()),
        }
    }
}

/// A secret is left out.
impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Whether what is read there can be trusted to be the issuer's.
fn is_safe_url(url: &str) -> bool {
    let without_query = url.split_once('?').map_or(url, |(path, _)| path);
    let Ok(resource) = Resource::parse(without_query) else { return false };
    let url = resource.url();
    let Some(rest) = url.strip_prefix("http://") else { return true };
    let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let is_loopback = host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback());
    is_loopback || host == "localhost" || host == "[::1]"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_from_safe_places_only() {
        for url in [
            "https://example.com/jwks?v=2",
            "http://localhost:8080/jwks",
            "http://127.0.0.9/jwks",
            "http://[::1]:80/jwks",
        ] {
            assert!(is_safe_url(url), "{url}");
        }
        for url in [
            "http://example.com/jwks",
            "http://127.0.0.1.evil/jwks",
            "http://localhost.evil/jwks",
            "http://evil/127.0.0.1",
            "http://127.0.0.1@evil/",
            "file:///etc/passwd",
            "",
        ] {
            assert!(!is_safe_url(url), "{url}");
        }
    }

    #[test]
    fn an_issuer_that_cannot_work_is_named() {
        let check = |issuer: Issuer, want: &str| {
            let fault = issuer.check().expect_err(want).to_string();
            assert!(fault.contains(want), "{fault} should say {want}");
        };
        let jwks = || Jwks::url("https://example.com/jwks");
        assert_eq!(Issuer::new("https://a", jwks()).check(), Ok(()));
        assert_eq!(Issuer::shared_secret("a", [1; 32]).check(), Ok(()));
        check(Issuer::new("", jwks()), "name");
        check(Issuer::new("a", jwks()).algorithms([]), "no algorithm");
        check(Issuer::new("a", jwks()).algorithms([Algorithm::Hs256]), "HS256");
        check(Issuer::shared_secret("a", [1; 32]).algorithms([Algorithm::Es256]), "HS256");
        check(Issuer::shared_secret("a", [1; 31]), "32 bytes");
        check(Issuer::new("a", jwks()).leeway_s(601), "leeway");
        check(Issuer::new("a", jwks()).audience(""), "audience");
        check(Issuer::new("a", Jwks::url("http://example.com/")), "https");
        let text =
            format!("{:?}", Issuer::shared_secret("a", *b"0123456789abcdef0123456789abcdef"));
        assert!(!text.contains("0123") && !text.contains("48, 49"), "{text}");
    }
}
