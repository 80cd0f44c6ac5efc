//! One JSON-RPC message out of a parsed value, strictly.
//!
//! Member names are compared byte for byte after unescaping: no case folding, no Unicode folding,
//! no truncation at NUL. A member of the envelope that occurs twice is refused, because two
//! readers of the same bytes could otherwise see two different requests.

use std::borrow::Cow;

use super::{Id, RpcError, code};
use crate::json::{Kind, Value};

/// A message, borrowed from its text.
#[derive(Clone, Debug)]
pub enum Message<'p> {
    /// Wants an answer.
    Request(Request<'p>),
    /// Wants none.
    Notification(Notification<'p>),
    /// Answers one of our own requests.
    Response(Response<'p>),
}

/// A request.
#[derive(Clone, Debug)]
pub struct Request<'p> {
    /// Echoed in the answer.
    pub id: Id<'p>,
    /// The method's name.
    pub method: Cow<'p, str>,
    /// An object or an array, or absent.
    pub params: Option<Value<'p>>,
}

/// A notification.
#[derive(Clone, Debug)]
pub struct Notification<'p> {
    /// The method's name.
    pub method: Cow<'p, str>,
    /// An object or an array, or absent.
    pub params: Option<Value<'p>>,
}

/// A response to a request of ours.
#[derive(Clone, Debug)]
pub struct Response<'p> {
    /// Which request it answers.
    pub id: Option<Id<'p>>,
    /// Its result, or the error object.
    pub outcome: Result<Value<'p>, Value<'p>>,
}

/// A message that is none: what to answer, and to which id if one could be read.
#[derive(Clone, Debug)]
pub struct Fault<'p> {
    /// The answer's error.
    pub error: RpcError,
    /// The id to echo.
    pub id: Option<Id<'p>>,
    /// A broken response is never answered, or two peers could exchange errors for ever.
    pub answerable: bool,
}

#[derive(Default)]
struct Members<'p> {
    version: Option<Value<'p>>,
    id: Option<Value<'p>>,
    method: Option<Value<'p>>,
    params: Option<Value<'p>>,
    result: Option<Value<'p>>,
    error: Option<Value<'p>>,
}

impl<'p> Message<'p> {
    /// Reads one message; an array (a batch) is the caller's to take apart.
    pub fn parse(root: Value<'p>) -> Result<Self, Fault<'p>> {
        if root.kind() != Kind::Object {
            return Err(fault(None, "a message is a JSON object"));
        }
        let members = Members::collect(root)?;
        let id = members.id.and_then(Id::parse);
        if !members.version.is_some_and(|version| version.eq_str("2.0")) {
            return Err(fault(id, "the member \"jsonrpc\" must be the string \"2.0\""));
        }
        match members.method {
            Some(method) => members.call(method, id),
            None => members.response(id),
        }
    }
}

impl<'p> Members<'p> {
    fn collect(root: Value<'p>) -> Result<Self, Fault<'p>> {
        let mut found = Self::default();
        for (key, value) in root.members() {
            let place = match key.plain() {
                Some(plain) => found.place(plain),
                None => found.place(&key.name()),
            };
            if place.is_some_and(|place| place.replace(value).is_some()) {
                return Err(fault(None, "a member of the message occurs twice"));
            }
        }
        Ok(found)
    }

    fn place(&mut self, name: &[u8]) -> Option<&mut Option<Value<'p>>> {
        Some(match name {
            b"jsonrpc" => &mut self.version,
            b"id" => &mut self.id,
            b"method" => &mut self.method,
            b"params" => &mut self.params,
            b"result" => &mut self.result,
            b"error" => &mut self.error,
            _ => return None,
        })
    }

