//! A request built once, sent many times: the bytes on the wire with a hole for the id.

use crate::question::{Question, Reply};
use crate::target::{Era, Target, Wire};

/// Ids have this many digits, so that an id is patched in place and no length ever changes.
pub const ID_DIGITS: usize = 9;
/// The first id.
pub const ID_FIRST: u64 = 100_000_000;
/// The last id; the next one is the first again.
pub const ID_LAST: u64 = 999_999_999;

/// The wire bytes of one request, head or prefix included.
#[derive(Debug)]
pub struct Request {
    envelope: Envelope,
    bytes: Vec<u8>,
    /// Where in `bytes` the message begins.
    message_at: usize,
    /// Where in the message the id stands.
    ids_at: Vec<usize>,
    /// The results of the question's replies, as JSON, and that of a ping.
    replies: Vec<String>,
}

/// What the wire wants around a message.
#[derive(Debug)]
enum Envelope {
    /// Four bytes of length before it.
    Length,
    /// A newline behind it.
    Line,
    /// This head before it, up to the value of its last header, `Content-Length`.
    Http(Vec<u8>),
}

impl Request {
    /// What `question` asks, as `target` wants it, in the HTTP session `session` if there is one.
    pub fn new(target: &Target, question: &Question, session: Option<&str>) -> Self {
        let (message, ids_at) = question.message(target.era, ID_FIRST);
        let name = question.header_name();
        let mut headers = Vec::new();
        if target.era == Era::Stateless {
            headers.push(("Mcp-Method", question.method()));
            headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
        }
        let envelope = Envelope::new(target, session, &headers);
        let mut bytes = Vec::new();
        let message_at = envelope.append(&mut bytes, &[&message]);
        let results = question.replies.iter().map(|Reply { result, .. }| result.to_string());
        let replies = results.chain(["{}".to_owned()]).collect();
        Self { envelope, bytes, message_at, ids_at, replies }
    }

    /// Appends the request with `id` to `out`.
    pub fn append(&self, out: &mut Vec<u8>, id: u64) {
        let message_at = out.len() + self.message_at;
        out.extend_from_slice(&self.bytes);
        self.patch(&mut out[message_at..], id);
    }

    /// Appends the request with `id` and with `members`, each with a comma before it, added to its
    /// parameters.
    pub(super) fn append_again(&self, out: &mut Vec<u8>, id: u64, members: &[&[u8]; 3]) {
        const END: &[u8] = b"}}";
        let end = self.bytes.strip_suffix(b"\n").unwrap_or(&self.bytes);
        let message = &end[self.message_at..];
        let open = message.strip_suffix(END).unwrap_or(message);
        let [first, second, third] = *members;
        let message_at = self.envelope.append(out, &[open, first, second, third, END]);
        self.patch(&mut out[message_at..], id);
    }

