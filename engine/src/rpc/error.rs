//! A JSON-RPC error as it is sent.

use std::borrow::Cow;

use super::code;
use crate::json::Writer;

/// JSON text that is known to be valid and is spliced as it is.
pub type RawJson = serde_json::value::RawValue;

/// A JSON-RPC error: code, words for the developer at the other end, optional data.
#[derive(Clone, Debug)]
pub struct RpcError {
    /// One of [`code`], or a handler's own outside −32768…−32000.
    pub code: i32,
    /// One sentence that says what is wrong and what would be right.
    pub message: Cow<'static, str>,
    /// Machine-readable detail.
    pub data: Option<Box<RawJson>>,
}

impl RpcError {
    /// An error without data.
    pub fn new(code: i32, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// Adds `data`; a value that cannot be serialised is left out.
    #[must_use]
    pub fn with_data(mut self, data: &serde_json::Value) -> Self {
        self.data = serde_json::value::to_raw_value(data).ok();
        self
    }

    /// −32600 with these words.
    pub fn invalid_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::INVALID_REQUEST, message)
    }

    /// −32602 with these words.
    pub fn invalid_params(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::INVALID_PARAMS, message)
    }

    /// −32603 with these words.
    pub fn internal(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(code::INTERNAL_ERROR, message)
    }

    /// Writes the error object (`{"code":…,"message":…,"data":…}`).
    pub fn encode(&self, writer: &mut Writer<'_>) {
        writer.begin_object();
        writer.key("code");
        writer.int(i64::from(self.code));
        writer.key("message");
        writer.string(&self.message);
        if let Some(data) = &self.data {
            writer.key("data");
            writer.splice(data.get().as_bytes());
        }
        writer.end_object();
    }
}
