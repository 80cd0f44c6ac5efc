//! One HTTP/1 connection, server side: requests in, one at a time, their answers in order.
//!
//! ```text
//!            head whole, body whole                       responded()
//!   Head ───────────────────────────────▶ (awaiting) ───────────────────▶ Head, or Closed
//!    │ head whole, body not                  ▲
//!    └──────▶ Body | Chunked ────────────────┘            any fault ─────▶ Closed
//! ```
//! A request that lies whole in a chunk is handed up as places in it. One that spans chunks is
//! assembled, head and body together. What a client pipelines behind an unanswered request is
//! kept, in order, and read when the answer is there.

use std::mem;

use crate::codec::http1::{BodyFraming, HeadFault, field_slots, head_end, parse_head};
use crate::codec::{Assembled, Chunk, ChunkedBody, Frame};
use crate::limits::HEAD_BYTES_MAX;

use super::exchange::{Admission, Exchange, HttpRules, Request, judge};
use super::facts::{Facts, HeadBytes};
use super::refusal::{self, Refusal};

/// What the next bytes of a connection amount to.
#[derive(Debug)]
pub enum Step<'c> {
    /// The chunk is used up.
    NeedMore,
    /// The client waits for leave to send the body: append
    /// [`CONTINUE`](super::respond::CONTINUE) and go on.
    Continue,
    /// A request. Answer it, then call [`Http1::responded`].
    Exchange(Exchange<'c>),
    /// A request that is answered already. Append the answer; close if it says so; go on.
    Refuse(Refusal),
    /// A request is unanswered. The rest of the chunk was kept; go on with
    /// [`Http1::next_kept`] after [`Http1::responded`].
    Waiting,
}

/// The state of one connection.
///
/// INVARIANT: `partial` holds the head, whole or not, and behind a whole one the body so far;
/// it is empty while `awaiting` and in `Closed`. `backlog` is `None` when nothing is kept.
#[derive(Debug, Default)]
pub struct Http1 {
    partial: Vec<u8>,
    backlog: Option<Box<Backlog>>,
    phase: Phase,
    awaiting: bool,
    /// The unanswered exchange is the connection's last.
    last: bool,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Head,
    Body {
        head_len: u16,
        /// Bytes of head and body together.
        total: usize,
    },
    Chunked {
        head_len: u16,
        body: ChunkedBody,
    },
    /// Nothing more is read: what comes is dropped.
    Closed,
}

/// Bytes received while an exchange was unanswered: each is copied in once, and read in place.
#[derive(Debug)]
struct Backlog {
    front: Assembled,
    /// How far `front` was read.
    at: usize,
    /// What came after `front`.
    tail: Vec<u8>,
}

impl Backlog {
    fn bytes(&self) -> usize {
        self.front.len() - self.at + self.tail.len()
    }
}

/// The bytes a step reads, and how what it finds in them is handed up.
enum Source<'c> {
    Chunk(&'c [u8]),
    Kept(Assembled),
}

impl<'c> Source<'c> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Chunk(bytes) => bytes,
            Self::Kept(piece) => piece.payload(),
        }
    }

    fn head(&self, start: usize, end: usize) -> HeadBytes<'c> {
        match self {
            Self::Chunk(bytes) => HeadBytes::Borrowed(&bytes[start..end]),
            Self::Kept(piece) => HeadBytes::Owned(piece.share(start..end)),
        }
    }

    fn body(&self, start: usize, end: usize) -> Frame {
        match self {
            Self::Chunk(_) => Frame::Direct(start..end),
            Self::Kept(piece) => Frame::Assembled(piece.slice(start..end)),
        }
    }
}

/// A head that passed grammar and rules.
struct Admitted {
    admission: Admission,
    body: BodyFraming,
    expects_continue: bool,
    keep_alive: bool,
    takes_chunks: bool,
}

impl Http1 {
    /// A connection that was just accepted.
    pub fn new() -> Self {
        Self::default()
    }

