//! A client over HTTP: a few connections, one session or none, requests one after another or
//! several on their way.

use std::collections::VecDeque;

use super::author::{Author, HANDSHAKE, STATELESS};
use super::checker::{Expect, Verdict, Wire};
use super::dice::Dice;
use super::peer::{Peer, Reading};

/// What stands at its place in the order of answers.
enum Turn {
    /// A request with its id.
    Request { id: String, expect: Expect, is_opening: bool },
    /// A note.
    Note,
    /// The end of the session.
    Delete,
    /// A page, or a verb that is not served.
    Status(&'static [u16]),
}

/// One connection and the answers it waits for, in order.
pub(super) struct Line {
    pub(super) peer: Peer,
    turns: VecDeque<Turn>,
    received: Vec<u8>,
    /// The last request said so.
    is_last: bool,
}

/// A client and its connections.
pub(super) struct HttpClient {
    pub(super) lines: Vec<Line>,
    author: Author,
    session: Option<String>,
    /// The session was ended, or may have been for want of room: it may not be found.
    is_session_gone: bool,
    is_opening: bool,
    /// How many requests may wait on one connection.
    depth: usize,
    /// Requests of this session that were answered by workers when last looked.
    slow: Vec<String>,
    pub(super) answers: u64,
}

impl HttpClient {
    pub(super) fn new(peers: Vec<Peer>, name: String, tight: bool, dice: &mut Dice) -> Self {
        let version = if dice.chance(500) { STATELESS } else { dice.pick(&HANDSHAKE) };
        let lines = peers.into_iter().map(|peer| Line {
            peer,
            turns: VecDeque::new(),
            received: Vec::new(),
            is_last: false,
        });
        Self {
            lines: lines.collect(),
            author: Author::new(name, version),
            session: None,
            is_session_gone: tight,
            is_opening: false,
            depth: dice.pick(&[1, 1, 3, 8]),
            slow: Vec::new(),
            answers: 0,
        }
    }

