//! The five protocol versions, their order, and what each one's messages may contain.

use std::fmt;

use crate::model::Fields;

/// A released protocol version; ordered by release, never by comparing strings.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// Handshake era, HTTP+SSE.
    V2024_11_05,
    /// Handshake era, Streamable HTTP and batches.
    V2025_03_26,
    /// Handshake era, structured output and elicitation.
    V2025_06_18,
    /// Handshake era, icons, tasks and URL elicitation.
    V2025_11_25,
    /// Stateless era.
    V2026_07_28,
}

impl Version {
    /// All versions spoken, oldest first.
    pub const ALL: [Self; 5] = [
        Self::V2024_11_05,
        Self::V2025_03_26,
        Self::V2025_06_18,
        Self::V2025_11_25,
        Self::V2026_07_28,
    ];
    /// What `initialize` is answered with when it asks for a version that has no handshake.
    pub const LATEST_HANDSHAKE: Self = Self::V2025_11_25;
    /// What an HTTP request without a version header speaks (2025-06-18, transports).
    pub const HEADER_ABSENT: Self = Self::V2025_03_26;
    /// The versions of the stateless era, as `server/discover` and −32022 list them.
    pub const STATELESS: [Self; 1] = [Self::V2026_07_28];

    /// The version of that exact name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|version| version.as_str() == name)
    }

    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::V2024_11_05 => "2024-11-05",
            Self::V2025_03_26 => "2025-03-26",
            Self::V2025_06_18 => "2025-06-18",
            Self::V2025_11_25 => "2025-11-25",
            Self::V2026_07_28 => "2026-07-28",
        }
    }

    /// Whether this version begins with `initialize`.
    pub fn has_handshake(self) -> bool {
        self <= Self::LATEST_HANDSHAKE
    }

    /// Whether a message may be an array of messages (receiving is a MUST of 2025-03-26 alone).
    pub fn has_batches(self) -> bool {
        self == Self::V2025_03_26
    }

    /// Whether an event stream begins with an empty event that can be resumed from; older clients
    /// take its empty data for a broken message.
    pub fn has_priming_event(self) -> bool {
        self == Self::V2025_11_25
    }

    /// Whether results carry `resultType`, cache hints and the server's name.
    pub fn has_result_type(self) -> bool {
        !self.has_handshake()
    }

    /// Whether arguments that do not fit the schema are the tool's failure (the model can mend
    /// them) rather than a protocol error (SEP-1303).
    pub fn has_argument_failures(self) -> bool {
        self >= Self::V2025_11_25
    }

    /// Whether the client is asked inside of results, which it answers by asking again, instead of
    /// by requests to it.
    pub fn asks_in_results(self) -> bool {
        !self.has_handshake()
    }

    /// The error code for a resource that does not exist.
    pub fn resource_not_found(self) -> i32 {
        use crate::rpc::code;
        if self.has_handshake() { code::RESOURCE_NOT_FOUND } else { code::INVALID_PARAMS }
    }

    /// The error code for "a limit was reached".
    pub fn busy(self) -> i32 {
        use crate::rpc::code;
        if self.has_handshake() { code::BUSY_HANDSHAKE } else { code::BUSY }
    }

    /// Which optional members this version's messages have.
    pub fn fields(self) -> &'static Fields {
        &Fields::TABLE[self as usize]
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_junk_is_no_version() {
        for version in Version::ALL {
            assert_eq!(Version::parse(version.as_str()), Some(version));
        }
        for junk in ["", "2025-11-26", "2025-11-25 ", "DRAFT", "v999.0.0"] {
            assert_eq!(Version::parse(junk), None, "{junk}");
        }
    }

    #[test]
    fn order_is_release_order_and_one_version_has_no_handshake() {
        assert!(Version::ALL.is_sorted());
        assert_eq!(Version::ALL.iter().filter(|version| !version.has_handshake()).count(), 1);
    }
}
