//! Python objects to JSON text, where that needs no Python.
//!
//! The text is what `json.dumps` writes with the shortest separators and without escapes of what is
//! not ASCII. Whatever is not plainly JSON is left to Python code as a whole: two rules for one
//! value would be seen by clients.

mod classes;
mod number;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use mcpring::json::escape_into;
use mcpring::limits::JSON_DEPTH_MAX;

use self::classes::Class;

/// Whether a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoded {
    /// All of it.
    Whole,
    /// Nothing: something in it is not plainly JSON.
    Foreign,
}

/// Appends `value` as JSON, or nothing. An exception is one that the interpreter cannot go on
/// from; those of the value's own code make it foreign.
pub(crate) fn json(value: &Bound<'_, PyAny>, out: &mut String) -> PyResult<Encoded> {
    let start = out.len();
    let mut bytes = std::mem::take(out).into_bytes();
    // Other threads may change what is read, when nothing keeps them out.
    let mut encoder = Encoder { out: &mut bytes, copies: cfg!(Py_GIL_DISABLED) };
    let mut stopped = encoder.value(value, 0);
    if matches!(stopped, Err(Stop::Copies)) {
        encoder.out.truncate(start);
        encoder.copies = true;
        stopped = encoder.value(value, 0);
    }
    if stopped.is_err() {
        bytes.truncate(start);
    }
    *out = String::from_utf8(bytes)?;
    match stopped {
        Ok(()) => Ok(Encoded::Whole),
        Err(Stop::Raised(fault)) => Err(fault),
        Err(Stop::Foreign | Stop::Copies) => Ok(Encoded::Foreign),
    }
}

/// Whether a value is of a class that JSON itself has.
pub(crate) fn is_plain(value: &Bound<'_, PyAny>) -> bool {
    value.is_none()
        || value.is_exact_instance_of::<PyString>()
        || value.is_exact_instance_of::<PyDict>()
        || value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyBool>()
        || value.is_exact_instance_of::<PyList>()
        || value.is_exact_instance_of::<PyTuple>()
}

/// Why writing ended early.
enum Stop {
    /// The value needs Python code.
    Foreign,
    /// Python code is about to run, which may change a dict that is being read.
    Copies,
    Raised(PyErr),
}

struct Encoder<'o> {
    out: &'o mut Vec<u8>,
    /// Whether dicts are copied before they are read.
    copies: bool,
}

impl Encoder<'_> {
    fn value(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Result<(), Stop> {
        if depth > JSON_DEPTH_MAX {
            return Err(Stop::Foreign);
        }
        if let Ok(text) = value.cast_exact::<PyString>() {
            self.text(text)
        } else if let Ok(int) = value.cast_exact::<PyInt>() {
            number::int(self.out, int).ok_or(Stop::Foreign)
        } else if let Ok(float) = value.cast_exact::<PyFloat>() {
            number::float(self.out, float.value()).ok_or(Stop::Foreign)
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
            self.instance(value, depth)
        }
    }

    fn raw(&mut self, json: &[u8]) {
        self.out.extend_from_slice(json);
    }

    fn text(&mut self, text: &Bound<'_, PyString>) -> Result<(), Stop> {
        // A text with a surrogate alone has no UTF-8.
        escape_into(self.out, text.to_str().map_err(|_| Stop::Foreign)?);
        Ok(())
    }

    fn items<'py>(
        &mut self,
        items: impl Iterator<Item = Bound<'py, PyAny>>,
        depth: usize,
    ) -> Result<(), Stop> {
        let mut lead = b'[';
        for item in items {
            self.out.push(lead);
            self.value(&item, depth + 1)?;
            lead = b',';
        }
        self.raw(if lead == b'[' { b"[]" } else { b"]" });
        Ok(())
    }

    fn dict(&mut self, dict: &Bound<'_, PyDict>, depth: usize) -> Result<(), Stop> {
        let copy = if self.copies { Some(dict.copy().map_err(Stop::Raised)?) } else { None };
        let mut lead = b'{';
        for (name, value) in copy.as_ref().unwrap_or(dict).iter() {
            self.out.push(lead);
            self.text(name.cast_exact::<PyString>().map_err(|_| Stop::Foreign)?)?;
            self.out.push(b':');
            self.value(&value, depth + 1)?;
            lead = b',';
        }
        self.raw(if lead == b'{' { b"{}" } else { b"}" });
        Ok(())
    }

    fn instance(&mut self, value: &Bound<'_, PyAny>, depth: usize) -> Result<(), Stop> {
        let class = classes::of(value).map_err(Stop::Raised)?;
        if matches!(*class, Class::Foreign) {
            return Err(Stop::Foreign);
        }
        if !self.copies {
            return Err(Stop::Copies);
        }
        match &*class {
            Class::Foreign => Err(Stop::Foreign),
            Class::Model => self.model(value),
            Class::Fields(fields) => self.fields(value, fields, depth),
        }
    }

    /// A pydantic model: its own serializer's bytes.
    fn model(&mut self, value: &Bound<'_, PyAny>) -> Result<(), Stop> {
        let json = classes::model_json(value).map_err(|fault| foreign(value.py(), fault))?;
        let json = json.cast_exact::<PyBytes>().map_err(|_| Stop::Foreign)?.as_bytes();
        std::str::from_utf8(json).map_err(|_| Stop::Foreign)?;
        self.raw(json);
        Ok(())
    }

    fn fields(
        &mut self,
        value: &Bound<'_, PyAny>,
        fields: &[Py<PyString>],
        depth: usize,
    ) -> Result<(), Stop> {
        let mut lead = b'{';
        for name in fields {
            let name = name.bind(value.py());
            self.out.push(lead);
            self.text(name)?;
            self.out.push(b':');
            let field = value.getattr(name).map_err(|fault| foreign(value.py(), fault))?;
            self.value(&field, depth + 1)?;
            lead = b',';
        }
        self.raw(if lead == b'{' { b"{}" } else { b"}" });
        Ok(())
    }
}

/// What the value's own code raised will be raised again where Python code writes it, and be
/// reported there. What ends programs is not asked for twice.
fn foreign(py: Python<'_>, fault: PyErr) -> Stop {
    if fault.is_instance_of::<PyException>(py) { Stop::Foreign } else { Stop::Raised(fault) }
}
