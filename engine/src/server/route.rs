//! HTTP routes of the program's own: what a route is asked, and what it may answer.
//!
//! Routes stand beside the MCP endpoint on the same listeners, for what is no MCP: a web hook, a
//! page, a health check of the program's. Where a request goes is decided before; here is the
//! request in the program's hands, and the way of the answer back to the shard that waits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use super::{CallEvent, Lifeline, Post};
use crate::error::Error;
use crate::limits::{HEAD_BYTES_MAX, HEADERS_MAX, ROUTE_BODY_BYTES_MAX};
use crate::slot::Slot;

/// Answers requests for a route. Any `Fn(RouteCall)` is one.
///
/// It runs on the thread that serves the socket, and every other connection of that thread waits
/// meanwhile: it answers what it knows at once, and otherwise takes the call to another thread. A
/// panic is answered with status 500.
pub trait RouteHandler: Send + Sync + 'static {
    /// Answers `call`, now or later.
    fn answer(&self, call: RouteCall);
}

impl<F: Fn(RouteCall) + Send + Sync + 'static> RouteHandler for F {
    fn answer(&self, call: RouteCall) {
        self(call);
    }
}

type Pairs = Vec<(Box<str>, Box<str>)>;

/// A request for a route, whole.
#[derive(Clone, Debug, Default)]
pub struct RouteRequest {
    pub(crate) method: Box<str>,
    pub(crate) path: Box<str>,
    pub(crate) query: Box<str>,
    pub(crate) headers: Pairs,
    pub(crate) variables: Pairs,
    pub(crate) body: Bytes,
}

impl RouteRequest {
    /// The method, in capitals. `HEAD` is answered as `GET` would be; the body is left out.
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path as it was sent, without the query; escapes are not decoded.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What stands behind the `?`, as it was sent; empty without one.
    pub fn query(&self) -> &str {
        &self.query
    }

    /// Name, in small letters, and value of each header, in order, as they were sent. A value that
    /// is no UTF-8 has a character for each byte.
    pub fn headers(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (&**name, &**value))
    }

    /// The first header of that name, in whatever letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// What the path has in the place of `{name}` or `{name*}`, decoded. A part of it is never
    /// empty (but the last of a `{name*}`), `.` or `..`, and has no control characters; only a
    /// `{name*}` has slashes.
    pub fn variable(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|(own, _)| **own == *name);
        found.map(|(_, value)| &**value)
    }

    /// The body; at most `Config::frame_bytes_max` bytes.
    pub fn body(&self) -> &Bytes {
        &self.body
    }
}

/// What a route answers: a status, headers, a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteResponse {
    status: u16,
    headers: Vec<(String, String)>,
    body: Bytes,
}

impl RouteResponse {
    /// An answer of that status, from 200 to 599, without a body.
    pub fn new(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Bytes::new() }
    }

    /// Status 200 and plain text.
    pub fn text(text: impl Into<String>) -> Self {
        let response = Self::new(200).header("content-type", "text/plain; charset=utf-8");
        response.body(text.into())
    }

    /// Status 200 and JSON, which is not looked at.
    pub fn json(json: impl Into<String>) -> Self {
        Self::new(200).header("content-type", "application/json").body(json.into())
    }

    /// Adds a header; one of that name that is there stays.
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sets the body. Nothing is said about its type.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = body.into();
        self
    }

    /// The status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// The headers.
    pub(crate) fn headers(&self) -> &[(String, String)] {
        &self.headers
    }

    /// The body.
    pub(crate) fn bytes(&self) -> &Bytes {
        &self.body
    }

    /// What would break the connection, or be another answer than was meant. How the body is framed
    /// and whether the connection stays is the engine's to say; a right length is left out.
    fn checked(mut self) -> Result<Self, Error> {
        let fault = |words: String| Err(Error::usage(format!("the route's answer: {words}")));
        if !(200..600).contains(&self.status) {
            return fault(format!("its status is {}, not from 200 to 599", self.status));
        }
        let has_no_body = matches!(self.status, 204 | 205 | 304);
        if has_no_body && !self.body.is_empty() {
            return fault(format!("an answer of status {} has no body", self.status));
        }
        if self.body.len() > ROUTE_BODY_BYTES_MAX {
            return fault(format!("its body is over {ROUTE_BODY_BYTES_MAX} bytes"));
        }
        let length = self.body.len().to_string();
        self.headers.retain(|(name, value)| {
            !(name.eq_ignore_ascii_case("content-length") && value.trim() == length)
        });
        let size = |(name, value): &(String, String)| name.len() + value.len() + 4;
        let bytes: usize = self.headers.iter().map(size).sum();
        if self.headers.len() > HEADERS_MAX || bytes > HEAD_BYTES_MAX {
            return fault(format!(
                "it has more than {HEADERS_MAX} headers, or more than {HEAD_BYTES_MAX} bytes of them"
            ));
        }
        for (name, value) in &self.headers {
            if name.is_empty() || !name.bytes().all(is_token) {
                return fault(format!("{name:?} is no name of a header"));
            }
            if ENGINES.iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return fault(format!("{name:?} is for the engine to say"));
            }
            if value.chars().any(|c| c.is_control() && c != '\t') {
                return fault(format!("the value of {name:?} has a control character"));
            }
        }
        Ok(self)
    }

    /// The answer to a request that its handler did not answer.
    fn unanswered() -> Self {
        Self { status: 500, ..Self::text("Internal server error\n") }
    }
}

