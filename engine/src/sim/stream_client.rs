//! A client on a byte stream, length-framed or in lines, in either era.

use super::author::{Ask, Author, BATCHES, HANDSHAKE, NOWHERE, STATELESS, URIS};
use super::checker::{Expect, Ledger, Verdict};
use super::dice::Dice;
use super::errands::Errands;
use super::news::News;
use super::peer::{Peer, Reading};
use super::rounds::Rounds;

/// A client and its one connection.
pub(super) struct StreamClient {
    pub(super) peer: Peer,
    author: Author,
    pub(super) ledger: Ledger,
    is_line: bool,
    received: Vec<u8>,
    /// Requests that may be given up or doubled: answered by workers, and when last looked open.
    slow: Vec<String>,
    /// Calls that listen.
    listens: Vec<String>,
    rounds: Rounds,
    errands: Errands,
    is_open: bool,
}

impl StreamClient {
    pub(super) fn new(
        peer: Peer,
        name: String,
        is_line: bool,
        news: News,
        errands: Errands,
        dice: &mut Dice,
    ) -> Self {
        let version = if dice.chance(400) { STATELESS } else { dice.pick(&HANDSHAKE) };
        let mut author = Author::new(name, version);
        author.is_askable = dice.chance(700);
        let knows_tasks = author.is_stateless() || author.has_core_tasks();
        author.has_tasks = knows_tasks && dice.chance(500);
        Self {
            peer,
            author,
            ledger: Ledger::with(news),
            is_line,
            received: Vec::new(),
            slow: Vec::new(),
            listens: Vec::new(),
            rounds: Rounds::default(),
            errands,
            is_open: false,
        }
    }

