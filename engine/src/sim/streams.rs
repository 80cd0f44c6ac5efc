//! The event streams of one session as its client hears them, on whatever connection.
//!
//! An event's id is its stream's number and its own. Told to the client are, on one connection, the
//! events of one stream, each behind the one before; on several, the same ones. Nothing follows
//! the answer a stream is for.

use std::collections::BTreeMap;

use serde_json::Value;

use super::checker::{Ledger, Verdict, Wire};
use super::http_reader::Event;
use super::log::digest;
use crate::limits::{REPLAY_EVENTS_MAX, STREAMS_PER_SESSION_MAX};

/// The version whose streams begin with an event that says nothing.
const PRIMED: &str = "2025-11-25";

/// What one connection hears of a stream.
#[derive(Debug)]
pub(super) struct Hearing {
    /// The requests whose answer ends it; none when it only listens.
    pub(super) ids: Vec<String>,
    /// The event behind which it was taken up.
    pub(super) after: Option<(u32, u64)>,
    pub(super) stream: Option<u32>,
    /// Number of the next event.
    next: u64,
    /// Events were left out before this number.
    gap: Option<u64>,
    /// The answer came.
    is_answered: bool,
}

impl Hearing {
    pub(super) fn of(ids: Vec<String>) -> Self {
        Self { ids, after: None, stream: None, next: 0, gap: None, is_answered: false }
    }

    /// An event came, perhaps the answer; nothing may follow that.
    pub(super) fn answered(&mut self, is_answer: bool) -> Verdict {
        if self.is_answered {
            return Err("an event behind the answer".to_owned());
        }
        self.is_answered = is_answer;
        Ok(())
    }

    pub(super) fn behind(after: Option<(u32, u64)>) -> Self {
        Self { after, ..Self::of(Vec::new()) }
    }
}

/// One stream.
#[derive(Debug, Default)]
struct Stream {
    ids: Vec<String>,
    /// What each event said.
    events: BTreeMap<u64, u64>,
    is_answered: bool,
    /// How often it was asked for again.
    gets: u32,
    /// How often it ended before its answer.
    short_ends: u32,
    /// How often its calls may end it before their answer.
    polls: u32,
    /// It had to make room for others.
    is_lost: bool,
}

/// All streams of a session.
#[derive(Debug)]
pub(super) struct Streams {
    is_primed: bool,
    all: BTreeMap<u32, Stream>,
    /// How many the session may have had at most.
    openings: usize,
}

impl Streams {
    pub(super) fn new(version: &str) -> Self {
        Self { is_primed: version == PRIMED, all: BTreeMap::new(), openings: 0 }
    }

    /// Something is asked that may open a stream.
    pub(super) fn expect_opening(&mut self) {
        self.openings += 1;
    }

    /// Whether streams may have been given up for others, or refused.
    pub(super) fn is_crowded(&self) -> bool {
        self.openings >= STREAMS_PER_SESSION_MAX
    }

    /// Streams whose answer was not heard, of which something was.
    pub(super) fn unheard(&self) -> Vec<u32> {
        let is_open =
            |stream: &Stream| !stream.is_answered && !stream.is_lost && !stream.events.is_empty();
        let open = self.all.iter().filter(|(_, stream)| is_open(stream));
        open.map(|(number, _)| *number).collect()
    }

    /// Whether a stream is for an answer.
    pub(super) fn is_for_answer(&self, number: u32) -> bool {
        self.all.get(&number).is_some_and(|stream| !stream.ids.is_empty())
    }

    /// The stream is asked for again, behind the last event heard or, `earlier`, one before it.
    pub(super) fn ask_again(&mut self, number: u32, earlier: u64) -> Option<(u32, u64)> {
        let stream = self.all.get_mut(&number)?;
        let (last, first) =
            (*stream.events.last_key_value()?.0, *stream.events.first_key_value()?.0);
        stream.gets += 1;
        self.openings += 1;
        Some((number, last.saturating_sub(earlier).max(first)))
    }

