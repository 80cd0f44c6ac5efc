//! The chunked transfer coding, decoded into a buffer.
//!
//! Strict where readers differ: sizes are plain hexadecimal that cannot overflow, lines end in
//! CR LF, no control byte passes. Extensions and trailers are read over and bounded.

use crate::limits::{CHUNK_LINE_BYTES_MAX, TRAILER_BYTES_MAX};

use super::append;

/// Why a chunked body is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkedFault {
    /// Not the grammar of the coding.
    Syntax,
    /// The decoded body is longer than the receiver takes.
    TooLong,
    /// A size line or the trailers exceed their limit.
    Overhead,
}

/// What the next byte belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Size,
    Extension,
    SizeEnd,
    Data,
    DataReturn,
    DataEnd,
    TrailerStart,
    Trailer,
    TrailerEnd,
    LastEnd,
    Done,
}

/// The state of one body between received pieces.
#[derive(Clone, Copy, Debug)]
pub struct ChunkedBody {
    /// Of the present chunk: its size while it is read, then the bytes still to come.
    left: u64,
    /// Bytes of the present size line, or of all trailers.
    overhead: u16,
    part: Part,
}

impl Default for ChunkedBody {
    fn default() -> Self {
        Self::new()
    }
}

impl ChunkedBody {
    /// Before the first chunk.
    pub fn new() -> Self {
        Self { left: 0, overhead: 0, part: Part::Size }
    }

    /// Decodes `bytes` from `at` on and appends to `body`, which may grow to `body_len_max`.
    /// True when the body is whole; `at` is then behind its last byte.
    pub fn decode(
        &mut self,
        bytes: &[u8],
        at: &mut usize,
        body: &mut Vec<u8>,
        body_len_max: usize,
    ) -> Result<bool, ChunkedFault> {
        while self.part != Part::Done {
            if self.part == Part::Data {
                let rest = &bytes[*at..];
                let take = rest.len().min(self.left as usize);
                append(body, &rest[..take], body_len_max);
                self.left -= take as u64;
                *at += take;
                if self.left == 0 {
                    self.part = Part::DataReturn;
                }
            }
            let Some(&byte) = bytes.get(*at) else {
                return Ok(false);
            };
            *at += 1;
            self.step(byte, body_len_max.saturating_sub(body.len()))?;
        }
        Ok(true)
    }

    /// One byte that is not data; `room` is what the body may still grow by.
    fn step(&mut self, byte: u8, room: usize) -> Result<(), ChunkedFault> {
        self.part = match (self.part, byte) {
            (Part::Size, b'\r') if self.overhead > 0 => Part::SizeEnd,
            (Part::Size, b';') if self.overhead > 0 => self.spend(Part::Extension)?,
            (Part::Size, _) => self.digit(byte)?,
            (Part::Extension, b'\r') => Part::SizeEnd,
            (Part::Extension, _) if is_text(byte) => self.spend(Part::Extension)?,
            (Part::SizeEnd, b'\n') => self.sized(room)?,
            (Part::DataReturn, b'\r') => Part::DataEnd,
            (Part::DataEnd, b'\n') => Part::Size,
            (Part::TrailerStart, b'\r') => Part::LastEnd,
            (Part::TrailerStart, _) if is_text(byte) && !byte.is_ascii_whitespace() => {
                self.spend(Part::Trailer)?
            }
            (Part::Trailer, b'\r') => Part::TrailerEnd,
            (Part::Trailer, _) if is_text(byte) => self.spend(Part::Trailer)?,
            (Part::TrailerEnd, b'\n') => Part::TrailerStart,
            (Part::LastEnd, b'\n') => Part::Done,
            _ => return Err(ChunkedFault::Syntax),
        };
        Ok(())
    }

    fn digit(&mut self, byte: u8) -> Result<Part, ChunkedFault> {
        let digit = char::from(byte).to_digit(16).ok_or(ChunkedFault::Syntax)?;
        if self.left > u64::MAX >> 4 {
            return Err(ChunkedFault::Syntax);
        }
        self.left = self.left << 4 | u64::from(digit);
        self.spend(Part::Size)
    }

    /// The size line is over: data follows, or the trailers after a size of zero.
    fn sized(&mut self, room: usize) -> Result<Part, ChunkedFault> {
        self.overhead = 0;
        if self.left > room as u64 {
            return Err(ChunkedFault::TooLong);
        }
        Ok(if self.left == 0 { Part::TrailerStart } else { Part::Data })
    }

    fn spend(&mut self, next: Part) -> Result<Part, ChunkedFault> {
        let trailers = matches!(next, Part::Trailer);
        let overhead_max = if trailers { TRAILER_BYTES_MAX } else { CHUNK_LINE_BYTES_MAX };
        self.overhead += 1;
        if usize::from(self.overhead) > overhead_max {
            return Err(ChunkedFault::Overhead);
        }
        Ok(next)
    }
}

/// Bytes a field value may have.
fn is_text(byte: u8) -> bool {
    byte == b'\t' || (byte >= b' ' && byte != 0x7f)
}
