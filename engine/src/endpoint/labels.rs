//! The names behind the numbers of this shard's metrics.

use crate::mcp::CLIENT_METHODS;
use crate::metrics::Labels;

/// How a request ended, as metrics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ending {
    /// With a result.
    Result,
    /// With a tool's failure.
    Failure,
    /// With a protocol error.
    Error,
    /// It was not admitted.
    Refused,
    /// A limit was reached.
    Busy,
    /// The client gave it up.
    Cancelled,
    /// It took too long.
    Timeout,
}

/// Why this side closed a connection, as metrics count it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum CloseReason {
    /// All was said.
    Done,
    /// Nothing was said for too long.
    Idle,
    /// The peer did not take what was sent.
    Stalled,
    /// A frame did not become whole in time.
    Partial,
    /// Sending failed.
    Broken,
    /// The drain's time was over.
    Drain,
    /// The peer reads its event stream too slowly.
    Slow,
}

/// The names behind the numbers of this shard's metrics.
pub const LABELS: Labels = Labels {
    methods: &METHOD_NAMES,
    outcomes: &["result", "failure", "error", "refused", "busy", "cancelled", "timeout"],
    closes: &["done", "idle", "stalled", "partial", "broken", "drain", "slow"],
};

/// The label of requests that were refused before a method was found.
pub(super) const OTHER_METHOD: usize = METHOD_NAMES.len() - 1;

const METHOD_NAMES: [&str; CLIENT_METHODS + 1] = {
    let mut names = ["other"; CLIENT_METHODS + 1];
    let mut place = 0;
    while place < CLIENT_METHODS {
        names[place] = crate::mcp::METHODS[place].name;
        place += 1;
    }
    names
};

const _: () = assert!(METHOD_NAMES.len() <= crate::limits::METHOD_LABELS_MAX);
