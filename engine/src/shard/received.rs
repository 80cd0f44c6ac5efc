//! Received bytes as the protocol sees them: lent where the kernel put them, or copied.

use std::ops::Range;

use bytes::Bytes;

use crate::endpoint::Chunk;
use crate::ring::Lease;

/// A lease.
pub(super) struct Lent(pub(super) Lease);

impl Chunk for Lent {
    fn padded(&self) -> &[u8] {
        self.0.padded()
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    fn share(&self, range: Range<usize>) -> Bytes {
        self.0.share(range)
    }
}

/// What an engine without leases works on: memory of the bytes' own, slack included.
pub(super) struct Copied {
    padded: Bytes,
    len: usize,
}

impl Copied {
    /// Copies the bytes out.
    pub(super) fn of(lease: &Lease) -> Self {
        Self { padded: Bytes::copy_from_slice(lease.padded()), len: lease.len() }
    }
}

impl Chunk for Copied {
    fn padded(&self) -> &[u8] {
        &self.padded
    }

    fn len(&self) -> usize {
        self.len
    }

    fn share(&self, range: Range<usize>) -> Bytes {
        self.padded.slice(..self.len).slice(range)
    }
}
