//! Callables of the program's, prepared for their calls.

use std::sync::{Arc, OnceLock};

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyMapping, PyTuple};

use crate::decode::{Exact, Parameters};

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

/// How a function is called: `function(**arguments)`, or `function(*arguments)`.
const KEYWORDS: u8 = 0;
/// How a function is called: `function(call, arguments)`.
const CALL: u8 = 1;
/// How a function is called: `function(call)`.
pub(crate) const ALONE: u8 = 2;
/// How a function is called: `await function(**arguments)`.
const AWAITED: u8 = 3;
/// The flag of code that makes coroutines.
const CO_COROUTINE: u32 = 0x80;
/// The flags of code that takes whatever comes: in places, and by names.
const CO_VARIADIC: u32 = 0x04 | 0x08;

fn parse_style(name: &str, function: &Bound<'_, PyAny>) -> PyResult<u8> {
    match name {
        "keywords" if is_coroutine_function(function) => Ok(AWAITED),
        "keywords" => Ok(KEYWORDS),
        "call" => Ok(CALL),
        other => Err(PyValueError::new_err(format!("a style is keywords or call, not {other:?}"))),
    }
}

fn is_coroutine_function(function: &Bound<'_, PyAny>) -> bool {
    let flags = function.getattr("__code__").and_then(|code| code.getattr("co_flags"));
    flags.and_then(|flags| flags.extract()).is_ok_and(|flags: u32| flags & CO_COROUTINE != 0)
}

/// The names of the parameters of a function that can be called without them. Only of functions
/// themselves: what stands for one may look at how it is called.
fn places(function: &Bound<'_, PyAny>) -> PyResult<Vec<String>> {
    let kind = function.py().import("types")?.getattr("FunctionType")?;
    if !function.get_type().is(&kind) {
        return Ok(Vec::new());
    }
    let code = function.getattr("__code__")?;
    let flags: u32 = code.getattr("co_flags")?.extract()?;
    let of_names_alone: usize = code.getattr("co_kwonlyargcount")?.extract()?;
    if flags & CO_VARIADIC != 0 || of_names_alone != 0 {
        return Ok(Vec::new());
    }
    let mut names: Vec<String> = code.getattr("co_varnames")?.extract()?;
    names.truncate(code.getattr("co_argcount")?.extract()?);
    Ok(names)
}

/// What `_drive` needs to call a function, as it unpacks it: the function, how it is called, and
/// what converts, repairs, makes plain and encodes for it.
pub(crate) fn way<'py>(
    function: &Bound<'py, PyAny>,
    style: u8,
    steps: [Option<Py<PyAny>>; 4],
) -> PyResult<Bound<'py, PyTuple>> {
    let [convert, repair, plain, encode] = steps;
    (function, style, convert, repair, plain, encode).into_pyobject(function.py())
}

/// A callable, and what happens before and after it.
pub(crate) struct Prepared {
    pub(crate) way: Py<PyTuple>,
    pub(crate) owner: Py<PyAny>,
    pub(crate) lane: Lane,
    /// Whether arguments that do not fit may be mended.
    pub(crate) is_lenient: bool,
    exact: Exact,
    /// The names of the parameters that it takes in places, in their order; none if it takes some
    /// by their names alone.
    places: Vec<String>,
    parameters: OnceLock<Parameters>,
    pub(crate) wraps: bool,
    /// The variables of the template it reads for.
    pub(crate) variables: OnceLock<Vec<String>>,
}

impl Prepared {
    /// Says what its parameters are called, before the first call, which would otherwise have to do
    /// without. Those of the first feature count.
    pub(crate) fn name_parameters(&self, py: Python<'_>, names: Vec<String>) {
        self.parameters.get_or_init(|| Parameters::new(py, names, &self.exact, &self.places));
    }

    /// The parameters its arguments are for.
    pub(crate) fn parameters(&self, py: Python<'_>) -> &Parameters {
        self.parameters.get_or_init(|| Parameters::new(py, Vec::new(), &self.exact, &[]))
    }
}

/// A callable, prepared: which lane, and what happens before and after. See `_core.pyi`.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Handler(pub(crate) Arc<Prepared>);

#[pymethods]
impl Handler {
    #[new]
    #[pyo3(signature = (function, /, *, owner, lane, style = "keywords", convert = None,
        repair = None, exact = None, plain = None, encode, wraps = false))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments, each with its own name")]
    fn new(
        function: &Bound<'_, PyAny>,
        owner: Py<PyAny>,
        lane: &str,
        style: &str,
        convert: Option<Py<PyAny>>,
        repair: Option<Py<PyAny>>,
        exact: Option<&Bound<'_, PyMapping>>,
        plain: Option<Py<PyAny>>,
        encode: Py<PyAny>,
        wraps: bool,
    ) -> PyResult<Self> {
        let is_lenient = repair.is_some();
        let style = parse_style(style, function)?;
        // Others are given a `dict` of them first.
        let is_called_at_once = style != CALL && convert.is_none();
        let places = if is_called_at_once { places(function)? } else { Vec::new() };
        let way = way(function, style, [convert, repair, plain, Some(encode)])?;
        Ok(Self(Arc::new(Prepared {
            way: way.unbind(),
            owner,
            lane: Lane::parse(lane)?,
            is_lenient,
            exact: exact.map_or_else(|| Ok(Exact::default()), Exact::read)?,
            places,
            parameters: OnceLock::new(),
            wraps,
            variables: OnceLock::new(),
        })))
    }
}
