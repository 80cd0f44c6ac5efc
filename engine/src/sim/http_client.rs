//! A client over streamable HTTP: connections that come and go, one session or none, requests one
//! after another or several on their way, event streams that are cut and taken up again.

mod judge;

use std::collections::HashSet;

use super::author::{Ask, Author, BATCHES, HANDSHAKE, NOWHERE, STATELESS, URIS};
use super::checker::{Ledger, Verdict, Wire};
use super::dice::Dice;
use super::errands::Errands;
use super::http_line::{Dialer, Ending, HTTP, Line, Turn};
use super::http_reader::{Answer, Event, Heard};
use super::news::News;
use super::peer::Reading;
use super::rounds::{Required, Rounds};
use super::server::{ASKING_TOOLS, Shelf, TASK_TOOLS};
use super::streams::{Hearing, Streams, concerns};

/// Most connections of one client.
const LINES_MAX: usize = 5;
/// Most requests on their way on one connection.
pub(super) const DEPTH_MAX: usize = 8;

/// A client and its connections.
pub(super) struct HttpClient {
    pub(super) lines: Vec<Line>,
    /// Connections that are over here and perhaps not there, with what they waited for.
    ended: Vec<(Line, Vec<String>)>,
    pub(super) dialer: Dialer,
    author: Author,
    rounds: Rounds,
    errands: Errands,
    /// Questions of the server's that wait for a connection to be answered on.
    questions: Vec<(String, String)>,
    /// Results that ask, likewise.
    required: Vec<Required>,
    shelf: Shelf,
    session: Option<String>,
    streams: Streams,
    ledger: Ledger,
    /// The session was ended, or may have been for want of room: it may not be found.
    is_session_gone: bool,
    is_opening: bool,
    /// It has said that it is ready.
    is_ready: bool,
    /// How many requests may wait on one connection.
    depth: usize,
    /// Requests of this session that were answered by workers when last looked.
    slow: Vec<String>,
    /// Requests that may end their stream before their answer.
    polled: HashSet<String>,
    /// Answers of another kind than a result or an error.
    pub(super) others: u64,
    /// Connections that the server ended within an answer.
    pub(super) cut_short: u64,
}

impl HttpClient {
    pub(super) fn new(
        mut dialer: Dialer,
        name: String,
        shelf: Shelf,
        news: News,
        errands: Errands,
        dice: &mut Dice,
    ) -> Option<Self> {
        let version = if dice.chance(400) { STATELESS } else { dice.pick(&HANDSHAKE) };
        let count = dice.between(1, 3);
        let lines: Vec<Line> =
            (0..count).filter_map(|_| dialer.dial(dice, HTTP)).map(Line::new).collect();
        if lines.is_empty() {
            return None;
        }
        let mut author = Author::new(name, version);
        author.is_askable = dice.chance(700);
        author.has_tasks = author.is_stateless() && dice.chance(500);
        Some(Self {
            lines,
            ended: Vec::new(),
            is_session_gone: dialer.forgets,
            dialer,
            author,
            rounds: Rounds::default(),
            errands,
            questions: Vec::new(),
            required: Vec::new(),
            shelf,
            session: None,
            streams: Streams::new(version),
            ledger: Ledger::over_http(news),
            is_opening: false,
            is_ready: false,
            depth: dice.pick(&[1, 1, 3, DEPTH_MAX]),
            slow: Vec::new(),
            polled: HashSet::new(),
            others: 0,
            cut_short: 0,
        })
    }

    /// Answers received and found right.
    pub(super) fn answers(&self) -> u64 {
        self.ledger.answers + self.others
    }

    /// Whether there is nothing left of it.
    pub(super) fn is_over(&self) -> bool {
        self.lines.is_empty() && self.ended.is_empty() && self.cut_streams().is_empty()
    }

