//! Finds where an answer ends in the bytes received so far.
//!
//! It judges only what a client must know to go on; whether the answer is right is `check`.
//! [`crate::incoming`] reads, with a copy, what is not found here: bodies in chunks, event streams,
//! and what goes on until the connection is over.

use std::ops::Range;

use memchr::{memchr, memmem};

use crate::fault::excerpt;
use crate::target::Wire;

/// The longest answer that is read; more is a fault of the server.
pub const ANSWER_BYTES_MAX: usize = 32 << 20;
/// The longest head of an HTTP answer.
pub const HEAD_BYTES_MAX: usize = 64 << 10;

/// One whole answer at the beginning of the bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answered {
    /// The HTTP status; 200 for other wires.
    pub status: u16,
    /// The HTTP head; empty for other wires.
    pub head: Range<usize>,
    /// The message.
    pub body: Range<usize>,
    /// Where the next answer begins.
    pub end: usize,
    /// Whether the server closes the connection behind it.
    pub closes: bool,
}

impl Answered {
    /// A message in a frame: the bytes `body`, and the next frame begins at `end`.
    fn framed(body: Range<usize>, end: usize) -> Self {
        Self { status: 200, head: 0..0, body, end, closes: false }
    }
}

/// Reads the answers of one connection.
#[derive(Clone, Debug)]
pub struct Reader {
    wire: Wire,
    /// Bytes known to hold no end of line, so that a long line is searched once.
    searched: usize,
}

impl Reader {
    /// A reader of what `wire` carries.
    pub fn new(wire: Wire) -> Self {
        Self { wire, searched: 0 }
    }

    /// The answer at the beginning of `bytes`, or none while it is not whole; over HTTP none too if
    /// it is no message of known length. Must see the same bytes again, and more, after none.
    pub fn next(&mut self, bytes: &[u8]) -> Result<Option<Answered>, String> {
        match self.wire {
            Wire::Length => length(bytes),
            Wire::Line => self.line(bytes),
            Wire::Http => http(bytes),
        }
    }

    fn line(&mut self, bytes: &[u8]) -> Result<Option<Answered>, String> {
        let Some(at) = memchr(b'\n', &bytes[self.searched..]) else {
            self.searched = bytes.len();
            return fits(bytes.len(), bytes).map(|()| None);
        };
        let body = 0..self.searched + at;
        self.searched = 0;
        let end = body.end + 1;
        Ok(Some(Answered::framed(body, end)))
    }
}

fn length(bytes: &[u8]) -> Result<Option<Answered>, String> {
    let Some((prefix, rest)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let length = u32::from_be_bytes(*prefix) as usize;
    fits(length, bytes)?;
    Ok((rest.len() >= length).then_some(Answered::framed(4..4 + length, 4 + length)))
}

fn http(bytes: &[u8]) -> Result<Option<Answered>, String> {
    let Some(Head { status, bytes: head, framing, events, closes }) = head(bytes)? else {
        return Ok(None);
    };
    let Framing::Length(length) = framing else {
        return Ok(None);
    };
    fits(length, bytes)?;
    let end = head + length;
    let whole = Answered { status, head: 0..head, body: head..end, end, closes };
    Ok((bytes.len() >= end && !events).then_some(whole))
}

/// Refuses an answer of `length` bytes that is too long.
pub(crate) fn fits(length: usize, bytes: &[u8]) -> Result<(), String> {
    if length <= ANSWER_BYTES_MAX {
        return Ok(());
    }
    let most = ANSWER_BYTES_MAX >> 20;
    Err(malformed(&format!("{length} bytes and more, of which {most} MiB are read,"), bytes))
}

/// What the head of an HTTP answer says about the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Its own length.
    pub(crate) bytes: usize,
    pub(crate) framing: Framing,
    /// Whether an event stream follows.
    pub(crate) events: bool,
    /// Whether the server closes the connection behind the answer.
    pub(crate) closes: bool,
}

/// Where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    Length(usize),
    Chunks,
    /// With the connection.
    Connection,
}

/// Reads the head at the beginning of `bytes`, or none while it is not whole.
pub(crate) fn head(bytes: &[u8]) -> Result<Option<Head>, String> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut response = httparse::Response::new(&mut headers);
    let head = match response.parse(bytes) {
        Ok(httparse::Status::Complete(head)) => head,
        Ok(httparse::Status::Partial) if bytes.len() > HEAD_BYTES_MAX => {
            return Err(malformed(&format!("no end after {HEAD_BYTES_MAX} bytes"), bytes));
        }
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(error) => return Err(malformed(&error.to_string(), bytes)),
    };
    let status = response.code.unwrap_or(0);
    let is_bare = status < 200 || matches!(status, 202 | 204 | 304);
    let mut framing = if is_bare { Framing::Length(0) } else { Framing::Connection };
    // Before HTTP/1.1 a connection stays open only if both sides say so.
    let (mut events, mut closes) = (false, response.version == Some(0));
    for header in response.headers.iter() {
        let value = std::str::from_utf8(header.value).unwrap_or("");
        if header.name.eq_ignore_ascii_case("content-length") {
            let length = value.parse().ok().map(Framing::Length);
            framing = length.ok_or_else(|| malformed("a length that is no number", bytes))?;
        } else if header.name.eq_ignore_ascii_case("transfer-encoding") {
            let is_known = value.eq_ignore_ascii_case("chunked").then_some(Framing::Chunks);
            framing = is_known.ok_or_else(|| malformed("an unknown transfer encoding", bytes))?;
        } else if header.name.eq_ignore_ascii_case("content-type") {
            events = value.starts_with("text/event-stream");
        } else if header.name.eq_ignore_ascii_case("connection") {
            let says = |word| value.split(',').any(|one| one.trim().eq_ignore_ascii_case(word));
            closes = says("close") || closes && !says("keep-alive");
        }
    }
    let closes = closes || framing == Framing::Connection;
    Ok(Some(Head { status, bytes: head, framing, events, closes }))
}

