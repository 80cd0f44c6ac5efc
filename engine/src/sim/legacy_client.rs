//! A client of 2024-11-05 over HTTP: one event stream that says everything, and posts beside it.

use std::collections::HashSet;

use super::author::{Author, HANDSHAKE};
use super::checker::{Ledger, Verdict};
use super::dice::Dice;
use super::http_line::{Dialer, Ending, HTTP, Line, Turn};
use super::http_reader::{Event, Heard};
use super::peer::Reading;
use super::streams::Hearing;

/// Most connections of one client.
const LINES_MAX: usize = 4;

/// A client, the connection of its stream first.
pub(super) struct LegacyClient {
    pub(super) lines: Vec<Line>,
    dialer: Dialer,
    author: Author,
    pub(super) ledger: Ledger,
    /// Where to post to.
    path: Option<String>,
    /// What `initialize` is asked under.
    opening: Option<String>,
    /// Requests that were taken and that may be given up.
    slow: Vec<String>,
    /// Requests that may be given up once they were taken.
    unread: HashSet<String>,
    /// Events heard.
    heard: u64,
    /// Its stream is over, and the session with it.
    is_gone: bool,
    pub(super) cut_short: u64,
}

impl LegacyClient {
    pub(super) fn new(mut dialer: Dialer, name: String, dice: &mut Dice) -> Option<Self> {
        let mut line = Line::new(dialer.dial(dice, HTTP)?);
        let head = "GET /sse HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\r\n";
        line.ask(head, Turn::Listen { after: None });
        Some(Self {
            lines: vec![line],
            dialer,
            author: Author::new(name, HANDSHAKE[0]),
            ledger: Ledger::default(),
            path: None,
            opening: None,
            slow: Vec::new(),
            unread: HashSet::new(),
            heard: 0,
            is_gone: false,
            cut_short: 0,
        })
    }

    /// How many connections it made.
    pub(super) fn made(&self) -> u64 {
        self.dialer.made
    }

    /// Whether there is nothing left of it.
    pub(super) fn is_over(&self) -> bool {
        self.lines.iter().all(|line| line.peer.is_over)
    }

    /// Says something on one of the connections.
    pub(super) fn speak(&mut self, dice: &mut Dice) {
        if self.lines.len() < LINES_MAX && dice.chance(30) && !self.is_gone {
            self.lines.extend(self.dialer.dial(dice, HTTP).map(Line::new));
        }
        if dice.chance(3) {
            return self.lines[0].peer.reset();
        }
        let at = dice.below(self.lines.len() as u64) as usize;
        if at == 0 || !self.lines[at].may_ask(3) {
            return;
        }
        match dice.below(100) {
            0 => self.lines[at].peer.reset(),
            1 => self.lines[at].peer.is_finishing = true,
            2 if dice.chance(200) => {
                self.lines[0].peer.reading = Reading::Never;
                self.lines[0].peer.is_excused = true;
            }
            3..60 => self.converse(at, dice),
            _ => {}
        }
    }

    fn converse(&mut self, at: usize, dice: &mut Dice) {
        let is_open = self.opening.as_ref().is_some_and(|id| !self.ledger.is_open(id));
        match (&self.opening, dice.below(100)) {
            (None, _) if self.path.is_some() => {
                let ask = self.author.initialize(dice);
                self.ledger.ask(&ask.id, ask.expect);
                self.post(at, &ask.text, Some(&ask.id));
                self.opening = Some(ask.id);
            }
            (Some(_), 0..8) if is_open => self.give_up(at, dice),
            (Some(_), 8..12) if is_open => {
                self.ledger.expect_nameless();
                self.post(at, "{", None);
            }
            (Some(_), _) if is_open => {
                let ask = self.author.any(dice);
                if let Some(token) = &ask.token {
                    self.ledger.expect_progress(token, &ask.id);
                }
                if ask.is_slow {
                    self.unread.insert(ask.id.clone());
                }
                self.ledger.ask(&ask.id, ask.expect);
                self.post(at, &ask.text, Some(&ask.id));
            }
            _ => {}
        }
    }

    /// Cancels one request that was taken, then asks something whose answer proves that this was read.
    fn give_up(&mut self, at: usize, dice: &mut Dice) {
        let ledger = &self.ledger;
        self.slow.retain(|id| ledger.is_open(id));
        let Some(id) = self.slow.pop() else { return };
        self.post(at, &Author::cancel(&id), None);
        let barrier = self.author.barrier(dice);
        self.ledger.ask(&barrier.id, barrier.expect);
        self.ledger.cancel(&id, &barrier.id);
        self.post(at, &barrier.text, Some(&barrier.id));
    }

