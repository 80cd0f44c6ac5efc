//! Who is asking: bearer tokens of HTTP requests, checked as an OAuth 2.1 resource server does.
//!
//! [`Authorization`] is what a program sets; [`Guard`] is that, checked once at the start and shared
//! by all shards; a [`Verifier`] is one shard's, with a cache of its own. A request comes out as a
//! [`Principal`] or as the [`Challenge`] to answer it with. Keys come from a [`KeyStore`], which
//! the shard layer fills.
//!
//! ```text
//! Authorization ─ build ─► Guard ─┬─► Verifier: Authorization header ─► Principal | Challenge
//!                                 └─► KeyStore ◄─ key sets ─ a thread of the shard layer
//! ```
//! Nothing here waits, reads a clock or a file, or asks the network. A token is never kept: caches
//! hold its digest, and no type that has one can be printed with it.

mod algorithm;
mod cache;
mod challenge;
mod guard;
mod issuer;
mod key_set;
mod key_store;
mod metadata;
mod principal;
mod resource;
mod scope;
mod settings;
mod token;
mod verifier;

pub use algorithm::Algorithm;
pub use challenge::Challenge;
pub use guard::Guard;
pub use issuer::{Issuer, Jwks, JwksPlace};
pub use key_set::KeySet;
pub use key_store::KeyStore;
pub use metadata::WELL_KNOWN;
pub use principal::Principal;
pub(crate) use scope::check_scopes;
pub use settings::Authorization;
pub use verifier::Verifier;

#[cfg(test)]
mod tests;
