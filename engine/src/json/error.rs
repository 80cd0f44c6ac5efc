//! Why a text is not accepted as JSON: a small `Copy` reason and the offset, words at the edge.

use std::fmt;

/// The first fault of a text and where it was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// What is wrong.
    pub kind: JsonErrorKind,
    /// Offset of the offending byte in the text; the text's length when it ended too early.
    pub offset: usize,
}

/// The reasons for which a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonErrorKind {
    /// A backslash is followed by something that is not an escape.
    BadEscape,
    /// A number breaks the grammar of RFC 8259.
    BadNumber,
    /// The text is not UTF-8.
    BadUtf8,
    /// A control character stands unescaped in a string.
    ControlCharacter,
    /// A colon has to follow a member's name.
    ExpectedColon,
    /// A comma or the end of the array or object has to follow an item.
    ExpectedCommaOrEnd,
    /// A member's name, in quotes, has to stand here.
    ExpectedName,
    /// A value has to stand here.
    ExpectedValue,
    /// An escaped surrogate has no partner.
    LoneSurrogate,
    /// Arrays and objects are nested too deeply.
    TooDeep,
    /// The text is longer than offsets can say.
    TooLong,
    /// There are more values than one tape may hold.
    TooManyNodes,
    /// Something follows the value.
    TrailingText,
    /// The text ended inside the value.
    UnexpectedEnd,
}

impl JsonErrorKind {
    fn words(self) -> &'static str {
        match self {
            Self::BadEscape => "invalid escape in a string",
            Self::BadNumber => "invalid number",
            Self::BadUtf8 => "invalid UTF-8",
            Self::ControlCharacter => "unescaped control character in a string",
            Self::ExpectedColon => "expected ':' after a member name",
            Self::ExpectedCommaOrEnd => "expected ',' or the end of the array or object",
            Self::ExpectedName => "expected a member name in quotes",
            Self::ExpectedValue => "expected a value",
            Self::LoneSurrogate => "escaped surrogate without its partner",
            Self::TooDeep => "nested too deeply",
            Self::TooLong => "text too long",
            Self::TooManyNodes => "too many values",
            Self::TrailingText => "text after the end of the value",
            Self::UnexpectedEnd => "unexpected end of the text",
        }
    }
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind.words(), self.offset)
    }
}

impl std::error::Error for JsonError {}