    /// The next step from `at` on, which moves behind what was taken. Call until it says
    /// [`Step::NeedMore`] or [`Step::Waiting`].
    pub fn next<'c>(
        &mut self,
        rules: &HttpRules,
        chunk: &'c dyn Chunk,
        at: &mut usize,
    ) -> Step<'c> {
        if self.awaiting || self.backlog.is_some() {
            self.keep(&chunk.payload()[*at..]);
            *at = chunk.len();
            return self.next_kept(rules);
        }
        self.advance(rules, &Source::Chunk(chunk.payload()), at)
    }

    /// The next step of what was kept while an exchange was unanswered.
    pub fn next_kept(&mut self, rules: &HttpRules) -> Step<'static> {
        if self.awaiting {
            return Step::Waiting;
        }
        while let Some(mut backlog) = self.backlog.take() {
            if backlog.at == backlog.front.len() {
                backlog.front = Assembled::seal(mem::take(&mut backlog.tail));
                backlog.at = 0;
            }
            let source = Source::Kept(backlog.front.clone());
            let step = self.advance(rules, &source, &mut backlog.at);
            if backlog.bytes() > 0 && !self.is_closed() {
                self.backlog = Some(backlog);
            }
            if !matches!(step, Step::NeedMore) {
                return step;
            }
        }
        Step::NeedMore
    }

    /// The last exchange was answered in full.
    pub fn responded(&mut self) {
        debug_assert!(self.awaiting, "an answer to no exchange");
        self.awaiting = false;
        if self.last {
            self.close();
        }
    }

    /// Reads no more requests, as when the server drains: the answer in the making is the last.
    pub fn close(&mut self) {
        self.partial = Vec::new();
        self.backlog = None;
        self.phase = Phase::Closed;
    }

    /// Whether no further request will be read. Close once everything is sent.
    pub fn is_closed(&self) -> bool {
        matches!(self.phase, Phase::Closed)
    }

    /// Whether an exchange is unanswered.
    pub fn awaiting(&self) -> bool {
        self.awaiting
    }

    /// Whether a request has begun and is not whole.
    pub fn is_partial(&self) -> bool {
        !self.partial.is_empty()
    }

    /// Bytes kept of the request that is not whole.
    pub fn partial_bytes(&self) -> usize {
        self.partial.len()
    }

    /// Bytes kept behind the unanswered exchange. Receiving should pause before they are many.
    pub fn backlog_bytes(&self) -> usize {
        self.backlog.as_ref().map_or(0, |backlog| backlog.bytes())
    }

    fn keep(&mut self, bytes: &[u8]) {
        if bytes.is_empty() || self.last || self.is_closed() {
            return;
        }
        self.backlog
            .get_or_insert_with(|| {
                Box::new(Backlog { front: Assembled::empty(), at: 0, tail: Vec::new() })
            })
            .tail
            .extend_from_slice(bytes);
    }

    fn advance<'c>(&mut self, rules: &HttpRules, source: &Source<'c>, at: &mut usize) -> Step<'c> {
        match self.phase {
            Phase::Head if self.partial.is_empty() => self.fresh(rules, source, at),
            Phase::Head => self.more_head(rules, source, at),
            Phase::Body { .. } | Phase::Chunked { .. } => self.more_body(rules, source.bytes(), at),
            Phase::Closed => {
                *at = source.bytes().len();
                Step::NeedMore
            }
        }
    }

    /// Between requests. Empty lines are read over, as some clients end a body with one.
    fn fresh<'c>(&mut self, rules: &HttpRules, source: &Source<'c>, at: &mut usize) -> Step<'c> {
        let bytes = source.bytes();
        while bytes[*at..].starts_with(b"\r\n") {
            *at += 2;
        }
        let rest = &bytes[*at..];
        let end = if rest == b"\r" { Ok(None) } else { head_end(rest, 0) };
        match end {
            Err(fault) => self.refuse(fault.into()),
            Ok(Some(end)) => self.whole_head(rules, source, at, end),
            Ok(None) => {
                self.partial.extend_from_slice(rest);
                *at = bytes.len();
                Step::NeedMore
            }
        }
    }

    /// A head of `head_len` bytes lies whole at `at`, and perhaps its body behind it.
    fn whole_head<'c>(
        &mut self,
        rules: &HttpRules,
        source: &Source<'c>,
        at: &mut usize,
        head_len: usize,
    ) -> Step<'c> {
        let bytes = source.bytes();
        let start = *at;
        let body = start + head_len;
        *at = body;
        let admitted = match admit(rules, &bytes[start..body]) {
            Ok(admitted) => admitted,
            Err(refusal) => return self.refuse(refusal),
        };
        match admitted.body {
            BodyFraming::Length(len)
                if !admitted.expects_continue && len <= (bytes.len() - body) as u64 =>
            {
                *at = body + len as usize;
                self.exchange(admitted, source.head(start, body), source.body(body, *at))
            }
            _ => {
                self.partial.extend_from_slice(&bytes[start..body]);
                self.begin_body(rules, &admitted, bytes, at)
            }
        }
    }

    /// A head that began in an earlier piece.
    fn more_head<'c>(
        &mut self,
        rules: &HttpRules,
        source: &Source<'c>,
        at: &mut usize,
    ) -> Step<'c> {
        let bytes = source.bytes();
        let rest = &bytes[*at..];
        if self.partial == b"\r" {
            return match rest.first() {
                None => Step::NeedMore,
                Some(b'\n') => {
                    self.partial = Vec::new();
                    *at += 1;
                    self.fresh(rules, source, at)
                }
                Some(_) => self.refuse(HeadFault::Syntax.into()),
            };
        }
        let before = self.partial.len();
        // Bytes behind the head may come along here; they are given back below.
        let take = rest.len().min(HEAD_BYTES_MAX - before);
        self.partial.extend_from_slice(&rest[..take]);
        let end = match head_end(&self.partial, before) {
            Err(fault) => return self.refuse(fault.into()),
            Ok(None) => {
                *at += take;
                return Step::NeedMore;
            }
            Ok(Some(end)) => end,
        };
        self.partial.truncate(end);
        *at += end - before;
        match admit(rules, &self.partial) {
            Ok(admitted) => self.begin_body(rules, &admitted, bytes, at),
            Err(refusal) => self.refuse(refusal),
        }
    }

    /// `partial` is a whole head that was admitted.
    fn begin_body(
        &mut self,
        rules: &HttpRules,
        admitted: &Admitted,
        bytes: &[u8],
        at: &mut usize,
    ) -> Step<'static> {
        let head_len = self.partial.len() as u16;
        self.phase = match admitted.body {
            BodyFraming::Chunked => Phase::Chunked { head_len, body: ChunkedBody::new() },
            BodyFraming::Length(len) => {
                Phase::Body { head_len, total: self.partial.len() + len as usize }
            }
        };
        if admitted.expects_continue {
            return Step::Continue;
        }
        self.more_body(rules, bytes, at)
    }

    fn more_body(&mut self, rules: &HttpRules, bytes: &[u8], at: &mut usize) -> Step<'static> {
        match &mut self.phase {
            Phase::Body { head_len, total } => {
                let missing = *total - self.partial.len();
                let take = missing.min(bytes.len() - *at);
                crate::codec::append(&mut self.partial, &bytes[*at..*at + take], *total);
                *at += take;
                if take < missing {
                    return Step::NeedMore;
                }
                let head_len = usize::from(*head_len);
                self.assembled(rules, head_len)
            }
            Phase::Chunked { head_len, body } => {
                let head_len = usize::from(*head_len);
                let len_max = head_len.saturating_add(rules.body_bytes_max);
                match body.decode(bytes, at, &mut self.partial, len_max) {
                    Ok(true) => self.assembled(rules, head_len),
                    Ok(false) => Step::NeedMore,
                    Err(fault) => self.refuse(fault.into()),
                }
            }
            Phase::Head | Phase::Closed => Step::NeedMore,
        }
    }

    /// `partial` is a whole request. Its head is read again: keeping what the first reading found
    /// would make every idle connection larger.
    fn assembled(&mut self, rules: &HttpRules, head_len: usize) -> Step<'static> {
        self.phase = Phase::Head;
        let whole = Assembled::seal(mem::take(&mut self.partial));
        match admit(rules, &whole.payload()[..head_len]) {
            Ok(admitted) => {
                let head = HeadBytes::Owned(whole.share(0..head_len));
                let body = Frame::Assembled(whole.slice(head_len..whole.len()));
                self.exchange(admitted, head, body)
            }
            Err(refusal) => self.refuse(refusal),
        }
    }

    fn exchange<'c>(&mut self, admitted: Admitted, head: HeadBytes<'c>, body: Frame) -> Step<'c> {
        let Admission { route, verb, facts } = admitted.admission;
        self.awaiting = true;
        self.last = !admitted.keep_alive;
        Step::Exchange(Exchange {
            route,
            verb,
            facts: Facts::new(head, facts),
            body,
            keep_alive: admitted.keep_alive,
            takes_chunks: admitted.takes_chunks,
        })
    }

    /// A refusal that keeps the connection had no body, so the next request follows at once.
    fn refuse(&mut self, refusal: Refusal) -> Step<'static> {
        self.partial = Vec::new();
        self.phase = Phase::Head;
        if refusal.close() {
            self.close();
        }
        Step::Refuse(refusal)
    }
}

/// Grammar, then rules, then the size of the body: nothing of a body is taken before all three.
fn admit(rules: &HttpRules, bytes: &[u8]) -> Result<Admitted, Refusal> {
    let mut slots = field_slots();
    let head = parse_head(bytes, &mut slots)?;
    let has_body = head.body != BodyFraming::Length(0);
    let request = Request { method: head.method, path: head.path, host: head.host };
    let fields = head.fields.iter().map(|field| (field.name, field.value));
    let admission = judge(rules, &request, bytes, fields)
        .map_err(|refusal| refusal.or_close(has_body || !head.keep_alive).to_method(head.method))?;
    if matches!(head.body, BodyFraming::Length(len) if len > rules.body_bytes_max as u64) {
        return Err(refusal::BODY_TOO_LONG.to_method(head.method));
    }
    Ok(Admitted {
        admission,
        body: head.body,
        expects_continue: head.expects_continue && has_body,
        keep_alive: head.keep_alive,
        takes_chunks: head.minor == 1,
    })
}
