//! Cuts a stream of bytes into frames: length prefixes, lines, HTTP/1 heads and bodies, SSE events.
//!
//! A frame that lies whole in one received [`Chunk`] is a range of it and is never copied; a frame
//! that spans chunks is put together once. Nothing here knows what a frame means, whom it came
//! from or what time it is.

mod chunk;
mod chunked;
pub mod http1;
mod length;
mod line;
pub mod sse;

pub use chunk::{Assembled, Chunk};
pub use chunked::{ChunkedBody, ChunkedFault};
pub use length::LengthDecoder;
pub use line::LineDecoder;

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use crate::limits::{FRAME_BYTES_KEPT, SLACK_BYTES};

/// One whole frame: where its bytes are.
#[derive(Clone, Debug)]
pub enum Frame {
    /// Inside the chunk the decoder was given.
    Direct(Range<usize>),
    /// Put together from several chunks, or decoded.
    Assembled(Assembled),
}

impl Frame {
    /// The frame's bytes with slack readable behind them, and how many are the frame's.
    /// `chunk` is the one the frame was cut from.
    pub fn padded<'a>(&'a self, chunk: &'a dyn Chunk) -> (&'a [u8], usize) {
        match self {
            Self::Direct(range) => (&chunk.padded()[range.start..], range.len()),
            Self::Assembled(whole) => (whole.padded(), whole.len()),
        }
    }

    /// The frame's bytes.
    pub fn payload<'a>(&'a self, chunk: &'a dyn Chunk) -> &'a [u8] {
        let (bytes, len) = self.padded(chunk);
        &bytes[..len]
    }

    /// A range of the frame, able to leave the shard.
    pub fn share(&self, chunk: &dyn Chunk, range: Range<usize>) -> Bytes {
        match self {
            Self::Direct(place) => chunk.share(place.start + range.start..place.start + range.end),
            Self::Assembled(whole) => whole.share(range),
        }
    }

    /// Bytes of the frame.
    pub fn len(&self) -> usize {
        match self {
            Self::Direct(range) => range.len(),
            Self::Assembled(whole) => whole.len(),
        }
    }

    /// Whether the frame has no bytes, as the body of a GET has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Where a frame is that was cut from bytes without a [`Chunk`] around them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// Inside the bytes the decoder was given.
    Direct(Range<usize>),
    /// In the caller's memory for frames that are put together, with slack behind it.
    Whole,
}

impl Place {
    /// A whole frame that is still the decoder's becomes `whole`, whose memory the decoder takes
    /// for its next one. Memory beyond the kept limit is freed once a frame did not need it.
    fn settle(self, partial: &mut Vec<u8>, whole: &mut Vec<u8>) -> Self {
        if self == Self::Whole {
            std::mem::swap(partial, whole);
            partial.clear();
            if partial.capacity() > FRAME_BYTES_KEPT && whole.len() <= FRAME_BYTES_KEPT {
                *partial = Vec::new();
            }
            whole.resize(whole.len() + SLACK_BYTES, 0);
        }
        self
    }

    /// The same for who has a [`Chunk`] and no memory.
    fn seal(self, partial: &mut Vec<u8>) -> Frame {
        match self {
            Self::Direct(range) => Frame::Direct(range),
            Self::Whole => Frame::Assembled(Assembled::seal(std::mem::take(partial))),
        }
    }
}

/// Why a stream can be cut no further. The boundary of the next frame is lost: close.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The frame is longer than the receiver takes.
    TooLong {
        /// The limit, in bytes.
        frame_bytes_max: u32,
    },
    /// A length prefix of zero: no message is empty, so the peer speaks something else.
    Empty,
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLong { frame_bytes_max } => {
                write!(f, "frame longer than the limit of {frame_bytes_max} bytes")
            }
            Self::Empty => f.write_str("frame of length zero"),
        }
    }
}

impl std::error::Error for FrameError {}

/// Appends `piece` to a frame of `total` bytes that is being put together.
///
/// Memory follows what was received, not what was announced: room doubles, stops at the whole
/// frame, and includes the slack so that sealing the frame moves nothing.
pub(crate) fn append(partial: &mut Vec<u8>, piece: &[u8], total: usize) {
    let len = partial.len() + piece.len();
    let least = if len >= total { len + SLACK_BYTES } else { len };
    if partial.capacity() < least {
        let room = len.max(total.min(2 * len)) + SLACK_BYTES;
        partial.reserve_exact(room - partial.len());
    }
    partial.extend_from_slice(piece);
}

#[cfg(test)]
mod tests;
