//! Messages that equal one seen before but for a few scalars, found by comparison alone.
//!
//! A server's answers to one question differ in their id, its progress messages in their token and
//! their number. Comparing what stands between them costs a fraction of reading the JSON.

use std::ops::Range;

use memchr::memchr2;

/// The bytes around the scalars that differ.
#[derive(Debug)]
pub(super) struct Shape {
    /// One more than there are scalars.
    parts: Vec<Vec<u8>>,
}

impl Shape {
    /// Cuts `body` at `holes`, which are scalars in the order of their places.
    pub(super) fn cut(body: &[u8], holes: &[Range<usize>]) -> Self {
        let mut at = 0;
        let mut parts = Vec::with_capacity(holes.len() + 1);
        for hole in holes {
            parts.push(body[at..hole.start].to_vec());
            at = hole.end;
        }
        parts.push(body[at..].to_vec());
        Self { parts }
    }

    /// The first two scalars of `body` if it has this shape; one that does not exist is empty.
    pub(super) fn fit<'b>(&self, body: &'b [u8]) -> Option<[&'b [u8]; 2]> {
        let (last, parts) = self.parts.split_last()?;
        let (mut found, mut rest) = ([&body[..0]; 2], body);
        for (part, found) in parts.iter().zip(&mut found) {
            rest = rest.strip_prefix(&part[..])?;
            let (scalar, behind) = rest.split_at(scalar(rest)?);
            (*found, rest) = (scalar, behind);
        }
        (rest == &last[..]).then_some(found)
    }
}

/// The length of the string or number that `bytes` begin with. A string with escapes is none: it is
/// left to who reads JSON.
fn scalar(bytes: &[u8]) -> Option<usize> {
    if let Some(rest) = bytes.strip_prefix(b"\"") {
        let end = memchr2(b'"', b'\\', rest)?;
        return (rest[end] == b'"').then_some(end + 2);
    }
    let is_number = |byte: &&u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    Some(bytes.iter().take_while(is_number).count()).filter(|length| *length > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scalars_may_differ() {
        let first = br#"{"a":12,"b":"x","c":3}"#;
        let shape = Shape::cut(first, &[5..7, 12..15]);
        for (body, want) in [
            (r#"{"a":12,"b":"x","c":3}"#, Some(["12", r#""x""#])),
            (r#"{"a":-1.5e3,"b":"","c":3}"#, Some(["-1.5e3", r#""""#])),
            (r#"{"a":"12","b":7,"c":3}"#, Some([r#""12""#, "7"])),
            (r#"{"a":12,"b":"x\"","c":3}"#, None),
            (r#"{"a":,"b":"x","c":3}"#, None),
            (r#"{"a":12,"b":"x","c":4}"#, None),
            (r#"{"a":12,"b":"x","c":3} "#, None),
            (r#"{"a":12,"b":"x"#, None),
            ("", None),
        ] {
            let want = want.map(|scalars| scalars.map(str::as_bytes));
            assert_eq!(shape.fit(body.as_bytes()), want, "{body}");
        }
    }
}
