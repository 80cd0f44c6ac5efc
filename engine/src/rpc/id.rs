//! Request ids: echoed byte for byte, compared by meaning.
//!
//! An id is a string or an integer of any length (MCP forbids null, JSON-RPC advises against
//! fractions). Its source bytes are echoed, so no number is ever rounded on its way through.

use crate::json::{Kind, Value};
use crate::limits::ID_BYTES_MAX;

/// A request's id, borrowed from the message.
#[derive(Clone, Copy, Debug)]
pub struct Id<'p> {
    raw: &'p [u8],
}

impl<'p> Id<'p> {
    /// Reads an id; `None` when the value is neither string nor integer or longer than allowed.
    pub fn parse(value: Value<'p>) -> Option<Self> {
        let fits = match value.kind() {
            Kind::String => true,
            Kind::Number => value.is_integer_lexeme(),
            _ => false,
        };
        (fits && value.raw().len() <= ID_BYTES_MAX).then(|| Self { raw: value.raw() })
    }

    /// The sender's bytes, quotes included: what a response carries.
    pub fn raw(self) -> &'p [u8] {
        self.raw
    }

    /// A copy that outlives the message.
    pub fn to_owned(self) -> OwnedId {
        OwnedId { raw: self.raw.into() }
    }
}

/// An id kept while its request is unanswered.
#[derive(Clone, Debug)]
pub struct OwnedId {
    raw: Box<[u8]>,
}

impl OwnedId {
    /// The sender's bytes, quotes included.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The same id, borrowed.
    pub fn borrow(&self) -> Id<'_> {
        Id { raw: &self.raw }
    }
}

/// What makes two ids equal: strings by their text (`"a"` is `"\u0061"`), integers by their digits.
pub(super) fn meaning(id: Id<'_>) -> Box<[u8]> {
    if id.raw.first() == Some(&b'"')
        && memchr::memchr(b'\\', id.raw).is_some()
        && let Ok(text) = serde_json::from_slice::<String>(id.raw)
    {
        return [b"\"", text.as_bytes(), b"\""].concat().into();
    }
    if id.raw == b"-0" {
        return (*b"0").into();
    }
    id.raw.into()
}
