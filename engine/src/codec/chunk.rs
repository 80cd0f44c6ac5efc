//! What decoders read from: a received chunk, and a frame assembled from several.
//!
//! Every chunk has readable slack behind its payload, so that the JSON scan may load whole vectors.
//! Who owns the memory of a received chunk is the driver's business, not ours.

use std::ops::Range;

use bytes::Bytes;

use crate::limits::SLACK_BYTES;

/// One received piece of a stream: its payload, and slack readable behind it.
pub trait Chunk {
    /// The payload followed by at least [`SLACK_BYTES`] readable bytes of any value.
    fn padded(&self) -> &[u8];

    /// Bytes of the payload.
    fn len(&self) -> usize;

    /// That range of the payload, able to leave the shard. Whether it is lent or copied is the
    /// implementer's choice.
    fn share(&self, range: Range<usize>) -> Bytes;

    /// Whether there is no payload.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The payload alone.
    fn payload(&self) -> &[u8] {
        &self.padded()[..self.len()]
    }
}

/// Bytes put together by a decoder. Cloning, slicing and sharing copy nothing.
///
/// INVARIANT: `bytes` ends in [`SLACK_BYTES`] bytes that are not payload.
#[derive(Clone, Debug)]
pub struct Assembled {
    bytes: Bytes,
}

impl Assembled {
    /// No payload.
    pub fn empty() -> Self {
        Self { bytes: Bytes::from_static(&[0; SLACK_BYTES]) }
    }

    /// Copies `payload`, for callers that have no chunk.
    pub fn copy(payload: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(payload.len() + SLACK_BYTES);
        bytes.extend_from_slice(payload);
        Self::seal(bytes)
    }

    /// Takes over a finished payload.
    pub(crate) fn seal(mut payload: Vec<u8>) -> Self {
        payload.resize(payload.len() + SLACK_BYTES, 0);
        Self { bytes: Bytes::from(payload) }
    }

    /// That range of the payload as a chunk of its own.
    pub fn slice(&self, range: Range<usize>) -> Self {
        debug_assert!(range.end <= self.len());
        Self { bytes: self.bytes.slice(range.start..range.end + SLACK_BYTES) }
    }
}

impl Chunk for Assembled {
    fn padded(&self) -> &[u8] {
        &self.bytes
    }

    fn len(&self) -> usize {
        self.bytes.len() - SLACK_BYTES
    }

    fn share(&self, range: Range<usize>) -> Bytes {
        debug_assert!(range.end <= self.len());
        self.bytes.slice(range)
    }
}
