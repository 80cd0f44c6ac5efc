//! What a handler returned as an outcome.

use mcpring::model::{Completion, RawJson, ResourceResult};
use mcpring::server::{AskRequest, FeatureKind};
use mcpring::{
    Ask, Content, Error, Outcome, PromptMessage, PromptResult, ResourceContents, ToolResult,
};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

use crate::encode;
use crate::handler::Prepared;
use crate::seat::Seat;

/// What stands before and behind a value that is the member of an object.
const WRAP_START: &str = "{\"result\":";
const WRAP_END: &str = "}";

/// What the handler returned, as the outcome of its call; `None` when Python code has to say.
pub(crate) fn of(seat: &Seat, value: &Bound<'_, PyAny>) -> PyResult<Option<Outcome>> {
    match seat.kind() {
        FeatureKind::Tool => of_tool(&seat.handler, value),
        FeatureKind::Resource => of_resource(seat, value),
        FeatureKind::Prompt => of_prompt(value),
        FeatureKind::Completion => Ok(None),
        FeatureKind::Hook => of_hook(value),
    }
}

/// What the encoder made of it: the protocol's result as JSON text.
pub(crate) fn of_json(seat: &Seat, json: &str) -> Result<Outcome, Error> {
    Ok(match seat.kind() {
        FeatureKind::Tool => Outcome::Tool(ToolResult::from_json(json)?),
        FeatureKind::Resource => Outcome::Resource(ResourceResult::from_json(json)?),
        FeatureKind::Prompt => Outcome::Prompt(PromptResult::from_json(json)?),
        FeatureKind::Completion => Outcome::Completion(Completion::from_json(json)?),
        FeatureKind::Hook => Outcome::raw(json),
    })
}

fn of_tool(handler: &Prepared, value: &Bound<'_, PyAny>) -> PyResult<Option<Outcome>> {
    if handler.wraps {
        return of_wrapping_tool(value);
    }
    if let Ok(text) = value.cast_exact::<PyString>() {
        return Ok(Some(Outcome::text(text.to_str()?.to_owned())));
    }
    let mut json = String::new();
    Ok(match encode::json(value, &mut json)? {
        false => None,
        true if json.starts_with('{') => Some(Outcome::structured(raw(json)?)),
        true if value.is_none() => Some(Outcome::Tool(ToolResult::default())),
        true => Some(Outcome::text(json)),
    })
}

/// A tool whose schema has what it returns as the member of an object.
fn of_wrapping_tool(value: &Bound<'_, PyAny>) -> PyResult<Option<Outcome>> {
    let mut json = String::from(WRAP_START);
    if !encode::json(value, &mut json)? {
        return Ok(None);
    }
    let words = match value.cast_exact::<PyString>() {
        Ok(text) => ToolResult::text(text.to_str()?.to_owned()),
        Err(_) if value.is_none() => ToolResult::default(),
        Err(_) => ToolResult::text(json[WRAP_START.len()..].to_owned()),
    };
    json.push_str(WRAP_END);
    Ok(Some(Outcome::Tool(ToolResult { structured: Some(raw(json)?), ..words })))
}

fn of_resource(seat: &Seat, value: &Bound<'_, PyAny>) -> PyResult<Option<Outcome>> {
    let (uri, mime_type) = {
        let call = seat.call();
        (call.uri().to_owned(), call.mime_type().map(str::to_owned))
    };
    let contents = if let Ok(text) = value.cast_exact::<PyString>() {
        ResourceContents::text(uri, text.to_str()?)
    } else if let Ok(bytes) = value.cast_exact::<PyBytes>() {
        ResourceContents::blob(uri, bytes.as_bytes().to_vec())
    } else {
        return Ok(None);
    };
    let contents = match mime_type {
        Some(mime_type) => contents.mime_type(mime_type),
        None => contents,
    };
    Ok(Some(Outcome::Resource(ResourceResult::new(vec![contents]))))
}

fn of_prompt(value: &Bound<'_, PyAny>) -> PyResult<Option<Outcome>> {
    let Ok(text) = value.cast_exact::<PyString>() else { return Ok(None) };
    let text = Content::text(text.to_str()?.to_owned());
    Ok(Some(Outcome::Prompt(PromptResult::new(vec![PromptMessage::user(text)]))))
}

fn of_hook(value: &Bound<'_, PyAny>) -> PyResult<Option<Outcome>> {
    let Ok(text) = value.cast_exact::<PyString>() else { return Ok(None) };
    Ok(Some(Outcome::raw(text.to_str()?)))
}

/// Questions by key, method and parameters, and what is to be remembered.
pub(crate) fn questions(
    requests: Vec<(String, String, String)>,
    state: Option<Vec<u8>>,
) -> Result<Outcome, Error> {
    let mut ask = Ask::new();
    for (key, method, params) in requests {
        ask = ask.with(key, AskRequest::from_json(&method, &params)?);
    }
    Ok(Outcome::Ask(match state {
        Some(state) => ask.state(state),
        None => ask,
    }))
}

/// A text that is JSON.
pub(crate) fn raw(json: String) -> PyResult<Box<RawJson>> {
    RawJson::from_string(json).map_err(|fault| PyValueError::new_err(fault.to_string()))
}
