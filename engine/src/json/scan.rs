//! The scan: one pass over a text, checking everything and writing the span tape.
//!
//! The text is never changed and numbers are never rounded: the tape says where things are. The
//! loop is iterative; nesting lives on the tape itself, so depth costs no stack. It is written
//! once, over [`Lanes`], and instantiated in `simd` for each instruction set, where all of it is
//! inlined into one function that is compiled for that set.
//!
//! Two views of the same bytes keep it safe and quick. Single bytes are read from `text`, where
//! the bounds check *is* the check for the end; blocks are read from `bytes`, which has slack
//! behind, and whatever a block says about bytes behind the text is cut off.

#![expect(clippy::inline_always, reason = "a call would leave the wide instructions behind")]

use super::error::{JsonError, JsonErrorKind};
use super::padded::Padded;
use super::simd::Lanes;
use super::tape::{Kind, Open, Tape};
use crate::limits::JSON_DEPTH_MAX;

/// Checks `text` and writes its tape. `text` must be UTF-8: strings are not checked for it here.
#[inline(always)]
pub(crate) fn scan<L: Lanes>(lanes: L, text: Padded<'_>, tape: &mut Tape) -> Result<(), JsonError> {
    if text.text().len() > u32::MAX as usize {
        return Err(JsonError { kind: JsonErrorKind::TooLong, offset: u32::MAX as usize });
    }
    tape.reset();
    let (bytes, text) = (text.bytes(), text.text());
    Scanner { lanes, bytes, text, at: 0, tape, open: Open::NONE, depth: 0 }.run()
}

struct Scanner<'t, L> {
    lanes: L,
    /// The text and its slack.
    bytes: &'t [u8],
    text: &'t [u8],
    /// Offset of the next byte. INVARIANT: never behind the end of `text`.
    at: usize,
    tape: &'t mut Tape,
    /// The innermost open container.
    open: Open,
    depth: usize,
}

/// What has to come next.
enum Next {
    Value,
    /// A separator or an end: a value is complete.
    AfterValue,
    End,
}

