//! What a handler can know and do of the call it answers.

use std::sync::Arc;

use mcpring::model::RawJson;
use mcpring::server::{Answer, FeatureKind};
use mcpring::{LogLevel, Outcome, RpcError};
use pyo3::exceptions::PyValueError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyDict};
use serde_json::json;

use crate::answer;
use crate::decode;
use crate::encode;
use crate::error::raise;
use crate::looper::Item;
use crate::prepare;
use crate::seat::Seat;

/// A call, from when its handler starts until it is answered; used by any thread.
#[pyclass(frozen, module = "mcpring._core")]
pub(crate) struct Call(Arc<Seat>);

impl Call {
    pub(crate) fn new(seat: Arc<Seat>) -> Self {
        Self(seat)
    }

    fn settle(&self, outcome: Outcome) {
        self.0.settle(outcome);
        self.0.lanes.looper.forget(self.0.number);
    }

    /// Reads one fact of the request, if the call carries it.
    fn fact<T>(&self, read: impl FnOnce(&mcpring::server::RequestFacts) -> T) -> Option<T> {
        self.0.context.request().map(read)
    }
}

#[pymethods]
impl Call {
    #[getter]
    fn owner(&self, py: Python<'_>) -> Py<PyAny> {
        self.0.handler.owner.clone_ref(py)
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind().as_str()
    }

    #[getter]
    fn name(&self) -> String {
        let call = self.0.call();
        match call.kind() {
            FeatureKind::Resource => call.uri().to_owned(),
            _ => call.name().to_owned(),
        }
    }

    #[getter]
    fn partial(&self) -> String {
        self.0.call().partial().to_owned()
    }

