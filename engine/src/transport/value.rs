//! Header values that carry text HTTP cannot: the `=?base64?…?=` sentinel.
//!
//! Strict, because a value is compared with the body: one text has one encoding, so padding is
//! required, stray bits are refused, and what decodes must be UTF-8.

use std::borrow::Cow;
use std::fmt;

const PREFIX: &str = "=?base64?";
const SUFFIX: &str = "?=";

/// A value that has the sentinel's marks and does not decode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ValueError {
    /// Not canonical base64.
    Base64,
    /// Decodes to bytes that are no UTF-8.
    Utf8,
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Base64 => "the value between =?base64? and ?= is not canonical base64",
            Self::Utf8 => "the value between =?base64? and ?= is not UTF-8",
        })
    }
}

impl std::error::Error for ValueError {}

/// The text a header value stands for. A value without both marks is literal.
pub fn decode_value(value: &str) -> Result<Cow<'_, str>, ValueError> {
    let marked = value.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    let Some(encoded) = marked else {
        return Ok(Cow::Borrowed(value));
    };
    let bytes = decode_base64(encoded.as_bytes()).ok_or(ValueError::Base64)?;
    String::from_utf8(bytes).map(Cow::Owned).map_err(|_| ValueError::Utf8)
}

/// Canonical base64 of the standard alphabet, with padding.
fn decode_base64(encoded: &[u8]) -> Option<Vec<u8>> {
    let (groups, rest) = encoded.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let mut bytes = Vec::with_capacity(groups.len() * 3);
    for (index, group) in groups.iter().enumerate() {
        let padding = group.iter().rev().take_while(|&&byte| byte == b'=').count();
        if padding > 2 || (padding > 0 && index + 1 != groups.len()) {
            return None;
        }
        let mut bits = 0_u32;
        for &byte in &group[..4 - padding] {
            bits = bits << 6 | sextet(byte)?;
        }
        bits <<= 6 * padding;
        let [_, decoded @ ..] = bits.to_be_bytes();
        let (kept, stray) = decoded.split_at(3 - padding);
        if stray.iter().any(|&byte| byte != 0) {
            return None;
        }
        bytes.extend_from_slice(kept);
    }
    Some(bytes)
}

fn sextet(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}
