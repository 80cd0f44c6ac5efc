//! What came with a request beside what it means, for handlers that see to headers and ids
//! themselves.
//!
//! Copied once, out of the memory the request was received in, and only for calls of features that
//! ask for it: a call may wait for long, and must hold no buffer meanwhile.

use std::fmt;

use crate::json::Kind;
use crate::rpc::Request;

/// A request as it was sent, as far as a call does not say it in better words.
///
/// A call that is entered again, forwarded or made a task has those of the request that began it.
pub struct RequestFacts {
    transport: &'static str,
    id: Box<str>,
    session_id: Option<Box<str>>,
    meta: Option<Box<str>>,
    /// The head of an HTTP request, request line and all; empty elsewhere.
    head: Box<[u8]>,
}

impl RequestFacts {
    /// The facts of `request`, which came over `transport`.
    pub fn new(transport: &'static str, request: &Request<'_>) -> Self {
        let meta = request.params.and_then(|params| params.get("_meta"));
        let meta = meta.filter(|meta| meta.kind() == Kind::Object);
        Self {
            transport,
            id: text(request.id.raw()),
            session_id: None,
            meta: meta.map(|meta| text(meta.raw())),
            head: Box::default(),
        }
    }

    /// Sets the session it belongs to.
    pub fn with_session_id(self, session_id: Option<String>) -> Self {
        Self { session_id: session_id.map(Into::into), ..self }
    }

    /// Sets the head of the HTTP request that it came with, checked and whole.
    pub fn with_head(self, head: &[u8]) -> Self {
        Self { head: head.into(), ..self }
    }

    /// The request's id as its sender wrote it: a JSON string or integer.
    pub fn id_json(&self) -> &str {
        &self.id
    }

    /// The id of the session, which the handshake era has: over HTTP the one the client sends,
    /// elsewhere a name of the connection, which is one session. Unique as long as it lasts.
    pub fn session_id(&self) -> Option<&str> {
        self.session_id.as_deref()
    }

    /// What carried it: `stdio`, `tcp`, `unix` or `http`.
    pub fn transport(&self) -> &'static str {
        self.transport
    }

    /// The headers of its HTTP request in their order, names as they were sent, values without the
    /// blanks around them: all of them, credentials too. None where there is no HTTP.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &[u8])> {
        // The head keeps the grammar of HTTP/1: one field a line, none of them folded.
        let lines = self.head.split(|&byte| byte == b'\n').skip(1);
        lines.filter_map(|line| {
            let colon = line.iter().position(|&byte| byte == b':')?;
            let name = std::str::from_utf8(&line[..colon]).ok()?;
            Some((name, line[colon + 1..].trim_ascii()))
        })
    }

    /// `_meta` of its parameters as its sender wrote it: a JSON object.
    pub fn meta_json(&self) -> Option<&str> {
        self.meta.as_deref()
    }
}

/// What the parser took is UTF-8.
fn text(json: &[u8]) -> Box<str> {
    String::from_utf8_lossy(json).into()
}

/// Headers, `_meta` and the session are left out: credentials end up in traces.
impl fmt::Debug for RequestFacts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequestFacts")
            .field("transport", &self.transport)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
