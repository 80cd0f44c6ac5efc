//! What is asked of a server, and how a right answer looks.
//!
//! The answer stands here and not in a server: a server that answers something else is wrong,
//! however fast it is.

mod form;

use serde_json::{Value, json};

pub use form::{form20, form1000, form1000_arguments};

use crate::target::Era;

/// One request, sent over and over with another id.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    /// Its name in reports.
    pub name: String,
    /// What is asked.
    pub ask: Ask,
    /// What the answer must hold.
    pub answer: Answer,
    /// Messages about the request that must come before its answer, such as its progress.
    pub events: u32,
    /// What the client says when the server asks it something before it answers.
    pub replies: Vec<Reply>,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// A request of the protocol.
    Request {
        /// Its method.
        method: String,
        /// Its parameters, a JSON object without `_meta`.
        params: String,
        /// Whether it wants to hear of its progress, by a token that is its id.
        progress: bool,
    },
    /// That many bytes without a meaning, for the bare loop.
    Opaque(usize),
}

/// How a right answer looks.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// It echoes the id and has a result that holds this: objects at least these members, arrays as
    /// many elements, each holding what stands in its place, everything else equal. A result with
    /// `isError` is wrong unless that stands here.
    Result(Value),
    /// It is these bytes; answers come in the order of the requests, for they carry no id.
    Is(Vec<u8>),
}

/// What the client says to a question of the server.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply {
    /// The server's method, such as `sampling/createMessage`.
    pub method: String,
    /// The result.
    pub result: Value,
}

impl Question {
    /// `method` with `params`, a JSON object.
    pub fn request(name: &str, method: &str, params: String, answer: Answer) -> Self {
        let ask = Ask::Request { method: method.into(), params, progress: false };
        Self { name: name.into(), ask, answer, events: 0, replies: Vec::new() }
    }

    /// `echo` of a message of `bytes` letters.
    pub fn echo(bytes: usize) -> Self {
        Self::echo_of("echo", bytes)
    }

    /// The same of the coroutine function that Python servers have.
    pub fn aecho(bytes: usize) -> Self {
        Self::echo_of("aecho", bytes)
    }

    fn echo_of(name: &str, bytes: usize) -> Self {
        let message: String = ('a'..='z').cycle().take(bytes).collect();
        Self::tool(name, &format!(r#"{{"message":"{message}"}}"#), &message)
    }

    /// `tools/call` of `name`, answered by one text.
    pub fn tool(name: &str, arguments: &str, text: &str) -> Self {
        let params = format!(r#"{{"name":{},"arguments":{arguments}}}"#, json!(name));
        let answer = Answer::Result(json!({ "content": [{ "type": "text", "text": text }] }));
        Self::request(name, "tools/call", params, answer)
    }

    /// `ping`.
    pub fn ping() -> Self {
        Self::request("ping", "ping", "{}".into(), Answer::Result(json!({})))
    }

    /// What the bare loop is asked: as many bytes in and out as `request` and `reply`.
    pub fn opaque(request: usize, reply: usize) -> Self {
        let (ask, answer) = (Ask::Opaque(request), Answer::Is(crate::bare::reply(reply)));
        Self { name: "bare".into(), ask, answer, events: 0, replies: Vec::new() }
    }

    /// The message with `id`, and where in it the id stands: as itself, and as its progress token.
    pub fn message(&self, era: Era, id: u64) -> (Vec<u8>, Vec<usize>) {
        let (method, params, progress) = match &self.ask {
            Ask::Request { method, params, progress } => (method, params, *progress),
            Ask::Opaque(bytes) => {
                let mut filler = vec![b'x'; *bytes];
                let digits = id.to_string();
                let end = digits.len().min(filler.len());
                filler[..end].copy_from_slice(&digits.as_bytes()[..end]);
                return (filler, Vec::new());
            }
        };
        let mut text = String::from(r#"{"jsonrpc":"2.0","id":"#);
        let mut places = vec![text.len()];
        text.push_str(&id.to_string());
        text.push_str(&format!(r#","method":{},"params":"#, json!(method)));
        let open = params.trim_end().strip_suffix('}').unwrap_or(params).trim_end();
        text.push_str(open);
        let mut members = meta(era).to_owned();
        if progress {
            members.push_str(if members.is_empty() { "" } else { "," });
            members.push_str(r#""progressToken":"#);
        }
        if !members.is_empty() {
            text.push_str(if open.ends_with('{') { "" } else { "," });
            text.push_str(r#""_meta":{"#);
            text.push_str(&members);
            if progress {
                places.push(text.len());
                text.push_str(&id.to_string());
            }
            text.push('}');
        }
        text.push_str("}}");
        (text.into_bytes(), places)
    }

    /// The value of the `Mcp-Method` header.
    pub fn method(&self) -> &str {
        match &self.ask {
            Ask::Request { method, .. } => method,
            Ask::Opaque(_) => "",
        }
    }

    /// The value of the `Mcp-Name` header, if the method has one.
    pub fn header_name(&self) -> Option<String> {
        let Ask::Request { method, params, .. } = &self.ask else { return None };
        let member = match method.as_str() {
            "tools/call" | "prompts/get" => "name",
            "resources/read" => "uri",
            _ => return None,
        };
        let params: Value = serde_json::from_str(params).ok()?;
        params[member].as_str().map(str::to_owned)
    }
}

/// The members of `_meta` that every request of the stateless era carries.
pub fn meta(era: Era) -> &'static str {
    match era {
        Era::Stateless => concat!(
            r#""io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
            r#""io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},"#,
            r#""io.modelcontextprotocol/clientCapabilities":{"sampling":{}}"#
        ),
        Era::Handshake | Era::Bare => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_json_with_the_id_where_they_say() {
        let mut told = Question::echo(3);
        let Ask::Request { progress, .. } = &mut told.ask else { panic!("a request") };
        *progress = true;
        for question in [Question::echo(100), told, Question::ping(), form20(), form1000()] {
            for era in [Era::Handshake, Era::Stateless] {
                let (bytes, places) = question.message(era, 100_000_007);
                let value: Value = serde_json::from_slice(&bytes).expect("valid JSON");
                assert_eq!(value["id"], 100_000_007);
                for at in &places {
                    assert!(bytes[*at..].starts_with(b"100000007"));
                }
                let meta = &value["params"]["_meta"];
                let sealed = meta["io.modelcontextprotocol/protocolVersion"].is_string();
                assert_eq!(sealed, era == Era::Stateless);
                assert_eq!(meta["progressToken"].is_u64(), places.len() == 2);
            }
        }
    }

    #[test]
    fn the_name_header_is_what_the_parameters_name() {
        let read = r#"{"uri":"bench:///left"}"#.to_owned();
        let read = Question::request("read", "resources/read", read, Answer::Result(json!({})));
        assert_eq!(read.header_name().as_deref(), Some("bench:///left"));
        assert_eq!(Question::echo(1).header_name().as_deref(), Some("echo"));
        assert_eq!(Question::ping().header_name(), None);
    }
}
