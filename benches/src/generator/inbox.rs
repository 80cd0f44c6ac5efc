//! Finds the messages in what a connection receives, wherever the bytes are cut.
//!
//! A message that lies whole in the receive buffer is handed out where it lies.

use super::reader::{Reader, header};
use crate::fault::{Fault, excerpt};
use crate::incoming::Incoming;
use crate::target::Wire;

/// What was found.
pub(super) enum Found<'b> {
    /// A message.
    Message(&'b [u8]),
    /// An HTTP answer is over, with or without a message before.
    End(End<'b>),
}

/// The end of one HTTP answer.
pub(super) struct End<'b> {
    pub(super) status: u16,
    head: &'b [u8],
    body: &'b [u8],
    /// Whether the server closes the connection now.
    pub(super) closes: bool,
}

/// The receiving side of one connection.
pub(super) struct Inbox {
    wire: Wire,
    reader: Reader,
    /// The beginning of a framed message that is not whole yet.
    partial: Vec<u8>,
    /// The HTTP answer that is not whole yet.
    incoming: Option<Box<Incoming>>,
}

/// Called for everything found.
pub(super) type OnFound<'f> = &'f mut dyn FnMut(Found<'_>) -> Result<(), Fault>;

impl Inbox {
    pub(super) fn new(wire: Wire) -> Self {
        Self { wire, reader: Reader::new(wire), partial: Vec::new(), incoming: None }
    }

    /// Takes the next bytes and hands out what they end.
    pub(super) fn feed(&mut self, bytes: &[u8], found: OnFound<'_>) -> Result<(), Fault> {
        match self.wire {
            Wire::Length | Wire::Line => self.frames(bytes, found),
            Wire::Http => self.http(bytes, found),
        }
    }

    /// Whether nothing came of a message that is not whole.
    pub(super) fn is_untouched(&self) -> bool {
        self.partial.is_empty()
            && self.incoming.as_ref().is_none_or(|incoming| incoming.is_untouched())
    }

    /// The connection is over, and with it an HTTP answer that has no other end.
    pub(super) fn finish(&mut self, found: OnFound<'_>) -> Result<(), Fault> {
        let Some(incoming) = &mut self.incoming else { return Ok(()) };
        if incoming.finish(&mut |message| found(Found::Message(message)))? {
            hand_out_end(incoming, found)?;
        }
        Ok(())
    }

    fn frames(&mut self, bytes: &[u8], found: OnFound<'_>) -> Result<(), Fault> {
        if self.partial.is_empty() {
            let used = whole(&mut self.reader, bytes, found)?;
            self.partial.extend_from_slice(&bytes[used..]);
        } else {
            self.partial.extend_from_slice(bytes);
            let used = whole(&mut self.reader, &self.partial, found)?;
            self.partial.drain(..used);
        }
        Ok(())
    }

    fn http(&mut self, mut bytes: &[u8], found: OnFound<'_>) -> Result<(), Fault> {
        while !bytes.is_empty() {
            let between = self.incoming.as_ref().is_none_or(|incoming| incoming.is_untouched());
            if between && let Some(answer) = self.reader.next(bytes).map_err(Fault::Target)? {
                let (status, closes) = (answer.status, answer.closes);
                let (head, body) = (&bytes[answer.head], &bytes[answer.body]);
                if status / 100 == 2 && !body.is_empty() {
                    found(Found::Message(body))?;
                }
                end(End { status, head, body, closes }, found)?;
                bytes = &bytes[answer.end..];
                continue;
            }
            let incoming = self.incoming.get_or_insert_default();
            let used = incoming.feed(bytes, &mut |message| found(Found::Message(message)))?;
            bytes = &bytes[used..];
            if incoming.has_ended() {
                hand_out_end(incoming, found)?;
            }
        }
        Ok(())
    }
}

/// Hands out the end of `incoming`, which is whole, and makes it ready for the next answer.
fn hand_out_end(incoming: &mut Incoming, found: OnFound<'_>) -> Result<(), Fault> {
    let status = incoming.status().unwrap_or_default();
    let (head, body, closes) = (incoming.head(), incoming.body(), incoming.closes());
    end(End { status, head, body, closes }, found)?;
    incoming.restart();
    Ok(())
}

/// Hands out the end of an answer, unless it only announces another one.
fn end(end: End<'_>, found: OnFound<'_>) -> Result<(), Fault> {
    if end.status < 200 { Ok(()) } else { found(Found::End(end)) }
}

/// Hands out the frames that are whole and says how many bytes they took.
fn whole(reader: &mut Reader, bytes: &[u8], found: OnFound<'_>) -> Result<usize, Fault> {
    let mut at = 0;
    while let Some(frame) = reader.next(&bytes[at..]).map_err(Fault::Target)? {
        found(Found::Message(&bytes[at..][frame.body]))?;
        at += frame.end;
    }
    Ok(at)
}

impl End<'_> {
    /// What a status that is no success says.
    pub(super) fn words(&self) -> String {
        let place = header(self.head, "Location").filter(|_| self.status / 100 == 3);
        let place = place.map_or_else(String::new, |place| format!(" to {place}"));
        format!("HTTP status {}{place}: {}", self.status, excerpt(self.body))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Feeds `bytes` cut at every place and expects `want`: messages, and statuses at ends.
    fn check(wire: Wire, bytes: &[u8], want: &[&str]) {
        for cut in 0..=bytes.len() {
            let (mut inbox, mut got) = (Inbox::new(wire), Vec::new());
            let mut keep = |found: Found<'_>| {
                got.push(match found {
                    Found::Message(body) => String::from_utf8_lossy(body).into_owned(),
                    Found::End(end) if end.status == 200 => "end".to_owned(),
                    Found::End(end) => end.words(),
                });
                Ok(())
            };
            inbox.feed(&bytes[..cut], &mut keep).expect("well formed");
            inbox.feed(&bytes[cut..], &mut keep).expect("well formed");
            assert_eq!(got, want, "{wire:?}, cut at {cut}");
        }
    }

    #[test]
    fn messages_are_found_wherever_the_bytes_are_cut() {
        check(Wire::Length, b"\0\0\0\x02{}\0\0\0\x01x", &["{}", "x"]);
        check(Wire::Line, b"{}\n[1]\n", &["{}", "[1]"]);
        let http = concat!(
            "HTTP/1.1 103 Early Hints\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}",
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n",
            "HTTP/1.1 202 Accepted\r\n\r\n",
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n",
            "9\r\ndata: 1\n\n\r\n9\r\ndata: 2\n\n\r\n0\r\n\r\n",
            "HTTP/1.1 404 Not Found\r\ncontent-length: 4\r\n\r\ngone",
            "HTTP/1.1 307 Moved\r\nlocation: /x\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
        );
        let accepted = "HTTP status 202: ";
        let (gone, moved) = ("HTTP status 404: gone", "HTTP status 307 to /x: ");
        let want = ["{}", "end", "[]", "end", accepted, "1", "2", "end", gone, moved];
        check(Wire::Http, http.as_bytes(), &want);
    }
}
