//! HTTP routes of the program's own, answered on the event loop.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use mcpring::{RouteCall, RouteHandler, RouteResponse};
use pyo3::prelude::*;
use pyo3::types::{IntoPyDict, PyBytes, PyDict};

use crate::error::raise;
use crate::handler;
use crate::lanes::Lanes;
use crate::looper::Item;

/// A route as the program gave it.
#[derive(Clone)]
pub(crate) struct Route {
    pub(crate) path: String,
    pub(crate) methods: Vec<String>,
    handler: Arc<Py<PyAny>>,
    lanes: Arc<Lanes>,
}

impl Route {
    pub(crate) fn new(
        path: String,
        methods: Vec<String>,
        handler: Py<PyAny>,
        lanes: &Arc<Lanes>,
    ) -> Self {
        Self { path, methods, handler: Arc::new(handler), lanes: Arc::clone(lanes) }
    }
}

impl RouteHandler for Route {
    fn answer(&self, call: RouteCall) {
        let visit = Visit {
            number: self.lanes.looper.next_number(),
            call,
            handler: Arc::clone(&self.handler),
            lanes: Arc::clone(&self.lanes),
        };
        if let Err(visit) = self.lanes.looper.push_visit(visit) {
            let words = "too much to do: try again shortly\n";
            let response = RouteResponse::new(503).header("content-type", "text/plain");
            // Nothing in it can be wrong.
            let _ = visit.call.respond(response.body(words));
        }
    }
}

/// A request for a route on its way to the loop.
pub(crate) struct Visit {
    number: u64,
    call: RouteCall,
    handler: Arc<Py<PyAny>>,
    lanes: Arc<Lanes>,
}

impl Visit {
    /// The request, and what answers it, as the loop takes calls.
    pub(crate) fn prepare(self, py: Python<'_>) -> PyResult<Bound<'_, PyAny>> {
        let Self { number, call, handler, lanes } = self;
        let way = handler::way(handler.bind(py), handler::ALONE, [None, None, None, None])?;
        let request = Request { number, call: Mutex::new(call), is_done: false.into(), lanes };
        let request = Bound::new(py, request)?;
        let item = (request, way, PyDict::new(py));
        Ok(item.into_pyobject(py)?.into_any())
    }
}

/// A request for a route of the program's own. Frozen.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Request {
    number: u64,
    call: Mutex<RouteCall>,
    is_done: AtomicBool,
    lanes: Arc<Lanes>,
}

impl Request {
    /// The call; for as long as it takes to read something.
    fn call(&self) -> MutexGuard<'_, RouteCall> {
        self.call.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Answers, once.
    fn settle(&self, response: RouteResponse) -> Result<(), mcpring::Error> {
        if self.is_done.swap(true, Ordering::AcqRel) {
            return Ok(());
        }
        self.lanes.looper.forget(self.number);
        self.call().settle(response)
    }
}

#[pymethods]
impl Request {
    #[getter]
    fn method(&self) -> String {
        self.call().request().method().to_owned()
    }

    #[getter]
    fn path(&self) -> String {
        self.call().request().path().to_owned()
    }

    #[getter]
    fn query(&self) -> String {
        self.call().request().query().to_owned()
    }

    /// What the path has in the place of `{name}`; `None` when it has no such place.
    fn variable(&self, name: &str) -> Option<String> {
        self.call().request().variable(name).map(str::to_owned)
    }

    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        let pairs: Vec<_> = self.call().request().headers().map(own).collect();
        pairs.into_py_dict(py)
    }

    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        let body = self.call().request().body().clone();
        PyBytes::new(py, &body)
    }

    /// The word for reports.
    #[getter]
    #[allow(clippy::unused_self, reason = "an attribute, as calls have it")]
    fn kind(&self) -> &'static str {
        "route"
    }

    #[getter]
    fn name(&self) -> String {
        self.path()
    }

    /// Answers with a `Response`, if it is one.
    fn finish(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Ok(response) = value.cast::<Response>() else { return Ok(false) };
        let py = value.py();
        self.settle(response.get().build(py)).map_err(|fault| raise(py, &fault))?;
        Ok(true)
    }

    /// Answers that the program failed; why is not for the client.
    #[pyo3(signature = (words))]
    #[allow(unused_variables, reason = "the name is the caller's")]
    fn fail(&self, py: Python<'_>, words: &str) -> PyResult<()> {
        let response = RouteResponse::new(500).header("content-type", "text/plain");
        let response = response.body("internal server error\n");
        self.settle(response).map_err(|fault| raise(py, &fault))
    }

    fn keep(&self, task: Py<PyAny>) {
        if self.is_done.load(Ordering::Acquire) {
            return;
        }
        let (looper, number) = (Arc::clone(&self.lanes.looper), self.number);
        looper.keep(number, task);
        self.call().on_cancel(move || drop(looper.push(Item::Cancel(number))));
    }
}

/// What a route answers.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Response {
    body: Py<PyBytes>,
    status: u16,
    headers: Vec<(String, String)>,
}

#[pymethods]
impl Response {
    #[new]
    #[pyo3(signature = (body = None, status = 200, headers = None))]
    fn new(
        py: Python<'_>,
        body: Option<Py<PyBytes>>,
        status: u16,
        headers: Option<&Bound<'_, pyo3::types::PyMapping>>,
    ) -> PyResult<Self> {
        let pairs = headers.map(|headers| headers.items()?.extract()).transpose()?;
        let body = body.unwrap_or_else(|| PyBytes::new(py, b"").unbind());
        Ok(Self { body, status, headers: pairs.unwrap_or_default() })
    }
}

impl Response {
    fn build(&self, py: Python<'_>) -> RouteResponse {
        let response = RouteResponse::new(self.status);
        let response = self
            .headers
            .iter()
            .fold(response, |response, (name, value)| response.header(name, value));
        response.body(self.body.bind(py).as_bytes().to_vec())
    }
}
