//! The content of a parsed string, number or flag.

#![allow(
    clippy::redundant_closure_for_method_calls,
    reason = "the methods belong to one lifetime, and `scalar` wants functions of any"
)]

use std::ffi::c_char;

use mcpring::json::Value;

use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::json::{mcpring_json, mcpring_node, with};
use crate::status::mcpring_status;

/// Gives a string's content: a part of the text where it has no escapes, otherwise decoded into
/// buffer. A capacity of the value's raw length is always enough.
///
/// Ownership: *text is borrowed from the text (see mcpring_json_raw) or from buffer.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_SPACE when it has to be decoded and buffer is too small,
/// MCPRING_ERR_ARGUMENT when the value is no string, otherwise as mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_text(
    json: *mut mcpring_json,
    node: mcpring_node,
    buffer: *mut c_char,
    capacity: usize,
    text: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(text, "text")?;
        let mut buffer = c.buffer(buffer, capacity, "buffer")?;
        with(json, |json| {
            let value = json.node(node)?;
            if let Some(plain) = value.plain() {
                out.set(mcpring_str::of(plain));
                return Ok(());
            }
            if !value.read_str(|piece| buffer.put(piece.as_bytes())) {
                return Err(Failure::argument("the value is no string"));
            }
            out.set(buffer.view().ok_or_else(|| Failure::space(buffer.len()))?);
            Ok(())
        })
    })
}

/// Gives a number that is written as an integer.
///
/// Ownership: nothing.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_ARGUMENT when the value is no such number or does not fit, otherwise as
/// mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_i64(
    json: *mut mcpring_json,
    node: mcpring_node,
    number: *mut i64,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    let contract = unsafe { Contract::of_caller() };
    scalar(contract, json, node, number, |value| value.as_i64(), "no integer that fits 64 bits")
}

/// Gives a number that is written as an integer without a sign.
///
/// Ownership: nothing.
/// Threads: the one that made the parser.
/// Errors: as mcpring_json_i64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_u64(
    json: *mut mcpring_json,
    node: mcpring_node,
    number: *mut u64,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    let contract = unsafe { Contract::of_caller() };
    scalar(
        contract,
        json,
        node,
        number,
        |value| value.as_u64(),
        "no integer from 0 up that fits 64 bits",
    )
}

/// Gives the double nearest to a number.
///
/// Ownership: nothing.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_ARGUMENT when the value is no number or beyond the finite ones, otherwise as
/// mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_f64(
    json: *mut mcpring_json,
    node: mcpring_node,
    number: *mut f64,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    let contract = unsafe { Contract::of_caller() };
    scalar(contract, json, node, number, |value| value.as_f64(), "no number that fits a double")
}

/// Gives what true or false stands there.
///
/// Ownership: nothing.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_ARGUMENT when the value is neither, otherwise as mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_bool(
    json: *mut mcpring_json,
    node: mcpring_node,
    value: *mut bool,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    let contract = unsafe { Contract::of_caller() };
    scalar(contract, json, node, value, |value| value.as_bool(), "neither true nor false")
}

/// The body of the above: `wrong` says what the value is when `read` finds nothing.
#[inline]
fn scalar<T: Copy>(
    contract: Contract,
    json: *mut mcpring_json,
    node: mcpring_node,
    place: *mut T,
    read: fn(Value<'_>) -> Option<T>,
    wrong: &'static str,
) -> mcpring_status {
    enter(contract, |c| {
        let out = c.out(place, "the place for the answer")?;
        with(json, |json| {
            let found = read(json.node(node)?);
            out.set(found.ok_or_else(|| Failure::argument(format!("the value is {wrong}")))?);
            Ok(())
        })
    })
}
