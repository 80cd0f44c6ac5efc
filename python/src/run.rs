//! From a queued call to what its handler returned.

use std::cell::RefCell;
use std::sync::Arc;

use mcpring::server::FeatureKind;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::call::Call;
use crate::decode;
use crate::encode;
use crate::handler::Style;
use crate::looper::Item;
use crate::seat::Seat;
use crate::work::Work;

thread_local! {
    /// The call that runs on this thread of the pool.
    static CURRENT: RefCell<Option<Arc<Seat>>> = const { RefCell::new(None) };
}

/// The call that runs on this thread of the pool, if it is one.
pub(crate) fn current() -> Option<Arc<Seat>> {
    CURRENT.with_borrow(Clone::clone)
}

/// Runs a call to its end, on a thread of the pool.
pub(crate) fn here(py: Python<'_>, work: Work) {
    if work.is_stale() {
        return work.forget();
    }
    let seat = Seat::new(work);
    CURRENT.set(Some(Arc::clone(&seat)));
    let entered = enter(py, &seat, None, true);
    CURRENT.set(None);
    match entered {
        Ok(Some(value)) if is_awaitable(&value) => {
            // A plain function may be a wrapped coroutine function.
            let lanes = Arc::clone(&seat.lanes);
            lanes.looper.push(Item::Await(seat, value.unbind()));
        }
        Ok(Some(value)) => seat.finish(&value),
        Ok(None) => {}
        Err(fault) => seat.fail(py, fault),
    }
}

/// Calls the handler: `None` when its arguments were refused. `is_apart` gives it context variables
/// of its own, as each call has on the event loop anyway.
pub(crate) fn enter<'py>(
    py: Python<'py>,
    seat: &Arc<Seat>,
    call: Option<&Bound<'py, Call>>,
    is_apart: bool,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let handler = &*seat.handler;
    let Some(arguments) = arguments(py, seat)? else { return Ok(None) };
    let arguments = match &handler.convert {
        Some(convert) => convert.bind(py).call1((arguments,))?.cast_into::<PyDict>()?,
        None => arguments,
    };
    let function = handler.function.bind(py);
    let run = if is_apart { Some(seat.lanes.context(py)?.getattr(intern!(py, "run"))?) } else { None };
    let value = match (handler.style, run) {
        (Style::Keywords, None) => function.call((), Some(&arguments)),
        (Style::Keywords, Some(run)) => run.call((function,), Some(&arguments)),
        (Style::Call, run) => {
            let own;
            let call = match call {
                Some(call) => call,
                None => {
                    own = Bound::new(py, Call::new(Arc::clone(seat)))?;
                    &own
                }
            };
            match run {
                None => function.call1((call, arguments)),
                Some(run) => run.call1((function, call, arguments)),
            }
        }
    };
    value.map(Some)
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
        let is_json = encode::json(&arguments, &mut text)?.is_whole();
        if is_json && seat.call().check_arguments(text.as_bytes()).is_ok() {
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
