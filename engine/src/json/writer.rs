//! JSON written straight into the bytes that will be sent; commas are the writer's business.

use std::io::Write as _;

use super::simd;

/// Appends JSON to a buffer. The caller nests correctly and names every member of an object.
pub struct Writer<'b> {
    out: &'b mut Vec<u8>,
    /// Whether a value stands directly before, so that the next needs a comma.
    follows: bool,
}

impl<'b> Writer<'b> {
    /// Writes behind what `out` already holds.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        Self { out, follows: false }
    }

    /// `{`
    pub fn begin_object(&mut self) {
        self.begin(b'{');
    }

    /// `}`
    pub fn end_object(&mut self) {
        self.end(b'}');
    }

    /// `[`
    pub fn begin_array(&mut self) {
        self.begin(b'[');
    }

    /// `]`
    pub fn end_array(&mut self) {
        self.end(b']');
    }

    /// A member's name; its value has to follow.
    pub fn key(&mut self, name: &str) {
        self.lead();
        escape_into(self.out, name);
        self.out.push(b':');
        self.follows = false;
    }

    /// Members written out by the author, up to the name of one whose value has to follow: what is
    /// the same in every message is copied, not looked at.
    pub(crate) fn spelled(&mut self, members: &'static str) {
        self.lead();
        self.out.extend_from_slice(members.as_bytes());
        self.follows = false;
    }

    /// A string, escaped.
    pub fn string(&mut self, text: &str) {
        self.lead();
        escape_into(self.out, text);
    }

    /// A value that is JSON already, copied as it is.
    pub fn raw(&mut self, json: &[u8]) {
        self.lead();
        self.out.extend_from_slice(json);
    }

    /// As [`Self::raw`], for a value that lies in several pieces.
    pub fn raw_parts(&mut self, parts: &[&[u8]]) {
        self.lead();
        for part in parts {
            self.out.extend_from_slice(part);
        }
    }

    /// Foreign JSON. A line break in it can only be insignificant space, and would end a message
    /// early on a transport framed by lines, so such JSON is compacted on its way.
    pub fn splice(&mut self, json: &[u8]) {
        if memchr::memchr2(b'\n', b'\r', json).is_none() {
            return self.raw(json);
        }
        self.lead();
        compact_into(self.out, json);
    }

    /// An integer.
    pub fn int(&mut self, number: i64) {
        self.lead();
        serde_json::to_writer(&mut *self.out, &number).expect("a Vec takes every write");
    }

    /// An unsigned integer.
    pub fn uint(&mut self, number: u64) {
        self.lead();
        serde_json::to_writer(&mut *self.out, &number).expect("a Vec takes every write");
    }

    /// A float in the shortest form that reads back the same; `null` when it is not finite.
    pub fn float(&mut self, number: f64) {
        self.lead();
        // Steps and counts are whole mostly, and far quicker to write as what they are.
        if (1.0..WHOLE_MAX).contains(&number) && number.fract() == 0.0 {
            let whole = number as u64;
            serde_json::to_writer(&mut *self.out, &whole).expect("a Vec takes every write");
            return self.out.extend_from_slice(b".0");
        }
        serde_json::to_writer(&mut *self.out, &number).expect("a Vec takes every write");
    }

    /// `true` or `false`.
    pub fn bool(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    /// `null`
    pub fn null(&mut self) {
        self.raw(b"null");
    }

    /// Any value that serde can write.
    pub fn value(&mut self, value: &impl serde::Serialize) -> serde_json::Result<()> {
        self.lead();
        serde_json::to_writer(&mut *self.out, value)
    }

    /// A value through `Display` whose text needs no escapes, in quotes (a date, an address).
    pub fn display(&mut self, value: impl std::fmt::Display) {
        self.lead();
        write!(self.out, "\"{value}\"").expect("a Vec takes every write");
    }

    /// A member that is a string.
    pub fn member_string(&mut self, name: &str, text: &str) {
        self.key(name);
        self.string(text);
    }

    /// A member that is JSON already.
    pub fn member_raw(&mut self, name: &str, json: &[u8]) {
        self.key(name);
        self.raw(json);
    }

    /// A member that is an integer.
    pub fn member_int(&mut self, name: &str, number: i64) {
        self.key(name);
        self.int(number);
    }

    /// A member that is an unsigned integer.
    pub fn member_uint(&mut self, name: &str, number: u64) {
        self.key(name);
        self.uint(number);
    }

    /// A member that is a float.
    pub fn member_float(&mut self, name: &str, number: f64) {
        self.key(name);
        self.float(number);
    }

    /// A member that is `true` or `false`.
    pub fn member_bool(&mut self, name: &str, value: bool) {
        self.key(name);
        self.bool(value);
    }

    fn begin(&mut self, bracket: u8) {
        self.lead();
        self.out.push(bracket);
        self.follows = false;
    }

    fn end(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.follows = true;
    }

    fn lead(&mut self) {
        if self.follows {
            self.out.push(b',');
        }
        self.follows = true;
    }
}

