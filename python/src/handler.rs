//! Callables of the program's, prepared for their calls.

use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyMapping;

use crate::decode::Exact;

/// Where a handler runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// A thread of the pool, where it may block.
    Pool,
    /// The thread of an asyncio event loop.
    Loop,
}

impl Lane {
    fn parse(name: &str) -> PyResult<Self> {
        match name {
            "pool" => Ok(Self::Pool),
            "loop" => Ok(Self::Loop),
            other => Err(PyValueError::new_err(format!("a lane is pool or loop, not {other:?}"))),
        }
    }
}

/// How a handler is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// `fn(**arguments)`
    Keywords,
    /// `fn(call, arguments)`
    Call,
}

impl Style {
    fn parse(name: &str) -> PyResult<Self> {
        match name {
            "keywords" => Ok(Self::Keywords),
            "call" => Ok(Self::Call),
            other => {
                Err(PyValueError::new_err(format!("a style is keywords or call, not {other:?}")))
            }
        }
    }
}

/// A callable, and what happens before and after it.
pub(crate) struct Prepared {
    pub(crate) function: Py<PyAny>,
    pub(crate) owner: Py<PyAny>,
    pub(crate) lane: Lane,
    pub(crate) style: Style,
    pub(crate) convert: Option<Py<PyAny>>,
    pub(crate) repair: Option<Py<PyAny>>,
    pub(crate) exact: Exact,
    pub(crate) encode: Py<PyAny>,
    pub(crate) wraps: bool,
    /// The variables of the template it reads for.
    pub(crate) variables: OnceLock<Vec<String>>,
}

/// A callable, prepared: which lane, and what happens before and after. See `_core.pyi`.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Handler(pub(crate) Arc<Prepared>);

#[pymethods]
impl Handler {
    #[new]
    #[pyo3(signature = (function, /, *, owner, lane, style = "keywords", convert = None,
        repair = None, exact = None, encode, wraps = false))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments, each with its own name")]
    fn new(
        function: Py<PyAny>,
        owner: Py<PyAny>,
        lane: &str,
        style: &str,
        convert: Option<Py<PyAny>>,
        repair: Option<Py<PyAny>>,
        exact: Option<&Bound<'_, PyMapping>>,
        encode: Py<PyAny>,
        wraps: bool,
    ) -> PyResult<Self> {
        Ok(Self(Arc::new(Prepared {
            function,
            owner,
            lane: Lane::parse(lane)?,
            style: Style::parse(style)?,
            convert,
            repair,
            exact: exact.map_or_else(|| Ok(Exact::default()), Exact::read)?,
            encode,
            wraps,
            variables: OnceLock::new(),
        })))
    }
}