/// Headers that say how an answer is framed or what becomes of its connection.
const ENGINES: [&str; 8] = [
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "proxy-connection",
    "trailer",
    "upgrade",
    "te",
];

/// Whether a byte may stand in the name of a header.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// A request that waits for its answer: owned, taken to any thread, answered once. Dropped without
/// an answer it is answered with status 500; one that takes longer than `Config::call_ms` is
/// answered with 504 meanwhile.
pub struct RouteCall {
    request: RouteRequest,
    waiter: RouteWaiter,
    post: Arc<dyn Post>,
    lifeline: Arc<Lifeline>,
    is_armed: bool,
}

/// Who waits for the answer of a route: a request on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteWaiter {
    /// The connection.
    pub slot: Slot,
    /// Which of the shard's requests for routes; another one may be on the connection by then.
    pub serial: u64,
}

impl RouteCall {
    /// A call of `waiter`, whose answer goes through `post` while `lifeline` says it is wanted.
    pub(crate) fn new(
        request: RouteRequest,
        waiter: RouteWaiter,
        post: Arc<dyn Post>,
        lifeline: Arc<Lifeline>,
    ) -> Self {
        Self { request, waiter, post, lifeline, is_armed: true }
    }

    /// What is asked.
    pub fn request(&self) -> &RouteRequest {
        &self.request
    }

    /// Answers. The error says what is wrong with the answer (see [`RouteResponse`]); the peer gets
    /// status 500 then. An answer that nobody waits for any more goes nowhere.
    ///
    /// Refused are headers that say how the answer is framed or what becomes of the connection
    /// (`Content-Length` unless it is right, `Transfer-Encoding`, `Connection` and the like),
    /// control characters, and a body where the status has none.
    pub fn respond(mut self, response: RouteResponse) -> Result<(), Error> {
        self.settle(response)
    }

    /// As [`Self::respond`]; what this lends stays good until it is dropped. An answer after the
    /// first goes nowhere.
    pub fn settle(&mut self, response: RouteResponse) -> Result<(), Error> {
        self.is_armed = false;
        let (response, outcome) = match response.checked() {
            Ok(response) => (response, Ok(())),
            Err(fault) => (RouteResponse::unanswered(), Err(fault)),
        };
        self.post(response);
        outcome
    }

    /// Whether the answer is not wanted any more: the connection is gone or the time was over.
    pub fn is_cancelled(&self) -> bool {
        self.lifeline.is_cancelled()
    }

    /// Calls `told` when the answer is not wanted any more, on the thread that finds out; now if
    /// that is so already. It must not block. One is kept: the last.
    pub fn on_cancel(&self, told: impl FnOnce() + Send + 'static) {
        self.lifeline.on_cancel(told);
    }

    /// The time that is left for the answer.
    pub fn time_left(&self) -> Option<Duration> {
        self.lifeline.time_left(|| self.post.now_ns())
    }

    fn post(&self, response: RouteResponse) {
        self.post.post(CallEvent::Routed { waiter: self.waiter, response });
    }
}

impl Drop for RouteCall {
    fn drop(&mut self) {
        if self.is_armed {
            self.post(RouteResponse::unanswered());
        }
    }
}

impl fmt::Debug for RouteCall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RouteCall").field("request", &self.request).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_break_the_connection_is_refused() {
        let check = |response: RouteResponse, want: &str| match response.checked() {
            Ok(response) => assert_eq!(want, "", "{response:?}"),
            Err(fault) => {
                assert!(
                    !want.is_empty() && fault.to_string().contains(want),
                    "{fault}, not {want}"
                );
            }
        };
        let with = |name: &str, value: &str| RouteResponse::text("four").header(name, value);
        check(with("x-a", "b\tc"), "");
        check(with("X-A", "caf\u{e9}"), "");
        check(with("set-cookie", "a=b").header("set-cookie", "c=d"), "");
        check(with("content-length", "4"), "");
        check(with("Content-Length", "5"), "for the engine to say");
        check(with("Content-Length", "4, 4"), "for the engine to say");
        check(with("transfer-encoding", "chunked"), "for the engine to say");
        check(with("Connection", "close"), "for the engine to say");
        check(with("upgrade", "h2c"), "for the engine to say");
        check(with("x-a", "b\r\nx-c: d"), "control character");
        check(with("x-a", "b\0"), "control character");
        check(with("x-a", "\u{85}"), "control character");
        check(with("x a", "b"), "no name of a header");
        check(with("x-a:", "b"), "no name of a header");
        check(with("", "b"), "no name of a header");
        check(with("x-\u{e9}", "b"), "no name of a header");
        check(with("x-a", &"b".repeat(HEAD_BYTES_MAX)), "more than");
        let many = (0..=HEADERS_MAX).fold(RouteResponse::new(200), |it, _| it.header("a", "b"));
        check(many, "more than");
        check(RouteResponse::new(101), "status is 101");
        check(RouteResponse::new(600), "status is 600");
        check(RouteResponse::new(204), "");
        check(RouteResponse::new(204).body("x"), "has no body");
        check(RouteResponse::new(304).body("x"), "has no body");
    }
}
