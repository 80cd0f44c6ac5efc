//! Arguments as a handler reads them: decoded from the sender's bytes when, and only when, asked.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use bytes::Bytes;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::ToolError;
use super::schema_cache::HeldSchema;
use crate::json::schema::Violation;
use crate::json::{Backend, Document, KeyIndex, PaddedBuf, Parser, Value};

/// For tools that take nothing: refuses every argument.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoArguments {}

// By hand, as a derived schema would carry the words above to every client.
impl JsonSchema for NoArguments {
    fn schema_name() -> Cow<'static, str> {
        Cow::Borrowed("NoArguments")
    }

    fn json_schema(_generator: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": false })
    }
}

/// Arguments as a type. Checked arguments fail here only where the type is stricter than its
/// schema.
pub(super) fn decode<T: DeserializeOwned>(json: &[u8]) -> Result<T, ToolError> {
    serde_json::from_slice(json).map_err(|fault| ToolError(format!("invalid arguments: {fault}")))
}

/// As [`decode`], from the tape.
pub(super) fn decode_parsed<'a, T: Deserialize<'a>>(arguments: Value<'a>) -> Result<T, ToolError> {
    arguments.decode().map_err(|fault| ToolError(format!("invalid arguments: {fault}")))
}

/// Members up to which a walk over them is quicker than an index.
const FEW: usize = 8;

/// The members of one object by name, made for many to be asked for. Every use has to pass that
/// object.
#[derive(Debug)]
pub(super) struct Named(Option<KeyIndex>);

impl Named {
    /// The members of `object`.
    pub(super) fn new(object: Value<'_>) -> Self {
        Self((object.len() > FEW).then(|| KeyIndex::new(object)))
    }

    /// The value of the first member called `name`.
    pub(super) fn find<'p>(&self, object: Value<'p>, name: &str) -> Option<Value<'p>> {
        match &self.0 {
            None => object.get(name),
            Some(index) => index.find(object, name),
        }
    }
}

/// Arguments that have left their message: the sender's bytes, parsed when one of them is asked for
/// by name, and then once.
#[derive(Debug)]
pub(super) struct Taken {
    json: Bytes,
    parsed: OnceLock<Option<Box<(Document, Named)>>>,
}

impl Taken {
    /// Arguments that are a JSON object, as text.
    pub(super) fn new(json: Bytes) -> Self {
        Self { json, parsed: OnceLock::new() }
    }

    /// The sender's bytes.
    pub(super) fn json(&self) -> &Bytes {
        &self.json
    }

    /// The argument of that name.
    pub(super) fn find(&self, name: &str) -> Option<Value<'_>> {
        let parsed = self.parsed.get_or_init(|| {
            // They were parsed with their message, so they can be parsed.
            let document = Document::parse(&self.json).ok()?;
            let named = Named::new(document.root());
            Some(Box::new((document, named)))
        });
        let (document, named) = &**parsed.as_ref()?;
        named.find(document.root(), name)
    }
}

/// What was made of the text is not copied: a call that waits for its client must not hold it.
impl Clone for Taken {
    fn clone(&self) -> Self {
        Self::new(self.json.clone())
    }
}

/// What is wrong with arguments of the tool `name`, in words for the model.
pub(super) fn check(schema: &HeldSchema, name: &str, json: &[u8]) -> Result<(), String> {
    let text = PaddedBuf::copy(json);
    let mut parser = Parser::new(Backend::default());
    let parsed = parser.parse(text.padded());
    let arguments = parsed.map_err(|fault| format!("the arguments of tool {name}: {fault}"))?;
    words(name, || schema.check(arguments))
}

/// What a check of arguments says, in words for the model. A schema may make the validator panic;
/// that is the one call's misfortune alone.
pub(crate) fn words(
    tool: &str,
    check: impl FnOnce() -> Result<(), Violation>,
) -> Result<(), String> {
    match catch_unwind(AssertUnwindSafe(check)) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(violation)) => Err(format!("invalid arguments for tool {tool}: {violation}")),
        Err(_panic) => Err(format!("the arguments of tool {tool} cannot be checked")),
    }
}
