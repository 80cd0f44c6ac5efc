//! A request built once, sent many times: the bytes on the wire with a hole for the id.

use crate::question::Question;
use crate::target::{Era, Target, Wire};

/// Ids have this many digits, so that an id is patched in place and no length ever changes.
pub const ID_DIGITS: usize = 9;
/// The first id.
pub const ID_FIRST: u64 = 100_000_000;

/// The wire bytes of one request, head or prefix included.
#[derive(Debug)]
pub struct Request {
    bytes: Vec<u8>,
    /// Where the id stands.
    ids_at: Vec<usize>,
}

impl Request {
    /// What `question` asks, as `target` wants it, in the HTTP session `session` if there is one.
    pub fn new(target: &Target, question: &Question, session: Option<&str>) -> Self {
        let (message, places) = question.message(target.era, ID_FIRST);
        let (bytes, offset) = match target.wire {
            Wire::Length => frame(&message),
            Wire::Line => ([&message[..], b"\n"].concat(), 0),
            Wire::Http => {
                let (mut headers, name) = (Vec::new(), question.header_name());
                if target.era == Era::Stateless {
                    headers.push(("Mcp-Method", question.method()));
                    headers.extend(name.as_deref().map(|name| ("Mcp-Name", name)));
                }
                post(target, session, &headers, &message)
            }
        };
        Self { bytes, ids_at: places.iter().map(|at| offset + at).collect() }
    }

    /// Appends the request with `id` to `out`.
    pub fn append(&self, out: &mut Vec<u8>, id: u64) {
        let start = out.len();
        out.extend_from_slice(&self.bytes);
        for at in &self.ids_at {
            let mut rest = id;
            for digit in out[start + at..start + at + ID_DIGITS].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
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
    let mut head = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: {}\r\n",
        target.path,
        target.address,
        target.era.version()
    );
    for (name, value) in headers.iter().copied().chain(session.map(|id| ("Mcp-Session-Id", id))) {
        head.extend([name, ": ", value, "\r\n"]);
    }
    head.extend(["Content-Length: ", &message.len().to_string(), "\r\n\r\n"]);
    ([head.as_bytes(), message].concat(), head.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_patched_in_place() {
        for wire in [Wire::Length, Wire::Line, Wire::Http] {
            let target = Target::new(([127, 0, 0, 1], 80).into(), wire, Era::Stateless);
            let request = Request::new(&target, &Question::echo(10), None);
            let mut out = b"before".to_vec();
            request.append(&mut out, 123_456_789);
            let text = String::from_utf8_lossy(&out);
            assert!(text.contains(r#""id":123456789,"method""#), "{text}");
            assert_eq!(out.len(), 6 + request.bytes.len());
        }
    }
}