    fn call(self, method: Value<'p>, id: Option<Id<'p>>) -> Result<Message<'p>, Fault<'p>> {
        if self.result.is_some() || self.error.is_some() {
            return Err(fault(id, "a message has a method or a result, not both"));
        }
        let Some(method) = method.as_str() else {
            return Err(fault(id, "the member \"method\" must be a string"));
        };
        if self.id.is_some() && id.is_none() {
            return Err(fault(None, "a request id is a string or an integer"));
        }
        if let Some(params) = self.params
            && !matches!(params.kind(), Kind::Object | Kind::Array)
        {
            let error = RpcError::invalid_params("the member \"params\" must be an object");
            return Err(Fault { error, id, answerable: true });
        }
        Ok(match id {
            Some(id) => Message::Request(Request { id, method, params: self.params }),
            None => Message::Notification(Notification { method, params: self.params }),
        })
    }

    fn response(self, id: Option<Id<'p>>) -> Result<Message<'p>, Fault<'p>> {
        let outcome = match (self.result, self.error) {
            (Some(result), None) => Ok(result),
            (None, Some(error)) => Err(error),
            (None, None) => return Err(fault(id, "the member \"method\" is missing")),
            (Some(_), Some(_)) => {
                let error = RpcError::invalid_request("a response has a result or an error");
                return Err(Fault { error, id, answerable: false });
            }
        };
        Ok(Message::Response(Response { id, outcome }))
    }
}

fn fault<'p>(id: Option<Id<'p>>, message: &'static str) -> Fault<'p> {
    Fault { error: RpcError::new(code::INVALID_REQUEST, message), id, answerable: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{PaddedBuf, Parser};

    fn check(text: &str, want: &str) {
        let padded = PaddedBuf::copy(text.as_bytes());
        let mut parser = Parser::default();
        let root = parser.parse(padded.padded()).expect("test text is JSON");
        let show = |id: Option<Id<'_>>| {
            id.map_or("-".to_owned(), |id| String::from_utf8_lossy(id.raw()).into_owned())
        };
        let got = match Message::parse(root) {
            Ok(Message::Request(request)) => {
                format!("request {} {}", show(Some(request.id)), request.method)
            }
            Ok(Message::Notification(note)) => format!("notification {}", note.method),
            Ok(Message::Response(response)) => {
                let kind = if response.outcome.is_ok() { "result" } else { "error" };
                format!("response {} {kind}", show(response.id))
            }
            Err(fault) => format!("{} {}", fault.error.code, show(fault.id)),
        };
        assert_eq!(got, want, "{text}");
    }

    #[test]
    fn messages() {
        for (text, want) in [
            (r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#, "request 1 ping"),
            (r#"{"jsonrpc":"2.0","id":"","method":"ping"}"#, r#"request "" ping"#),
            (r#"{"jsonrpc":"2.0","id":-0,"method":"ping"}"#, "request -0 ping"),
            (r#"{"jsonrpc":"2.0","id":1,"m\u0065thod":"ping"}"#, "request 1 ping"),
            (r#"{"jsonrpc":"2.0","method":"ping"}"#, "notification ping"),
            (r#"{"jsonrpc":"2.0","id":4,"result":{}}"#, "response 4 result"),
            (r#"{"jsonrpc":"2.0","id":4,"error":{}}"#, "response 4 error"),
            (r#"{"jsonrpc":"2.0","id":4,"error":{},"result":1}"#, "-32600 4"),
            (r#"{"jsonrpc":"2.0","id":4,"method":"a","result":1}"#, "-32600 4"),
            (r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":1.0,"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":1e2,"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":1,"method":7}"#, "-32600 1"),
            (r#"{"jsonrpc":"2.0","id":1}"#, "-32600 1"),
            (r#"{"jsonrpc":"1.0","id":1,"method":"ping"}"#, "-32600 1"),
            (r#"{"id":1,"method":"ping"}"#, "-32600 1"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","m\u0065thod":"b"}"#, "-32600 -"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","method\u0000":"b"}"#, "request 1 a"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","params":null}"#, "-32602 1"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","params":"x"}"#, "-32602 1"),
            (r#"{"jsonrpc":"2.0","id":1,"method":"a","params":[1]}"#, "request 1 a"),
            ("1", "-32600 -"),
            ("null", "-32600 -"),
        ] {
            check(text, want);
        }
    }
}
