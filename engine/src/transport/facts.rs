//! What the head of an exchange says that the protocol above needs, beside the message.
//!
//! Facts are places in the head, not copies of it: reading them costs nothing until one is asked
//! for. What a session or a version means is not known here.

use std::fmt;

use bytes::Bytes;

use super::accept::Acceptance;

/// A part of a head. A head is shorter than 64 KiB, see the assertion in `limits`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    start: u16,
    len: u16,
}

impl Span {
    /// Where `part`, cut from `head`, lies in it.
    fn of(head: &[u8], part: &[u8]) -> Self {
        if part.is_empty() {
            return Self { start: 0, len: 0 };
        }
        let start = part.as_ptr().addr() - head.as_ptr().addr();
        debug_assert!(start + part.len() <= head.len());
        Self { start: start as u16, len: part.len() as u16 }
    }

    fn cut(self, head: &[u8]) -> &str {
        let start = usize::from(self.start);
        // What is no UTF-8 equals nothing a message can hold; U+FFFD keeps it visible.
        std::str::from_utf8(&head[start..start + usize::from(self.len)]).unwrap_or("\u{FFFD}")
    }
}

/// The places of all facts in a head.
#[derive(Clone, Debug, Default)]
pub(super) struct FactSpans {
    session_id: Option<Span>,
    protocol_version: Option<Span>,
    method: Option<Span>,
    name: Option<Span>,
    last_event_id: Option<Span>,
    authorization: Option<Span>,
    query: Option<Span>,
    params: Vec<(Span, Span)>,
    duplicate_routing_header: bool,
    duplicate_authorization: bool,
    pub(super) accept: Acceptance,
}

const PARAM_PREFIX: &str = "mcp-param-";

impl FactSpans {
    /// Notes one field of `head` if it is a fact.
    pub(super) fn note(&mut self, head: &[u8], name: &str, value: &[u8]) {
        let named = |other: &str| name.eq_ignore_ascii_case(other);
        let span = Span::of(head, value);
        let routing = match name.len() {
            6 if named("accept") => return self.accept.note(value),
            13 if named("last-event-id") => {
                self.last_event_id = Some(span);
                return;
            }
            13 if named("authorization") => {
                self.duplicate_authorization |= self.authorization.replace(span).is_some();
                return;
            }
            8 if named("mcp-name") => &mut self.name,
            10 if named("mcp-method") => &mut self.method,
            14 if named("mcp-session-id") => &mut self.session_id,
            20 if named("mcp-protocol-version") => &mut self.protocol_version,
            _ => return self.note_param(head, name, span),
        };
        if routing.is_some() {
            self.duplicate_routing_header = true;
        } else {
            *routing = Some(span);
        }
    }

    /// Notes the query of the request's target, which was cut from `head`.
    pub(super) fn note_query(&mut self, head: &[u8], target: &str) {
        self.query = target.split_once('?').map(|(_, query)| Span::of(head, query.as_bytes()));
    }

    fn note_param(&mut self, head: &[u8], name: &str, value: Span) {
        let Some((prefix, param)) = name.split_at_checked(PARAM_PREFIX.len()) else {
            return;
        };
        if !prefix.eq_ignore_ascii_case(PARAM_PREFIX) {
            return;
        }
        self.duplicate_routing_header |=
            self.params.iter().any(|(seen, _)| seen.cut(head).eq_ignore_ascii_case(param));
        self.params.push((Span::of(head, param.as_bytes()), value));
    }

    /// Two credentials: which one counts would be a guess.
    pub(super) fn has_two_authorizations(&self) -> bool {
        self.duplicate_authorization
    }
}

/// The bytes facts are cut from.
#[derive(Clone)]
pub(super) enum HeadBytes<'c> {
    /// Inside the received chunk.
    Borrowed(&'c [u8]),
    /// Assembled, or detached from the chunk.
    Owned(Bytes),
}

/// The facts of one exchange. A header that was sent empty is `Some("")`.
#[derive(Clone)]
pub struct Facts<'c> {
    head: HeadBytes<'c>,
    spans: FactSpans,
}

impl<'c> Facts<'c> {
    pub(super) fn new(head: HeadBytes<'c>, spans: FactSpans) -> Self {
        Self { head, spans }
    }

    /// The same facts with the head copied, for leaving the chunk or the shard.
    pub fn into_owned(self) -> Facts<'static> {
        let head = match self.head {
            HeadBytes::Borrowed(bytes) => Bytes::copy_from_slice(bytes),
            HeadBytes::Owned(bytes) => bytes,
        };
        Facts { head: HeadBytes::Owned(head), spans: self.spans }
    }

    /// `Mcp-Session-Id`.
    pub fn session_id(&self) -> Option<&str> {
        self.text(self.spans.session_id)
    }

    /// `MCP-Protocol-Version`.
    pub fn protocol_version(&self) -> Option<&str> {
        self.text(self.spans.protocol_version)
    }

    /// `Mcp-Method`.
    pub fn method(&self) -> Option<&str> {
        self.text(self.spans.method)
    }

    /// `Mcp-Name` as sent; see [`decode_value`](super::exchange::decode_value).
    pub fn name(&self) -> Option<&str> {
        self.text(self.spans.name)
    }

    /// `Last-Event-ID`.
    pub fn last_event_id(&self) -> Option<&str> {
        self.text(self.spans.last_event_id)
    }

    /// `Authorization`.
    pub fn authorization(&self) -> Option<&str> {
        self.text(self.spans.authorization)
    }

    /// What stands behind the `?` of the target, where a route has a use for it.
    pub fn query(&self) -> Option<&str> {
        self.text(self.spans.query)
    }

    /// Every `Mcp-Param-<name>` as (name, value), both as sent, in order.
    pub fn params(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        let head = self.head();
        self.spans.params.iter().map(|(name, value)| (name.cut(head), value.cut(head)))
    }

    /// Whether a header that routes (session, version, method, name, a parameter) came twice.
    /// The first one is what the accessors give.
    pub fn duplicate_routing_header(&self) -> bool {
        self.spans.duplicate_routing_header
    }

    /// Whether the peer takes an answer in `application/json`.
    pub fn accepts_json(&self) -> bool {
        self.spans.accept.json()
    }

    /// Whether the peer takes an answer in `text/event-stream`.
    pub fn accepts_sse(&self) -> bool {
        self.spans.accept.event_stream()
    }

    /// The whole head they are cut from.
    pub(super) fn head(&self) -> &[u8] {
        match &self.head {
            HeadBytes::Borrowed(bytes) => bytes,
            HeadBytes::Owned(bytes) => bytes,
        }
    }

    fn text(&self, span: Option<Span>) -> Option<&str> {
        span.map(|span| span.cut(self.head()))
    }
}

/// No facts at all.
impl Default for Facts<'_> {
    fn default() -> Self {
        Self { head: HeadBytes::Borrowed(&[]), spans: FactSpans::default() }
    }
}

/// Credentials are left out: facts end up in traces.
impl fmt::Debug for Facts<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("session_id", &self.session_id())
            .field("protocol_version", &self.protocol_version())
            .field("method", &self.method())
            .field("name", &self.name())
            .field("last_event_id", &self.last_event_id())
            .field("params", &self.params().collect::<Vec<_>>())
            .field("duplicate_routing_header", &self.duplicate_routing_header())
            .finish_non_exhaustive()
    }
}
