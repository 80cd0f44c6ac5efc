//! How long a client may keep an answer, and for whom.

use serde::Deserialize;

use super::read;
use crate::error::Error;
use crate::json::Writer;

/// Who may share a kept answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CacheScope {
    /// Everyone: the answer does not depend on who asks.
    Public,
    /// Only who asked.
    #[default]
    Private,
}

impl CacheScope {
    /// The word on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Private => "private",
        }
    }
}

/// How long a client may keep an answer, and for whom. The default is the careful one: not at all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CacheHint {
    /// For how long, in milliseconds; 0 means that it is old at once.
    pub ttl_ms: u64,
    /// For whom.
    #[serde(default)]
    pub scope: CacheScope,
}

impl CacheHint {
    /// Everyone may keep it for so long.
    pub const fn public(ttl_ms: u64) -> Self {
        Self { ttl_ms, scope: CacheScope::Public }
    }

    /// Who asked may keep it for so long.
    pub const fn private(ttl_ms: u64) -> Self {
        Self { ttl_ms, scope: CacheScope::Private }
    }

    /// Reads `{"ttl_ms":…,"scope":"public" or "private"}`; without a scope it is private.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        read::value("cache hint", json)
    }

    /// Writes the two members into an object the caller opened.
    pub fn encode_members(self, w: &mut Writer<'_>) {
        w.member_uint("ttlMs", self.ttl_ms);
        w.member_string("cacheScope", self.scope.as_str());
    }
}
