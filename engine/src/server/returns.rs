//! What handlers may return: plain values, and how each becomes an [`Outcome`].
//!
//! `Err` of any type with words is a tool's failure (`isError`), which a model can read and mend;
//! resources and prompts have no such form and answer with an internal error. A handler that wants
//! another protocol error, or that asks the client, returns the [`Outcome`] itself: `Err` may be one,
//! so that `?` hands a question on.

use std::borrow::Cow;
use std::fmt::Display;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Outcome, SchemaSource};
use crate::model::{
    Completion, Content, PromptMessage, PromptResult, ResourceContents, ResourceResult, Text,
    ToolResult,
};

/// What a typed tool may return.
pub trait ToolReturn {
    /// The value as an outcome.
    fn into_tool(self) -> Outcome;

    /// The schema of the structured content, when every value has some.
    fn output_schema() -> Option<SchemaSource>
    where
        Self: Sized,
    {
        None
    }
}

/// A value that is sent as structured content, and as its JSON text for clients that know none.
/// The tool's output schema is derived from the type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Json<T>(
    /// The value.
    pub T,
);

impl<T: Serialize + JsonSchema> ToolReturn for Json<T> {
    fn into_tool(self) -> Outcome {
        match serde_json::value::to_raw_value(&self.0) {
            Ok(json) => Outcome::structured(json),
            Err(fault) => Outcome::internal(format!("the result has no JSON form: {fault}")),
        }
    }

    fn output_schema() -> Option<SchemaSource> {
        Some(SchemaSource::of_output::<T>())
    }
}

impl ToolReturn for Outcome {
    fn into_tool(self) -> Outcome {
        self
    }
}

impl ToolReturn for ToolResult {
    fn into_tool(self) -> Outcome {
        Outcome::Tool(self)
    }
}

impl ToolReturn for Content {
    fn into_tool(self) -> Outcome {
        Outcome::Tool(ToolResult::default().with(self))
    }
}

impl ToolReturn for Vec<Content> {
    fn into_tool(self) -> Outcome {
        Outcome::Tool(ToolResult { content: self, ..ToolResult::default() })
    }
}

impl ToolReturn for () {
    fn into_tool(self) -> Outcome {
        Outcome::Tool(ToolResult::default())
    }
}

impl<T: ToolReturn, E: Display> ToolReturn for Result<T, E> {
    fn into_tool(self) -> Outcome {
        match self {
            Ok(value) => value.into_tool(),
            Err(fault) => Outcome::failure(fault.to_string()),
        }
    }

    fn output_schema() -> Option<SchemaSource> {
        T::output_schema()
    }
}

/// `Err` is any outcome, such as a question to the client.
impl<T: ToolReturn> ToolReturn for Result<T, Outcome> {
    fn into_tool(self) -> Outcome {
        self.map_or_else(|outcome| outcome, T::into_tool)
    }

    fn output_schema() -> Option<SchemaSource> {
        T::output_schema()
    }
}

macro_rules! tool_text {
    ($($text:ty),*) => {$(
        impl ToolReturn for $text {
            fn into_tool(self) -> Outcome {
                Outcome::text(self)
            }
        }
    )*};
}
tool_text!(String, &'static str, Cow<'static, str>);

macro_rules! tool_display {
    ($($value:ty),*) => {$(
        impl ToolReturn for $value {
            fn into_tool(self) -> Outcome {
                Outcome::text(self.to_string())
            }
        }
    )*};
}
tool_display!(bool, char, f32, f64);
tool_display!(i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize);

/// What a resource's handler may return.
pub trait ResourceReturn {
    /// The value as an outcome of reading `uri`, whose registered media type is `mime_type`.
    fn into_resource(self, uri: &str, mime_type: Option<&str>) -> Outcome;
}

impl ResourceReturn for Outcome {
    fn into_resource(self, _uri: &str, _mime_type: Option<&str>) -> Outcome {
        self
    }
}

impl ResourceReturn for ResourceResult {
    fn into_resource(self, _uri: &str, _mime_type: Option<&str>) -> Outcome {
        Outcome::Resource(self)
    }
}

impl ResourceReturn for ResourceContents {
    fn into_resource(self, _uri: &str, _mime_type: Option<&str>) -> Outcome {
        Outcome::Resource(vec![self].into())
    }
}

