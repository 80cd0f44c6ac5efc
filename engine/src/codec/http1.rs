//! The head of an HTTP/1 request: where it ends, what it says, and how its body is framed.
//!
//! Anything two readers could understand differently is refused, because a proxy before us might
//! be the other reader. Grammar is httparse's; what it tolerates and we do not (bare line feeds)
//! and what it leaves to its caller (lengths, encodings, Host) is decided here. Routes, origins
//! and media types are the exchange's business.

use std::mem::MaybeUninit;
use std::ops::Range;

use crate::limits::{HEAD_BYTES_MAX, HEADERS_MAX};

/// A header field as it was sent, its value without surrounding blanks.
pub type Field<'b> = httparse::Header<'b>;

/// Room for the fields of one head, on the caller's stack.
pub type FieldSlots<'b> = [MaybeUninit<Field<'b>>; HEADERS_MAX];

/// Empty [`FieldSlots`].
pub const fn field_slots<'b>() -> FieldSlots<'b> {
    [const { MaybeUninit::uninit() }; HEADERS_MAX]
}

/// Why a head is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// Not the grammar of a request: stray bytes, control bytes, folded or malformed fields.
    Syntax,
    /// A line ends in a bare line feed.
    BareLineFeed,
    /// Longer than [`HEAD_BYTES_MAX`].
    TooLong,
    /// More fields than [`HEADERS_MAX`].
    TooManyFields,
    /// A protocol version other than 1.0 and 1.1.
    Version,
    /// Not an origin-form target, or an absolute one that names another host.
    Target,
    /// HTTP/1.1 without Host.
    NoHost,
    /// More than one Host.
    TwoHosts,
    /// A Content-Length that is no plain number, or that is there twice.
    Length,
    /// A Transfer-Encoding other than `chunked` alone, or on HTTP/1.0.
    Encoding,
    /// Content-Length together with Transfer-Encoding.
    LengthAndEncoding,
    /// An Expect other than `100-continue`.
    Expectation,
}

/// How the bytes of a body are delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyFraming {
    /// This many bytes follow the head; none without a Content-Length.
    Length(u64),
    /// Chunks follow.
    Chunked,
}

/// A request head that passed every check of this file.
#[derive(Debug)]
pub struct Head<'h, 'b> {
    /// The method, case kept.
    pub method: &'b str,
    /// Path and query, always beginning with `/`; or `*`.
    pub path: &'b str,
    /// The Host field; absent only on HTTP/1.0.
    pub host: Option<&'b [u8]>,
    /// All fields in order.
    pub fields: &'h [Field<'b>],
    /// How the body is framed.
    pub body: BodyFraming,
    /// Whether the peer waits for `100 Continue` before it sends the body.
    pub expects_continue: bool,
    /// Whether the peer lets the connection live on. Never on HTTP/1.0.
    pub keep_alive: bool,
    /// The minor version: 0 or 1.
    pub minor: u8,
}

/// Finds the end of the head that begins `bytes`: the index behind its empty line, or `None` when
/// it has not come. Bytes before `scanned` were looked at by an earlier call.
///
/// The answer depends on the bytes only, not on how they were cut into calls.
pub fn head_end(bytes: &[u8], scanned: usize) -> Result<Option<usize>, HeadFault> {
    if bytes.first().is_some_and(|&first| !first.is_ascii_alphabetic()) {
        return Err(HeadFault::Syntax);
    }
    let window = &bytes[..bytes.len().min(HEAD_BYTES_MAX)];
    let mut at = scanned;
    while at < window.len() {
        let block = at.checked_sub(2).and_then(|before| window[before..].first_chunk());
        if block.is_none_or(has_stop) {
            let block_end = window.len().min(at + BLOCK_BYTES);
            if let Some(end) = stop_in(window, at..block_end)? {
                return Ok(Some(end));
            }
        }
        at += BLOCK_BYTES;
    }
    if bytes.len() >= HEAD_BYTES_MAX { Err(HeadFault::TooLong) } else { Ok(None) }
}

/// Bytes that are looked at together.
const BLOCK_BYTES: usize = 32;

/// Whether a line feed among these bytes, the first two aside, is bare or ends the head. Without a
/// branch, so that it compiles to a few vector instructions: most blocks have neither.
fn has_stop(block: &[u8; BLOCK_BYTES + 2]) -> bool {
    let found = (2..block.len()).fold(0, |found, at| {
        let is_bare = u8::from(block[at - 1] != b'\r');
        let is_behind_another = u8::from(block[at - 2] == b'\n');
        found | u8::from(block[at] == b'\n') & (is_bare | is_behind_another)
    });
    found != 0
}

/// The end of the head if it lies in `range`.
fn stop_in(window: &[u8], range: Range<usize>) -> Result<Option<usize>, HeadFault> {
    for line_feed in range.filter(|at| window[*at] == b'\n') {
        match window[..line_feed] {
            [.., b'\n', b'\r'] => return Ok(Some(line_feed + 1)),
            [.., b'\r'] => {}
            _ => return Err(HeadFault::BareLineFeed),
        }
    }
    Ok(None)
}

