//! Holds a tool to its output schema: what does not conform is our fault, not the client's.
//!
//! Only for tools whose author gave a schema by hand; one derived from the returned type needs no
//! second look. [`OutputPolicy`] says what becomes of a result that breaks its schema; that it did
//! is counted either way.

use std::sync::Arc;

use super::schema_cache::HeldSchema;
use super::{CallContext, CallEvent, Feature, FeatureKind, Outcome};
use crate::json::{Backend, PaddedBuf, Parser};
use crate::model::ToolResult;

/// What becomes of a result that breaks the tool's own output schema.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OutputPolicy {
    /// An internal error is sent in its place: clients may rely on the schema.
    #[default]
    Error,
    /// It is sent as it is.
    Warn,
}

/// An output schema, and how results are held to it.
pub(super) struct OutputCheck {
    /// What structured content must fit.
    pub(super) schema: HeldSchema,
    /// What becomes of content that does not.
    pub(super) policy: OutputPolicy,
}

impl Feature {
    /// `outcome` as it may leave the handler: a read with its resource's cache hint, a tool's
    /// result held to its own output schema, a hook's completed from what the engine would have
    /// answered, which is the call's `subject`.
    pub(super) fn checked(
        &self,
        outcome: Outcome,
        subject: &str,
        context: impl FnOnce() -> Arc<CallContext>,
    ) -> Outcome {
        if self.kind == FeatureKind::Hook {
            return super::hook::checked(&self.name, subject, outcome);
        }
        match outcome {
            Outcome::Raw(_) => Outcome::internal(format!(
                "the {} {:?} answered as only hooks may",
                self.kind.as_str(),
                self.name
            )),
            Outcome::Tool(result) => self.checked_result(result, context),
            Outcome::Resource(mut result) => {
                result.cache = result.cache.or(self.cache);
                Outcome::Resource(result)
            }
            outcome => outcome,
        }
    }

    fn checked_result(
        &self,
        result: ToolResult,
        context: impl FnOnce() -> Arc<CallContext>,
    ) -> Outcome {
        let Some(check) = &self.output else { return Outcome::Tool(result) };
        let Some(fault) = check.fault(&result) else { return Outcome::Tool(result) };
        let context = context();
        context.post(CallEvent::OutputBroken { ticket: context.ticket() });
        match check.policy {
            OutputPolicy::Error => Outcome::internal(format!("tool {:?}: {fault}", self.name)),
            OutputPolicy::Warn => Outcome::Tool(result),
        }
    }
}

impl OutputCheck {
    fn fault(&self, result: &ToolResult) -> Option<String> {
        if result.is_error {
            return None;
        }
        let Some(structured) = &result.structured else {
            return Some("its output schema wants structured content, it returned none".into());
        };
        let text = PaddedBuf::copy(structured.get().as_bytes());
        let mut parser = Parser::new(Backend::default());
        let value = match parser.parse(text.padded()) {
            Ok(value) => value,
            Err(fault) => return Some(format!("its structured content cannot be read: {fault}")),
        };
        let violation = self.schema.check(value).err()?;
        Some(format!(
            "its structured content breaks its output schema at {:?}: {}",
            violation.path, violation.message
        ))
    }
}
