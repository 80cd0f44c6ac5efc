//! What a handler returned, or raised, as an outcome.

use mcpring::model::RawJson;
use mcpring::server::{AskRequest, FeatureKind};
use mcpring::{
    Ask, Content, Outcome, PromptMessage, PromptResult, ResourceContents, ToolResult, model,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyBytes, PyString, PyType};

use crate::encode::{self, Encoded};
use crate::error;
use crate::handler::Prepared;
use crate::seat::Seat;

/// What the handler returned, as the outcome of its call.
pub(crate) fn of(seat: &Seat, value: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    let handler = &*seat.handler;
    match seat.kind() {
        FeatureKind::Tool => of_tool(handler, value),
        FeatureKind::Resource => of_resource(seat, value),
        FeatureKind::Prompt => of_prompt(handler, value),
        FeatureKind::Completion => of_completion(handler, value),
        FeatureKind::Hook => Ok(Outcome::raw(value.extract::<String>()?)),
    }
}

fn of_tool(handler: &Prepared, value: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    let mut json = String::new();
    let text = value.cast_exact::<PyString>().ok();
    if let Some(text) = text.filter(|_| !handler.wraps) {
        return Ok(Outcome::text(text.to_str()?.to_owned()));
    }
    if encode::json(value, &mut json)? == Encoded::Foreign {
        return written(handler, value, ToolResult::from_json).map(Outcome::Tool);
    }
    if json.starts_with('{') && !handler.wraps {
        return Ok(Outcome::structured(raw(json)?));
    }
    // What is no object is the member of one, where there is a schema for that.
    let structured = handler.wraps.then(|| raw(format!("{{\"result\":{json}}}"))).transpose()?;
    let words = match text {
        Some(text) => ToolResult::text(text.to_str()?.to_owned()),
        None if value.is_none() => ToolResult::default(),
        None => ToolResult::text(json),
    };
    Ok(Outcome::Tool(ToolResult { structured, ..words }))
}

fn of_resource(seat: &Seat, value: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    let (uri, mime_type) = {
        let call = seat.call();
        (call.uri().to_owned(), call.mime_type().map(str::to_owned))
    };
    let contents = if let Ok(text) = value.cast_exact::<PyString>() {
        ResourceContents::text(uri, text.to_str()?)
    } else if let Ok(bytes) = value.cast_exact::<PyBytes>() {
        ResourceContents::blob(uri, bytes.as_bytes().to_vec())
    } else {
        let result = written(&seat.handler, value, model::ResourceResult::from_json)?;
        return Ok(Outcome::Resource(result));
    };
    let contents = match mime_type {
        Some(mime_type) => contents.mime_type(mime_type),
        None => contents,
    };
    Ok(Outcome::Resource(model::ResourceResult::new(vec![contents])))
}

fn of_prompt(handler: &Prepared, value: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    let result = if let Ok(text) = value.cast_exact::<PyString>() {
        let text = Content::text(text.to_str()?.to_owned());
        PromptResult::new(vec![PromptMessage::user(text)])
    } else {
        written(handler, value, PromptResult::from_json)?
    };
    Ok(Outcome::Prompt(result))
}

fn of_completion(handler: &Prepared, value: &Bound<'_, PyAny>) -> PyResult<Outcome> {
    written(handler, value, model::Completion::from_json).map(Outcome::Completion)
}

/// What the handler's encoder makes of a value: the protocol's result as JSON text.
fn written<T>(
    handler: &Prepared,
    value: &Bound<'_, PyAny>,
    read: impl FnOnce(&str) -> Result<T, mcpring::Error>,
) -> PyResult<T> {
    let py = value.py();
    let json = handler.encode.bind(py).call1((value,))?;
    let json = json.cast::<PyString>()?;
    read(json.to_str()?).map_err(|fault| error::raise(py, &fault))
}

fn raw(json: String) -> PyResult<Box<RawJson>> {
    RawJson::from_string(json).map_err(|fault| PyValueError::new_err(fault.to_string()))
}

static SUSPEND: PyOnceLock<Py<PyType>> = PyOnceLock::new();

/// The outcome of a handler that raised.
pub(crate) fn for_exception(py: Python<'_>, seat: &Seat, fault: PyErr) -> Outcome {
    let suspends = SUSPEND
        .import(py, "mcpring.suspend", "Suspend")
        .is_ok_and(|class| fault.is_instance(py, class));
    let asked = if suspends { question(py, &fault) } else { words(py, seat, &fault) };
    asked.unwrap_or_else(|later| {
        later.write_unraisable(py, None);
        seat.kind().failed("the handler failed, and so did the report of it".to_owned())
    })
}

/// The questions that an exception of the class `Suspend` carries.
fn question(py: Python<'_>, fault: &PyErr) -> PyResult<Outcome> {
    let value = fault.value(py);
    let mut ask = Ask::new();
    let requests: Vec<(String, String, String)> = value.getattr("requests")?.extract()?;
    for (key, method, params) in requests {
        let request = AskRequest::from_json(&method, &params);
        ask = ask.with(key, request.map_err(|fault| error::raise(py, &fault))?);
    }
    if let Some(state) = value.getattr("state")?.extract::<Option<Vec<u8>>>()? {
        ask = ask.state(state);
    }
    Ok(Outcome::Ask(ask))
}

/// What the program says of an exception: it logs, and masks, as the server is set.
fn words(py: Python<'_>, seat: &Seat, fault: &PyErr) -> PyResult<Outcome> {
    let (kind, name) = {
        let call = seat.call();
        (call.kind(), call.name().to_owned())
    };
    let words = seat.lanes.on_error.bind(py).call1((kind.as_str(), name, fault.value(py)))?;
    Ok(kind.failed(words.extract()?))
}
