//! Answers the transport gives by itself, each with a reason and a remedy in plain text.
//!
//! The words are made here and nowhere below: a decoder's fault is a small value until it arrives.

use std::borrow::Cow;

use crate::codec::ChunkedFault;
use crate::codec::http1::HeadFault;

use super::exchange::Route;
use super::paths::MethodSet;
use super::respond::{respond, respond_empty};

/// What `Allow` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Allow {
    Text(&'static str),
    Methods(MethodSet),
}

/// An answer to a request that does not go up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    text: &'static str,
    allow: Option<Allow>,
    close: bool,
    bodiless: bool,
}

impl Refusal {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// Reason and remedy.
    pub fn text(&self) -> &'static str {
        self.text
    }

    /// Whether the connection must be closed once the answer is sent.
    pub fn close(&self) -> bool {
        self.close
    }

    /// Appends the whole answer.
    pub fn write(&self, out: &mut Vec<u8>) {
        let allow = self.allow.map(|allow| match allow {
            Allow::Text(text) => Cow::Borrowed(text),
            Allow::Methods(methods) => Cow::Owned(methods.to_string()),
        });
        let allow = allow.as_deref().map(|allow| ("allow", allow));
        if self.bodiless {
            return respond_empty(out, self.status, allow.as_slice(), !self.close);
        }
        let text = Some("text/plain; charset=utf-8");
        respond(out, self.status, allow.as_slice(), text, !self.close, |out| {
            out.extend_from_slice(self.text.as_bytes());
            out.push(b'\n');
        });
    }

    /// The same refusal, closing when `close` says so.
    pub(super) fn or_close(self, close: bool) -> Self {
        Self { close: self.close || close, ..self }
    }

    /// The same refusal to a request of `method`: an answer to HEAD has no body, or what follows it
    /// on the connection would be read as something else.
    pub(super) fn to_method(self, method: &str) -> Self {
        Self { bodiless: method == "HEAD", ..self }
    }

    const fn new(status: u16, text: &'static str) -> Self {
        Self { status, text, allow: None, close: false, bodiless: false }
    }

    const fn closing(status: u16, text: &'static str) -> Self {
        Self { close: true, ..Self::new(status, text) }
    }
}

pub(super) const HOST: Refusal = Refusal::closing(
    421,
    "Misdirected request: this server does not answer for the host in the Host header. Connect as \
     localhost or 127.0.0.1, or add the host to the server's allowed hosts.",
);
pub(super) const ORIGIN: Refusal = Refusal::closing(
    403,
    "Forbidden: the Origin header is not allowed. Add the origin to the server's allowed origins \
     if its pages may call this server.",
);
pub(super) const TWO_AUTHORIZATIONS: Refusal =
    Refusal::closing(400, "Bad request: more than one Authorization header. Send one.");
pub(super) const TOKEN_IN_QUERY: Refusal = Refusal::closing(
    400,
    "Bad request: an access token in the query. It is to be taken for known to others now; send a \
     new one as Authorization: Bearer.",
);
pub(super) const NO_ROUTE: Refusal = Refusal::new(
    404,
    "Not found: nothing is served at this path. Use the path of the server's MCP endpoint, \
     /mcp unless it was configured otherwise.",
);
pub(super) const ESCAPE: Refusal = Refusal::new(
    400,
    "Bad request: the path has a percent sign without two hexadecimal digits, or its escapes are \
     no UTF-8.",
);
pub(super) const METHOD: Refusal = Refusal::closing(
    501,
    "Not implemented: this request method is not known here. Use POST, GET or DELETE.",
);
pub(super) const CONTENT_TYPE: Refusal = Refusal::new(
    415,
    "Unsupported media type: a message must be JSON. Send one header Content-Type: \
     application/json.",
);
pub(super) const ACCEPT: Refusal = Refusal::new(
    406,
    "Not acceptable: the client must take both kinds of answer. Send Accept: application/json, \
     text/event-stream.",
);
pub(super) const BODY_TOO_LONG: Refusal = Refusal::closing(
    413,
    "Content too large: the request body is over the server's limit. Send a smaller message or \
     raise the limit.",
);

/// A method the route does not have.
pub(super) fn verb(route: Route) -> Refusal {
    let (allow, text) = match route {
        Route::Mcp => (
            "GET, POST, DELETE",
            "Method not allowed: the MCP endpoint takes POST, GET and DELETE only.",
        ),
        Route::Health
        | Route::Metrics
        | Route::ResourceMetadata
        | Route::Sse
        // Whose methods are its own: see `not_allowed`.
        | Route::Own(_) => {
            ("GET", "Method not allowed: this page can be read with GET only.")
        }
        Route::Messages => ("POST", "Method not allowed: messages are posted here."),
    };
    Refusal { allow: Some(Allow::Text(allow)), ..Refusal::new(405, text) }
}

/// A method that no route of the program's own has at that path.
pub(super) fn not_allowed(allowed: MethodSet) -> Refusal {
    let text = "Method not allowed: see the Allow header for those that are.";
    Refusal { allow: Some(Allow::Methods(allowed)), ..Refusal::new(405, text) }
}

impl From<HeadFault> for Refusal {
    fn from(fault: HeadFault) -> Self {
        let (status, text) = match fault {
            HeadFault::Syntax => {
                (400, "Bad request: the request head is not HTTP/1.1. Speak plain HTTP/1.1 here.")
            }
            HeadFault::BareLineFeed => {
                (400, "Bad request: a bare line feed in the request head. End lines with CR LF.")
            }
            HeadFault::TooLong => {
                (431, "Request header fields too large: the head is over 16 KiB. Send less.")
            }
            HeadFault::TooManyFields => {
                (431, "Request header fields too large: over 64 header fields. Send fewer.")
            }
            HeadFault::Version => {
                (505, "HTTP version not supported: only HTTP/1.1 and HTTP/1.0 are spoken here.")
            }
            HeadFault::Target => (
                400,
                "Bad request: the request target is not a path, or names another host than Host. \
                 Send the path alone.",
            ),
            HeadFault::NoHost => (400, "Bad request: no Host header. Send one."),
            HeadFault::TwoHosts => (400, "Bad request: more than one Host header. Send one."),
            HeadFault::Length => {
                (400, "Bad request: Content-Length must be there once, as decimal digits.")
            }
            HeadFault::Encoding => {
                (400, "Bad request: Transfer-Encoding may only be chunked, once, on HTTP/1.1.")
            }
            HeadFault::LengthAndEncoding => {
                (400, "Bad request: Content-Length and Transfer-Encoding together. Send one.")
            }
            HeadFault::Expectation => {
                (417, "Expectation failed: only Expect: 100-continue is met here.")
            }
        };
        Self::closing(status, text)
    }
}

impl From<ChunkedFault> for Refusal {
    fn from(fault: ChunkedFault) -> Self {
        match fault {
            ChunkedFault::Syntax => {
                Self::closing(400, "Bad request: the chunked body is malformed. Close and retry.")
            }
            ChunkedFault::TooLong => BODY_TOO_LONG,
            ChunkedFault::Overhead => Self::closing(
                400,
                "Bad request: chunk extensions or trailers are over the limit. Leave them out.",
            ),
        }
    }
}

const _: () = assert!(
    crate::limits::HEAD_BYTES_MAX == 16 << 10 && crate::limits::HEADERS_MAX == 64,
    "the texts of 431 name these limits"
);