    fn post(&mut self, at: usize, body: &str, id: Option<&str>) {
        let path = self.path.as_deref().unwrap_or_default();
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        let turn = match id {
            Some(id) => Turn::Request { ids: vec![id.to_owned()], is_opening: false },
            None => Turn::Note,
        };
        self.lines[at].ask(&request, turn);
    }

    /// Reads what came on all connections and judges it.
    pub(super) fn listen(&mut self, dice: &mut Dice) -> Verdict {
        for at in 0..self.lines.len() {
            if self.lines[at].peer.is_over {
                continue;
            }
            let is_over = self.lines[at].receive(dice);
            while let Some(heard) = self.lines[at].next()? {
                self.hear(at, heard)?;
            }
            if is_over {
                let line = &mut self.lines[at];
                line.peer.is_over = true;
                self.cut_short += u64::from(line.judge_end()? == Ending::Short);
            }
        }
        if self.lines[0].peer.is_over && !self.is_gone {
            self.end();
        }
        // Whether what was posted on a connection that is gone was read, nobody knows.
        let over = self.lines[1..].iter().filter(|line| line.peer.is_over);
        for turn in over.flat_map(|line| &line.turns) {
            lose(&mut self.ledger, turn);
        }
        let mut at = 0;
        self.lines.retain(|line| {
            at += 1;
            at == 1 || !line.peer.is_over
        });
        Ok(())
    }

    /// With the stream the session ends; the posts' connections are left alone.
    fn end(&mut self) {
        self.is_gone = true;
        self.ledger.excuse_all();
        for line in &mut self.lines[1..] {
            line.is_last = true;
            line.peer.is_finishing = true;
        }
    }

    fn hear(&mut self, at: usize, heard: Heard) -> Verdict {
        let is_loose = self.is_gone || self.dialer.is_tight || self.lines[0].peer.is_excused;
        let line = &mut self.lines[at];
        match heard {
            Heard::Answer(answer) => {
                let turn = line.turns.pop_front().ok_or("an answer to nothing")?;
                let status = answer.status;
                match (&turn, status) {
                    (Turn::Note, 202) => Ok(()),
                    (Turn::Request { ids, .. }, 202) => {
                        let taken = ids.iter().filter(|id| self.unread.remove(*id));
                        self.slow.extend(taken.cloned());
                        Ok(())
                    }
                    (_, 404) if is_loose => Ok(()),
                    (_, 503) => {
                        lose(&mut self.ledger, &turn);
                        Ok(())
                    }
                    _ => Err(format!("status {status}")),
                }
            }
            Heard::Opened => match line.turns.pop_front() {
                Some(Turn::Listen { .. }) => {
                    line.hearing = Some(Hearing::behind(None));
                    Ok(())
                }
                _ => Err("an event stream that nobody wants".to_owned()),
            },
            Heard::Event(event) => self.event(at, &event),
            Heard::Comment => Ok(()),
            Heard::Ended if is_loose => {
                line.hearing = None;
                self.end();
                Ok(())
            }
            Heard::Ended => Err("the stream ends".to_owned()),
        }
    }

    fn event(&mut self, at: usize, event: &Event) -> Verdict {
        if at != 0 {
            return Err("an event beside the stream".to_owned());
        }
        if self.path.is_none() {
            let is_right = event.name.as_deref() == Some("endpoint") && event.id.is_none();
            self.path = Some(event.data.clone()).filter(|path| path.starts_with('/'));
            return if is_right && self.path.is_some() {
                Ok(())
            } else {
                Err(format!("a first event named {:?}", event.name))
            };
        }
        self.heard += 1;
        let id = format!("0-{:x}", self.heard);
        if event.name.as_deref() != Some("message") || event.id.as_ref() != Some(&id) {
            return Err(format!("event {:?} instead of {id}", event.id));
        }
        self.ledger.take(event.data.as_bytes())
    }

    /// Everything that was asked is answered.
    pub(super) fn judge_answers(&mut self) -> Verdict {
        if self.is_gone || self.lines[0].peer.is_excused || self.dialer.is_tight {
            return Ok(());
        }
        let excused = self.lines.iter().filter(|line| line.peer.is_excused);
        for turn in excused.flat_map(|line| &line.turns) {
            lose(&mut self.ledger, turn);
        }
        match self.ledger.unanswered().as_slice() {
            [first, ..] => Err(format!("unanswered: {first}")),
            [] => Ok(()),
        }
    }
}

/// What was posted was perhaps not taken: a request need not be answered, and an error that
/// something without an id earns need not come.
fn lose(ledger: &mut Ledger, turn: &Turn) {
    if let Turn::Request { ids, .. } = turn {
        ids.iter().for_each(|id| drop(ledger.excuse(id)));
    }
}
