//! The books of a run: what each message of the server changes.

use std::collections::VecDeque;

use super::check::{Again, Check, Verdict};
use super::connection::{Desk, Order, State};
use super::inbox::End;
use super::schedule::Schedule;
use super::tally::Tally;
use crate::fault::{Fault, excerpt};
use crate::histogram::Latencies;
use crate::question::Question;

/// How often one call may be made again before it is called wrong.
const ROUNDS_MAX: u32 = 8;

/// What is open, what may be asked, and what was counted.
pub(super) struct Books {
    check: Check,
    /// Reports of progress that must come before an answer.
    events: u32,
    pub(super) tally: Tally,
    /// Whether answers are counted; the first error is kept anyway.
    pub(super) counts: bool,
    /// Right answers since the last look at the progress, if anyone looks.
    pub(super) recent: Option<Box<Latencies>>,
    /// The time of the present turn.
    pub(super) now_ns: u64,
    /// Requests that wait for their answer.
    pub(super) open: usize,
    /// Answers of any kind, since the run began.
    pub(super) answers: u64,
    pub(super) schedule: Schedule,
    /// Lanes that wait for a request, the one that has waited longest first.
    pub(super) free: VecDeque<Free>,
    /// Replies to the server that go over another connection.
    pub(super) aside: Vec<u8>,
}

/// A lane without a request.
#[derive(Clone, Copy, Debug)]
pub(super) struct Free {
    pub(super) connection: u32,
    pub(super) lane: u32,
    pub(super) since_ns: u64,
}

/// How an answer is counted.
enum Outcome {
    Right,
    Wrong(String),
    Refused(String),
    Http(String),
}

impl Books {
    pub(super) fn new(question: &Question) -> Self {
        Self {
            check: Check::new(question),
            events: question.events,
            tally: Tally::default(),
            counts: true,
            recent: None,
            now_ns: 0,
            open: 0,
            answers: 0,
            schedule: Schedule::default(),
            free: VecDeque::new(),
            aside: Vec::new(),
        }
    }

    /// Asks on `lane` if a request is due.
    pub(super) fn ask(&mut self, desk: &mut Desk, lane: u32, since_ns: u64) -> bool {
        let Some(due_ns) = self.schedule.take(self.now_ns) else {
            return false;
        };
        self.open += 1;
        desk.ask(lane, due_ns, self.now_ns);
        if self.counts {
            self.tally.lag.record(self.now_ns - due_ns.max(since_ns).min(self.now_ns));
        }
        true
    }

    /// Works off one message that came on the connection number `connection`.
    pub(super) fn message(
        &mut self,
        connection: u32,
        desk: &mut Desk,
        body: &[u8],
    ) -> Result<(), Fault> {
        match self.check.judge(body) {
            Verdict::Right(id) => self.answer(connection, desk, Some(id), Outcome::Right, body),
            Verdict::RightWithoutId => self.answer(connection, desk, None, Outcome::Right, body),
            Verdict::Wrong(id) => {
                let words = format!("a wrong answer: {}", excerpt(body));
                self.answer(connection, desk, id, Outcome::Wrong(words), body);
            }
            Verdict::Refused(id) => {
                let words = format!("an error: {}", excerpt(body));
                self.answer(connection, desk, id, Outcome::Refused(words), body);
            }
            Verdict::Again(id, again) => self.again(connection, desk, id, &again, body),
            Verdict::Progress { token, progress } => advance(desk, token, progress),
            Verdict::Asked { id, reply } => {
                let over_http = desk.order == Order::Http;
                let out = if over_http { &mut self.aside } else { &mut desk.outbox.out };
                desk.request.append_reply(out, id, reply);
            }
            Verdict::Aside => {}
            Verdict::Unreadable if desk.order == Order::Http => {
                let words = format!("no JSON-RPC message: {}", excerpt(body));
                self.answer(connection, desk, None, Outcome::Wrong(words), body);
            }
            Verdict::Unreadable => {
                return Err(Fault::Target(format!("no JSON-RPC message: {:?}", excerpt(body))));
            }
        }
        Ok(())
    }

    /// Works off the end of one HTTP answer.
    pub(super) fn end(&mut self, connection: u32, desk: &mut Desk, end: &End<'_>) {
        let succeeded = end.status / 100 == 2;
        let answered = desk.answered_ns.is_some();
        match desk.end_answer() {
            Some(lane) => {
                if !answered {
                    let words = if succeeded {
                        format!("no message in an answer: {}", end.words())
                    } else {
                        end.words()
                    };
                    self.settle(connection, desk, lane, Outcome::Http(words));
                }
                self.free(connection, desk, lane);
            }
            // A connection for replies has no lanes.
            None if succeeded => {}
            None => self.count(Outcome::Http(format!("a reply was refused: {}", end.words()))),
        }
    }