/// Reads a whole head, as delimited by [`head_end`].
pub fn parse_head<'h, 'b>(
    bytes: &'b [u8],
    slots: &'h mut FieldSlots<'b>,
) -> Result<Head<'h, 'b>, HeadFault> {
    let mut request = httparse::Request::new(&mut []);
    match request.parse_with_uninit_headers(bytes, slots) {
        Ok(httparse::Status::Complete(end)) if end == bytes.len() => {}
        Err(httparse::Error::TooManyHeaders) => return Err(HeadFault::TooManyFields),
        Err(httparse::Error::Version) => return Err(version_fault(bytes)),
        Ok(_) | Err(_) => return Err(HeadFault::Syntax),
    }
    let (Some(method), Some(target), Some(minor)) = (request.method, request.path, request.version)
    else {
        return Err(HeadFault::Syntax);
    };
    let fields: &'h [Field<'b>] = request.headers;
    let framing = Framing::read(fields)?;
    Ok(Head {
        method,
        path: path_of(target, framing.host)?,
        host: framing.host_for(minor)?,
        fields,
        body: framing.body(minor)?,
        expects_continue: framing.expects_continue(minor)?,
        keep_alive: minor == 1 && !framing.close,
        minor,
    })
}

/// What the fields say about framing, gathered in one pass.
#[derive(Default)]
struct Framing<'b> {
    host: Option<&'b [u8]>,
    length: Option<u64>,
    chunked: bool,
    close: bool,
    expect: Option<&'b [u8]>,
}

impl<'b> Framing<'b> {
    fn read(fields: &[Field<'b>]) -> Result<Self, HeadFault> {
        let mut framing = Self::default();
        for field in fields {
            framing.note(field)?;
        }
        Ok(framing)
    }

    fn note(&mut self, field: &Field<'b>) -> Result<(), HeadFault> {
        let named = |name: &str| field.name.eq_ignore_ascii_case(name);
        match field.name.len() {
            4 if named("host") => {
                once(&mut self.host, field.value, HeadFault::TwoHosts)?;
            }
            6 if named("expect") => self.expect = Some(field.value),
            10 if named("connection") => {
                self.close |= field
                    .value
                    .split(|&byte| byte == b',')
                    .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
            }
            14 if named("content-length") => {
                let length = number(field.value).ok_or(HeadFault::Length)?;
                once(&mut self.length, length, HeadFault::Length)?;
            }
            17 if named("transfer-encoding") => {
                if self.chunked || !field.value.eq_ignore_ascii_case(b"chunked") {
                    return Err(HeadFault::Encoding);
                }
                self.chunked = true;
            }
            _ => {}
        }
        Ok(())
    }

    fn host_for(&self, minor: u8) -> Result<Option<&'b [u8]>, HeadFault> {
        if minor == 1 && self.host.is_none() { Err(HeadFault::NoHost) } else { Ok(self.host) }
    }

    fn body(&self, minor: u8) -> Result<BodyFraming, HeadFault> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(HeadFault::LengthAndEncoding),
            (true, None) if minor == 0 => Err(HeadFault::Encoding),
            (true, None) => Ok(BodyFraming::Chunked),
            (false, length) => Ok(BodyFraming::Length(length.unwrap_or(0))),
        }
    }

    /// HTTP/1.0 has no expectations, so the field means nothing there.
    fn expects_continue(&self, minor: u8) -> Result<bool, HeadFault> {
        match self.expect {
            Some(value) if minor == 1 && value.eq_ignore_ascii_case(b"100-continue") => Ok(true),
            Some(_) if minor == 1 => Err(HeadFault::Expectation),
            _ => Ok(false),
        }
    }
}

/// Sets what may be said once.
fn once<T>(place: &mut Option<T>, value: T, fault: HeadFault) -> Result<(), HeadFault> {
    if place.replace(value).is_some() { Err(fault) } else { Ok(()) }
}

/// Digits only: no sign, no list, no blanks inside, no overflow.
fn number(value: &[u8]) -> Option<u64> {
    if value.is_empty() {
        return None;
    }
    value.iter().try_fold(0_u64, |sum, &byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        sum.checked_mul(10)?.checked_add(digit)
    })
}

/// Path and query of a request target; an absolute one must name the host that Host names.
fn path_of<'b>(target: &'b str, host: Option<&[u8]>) -> Result<&'b str, HeadFault> {
    if !target.is_ascii() || target.contains('#') {
        return Err(HeadFault::Target);
    }
    if target.starts_with('/') || target == "*" {
        return Ok(target);
    }
    let (scheme, rest) = target.split_once("://").ok_or(HeadFault::Target)?;
    if !scheme.eq_ignore_ascii_case("http") && !scheme.eq_ignore_ascii_case("https") {
        return Err(HeadFault::Target);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    if host.is_some_and(|host| !host.eq_ignore_ascii_case(authority.as_bytes())) {
        return Err(HeadFault::Target);
    }
    match path.as_bytes().first() {
        Some(b'/') => Ok(path),
        None => Ok("/"),
        Some(_) => Err(HeadFault::Target),
    }
}

/// Tells a version we do not speak from a request line that is none.
fn version_fault(bytes: &[u8]) -> HeadFault {
    let line = bytes.split(|&byte| byte == b'\r').next().unwrap_or(bytes);
    let mut words = line.split(|&byte| byte == b' ').skip(2);
    match (words.next(), words.next()) {
        (Some([b'H', b'T', b'T', b'P', b'/', major, b'.', minor]), None)
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            HeadFault::Version
        }
        _ => HeadFault::Syntax,
    }
}
