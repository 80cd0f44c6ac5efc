//! What is asked of a server, and how a right answer looks.
//!
//! The answer stands here and not in a server: a server that answers something else is wrong,
//! however fast it is.

mod form;

pub use form::{form20, form1000};

use crate::target::Era;

/// One kind of request, sent over and over with another id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    /// Its name in reports.
    pub name: String,
    /// What is asked.
    pub ask: Ask,
    /// What the answer must hold.
    pub answer: Answer,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// `tools/call` with these arguments, a JSON object.
    Tool {
        /// The tool.
        name: String,
        /// Its arguments as JSON.
        arguments: String,
    },
    /// `ping`, which the handshake era answers even before `initialize`.
    Ping,
    /// That many bytes without a meaning, for the bare loop.
    Opaque(usize),
}

/// How a right answer looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It echoes the id and holds these bytes.
    Holds(Vec<u8>),
    /// It is these bytes; answers come in the order of the requests, for they carry no id.
    Is(Vec<u8>),
}

impl Workload {
    /// `echo` of a message of `bytes` letters.
    pub fn echo(bytes: usize) -> Self {
        let message: String = ('a'..='z').cycle().take(bytes).collect();
        Self::tool("echo", format!(r#"{{"message":"{message}"}}"#), &message)
    }

    /// `tools/call` of `name`, answered by one text.
    pub fn tool(name: &str, arguments: String, text: &str) -> Self {
        Self {
            name: name.into(),
            ask: Ask::Tool { name: name.into(), arguments },
            answer: Answer::Holds(format!(r#""text":"{text}""#).into_bytes()),
        }
    }

    /// The same arguments and the same answer, of the tool `name`.
    #[must_use]
    pub fn of(self, name: &str) -> Self {
        let ask = match self.ask {
            Ask::Tool { arguments, .. } => Ask::Tool { name: name.into(), arguments },
            other => other,
        };
        Self { name: name.into(), ask, ..self }
    }

    /// `ping`.
    pub fn ping() -> Self {
        Self { name: "ping".into(), ask: Ask::Ping, answer: Answer::Holds(br#""result":{"#.into()) }
    }

    /// What the bare loop is asked: as many bytes in and out as `request` and `reply`.
    pub fn opaque(request: usize, reply: usize) -> Self {
        let answer = Answer::Is(crate::bare::reply(reply));
        Self { name: "bare".into(), ask: Ask::Opaque(request), answer }
    }

    /// The message with `id`, and where in it the id stands.
    pub fn message(&self, era: Era, id: u64) -> (Vec<u8>, usize) {
        let mut text = String::from(r#"{"jsonrpc":"2.0","id":"#);
        let at = text.len();
        let rest = match &self.ask {
            Ask::Opaque(bytes) => {
                let mut filler = vec![b'x'; *bytes];
                let digits = id.to_string();
                let end = digits.len().min(filler.len());
                filler[..end].copy_from_slice(&digits.as_bytes()[..end]);
                return (filler, 0);
            }
            Ask::Ping => r#","method":"ping"}"#.to_owned(),
            Ask::Tool { name, arguments } => format!(
                r#","method":"tools/call","params":{{"name":"{name}","arguments":{arguments}{}}}}}"#,
                meta(era)
            ),
        };
        text.push_str(&id.to_string());
        text.push_str(&rest);
        (text.into_bytes(), at)
    }

    /// The value of the `Mcp-Method` header.
    pub fn method(&self) -> &'static str {
        match self.ask {
            Ask::Tool { .. } => "tools/call",
            Ask::Ping => "ping",
            Ask::Opaque(_) => "",
        }
    }

    /// The value of the `Mcp-Name` header, if the method has one.
    pub fn tool_name(&self) -> Option<&str> {
        match &self.ask {
            Ask::Tool { name, .. } => Some(name),
            Ask::Ping | Ask::Opaque(_) => None,
        }
    }
}

/// What every request of the stateless era carries in its parameters.
pub fn meta(era: Era) -> &'static str {
    match era {
        Era::Stateless => concat!(
            r#","_meta":{"io.modelcontextprotocol/protocolVersion":"2026-07-28","#,
            r#""io.modelcontextprotocol/clientInfo":{"name":"bench","version":"1"},"#,
            r#""io.modelcontextprotocol/clientCapabilities":{}}"#
        ),
        Era::Handshake | Era::Bare => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_json_with_the_id_where_they_say() {
        for workload in [Workload::echo(100), Workload::ping(), form20(), form1000()] {
            for era in [Era::Handshake, Era::Stateless] {
                let (bytes, at) = workload.message(era, 100_000_007);
                let value: serde_json::Value = serde_json::from_slice(&bytes).expect("valid JSON");
                assert_eq!(value["id"], 100_000_007);
                assert!(bytes[at..].starts_with(b"100000007"));
                let sealed = value["params"]["_meta"].is_object();
                assert_eq!(sealed, era == Era::Stateless && workload.ask != Ask::Ping);
            }
        }
    }
}
