//! The checked settings, shared by all shards: whose tokens are taken, and the words of refusals.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::challenge::Challenge;
use super::issuer::Keys;
use super::resource::Resource;
use super::scope::Hierarchy;
use super::settings::TokenDigest;
use super::token::Fault;
use super::{Authorization, Issuer, Jwks, JwksPlace, KeySet, KeyStore, Principal, metadata};
use crate::error::Error;

/// What requests are checked with.
pub struct Guard {
    metadata: Vec<u8>,
    metadata_url: String,
    path: String,
    required: Vec<Box<str>>,
    pub(super) hierarchy: Hierarchy,
    pub(super) tokens: HashMap<TokenDigest, Arc<Principal>>,
    pub(super) issuers: Vec<Trusted>,
}

/// An issuer with its keys.
pub(super) struct Trusted {
    pub(super) issuer: Issuer,
    pub(super) store: Arc<KeyStore>,
    jwks: Option<Jwks>,
}

impl Guard {
    pub(super) fn new(resource: &Resource, settings: Authorization) -> Result<Self, Error> {
        let Authorization { name, mut servers, supported, required, hierarchy, .. } = settings;
        if servers.is_empty() {
            servers = settings.issuers.iter().map(|issuer| issuer.name.clone()).collect();
        }
        let mut scopes = [supported, required.clone()].concat();
        scopes.sort_unstable();
        scopes.dedup();
        let issuers = settings.issuers.into_iter().map(|issuer| trust(issuer, resource));
        let tokens = settings.tokens.into_iter().map(|(token, principal)| {
            let effective = hierarchy.expand(principal.scopes());
            (token, Arc::new(principal.with_effective(effective)))
        });
        Ok(Self {
            metadata: metadata::page(resource, &servers, &scopes, name.as_deref()),
            metadata_url: resource.metadata_url(),
            path: resource.path().to_owned(),
            required,
            tokens: tokens.collect(),
            issuers: issuers.collect::<Result<_, _>>()?,
            hierarchy,
        })
    }

    /// The page of RFC 9728.
    pub fn metadata(&self) -> &[u8] {
        &self.metadata
    }

    /// The paths it is served at, for an endpoint at `path`: the root's, the endpoint's, and that
    /// of the resource, which a proxy may have put elsewhere.
    pub fn metadata_paths(&self, path: &str) -> Vec<String> {
        let path = path.strip_suffix('/').unwrap_or(path);
        let mut paths = ["", path, &self.path].map(|path| [metadata::WELL_KNOWN, path].concat());
        paths.sort_unstable();
        let mut paths = paths.to_vec();
        paths.dedup();
        paths
    }

    /// The host that clients reach the server at, as a listener has to allow it.
    pub fn host(&self) -> &str {
        let rest = self.metadata_url.split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// Key sets to be read again and again, with the places to put them: issuer, source, store.
    pub fn sources(&self) -> impl Iterator<Item = (&str, &Jwks, &Arc<KeyStore>)> {
        self.issuers.iter().filter_map(|trusted| {
            Some((&*trusted.issuer.name, trusted.jwks.as_ref()?, &trusted.store))
        })
    }

    /// Whether `principal` has all scopes that every request needs, and `scopes` besides.
    pub fn permit(&self, principal: &Principal, scopes: &[Box<str>]) -> Result<(), Challenge> {
        let mut needed = self.required.iter().chain(scopes);
        if needed.all(|scope| principal.has_scope(scope)) {
            return Ok(());
        }
        // All that the operation needs, for a client asks for exactly this next.
        let mut all: Vec<&str> = Vec::new();
        for scope in self.required.iter().chain(scopes) {
            if !all.contains(&&**scope) {
                all.push(scope);
            }
        }
        Err(Challenge::forbidden(&all.join(" "), &self.metadata_url))
    }

    pub(super) fn challenge(&self, fault: Fault) -> Challenge {
        Challenge::refused(fault, &self.required.join(" "), &self.metadata_url)
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers: Vec<_> = self.issuers.iter().map(|trusted| &trusted.issuer.name).collect();
        f.debug_struct("Guard")
            .field("metadata_url", &self.metadata_url)
            .field("issuers", &issuers)
            .finish_non_exhaustive()
    }
}

fn trust(mut issuer: Issuer, resource: &Resource) -> Result<Trusted, Error> {
    if issuer.audiences.is_empty() {
        issuer.audiences.push(resource.url());
    }
    let (store, jwks) = match &issuer.keys {
        Keys::Secret(secret) => (KeyStore::fixed(KeySet::secret(secret)), None),
        Keys::Jwks(jwks) => match jwks.place() {
            JwksPlace::Text(text) => {
                let keys = KeySet::parse(text.as_bytes())
                    .map_err(|fault| Error::usage(format!("issuer {:?}: {fault}", issuer.name)))?;
                (KeyStore::fixed(keys), None)
            }
            JwksPlace::Url(_) | JwksPlace::File(_) => (KeyStore::default(), Some(jwks.clone())),
        },
    };
    Ok(Trusted { issuer, store: Arc::new(store), jwks })
}