impl<L: Lanes> Scanner<'_, L> {
    #[inline(always)]
    fn run(mut self) -> Result<(), JsonError> {
        self.skip_space();
        loop {
            if let Next::Value = self.value()? {
                continue;
            }
            if let Next::End = self.after_value()? {
                break;
            }
        }
        self.skip_space();
        if self.at < self.text.len() {
            return Err(self.fault(JsonErrorKind::TrailingText, self.at));
        }
        Ok(())
    }

    /// Reads one value, of a container only the beginning.
    #[inline(always)]
    fn value(&mut self) -> Result<Next, JsonError> {
        match self.peek() {
            b'"' => self.string()?,
            b'{' => return self.begin(true),
            b'[' => return self.begin(false),
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.literal(b"true", Kind::Bool, true)?,
            b'f' => self.literal(b"false", Kind::Bool, false)?,
            b'n' => self.literal(b"null", Kind::Null, false)?,
            _ => return Err(self.fault(JsonErrorKind::ExpectedValue, self.at)),
        }
        Ok(Next::AfterValue)
    }

    /// Passes over what may follow a complete value: ends of containers, then a comma.
    #[inline(always)]
    fn after_value(&mut self) -> Result<Next, JsonError> {
        while self.depth > 0 {
            self.open.count += 1;
            self.skip_space();
            match (self.peek(), self.open.is_object) {
                (b',', is_object) => {
                    self.at += 1;
                    self.skip_space();
                    if is_object {
                        self.name()?;
                    }
                    return Ok(Next::Value);
                }
                (b'}', true) | (b']', false) => self.end(),
                _ => return Err(self.fault(JsonErrorKind::ExpectedCommaOrEnd, self.at)),
            }
        }
        Ok(Next::End)
    }

    #[inline(always)]
    fn begin(&mut self, is_object: bool) -> Result<Next, JsonError> {
        if self.depth >= JSON_DEPTH_MAX {
            return Err(self.fault(JsonErrorKind::TooDeep, self.at));
        }
        match self.tape.open(self.open, is_object, self.at) {
            Ok(open) => self.open = open,
            Err(kind) => return Err(self.fault(kind, self.at)),
        }
        self.depth += 1;
        self.at += 1;
        self.skip_space();
        match (self.peek(), is_object) {
            (b'}', true) | (b']', false) => {
                self.end();
                return Ok(Next::AfterValue);
            }
            (_, true) => self.name()?,
            (_, false) => {}
        }
        Ok(Next::Value)
    }

    #[inline(always)]
    fn end(&mut self) {
        self.at += 1;
        self.open = self.tape.close(self.open, self.at);
        self.depth -= 1;
    }

    /// A member's name and the colon behind it.
    #[inline(always)]
    fn name(&mut self) -> Result<(), JsonError> {
        if self.peek() != b'"' {
            return Err(self.fault(JsonErrorKind::ExpectedName, self.at));
        }
        self.string()?;
        self.skip_space();
        if self.peek() != b':' {
            return Err(self.fault(JsonErrorKind::ExpectedColon, self.at));
        }
        self.at += 1;
        self.skip_space();
        Ok(())
    }

    /// A string from its opening quote.
    ///
    /// ```text
    /// take a block; for each byte in it that ends a plain run:
    ///     quote → done;   backslash → check the escape, ignore the block's bits up to its end
    /// no such byte: a long string, so look at two blocks at once from here on
    /// ```
    #[inline(always)]
    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let mut escaped = false;
        let mut base = start + 1;
        loop {
            if base >= self.text.len() {
                return Err(self.fault(JsonErrorKind::UnexpectedEnd, base));
            }
            let mut stops = self.lanes.string_stops(self.bytes, base);
            let mut next = base + L::WIDTH;
            if stops == 0 {
                next = self.plain_run(next);
            }
            while stops != 0 {
                let stop = base + stops.trailing_zeros() as usize;
                match self.text.get(stop) {
                    Some(b'"') => {
                        self.at = stop + 1;
                        return self.leaf(Kind::String, escaped, start);
                    }
                    Some(b'\\') => escaped = true,
                    _ => return Err(self.fault(JsonErrorKind::ControlCharacter, stop)),
                }
                // Bits of the escape itself, such as the quote of `\"`, are done with.
                let end = match self.text.get(stop + 1) {
                    Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                        let lowest = stops & stops.wrapping_neg();
                        stops &= !(lowest | lowest << 1);
                        stop + 2
                    }
                    Some(b'u') => {
                        let end = unicode_escape(self.text, stop)?;
                        stops &= u32::MAX.checked_shl((end - base) as u32).unwrap_or(0);
                        end
                    }
                    _ => return Err(self.fault(JsonErrorKind::BadEscape, stop + 1)),
                };
                next = next.max(end);
            }
            base = next;
        }
    }

    /// Passes over pairs of blocks in which nothing ends a plain run.
    #[inline(always)]
    fn plain_run(&self, mut at: usize) -> usize {
        while at < self.text.len() && self.lanes.is_plain_pair(self.bytes, at) {
            at += 2 * L::WIDTH;
        }
        at
    }

    #[inline(always)]
    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        let whole = start + usize::from(self.peek() == b'-');
        let mut at = self.digits(whole)?;
        if at - whole > 1 && self.text[whole] == b'0' {
            return Err(self.fault(JsonErrorKind::BadNumber, whole + 1));
        }
        let mut is_integer = true;
        if self.text.get(at) == Some(&b'.') {
            is_integer = false;
            at = self.digits(at + 1)?;
        }
        if let Some(b'e' | b'E') = self.text.get(at) {
            is_integer = false;
            let signed = matches!(self.text.get(at + 1), Some(b'+' | b'-'));
            at = self.digits(at + 1 + usize::from(signed))?;
        }
        self.at = at;
        self.leaf(Kind::Number, is_integer, start)
    }

    /// The end of the digits that start at `at`; at least one must.
    #[inline(always)]
    fn digits(&self, at: usize) -> Result<usize, JsonError> {
        let mut end = at;
        while end < self.text.len() {
            let run = self.lanes.other_than_digits(self.bytes, end).trailing_zeros() as usize;
            end += run.min(L::WIDTH);
            if run < L::WIDTH {
                break;
            }
        }
        let end = end.min(self.text.len());
        if end <= at {
            return Err(self.fault(JsonErrorKind::BadNumber, at));
        }
        Ok(end)
    }

    #[inline(always)]
    fn literal<const N: usize>(
        &mut self,
        word: &[u8; N],
        kind: Kind,
        flag: bool,
    ) -> Result<(), JsonError> {
        let start = self.at;
        if self.text[start..].first_chunk::<N>() != Some(word) {
            return Err(wrong_literal(&self.text[start..], word, start));
        }
        self.at = start + N;
        self.leaf(kind, flag, start)
    }

    #[inline(always)]
    fn leaf(&mut self, kind: Kind, flag: bool, start: usize) -> Result<(), JsonError> {
        let pushed = self.tape.leaf(kind, flag, start, self.at);
        pushed.map_err(|kind| self.fault(kind, start))
    }

    /// The next byte; a NUL, which is wrong everywhere, at the end.
    #[inline(always)]
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    /// Most texts have no space here, some have one; indented ones have long runs.
    #[inline(always)]
    fn skip_space(&mut self) {
        if self.peek() > b' ' {
            return;
        }
        while self.at < self.text.len() {
            let others = self.lanes.other_than_space(self.bytes, self.at);
            if others != 0 {
                let end = self.at + others.trailing_zeros() as usize;
                self.at = end.min(self.text.len());
                return;
            }
            self.at = (self.at + L::WIDTH).min(self.text.len());
        }
    }

    #[inline(always)]
    fn fault(&self, kind: JsonErrorKind, at: usize) -> JsonError {
        fault(self.text, kind, at)
    }
}

