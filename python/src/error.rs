//! Engine errors as the package's exceptions.
//!
//! The classes are Python's, in `mcpring/exceptions.py`; they are imported with the first fault.

use mcpring::{Error, ErrorKind};
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyType;

static CONFIG: PyOnceLock<Py<PyType>> = PyOnceLock::new();
static ANY: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The exception for what the engine says: `ConfigError` where the program is at fault, otherwise
/// `McpringError`. If the package cannot be imported, that is the exception.
pub(crate) fn raise(py: Python<'_>, fault: &Error) -> PyErr {
    match fault.kind() {
        ErrorKind::Usage => config(py, fault.to_string()),
        _ => exception(py, &ANY, "McpringError", fault.to_string()),
    }
}

/// A `ConfigError` with these words.
pub(crate) fn config(py: Python<'_>, words: String) -> PyErr {
    exception(py, &CONFIG, "ConfigError", words)
}

/// An exception of the class `name`, which `home` keeps.
fn exception(
    py: Python<'_>,
    home: &'static PyOnceLock<Py<PyType>>,
    name: &str,
    words: String,
) -> PyErr {
    match home.import(py, "mcpring.exceptions", name) {
        Ok(class) => PyErr::from_type(class.clone(), words),
        Err(fault) => fault,
    }
}
