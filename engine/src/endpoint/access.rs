//! Who may be here: every HTTP exchange shows its token, and gets to its own sessions only.
//!
//! Without authorization nobody is anybody, and everything belongs to nobody. With it, an exchange
//! carries its principal: to the session it opens, to the shard that owns the session it names, and
//! to the calls it makes. The token itself goes no further than this file.

use std::sync::Arc;

use super::forward::{Challenged, Forwarded};
use super::labels::Ending;
use super::lifecycle::Carried;
use super::message::Incoming;
use super::origin::Origin;
use super::sessions::SessionKey;
use super::{Core, Now};
use crate::auth::{Challenge, Principal};
use crate::mcp::Refusal;
use crate::rpc::RpcError;
use crate::server::Feature;
use crate::slot::Slot;
use crate::transport::{Exchange, Route, respond};

impl Core {
    /// The present, in Unix seconds.
    pub(super) fn unix_s(&self) -> u64 {
        self.unix_s_at_zero + self.now.0 / 1_000_000_000
    }

    /// When the token that `principal` came with is refused.
    pub(super) fn token_end(&self, principal: &Principal) -> Now {
        let Some(until_unix_s) = principal.until_unix_s() else { return Now::NEVER };
        Now(0).after_ms(until_unix_s.saturating_sub(self.unix_s_at_zero).saturating_mul(1000))
    }

    /// Lets an exchange in with its principal, or answers why not.
    pub(super) fn let_in(&mut self, slot: Slot, exchange: &Exchange<'_>) -> bool {
        let now = self.unix_s();
        let Some(verifier) = &mut self.verifier else { return true };
        match exchange.route {
            Route::Health | Route::ResourceMetadata | Route::Own(_) => return true,
            Route::Mcp | Route::Metrics | Route::Sse | Route::Messages => {}
        }
        match verifier.verify(exchange.facts.authorization(), now) {
            Ok(principal) => {
                if let Some(connection) = self.slots.get_mut(slot)
                    && let Some(open) = &mut connection.exchange
                {
                    open.principal = Some(principal);
                }
                true
            }
            Err(challenge) => {
                self.reply_challenge(slot, &challenge);
                false
            }
        }
    }

    /// Who sent the open exchange of `slot`.
    pub(super) fn principal_of(&mut self, slot: Slot) -> Option<Arc<Principal>> {
        self.slots.get_mut(slot)?.exchange.as_ref()?.principal.clone()
    }

    /// Whether there is such a session and it was opened by `principal`. Another's is not found,
    /// so that an id that leaked is worth nothing.
    pub(super) fn has_session(&mut self, key: SessionKey, principal: Option<&Principal>) -> bool {
        let Some(held) = self.sessions.get_mut(key) else { return false };
        let owner = held.principal.as_deref().map(Principal::key);
        let is_own = owner == principal.map(Principal::key);
        if !is_own {
            self.metrics.sessions_foreign.add(1);
        }
        if is_own {
            held.used = self.now;
        }
        is_own
    }

    /// Refuses a call of `feature` if its scopes are not granted; `None` when they are.
    pub(super) fn forbid(&mut self, incoming: &Incoming<'_>, feature: &Feature) -> Option<Carried> {
        let challenge = self.challenge(incoming, feature)?;
        match incoming.origin {
            Origin::Exchange(slot) => self.reply_challenge(slot, &challenge),
            Origin::Remote { shard, slot } => {
                self.forward(shard, Forwarded::Challenged(Challenged { slot, challenge }));
            }
            // Here the exchange is not this message's alone, and its status was said or will be.
            Origin::Stream(_) | Origin::Batch(_) | Origin::Events { .. } | Origin::Task(_) => {
                let error = RpcError::invalid_request(challenge.text().to_owned());
                return Some(Err(Refusal::quiet(error)));
            }
        }
        Some(Ok(Some(Ending::Refused)))
    }

    /// Whether the sender of a message may hear of the resource `uri`: who may read it.
    pub(super) fn may_hear_of(&self, incoming: &Incoming<'_>, uri: &str) -> bool {
        let found = self.server.features().resource(uri);
        found.is_none_or(|found| self.challenge(incoming, found.feature()).is_none())
    }

    /// Why the sender of a message may not use `feature`, if so.
    fn challenge(&self, incoming: &Incoming<'_>, feature: &Feature) -> Option<Challenge> {
        // Only what came over HTTP has a principal; pipes are opened by whom the system lets.
        let principal = incoming.principal?;
        self.verifier.as_ref()?.guard().permit(principal, feature.scopes()).err()
    }

    /// Answers an exchange that may not be here.
    pub(super) fn reply_challenge(&mut self, slot: Slot, challenge: &Challenge) {
        self.metrics.http_challenged.add(1);
        let Some((connection, keep_alive)) = self.take_exchange(slot) else { return };
        let text = Some("text/plain; charset=utf-8");
        let headers = [challenge.header()];
        respond(&mut connection.out, challenge.status(), &headers, text, keep_alive, |out| {
            out.extend_from_slice(challenge.text().as_bytes());
            out.push(b'\n');
        });
        self.touch(slot);
    }

    /// The page that tells where to get a token.
    pub(super) fn reply_resource_metadata(&mut self, slot: Slot) {
        let Some(guard) = self.verifier.as_ref().map(|verifier| Arc::clone(verifier.guard()))
        else {
            return;
        };
        self.reply_page(slot, 200, "application/json", guard.metadata());
    }
}
