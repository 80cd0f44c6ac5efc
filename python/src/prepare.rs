//! From a queued call to what its handler is called with.

use std::cell::RefCell;
use std::sync::Arc;

use mcpring::server::FeatureKind;
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyString, PyTuple};

use crate::call::Call;
use crate::decode;
use crate::seat::Seat;
use crate::work::Work;

/// A call; how its handler is called (see [`crate::handler`]); with what: the arguments, the text of
/// an answer for hooks, `None` when the arguments do not fit.
pub(crate) type Prepared<'py> = (Bound<'py, Call>, Bound<'py, PyTuple>, Bound<'py, PyAny>);

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
    let prepared = prepare(py, &seat)?;
    CURRENT.set(Some(seat));
    Some(prepared)
}

/// Prepares a call that runs on an event loop.
pub(crate) fn on_loop(py: Python<'_>, work: Work) -> Option<Prepared<'_>> {
    prepare(py, &open(work)?)
}

fn open(work: Work) -> Option<Arc<Seat>> {
    if work.is_stale() {
        work.forget();
        return None;
    }
    Some(Seat::new(work))
}

/// A call whose arguments cannot be read is answered here.
fn prepare<'py>(py: Python<'py>, seat: &Arc<Seat>) -> Option<Prepared<'py>> {
    let made = arguments(py, seat).and_then(|arguments| {
        let way = seat.handler.way.bind(py).clone();
        Ok((Bound::new(py, Call::new(Arc::clone(seat)))?, way, arguments))
    });
    made.inspect_err(|fault| seat.fail(format!("invalid arguments: {fault}"))).ok()
}

/// Objects that the collector looks after are made without the lock on the call: to make one may
/// start it, and finalizers may read the call.
fn arguments<'py>(py: Python<'py>, seat: &Seat) -> PyResult<Bound<'py, PyAny>> {
    let handler = &*seat.handler;
    let call = seat.call();
    match call.kind() {
        FeatureKind::Hook => Ok(PyString::new(py, call.result_json()).into_any()),
        FeatureKind::Resource => {
            let names = handler.variables.get().into_iter().flatten();
            let known = |name: &String| Some((name.clone(), call.variable(name)?.to_owned()));
            let variables: Vec<_> = names.filter_map(known).collect();
            drop(call);
            Ok(variables.into_py_dict(py)?.into_any())
        }
        _ if call.misfit().is_some() => Ok(py.None().into_bound(py)),
        _ => {
            let json = call.arguments_json().clone();
            drop(call);
            decode::arguments(py, &json, handler.parameters(py))
        }
    }
}

/// Starts a thread of Python's that runs a function of `_drive`.
pub(crate) fn start_thread(py: Python<'_>, name: &str, lane: Bound<'_, PyAny>) -> PyResult<()> {
    let function = py.import("mcpring._drive")?.getattr(name)?;
    py.import("_thread")?.call_method1("start_new_thread", (function, (lane,))).map(drop)
}