fn malformed(what: &str, bytes: &[u8]) -> String {
    format!("{what} in the answer {:?}", excerpt(bytes))
}

/// The value of the header `name` in an HTTP head.
pub fn header<'a>(head: &'a [u8], name: &str) -> Option<&'a str> {
    let mut at = 0;
    while let Some(end) = memmem::find(&head[at..], b"\r\n") {
        let line = std::str::from_utf8(&head[at..at + end]).ok();
        if let Some((key, value)) = line.and_then(|line| line.split_once(':'))
            && key.eq_ignore_ascii_case(name)
        {
            return Some(value.trim());
        }
        at += end + 2;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(wire: Wire, bytes: &[u8], want: &[(u16, &str)]) {
        // Bytes may end anywhere: only the last round sees all of them.
        let mut reader = Reader::new(wire);
        let (mut got, mut at) = (Vec::new(), 0);
        for seen in 0..=bytes.len() {
            while let Some(answer) = reader.next(&bytes[at..seen]).expect("well formed") {
                let body = String::from_utf8_lossy(&bytes[at..][answer.body.clone()]).into_owned();
                got.push((answer.status, body));
                at += answer.end;
            }
        }
        let got: Vec<_> = got.iter().map(|(status, body)| (*status, body.as_str())).collect();
        assert_eq!(got, want);
        assert_eq!(at, bytes.len(), "nothing is left over");
    }

    #[test]
    fn answers_end_where_their_wire_says() {
        check(
            Wire::Length,
            b"\0\0\0\x02{}\0\0\0\0\0\0\0\x01x",
            &[(200, "{}"), (200, ""), (200, "x")],
        );
        check(Wire::Line, b"{}\n[1,\t2]\n", &[(200, "{}"), (200, "[1,\t2]")]);
        let http = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}HTTP/1.1 202 Accepted\r\n\r\n";
        check(Wire::Http, http, &[(200, "{}"), (202, "")]);
    }

    #[test]
    fn what_cannot_be_read_is_refused_in_words() {
        let long = ANSWER_BYTES_MAX + 1;
        let sized = format!("HTTP/1.1 200 OK\r\ncontent-length: {long}\r\n\r\n");
        let endless = format!("HTTP/1.1 200 OK\r\na: {}", "x".repeat(HEAD_BYTES_MAX));
        for (wire, bytes) in [
            (Wire::Http, &b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n"[..]),
            (Wire::Http, b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"),
            (Wire::Http, b"SSH-2.0-x\r\n\r\n"),
            (Wire::Http, sized.as_bytes()),
            (Wire::Http, endless.as_bytes()),
            (Wire::Length, b"SSH-2.0-x\r\n"),
            (Wire::Line, &vec![b'x'; long]),
        ] {
            assert!(Reader::new(wire).next(bytes).is_err(), "{wire:?}: {:?}", excerpt(bytes));
        }
    }

    #[test]
    fn what_has_no_length_is_left_to_others() {
        let sized =
            "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 0\r\n\r\n";
        let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        for bytes in [chunks, sized, "HTTP/1.1 200 OK\r\n\r\n{}"] {
            assert_eq!(Reader::new(Wire::Http).next(bytes.as_bytes()), Ok(None), "{bytes}");
        }
    }

    #[test]
    fn a_server_says_whether_it_closes() {
        for (text, closes) in [
            ("HTTP/1.1 202 A\r\n", false),
            ("HTTP/1.1 202 A\r\nConnection: keep-alive\r\n", false),
            ("HTTP/1.1 202 A\r\nConnection: Close\r\n", true),
            ("HTTP/1.1 202 A\r\nConnection: x, close\r\n", true),
            ("HTTP/1.0 202 A\r\n", true),
            ("HTTP/1.0 202 A\r\nConnection: Keep-Alive\r\n", false),
            ("HTTP/1.1 200 A\r\nConnection: Keep-Alive\r\n", true),
        ] {
            let got = head(format!("{text}\r\n").as_bytes()).expect("well formed");
            assert_eq!(got.map(|head| head.closes), Some(closes), "{text}");
        }
    }

    #[test]
    fn headers_are_found_in_any_case() {
        let head = b"HTTP/1.1 200 OK\r\nmcp-session-id: abc\r\n\r\n";
        assert_eq!(header(head, "Mcp-Session-Id"), Some("abc"));
        assert_eq!(header(head, "Date"), None);
    }
}
