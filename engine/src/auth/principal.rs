//! Whoever a token speaks for.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use serde_json::{Map, Value};

/// A person or program that a token was issued for, and through which client it acts.
///
/// Sessions, tasks and sealed state belong to the principal that made them, by [`Principal::key`]:
/// a new token of the same subject and client goes on where the last one stopped, whatever its
/// scopes.
#[derive(Clone, PartialEq, Eq)]
pub struct Principal {
    issuer: Box<str>,
    subject: Box<str>,
    client_id: Option<Box<str>>,
    scopes: Vec<Box<str>>,
    /// The scopes with all they imply.
    effective: Vec<Box<str>>,
    key: Box<str>,
    claims: Arc<Map<String, Value>>,
    /// The first second in which its token is refused; never for a static one.
    until_unix_s: Option<u64>,
}

impl Principal {
    /// A principal without a client and without scopes, as for a static token.
    pub fn new(subject: impl AsRef<str>) -> Self {
        Self::of("", subject.as_ref(), None)
    }

    /// Adds scopes.
    pub fn with_scopes<S: AsRef<str>>(mut self, scopes: impl IntoIterator<Item = S>) -> Self {
        self.scopes.extend(scopes.into_iter().map(|scope| scope.as_ref().into()));
        self.effective.clone_from(&self.scopes);
        self
    }

    /// Sets the client it acts through.
    pub fn with_client_id(self, client_id: impl AsRef<str>) -> Self {
        let Self { issuer, subject, scopes, claims, .. } = self;
        let of = Self::of(&issuer, &subject, Some(client_id.as_ref()));
        Self { claims, ..of }.with_scopes(scopes)
    }

    /// Sets the claims: for a static token, which by itself has none.
    pub fn with_claims(self, claims: Map<String, Value>) -> Self {
        Self { claims: Arc::new(claims), ..self }
    }

    pub(super) fn of(issuer: &str, subject: &str, client_id: Option<&str>) -> Self {
        Self {
            issuer: issuer.into(),
            subject: subject.into(),
            client_id: client_id.map(Into::into),
            scopes: Vec::new(),
            effective: Vec::new(),
            key: key(issuer, subject, client_id),
            claims: Arc::default(),
            until_unix_s: None,
        }
    }

    pub(super) fn with_effective(self, effective: Vec<Box<str>>) -> Self {
        Self { effective, ..self }
    }

    pub(super) fn with_end(self, until_unix_s: u64) -> Self {
        Self { until_unix_s: Some(until_unix_s), ..self }
    }

    /// Who issued the token; empty for a static one.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Whom the issuer says it is.
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// The client it acts through, if the token says so.
    pub fn client_id(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// The scopes the token has, as it has them.
    pub fn scopes(&self) -> impl ExactSizeIterator<Item = &str> {
        self.scopes.iter().map(|scope| &**scope)
    }

    /// Whether it has `scope`, or one that implies it.
    pub fn has_scope(&self, scope: &str) -> bool {
        self.effective.iter().any(|had| **had == *scope)
    }

    /// All claims of the token as it was checked; for a static one those of
    /// [`Self::with_claims`].
    pub fn claims(&self) -> &Map<String, Value> {
        &self.claims
    }

    /// The Unix second from which on the token is refused; `None` for a static one.
    pub(crate) fn until_unix_s(&self) -> Option<u64> {
        self.until_unix_s
    }

    /// What state is bound to: the same text for the same issuer, subject and client, another for
    /// others. It tells nothing about them.
    pub fn key(&self) -> &str {
        &self.key
    }
}

/// Names only; there is no token in it.
impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("issuer", &self.issuer)
            .field("subject", &self.subject)
            .field("client_id", &self.client_id)
            .field("scopes", &self.scopes)
            .finish_non_exhaustive()
    }
}

fn key(issuer: &str, subject: &str, client_id: Option<&str>) -> Box<str> {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(b"mcpring principal 1");
    hash.update(&[u8::from(client_id.is_some())]);
    for part in [issuer, subject, client_id.unwrap_or_default()] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    BASE64.encode(hash.finish()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_principals_apart() {
        let keys = [
            Principal::of("i", "s", None),
            Principal::of("i", "s", Some("")),
            Principal::of("i", "s", Some("c")),
            Principal::of("i", "sc", None),
            Principal::of("is", "c", None),
            Principal::of("", "is", Some("c")),
        ]
        .map(|principal| principal.key);
        for (at, key) in keys.iter().enumerate() {
            assert!(!keys[..at].contains(key), "row {at}");
            assert_eq!(key.len(), 43);
        }
        let scoped = Principal::of("i", "s", Some("c")).with_scopes(["a"]);
        assert_eq!(scoped.key, keys[2], "scopes are no part of who it is");
    }
}
