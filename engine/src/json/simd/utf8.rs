//! The one check that a text is UTF-8, paid in full only when a high bit was seen.

#![allow(unsafe_code, reason = "ASCII bytes are UTF-8 without a second look")]

use crate::json::error::{JsonError, JsonErrorKind};

/// `text` as a string slice, or where it stops being UTF-8.
pub(crate) fn checked(text: &[u8]) -> Result<&str, JsonError> {
    if text.is_ascii() {
        // SAFETY: every byte is below 0x80, which is UTF-8 of one-byte characters.
        return Ok(unsafe { str::from_utf8_unchecked(text) });
    }
    str::from_utf8(text).map_err(|fault| JsonError {
        kind: JsonErrorKind::BadUtf8,
        offset: fault.valid_up_to(),
    })
}
