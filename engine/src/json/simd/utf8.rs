//! The one check that a text is UTF-8.

use crate::json::error::{JsonError, JsonErrorKind};

/// `text` as a string slice, or where it stops being UTF-8.
pub(crate) fn checked(text: &[u8]) -> Result<&str, JsonError> {
    if let Ok(text) = simdutf8::basic::from_utf8(text) {
        return Ok(text);
    }
    // The fast check does not say where: only a text that is refused pays for finding out.
    str::from_utf8(text)
        .map_err(|fault| JsonError { kind: JsonErrorKind::BadUtf8, offset: fault.valid_up_to() })
}
