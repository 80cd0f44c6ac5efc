//! The inside of a JSON string whose escapes were checked: decoded piece by piece.
//!
//! Comparison never builds the decoded string. Nothing here fails: the scan refused every escape
//! that could, and what it cannot have let through decodes to the replacement character.

/// The string between the quotes, without escapes.
pub(crate) fn unescape(inside: &str) -> String {
    let mut decoded = String::with_capacity(inside.len());
    for piece in Pieces(inside) {
        match piece {
            Piece::Plain(run) => decoded.push_str(run),
            Piece::Char(char) => decoded.push(char),
        }
    }
    decoded
}

/// Whether the string between the quotes means exactly `other`, by length and bytes.
pub(crate) fn equals(inside: &str, escaped: bool, other: &str) -> bool {
    if !escaped {
        return inside == other;
    }
    let mut rest = other;
    for piece in Pieces(inside) {
        let stripped = match piece {
            Piece::Plain(run) => rest.strip_prefix(run),
            Piece::Char(char) => rest.strip_prefix(char),
        };
        match stripped {
            Some(behind) => rest = behind,
            None => return false,
        }
    }
    rest.is_empty()
}

/// Hands what the string between the quotes means to `piece`, bit by bit.
pub(crate) fn pieces(inside: &str, piece: &mut dyn FnMut(&str)) {
    for found in Pieces(inside) {
        match found {
            Piece::Plain(run) => piece(run),
            Piece::Char(char) => piece(char.encode_utf8(&mut [0; 4])),
        }
    }
}

enum Piece<'a> {
    Plain(&'a str),
    Char(char),
}

struct Pieces<'a>(&'a str);

impl<'a> Iterator for Pieces<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if let Some(escape) = self.0.strip_prefix('\\') {
            let (char, rest) = decode(escape);
            self.0 = rest;
            return Some(Piece::Char(char));
        }
        if self.0.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\\', self.0.as_bytes()).unwrap_or(self.0.len());
        let (run, rest) = self.0.split_at(end);
        self.0 = rest;
        Some(Piece::Plain(run))
    }
}

/// The character an escape means and what follows it; `escape` starts behind the backslash.
fn decode(escape: &str) -> (char, &str) {
    let mut chars = escape.chars();
    let char = match chars.next() {
        Some('u') => return decode_unicode(chars.as_str()),
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some(char) => char,
        None => char::REPLACEMENT_CHARACTER,
    };
    (char, chars.as_str())
}

fn decode_unicode(digits: &str) -> (char, &str) {
    let (unit, rest) = hex4(digits);
    if let Some(char) = char::from_u32(unit) {
        return (char, rest);
    }
    let (low, rest) = hex4(rest.strip_prefix("\\u").unwrap_or_default());
    let code = 0x1_0000 + ((unit & 0x3ff) << 10 | low & 0x3ff);
    (char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER), rest)
}

fn hex4(digits: &str) -> (u32, &str) {
    let (digits, rest) = digits.split_at_checked(4).unwrap_or_default();
    (u32::from_str_radix(digits, 16).unwrap_or(u32::from(char::REPLACEMENT_CHARACTER)), rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(inside: &str, means: &str) {
        let escaped = inside.contains('\\');
        assert_eq!(unescape(inside), means, "{inside}");
        let mut read = String::new();
        pieces(inside, &mut |piece| read.push_str(piece));
        assert_eq!(read, means, "{inside}");
        assert!(equals(inside, escaped, means), "{inside}");
        for other in [format!("{means}x"), format!("x{means}"), format!("{means}\0")] {
            assert!(!equals(inside, escaped, &other), "{inside} is not {other:?}");
        }
    }

    #[test]
    fn escapes() {
        for (inside, means) in [
            ("", ""),
            ("plain", "plain"),
            (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
            (r"\u0041\u00e9\u20AC", "Aé€"),
            (r"\ud83d\ude00", "😀"),
            (r"x\uD800\uDC00y", "x\u{10000}y"),
            (r"method\u0000", "method\0"),
            (r"meth\u006fd", "method"),
            ("é\\né", "é\né"),
        ] {
            check(inside, means);
        }
    }

    #[test]
    fn shorter_is_not_equal() {
        assert!(!equals(r"meth\u006fd", true, "metho"));
        assert!(!equals("method", false, "metho"));
    }
}
