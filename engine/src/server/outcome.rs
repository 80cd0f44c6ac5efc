//! What a handler returned: an answer, a failure, a question, or "later".

use std::fmt;

use super::Ask;
use crate::json::Writer;
use crate::model::{
    Completion, Elicitation, Fields, MetaExtra, PromptResult, RawJson, ResourceResult, Text,
    ToolResult,
};
use crate::rpc::{RpcError, code};

/// What a handler returned.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A tool's answer, or its failure in words for the model.
    Tool(ToolResult),
    /// What a resource holds.
    Resource(ResourceResult),
    /// A prompt's messages.
    Prompt(PromptResult),
    /// What an argument could be completed to.
    Completion(Completion),
    /// The whole result as JSON, which hooks give.
    Raw(Box<RawJson>),
    /// A failure at the level of the protocol.
    Error(RpcError),
    /// Questions to the client: the handler is entered again when they are answered.
    Ask(Ask),
    /// The answer comes through the [`Deferred`](super::Deferred) the handler took.
    Deferred,
}

impl Outcome {
    /// A tool's answer: one block of text.
    pub fn text(text: impl Into<Text>) -> Self {
        Self::Tool(ToolResult::text(text))
    }

    /// A tool's failure, in words for the model (`isError`).
    pub fn failure(text: impl Into<Text>) -> Self {
        Self::Tool(ToolResult::failure(text))
    }

    /// A tool's answer as data that is already JSON text.
    pub fn structured(json: Box<RawJson>) -> Self {
        Self::Tool(ToolResult::structured(json))
    }

    /// A hook's answer: the result as JSON text. In the place of what is no JSON an internal error
    /// is sent.
    pub fn raw(json: impl Into<String>) -> Self {
        match RawJson::from_string(json.into()) {
            Ok(json) => Self::Raw(json),
            Err(fault) => Self::internal(format!("the hook's result is no JSON: {fault}")),
        }
    }

    /// A failure that is nobody's business but ours (−32603).
    pub fn internal(message: impl Into<Text>) -> Self {
        Self::Error(RpcError::internal(message))
    }

    /// Writes the members of the result into an object the caller opened, with `extra` added to
    /// its `_meta`. Only an answer has members: an error, a question or "later" writes nothing.
    pub fn encode_members(&self, w: &mut Writer<'_>, fields: &Fields, extra: &MetaExtra<'_>) {
        match self {
            Self::Tool(result) => result.encode_members(w, fields, extra),
            Self::Resource(result) => result.encode_members(w, fields, extra),
            Self::Prompt(prompt) => prompt.encode_members(w, fields, extra),
            Self::Completion(completion) => completion.encode_members(w, extra),
            Self::Raw(_) | Self::Error(_) | Self::Ask(_) | Self::Deferred => {}
        }
    }

    /// The request can succeed only after the person visited the URLs of these questions: the error
    /// −32042. Only 2025-11-25 has it; elsewhere an internal error is sent in its place, and a
    /// handler asks instead.
    pub fn urls_required(message: impl Into<Text>, questions: &[Elicitation]) -> Self {
        let mut error = RpcError::new(code::URL_ELICITATION_REQUIRED, message);
        error.data = Some(Elicitation::required_data(questions));
        Self::Error(error)
    }

    /// The resource does not exist. The code is that of the handshake era; a later version's is
    /// put in its place where the answer is written.
    pub fn resource_not_found(uri: &str) -> Self {
        let error = RpcError::new(code::RESOURCE_NOT_FOUND, "resource not found");
        Self::Error(error.with_data(&serde_json::json!({ "uri": uri })))
    }
}

/// Why a tool failed, in words for the model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolError(
    /// The words.
    pub String,
);

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ToolError {}

impl From<ToolError> for Outcome {
    fn from(error: ToolError) -> Self {
        Self::failure(error.0)
    }
}

impl From<RpcError> for Outcome {
    fn from(error: RpcError) -> Self {
        Self::Error(error)
    }
}
