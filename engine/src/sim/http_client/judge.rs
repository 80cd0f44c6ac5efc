//! What a client over HTTP hears, and whether it may.

use super::*;

impl HttpClient {
    /// Reads what came on all connections and judges it.
    pub(in crate::sim) fn listen(&mut self, dice: &mut Dice) -> Verdict {
        for at in 0..self.lines.len() {
            self.listen_on(at, dice)?;
        }
        let now = self.ledger.news.as_ref().map_or(0, News::now);
        self.errands.learn(self.ledger.take_told(), now)?;
        for at in (0..self.lines.len()).rev() {
            if self.lines[at].peer.is_over {
                let line = self.lines.swap_remove(at);
                self.bury(line);
            }
        }
        let calls = &self.shelf;
        self.ended.retain(|(line, texts)| {
            let is_known = line.peer.is_closed_there();
            if is_known {
                calls.abandon(texts);
            }
            !is_known
        });
        Ok(())
    }

    fn listen_on(&mut self, at: usize, dice: &mut Dice) -> Verdict {
        if self.lines[at].peer.is_over {
            return Ok(());
        }
        let is_over = self.lines[at].receive(dice);
        while let Some(heard) = self.lines[at].next()? {
            self.hear(at, heard)?;
        }
        if is_over {
            if let Some(heard) = self.lines[at].close() {
                self.hear(at, heard)?;
            }
            let line = &mut self.lines[at];
            line.peer.is_over = true;
            self.cut_short += u64::from(line.judge_end()? == Ending::Short);
        }
        Ok(())
    }

    /// A connection is over: what it did not bring is lost, but for streams that can be taken up.
    fn bury(&mut self, line: Line) {
        let mut ids: Vec<String> = Vec::new();
        for turn in &line.turns {
            if let Turn::Request { ids: all, is_opening, .. } = turn {
                ids.extend_from_slice(all);
                // Its answer, and with it the session, is lost.
                self.is_opening &= !is_opening;
            }
        }
        if let Some(hearing) = &line.hearing
            && hearing.stream.is_none()
        {
            ids.extend_from_slice(&hearing.ids);
        }
        let texts: Vec<String> = ids.iter().filter_map(|id| self.ledger.excuse(id)).collect();
        // Over HTTP a disconnect cancels in the stateless era only.
        let texts = if self.author.is_stateless() { texts } else { Vec::new() };
        self.ended.push((line, texts));
    }

    fn hear(&mut self, at: usize, heard: Heard) -> Verdict {
        match heard {
            Heard::Answer(answer) => {
                let line = &mut self.lines[at];
                line.listens = false;
                let turn = line.turns.pop_front().ok_or("an answer to nothing")?;
                self.judge(turn, &answer)
            }
            Heard::Opened => {
                let line = &mut self.lines[at];
                line.hearing = Some(match line.turns.pop_front() {
                    Some(Turn::Request { ids, is_opening: false, .. }) => Hearing::of(ids),
                    Some(Turn::Listen { after }) => Hearing::behind(after),
                    _ => return Err("an event stream that nobody wants".to_owned()),
                });
                self.others += 1;
                Ok(())
            }
            Heard::Event(event) => self.event(at, &event),
            Heard::Comment => Ok(()),
            Heard::Ended => {
                let line = &mut self.lines[at];
                line.listens = false;
                let hearing = line.hearing.take().ok_or("no stream ends")?;
                let may_end = self.is_session_gone || line.peer.is_excused;
                if may_end && hearing.stream.is_none() {
                    self.ledger.excuse_each(&hearing.ids);
                }
                self.streams.end(&hearing, &self.ledger, may_end)
            }
        }
    }

    fn event(&mut self, at: usize, event: &Event) -> Verdict {
        let Self { lines, streams, ledger, polled, author, .. } = self;
        let hearing = lines[at].hearing.as_mut().ok_or("an event of no stream")?;
        if !author.is_stateless() {
            let polls = |ids: &[String]| ids.iter().filter(|id| polled.contains(*id)).count();
            return streams.hear(hearing, event, ledger, |ids| polls(ids) as u32);
        }
        if event.id.is_some() || event.name.as_deref() != Some("message") {
            return Err(format!("an event {:?} named {:?}", event.id, event.name));
        }
        hearing.answered(concerns(&event.data, &hearing.ids, ledger)?)?;
        ledger.take(event.data.as_bytes())
    }