    /// Says something, as long as there is not much unsaid.
    pub(super) fn speak(&mut self, dice: &mut Dice) {
        if !self.peer.may_speak() || self.peer.queued() > 8 << 10 {
            return;
        }
        if !self.is_open {
            return self.open(dice);
        }
        match dice.below(1000) {
            0..4 => self.take_leave(dice),
            4..8 => self.peer.reset(),
            8..10 => {
                self.peer.reading = Reading::Never;
                // Sooner or later the server gives up.
                self.peer.is_excused = true;
            }
            10..12 => self.break_framing(),
            12..40 => self.talk_nonsense(dice),
            40..80 => self.give_up(dice),
            80..100 => self.say_twice(dice),
            100..150 if self.author.version == BATCHES => self.say_many(dice),
            700..725 => self.subscribe(dice),
            150..160 => self.say(br#"{"jsonrpc":"2.0","method":"notifications/progress"}"#),
            160..700 => self.ask(dice),
            _ => {}
        }
    }

    /// Ends its side, in lines perhaps behind a last one without its newline.
    fn take_leave(&mut self, dice: &mut Dice) {
        if self.is_line && dice.chance(700) {
            let text = self.note(dice, false);
            self.peer.push(text.as_bytes());
        }
        self.peer.is_finishing = true;
    }

    fn open(&mut self, dice: &mut Dice) {
        self.is_open = true;
        if self.author.is_stateless() {
            return;
        }
        let ask = self.author.initialize(dice);
        self.ledger.ask(&ask.id, ask.expect);
        self.say(ask.text.as_bytes());
        self.say(br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#);
        self.ledger.news.iter_mut().for_each(News::ready);
    }

    /// Wants to hear of something, or no more.
    fn subscribe(&mut self, dice: &mut Dice) {
        let Some(news) = &mut self.ledger.news else { return };
        if !self.author.is_stateless() {
            let uri = if dice.chance(50) { NOWHERE } else { dice.pick(&URIS) };
            let wants = dice.chance(600);
            let ask = self.author.subscribe(dice, uri, wants);
            news.ask(&ask.id, uri, wants);
            self.ledger.ask(&ask.id, ask.expect);
            return self.say(ask.text.as_bytes());
        }
        if !self.listens.is_empty() && dice.chance(400) {
            return self.stop_listening(dice);
        }
        let topics = Author::topics(dice);
        let ask = self.author.listen(dice, &topics);
        news.listen(&ask.id, topics);
        self.ledger.ask(&ask.id, ask.expect);
        self.ledger.listen(&ask.id);
        self.listens.push(ask.id);
        self.say(ask.text.as_bytes());
    }

    /// Gives up one of its calls that listen.
    fn stop_listening(&mut self, dice: &mut Dice) {
        let at = dice.below(self.listens.len() as u64) as usize;
        let id = self.listens.swap_remove(at);
        self.ledger.news.iter_mut().for_each(|news| news.give_up(&id));
        self.cancel(&id, dice);
    }

    /// In the calm: calls that listen count among the unanswered ones, and nothing but their client
    /// ends them. Who is put off for their sake gives one up, or it never hears how its tasks end.
    pub(super) fn recover(&mut self, dice: &mut Dice) {
        if !self.ledger.take_put_off() || self.errands.judge().is_ok() || !self.peer.may_speak() {
            return;
        }
        let ledger = &self.ledger;
        self.listens.retain(|id| ledger.is_open(id));
        if !self.listens.is_empty() {
            self.stop_listening(dice);
        }
    }

    fn ask(&mut self, dice: &mut Dice) {
        let text = self.note(dice, false);
        self.say(text.as_bytes());
    }

    /// Writes one request and notes what may follow. An answer in a batch may be ready long before
    /// it leaves, so that a cancellation between proves nothing.
    fn note(&mut self, dice: &mut Dice, is_batched: bool) -> String {
        let ask = self.author.any(dice);
        self.enter(&ask);
        if is_batched {
            self.ledger.excuse_order(&ask.id);
        }
        ask.text
    }

    fn enter(&mut self, ask: &Ask) {
        if let Some(token) = &ask.token {
            self.ledger.expect_progress(token, &ask.id);
        }
        if ask.is_slow {
            self.slow.push(ask.id.clone());
        }
        self.ledger.ask(&ask.id, ask.expect.clone());
    }

    fn say(&mut self, text: &[u8]) {
        if self.is_line {
            self.peer.push(text);
            self.peer.push(b"\n");
        } else {
            self.peer.push(&(text.len() as u32).to_be_bytes());
            self.peer.push(text);
        }
    }

    /// A batch of a few requests and a note.
    fn say_many(&mut self, dice: &mut Dice) {
        let count = dice.between(1, 5);
        let mut texts: Vec<String> = (0..count).map(|_| self.note(dice, true)).collect();
        texts.push(r#"{"jsonrpc":"2.0","method":"notifications/progress"}"#.to_owned());
        dice.shuffle(&mut texts);
        self.say(format!("[{}]", texts.join(",")).as_bytes());
    }

    /// Cancels one request, then asks something whose answer proves that this was read.
    fn give_up(&mut self, dice: &mut Dice) {
        if let Some(id) = self.open_slow(dice) {
            self.cancel(&id, dice);
        }
    }

    fn cancel(&mut self, id: &str, dice: &mut Dice) {
        let note = Author::cancel(id);
        self.say(note.as_bytes());
        let barrier = self.author.barrier(dice);
        self.ledger.ask(&barrier.id, barrier.expect);
        self.ledger.cancel(id, &barrier.id);
        self.say(barrier.text.as_bytes());
    }

    fn open_slow(&mut self, dice: &mut Dice) -> Option<String> {
        let ledger = &self.ledger;
        self.slow.retain(|id| ledger.is_open(id));
        if self.slow.is_empty() {
            return None;
        }
        let at = dice.below(self.slow.len() as u64) as usize;
        Some(self.slow.swap_remove(at))
    }

    /// Another request under an id that may be in flight: one of the two is refused, or both are
    /// answered.
    fn say_twice(&mut self, dice: &mut Dice) {
        let Some(id) = self.open_slow(dice) else { return };
        let ask = self.author.echo(dice, "pool");
        let text = ask.text.replacen(&format!("\"id\":{}", ask.id), &format!("\"id\":{id}"), 1);
        self.ledger.ask(&id, Expect::Anything);
        self.say(text.as_bytes());
    }

    fn ask_about_tasks(&mut self, dice: &mut Dice) {
        if let Some(ask) = self.errands.next(&mut self.author, dice, &self.ledger) {
            self.enter(&ask);
            self.say(ask.text.as_bytes());
        }
    }

    /// Answers what the server asks: as a rule, and sometimes twice, under another id, with an
    /// error, or not at all.
    fn answer(&mut self, dice: &mut Dice) {
        for required in self.ledger.take_required() {
            if !self.peer.may_speak() {
                continue;
            }
            for ask in self.rounds.answer(required, &mut self.author, dice) {
                self.enter(&ask);
                self.say(ask.text.as_bytes());
            }
        }
        for (id, text) in self.ledger.take_questions() {
            if !self.peer.may_speak() {
                continue;
            }
            let answer = Author::answer(&id, &text);
            match dice.below(20) {
                0 => {}
                1 => self.say(format!(r#"{{"jsonrpc":"2.0","id":{id},"error":{{}}}}"#).as_bytes()),
                2 => {
                    self.say(answer.as_bytes());
                    self.say(Author::answer(&id, "said twice").as_bytes());
                }
                3 => {
                    self.say(Author::answer(&format!("{id}000"), "never asked").as_bytes());
                    self.say(Author::answer(&format!("\"{id}\""), "no number").as_bytes());
                    self.say(answer.as_bytes());
                }
                _ => self.say(answer.as_bytes()),
            }
        }
    }

    /// A whole frame that is no message.
    fn talk_nonsense(&mut self, dice: &mut Dice) {
        let nonsense: &[u8] =
            dice.pick(&[b"{", b"nonsense", b"[[]", b"\xff\xfe", b"{\"jsonrpc\":\"2.0\"}", b"17"]);
        self.ledger.expect_nameless();
        self.say(nonsense);
    }

    /// Bytes after which no frame can be found any more.
    fn break_framing(&mut self) {
        if !self.is_line {
            self.ledger.expect_nameless();
            self.peer.push(&[0xff; 40]);
            self.peer.is_excused = true;
            self.peer.is_finishing = true;
        }
    }

    /// Reads what came and judges it.
    pub(super) fn listen(&mut self, dice: &mut Dice) -> Verdict {
        if self.peer.is_over {
            return Ok(());
        }
        let (bytes, is_over) = self.peer.read(dice);
        self.received.extend_from_slice(&bytes);
        while let Some(frame) = self.frame()? {
            self.ledger.take(&frame)?;
        }
        let now = self.ledger.news.as_ref().map_or(0, News::now);
        self.errands.learn(self.ledger.take_told(), now)?;
        self.answer(dice);
        if dice.chance(200) && self.peer.may_speak() && self.peer.queued() < 8 << 10 {
            self.ask_about_tasks(dice);
        }
        if is_over {
            self.peer.is_over = true;
            return self.judge_end();
        }
        Ok(())
    }

    fn frame(&mut self) -> Result<Option<Vec<u8>>, String> {
        let received = &mut self.received;
        if self.is_line {
            let Some(end) = received.iter().position(|byte| *byte == b'\n') else {
                return Ok(None);
            };
            let mut line: Vec<u8> = received.drain(..=end).collect();
            line.pop();
            return Ok(Some(line));
        }
        let Some(prefix) = received.first_chunk::<4>() else { return Ok(None) };
        let len = u32::from_be_bytes(*prefix) as usize;
        if len == 0 || len > 1 << 24 {
            return Err(format!("a frame of {len} bytes"));
        }
        if received.len() < 4 + len {
            return Ok(None);
        }
        let mut frame: Vec<u8> = received.drain(..4 + len).collect();
        Ok(Some(frame.split_off(4)))
    }

    /// The server has ended the connection: it may if the client had, and has answered all.
    fn judge_end(&self) -> Verdict {
        if self.peer.is_excused {
            return Ok(());
        }
        if !self.peer.has_finished() {
            return Err("closed without a cause".to_owned());
        }
        if !self.received.is_empty() {
            return Err("closed within a frame".to_owned());
        }
        self.judge_answers()
    }

    /// Everything that was asked is answered, or given up.
    pub(super) fn judge_answers(&self) -> Verdict {
        let open = self.ledger.unanswered();
        if open.is_empty() {
            // Who has said goodbye may hear no more news.
            if !self.peer.is_finishing {
                self.errands.judge()?;
            }
            let news = self.ledger.news.as_ref().filter(|_| !self.peer.is_finishing);
            let is_heard = |id: &str| self.ledger.is_open(id);
            return news.map_or(Ok(()), |news| news.judge(is_heard));
        }
        let some = &open[..open.len().min(5)];
        Err(format!("{} unanswered, such as {}", open.len(), some.join(" ")))
    }
}
