//! Tokens that were found good a moment ago, by digest: a signature is checked once, not on every
//! request of a busy client.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use super::Principal;
use super::settings::TokenDigest;
use crate::limits::TOKENS_CACHED_MAX;

/// A bounded number of good tokens, the oldest leaving first.
#[derive(Default)]
pub(super) struct Cache {
    good: HashMap<TokenDigest, Good>,
    /// Digests in the order they came, each perhaps gone or renewed since.
    order: VecDeque<TokenDigest>,
}

struct Good {
    principal: Arc<Principal>,
    until_unix_s: u64,
}

impl Cache {
    /// Whom the token speaks for, if that is known and was not too long ago.
    pub(super) fn get(&self, token: &TokenDigest, now_unix_s: u64) -> Option<&Arc<Principal>> {
        let good = self.good.get(token)?;
        (now_unix_s < good.until_unix_s).then_some(&good.principal)
    }

    pub(super) fn insert(
        &mut self,
        token: TokenDigest,
        principal: Arc<Principal>,
        until_unix_s: u64,
    ) {
        if self.order.len() >= TOKENS_CACHED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.good.remove(&oldest);
        }
        self.order.push_back(token);
        self.good.insert(token, Good { principal, until_unix_s });
    }

    /// Forgets all: keys have changed.
    pub(super) fn clear(&mut self) {
        self.good.clear();
        self.order.clear();
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.good.len()
    }
}