    /// Says something on one of the connections.
    pub(super) fn speak(&mut self, dice: &mut Dice) {
        let at = dice.below(self.lines.len() as u64) as usize;
        let line = &mut self.lines[at];
        let is_busy = line.turns.len() >= self.depth || line.peer.queued() > 8 << 10;
        if !line.peer.may_speak() || line.is_last || is_busy {
            return;
        }
        match dice.below(1000) {
            0..4 => line.peer.is_finishing = true,
            4..8 => line.peer.reset(),
            8..10 => {
                line.peer.reading = Reading::Never;
                line.peer.is_excused = true;
            }
            10..13 => {
                line.peer.push(b"POST /mcp HTTP/1.1\r\nbad head\r\n\r\n");
                line.turns.push_back(Turn::Status(&[400]));
                line.peer.is_excused = true;
                line.peer.is_finishing = true;
            }
            13..25 => {
                line.peer.push(b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
                line.turns.push_back(Turn::Status(&[200, 503]));
            }
            25..30 => {
                line.peer.push(b"GET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n");
                line.turns.push_back(Turn::Status(&[200]));
            }
            30..34 => {
                // Whoever asks for another host is sent away.
                line.peer.push(b"GET /mcp HTTP/1.1\r\nhost: other.example\r\n\r\n");
                line.turns.push_back(Turn::Status(&[421]));
                line.is_last = true;
            }
            34..40 => {
                line.peer.push(b"GET /nowhere HTTP/1.1\r\nhost: localhost\r\n\r\n");
                line.turns.push_back(Turn::Status(&[404]));
            }
            40..700 => self.converse(at, dice),
            _ => {}
        }
    }

    fn converse(&mut self, at: usize, dice: &mut Dice) {
        if !self.author.is_stateless() && self.session.is_none() {
            // One session a client: the others wait for it.
            if !self.is_opening {
                self.is_opening = true;
                let ask = self.author.initialize(dice);
                let turn = Turn::Request { id: ask.id, expect: ask.expect, is_opening: true };
                self.post(at, &ask.text, None, turn, dice);
            }
            return;
        }
        match dice.below(100) {
            0..5 if self.session.is_some() => {
                self.post(at, NOTE, Some("notifications/progress"), Turn::Note, dice);
            }
            5..10 if self.session.is_some() => self.give_up(at, dice),
            10 if self.session.is_some() => self.delete(at),
            _ => {
                let mut ask = self.author.any(dice);
                if self.is_session_gone {
                    ask.expect = Expect::Anything;
                }
                if ask.is_slow {
                    self.slow.push(ask.id.clone());
                }
                let turn = Turn::Request { id: ask.id, expect: ask.expect, is_opening: false };
                let names = ask.name.map_or(ask.method.to_owned(), |name| {
                    format!("{}\r\nmcp-name: {name}", ask.method)
                });
                self.post(at, &ask.text, Some(&names), turn, dice);
            }
        }
    }

    fn give_up(&mut self, at: usize, dice: &mut Dice) {
        if let Some(id) = self.slow.pop() {
            // It is answered all the same: an exchange must end.
            for turn in self.lines.iter_mut().flat_map(|line| &mut line.turns) {
                if let Turn::Request { id: open, expect, .. } = turn
                    && *open == id
                {
                    *expect = Expect::Anything;
                }
            }
            let note = Author::cancel(&id);
            self.post(at, &note, Some("notifications/cancelled"), Turn::Note, dice);
        }
    }

    fn delete(&mut self, at: usize) {
        let session = self.session.clone().unwrap_or_default();
        let head =
            format!("DELETE /mcp HTTP/1.1\r\nhost: localhost\r\nmcp-session-id: {session}\r\n\r\n");
        self.is_session_gone = true;
        for turn in self.lines.iter_mut().flat_map(|line| &mut line.turns) {
            if let Turn::Request { expect, .. } = turn {
                *expect = Expect::Anything;
            }
        }
        self.lines[at].peer.push(head.as_bytes());
        self.lines[at].turns.push_back(Turn::Delete);
    }

    fn post(&mut self, at: usize, body: &str, names: Option<&str>, turn: Turn, dice: &mut Dice) {
        let mut head = String::from(
            "POST /mcp HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             accept: application/json, text/event-stream\r\n",
        );
        if let Some(session) = &self.session {
            head.push_str(&format!("mcp-session-id: {session}\r\n"));
        }
        let version = self.author.version;
        if self.author.is_stateless() {
            let names = names.unwrap_or_default();
            head.push_str(&format!("mcp-protocol-version: {version}\r\nmcp-method: {names}\r\n"));
        } else if self.session.is_some() && dice.chance(500) {
            head.push_str(&format!("mcp-protocol-version: {version}\r\n"));
        }
        let line = &mut self.lines[at];
        if dice.chance(20) {
            head.push_str("connection: close\r\n");
            line.is_last = true;
        }
        if dice.chance(200) && !body.is_empty() {
            head.push_str("transfer-encoding: chunked\r\n\r\n");
            let (first, second) = body.as_bytes().split_at(body.len() / 2);
            line.peer.push(head.as_bytes());
            for piece in [first, second, b""] {
                line.peer.push(format!("{:x}\r\n", piece.len()).as_bytes());
                line.peer.push(piece);
                line.peer.push(b"\r\n");
            }
        } else {
            head.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
            line.peer.push(head.as_bytes());
            line.peer.push(body.as_bytes());
        }
        line.turns.push_back(turn);
    }

    /// Reads what came on all connections and judges it.
    pub(super) fn listen(&mut self, dice: &mut Dice) -> Verdict {
        for at in 0..self.lines.len() {
            self.listen_on(at, dice)?;
        }
        Ok(())
    }

    fn listen_on(&mut self, at: usize, dice: &mut Dice) -> Verdict {
        let line = &mut self.lines[at];
        if line.peer.is_over {
            return Ok(());
        }
        let (bytes, is_over) = line.peer.read(dice);
        line.received.extend_from_slice(&bytes);
        while let Some(answer) = self.lines[at].answer()? {
            let turn = self.lines[at].turns.pop_front().ok_or("an answer to nothing")?;
            self.judge(turn, &answer)?;
        }
        let line = &mut self.lines[at];
        if is_over {
            line.peer.is_over = true;
            return line.judge_end();
        }
        Ok(())
    }

    fn judge(&mut self, turn: Turn, answer: &Answer) -> Verdict {
        let status = answer.status;
        self.answers += 1;
        match turn {
            Turn::Request { id, expect, is_opening } => {
                let wire = Wire::parse(&answer.body)?;
                let got = wire.id.map_or("null", |id| id.get());
                let is_lost = status == 404 && self.is_session_gone && got == "null";
                // The shard of the session may be too busy to be asked at all.
                let is_busy = status == 503 && got == "null";
                if is_lost || is_busy {
                    return Ok(());
                }
                if got != id {
                    return Err(format!("an answer to {got} instead of {id}, status {status}"));
                }
                let fits = match &wire.error {
                    None => status == 200,
                    Some(_) => [200, 400, 404, 503].contains(&status),
                };
                if !fits {
                    return Err(format!("status {status} for {id}"));
                }
                if is_opening {
                    let session = answer.session.clone().ok_or("initialize without a session")?;
                    self.session = Some(session);
                }
                wire.fulfils(&expect).map_err(|fault| format!("{id}: {fault}"))
            }
            Turn::Note if status == 202 && answer.body.is_empty() => Ok(()),
            Turn::Note | Turn::Delete if status == 404 && self.is_session_gone => Ok(()),
            Turn::Note | Turn::Delete if status == 503 => Ok(()),
            Turn::Delete if status == 200 => Ok(()),
            Turn::Status(fits) if fits.contains(&status) => Ok(()),
            Turn::Note | Turn::Delete | Turn::Status(_) => Err(format!("status {status}")),
        }
    }

    /// Everything that was asked is answered.
    pub(super) fn judge_answers(&self) -> Verdict {
        let waiting = self.lines.iter().filter(|line| !line.peer.is_over && !line.peer.is_excused);
        let open: usize = waiting.map(|line| line.turns.len()).sum();
        if open == 0 { Ok(()) } else { Err(format!("{open} exchanges unanswered")) }
    }
}

const NOTE: &str = r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#;

/// One whole answer.
struct Answer {
    status: u16,
    session: Option<String>,
    body: Vec<u8>,
}

impl Line {
    fn answer(&mut self) -> Result<Option<Answer>, String> {
        let mut fields = [httparse::EMPTY_HEADER; 16];
        let mut head = httparse::Response::new(&mut fields);
        let parsed = head.parse(&self.received).map_err(|fault| format!("no head: {fault}"))?;
        let httparse::Status::Complete(head_len) = parsed else { return Ok(None) };
        let field = |name: &str| {
            let mut all = head.headers.iter().filter(|field| field.name.eq_ignore_ascii_case(name));
            all.next().and_then(|field| std::str::from_utf8(field.value).ok()).map(str::trim)
        };
        let status = head.code.unwrap_or_default();
        let session = field("mcp-session-id").map(str::to_owned);
        let len: usize = match field("content-length") {
            Some(len) => len.parse().map_err(|_| format!("a length of {len:?}"))?,
            None => return Err(format!("an answer {status} without a length")),
        };
        if field("connection") == Some("close") {
            self.is_last = true;
            self.peer.is_finishing = true;
        }
        if self.received.len() < head_len + len {
            return Ok(None);
        }
        let mut whole: Vec<u8> = self.received.drain(..head_len + len).collect();
        Ok(Some(Answer { status, session, body: whole.split_off(head_len) }))
    }

    fn judge_end(&self) -> Verdict {
        if self.peer.is_excused {
            return Ok(());
        }
        if !self.peer.has_finished() && !self.is_last {
            return Err("closed without a cause".to_owned());
        }
        if !self.received.is_empty() {
            return Err("closed within an answer".to_owned());
        }
        if self.turns.is_empty() {
            return Ok(());
        }
        Err(format!("closed with {} exchanges unanswered", self.turns.len()))
    }
}
