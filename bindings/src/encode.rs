//! What a program writes into its own buffers: quoted text, frames, events.

use std::cell::RefCell;
use std::ffi::c_char;

use mcpring::codec::sse;
use mcpring::json;

use crate::failure::Failure;
use crate::ffi::{Buffer, Contract, Out, enter, mcpring_str};
use crate::frames::{MCPRING_FRAMING_LENGTH, MCPRING_FRAMING_LINE, mcpring_framing, unknown};
use crate::status::mcpring_status;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// Bytes of the scratch memory that a thread keeps.
const SCRATCH_BYTES_KEPT: usize = 256 << 10;

/// Puts into `buffer` what `write` appends to this thread's scratch memory.
fn put(buffer: &mut Buffer<'_>, write: impl FnOnce(&mut Vec<u8>)) -> Result<(), Failure> {
    let ending = |_| Failure::state("this thread is ending");
    SCRATCH
        .try_with(|scratch| {
            let mut scratch = scratch.borrow_mut();
            scratch.clear();
            write(&mut scratch);
            buffer.put(&scratch);
            if scratch.capacity() > SCRATCH_BYTES_KEPT {
                *scratch = Vec::new();
            }
        })
        .map_err(ending)
}

/// Says how much was put, and whether it had room.
fn finish(buffer: &Buffer<'_>, written: &Out<'_, usize>) -> Result<(), Failure> {
    written.set(buffer.len());
    buffer.view().map(drop).ok_or_else(|| Failure::space(buffer.len()))
}

/// Writes text as a JSON string with its quotes, without a NUL at the end. A capacity of
/// 6 * text.len + 2 is always enough; with capacity 0 and buffer NULL it only counts.
///
/// Ownership: text is read during the call; buffer is the caller's and must not overlap it.
/// Threads: any.
/// Errors: MCPRING_ERR_SPACE, which does write to *written how much is needed;
/// MCPRING_ERR_ARGUMENT when text is not UTF-8.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_quote(
    text: mcpring_str,
    buffer: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let written = c.out(written, "written")?;
        let mut buffer = c.buffer(buffer, capacity, "buffer")?;
        let text = c.text(text, "text")?;
        put(&mut buffer, |scratch| json::escape_into(scratch, text))?;
        finish(&buffer, &written)
    })
}

/// Writes payload as a frame: with its length before it, or with a newline behind it. With capacity
/// 0 and buffer NULL it only counts.
///
/// Ownership: payload is read during the call; buffer is the caller's and must not overlap it.
/// Threads: any.
/// Errors: MCPRING_ERR_SPACE, which does write to *written how much is needed;
/// MCPRING_ERR_ARGUMENT when payload is empty, too long, or has a newline that would end it early.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_frame_encode(
    framing: mcpring_framing,
    payload: mcpring_str,
    buffer: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let written = c.out(written, "written")?;
        let mut buffer = c.buffer(buffer, capacity, "buffer")?;
        let payload = c.bytes(payload, "payload")?;
        if payload.is_empty() {
            return Err(Failure::argument("payload is empty: no message is"));
        }
        match framing {
            MCPRING_FRAMING_LENGTH => {
                let len = u32::try_from(payload.len())
                    .map_err(|_| Failure::argument("payload is longer than 32 bits can say"))?;
                buffer.put(&len.to_be_bytes());
                buffer.put(payload);
            }
            MCPRING_FRAMING_LINE => {
                if payload.contains(&b'\n') {
                    return Err(Failure::argument("payload has a newline, which ends a line"));
                }
                buffer.put(payload);
                buffer.put(b"\n");
            }
            _ => return Err(unknown(framing)),
        }
        finish(&buffer, &written)
    })
}

/// Writes one server-sent event. id and event may be absent; data may have several lines. With
/// capacity 0 and buffer NULL it only counts.
///
/// Ownership: the texts are read during the call; buffer is the caller's and must not overlap them.
/// Threads: any.
/// Errors: MCPRING_ERR_SPACE, which does write to *written how much is needed;
/// MCPRING_ERR_ARGUMENT when a text is not UTF-8, or id or event has a line break.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_sse_encode(
    id: mcpring_str,
    event: mcpring_str,
    data: mcpring_str,
    buffer: *mut c_char,
    capacity: usize,
    written: *mut usize,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let written = c.out(written, "written")?;
        let mut buffer = c.buffer(buffer, capacity, "buffer")?;
        let (id, event) = (c.optional(id, "id")?, c.optional(event, "event")?);
        for (name, text) in [("id", id), ("event", event)] {
            if text.is_some_and(|text| text.contains(['\r', '\n'])) {
                return Err(Failure::argument(format!("{name} has a line break")));
            }
        }
        let data = c.text(data, "data")?;
        put(&mut buffer, |scratch| sse::event_into(scratch, id, event, data.as_bytes()))?;
        finish(&buffer, &written)
    })
}
