//! A text and its tape, owned together: parsed once, looked into as often as wanted, from anywhere.

use super::error::JsonError;
use super::padded::Padded;
use super::tape::Tape;
use super::value::Value;
use super::{SLACK, simd};

/// A parsed text that borrows from nobody.
#[derive(Debug)]
pub(crate) struct Document {
    /// The text and its slack. A `String`, so that looking into it checks no UTF-8 again.
    padded: String,
    /// INVARIANT: was written for the text that `padded` begins with.
    tape: Tape,
}

/// The slack as text.
const NULS: &str = match str::from_utf8(&[0; SLACK]) {
    Ok(nuls) => nuls,
    Err(_) => panic!("NUL is a character"),
};

impl Document {
    /// Copies and parses `json` as one value, by the rules of [`Parser::parse`](super::Parser).
    pub(crate) fn parse(json: &[u8]) -> Result<Self, JsonError> {
        let mut padded = String::with_capacity(json.len() + SLACK);
        padded.push_str(simd::checked(json)?);
        padded.push_str(NULS);
        let mut document = Self { padded, tape: Tape::default() };
        let text = Padded::with_slack(document.padded.as_bytes());
        (simd::kernels().scan)(text, &mut document.tape)?;
        Ok(document)
    }

    /// The whole text's value.
    pub(crate) fn root(&self) -> Value<'_> {
        let text = &self.padded[..self.padded.len() - SLACK];
        Value::root(text, self.tape.nodes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::is_valid;

    #[test]
    fn is_what_the_parser_makes_of_the_text() {
        let check = |json: &[u8], want: Option<&str>| {
            let shown = String::from_utf8_lossy(json);
            let document = Document::parse(json).ok();
            assert_eq!(document.is_some(), is_valid(json), "{shown}");
            let found = document.as_ref().and_then(|document| document.root().get("a"));
            assert_eq!(found.map(Value::raw), want.map(str::as_bytes), "{shown}");
        };
        check(br#"{"b":[{"a":1}],"a":"\u00e9"}"#, Some(r#""\u00e9""#));
        check("{\"a\":\"\u{e9}\"}".as_bytes(), Some("\"\u{e9}\""));
        check(b"{}", None);
        check(b"", None);
        check(b"{\"a\":1}\0", None);
        check(b"{\"a\":\"\xff\"}", None);
        check(br#"{"a":1"#, None);
    }
}
