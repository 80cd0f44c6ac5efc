//! From a queued call to what its handler is called with.

use std::cell::RefCell;
use std::sync::Arc;

use mcpring::server::FeatureKind;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::call::Call;
use crate::decode;
use crate::encode::{self, Encoded};
use crate::handler::Style;
use crate::seat::Seat;
use crate::work::Work;

/// A call; a callable and its positional arguments; its keyword arguments.
pub(crate) type Prepared<'py> = (Bound<'py, Call>, Bound<'py, PyTuple>, Bound<'py, PyDict>);

thread_local! {
    /// The call that runs on this thread of the pool.
    static CURRENT: RefCell<Option<Arc<Seat>>> = const { RefCell::new(None) };
}

/// The call that runs on this thread of the pool, if it is one.
pub(crate) fn current() -> Option<Arc<Seat>> {
    CURRENT.with_borrow(Clone::clone)
}

/// No call runs on this thread of the pool any more.
pub(crate) fn leave() {
    CURRENT.take();
}

/// Prepares a call that runs on this thread of the pool.
pub(crate) fn on_thread(py: Python<'_>, work: Work) -> Option<Prepared<'_>> {
    let seat = open(work)?;
    CURRENT.set(Some(Arc::clone(&seat)));
    prepare(py, seat)
}

/// Prepares a call that runs on an event loop.
pub(crate) fn on_loop(py: Python<'_>, work: Work) -> Option<Prepared<'_>> {
    prepare(py, open(work)?)
}

fn open(work: Work) -> Option<Arc<Seat>> {
    if work.is_stale() {
        work.forget();
        return None;
    }
    Some(Seat::new(work))
}

/// A call whose arguments do not fit, or cannot be read, is answered here.
fn prepare(py: Python<'_>, seat: Arc<Seat>) -> Option<Prepared<'_>> {
    match make(py, &seat) {
        Ok(prepared) => prepared,
        Err(fault) => {
            seat.fail(py, fault);
            None
        }
    }
}

fn make<'py>(py: Python<'py>, seat: &Arc<Seat>) -> PyResult<Option<Prepared<'py>>> {
    let handler = &*seat.handler;
    if seat.kind() == FeatureKind::Hook {
        let call = Bound::new(py, Call::new(Arc::clone(seat)))?;
        let result = seat.call().result_json().to_owned();
        let positional = (handler.function.bind(py), &call, result).into_pyobject(py)?;
        return Ok(Some((call, positional, PyDict::new(py))));
    }
    let Some(arguments) = arguments(py, seat)? else { return Ok(None) };
    let arguments = match &handler.convert {
        Some(convert) => convert.bind(py).call1((arguments,))?.cast_into::<PyDict>()?,
        None => arguments,
    };
    let call = Bound::new(py, Call::new(Arc::clone(seat)))?;
    let function = handler.function.bind(py);
    Ok(Some(match handler.style {
        Style::Keywords => (call, (function,).into_pyobject(py)?, arguments),
        Style::Call => {
            let positional = (function, &call, arguments).into_pyobject(py)?;
            (call, positional, PyDict::new(py))
        }
    }))
}

/// What the handler is called with; `None` when it was refused.
fn arguments<'py>(py: Python<'py>, seat: &Seat) -> PyResult<Option<Bound<'py, PyDict>>> {
    let handler = &*seat.handler;
    let call = seat.call();
    if call.kind() == FeatureKind::Resource {
        let variables = PyDict::new(py);
        for name in handler.variables.get().into_iter().flatten() {
            if let Some(value) = call.variable(name) {
                variables.set_item(name, value)?;
            }
        }
        return Ok(Some(variables));
    }
    let json = call.arguments_json().clone();
    let is_misfit = call.misfit().is_some();
    drop(call);
    if is_misfit {
        return repaired(py, seat, &json);
    }
    decode::object(py, &json, &handler.exact).map(Some)
}

/// What the handler makes of arguments that do not fit, if they fit then.
fn repaired<'py>(
    py: Python<'py>,
    seat: &Seat,
    json: &[u8],
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let handler = &*seat.handler;
    if let Some(repair) = &handler.repair {
        let arguments = decode::object(py, json, &handler.exact)?;
        let arguments = repair.bind(py).call1((arguments,))?;
        let mut text = String::new();
        let encoded = encode::json(&arguments, &mut text)?;
        if encoded == Encoded::Whole && seat.call().check_arguments(text.as_bytes()).is_ok() {
            return decode::object(py, text.as_bytes(), &handler.exact).map(Some);
        }
    }
    seat.refuse_arguments();
    Ok(None)
}

/// Whether something has to be awaited. What tools mostly return is seen at a glance.
pub(crate) fn is_awaitable(value: &Bound<'_, PyAny>) -> bool {
    !encode::is_plain(value) && value.hasattr(intern!(value.py(), "__await__")).unwrap_or(false)
}

/// Starts a thread of Python's that runs a function of `_drive`.
pub(crate) fn start_thread(py: Python<'_>, name: &str, lane: Bound<'_, PyAny>) -> PyResult<()> {
    let function = py.import("mcpring._drive")?.getattr(name)?;
    py.import("_thread")?.call_method1("start_new_thread", (function, (lane,))).map(drop)
}
