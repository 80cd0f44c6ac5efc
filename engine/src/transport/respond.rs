//! HTTP/1.1 answers, written in place: whole ones with a length patched in, and streams.
//!
//! The body is appended straight behind the head, so an answer is never held twice. The length has
//! a fixed width, filled with leading blanks, which HTTP reads over.

use std::ops::Range;

use super::Mark;

/// The interim answer to `Expect: 100-continue`.
pub const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";

/// The end of a head that tells its body's length, which is not known yet.
const BLANK_LENGTH: &[u8] = b"content-length:           \r\n\r\n";
/// Where the length goes in it.
const LENGTH_DIGITS: Range<usize> = 16..26;
const CHUNK_HEAD: &[u8] = b"00000000\r\n";
const CHUNK_DIGITS: usize = 8;

/// Appends a whole answer; `write_body` appends its body. Nothing may be there but the body when
/// it returns. Statuses without a body take [`respond_empty`].
pub fn respond(
    out: &mut Vec<u8>,
    status: u16,
    headers: &[(&str, &str)],
    content_type: Option<&'static str>,
    keep_alive: bool,
    write_body: impl FnOnce(&mut Vec<u8>),
) {
    head(out, status, headers, content_type, keep_alive);
    let blank = out.len();
    out.extend_from_slice(BLANK_LENGTH);
    let body = out.len();
    write_body(out);
    let len = out.len() - body;
    patch_decimal(&mut out[blank..body][LENGTH_DIGITS], len);
}

/// Appends an answer without a body.
pub fn respond_empty(out: &mut Vec<u8>, status: u16, headers: &[(&str, &str)], keep_alive: bool) {
    head(out, status, headers, None, keep_alive);
    // A 204 must have no length at all, every other status needs one to be delimited.
    out.extend_from_slice(if status == 204 { b"\r\n" } else { b"content-length: 0\r\n\r\n" });
}

/// Appends a whole answer whose headers are the program's, which has checked them: the engine says
/// how it is framed. Without `sends_body` it is the answer to HEAD.
pub fn respond_page(
    out: &mut Vec<u8>,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    sends_body: bool,
    keep_alive: bool,
) {
    head(out, status, &[], None, keep_alive);
    for (name, value) in headers {
        header(out, name, value);
    }
    // A 204 must have no length, and that of a 304 would be another's.
    if !matches!(status, 204 | 304) {
        header(out, "content-length", &body.len().to_string());
    }
    out.extend_from_slice(b"\r\n");
    if sends_body {
        out.extend_from_slice(body);
    }
}

/// An answer whose body comes in pieces: chunked, or ended by closing for HTTP/1.0.
#[derive(Clone, Copy, Debug)]
pub struct Stream {
    chunked: bool,
}

impl Stream {
    /// Appends the head of a stream. `takes_chunks` is the exchange's; without it, `keep_alive`
    /// is taken as false, for only closing ends the body.
    pub fn open(
        out: &mut Vec<u8>,
        headers: &[(&str, &str)],
        content_type: &'static str,
        takes_chunks: bool,
        keep_alive: bool,
    ) -> Self {
        head(out, 200, headers, Some(content_type), keep_alive && takes_chunks);
        if takes_chunks {
            out.extend_from_slice(b"transfer-encoding: chunked\r\n");
        }
        out.extend_from_slice(b"\r\n");
        Self { chunked: takes_chunks }
    }

    /// Begins a piece at the end of `out`; append it, then [`Stream::close_piece`].
    pub fn open_piece(self, out: &mut Vec<u8>) -> Mark {
        let mark = Mark(out.len());
        if self.chunked {
            out.extend_from_slice(CHUNK_HEAD);
        }
        mark
    }

    /// Ends the piece begun at `mark`. An empty piece leaves nothing behind: as a chunk it would
    /// end the stream.
    pub fn close_piece(self, out: &mut Vec<u8>, mark: Mark) {
        if !self.chunked {
            return;
        }
        let body = mark.0 + CHUNK_HEAD.len();
        if out.len() == body {
            out.truncate(mark.0);
            return;
        }
        let mut len = out.len() - body;
        for digit in out[mark.0..mark.0 + CHUNK_DIGITS].iter_mut().rev() {
            *digit = b"0123456789abcdef"[len & 15];
            len >>= 4;
        }
        debug_assert_eq!(len, 0, "a piece over 4 GiB");
        out.extend_from_slice(b"\r\n");
    }

