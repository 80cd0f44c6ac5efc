//! A secret key that what clients carry for the server is sealed with.

use std::fmt;

/// 32 secret bytes. Several processes that serve the same clients need the same keys, and so does
/// one that is restarted while clients hold state.
#[derive(Clone, PartialEq, Eq)]
pub struct StateKey([u8; 32]);

impl StateKey {
    /// A key of these bytes, which must come from a random source, not from a pass phrase.
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The secret.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// The secret is left out: settings end up in logs.
impl fmt::Debug for StateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StateKey(..)")
    }
}