    /// The present HTTP answer, which has answered, is given up: its end is not awaited.
    pub(super) fn leave(&mut self, connection: u32, desk: &mut Desk) {
        if let Some(lane) = desk.end_answer() {
            self.free(connection, desk, lane);
        }
    }

    /// Frees `lane`, unless its call is made again.
    fn free(&mut self, connection: u32, desk: &mut Desk, lane: u32) {
        if desk.lanes[lane as usize].state == State::Settled {
            desk.lanes[lane as usize].state = State::Free;
            self.free.push_back(Free { connection, lane, since_ns: self.now_ns });
        }
    }

    /// Counts an answer that came on `connection` and frees its lane.
    fn answer(
        &mut self,
        connection: u32,
        desk: &mut Desk,
        id: Option<u64>,
        outcome: Outcome,
        body: &[u8],
    ) {
        let named = id.and_then(|id| desk.lane_of(id));
        let lane = match desk.order {
            Order::Any => named,
            Order::Http if desk.answered_ns.is_some() => None,
            Order::Messages | Order::Http => desk.oldest(),
        };
        let Some(lane) = lane else {
            let words = format!("an answer to nothing that is open: {}", excerpt(body));
            return self.count(Outcome::Wrong(words));
        };
        desk.answered_ns = Some(self.now_ns);
        let came = desk.lanes[lane as usize].events;
        let outcome = match outcome {
            Outcome::Right if desk.order == Order::Http && named != Some(lane) => {
                Outcome::Wrong(format!("the answer to another request: {}", excerpt(body)))
            }
            Outcome::Right if came != self.events => {
                let due = self.events;
                let text = excerpt(body);
                Outcome::Wrong(format!("{came} reports of progress instead of {due}: {text}"))
            }
            other => other,
        };
        self.settle(connection, desk, lane, outcome);
    }

    /// Makes a call again, with what the server wants to have.
    fn again(&mut self, connection: u32, desk: &mut Desk, id: u64, again: &Again<'_>, body: &[u8]) {
        let lane = desk.lane_of(id).filter(|lane| {
            let is_next = desk.order == Order::Any || desk.oldest() == Some(*lane);
            is_next && desk.answered_ns.is_none() && desk.lanes[*lane as usize].rounds < ROUNDS_MAX
        });
        if let Some(lane) = lane {
            desk.answered_ns = (desk.order == Order::Http).then_some(self.now_ns);
            desk.ask_again(lane, again);
        } else {
            let words = format!("asks for input again and again: {}", excerpt(body));
            self.answer(connection, desk, Some(id), Outcome::Wrong(words), body);
        }
    }

    fn settle(&mut self, connection: u32, desk: &mut Desk, lane: u32, outcome: Outcome) {
        let over_http = desk.order == Order::Http;
        let state = if over_http { State::Settled } else { State::Free };
        let ended = desk.settle(lane, state);
        self.open -= 1;
        if state == State::Free {
            desk.answered_ns = None;
            self.free.push_back(Free { connection, lane, since_ns: self.now_ns });
        }
        if matches!(outcome, Outcome::Right) {
            let latency_ns = self.now_ns.saturating_sub(ended.due_ns);
            if self.counts {
                self.tally.latencies.record(latency_ns);
                self.tally.service.record(self.now_ns.saturating_sub(ended.sent_ns));
            }
            if let Some(recent) = &mut self.recent {
                recent.record(latency_ns);
            }
        }
        self.count(outcome);
    }

    fn count(&mut self, outcome: Outcome) {
        self.answers += 1;
        let errors = &mut self.tally.errors;
        let (count, words) = match outcome {
            Outcome::Right => {
                self.tally.requests += u64::from(self.counts);
                return;
            }
            Outcome::Wrong(words) => (&mut errors.wrong, words),
            Outcome::Refused(words) => (&mut errors.rpc, words),
            Outcome::Http(words) => (&mut errors.http, words),
        };
        // Of the warm-up only the first is kept, as a word of warning.
        *count += u64::from(self.counts);
        errors.first.get_or_insert(words);
    }

    /// Counts what is open or due and has no answer as what it has reached by now, and sends no more.
    pub(super) fn give_up<'d>(&mut self, desks: impl Iterator<Item = &'d Desk>) {
        let open = desks.flat_map(|desk| &desk.lanes).filter(|lane| lane.state == State::Open);
        let mut dues: Vec<u64> = open.map(|lane| lane.due_ns).collect();
        dues.extend(std::iter::from_fn(|| self.schedule.take(self.now_ns)));
        self.tally.unanswered += dues.len() as u64;
        for due_ns in dues {
            self.tally.latencies.record(self.now_ns.saturating_sub(due_ns));
        }
    }
}

/// The request with the id `token` has come to `progress`, which must be more than before.
fn advance(desk: &mut Desk, token: u64, progress: f64) {
    let Some(lane) = desk.lane_of(token) else {
        return;
    };
    let lane = &mut desk.lanes[lane as usize];
    if progress > lane.progress {
        lane.progress = progress;
        lane.events += 1;
    }
}
