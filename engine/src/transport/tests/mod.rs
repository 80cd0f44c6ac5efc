//! The transport as its callers see it: streams of bytes in, steps and answers out.

mod admission;
mod answers;
mod hosts;
mod pipelining;
mod refused;
mod splitting;

use super::*;

/// One step with its borrowed parts copied, so that runs can be compared.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Seen {
    Continue,
    Request {
        route: Route,
        verb: Verb,
        body: Vec<u8>,
        keep_alive: bool,
        takes_chunks: bool,
        facts: String,
        authorization: Option<String>,
    },
    Refused {
        status: u16,
        close: bool,
    },
}

impl Seen {
    fn of(step: Step<'_>, chunk: &dyn Chunk) -> Option<Self> {
        match step {
            Step::NeedMore | Step::Waiting => None,
            Step::Continue => Some(Self::Continue),
            Step::Refuse(refusal) => {
                Some(Self::Refused { status: refusal.status(), close: refusal.close() })
            }
            Step::Exchange(exchange) => Some(Self::Request {
                route: exchange.route,
                verb: exchange.verb,
                body: exchange.body.payload(chunk).to_vec(),
                keep_alive: exchange.keep_alive,
                takes_chunks: exchange.takes_chunks,
                facts: format!("{:?}", exchange.facts),
                authorization: exchange.facts.authorization().map(str::to_owned),
            }),
        }
    }
}

/// A connection whose exchanges are answered at once, or when `late` says so.
pub(super) struct Peer<'r> {
    pub(super) rules: &'r HttpRules,
    pub(super) http: Http1,
    pub(super) seen: Vec<Seen>,
}

impl<'r> Peer<'r> {
    pub(super) fn new(rules: &'r HttpRules) -> Self {
        Self { rules, http: Http1::new(), seen: Vec::new() }
    }

    /// Feeds one piece; true when it ended in an unanswered exchange.
    pub(super) fn receive(&mut self, piece: &[u8], answer_at_once: bool) {
        let chunk = Assembled::copy(piece);
        let mut at = 0;
        loop {
            let step = self.http.next(self.rules, &chunk, &mut at);
            let Some(seen) = Seen::of(step, &chunk) else {
                break;
            };
            self.note(seen, answer_at_once);
        }
        assert_eq!(at, piece.len(), "the chunk must be used up");
    }

    /// Answers what is unanswered and goes on with what was kept.
    pub(super) fn answer(&mut self, answer_at_once: bool) {
        if self.http.awaiting() {
            self.http.responded();
        }
        let none = Assembled::empty();
        while let Some(seen) = Seen::of(self.http.next_kept(self.rules), &none) {
            self.note(seen, answer_at_once);
        }
    }

    fn note(&mut self, seen: Seen, answer_at_once: bool) {
        if answer_at_once && matches!(seen, Seen::Request { .. }) {
            self.http.responded();
        }
        self.seen.push(seen);
    }
}

/// The steps of a connection that receives these pieces and answers at once.
pub(super) fn steps<'a>(
    rules: &HttpRules,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> Vec<Seen> {
    let mut peer = Peer::new(rules);
    for piece in pieces {
        peer.receive(piece, true);
    }
    peer.seen
}

/// A request of the given line with fields every POST needs, then `fields` and the body.
pub(super) fn request(line: &str, fields: &str, body: &str) -> String {
    format!(
        "{line}\r\nHost: localhost:8080\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{fields}\r\n{body}"
    )
}

#[test]
fn idle_connections_are_small() {
    assert!(size_of::<Pipe>() <= 48, "Pipe: {}", size_of::<Pipe>());
    assert!(size_of::<Http1>() <= 120, "Http1: {}", size_of::<Http1>());
    let rules = HttpRules::default();
    let mut peer = Peer::new(&rules);
    let post = request("POST /mcp HTTP/1.1", "Content-Length: 2\r\n", "{}");
    for piece in post.as_bytes().chunks(7) {
        peer.receive(piece, true);
    }
    assert_eq!(peer.seen.len(), 1);
    assert!(!peer.http.is_partial() && peer.http.backlog_bytes() == 0);
}
