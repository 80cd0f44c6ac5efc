//! Bytes out of what callers hand in: `bytes`, `str`, or anything with a buffer.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// Bytes of a caller's object; only what may change under our hands is copied.
pub(crate) enum Input {
    Bytes(Py<PyBytes>),
    Copied(Vec<u8>),
}

impl Input {
    /// The bytes of an object with a buffer of bytes; a `TypeError` or `BufferError` of others.
    pub(crate) fn of_buffer(object: &Bound<'_, PyAny>) -> PyResult<Self> {
        if let Ok(bytes) = object.cast_exact::<PyBytes>() {
            return Ok(Self::Bytes(bytes.clone().unbind()));
        }
        PyBuffer::<u8>::get(object)?.to_vec(object.py()).map(Self::Copied)
    }

    /// What it holds.
    pub(crate) fn bytes<'a>(&'a self, py: Python<'a>) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes.as_bytes(py),
            Self::Copied(bytes) => bytes,
        }
    }
}

/// Calls `read` with the bytes of a text: a `str` in UTF-8, or an object with a buffer.
pub(crate) fn with_text<R>(
    object: &Bound<'_, PyAny>,
    read: impl FnOnce(&[u8]) -> PyResult<R>,
) -> PyResult<R> {
    match object.cast::<PyString>() {
        Ok(text) => read(text.to_str()?.as_bytes()),
        Err(_) => read(Input::of_buffer(object)?.bytes(object.py())),
    }
}