impl ResourceReturn for Vec<ResourceContents> {
    fn into_resource(self, _uri: &str, _mime_type: Option<&str>) -> Outcome {
        Outcome::Resource(self.into())
    }
}

/// `None` means that there is no such resource.
impl<T: ResourceReturn> ResourceReturn for Option<T> {
    fn into_resource(self, uri: &str, mime_type: Option<&str>) -> Outcome {
        match self {
            Some(value) => value.into_resource(uri, mime_type),
            None => Outcome::resource_not_found(uri),
        }
    }
}

impl<T: ResourceReturn, E: Display> ResourceReturn for Result<T, E> {
    fn into_resource(self, uri: &str, mime_type: Option<&str>) -> Outcome {
        match self {
            Ok(value) => value.into_resource(uri, mime_type),
            Err(fault) => Outcome::internal(fault.to_string()),
        }
    }
}

/// `Err` is any outcome, such as a question to the client.
impl<T: ResourceReturn> ResourceReturn for Result<T, Outcome> {
    fn into_resource(self, uri: &str, mime_type: Option<&str>) -> Outcome {
        self.map_or_else(|outcome| outcome, |value| value.into_resource(uri, mime_type))
    }
}

macro_rules! resource_body {
    ($($body:ty => $make:ident),*) => {$(
        impl ResourceReturn for $body {
            fn into_resource(self, uri: &str, mime_type: Option<&str>) -> Outcome {
                let mut contents = ResourceContents::$make(uri.to_owned(), self);
                contents.mime_type = mime_type.map(|text| Text::Owned(text.to_owned()));
                Outcome::Resource(vec![contents].into())
            }
        }
    )*};
}
resource_body!(String => text, &'static str => text, Bytes => blob, Vec<u8> => blob);

/// What a prompt's handler may return.
pub trait PromptReturn {
    /// The value as an outcome.
    fn into_prompt(self) -> Outcome;
}

impl PromptReturn for Outcome {
    fn into_prompt(self) -> Outcome {
        self
    }
}

impl PromptReturn for PromptResult {
    fn into_prompt(self) -> Outcome {
        Outcome::Prompt(self)
    }
}

impl PromptReturn for Vec<PromptMessage> {
    fn into_prompt(self) -> Outcome {
        Outcome::Prompt(PromptResult::new(self))
    }
}

impl PromptReturn for PromptMessage {
    fn into_prompt(self) -> Outcome {
        vec![self].into_prompt()
    }
}

/// Text is said by the person.
impl PromptReturn for String {
    fn into_prompt(self) -> Outcome {
        PromptMessage::user(self).into_prompt()
    }
}

/// Text is said by the person.
impl PromptReturn for &'static str {
    fn into_prompt(self) -> Outcome {
        PromptMessage::user(self).into_prompt()
    }
}

impl<T: PromptReturn, E: Display> PromptReturn for Result<T, E> {
    fn into_prompt(self) -> Outcome {
        match self {
            Ok(value) => value.into_prompt(),
            Err(fault) => Outcome::internal(fault.to_string()),
        }
    }
}

/// `Err` is any outcome, such as a question to the client.
impl<T: PromptReturn> PromptReturn for Result<T, Outcome> {
    fn into_prompt(self) -> Outcome {
        self.map_or_else(|outcome| outcome, T::into_prompt)
    }
}

/// What a completion's handler may return.
pub trait CompletionReturn {
    /// The value as an outcome.
    fn into_completion(self) -> Outcome;
}

impl CompletionReturn for Outcome {
    fn into_completion(self) -> Outcome {
        self
    }
}

impl CompletionReturn for Completion {
    fn into_completion(self) -> Outcome {
        Outcome::Completion(self)
    }
}

impl<T: Into<Text>> CompletionReturn for Vec<T> {
    fn into_completion(self) -> Outcome {
        Outcome::Completion(self.into())
    }
}

impl<T: CompletionReturn, E: Display> CompletionReturn for Result<T, E> {
    fn into_completion(self) -> Outcome {
        match self {
            Ok(value) => value.into_completion(),
            Err(fault) => Outcome::internal(fault.to_string()),
        }
    }
}
