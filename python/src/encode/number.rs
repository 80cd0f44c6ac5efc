//! Numbers as `json.dumps` writes them.

use std::io::Write as _;

use pyo3::prelude::*;
use pyo3::types::PyInt;

/// Appends an integer of any size that Python writes in digits.
pub(super) fn int(out: &mut Vec<u8>, int: &Bound<'_, PyInt>) -> Option<()> {
    if let Ok(small) = int.extract::<i64>() {
        return write!(out, "{small}").ok();
    }
    let digits = int.str().ok()?;
    out.extend_from_slice(digits.to_str().ok()?.as_bytes());
    Some(())
}

/// Appends a finite float: the shortest digits that read back the same, with Python's exponent.
pub(super) fn float(out: &mut Vec<u8>, float: f64) -> Option<()> {
    if !float.is_finite() {
        return None;
    }
    let start = out.len();
    write!(out, "{float:?}").ok()?;
    if let Some(at) = out[start..].iter().position(|byte| *byte == b'e') {
        spell_exponent(out, start + at + 1);
    }
    Some(())
}

/// Makes the exponent at `at` one with a sign and at least two digits.
fn spell_exponent(out: &mut Vec<u8>, at: usize) {
    let digits_at = if out[at] == b'-' {
        at + 1
    } else {
        out.insert(at, b'+');
        at + 1
    };
    if out.len() - digits_at == 1 {
        out.insert(digits_at, b'0');
    }
}
