//! Arguments as a handler reads them: decoded from the sender's bytes when, and only when, asked.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::ToolError;
use super::schema_cache::HeldSchema;
use crate::json::schema::Violation;
use crate::json::{Backend, PaddedBuf, Parser, Value};

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

/// One member that is a string.
pub(super) fn text<'a>(json: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    let members: BTreeMap<Key<'a>, Member<'a>> = serde_json::from_slice(json).ok()?;
    match members.into_iter().find(|(key, _)| key.0 == name)? {
        (_, Member::Text(text)) => Some(text),
        (_, Member::Other(_)) => None,
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

#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Member<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(IgnoredAny),
}
