//! Holds a tool to its output schema: what does not conform is our fault, not the client's.
//!
//! Only for tools whose author gave a schema by hand; one derived from the returned type needs no
//! second look.

use std::sync::Arc;

use super::{Feature, Outcome};
use crate::json::schema::Schema;
use crate::json::{Backend, PaddedBuf, Parser};
use crate::model::ToolResult;

/// A compiled output schema.
pub(super) struct OutputCheck(
    /// What structured content must fit.
    pub(super) Arc<Schema>,
);

impl Feature {
    /// `outcome`, or an internal error in its place when a tool breaks its own output schema.
    pub(super) fn checked(&self, outcome: Outcome) -> Outcome {
        let (Some(check), Outcome::Tool(result)) = (&self.output, &outcome) else {
            return outcome;
        };
        match check.fault(result) {
            None => outcome,
            Some(fault) => Outcome::internal(format!("tool {:?}: {fault}", self.name)),
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
        let violation = self.0.check(value).err()?;
        Some(format!(
            "its structured content breaks its output schema at {:?}: {}",
            violation.path, violation.message
        ))
    }
}
