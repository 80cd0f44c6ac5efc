//! One HTTP answer read as it arrives: a body of known length, or an event stream in chunks.
//!
//! The bytes may be cut anywhere, and a stream may never end: each message is handed out as soon
//! as it is whole. [`crate::generator::reader`] is the fast way for answers that fit the buffer.

mod events;

use memchr::memchr;

use crate::fault::{Fault, excerpt};
use crate::generator::reader::{Framing, fits, head};
use events::Events;

/// Longest line that frames a chunk.
const LINE_BYTES_MAX: usize = 1 << 10;

/// An answer in part.
#[derive(Debug, Default)]
pub struct Incoming {
    state: State,
    /// The beginning of a head or of a line around a chunk, while it is not whole.
    partial: Vec<u8>,
    status: Option<u16>,
    head: Vec<u8>,
    /// A body that is one message, or that says why there is none.
    body: Vec<u8>,
    events: Events,
    is_stream: bool,
    closes: bool,
}

/// What comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum State {
    #[default]
    Head,
    /// That many bytes of a body with a length.
    Sized(usize),
    /// Whatever comes until the connection is over.
    Rest,
    /// The line with the size of the next chunk.
    Size,
    /// That many bytes of the present chunk.
    Chunk(usize),
    /// The end of the line behind a chunk.
    ChunkEnd,
    /// Lines behind the last chunk, to an empty one.
    Trailer,
    Ended,
}

impl Incoming {
    /// The status, once the head is whole.
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The head, once it is whole.
    pub fn head(&self) -> &[u8] {
        &self.head
    }

    /// Whether the body is an event stream.
    pub fn is_stream(&self) -> bool {
        self.is_stream
    }

    /// Whether nothing of an answer has come.
    pub fn is_untouched(&self) -> bool {
        self.state == State::Head && self.partial.is_empty()
    }

    /// Whether the server closes the connection behind this answer.
    pub fn closes(&self) -> bool {
        self.closes
    }

    /// The body, once it is whole, unless it is an event stream.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Makes ready for the next answer; the memory is kept.
    pub fn restart(&mut self) {
        (self.state, self.status) = (State::Head, None);
        self.body.clear();
        self.events.clear();
    }

    /// Whether the answer is whole. A stream that the server holds open never is.
    pub fn has_ended(&self) -> bool {
        self.state == State::Ended
    }

    /// The connection is over, and with it a body that has no other end. Says whether the answer is
    /// whole now.
    pub fn finish(
        &mut self,
        message: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<bool, Fault> {
        if self.state == State::Rest {
            self.state = State::Sized(0);
            self.feed(&[], message)?;
        }
        Ok(self.has_ended())
    }

    /// Takes the next bytes, hands out every message that they end, and says how many belonged to
    /// this answer. The body of an answer whose status is no success is no message.
    pub fn feed(
        &mut self,
        bytes: &[u8],
        message: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<usize, Fault> {
        let mut at = 0;
        loop {
            let rest = &bytes[at..];
            at += match self.state {
                State::Sized(0) => {
                    self.state = State::Ended;
                    let has_message = self.status.is_some_and(|status| status / 100 == 2);
                    if has_message && !self.is_stream && !self.body.is_empty() {
                        message(&self.body)?;
                    }
                    0
                }
                State::Chunk(0) => {
                    self.state = State::ChunkEnd;
                    0
                }
                _ if self.has_ended() || rest.is_empty() => return Ok(at),
                State::Head => self.take_head(rest)?,
                State::Sized(left) => {
                    let taken = self.take_body(rest, left, message)?;
                    self.state = State::Sized(left - taken);
                    taken
                }
                State::Chunk(left) => {
                    let taken = self.take_body(rest, left, message)?;
                    self.state = State::Chunk(left - taken);
                    taken
                }
                State::Rest => self.take_body(rest, rest.len(), message)?,
                _ => self.take_line(rest)?,
            };
        }
    }

    fn take_head(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let before = self.partial.len();
        self.partial.extend_from_slice(bytes);
        let Some(head) = head(&self.partial).map_err(Fault::Target)? else {
            return Ok(bytes.len());
        };
        self.status = Some(head.status);
        (self.is_stream, self.closes) = (head.events && head.status == 200, head.closes);
        self.state = match head.framing {
            Framing::Length(length) => {
                fits(length, &self.partial).map_err(Fault::Target)?;
                State::Sized(length)
            }
            Framing::Chunks => State::Size,
            Framing::Connection => State::Rest,
        };
        self.partial.truncate(head.bytes);
        std::mem::swap(&mut self.head, &mut self.partial);
        self.partial.clear();
        Ok(head.bytes - before)
    }

    fn take_body(
        &mut self,
        bytes: &[u8],
        left: usize,
        message: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
    ) -> Result<usize, Fault> {
        let taken = left.min(bytes.len());
        if self.is_stream {
            self.events.push(&bytes[..taken], message)?;
        } else {
            self.body.extend_from_slice(&bytes[..taken]);
            fits(self.body.len(), &self.body).map_err(Fault::Target)?;
        }
        Ok(taken)
    }

    /// Takes one of the lines around chunks.
    fn take_line(&mut self, bytes: &[u8]) -> Result<usize, Fault> {
        let end = memchr(b'\n', bytes);
        self.partial.extend_from_slice(&bytes[..end.unwrap_or(bytes.len())]);
        if self.partial.len() > LINE_BYTES_MAX {
            return Err(malformed(&self.partial));
        }
        let Some(end) = end else {
            return Ok(bytes.len());
        };
        let line = self.partial.strip_suffix(b"\r").unwrap_or(&self.partial);
        self.state = match self.state {
            State::Size => match size(line).ok_or_else(|| malformed(line))? {
                0 => State::Trailer,
                bytes => State::Chunk(bytes),
            },
            State::ChunkEnd if line.is_empty() => State::Size,
            State::Trailer if line.is_empty() => State::Sized(0),
            State::Trailer => State::Trailer,
            _ => return Err(malformed(line)),
        };
        self.partial.clear();
        Ok(end + 1)
    }
}

/// The size that begins a chunk's line; extensions behind it mean nothing here.
fn size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|byte| *byte == b';').next()?;
    usize::from_str_radix(std::str::from_utf8(digits).ok()?.trim(), 16).ok()
}

