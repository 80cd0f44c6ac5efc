//! Line framing: one frame per `\n`, with a `\r` before it tolerated and empty lines skipped.
//!
//! Whether a line is JSON is not looked at; a raw newline cannot occur inside a JSON text that a
//! writer has compacted, so the newline alone is the boundary.

use std::mem;

use memchr::memchr;

use super::{Assembled, Chunk, Frame, FrameError, Place, append};

/// Cuts lines. Holds no memory beside itself while no line is partial.
///
/// INVARIANT: `partial` has no newline and at most one byte over the limit, which is then a `\r`.
#[derive(Debug)]
pub struct LineDecoder {
    partial: Vec<u8>,
    frame_bytes_max: u32,
}

impl LineDecoder {
    /// Takes lines of up to `frame_bytes_max` bytes, line end not counted.
    pub fn new(frame_bytes_max: usize) -> Self {
        let frame_bytes_max = u32::try_from(frame_bytes_max).unwrap_or(u32::MAX);
        Self { partial: Vec::new(), frame_bytes_max }
    }

    /// The next line at or after `at`, which moves behind what was taken. `None` says that the
    /// chunk is used up and its tail is kept. After an error the stream must be closed.
    pub fn next(&mut self, chunk: &dyn Chunk, at: &mut usize) -> Result<Option<Frame>, FrameError> {
        let place = self.cut(chunk.payload(), at)?;
        Ok(place.map(|place| place.seal(&mut self.partial)))
    }

    /// As [`next`](Self::next), of bytes that nothing else is known about. A line that does not
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

    /// The next line; a whole one is left in `partial`.
    #[inline]
    fn cut(&mut self, bytes: &[u8], at: &mut usize) -> Result<Option<Place>, FrameError> {
        while *at < bytes.len() {
            let start = *at;
            let Some(newline) = memchr(b'\n', &bytes[start..]) else {
                *at = bytes.len();
                self.keep(&bytes[start..])?;
                break;
            };
            *at = start + newline + 1;
            let line = &bytes[start..start + newline];
            if self.partial.is_empty() {
                let len = self.fitting(trimmed(line))?.len();
                if len > 0 {
                    return Ok(Some(Place::Direct(start..start + len)));
                }
            } else if self.complete(line)? {
                return Ok(Some(Place::Whole));
            }
        }
        Ok(None)
    }

    /// What was kept of a last line whose newline never came, at the end of the stream.
    pub fn finish(&mut self) -> Option<Assembled> {
        let is_whole = self.complete(&[]).unwrap_or(false);
        let line = mem::take(&mut self.partial);
        is_whole.then(|| Assembled::seal(line))
    }

    /// As [`finish`](Self::finish), of lines that [`next_of`](Self::next_of) cut.
    pub fn finish_of(&mut self, whole: &mut Vec<u8>) -> Option<Place> {
        let is_whole = self.complete(&[]).unwrap_or(false);
        is_whole.then(|| Place::Whole.settle(&mut self.partial, whole))
    }

    /// Whether a line has begun and its newline has not come.
    pub fn is_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Bytes kept of the line that is not whole.
    pub fn partial_bytes(&self) -> usize {
        self.partial.len()
    }

    fn keep(&mut self, tail: &[u8]) -> Result<(), FrameError> {
        let len = self.partial.len() + tail.len() - usize::from(tail.last() == Some(&b'\r'));
        self.check(len)?;
        append(&mut self.partial, tail, self.frame_bytes_max as usize);
        Ok(())
    }

    /// Ends the partial line with `rest`; `false` when nothing but a `\r` was in it.
    fn complete(&mut self, rest: &[u8]) -> Result<bool, FrameError> {
        // One byte of grace for the `\r`: the exact check follows when the line is whole.
        self.check((self.partial.len() + rest.len()).saturating_sub(1))?;
        let total = self.partial.len() + rest.len();
        append(&mut self.partial, rest, total);
        let len = self.fitting(trimmed(&self.partial))?.len();
        self.partial.truncate(len);
        if len == 0 {
            self.partial = Vec::new();
        }
        Ok(len > 0)
    }

    fn fitting<'a>(&self, line: &'a [u8]) -> Result<&'a [u8], FrameError> {
        self.check(line.len())?;
        Ok(line)
    }

    fn check(&self, len: usize) -> Result<(), FrameError> {
        if len > self.frame_bytes_max as usize {
            return Err(FrameError::TooLong { frame_bytes_max: self.frame_bytes_max });
        }
        Ok(())
    }
}

/// The line without one `\r` at its end.
fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}
