//! A parser whose last text can be looked into until the next one.

use mcpring::json::{Padded, PaddedBuf, Parser, SLACK, Value};

use crate::failure::Failure;
use crate::ffi::{Contract, KeptText, enter, mcpring_str};
use crate::handle::{Kind, Opaque};
use crate::local::{self, Local};
use crate::status::mcpring_status;

/// A JSON parser and the text it parsed last. It belongs to the thread that made it.
pub struct mcpring_json {
    _private: (),
}

impl Opaque for mcpring_json {
    const KIND: Kind = Kind::Json;
}

/// A value of a parsed text, by its place: 0 is the whole text's value, and what is inside a value
/// follows it.
pub type mcpring_node = u32;

/// No value: what is not there.
pub const MCPRING_NO_NODE: mcpring_node = 0xffff_ffff;

/// Bytes that must be readable behind a text for it to be parsed where it lies.
pub const MCPRING_PADDING: usize = 64;

const _: () = assert!(MCPRING_PADDING == SLACK);

/// Bytes of the copy's memory that are kept when a smaller text follows.
const COPY_BYTES_KEPT: usize = 1 << 20;

thread_local! {
    static JSON: Local<mcpring_json, Json> = const { Local::new() };
}

/// INVARIANT: `text` is the parser's last, or none while there is none.
#[derive(Default)]
pub(crate) struct Json {
    parser: Parser,
    text: Option<KeptText>,
    /// A text that had too few readable bytes behind it.
    copy: Option<PaddedBuf>,
    /// The method's name of the message read last, where escapes hid it.
    pub(crate) method: String,
}

impl Json {
    #[inline]
    fn parse(&mut self, c: &Contract, text: mcpring_str, readable: usize) -> Result<(), Failure> {
        self.text = None;
        if text.data.is_null() {
            return Err(Failure::null("text"));
        }
        let padded_len = text.len.saturating_add(MCPRING_PADDING);
        if readable < padded_len {
            return self.parse_copy(c, text);
        }
        let bytes = c.array(text.data.cast(), padded_len, "text")?;
        let padded = Padded::new(bytes, text.len).ok_or_else(|| Failure::null("text"))?;
        self.text = Some(c.keep(self.parser.parse(padded)?.text()));
        Ok(())
    }

    #[inline(never)]
    fn parse_copy(&mut self, c: &Contract, text: mcpring_str) -> Result<(), Failure> {
        let padded = copied(&mut self.copy, c.bytes(text, "text")?);
        self.text = Some(c.keep(self.parser.parse(padded)?.text()));
        Ok(())
    }

    /// The value at a place of the text parsed last.
    #[inline]
    pub(crate) fn node(&self, node: mcpring_node) -> Result<Value<'_>, Failure> {
        let Some(text) = &self.text else {
            return Err(Failure::state("no text was parsed, or the last one was refused"));
        };
        self.parser.value(text.as_str(), node).ok_or_else(|| no_such_node(node))
    }
}

#[cold]
fn no_such_node(node: mcpring_node) -> Failure {
    Failure::argument(format!("the text has no value {node}"))
}

fn copied<'m>(copy: &'m mut Option<PaddedBuf>, text: &[u8]) -> Padded<'m> {
    let is_huge = |copy: &PaddedBuf| copy.capacity() > COPY_BYTES_KEPT;
    if text.len() < COPY_BYTES_KEPT && copy.as_ref().is_some_and(is_huge) {
        *copy = None;
    }
    let copy = copy.get_or_insert_with(|| PaddedBuf::copy(&[]));
    copy.replace(text);
    copy.padded()
}

/// Acts on the parser that `json` means.
#[inline]
pub(crate) fn with<R>(
    json: *mut mcpring_json,
    act: impl FnOnce(&mut Json) -> Result<R, Failure>,
) -> Result<R, Failure> {
    local::with(&JSON, json, act)
}

/// Makes a parser. Its memory grows with the largest text and is used again for each.
///
/// Ownership: *json is the caller's, to be freed with mcpring_json_free on the same thread; a
/// thread that ends frees those it still has.
/// Threads: any; the parser belongs to this one.
/// Errors: MCPRING_ERR_ARGUMENT when json is NULL, MCPRING_ERR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_new(json: *mut *mut mcpring_json) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(json, "json")?;
        out.set(local::insert(&JSON, Json::default())?);
        Ok(())
    })
}

/// Frees a parser; NULL is nothing to free.
///
/// Ownership: takes the parser; what it lent is over.
/// Threads: the one that made it.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_free(json: *mut mcpring_json) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| local::free(&JSON, json).map(drop))
}

/// Parses one text, strictly by RFC 8259. What was known of the text before is over.
///
/// readable says how many bytes may be read from text.data on, whatever they hold. With at least
/// text.len + MCPRING_PADDING the text is used where it lies; with fewer it is copied.
///
/// Ownership: a text that is used where it lies must stay as it is until the next parse or until
/// the parser is freed; one that is copied need not.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_MALFORMED with reason and offset, MCPRING_ERR_ARGUMENT when text.data is
/// NULL, MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_json_parse(
    json: *mut mcpring_json,
    text: mcpring_str,
    readable: usize,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| with(json, |json| json.parse(c, text, readable)))
}
