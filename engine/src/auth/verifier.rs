//! One shard's check of Authorization headers.

use std::sync::Arc;

use super::cache::Cache;
use super::settings::token_digest;
use super::token::{Fault, Token, bearer};
use super::{Challenge, Guard, KeySet, Principal};
use crate::limits::TOKEN_CACHE_S;

/// Checks the headers of one shard's requests. Not shared: what it remembers is its own.
pub struct Verifier {
    guard: Arc<Guard>,
    /// Each issuer's keys as this shard last saw them, with their generation.
    keys: Vec<(u64, Arc<KeySet>)>,
    cache: Cache,
}

impl Verifier {
    /// A verifier that has seen nothing yet.
    pub fn new(guard: Arc<Guard>) -> Self {
        let keys = guard.issuers.iter().map(|_| (0, Arc::default())).collect();
        Self { guard, keys, cache: Cache::default() }
    }

    /// What it checks with.
    pub fn guard(&self) -> &Arc<Guard> {
        &self.guard
    }

    /// Whom a request with this Authorization header comes from, if it may be here at all.
    pub fn verify(
        &mut self,
        header: Option<&str>,
        now_unix_s: u64,
    ) -> Result<Arc<Principal>, Challenge> {
        match self.principal(header, now_unix_s) {
            Ok(principal) => {
                self.guard.permit(&principal, &[])?;
                Ok(principal)
            }
            Err(fault) => Err(self.guard.challenge(fault)),
        }
    }

    fn principal(
        &mut self,
        header: Option<&str>,
        now_unix_s: u64,
    ) -> Result<Arc<Principal>, Fault> {
        let text = bearer(header)?;
        let digest = token_digest(text);
        // By digest, so that the time a comparison takes tells nothing about a token.
        if let Some(principal) = self.guard.tokens.get(&digest) {
            return Ok(Arc::clone(principal));
        }
        self.refresh();
        if let Some(principal) = self.cache.get(&digest, now_unix_s) {
            return Ok(Arc::clone(principal));
        }
        let (principal, until) = self.check(text, now_unix_s)?;
        let until = until.min(now_unix_s.saturating_add(TOKEN_CACHE_S));
        self.cache.insert(digest, Arc::clone(&principal), until);
        Ok(principal)
    }

    /// Takes over new keys. A key that is gone takes its tokens with it.
    fn refresh(&mut self) {
        for (trusted, (generation, keys)) in self.guard.issuers.iter().zip(&mut self.keys) {
            let current = trusted.store.generation();
            if current != *generation {
                // In this order: a set that comes in between is taken over again next time.
                *generation = current;
                *keys = trusted.store.current();
                self.cache.clear();
            }
        }
    }

    fn check(&self, text: &str, now_unix_s: u64) -> Result<(Arc<Principal>, u64), Fault> {
        let token = Token::parse(text)?;
        let mut issuers = self.guard.issuers.iter().zip(&self.keys);
        let found = issuers.find(|(trusted, _)| trusted.issuer.name == token.issuer());
        let (trusted, (generation, keys)) = found.ok_or(Fault::Issuer)?;
        let algorithm = token.algorithm(&trusted.issuer)?;
        if *generation == 0 {
            trusted.store.ask();
            return Err(Fault::NoKeysYet);
        }
        let key = keys.find(token.key_id(), algorithm).inspect_err(|fault| {
            if *fault == Fault::UnknownKey {
                trusted.store.ask();
            }
        })?;
        token.check_signature(key, algorithm)?;
        let until = token.check_claims(&trusted.issuer, now_unix_s)?;
        let principal = token.principal()?.with_end(until);
        let effective = self.guard.hierarchy.expand(principal.scopes());
        Ok((Arc::new(principal.with_effective(effective)), until))
    }

    #[cfg(test)]
    pub(super) fn cached(&self) -> usize {
        self.cache.len()
    }
}