/// Whole floats below are written without an exponent.
const WHOLE_MAX: f64 = 1e15;

/// Appends `text` as a JSON string, quotes included.
pub fn escape_into(out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    // Names and words: a call through the table of kernels would cost more than the looking.
    if bytes.len() <= SHORT_BYTES_MAX && bytes.iter().all(|byte| is_plain(*byte)) {
        out.reserve(bytes.len() + 2);
        out.push(b'"');
        out.extend_from_slice(bytes);
        return out.push(b'"');
    }
    (simd::kernels().escape)(out, text);
}

const SHORT_BYTES_MAX: usize = 16;

fn is_plain(byte: u8) -> bool {
    byte >= 0x20 && byte != b'"' && byte != b'\\'
}

/// Appends the valid `json` without the white space between its tokens.
///
/// Afterwards it holds no line break, because inside strings JSON allows none.
pub fn compact_into(out: &mut Vec<u8>, json: &[u8]) {
    out.reserve(json.len());
    let mut rest = json;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        let (between, string) = rest.split_at(quote);
        push_dense(out, between);
        let (string, behind) = string.split_at(string_end(string));
        out.extend_from_slice(string);
        rest = behind;
    }
    push_dense(out, rest);
}

fn push_dense(out: &mut Vec<u8>, tokens: &[u8]) {
    out.extend(tokens.iter().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r')));
}

/// The length of the string that starts with the quote at 0.
fn string_end(string: &[u8]) -> usize {
    let mut at = 1;
    while let Some(stop) = string.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += stop;
        if string[at] == b'"' {
            return at + 1;
        }
        at += 2;
    }
    string.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_are_automatic() {
        let mut out = b"prefix ".to_vec();
        let mut writer = Writer::new(&mut out);
        writer.begin_object();
        writer.member_int("int", -5);
        writer.member_uint("uint", u64::MAX);
        writer.key("array");
        writer.begin_array();
        writer.null();
        writer.bool(true);
        writer.begin_array();
        writer.end_array();
        writer.begin_object();
        writer.end_object();
        writer.raw(b"{\"x\":1}");
        writer.end_array();
        writer.member_string("te\"xt", "line\nbreak");
        writer.end_object();
        let want = concat!(
            r#"prefix {"int":-5,"uint":18446744073709551615,"array":[null,true,[],{},{"x":1}],"#,
            r#""te\"xt":"line\nbreak"}"#
        );
        assert_eq!(String::from_utf8(out).expect("UTF-8"), want);
    }

    #[test]
    fn numbers() {
        let check = |number: f64, want: &str| {
            let mut out = Vec::new();
            Writer::new(&mut out).float(number);
            assert_eq!(str::from_utf8(&out), Ok(want));
            assert!(crate::json::is_valid(&out), "{want}");
        };
        check(0.1, "0.1");
        check(-0.0, "-0.0");
        check(1.0, "1.0");
        check(-1.0, "-1.0");
        check(0.0, "0.0");
        check(5e-324, "5e-324");
        check(f64::NAN, "null");
        check(f64::INFINITY, "null");
        for number in [10.0, 0.5, 1.5, WHOLE_MAX - 1.0, WHOLE_MAX - 0.5, WHOLE_MAX, 1e16, 1e22] {
            check(number, &serde_json::json!(number).to_string());
        }
        let mut out = Vec::new();
        Writer::new(&mut out).float(f64::MAX);
        assert_eq!(str::from_utf8(&out).expect("ASCII").parse(), Ok(f64::MAX));
    }

    #[test]
    fn compact() {
        let check = |json: &str, want: &str| {
            let mut out = Vec::new();
            compact_into(&mut out, json.as_bytes());
            assert_eq!(str::from_utf8(&out), Ok(want), "{json}");
        };
        check(" { \"a b\" :\r\n [ 1 ,\t2 ] } \n", r#"{"a b":[1,2]}"#);
        check("\"a \\\" b\\\\\" ", r#""a \" b\\""#);
        check("[ true , \"\" ,\n\"\\n\" ]", r#"[true,"","\n"]"#);
        check("1", "1");
        check("", "");
        check("\"cut \\", "\"cut \\");
    }
}
