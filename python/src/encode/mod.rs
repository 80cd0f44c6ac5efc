//! Python objects to JSON text, as far as they are plainly JSON.
//!
//! The text is what `json.dumps` writes with the shortest separators and without escapes of what is
//! not ASCII. No Python code runs here: a thread that runs some when the interpreter ends would be
//! unwound through these frames. Whatever is of another class than JSON's own is left to Python code,
//! as a whole: two rules for one value would be seen by clients.

mod number;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use mcpring::json::escape_into;
use mcpring::limits::JSON_DEPTH_MAX;

/// Something in a value is not plainly JSON.
struct Foreign;

/// Appends `value` as JSON and gives `true`, or appends nothing.
pub(crate) fn json(value: &Bound<'_, PyAny>, out: &mut String) -> PyResult<bool> {
    let start = out.len();
    let mut bytes = std::mem::take(out).into_bytes();
    let written = Encoder { out: &mut bytes }.value(value, 0);
    if written.is_err() {
        bytes.truncate(start);
    }
    *out = String::from_utf8(bytes)?;
    Ok(written.is_ok())
}

struct Encoder<'o> {
    out: &'o mut Vec<u8>,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Result<(), Foreign> {
        if depth > JSON_DEPTH_MAX {
            return Err(Foreign);
        }
        if let Ok(text) = value.cast_exact::<PyString>() {
            self.text(text)
        } else if let Ok(int) = value.cast_exact::<PyInt>() {
            number::int(self.out, int).ok_or(Foreign)
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            number::float(self.out, float.value());
            Ok(())
        } else if let Ok(bool) = value.cast_exact::<PyBool>() {
            self.raw(if bool.is_true() { b"true" } else { b"false" });
            Ok(())
        } else if value.is_none() {
            self.raw(b"null");
            Ok(())
        } else if let Ok(dict) = value.cast_exact::<PyDict>() {
            self.dict(dict, depth)
        } else if let Ok(list) = value.cast_exact::<PyList>() {
            self.items(list.iter(), depth)
        } else if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            self.items(tuple.iter(), depth)
        } else {
            Err(Foreign)
        }
    }

    fn raw(&mut self, json: &[u8]) {
        self.out.extend_from_slice(json);
    }

    fn text(&mut self, text: &Bound<'_, PyString>) -> Result<(), Foreign> {
        // A text with a surrogate alone has no UTF-8.
        escape_into(self.out, text.to_str().map_err(|_| Foreign)?);
        Ok(())
    }

    fn items<'py>(
        &mut self,
        items: impl Iterator<Item = Bound<'py, PyAny>>,
        depth: usize,
    ) -> Result<(), Foreign> {
        let mut lead = b'[';
        for item in items {
            self.out.push(lead);
            self.value(&item, depth + 1)?;
            lead = b',';
        }
        self.raw(if lead == b'[' { b"[]" } else { b"]" });
        Ok(())
    }

    fn dict(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> Result<(), Foreign> {
        // Other threads may change what is read, where nothing keeps them out.
        let copy = cfg!(Py_GIL_DISABLED).then(|| dict.copy()).transpose().map_err(|_| Foreign)?;
        let mut lead = b'{';
        for (name, value) in copy.as_ref().unwrap_or(dict).iter() {
            self.out.push(lead);
            self.text(name.cast_exact::<PyString>().map_err(|_| Foreign)?)?;
            self.out.push(b':');
            self.value(&value, depth + 1)?;
            lead = b',';
        }
        self.raw(if lead == b'{' { b"{}" } else { b"}" });
        Ok(())
    }
}
