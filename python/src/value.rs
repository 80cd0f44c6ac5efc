//! JSON values where they lie: a checked text, and places in it.

use std::sync::Arc;

use mcpring::json::{self, Kind, Padded, Parser, SLACK};
use pyo3::exceptions::{PyIndexError, PyKeyError, PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyInt, PyString};

use crate::decode;
use crate::input::with_text;

/// A checked text and the tape of what stands where in it.
struct Document {
    /// The text, and `SLACK` more bytes.
    text: String,
    parser: Parser,
}

impl Document {
    fn parse(bytes: &[u8]) -> PyResult<Self> {
        let mut padded = Vec::with_capacity(bytes.len() + SLACK);
        padded.extend_from_slice(bytes);
        padded.resize(bytes.len() + SLACK, 0);
        let text = String::from_utf8(padded).map_err(|fault| {
            let offset = fault.utf8_error().valid_up_to();
            let kind = json::JsonErrorKind::BadUtf8;
            PyValueError::new_err(json::JsonError { kind, offset }.to_string())
        })?;
        let mut parser = Parser::default();
        let padded = Padded::new(text.as_bytes(), bytes.len());
        let padded = padded.ok_or_else(|| PyValueError::new_err("the text has no slack"))?;
        parser.parse(padded).map_err(|fault| PyValueError::new_err(fault.to_string()))?;
        Ok(Self { text, parser })
    }

    /// The value at a place that [`json::Value::index`] gave.
    fn value(&self, index: u32) -> json::Value<'_> {
        let text = &self.text[..self.text.len() - SLACK];
        self.parser.value(text, index).expect("places come from this document's own values")
    }
}

/// A JSON value where it lies.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Value {
    document: Arc<Document>,
    index: u32,
}

/// Checks a text and gives its value.
#[pyfunction]
pub(crate) fn scan(text: &Bound<'_, PyAny>) -> PyResult<Value> {
    let document = with_text(text, Document::parse)?;
    Ok(Value { document: Arc::new(document), index: 0 })
}

#[pymethods]
impl Value {
    #[getter]
    fn kind(&self) -> &'static str {
        match self.value().kind() {
            Kind::Null => "null",
            Kind::Bool => "boolean",
            Kind::Number => "number",
            Kind::String => "string",
            Kind::Array => "array",
            Kind::Object => "object",
        }
    }

    fn raw<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.value().raw())
    }

    fn load<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        decode::value(py, self.value().raw())
    }

    fn get(&self, key: &Bound<'_, PyAny>) -> PyResult<Option<Self>> {
        let found = if let Ok(name) = key.cast::<PyString>() {
            self.member(name.to_str()?)
        } else if let Ok(at) = key.cast::<PyInt>() {
            // Numbers beyond any array's length are found nowhere.
            at.extract().ok().and_then(|at| self.item(at))
        } else {
            return Err(PyTypeError::new_err("a key is a str, or an int of an array's item"));
        };
        Ok(found.map(|value| self.at(value)))
    }

    fn __getitem__(&self, key: &Bound<'_, PyAny>) -> PyResult<Self> {
        let missing = || {
            if key.is_instance_of::<PyString>() {
                PyKeyError::new_err(key.clone().unbind())
            } else {
                PyIndexError::new_err(format!("no item {key} of {}", self.value().len()))
            }
        };
        self.get(key)?.ok_or_else(missing)
    }

    fn __contains__(&self, key: &str) -> bool {
        self.member(key).is_some()
    }

    fn __len__(&self) -> PyResult<usize> {
        match self.value().kind() {
            Kind::Array | Kind::Object => Ok(self.value().len()),
            _ => Err(PyTypeError::new_err(format!("a {} has no length", self.kind()))),
        }
    }

    /// A value is there, also when it is empty, null or false.
    #[expect(clippy::unused_self, reason = "it is a method of every object")]
    fn __bool__(&self) -> bool {
        true
    }

    fn __iter__(&self) -> PyResult<Values> {
        self.__len__()?;
        Ok(Values(self.walk()))
    }

    fn keys(&self) -> PyResult<Keys> {
        if self.value().kind() != Kind::Object {
            return Err(PyTypeError::new_err(format!("a {} has no keys", self.kind())));
        }
        Ok(Keys(self.walk()))
    }

    fn __repr__(&self) -> String {
        format!("<Value: {} of {} bytes>", self.kind(), self.value().raw().len())
    }
}

impl Value {
    fn value(&self) -> json::Value<'_> {
        self.document.value(self.index)
    }

    fn at(&self, value: json::Value<'_>) -> Self {
        Self { document: Arc::clone(&self.document), index: value.index() }
    }

    /// The last member of a name, as everything in Python that reads JSON has it.
    fn member(&self, name: &str) -> Option<json::Value<'_>> {
        let members = self.value().members();
        members.filter(|(key, _)| key.eq_str(name)).last().map(|(_, value)| value)
    }

    /// An item, counted from the end when `at` is negative.
    fn item(&self, at: isize) -> Option<json::Value<'_>> {
        let value = self.value();
        let len = if value.kind() == Kind::Array { value.len() } else { 0 };
        let at = if at < 0 { len.checked_sub(at.unsigned_abs())? } else { at as usize };
        value.elements().nth(at)
    }

    fn walk(&self) -> Walk {
        let value = self.value();
        Walk {
            document: Arc::clone(&self.document),
            next: self.index + 1,
            left: value.len(),
            is_object: value.kind() == Kind::Object,
        }
    }
}

/// A walk through the items of an array or the members of an object.
struct Walk {
    document: Arc<Document>,
    /// The next item, or the next member's name.
    next: u32,
    left: usize,
    is_object: bool,
}

impl Walk {
    /// The places of the next member's name, if it is a member, and value.
    fn step(&mut self) -> Option<(Option<u32>, u32)> {
        self.left = self.left.checked_sub(1)?;
        let mut place = self.next;
        let mut name = None;
        if self.is_object {
            name = Some(place);
            place = self.document.value(place).subtree().end;
        }
        self.next = self.document.value(place).subtree().end;
        Some((name, place))
    }
}

/// Goes through the values of a walk.
#[pyclass(module = "mcpring._core")]
struct Values(Walk);

#[pymethods]
impl Values {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__(&mut self) -> Option<Value> {
        let (_, index) = self.0.step()?;
        Some(Value { document: Arc::clone(&self.0.document), index })
    }
}

/// Goes through the names of a walk.
#[pyclass(module = "mcpring._core")]
struct Keys(Walk);

#[pymethods]
impl Keys {
    fn __iter__(slf: Py<Self>) -> Py<Self> {
        slf
    }

    fn __next__<'py>(&mut self, py: Python<'py>) -> Option<Bound<'py, PyString>> {
        let (name, _) = self.0.step()?;
        let name = self.0.document.value(name?);
        Some(PyString::new(py, &name.as_str().unwrap_or_default()))
    }
}
