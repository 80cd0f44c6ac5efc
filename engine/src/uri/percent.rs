//! Character classes of RFC 3986 and percent-coding: once in, once out, never twice.

/// A set of ASCII bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Ascii(u128);

impl Ascii {
    /// The set of the bytes of `text`.
    pub(super) const fn of(text: &[u8]) -> Self {
        let mut set = Self(0);
        let mut at = 0;
        while at < text.len() {
            set = set.with(text[at]);
            at += 1;
        }
        set
    }

    /// Adds one ASCII byte.
    pub(super) const fn with(self, byte: u8) -> Self {
        assert!(byte < 128);
        Self(self.0 | (1 << byte))
    }

    /// Both sets together.
    pub(super) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether `byte` is in the set; a byte beyond ASCII never is.
    pub(super) const fn has(self, byte: u8) -> bool {
        byte < 128 && self.0 >> byte & 1 == 1
    }
}

/// What delimits parts of a URI and is kept only by `{+x}` and `{#x}`.
pub(super) const RESERVED: Ascii = Ascii::of(b":/?#[]@!$&'()*+,;=");

/// What may never stand unencoded in a URI. The percent sign is handled with its digits.
pub(super) const ILLEGAL: Ascii = {
    let mut set = Ascii::of(b" \"<>\\^`{|}\x7f");
    let mut byte = 0;
    while byte < b' ' {
        set = set.with(byte);
        byte += 1;
    }
    set
};

/// Letters, digits and the four marks that never need encoding.
pub(super) const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The byte a leading `%xy` stands for.
pub(super) fn triplet(text: &[u8]) -> Option<u8> {
    let [b'%', high, low, ..] = text else {
        return None;
    };
    Some(hex(*high)? << 4 | hex(*low)?)
}

const fn hex(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// Appends `text`, encoding all but unreserved bytes; with `keep_reserved` also reserved bytes and
/// triplets that are encoded already pass as they are.
pub(super) fn encode_into(out: &mut String, text: &str, keep_reserved: bool) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        let kept = is_unreserved(byte)
            || keep_reserved && (RESERVED.has(byte) || triplet(&text.as_bytes()[at..]).is_some());
        if kept {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push(char::from(DIGITS[usize::from(byte >> 4)]));
            out.push(char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// Decodes every triplet once; `None` for a percent sign without two digits or a result that is
/// not UTF-8.
pub(super) fn decode(text: &str) -> Option<String> {
    let mut rest = text.as_bytes();
    let mut out = Vec::with_capacity(rest.len());
    while let Some(&byte) = rest.first() {
        if byte == b'%' {
            out.push(triplet(rest)?);
            rest = &rest[3..];
        } else {
            out.push(byte);
            rest = &rest[1..];
        }
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn decodes_once_and_strictly() {
        for (text, want) in [
            ("", Some("")),
            ("a%20b", Some("a b")),
            ("%252F", Some("%2F")),
            ("%C3%A9", Some("é")),
            ("%c3%a9", Some("é")),
            ("%C3", None),
            ("%ED%A0%80", None),
            ("%2", None),
            ("%", None),
            ("%+1", None),
            ("%G0", None),
        ] {
            assert_eq!(decode(text).as_deref(), want, "{text}");
        }
    }

    proptest! {
        #[test]
        fn decode_undoes_encode(text in any::<String>()) {
            let mut coded = String::new();
            encode_into(&mut coded, &text, false);
            prop_assert!(coded.bytes().all(|b| is_unreserved(b) || b == b'%'));
            prop_assert_eq!(decode(&coded), Some(text));
        }

        #[test]
        fn keeping_reserved_is_idempotent(text in any::<String>()) {
            let (mut once, mut twice) = (String::new(), String::new());
            encode_into(&mut once, &text, true);
            encode_into(&mut twice, &once, true);
            prop_assert_eq!(once, twice);
        }
    }
}
