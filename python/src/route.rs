//! HTTP routes of the program's own, answered on the event loop.

use std::sync::{Arc, Mutex, PoisonError};

use mcpring::{RouteCall, RouteHandler, RouteResponse};
use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::error::raise;
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
        let handler = handler.clone_ref(py);
        let request = Bound::new(py, Request { number, call: Mutex::new(Some(call)), lanes })?;
        let item = (request.clone(), (handler, request), PyDict::new(py));
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

    /// Answers with what the program says of an exception that answers HTTP by itself, or with 500.
    fn report(&self, py: Python<'_>, fault: &Bound<'_, PyAny>) -> PyResult<()> {
        let status = fault.getattr("status_code").and_then(|status| status.extract::<u16>());
        let detail = fault.getattr("detail").and_then(|detail| detail.extract::<String>());
        let (status, words) = if let (Ok(status), Ok(detail)) = (status, detail) {
            (status, detail)
        } else {
            let path = self.read(|call| call.request().path().to_owned())?;
            self.lanes.on_error.bind(py).call1(("route", path, fault))?;
            (500, "internal server error".to_owned())
        };
        let response = RouteResponse::new(status).header("content-type", "text/plain");
        self.respond(response.body(words + "\n")).map_err(|fault| raise(py, &fault))
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

    fn finish(&self, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let py = value.py();
        match value.cast::<Response>() {
            Ok(response) => {
                if let Err(fault) = self.respond(response.get().build(py)) {
                    raise(py, &fault).write_unraisable(py, None);
                }
                Ok(())
            }
            Err(_) => {
                let words = format!("a route answers with a Response, not {}", value.repr()?);
                self.fail(py, PyTypeError::new_err(words).value(py))
            }
        }
    }

    fn finishes_later(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let is_later = prepare::is_awaitable(value);
        if !is_later {
            self.finish(value)?;
        }
        Ok(is_later)
    }

    fn fail(&self, py: Python<'_>, fault: &Bound<'_, PyAny>) -> PyResult<()> {
        self.report(py, fault)
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