    /// The requests whose answers come on streams that may have been given up.
    pub(super) fn perhaps_lost(&self) -> impl Iterator<Item = &str> {
        let crowded = self.is_crowded();
        let lost = self.all.values().filter(move |stream| stream.is_lost || crowded);
        lost.flat_map(|stream| stream.ids.iter().map(String::as_str))
    }

    /// Judges an event; `polls` tells how many of some requests may end their stream early.
    pub(super) fn hear(
        &mut self,
        hearing: &mut Hearing,
        event: &Event,
        ledger: &mut Ledger,
        polls: impl FnOnce(&[String]) -> u32,
    ) -> Verdict {
        let id = event.id.as_deref().ok_or("an event without an id")?;
        let (number, place) = parse(id).ok_or(format!("an event with the id {id:?}"))?;
        match hearing.stream {
            Some(known) if known != number => {
                return Err(format!("event {id} on stream {known}"));
            }
            Some(_) => {}
            None => {
                self.begin(hearing, number)?;
                let stream = self.all.get_mut(&number).ok_or("no such stream")?;
                if stream.polls == 0 && !stream.ids.is_empty() {
                    stream.polls = polls(&stream.ids);
                }
            }
        }
        if place < hearing.next || (place > hearing.next && hearing.after.is_none()) {
            return Err(format!("event {id} instead of the {}th", hearing.next));
        }
        if place > hearing.next {
            if hearing.gap.is_some() || hearing.after.is_none_or(|(_, l)| l + 1 != hearing.next) {
                return Err(format!("a gap before event {id}, the {}th was due", hearing.next));
            }
            hearing.gap = Some(place);
        }
        hearing.next = place + 1;
        self.say(hearing, number, place, event, ledger)
    }

    /// The first event on a connection tells which stream it carries.
    fn begin(&mut self, hearing: &mut Hearing, number: u32) -> Verdict {
        hearing.stream = Some(number);
        if let Some((wanted, last)) = hearing.after {
            if wanted == number {
                hearing.next = last + 1;
                return Ok(());
            }
            if !self.is_crowded() {
                return Err(format!("stream {number} instead of {wanted}"));
            }
            if let Some(stream) = self.all.get_mut(&wanted) {
                stream.is_lost = true;
            }
            hearing.after = None;
        }
        hearing.next = u64::from(!self.is_primed);
        let stream = Stream { ids: hearing.ids.clone(), ..Stream::default() };
        match self.all.insert(number, stream) {
            None => Ok(()),
            Some(_) => Err(format!("stream {number} begins twice")),
        }
    }

    fn say(
        &mut self,
        hearing: &mut Hearing,
        number: u32,
        place: u64,
        event: &Event,
        ledger: &mut Ledger,
    ) -> Verdict {
        let stream = self.all.get_mut(&number).ok_or("no such stream")?;
        let sum = digest(event.data.as_bytes());
        if let Some(before) = stream.events.insert(place, sum) {
            // The answer of a stream is its last event, here as there.
            hearing.is_answered |=
                stream.is_answered && stream.events.keys().next_back() == Some(&place);
            let is_same = before == sum;
            return if is_same { Ok(()) } else { Err(format!("event {place} was another")) };
        }
        if stream.is_answered {
            return Err(format!("event {place} of stream {number} behind its answer"));
        }
        if place == 0 {
            let is_empty = event.data.is_empty() && event.name.is_none();
            let is_right = is_empty && event.retry.is_some();
            return if is_right { Ok(()) } else { Err("a first event that says much".to_owned()) };
        }
        if event.name.as_deref() != Some("message") {
            return Err(format!("an event named {:?}", event.name));
        }
        let is_answer = if stream.ids.is_empty() {
            unasked(&event.data)?;
            false
        } else {
            concerns(&event.data, &stream.ids, ledger)?
        };
        stream.is_answered |= is_answer;
        hearing.is_answered |= is_answer;
        ledger.take(event.data.as_bytes())
    }