    /// Ends the stream. When this is false the connection must be closed instead.
    pub fn finish(self, out: &mut Vec<u8>) -> bool {
        if self.chunked {
            out.extend_from_slice(b"0\r\n\r\n");
        }
        self.chunked
    }
}

/// Status line and headers, up to where the body's framing is told.
fn head(
    out: &mut Vec<u8>,
    status: u16,
    headers: &[(&str, &str)],
    content_type: Option<&'static str>,
    keep_alive: bool,
) {
    status_line(out, status);
    if let Some(content_type) = content_type {
        // Our own words, which hold nothing that would have to be taken out of a header.
        out.extend_from_slice(b"content-type: ");
        out.extend_from_slice(content_type.as_bytes());
        out.extend_from_slice(b"\r\n");
    }
    for (name, value) in headers {
        header(out, name, value);
    }
    if !keep_alive {
        out.extend_from_slice(b"connection: close\r\n");
    }
}

fn header(out: &mut Vec<u8>, name: &str, value: &str) {
    debug_assert!(is_clean(name) && is_clean(value), "a header that would not stay one line");
    clean_into(out, name);
    out.extend_from_slice(b": ");
    clean_into(out, value);
    out.extend_from_slice(b"\r\n");
}

fn is_clean(text: &str) -> bool {
    memchr::memchr3(b'\r', b'\n', 0, text.as_bytes()).is_none()
}

/// Text with every byte that could end the line or the string replaced by a blank.
fn clean_into(out: &mut Vec<u8>, text: &str) {
    let start = out.len();
    out.extend_from_slice(text.as_bytes());
    if !is_clean(text) {
        for byte in &mut out[start..] {
            if matches!(byte, b'\r' | b'\n' | 0) {
                *byte = b' ';
            }
        }
    }
}

fn status_line(out: &mut Vec<u8>, status: u16) {
    let line: &[u8] = match status {
        200 => b"HTTP/1.1 200 OK\r\n",
        202 => b"HTTP/1.1 202 Accepted\r\n",
        204 => b"HTTP/1.1 204 No Content\r\n",
        400 => b"HTTP/1.1 400 Bad Request\r\n",
        401 => b"HTTP/1.1 401 Unauthorized\r\n",
        403 => b"HTTP/1.1 403 Forbidden\r\n",
        404 => b"HTTP/1.1 404 Not Found\r\n",
        405 => b"HTTP/1.1 405 Method Not Allowed\r\n",
        406 => b"HTTP/1.1 406 Not Acceptable\r\n",
        409 => b"HTTP/1.1 409 Conflict\r\n",
        413 => b"HTTP/1.1 413 Content Too Large\r\n",
        415 => b"HTTP/1.1 415 Unsupported Media Type\r\n",
        417 => b"HTTP/1.1 417 Expectation Failed\r\n",
        421 => b"HTTP/1.1 421 Misdirected Request\r\n",
        429 => b"HTTP/1.1 429 Too Many Requests\r\n",
        431 => b"HTTP/1.1 431 Request Header Fields Too Large\r\n",
        500 => b"HTTP/1.1 500 Internal Server Error\r\n",
        501 => b"HTTP/1.1 501 Not Implemented\r\n",
        503 => b"HTTP/1.1 503 Service Unavailable\r\n",
        504 => b"HTTP/1.1 504 Gateway Timeout\r\n",
        505 => b"HTTP/1.1 505 HTTP Version Not Supported\r\n",
        other => return other_status_line(out, other),
    };
    out.extend_from_slice(line);
}

/// A status without words of ours: the number says it, and the reason phrase may be empty.
fn other_status_line(out: &mut Vec<u8>, status: u16) {
    debug_assert!((200..600).contains(&status));
    out.extend_from_slice(format!("HTTP/1.1 {status} \r\n").as_bytes());
}

/// Writes `number` right-aligned into `field`, which is blank.
fn patch_decimal(field: &mut [u8], mut number: usize) {
    for digit in field.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            return;
        }
    }
    debug_assert_eq!(number, 0, "a body over ten digits of length");
}
