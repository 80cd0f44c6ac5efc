//! Numbers as `json.dumps` writes them.

use std::io::Write as _;

use mcpring::json::Writer;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyInt;

/// Bits of the widest integers that are written here: about as many digits as Python writes unless it
/// is told to write more. It has a module of Python code for those of many times that width.
const BITS_MAX: usize = 1 << 14;

/// Appends an integer.
pub(super) fn int(out: &mut Vec<u8>, int: &Bound<'_, PyInt>) -> Option<()> {
    if let Ok(small) = int.extract::<i64>() {
        return write!(out, "{small}").ok();
    }
    let bits: usize = int.call_method0(intern!(int.py(), "bit_length")).ok()?.extract().ok()?;
    if bits > BITS_MAX {
        return None;
    }
    let digits = int.str().ok()?;
    out.extend_from_slice(digits.to_str().ok()?.as_bytes());
    Some(())
}

/// How numbers start that Python writes with an exponent and the engine without.
const SMALL: &[u8] = b"0.0000";

/// Appends a float: the shortest digits that read back the same, with Python's exponent. JSON has
/// nothing for those that are infinite or no numbers but `null`.
pub(super) fn float(out: &mut Vec<u8>, float: f64) {
    if !float.is_finite() {
        out.extend_from_slice(b"null");
        return;
    }
    let start = out.len() + usize::from(float.is_sign_negative());
    Writer::new(out).float(float);
    if out[start..].starts_with(SMALL) {
        out.drain(start..start + SMALL.len());
        if out.len() > start + 1 {
            out.insert(start + 1, b'.');
        }
        out.extend_from_slice(b"e-05");
    } else if let Some(at) = out[start..].iter().position(|byte| *byte == b'e') {
        spell_exponent(out, start + at + 1);
    }
}

/// Makes the exponent at `at` one with a sign and at least two digits.
fn spell_exponent(out: &mut Vec<u8>, at: usize) {
    if !matches!(out[at], b'-' | b'+') {
        out.insert(at, b'+');
    }
    if out.len() - at < "+00".len() {
        out.insert(at + 1, b'0');
    }
}