    /// Says something on one of the connections.
    pub(super) fn speak(&mut self, dice: &mut Dice) {
        if self.lines.len() < LINES_MAX && dice.chance(10) {
            self.lines.extend(self.dialer.dial(dice, HTTP).map(Line::new));
        }
        self.answer(dice);
        if self.author.is_stateless() && dice.chance(10) {
            return self.listen_to_news(dice);
        }
        if !self.author.is_stateless() && self.session.is_some() {
            match dice.below(1000) {
                0..15 => return self.listen_anew(dice),
                15..60 => return self.take_up(dice, true),
                60..80 if self.is_session_gone => self.begin_again(),
                _ => {}
            }
        }
        if self.lines.is_empty() {
            return;
        }
        let at = dice.below(self.lines.len() as u64) as usize;
        let line = &mut self.lines[at];
        if line.hearing.is_some() && dice.chance(60) {
            return line.peer.reset();
        }
        if !line.may_ask(self.depth) {
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
                line.ask("POST /mcp HTTP/1.1\r\nbad head\r\n\r\n", Turn::Status(&[400]));
                line.peer.is_excused = true;
                line.peer.is_finishing = true;
            }
            13..25 => line.ask(&page("/healthz", "localhost"), Turn::Status(&[200, 503])),
            25..30 => line.ask(&page("/metrics", "localhost"), Turn::Status(&[200])),
            30..34 => {
                // Whoever asks for another host is sent away.
                line.ask(&page("/mcp", "other.example"), Turn::Status(&[421]));
                line.is_last = true;
            }
            34..40 => line.ask(&page("/nowhere", "localhost"), Turn::Status(&[404])),
            40..700 => self.converse(at, dice),
            _ => {}
        }
    }

    /// In the calm: answers what is asked, and fetches what was cut off.
    pub(super) fn recover(&mut self, dice: &mut Dice) {
        self.dialer.is_calm = true;
        self.answer(dice);
        if !self.cut_streams().is_empty() {
            self.take_up(dice, false);
        }
    }

    fn converse(&mut self, at: usize, dice: &mut Dice) {
        if !self.author.is_stateless() && self.session.is_none() {
            // One session a client: the others wait for it.
            if !self.is_opening {
                self.is_opening = true;
                let ask = self.author.initialize(dice);
                self.ledger.ask(&ask.id, ask.expect);
                let turn =
                    Turn::Request { ids: vec![ask.id], is_opening: true, ends_with_peer: false };
                self.post(at, &ask.text, None, turn, dice);
            }
            return;
        }
        if self.session.is_some() && !self.is_ready {
            self.is_ready = true;
            self.ledger.news.iter_mut().for_each(News::ready);
            return self.post(at, READY, None, Turn::Note, dice);
        }
        match dice.below(100) {
            0..5 if self.session.is_some() => {
                self.post(at, NOTE, Some("notifications/progress"), Turn::Note, dice);
            }
            5..10 if self.session.is_some() => self.give_up(at, dice),
            10 if self.session.is_some() => self.delete(at),
            18..22 if self.session.is_some() => self.subscribe(at, dice),
            11..18 if self.author.version == BATCHES => self.say_many(at, dice),
            _ => {
                let ask = self.note(dice);
                self.request(at, ask, dice);
            }
        }
    }

    fn request(&mut self, at: usize, ask: Ask, dice: &mut Dice) {
        let names = ask
            .name
            .as_ref()
            .map_or(ask.method.to_owned(), |name| format!("{}\r\nmcp-name: {name}", ask.method));
        let may_stream = ask.token.is_some()
            || ask.name.as_deref().is_some_and(|name| name == "polled" || is_asking(name));
        let ends_with_peer = may_stream || self.author.is_stateless();
        let turn = Turn::Request { ids: vec![ask.id], is_opening: false, ends_with_peer };
        self.post(at, &ask.text, Some(&names), turn, dice);
    }

    /// Answers what the server asks: as a rule, and sometimes twice, under another id, with an
    /// error, or not at all.
    fn answer(&mut self, dice: &mut Dice) {
        self.questions.extend(self.ledger.take_questions());
        self.required.extend(self.ledger.take_required());
        let ready: Vec<usize> =
            (0..self.lines.len()).filter(|at| self.lines[*at].may_ask(DEPTH_MAX)).collect();
        if ready.is_empty() {
            let has_answers = !self.questions.is_empty() || !self.required.is_empty();
            let is_wanted = has_answers || self.errands.judge().is_err();
            if is_wanted && self.lines.len() <= LINES_MAX {
                self.lines.extend(self.dialer.dial(dice, HTTP).map(Line::new));
            }
            return;
        }
        let at = dice.pick(&ready);
        if dice.chance(200)
            && let Some(ask) = self.errands.next(&mut self.author, dice, &self.ledger)
        {
            self.enter(&ask);
            self.request(at, ask, dice);
            return;
        }
        if let Some(required) = self.required.pop() {
            for ask in self.rounds.answer(required, &mut self.author, dice) {
                // The one before may have been the last here.
                if self.lines[at].is_last {
                    break;
                }
                self.enter(&ask);
                self.request(at, ask, dice);
            }
        }
        let Some((id, text)) = self.questions.pop() else { return };
        let answer = Author::answer(&id, &text);
        let answers = match dice.below(20) {
            0 => Vec::new(),
            1 => vec![format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{}}}}"#)],
            2 => vec![answer, Author::answer(&id, "said twice")],
            3 => vec![
                Author::answer(&format!("{id}000"), "never asked"),
                Author::answer(&format!("\"{id}\""), "no number"),
                answer,
            ],
            _ => vec![answer],
        };
        for answer in answers {
            if self.lines[at].is_last {
                break;
            }
            self.post(at, &answer, None, Turn::Note, dice);
        }
    }

    /// Wants to hear of something, or no more.
    fn subscribe(&mut self, at: usize, dice: &mut Dice) {
        let uri = if dice.chance(50) { NOWHERE } else { dice.pick(&URIS) };
        let wants = dice.chance(600);
        let ask = self.author.subscribe(dice, uri, wants);
        if let Some(news) = &mut self.ledger.news {
            news.ask(&ask.id, uri, wants);
        }
        self.enter(&ask);
        self.request(at, ask, dice);
    }

    /// A call of the stateless era that listens, on a connection of its own.
    fn listen_to_news(&mut self, dice: &mut Dice) {
        let Some(at) = self.free_line(dice) else { return };
        let topics = Author::topics(dice);
        let ask = self.author.listen(dice, &topics);
        if let Some(news) = &mut self.ledger.news {
            news.listen(&ask.id, topics);
        }
        self.ledger.ask(&ask.id, ask.expect);
        self.ledger.listen(&ask.id);
        self.lines[at].listens = true;
        let turn = Turn::Request { ids: vec![ask.id], is_opening: false, ends_with_peer: true };
        self.post(at, &ask.text, Some(ask.method), turn, dice);
    }

    /// Writes one request and notes what may follow.
    fn note(&mut self, dice: &mut Dice) -> Ask {
        let ask = self.author.any(dice);
        self.enter(&ask);
        ask
    }

    fn enter(&mut self, ask: &Ask) {
        self.ledger.ask(&ask.id, ask.expect.clone());
        if self.is_session_gone {
            self.ledger.forgive(&ask.id);
        }
        if let Some(token) = &ask.token {
            self.ledger.expect_progress(token, &ask.id);
            self.streams.expect_opening();
        }
        if ask.name.as_deref() == Some("polled") {
            self.polled.insert(ask.id.clone());
            self.streams.expect_opening();
        }
        if ask.name.as_deref().is_some_and(is_asking) {
            self.streams.expect_opening();
        }
        if ask.is_slow {
            self.slow.push(ask.id.clone());
        }
    }

    /// A batch of a few requests and a note.
    fn say_many(&mut self, at: usize, dice: &mut Dice) {
        let count = dice.between(2, 5);
        let asks: Vec<Ask> = (0..count).map(|_| self.note(dice)).collect();
        let mut texts: Vec<String> = asks.iter().map(|ask| ask.text.clone()).collect();
        texts.push(NOTE.to_owned());
        dice.shuffle(&mut texts);
        let ids = asks.into_iter().map(|ask| ask.id).collect();
        let turn = Turn::Request { ids, is_opening: false, ends_with_peer: true };
        self.post(at, &format!("[{}]", texts.join(",")), None, turn, dice);
    }

    fn give_up(&mut self, at: usize, dice: &mut Dice) {
        if let Some(id) = self.slow.pop() {
            // It is answered all the same: an exchange must end. In a batch it is left out.
            self.ledger.forgive(&id);
            self.ledger.excuse(&id);
            let note = Author::cancel(&id);
            self.post(at, &note, Some("notifications/cancelled"), Turn::Note, dice);
        }
    }

    fn delete(&mut self, at: usize) {
        let session = self.session.clone().unwrap_or_default();
        let head =
            format!("DELETE /mcp HTTP/1.1\r\nhost: localhost\r\nmcp-session-id: {session}\r\n\r\n");
        self.is_session_gone = true;
        self.ledger.forgive_all();
        self.lines[at].ask(&head, Turn::Delete);
    }

    /// Forgets the session that is gone, once nothing of it is on its way.
    fn begin_again(&mut self) {
        let is_quiet = self.lines.iter().all(|l| l.turns.is_empty() && l.hearing.is_none());
        if is_quiet && self.ended.is_empty() {
            self.session = None;
            (self.is_session_gone, self.is_opening) = (self.dialer.forgets, false);
            self.streams = Streams::new(self.author.version);
            self.ledger.begin_again();
            self.slow.clear();
            self.questions.clear();
        }
    }

    fn post(&mut self, at: usize, body: &str, names: Option<&str>, turn: Turn, dice: &mut Dice) {
        let line = &mut self.lines[at];
        let minor = u32::from(!dice.chance(20));
        line.is_last |= minor == 0;
        let mut head = format!(
            "POST /mcp HTTP/1.{minor}\r\nhost: localhost\r\ncontent-type: application/json\r\n\
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
        if dice.chance(20) {
            head.push_str("connection: close\r\n");
            line.is_last = true;
        }
        if dice.chance(200) && !body.is_empty() && minor == 1 {
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

    /// A connection that waits for nothing, or a new one.
    fn free_line(&mut self, dice: &mut Dice) -> Option<usize> {
        let free: Vec<usize> =
            (0..self.lines.len()).filter(|at| self.lines[*at].is_free()).collect();
        if !free.is_empty() && dice.chance(500) {
            return Some(dice.pick(&free));
        }
        if self.lines.len() < LINES_MAX {
            let peer = self.dialer.dial(dice, HTTP)?;
            self.lines.push(Line::new(peer));
            return Some(self.lines.len() - 1);
        }
        free.first().copied()
    }

    /// Listens to what nobody asked for.
    fn listen_anew(&mut self, dice: &mut Dice) {
        if let Some(at) = self.free_line(dice) {
            self.streams.expect_opening();
            self.get(at, None);
        }
    }

    /// Takes a stream up again that was cut; `at_random` perhaps one that was not, or from earlier
    /// on than needed.
    fn take_up(&mut self, dice: &mut Dice, at_random: bool) {
        let mut streams = self.cut_streams();
        if at_random && dice.chance(300) {
            streams = self.streams.unheard();
        }
        if streams.is_empty() {
            return;
        }
        let stream = dice.pick(&streams);
        let earlier = if at_random && dice.chance(300) { dice.below(4) } else { 0 };
        if let Some(at) = self.free_line(dice)
            && let Some(after) = self.streams.ask_again(stream, earlier)
        {
            self.get(at, Some(after));
        }
    }

    fn get(&mut self, at: usize, after: Option<(u32, u64)>) {
        let session = self.session.clone().unwrap_or_default();
        let mut head = format!(
            "GET /mcp HTTP/1.1\r\nhost: localhost\r\naccept: text/event-stream\r\n\
             mcp-session-id: {session}\r\n"
        );
        if let Some((stream, event)) = after {
            head.push_str(&format!("last-event-id: {stream:x}-{event:x}\r\n"));
        }
        head.push_str("\r\n");
        self.lines[at].ask(&head, Turn::Listen { after });
    }

    /// Streams with an answer to come that no connection brings.
    fn cut_streams(&self) -> Vec<u32> {
        if self.is_session_gone {
            return Vec::new();
        }
        let is_brought = |stream: u32| {
            self.lines.iter().filter(|line| line.is_heard()).any(|line| {
                let hears = line.hearing.as_ref().is_some_and(|hearing| {
                    hearing.stream == Some(stream)
                        || (hearing.stream.is_none()
                            && hearing.after.is_some_and(|(wanted, _)| wanted == stream))
                });
                hears
                    || line.turns.iter().any(|turn| match turn {
                        Turn::Listen { after: Some((wanted, _)) } => *wanted == stream,
                        _ => false,
                    })
            })
        };
        let mut streams = self.streams.unheard();
        streams.retain(|stream| self.streams.is_for_answer(*stream) && !is_brought(*stream));
        streams
    }
}

fn page(path: &str, host: &str) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: {host}\r\n\r\n")
}

fn is_asking(tool: &str) -> bool {
    ASKING_TOOLS.contains(&tool) || TASK_TOOLS.contains(&tool)
}

const READY: &str = r#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
const NOTE: &str = r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#;
