//! HTTP routes of the program's own, answered on the event loop.

use std::sync::{Arc, Mutex, PoisonError};

use mcpring::{RouteCall, RouteHandler, RouteResponse};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::raise;
use crate::handler;
use crate::lanes::Lanes;
use crate::looper::Item;
use crate::prepare;

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
        let way = handler::way(handler.bind(py), handler::ALONE, [None, None, None])?;
        let request = Bound::new(py, Request { number, call: Mutex::new(Some(call)), lanes })?;
        let item = (request, way, PyDict::new(py));
        Ok(item.into_pyobject(py)?.into_any())
    }
}

/// A request for a route of the program's own. Frozen.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Request {
    number: u64,
    /// Gone when it is answered.
    call: Mutex<Option<RouteCall>>,
    lanes: Arc<Lanes>,
}

impl Request {
    /// Reads something of a request that is not answered yet.
    fn read<T>(&self, read: impl FnOnce(&RouteCall) -> T) -> PyResult<T> {
        let call = self.call.lock().unwrap_or_else(PoisonError::into_inner);
        let answered = || PyRuntimeError::new_err("the request was answered");
        call.as_ref().map(read).ok_or_else(answered)
    }

    fn respond(&self, response: RouteResponse) -> Result<(), mcpring::Error> {
        let call = self.call.lock().unwrap_or_else(PoisonError::into_inner).take();
        self.lanes.looper.forget(self.number);
        call.map_or(Ok(()), |call| call.respond(response))
    }
}

#[pymethods]
impl Request {
    #[getter]
    fn method(&self) -> PyResult<String> {
        self.read(|call| call.request().method().to_owned())
    }

    #[getter]
    fn path(&self) -> PyResult<String> {
        self.read(|call| call.request().path().to_owned())
    }

    #[getter]
    fn query(&self) -> PyResult<String> {
        self.read(|call| call.request().query().to_owned())
    }

    /// What the path has in the place of `{name}`; `None` when it has no such place.
    fn variable(&self, name: &str) -> PyResult<Option<String>> {
        self.read(|call| call.request().variable(name).map(str::to_owned))
    }

    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let headers = PyDict::new(py);
        let pairs: Vec<(String, String)> = self.read(|call| {
            let pairs = call.request().headers();
            pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned())).collect()
        })?;
        for (name, value) in pairs {
            headers.set_item(name, value)?;
        }
        Ok(headers)
    }

    fn body<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let body = self.read(|call| call.request().body().clone())?;
        Ok(PyBytes::new(py, &body))
    }

    /// The word for reports.
    #[getter]
    #[allow(clippy::unused_self, reason = "an attribute, as calls have it")]
    fn kind(&self) -> &'static str {
        "route"
    }

    #[getter]
    fn name(&self) -> PyResult<String> {
        self.path()
    }

    /// Answers with a `Response`, or says that the value has to be awaited first ("later").
    fn finish(&self, value: &Bound<'_, PyAny>) -> PyResult<Option<&'static str>> {
        let py = value.py();
        if prepare::is_awaitable(value) {
            return Ok(Some("later"));
        }
        let Ok(response) = value.cast::<Response>() else {
            let words = format!("a route answers with a Response, not {}", value.repr()?);
            return Err(PyTypeError::new_err(words));
        };
        self.respond(response.get().build(py)).map_err(|fault| raise(py, &fault))?;
        Ok(None)
    }

    /// Answers that the program failed; why is not for the client.
    fn fail(&self, py: Python<'_>, _words: &str) -> PyResult<()> {
        let response = RouteResponse::new(500).header("content-type", "text/plain");
        let response = response.body("internal server error\n");
        self.respond(response).map_err(|fault| raise(py, &fault))
    }

    fn keep(&self, task: Py<PyAny>) {
        let call = self.call.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(call) = &*call else { return };
        let (looper, number) = (Arc::clone(&self.lanes.looper), self.number);
        looper.keep(number, task);
        call.on_cancel(move || drop(looper.push(Item::Cancel(number))));
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