/// A fault at `at`; behind the last byte every fault is that the text ended.
#[cold]
fn fault(text: &[u8], kind: JsonErrorKind, at: usize) -> JsonError {
    if at >= text.len() {
        return JsonError { kind: JsonErrorKind::UnexpectedEnd, offset: text.len() };
    }
    JsonError { kind, offset: at }
}

/// The fault of a text that starts like `word`, at the first byte that differs.
#[cold]
fn wrong_literal(rest: &[u8], word: &[u8], start: usize) -> JsonError {
    let same = rest.iter().zip(word).take_while(|(a, b)| a == b).count();
    let kind = if same == rest.len() {
        JsonErrorKind::UnexpectedEnd
    } else {
        JsonErrorKind::ExpectedValue
    };
    JsonError { kind, offset: start + same }
}

/// The end of the `\uXXXX` at `slash`, or of the pair it begins; lone surrogates are refused.
#[inline(never)]
fn unicode_escape(text: &[u8], slash: usize) -> Result<usize, JsonError> {
    match hex4(text, slash + 2)? {
        0xD800..=0xDBFF => {
            let lone = || JsonError { kind: JsonErrorKind::LoneSurrogate, offset: slash };
            for (at, want) in [(slash + 6, b'\\'), (slash + 7, b'u')] {
                match text.get(at) {
                    None => return Err(fault(text, JsonErrorKind::UnexpectedEnd, at)),
                    Some(byte) if *byte != want => return Err(lone()),
                    Some(_) => {}
                }
            }
            match hex4(text, slash + 8)? {
                0xDC00..=0xDFFF => Ok(slash + 12),
                _ => Err(lone()),
            }
        }
        0xDC00..=0xDFFF => Err(JsonError { kind: JsonErrorKind::LoneSurrogate, offset: slash }),
        _ => Ok(slash + 6),
    }
}

fn hex4(text: &[u8], at: usize) -> Result<u32, JsonError> {
    let mut code = 0;
    for at in at..at + 4 {
        let digit = text.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        let Some(digit) = digit else {
            return Err(fault(text, JsonErrorKind::BadEscape, at));
        };
        code = code * 16 + digit;
    }
    Ok(code)
}
