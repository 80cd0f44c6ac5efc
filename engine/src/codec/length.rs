//! Length framing: a big-endian `u32` of payload bytes, then the payload.
//!
//! A prefix alone costs no memory, so announcing a huge frame is free for us: it is refused at the
//! prefix or paid for byte by byte as it arrives. A length of zero is refused.

use super::{Chunk, Frame, FrameError, Place, append};

const PREFIX_BYTES: usize = 4;

/// Cuts length-prefixed frames. Holds no memory beside itself while no frame is partial.
///
/// INVARIANT: `partial` is empty unless the prefix is whole, and shorter than the prefix says.
#[derive(Debug)]
pub struct LengthDecoder {
    partial: Vec<u8>,
    frame_bytes_max: u32,
    prefix: [u8; PREFIX_BYTES],
    prefix_len: u8,
}

impl LengthDecoder {
    /// Takes frames of up to `frame_bytes_max` bytes.
    pub fn new(frame_bytes_max: usize) -> Self {
        Self {
            partial: Vec::new(),
            frame_bytes_max: u32::try_from(frame_bytes_max).unwrap_or(u32::MAX),
            prefix: [0; PREFIX_BYTES],
            prefix_len: 0,
        }
    }

    /// The next frame at or after `at`, which moves behind what was taken. `None` says that the
    /// chunk is used up and its tail is kept. After an error the stream must be closed.
    pub fn next(&mut self, chunk: &dyn Chunk, at: &mut usize) -> Result<Option<Frame>, FrameError> {
        let place = self.cut(chunk.payload(), at)?;
        Ok(place.map(|place| place.seal(&mut self.partial)))
    }

    /// As [`next`](Self::next), of bytes that nothing else is known about. A frame that does not
    /// lie whole in them is put together in `whole`.
    pub fn next_of(
        &mut self,
        bytes: &[u8],
        at: &mut usize,
        whole: &mut Vec<u8>,
    ) -> Result<Option<Place>, FrameError> {
        let place = self.cut(bytes, at)?;
        Ok(place.map(|place| place.settle(&mut self.partial, whole)))
    }

    /// The next frame; a whole one is left in `partial`.
    #[inline]
    fn cut(&mut self, bytes: &[u8], at: &mut usize) -> Result<Option<Place>, FrameError> {
        if self.prefix_len == 0
            && let Some(prefix) = bytes[*at..].first_chunk::<PREFIX_BYTES>()
        {
            let start = *at + PREFIX_BYTES;
            let end = start + self.announced(*prefix)?;
            if end <= bytes.len() {
                *at = end;
                return Ok(Some(Place::Direct(start..end)));
            }
        }
        self.assemble(bytes, at)
    }

    /// Whether a frame has begun and is not whole.
    pub fn is_partial(&self) -> bool {
        self.prefix_len != 0
    }

    /// Bytes kept of the frame that is not whole, its prefix included.
    pub fn partial_bytes(&self) -> usize {
        usize::from(self.prefix_len) + self.partial.len()
    }

    #[cfg(test)]
    pub(super) fn capacity(&self) -> usize {
        self.partial.capacity()
    }

    fn announced(&self, prefix: [u8; PREFIX_BYTES]) -> Result<usize, FrameError> {
        match u32::from_be_bytes(prefix) {
            0 => Err(FrameError::Empty),
            len if len > self.frame_bytes_max => {
                Err(FrameError::TooLong { frame_bytes_max: self.frame_bytes_max })
            }
            len => Ok(len as usize),
        }
    }

    /// The frame does not lie whole in the chunk together with its prefix.
    fn assemble(&mut self, bytes: &[u8], at: &mut usize) -> Result<Option<Place>, FrameError> {
        while usize::from(self.prefix_len) < PREFIX_BYTES {
            let Some(&byte) = bytes.get(*at) else {
                return Ok(None);
            };
            self.prefix[usize::from(self.prefix_len)] = byte;
            self.prefix_len += 1;
            *at += 1;
        }
        let total = self.announced(self.prefix)?;
        let rest = &bytes[*at..];
        let missing = total - self.partial.len();
        if rest.len() < missing {
            append(&mut self.partial, rest, total);
            *at = bytes.len();
            return Ok(None);
        }
        let start = *at;
        *at += missing;
        self.prefix_len = 0;
        if self.partial.is_empty() {
            return Ok(Some(Place::Direct(start..*at)));
        }
        append(&mut self.partial, &rest[..missing], total);
        Ok(Some(Place::Whole))
    }
}
