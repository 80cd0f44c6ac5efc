//! JSON without copies: a strict one-pass scan to a tape of spans, and a writer.
//!
//! ```text
//! Padded text ──Parser──► tape of 16-byte nodes ──► Value (text, tape, index)
//! ```
//!
//! A [`Value`] reads the sender's bytes where they lie; nothing is unescaped, rounded or rewritten
//! until asked. The whole text must be one value, strictly by RFC 8259 and strictly UTF-8; lone
//! surrogate escapes and nesting beyond [`JSON_DEPTH_MAX`](crate::limits::JSON_DEPTH_MAX) are
//! refused. Duplicate member names are *not* refused here: who reads an object decides that.
//!
//! [`schema`] validates a value against a compiled JSON Schema without leaving the tape.

mod backend;
mod de;
mod document;
mod error;
mod escape;
mod keys;
mod number;
mod padded;
mod parser;
mod scan;
pub mod schema;
mod simd;
mod string;
mod tape;
#[cfg(test)]
mod tests;
mod value;
mod writer;

pub use backend::{Backend, UnknownBackend};
pub use de::DecodeError;
pub use error::{JsonError, JsonErrorKind};
pub use padded::{Padded, PaddedBuf};
pub use parser::{Parser, is_valid};
pub use tape::Kind;
pub use value::{Elements, Members, Value};
pub use writer::{Writer, compact_into, escape_into};

pub(crate) use document::Document;
pub(crate) use keys::KeyIndex;

/// Readable bytes a [`Padded`] text has behind it.
pub const SLACK: usize = crate::limits::SLACK_BYTES;

/// The instruction set the kernels run on, for the start-up line.
pub fn kernel_name() -> &'static str {
    simd::kernels().name
}

// A pair of 32-byte blocks may start at the last byte of a text.
const _: () = assert!(SLACK >= 64);
