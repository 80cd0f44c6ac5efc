//! Answers over HTTP as a client reads them: whole ones, and event streams piece by piece.

/// What a client hears on one connection, in order.
pub(super) enum Heard {
    /// A whole answer.
    Answer(Answer),
    /// An answer that is an event stream begins.
    Opened,
    /// An event.
    Event(Event),
    /// A comment, which keeps a silent stream alive.
    Comment,
    /// The event stream has ended as it should.
    Ended,
}

/// One whole answer.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) session: Option<String>,
    pub(super) body: Vec<u8>,
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Event {
    pub(super) id: Option<String>,
    pub(super) name: Option<String>,
    pub(super) retry: Option<u64>,
    pub(super) data: String,
}

/// How the rest of the answer that is being read is delimited.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Body {
    /// Its head is still to come.
    #[default]
    None,
    Chunked,
    UntilClose,
}

/// One connection's bytes on their way to becoming answers.
#[derive(Default)]
pub(super) struct Reader {
    received: Vec<u8>,
    /// The body of an event stream, as far as it makes no whole event.
    text: Vec<u8>,
    body: Body,
    /// The server said that no answer follows this one.
    pub(super) is_last: bool,
}

impl Reader {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.received.extend_from_slice(bytes);
    }

    /// Whether all answers that began were read to their ends.
    pub(super) fn is_between(&self) -> bool {
        self.body == Body::None && self.received.is_empty()
    }

    /// No more bytes will come; this ends an answer that is delimited by nothing else.
    pub(super) fn close(&mut self) -> Option<Heard> {
        let is_end = self.body == Body::UntilClose && self.text.is_empty();
        is_end.then(|| {
            self.body = Body::None;
            Heard::Ended
        })
    }

    /// The next thing that is whole.
    pub(super) fn next(&mut self) -> Result<Option<Heard>, String> {
        loop {
            match self.body {
                Body::None => return self.answer(),
                Body::UntilClose => self.text.append(&mut self.received),
                Body::Chunked => {}
            }
            if let Some(heard) = self.event()? {
                return Ok(Some(heard));
            }
            if self.body == Body::UntilClose {
                return Ok(None);
            }
            match self.chunk()? {
                None => return Ok(None),
                Some(0) if self.text.is_empty() => {
                    self.body = Body::None;
                    return Ok(Some(Heard::Ended));
                }
                Some(0) => return Err("a stream ends within an event".to_owned()),
                Some(_) => {}
            }
        }
    }

    fn answer(&mut self) -> Result<Option<Heard>, String> {
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut head = httparse::Response::new(&mut fields);
        let parsed = head.parse(&self.received).map_err(|fault| format!("no head: {fault}"))?;
        let httparse::Status::Complete(head_len) = parsed else { return Ok(None) };
        let field = |name: &str| {
            let mut all = head.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
            all.next().and_then(|field| std::str::from_utf8(field.value).ok()).map(str::trim)
        };
        let status = head.code.unwrap_or_default();
        let session = field("mcp-session-id").map(str::to_owned);
        let is_last = field("connection") == Some("close");
        let is_chunked = field("transfer-encoding") == Some("chunked");
        if field("content-type") == Some("text/event-stream") {
            if status != 200 || (!is_chunked && !is_last) {
                return Err(format!("an event stream that cannot be: status {status}"));
            }
            self.is_last |= is_last;
            self.body = if is_chunked { Body::Chunked } else { Body::UntilClose };
            self.received.drain(..head_len);
            return Ok(Some(Heard::Opened));
        }
        let len: usize = match field("content-length") {
            Some(len) => len.parse().map_err(|_| format!("a length of {len:?}"))?,
            None => return Err(format!("an answer {status} without a length")),
        };
        self.is_last |= is_last;
        if self.received.len() < head_len + len {
            return Ok(None);
        }
        let mut whole: Vec<u8> = self.received.drain(..head_len + len).collect();
        Ok(Some(Heard::Answer(Answer { status, session, body: whole.split_off(head_len) })))
    }

    /// Takes a whole chunk; its length.
    fn chunk(&mut self) -> Result<Option<usize>, String> {
        let Some(line) = self.received.windows(2).position(|two| two == b"\r\n") else {
            return Ok(None);
        };
        let size = std::str::from_utf8(&self.received[..line]).unwrap_or("?");
        let len = usize::from_str_radix(size, 16).map_err(|_| format!("a chunk of {size:?}"))?;
        let start = line + 2;
        if self.received.len() < start + len + 2 {
            return Ok(None);
        }
        let mut whole: Vec<u8> = self.received.drain(..start + len + 2).collect();
        if whole.split_off(start + len) != b"\r\n" {
            return Err("a chunk that is longer than it says".to_owned());
        }
        self.text.extend_from_slice(&whole[start..]);
        Ok(Some(len))
    }

    fn event(&mut self) -> Result<Option<Heard>, String> {
        let Some(end) = self.text.windows(4).position(|four| four == b"\r\n\r\n") else {
            return Ok(None);
        };
        let block: Vec<u8> = self.text.drain(..end + 4).collect();
        let block = String::from_utf8(block).map_err(|_| "an event that is no text")?;
        let mut event = Event::default();
        for line in block.trim_end_matches("\r\n").split("\r\n") {
            let (field, value) = line.split_once(':').ok_or(format!("no field: {line:?}"))?;
            let value = value.strip_prefix(' ').unwrap_or(value).to_owned();
            match field {
                "" if block.trim_end() == ":" => return Ok(Some(Heard::Comment)),
                "id" => event.id = Some(value),
                "event" => event.name = Some(value),
                "retry" => event.retry = value.parse().ok(),
                "data" => event.data.push_str(&value),
                _ => return Err(format!("an unknown field: {line:?}")),
            }
        }
        Ok(Some(Heard::Event(event)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STREAM: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
        transfer-encoding: chunked\r\n\r\n";

    /// What `text` says, in a word each; torn into pieces of any size it says the same.
    fn check(text: &str, want: &str) {
        for piece in [1, 3, text.len()] {
            let mut reader = Reader::default();
            let mut words = Vec::new();
            for bytes in text.as_bytes().chunks(piece) {
                reader.push(bytes);
                loop {
                    match reader.next() {
                        Ok(None) => break,
                        Ok(Some(Heard::Answer(answer))) => words.push(answer.status.to_string()),
                        Ok(Some(Heard::Opened)) => words.push("opened".into()),
                        Ok(Some(Heard::Event(event))) => words.push(event.data),
                        Ok(Some(Heard::Comment)) => words.push("comment".into()),
                        Ok(Some(Heard::Ended)) => words.push("ended".into()),
                        Err(fault) => {
                            assert!(!want.is_empty() && fault.contains(want), "{fault}");
                            return;
                        }
                    }
                }
            }
            assert_eq!(words.join(" "), want, "in pieces of {piece}");
        }
    }

    #[test]
    fn streams_are_read_and_broken_ones_are_caught() {
        let answer = "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n";
        check(answer, "202");
        let event = "10\r\nid: 1\r\ndata: x\r\n\r\n";
        let event = event.replace("10", &format!("{:x}", "id: 1\r\ndata: x\r\n\r\n".len()));
        check(
            &format!("{STREAM}{event}\r\n5\r\n:\r\n\r\n\r\n0\r\n\r\n{answer}"),
            "opened x comment ended 202",
        );
        check(&format!("{STREAM}1\r\n:\r\n0\r\n\r\n"), "within an event");
        check(&format!("{STREAM}1\r\n::\r\n"), "longer than it says");
        check(&format!("{STREAM}x\r\n"), "a chunk of");
    }
}
