//! A pipe: a two-way stream of framed messages (stdio, TCP, Unix), without head or facts.

use crate::codec::{Assembled, Chunk, Frame, FrameError, LengthDecoder, LineDecoder};

/// How a pipe marks where a message ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// A big-endian `u32` of payload bytes before each message.
    Length,
    /// A newline after each message.
    Line,
}

/// Where a message that is being written begins in its buffer.
#[derive(Clone, Copy, Debug)]
#[must_use = "a message that is not closed has no frame"]
pub struct Mark(pub(super) usize);

/// The framing of one connection: cuts what comes in, wraps what goes out.
#[derive(Debug)]
pub struct Pipe {
    decoder: Decoder,
}

#[derive(Debug)]
enum Decoder {
    Length(LengthDecoder),
    Line(LineDecoder),
}

impl Pipe {
    /// A pipe of `framing` that takes messages of up to `frame_bytes_max` bytes.
    pub fn new(framing: Framing, frame_bytes_max: usize) -> Self {
        let decoder = match framing {
            Framing::Length => Decoder::Length(LengthDecoder::new(frame_bytes_max)),
            Framing::Line => Decoder::Line(LineDecoder::new(frame_bytes_max)),
        };
        Self { decoder }
    }

    /// The next frame at or after `at`, which moves behind what was taken. `None` says that the
    /// chunk is used up and its tail is kept. After an error the stream must be closed.
    pub fn next(&mut self, chunk: &dyn Chunk, at: &mut usize) -> Result<Option<Frame>, FrameError> {
        match &mut self.decoder {
            Decoder::Length(decoder) => decoder.next(chunk, at),
            Decoder::Line(decoder) => decoder.next(chunk, at),
        }
    }

    /// At the end of the stream: a last line whose newline never came. A cut length frame is lost.
    pub fn finish(&mut self) -> Option<Assembled> {
        match &mut self.decoder {
            Decoder::Length(_) => None,
            Decoder::Line(decoder) => decoder.finish(),
        }
    }

    /// Whether a frame has begun and is not whole.
    pub fn is_partial(&self) -> bool {
        match &self.decoder {
            Decoder::Length(decoder) => decoder.is_partial(),
            Decoder::Line(decoder) => decoder.is_partial(),
        }
    }

    /// Bytes kept of the frame that is not whole.
    pub fn partial_bytes(&self) -> usize {
        match &self.decoder {
            Decoder::Length(decoder) => decoder.partial_bytes(),
            Decoder::Line(decoder) => decoder.partial_bytes(),
        }
    }

    /// Begins a message at the end of `out`; append it, then [`Pipe::close`].
    pub fn open(&self, out: &mut Vec<u8>) -> Mark {
        let mark = Mark(out.len());
        if matches!(self.decoder, Decoder::Length(_)) {
            out.extend_from_slice(&[0; 4]);
        }
        mark
    }

    /// Ends the message begun at `mark`. On a line pipe the message must hold no newline.
    pub fn close(&self, out: &mut Vec<u8>, mark: Mark) {
        match self.decoder {
            Decoder::Length(_) => {
                let body = mark.0 + 4;
                let len = u32::try_from(out.len() - body)
                    .expect("a reply over 4 GiB cannot be held in a connection's send budget");
                out[mark.0..body].copy_from_slice(&len.to_be_bytes());
            }
            Decoder::Line(_) => {
                debug_assert!(memchr::memchr(b'\n', &out[mark.0..]).is_none());
                out.push(b'\n');
            }
        }
    }
}