    #[getter]
    fn request_id<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let id = self.fact(|facts| facts.id_json().to_owned()).unwrap_or_else(|| "0".to_owned());
        decode::value(py, id.as_bytes())
    }

    #[getter]
    fn session_id(&self) -> Option<String> {
        self.fact(|facts| facts.session_id().map(str::to_owned)).flatten()
    }

    #[getter]
    fn protocol_version(&self) -> &'static str {
        self.0.context.version().as_str()
    }

    #[getter]
    fn transport(&self) -> &'static str {
        self.fact(mcpring::server::RequestFacts::transport).unwrap_or("")
    }

    #[getter]
    fn task_id(&self) -> Option<String> {
        self.0.context.task_id().map(str::to_owned)
    }

    fn arguments<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.0.arguments())
    }

    fn headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let headers = PyDict::new(py);
        if let Some(facts) = self.0.context.request() {
            for (name, value) in facts.headers() {
                let value = String::from_utf8_lossy(value).into_owned();
                headers.set_item(name.to_ascii_lowercase(), value)?;
            }
        }
        Ok(headers)
    }

    fn client(&self) -> Option<String> {
        let client = self.0.context.client()?;
        let capabilities: &RawJson = serde_json::from_str(&client.capabilities).ok()?;
        let words = json!({ "name": client.name, "version": client.version });
        let words = words.to_string();
        let open = words.strip_suffix('}')?;
        Some(format!("{open},\"capabilities\":{capabilities}}}"))
    }

    fn principal(&self) -> Option<String> {
        let principal = self.0.context.principal()?;
        let scopes: Vec<_> = principal.scopes().collect();
        let words = json!({
            "issuer": principal.issuer(),
            "subject": principal.subject(),
            "client_id": principal.client_id(),
            "scopes": scopes,
            "claims": principal.claims(),
        });
        Some(words.to_string())
    }

    fn meta(&self) -> Option<String> {
        self.fact(|facts| facts.meta_json().map(str::to_owned)).flatten()
    }

    fn is_cancelled(&self) -> bool {
        self.0.context.is_cancelled()
    }

    fn time_left_s(&self) -> Option<f64> {
        self.0.context.time_left().map(|left| left.as_secs_f64())
    }

    #[pyo3(signature = (progress, total, message))]
    fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        self.0.context.progress(progress, total, message);
    }

    #[pyo3(signature = (level, data, logger))]
    fn log(&self, level: &str, data: String, logger: Option<&str>) -> PyResult<()> {
        let known = LogLevel::parse(level);
        let level =
            known.ok_or_else(|| PyValueError::new_err(format!("there is no level {level:?}")))?;
        let data = RawJson::from_string(data);
        let data = data.map_err(|fault| PyValueError::new_err(fault.to_string()))?;
        self.0.context.log_data(level, logger, data);
        Ok(())
    }

    fn answer(&self, key: &str) -> Option<(bool, String)> {
        match self.0.call().answers().get(key)? {
            Answer::Result(json) => Some((true, json.get().to_owned())),
            Answer::Error(error) => {
                let words = json!({ "code": error.code, "message": error.message });
                Some((false, words.to_string()))
            }
        }
    }

    fn state<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyBytes>> {
        self.0.call().state().map(|state| PyBytes::new(py, state))
    }

    fn close_stream(&self) {
        self.0.context.close_stream();
    }

    fn become_task(&self) -> Option<String> {
        self.0.context.become_task().map(str::to_owned)
    }

    fn task_status(&self, message: &str) {
        self.0.context.task_status(message);
    }

    /// The arguments as they were sent.
    fn load<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        decode::object(py, &self.0.arguments(), self.0.handler.parameters(py))
    }

    /// Takes other arguments in the place of those that do not fit. What does not fit either is
    /// refused, in the words for those that were sent.
    fn mend<'py>(
        &self,
        py: Python<'py>,
        arguments: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        let seat = &self.0;
        let mut json = String::new();
        let fits = encode::json(arguments, &mut json)?
            && seat.call().check_arguments(json.as_bytes()).is_ok();
        if !fits {
            seat.refuse_arguments();
            return Ok(None);
        }
        decode::object(py, json.as_bytes(), seat.handler.parameters(py)).map(Some)
    }

    /// Answers with what the handler came to, if nothing has to be done with it first: awaited, or
    /// made plain by Python code.
    fn finish(&self, value: &Bound<'_, PyAny>) -> PyResult<bool> {
        let Some(outcome) = answer::of(&self.0, value)? else { return Ok(false) };
        self.settle(outcome);
        Ok(true)
    }

    /// Answers with what Python code made of a result: the protocol's, as JSON text.
    fn finish_json(&self, py: Python<'_>, json: &str) -> PyResult<()> {
        let outcome = answer::of_json(&self.0, json).map_err(|fault| raise(py, &fault))?;
        self.settle(outcome);
        Ok(())
    }

    /// Hands something to be awaited to the event loop, which answers with what it comes to.
    fn finish_on_loop(&self, py: Python<'_>, awaitable: Py<PyAny>) -> PyResult<()> {
        let looper = &self.0.lanes.looper;
        looper.find_home(py)?;
        // A lane that has ended has answered everything.
        drop(looper.push(Item::Await(Arc::clone(&self.0), awaitable)));
        Ok(())
    }

    /// Asks the client: questions by key, method and parameters, and what is to be remembered.
    #[pyo3(signature = (requests, state))]
    fn ask(
        &self,
        py: Python<'_>,
        requests: Vec<(String, String, String)>,
        state: Option<Vec<u8>>,
    ) -> PyResult<()> {
        let outcome = answer::questions(requests, state).map_err(|fault| raise(py, &fault))?;
        self.settle(outcome);
        Ok(())
    }

    /// Fails at the level of the protocol; `data` is JSON text.
    #[pyo3(signature = (code, message, data))]
    fn fail_request(&self, code: i32, message: String, data: Option<String>) -> PyResult<()> {
        let mut error = RpcError::new(code, message);
        error.data = data.map(answer::raw).transpose()?;
        self.settle(Outcome::Error(error));
        Ok(())
    }

    /// Fails, in words for the client.
    fn fail(&self, words: String) {
        self.settle(self.0.kind().failed(words));
    }

    /// Keeps the task that works on the call, and has it cancelled when nobody wants the answer.
    fn keep(&self, task: Py<PyAny>) {
        let seat = &self.0;
        if seat.is_done() {
            return;
        }
        let (looper, number) = (Arc::clone(&seat.lanes.looper), seat.number);
        looper.keep(number, task);
        seat.context.on_cancel(move || drop(looper.push(Item::Cancel(number))));
    }
}

/// The context variable that holds the call of a coroutine.
static CURRENT: PyOnceLock<Py<PyAny>> = PyOnceLock::new();

/// The call whose handler runs here: by the thread for plain functions, by the context for
/// coroutines and for threads they start.
#[pyfunction]
pub(crate) fn current_call(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    if let Some(seat) = prepare::current() {
        return Ok(Some(Bound::new(py, Call::new(seat))?.into_any()));
    }
    let variable = CURRENT.import(py, "mcpring._drive", "current")?;
    let call = variable.call_method0(intern!(py, "get"))?;
    Ok((!call.is_none()).then_some(call))
}