    fn judge(&mut self, turn: Turn, answer: &Answer) -> Verdict {
        let status = answer.status;
        match turn {
            Turn::Request { ids, is_opening, .. } => {
                return self.judge_answer(&ids, is_opening, answer);
            }
            Turn::Note if status == 202 && answer.body.is_empty() => {}
            Turn::Note | Turn::Delete | Turn::Listen { .. }
                if status == 404 && self.is_session_gone => {}
            Turn::Note | Turn::Delete | Turn::Listen { .. } if status == 503 => {}
            Turn::Listen { .. } if status == 409 && self.streams.is_crowded() => {}
            Turn::Delete if status == 200 => {}
            Turn::Status(fits) if fits.contains(&status) => {}
            Turn::Note | Turn::Delete | Turn::Listen { .. } | Turn::Status(_) => {
                return Err(format!("status {status}"));
            }
        }
        self.others += 1;
        Ok(())
    }

    fn judge_answer(&mut self, ids: &[String], is_opening: bool, answer: &Answer) -> Verdict {
        let status = answer.status;
        if answer.body.is_empty() {
            // A batch comes to nothing when all of it was given up.
            let is_due = ids.iter().any(|id| self.ledger.is_due(id));
            let is_given_up = ids.len() > 1 && (!is_due || self.is_session_gone);
            let is_right = status == 202 && is_given_up;
            return if is_right { Ok(()) } else { Err(format!("status {status} for {ids:?}")) };
        }
        if answer.body.starts_with(b"[") {
            if status != 200 {
                return Err(format!("status {status} for {ids:?}"));
            }
            concerns(&String::from_utf8_lossy(&answer.body), ids, &self.ledger)?;
            return self.ledger.take(&answer.body);
        }
        let wire = Wire::parse(&answer.body)?;
        let got = wire.id.map_or("null", |id| id.get());
        let is_lost = status == 404 && self.is_session_gone && got == "null";
        // The shard of the session may be too busy to be asked at all.
        let is_busy = status == 503 && got == "null";
        if is_lost || is_busy {
            self.ledger.excuse_each(ids);
            self.is_opening &= !is_opening;
            return Ok(());
        }
        if !ids.iter().any(|id| id == got) {
            return Err(format!("an answer to {got} instead of {ids:?}, status {status}"));
        }
        let fits = match &wire.error {
            None => status == 200,
            Some(_) => [200, 400, 404, 503].contains(&status),
        };
        if !fits {
            return Err(format!("status {status} for {got}"));
        }
        if is_opening {
            let session = answer.session.clone().ok_or("initialize without a session")?;
            self.session = Some(session);
            self.is_ready = false;
        }
        self.ledger.take(&answer.body)
    }

    /// Everything that was asked is answered.
    pub(in crate::sim) fn judge_answers(&mut self) -> Verdict {
        let mut open = 0;
        for line in &self.lines {
            if !line.peer.is_excused && !line.peer.is_over {
                let hears = line.hearing.as_ref().is_some_and(|hearing| {
                    let stream = hearing.stream;
                    (!hearing.ids.is_empty() && !line.listens)
                        || stream.is_some_and(|s| self.streams.is_for_answer(s))
                });
                open += line.turns.len() + usize::from(hears);
                continue;
            }
            let ids = line.turns.iter().filter_map(|turn| match turn {
                Turn::Request { ids, .. } => Some(ids),
                _ => None,
            });
            for id in ids.chain(line.hearing.iter().map(|hearing| &hearing.ids)).flatten() {
                self.ledger.excuse(id);
            }
        }
        if open > 0 {
            return Err(format!("{open} exchanges unanswered"));
        }
        if self.is_session_gone || self.dialer.is_tight {
            return Ok(());
        }
        let lost: Vec<String> = self.streams.perhaps_lost().map(str::to_owned).collect();
        self.ledger.excuse_each(&lost);
        match self.ledger.unanswered().as_slice() {
            [] => self.errands.judge().and_then(|()| self.judge_news()),
            open => Err(format!("{} unanswered, such as {}", open.len(), open[0])),
        }
    }

    /// Calls that listen, on connections that are read, were told of the latest.
    fn judge_news(&self) -> Verdict {
        let Some(news) = &self.ledger.news else { return Ok(()) };
        news.judge(|id| {
            self.ledger.is_open(id)
                && self
                    .lines
                    .iter()
                    .filter(|line| !line.peer.is_excused)
                    .any(|line| line.hearing.iter().any(|h| h.ids.iter().any(|own| own == id)))
        })
    }
}