    /// A connection's part of a stream was ended by the server, in good order; `may_end` if it may
    /// for any reason.
    pub(super) fn end(&mut self, hearing: &Hearing, ledger: &Ledger, may_end: bool) -> Verdict {
        let asked = hearing.after.map(|(stream, _)| stream);
        let stream = hearing.stream.or(asked).and_then(|number| self.all.get_mut(&number));
        let Some(stream) = stream else {
            return if may_end || hearing.is_answered {
                Ok(())
            } else {
                Err("a stream ends unheard".to_owned())
            };
        };
        if let Some(first) = hearing.gap
            && hearing.next - first < REPLAY_EVENTS_MAX as u64
        {
            return Err(format!("events before {first} are missing"));
        }
        // Nothing is left to say to who has heard the answer before.
        let heard_all = stream.is_answered
            && hearing.stream.is_none()
            && hearing
                .after
                .is_some_and(|(_, last)| !stream.events.range(last + 1..).any(|_| true));
        // A batch comes to nothing when all of it was given up.
        let is_given_up = stream.ids.len() > 1 && !stream.ids.iter().any(|id| ledger.is_due(id));
        if hearing.is_answered || heard_all || may_end || is_given_up {
            return Ok(());
        }
        // Each further GET, and each call that wants it, ends what went before at most once.
        stream.short_ends += 1;
        let reasons = stream.gets + stream.polls;
        let own = u32::from(hearing.after.is_some());
        if stream.short_ends <= reasons && reasons > own {
            return Ok(());
        }
        Err(format!("stream {:?} ends before its answer", hearing.stream))
    }
}

/// Judges what is said on a stream that is for nothing that was asked.
fn unasked(data: &str) -> Verdict {
    let wire = Wire::parse(data.as_bytes())?;
    let is_news = |method: &String| {
        method == "notifications/resources/updated" || method.ends_with("/list_changed")
    };
    if wire.id.is_none() && wire.method.as_ref().is_some_and(is_news) {
        return Ok(());
    }
    Err(format!("{:?} on a stream for nothing that was asked", wire.method))
}

/// Judges what an event of a stream for the answers of `ids` is about; whether it is that answer.
pub(super) fn concerns(data: &str, ids: &[String], ledger: &Ledger) -> Result<bool, String> {
    let is_own = |id: &str| ids.iter().any(|own| own == id);
    if data.starts_with('[') {
        let all: Vec<&serde_json::value::RawValue> =
            serde_json::from_str(data).map_err(|fault| format!("no batch: {fault}"))?;
        for one in all {
            let wire = Wire::parse(one.get().as_bytes())?;
            let id = wire.id.map_or("null", |id| id.get());
            if !is_own(id) {
                return Err(format!("an answer to {id} on the stream for {ids:?}"));
            }
        }
        return Ok(true);
    }
    let wire = Wire::parse(data.as_bytes())?;
    if wire.method.is_none() {
        let id = wire.id.map_or("null", |id| id.get());
        return if is_own(id) {
            Ok(true)
        } else {
            Err(format!("an answer to {id} on the stream for {ids:?}"))
        };
    }
    let params = wire.params.as_ref();
    if wire.id.is_some() || wire.method.as_deref() == Some("notifications/cancelled") {
        // A question for one of these calls, or one that is withdrawn.
        let text = match wire.id {
            Some(_) => params.and_then(|p| p.pointer("/messages/0/content/text")?.as_str()),
            None => params.and_then(|params| ledger.asked_for(&params["requestId"].to_string())),
        };
        let text = text.unwrap_or_default();
        let is_right = ledger.request_with(text).is_some_and(is_own);
        let words = || format!("a question for {text:?} on the stream for {ids:?}");
        return if is_right { Ok(false) } else { Err(words()) };
    }
    if let Some(id) = ledger.news.as_ref().and_then(|news| news.listener(&wire)) {
        let words = || format!("news for {id} on the stream for {ids:?}");
        return if is_own(id) { Ok(false) } else { Err(words()) };
    }
    let token = params.and_then(|params| params.get("progressToken"));
    let token = token.and_then(Value::as_str).unwrap_or_default();
    match ledger.request_of(token) {
        Some(id) if is_own(id) => Ok(false),
        _ => Err(format!("news under {token:?} on the stream for {ids:?}")),
    }
}