    /// Appends the reply number `reply` to the server's request with the JSON `id`; where there is
    /// none, what every client says to a method it does not have.
    pub(super) fn append_reply(&self, out: &mut Vec<u8>, id: &[u8], reply: Option<usize>) {
        const UNKNOWN: &str =
            r#","error":{"code":-32601,"message":"the load has no reply to this"}}"#;
        let head = br#"{"jsonrpc":"2.0","id":"#;
        match reply {
            Some(reply) => {
                let result = self.replies[reply].as_bytes();
                self.envelope.append(out, &[head, id, br#","result":"#, result, b"}"])
            }
            None => self.envelope.append(out, &[head, id, UNKNOWN.as_bytes()]),
        };
    }

    fn patch(&self, message: &mut [u8], id: u64) {
        for at in &self.ids_at {
            let mut rest = id;
            for digit in message[*at..*at + ID_DIGITS].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
    }
}

impl Envelope {
    fn new(target: &Target, session: Option<&str>, headers: &[(&str, &str)]) -> Self {
        match target.wire {
            Wire::Length => Self::Length,
            Wire::Line => Self::Line,
            Wire::Http => Self::Http(head(target, session, headers).into_bytes()),
        }
    }

    /// Appends the message that `parts` make and says where in `out` it begins.
    fn append(&self, out: &mut Vec<u8>, parts: &[&[u8]]) -> usize {
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        match self {
            Self::Length => out.extend_from_slice(&(bytes as u32).to_be_bytes()),
            Self::Line => {}
            Self::Http(head) => {
                out.extend_from_slice(head);
                out.extend_from_slice(bytes.to_string().as_bytes());
                out.extend_from_slice(b"\r\n\r\n");
            }
        }
        let start = out.len();
        for part in parts {
            out.extend_from_slice(part);
        }
        if matches!(self, Self::Line) {
            out.push(b'\n');
        }
        start
    }
}

/// `message` behind its length, and how far it moved.
pub fn frame(message: &[u8]) -> (Vec<u8>, usize) {
    let length = (message.len() as u32).to_be_bytes();
    ([&length[..], message].concat(), length.len())
}

/// `message` as a POST, and how far it moved.
pub fn post(
    target: &Target,
    session: Option<&str>,
    headers: &[(&str, &str)],
    message: &[u8],
) -> (Vec<u8>, usize) {
    let mut bytes = Vec::new();
    let moved =
        Envelope::Http(head(target, session, headers).into_bytes()).append(&mut bytes, &[message]);
    (bytes, moved)
}

/// The head of a POST, up to the value of its last header.
fn head(target: &Target, session: Option<&str>, headers: &[(&str, &str)]) -> String {
    let mut head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {}\r\n",
        target.path,
        target.host(),
        target.era.version()
    );
    for (name, value) in headers.iter().copied().chain(session.map(|id| ("Mcp-Session-Id", id))) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.push_str("Content-Length: ");
    head
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::generator::reader::Reader;

    const ID: u64 = 123_456_789;

    /// Reads what `write` wrote for each wire as the message it must be.
    fn check(write: impl Fn(&Request, &mut Vec<u8>), want: impl Fn(&Value) -> bool) {
        let reply = Reply { method: "m".into(), result: json!({ "answer": 42 }) };
        let question = Question { replies: vec![reply], ..Question::echo(10) };
        for wire in [Wire::Length, Wire::Line, Wire::Http] {
            let target = Target::new(([127, 0, 0, 1], 80).into(), wire, Era::Stateless);
            let request = Request::new(&target, &question, Some("session"));
            let mut out = b"before".to_vec();
            write(&request, &mut out);
            let mut sent = out.split_off(b"before".len());
            assert_eq!(out, b"before");
            if wire == Wire::Http {
                // A request is framed as an answer is; only its first line is another.
                let line = memchr::memchr(b'\n', &sent).expect("a first line");
                sent = [b"HTTP/1.1 200 OK\r\n", &sent[line + 1..]].concat();
            }
            let found = Reader::new(wire).next(&sent).expect("well formed").expect("whole");
            assert_eq!(found.end, sent.len(), "{wire:?}: nothing is left over");
            let message: Value = serde_json::from_slice(&sent[found.body]).expect("JSON");
            assert!(want(&message), "{wire:?}: {message}");
        }
    }

    #[test]
    fn an_id_is_patched_in_place() {
        check(|request, out| request.append(out, ID), |message| message["id"] == ID);
    }

    #[test]
    fn a_call_made_again_carries_what_was_asked() {
        let members: [&[u8]; 3] = [br#","inputResponses":{}"#, br#","requestState":"#, br#""s""#];
        check(
            |request, out| request.append_again(out, ID, &members),
            |message| {
                let params = &message["params"];
                message["id"] == ID
                    && params["name"] == "echo"
                    && params["_meta"].is_object()
                    && params["inputResponses"] == json!({})
                    && params["requestState"] == "s"
            },
        );
    }

    #[test]
    fn replies_carry_the_id_of_the_server() {
        check(
            |request, out| request.append_reply(out, br#""x-1""#, Some(0)),
            |message| {
                *message == json!({ "jsonrpc": "2.0", "id": "x-1", "result": { "answer": 42 } })
            },
        );
        check(
            |request, out| request.append_reply(out, b"7", None),
            |message| message["id"] == 7 && message["error"]["code"] == -32601,
        );
    }
}
