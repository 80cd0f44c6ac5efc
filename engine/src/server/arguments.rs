//! Arguments as a handler reads them: decoded from the sender's bytes when, and only when, asked.

use std::borrow::{Borrow, Cow};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use super::ToolError;
use super::schema_cache::HeldSchema;
use crate::json::schema::Violation;
use crate::json::{Backend, KeyIndex, PaddedBuf, Parser, Value};

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

/// Members of an object by name, made for many to be asked for.
pub(super) enum Named<'a> {
    /// On the tape, and few.
    Few(Value<'a>),
    /// On the tape, and many.
    Many(Value<'a>, KeyIndex),
    /// Of a text that no tape was made of.
    Text(BTreeMap<Key<'a>, Member<'a>>),
}

impl<'a> Named<'a> {
    /// The members of an object on the tape.
    pub(super) fn on_tape(object: Value<'a>) -> Self {
        if object.len() <= FEW {
            return Self::Few(object);
        }
        Self::Many(object, KeyIndex::new(object))
    }

    /// The members of an object as text; none if it is no such text.
    pub(super) fn in_text(json: &'a [u8]) -> Self {
        Self::Text(serde_json::from_slice(json).unwrap_or_default())
    }

    /// Whether there is a member of that name.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Few(object) => object.get(name).is_some(),
            Self::Many(object, index) => index.find(*object, name).is_some(),
            Self::Text(members) => members.contains_key(name),
        }
    }

    /// The member of that name, if it is a string.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        match self {
            Self::Few(object) => object.get(name)?.as_str(),
            Self::Many(object, index) => index.find(*object, name)?.as_str(),
            Self::Text(members) => match members.get(name)? {
                Member::Text(text) => Some(text.clone()),
                Member::Other(_) => None,
            },
        }
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

/// A name, borrowed from the text where it has no escapes.
#[derive(Deserialize, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

impl Borrow<str> for Key<'_> {
    fn borrow(&self) -> &str {
        &self.0
    }
}

/// A value, kept if it is a string.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum Member<'a> {
    Text(#[serde(borrow)] Cow<'a, str>),
    Other(IgnoredAny),
}