fn parse(id: &str) -> Option<(u32, u64)> {
    let (stream, event) = id.split_once('-')?;
    Some((u32::from_str_radix(stream, 16).ok()?, u64::from_str_radix(event, 16).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::checker::Expect;

    const ANSWER: &str = r#"{"jsonrpc":"2.0","id":1,"result":{}}"#;
    const PROGRESS: &str = r#"{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":"t","progress":N}}"#;

    /// What a connection hears, `after` an event or as the answer of request 1, until its end.
    fn check(after: Option<(u32, u64)>, events: &[(&str, &str)], want: &str) {
        let mut streams = Streams::new(PRIMED);
        let mut ledger = Ledger::default();
        ledger.ask("1", Expect::Result);
        ledger.expect_progress("t", "1");
        let mut hearing = Hearing::of(vec!["1".to_owned()]);
        if after.is_some() {
            let first = Event { id: Some("0-0".into()), retry: Some(1), ..Event::default() };
            streams.hear(&mut hearing, &first, &mut ledger, |_| 0).expect("as it should be");
            hearing = Hearing::behind(streams.ask_again(0, 0));
        }
        let mut verdict = Ok(());
        for (id, data) in events {
            let (name, retry) =
                if data.is_empty() { (None, Some(1)) } else { (Some("message".into()), None) };
            let data = (*data).to_owned();
            let event = Event { id: Some((*id).to_owned()), name, retry, data };
            verdict = verdict.and_then(|()| streams.hear(&mut hearing, &event, &mut ledger, |_| 0));
        }
        match verdict.and_then(|()| streams.end(&hearing, &ledger, false)) {
            Ok(()) => assert_eq!(want, ""),
            Err(fault) => assert!(!want.is_empty() && fault.contains(want), "{fault}"),
        }
    }

    /// The checker must be able to fail: each row is what a broken engine would send.
    #[test]
    fn broken_streams_are_caught() {
        let [first, second] = ["1", "2"].map(|number| PROGRESS.replace('N', number));
        let (first, second) = (first.as_str(), second.as_str());
        check(None, &[("0-0", ""), ("0-1", first), ("0-2", ANSWER)], "");
        check(Some((0, 0)), &[("0-1", first), ("0-2", ANSWER)], "");
        check(None, &[("0-1", first), ("0-2", ANSWER)], "instead of the 0th");
        check(None, &[("0-0", ""), ("0-2", ANSWER)], "instead of the 1th");
        check(None, &[("0-0", ""), ("1-1", ANSWER)], "on stream 0");
        check(None, &[("0-0", ""), ("0-1", first)], "before its answer");
        check(None, &[("0-0", ""), ("0-1", ANSWER), ("0-2", first)], "behind its answer");
        check(None, &[("0-0", ""), ("0-1", second), ("0-2", first)], "goes back");
        check(None, &[("0-0", ""), ("0-1", &ANSWER.replace('1', "2"))], "on the stream for");
        check(Some((0, 0)), &[("0-2", ANSWER)], "are missing");
        check(Some((0, 0)), &[("0-0", ""), ("0-1", ANSWER)], "instead of the 1th");
        check(Some((0, 0)), &[("1-0", ""), ("1-1", ANSWER)], "instead of 0");
    }
}