fn malformed(line: &[u8]) -> Fault {
    Fault::Target(format!("a chunk of an HTTP answer is framed by {:?}", excerpt(line)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` cut at every place and expects the messages of `want`.
    fn check(bytes: &[u8], want: &[&str], ended: bool) {
        for cut in 0..=bytes.len() {
            let (mut incoming, mut got) = (Incoming::default(), Vec::new());
            let mut keep = |message: &[u8]| {
                got.push(String::from_utf8_lossy(message).into_owned());
                Ok(())
            };
            let mut used = incoming.feed(&bytes[..cut], &mut keep).expect("well formed");
            assert_eq!(used, cut, "nothing but this answer was there");
            used += incoming.feed(&bytes[cut..], &mut keep).expect("well formed");
            assert_eq!((used, incoming.has_ended()), (bytes.len(), ended), "cut at {cut}");
            assert_eq!(got, want, "cut at {cut}");
        }
    }

    #[test]
    fn messages_are_found_wherever_the_bytes_are_cut() {
        check(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}", &["{}"], true);
        check(b"HTTP/1.1 202 Accepted\r\n\r\n", &[], true);
        let chunks =
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n1;x\r\n}\r\n0\r\n\r\n";
        check(chunks, &["{}"], true);
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked";
        for (lines, size) in
            [("data: {}\r\ndata:[]\r\n\r\n", "15"), ("data: {}\rdata:[]\r\r", "12")]
        {
            let first = "\r\n\r\nD\r\nid: 0\ndata:\n\n\r\n3\r\n:\n\n\r\n";
            let open = format!("{head}{first}{size}\r\n{lines}");
            check(open.as_bytes(), &["{}\n[]"], false);
            let next = "\r\n9\r\n\ndata: 1\n\r\n1\r\n\n\r\n0\r\nA: b\r\n\r\n";
            check(format!("{open}{next}").as_bytes(), &["{}\n[]", "1"], true);
        }
    }

    #[test]
    fn the_end_of_the_connection_ends_what_has_no_other_end() {
        for (bytes, want) in [
            ("HTTP/1.1 200 OK\r\n\r\n{}", Some(&["{}"][..])),
            ("HTTP/1.0 200 OK\r\n\r\n", Some(&[])),
            ("HTTP/1.0 500 No\r\n\r\noops", Some(&[])),
            ("HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\ndata: 1\n\n", Some(&["1"])),
            ("HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\n{}", None),
            ("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}", None),
            ("HTTP/1.1 200 OK\r\n", None),
        ] {
            let (mut incoming, mut got) = (Incoming::default(), Vec::new());
            let mut keep = |message: &[u8]| {
                got.push(String::from_utf8_lossy(message).into_owned());
                Ok(())
            };
            incoming.feed(bytes.as_bytes(), &mut keep).expect("well formed");
            assert!(!incoming.has_ended(), "{bytes}");
            let is_whole = incoming.finish(&mut keep).expect("well formed");
            assert_eq!(
                is_whole.then_some(got),
                want.map(|want| want.iter().map(ToString::to_string).collect()),
                "{bytes}"
            );
        }
    }

    #[test]
    fn the_next_answer_is_left_alone() {
        let bytes = b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\nHTTP/1.1";
        let used = Incoming::default().feed(bytes, &mut |_| Ok(())).expect("well formed");
        assert_eq!(&bytes[used..], b"HTTP/1.1");
    }

    #[test]
    fn chunks_that_are_none_are_refused() {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        for body in ["x\r\n", "1\r\nab\r\n", &"1".repeat(LINE_BYTES_MAX + 1)] {
            let bytes = format!("{head}{body}");
            let fed = Incoming::default().feed(bytes.as_bytes(), &mut |_| Ok(()));
            assert!(fed.is_err(), "{body:?}");
        }
    }
}
