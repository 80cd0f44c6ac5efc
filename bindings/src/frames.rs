//! Frames out of the caller's bytes.

use mcpring::codec::{FrameError, LengthDecoder, LineDecoder, Place};
use mcpring::limits::FRAME_BYTES_MAX;

use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::handle::{Kind, Opaque};
use crate::json::MCPRING_PADDING;
use crate::local::{self, Local};
use crate::status::{
    MCPRING_END, MCPRING_ERR_LIMIT, MCPRING_ERR_MALFORMED, MCPRING_MORE, MCPRING_OK, mcpring_status,
};

/// Cuts a stream of bytes into frames. It belongs to the thread that made it.
pub struct mcpring_frames {
    _private: (),
}

impl Opaque for mcpring_frames {
    const KIND: Kind = Kind::Frames;
}

/// How frames are told apart: one of MCPRING_FRAMING_.
pub type mcpring_framing = u32;

/// Four bytes of length, the most significant first, then the payload.
pub const MCPRING_FRAMING_LENGTH: mcpring_framing = 0;
/// One payload a line; empty lines are skipped, and a carriage return before the newline too.
pub const MCPRING_FRAMING_LINE: mcpring_framing = 1;

/// A frame.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct mcpring_frame {
    /// Its bytes.
    pub payload: mcpring_str,
    /// Bytes that may be read from payload.data on: what mcpring_json_parse wants to know.
    pub readable: usize,
}

thread_local! {
    static FRAMES: Local<mcpring_frames, Frames> = const { Local::new() };
}

struct Frames {
    decoder: Decoder,
    /// The last frame that did not lie whole in one chunk, with padding behind it.
    whole: Vec<u8>,
}

enum Decoder {
    Length(LengthDecoder),
    Line(LineDecoder),
}

impl Frames {
    fn new(framing: mcpring_framing, frame_bytes_max: usize) -> Result<Self, Failure> {
        let frame_bytes_max = match frame_bytes_max {
            0 => FRAME_BYTES_MAX,
            max if max > u32::MAX as usize => {
                return Err(Failure::argument("frame_bytes_max is more than 32 bits can say"));
            }
            max => max,
        };
        let decoder = match framing {
            MCPRING_FRAMING_LENGTH => Decoder::Length(LengthDecoder::new(frame_bytes_max)),
            MCPRING_FRAMING_LINE => Decoder::Line(LineDecoder::new(frame_bytes_max)),
            _ => return Err(unknown(framing)),
        };
        Ok(Self { decoder, whole: Vec::new() })
    }

    #[inline]
    fn next(&mut self, bytes: &[u8], at: &mut usize) -> Result<Option<Place>, FrameError> {
        match &mut self.decoder {
            Decoder::Length(decoder) => decoder.next_of(bytes, at, &mut self.whole),
            Decoder::Line(decoder) => decoder.next_of(bytes, at, &mut self.whole),
        }
    }

    fn finish(&mut self) -> Result<Option<mcpring_frame>, Failure> {
        match &mut self.decoder {
            Decoder::Length(decoder) if decoder.is_partial() => {
                Err(Failure::new(MCPRING_ERR_MALFORMED, "the stream ended inside a frame"))
            }
            Decoder::Length(_) => Ok(None),
            Decoder::Line(decoder) => {
                let place = decoder.finish_of(&mut self.whole);
                Ok(place.map(|_| self.whole()))
            }
        }
    }

    fn whole(&self) -> mcpring_frame {
        let payload = &self.whole[..self.whole.len() - MCPRING_PADDING];
        mcpring_frame { payload: mcpring_str::of(payload), readable: self.whole.len() }
    }
}

#[cold]
pub(crate) fn unknown(framing: mcpring_framing) -> Failure {
    Failure::argument(format!("framing {framing} is none of MCPRING_FRAMING_"))
}

#[cold]
fn refused(fault: FrameError) -> Failure {
    let status = match fault {
        FrameError::TooLong { .. } => MCPRING_ERR_LIMIT,
        FrameError::Empty => MCPRING_ERR_MALFORMED,
    };
    Failure::new(status, fault.to_string())
}

/// Makes a decoder for one stream. frame_bytes_max is the longest payload it takes; 0 stands for
/// 16 MiB.
///
/// Ownership: *frames is the caller's, to be freed with mcpring_frames_free on the same thread; a
/// thread that ends frees those it still has.
/// Threads: any; the decoder belongs to this one.
/// Errors: MCPRING_ERR_ARGUMENT, MCPRING_ERR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_frames_new(
    framing: mcpring_framing,
    frame_bytes_max: usize,
    frames: *mut *mut mcpring_frames,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(frames, "frames")?;
        out.set(local::insert(&FRAMES, Frames::new(framing, frame_bytes_max)?)?);
        Ok(())
    })
}

/// Frees a decoder; NULL is nothing to free.
///
/// Ownership: takes the decoder; the frame it kept is over.
/// Threads: the one that made it.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_frames_free(frames: *mut mcpring_frames) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| local::free(&FRAMES, frames).map(drop))
}

/// Cuts the next frame from chunk at *at, which moves behind what was taken; it begins with 0 for
/// each chunk. readable says how many bytes may be read from chunk.data on, whatever they hold;
/// anything below chunk.len stands for chunk.len.
///
/// Returns MCPRING_MORE when the chunk is used up; its tail is kept, and *frame is not written.
///
/// Ownership: the frame is a part of chunk, or of the decoder until it is called again.
/// Threads: the one that made the decoder.
/// Errors: MCPRING_ERR_MALFORMED and MCPRING_ERR_LIMIT (a frame of length 0, one that is too long),
/// after which the stream has to be closed; MCPRING_ERR_ARGUMENT when *at is behind the chunk;
/// MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_frames_next(
    frames: *mut mcpring_frames,
    chunk: mcpring_str,
    readable: usize,
    at: *mut usize,
    frame: *mut mcpring_frame,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let at = c.inout(at, "at")?;
        let out = c.out(frame, "frame")?;
        let bytes = c.bytes(chunk, "chunk")?;
        let mut moved = at.value;
        if moved > bytes.len() {
            return Err(Failure::argument("*at is behind the end of the chunk"));
        }
        local::with(&FRAMES, frames, |frames| {
            let place = frames.next(bytes, &mut moved).map_err(refused)?;
            at.set(moved);
            out.set(match place {
                None => return Ok(MCPRING_MORE),
                Some(Place::Direct(range)) => mcpring_frame {
                    readable: readable.max(bytes.len()) - range.start,
                    payload: mcpring_str::of(&bytes[range]),
                },
                Some(Place::Whole) => frames.whole(),
            });
            Ok(MCPRING_OK)
        })
    })
}

/// Ends the stream: gives a last line that has no newline.
///
/// Returns MCPRING_END when there is none.
///
/// Ownership: the frame is the decoder's until it is called again.
/// Threads: the one that made the decoder.
/// Errors: MCPRING_ERR_MALFORMED when the stream ended inside a frame of MCPRING_FRAMING_LENGTH,
/// MCPRING_ERR_ARGUMENT, MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_frames_finish(
    frames: *mut mcpring_frames,
    frame: *mut mcpring_frame,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(frame, "frame")?;
        local::with(&FRAMES, frames, |frames| match frames.finish()? {
            None => Ok(MCPRING_END),
            Some(last) => {
                out.set(last);
                Ok(MCPRING_OK)
            }
        })
    })
}
