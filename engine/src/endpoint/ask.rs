//! Handlers that ask: whether their client can be asked that, and the requests that ask it in the
//! handshake era.
//!
//! The call stays where it is, unanswered, with its questions; a response resolves one of them if
//! it comes from the very peer that was asked. With the last one the handler is entered again. The
//! stateless era asks in the result, and is done with the call: see `input_required`.

use bytes::Bytes;

use super::calls::PendingCall;
use super::input_required::undeclared;
use super::notify::notification;
use super::origin::Peer;
use super::task::{related, write_related};
use super::tasks::TaskKey;
use super::{Core, Output, Timer};
use crate::json::{Value, Writer};
use crate::limits::{
    ANSWERS_BYTES_MAX, ASK_KEY_BYTES_MAX, ASK_REQUESTS_MAX, ASK_ROUNDS_MAX, ASKED_MAX,
};
use crate::mcp::{AskMethod, Version};
use crate::model::{Fields, Task, TaskStatus};
use crate::rpc::{RawJson, Response, RpcError, code};
use crate::server::{
    Answer, Ask, AskRequest, Asked, Execution, FeatureKind, Outcome, Parked, Ticket,
};
use crate::slot::Slot;

/// A call's questions that its client has not answered.
#[derive(Debug)]
pub(super) struct Asking {
    parked: Parked,
    /// What the handler will be entered again with.
    asked: Asked,
    open: Vec<Question>,
    /// Requests that could not be sent yet: the client of a task is to come for them.
    unsent: Vec<Bytes>,
}

/// A question that is not answered.
#[derive(Debug)]
struct Question {
    /// The handler's key.
    key: String,
    way: Way,
}

/// How a question gets to its client.
#[derive(Debug)]
enum Way {
    /// By a request of ours with this id.
    Request(u64),
    /// The client finds it with the task, under this name and in this form.
    Shown(String, Bytes),
}

impl Asking {
    /// The ids of our requests that are unanswered.
    pub(super) fn open(&self) -> impl Iterator<Item = u64> {
        self.open.iter().filter_map(|question| match question.way {
            Way::Request(id) => Some(id),
            Way::Shown(..) => None,
        })
    }

    /// The open questions of a task as its client finds them: one JSON object.
    pub(super) fn encode_open(&self) -> Bytes {
        let mut json = Vec::new();
        let mut w = Writer::new(&mut json);
        w.begin_object();
        for question in &self.open {
            if let Way::Shown(name, request) = &question.way {
                w.member_raw(name, request);
            }
        }
        w.end_object();
        json.into()
    }

    /// What to say when the client's time is over.
    pub(super) fn overdue(&self, time_ms: u128) -> String {
        let keys: Vec<_> = self.open.iter().map(|open| format!("{:?}", open.key)).collect();
        format!("the client did not answer {} within {time_ms} ms", keys.join(", "))
    }
}

/// Why a question is not put.
enum Problem {
    /// The handler's own mistake, or a version without such questions.
    Outcome(Outcome),
    /// The client did not declare these.
    Undeclared(Vec<AskMethod>),
}

impl Core {
    /// A call's handler asks its client something.
    pub(super) fn asked(&mut self, ticket: Ticket, ask: &Ask, parked: Parked) {
        let Some(call) = self.calls.get(ticket) else {
            return self.metrics.answers_late.add(1);
        };
        let version = call.version;
        let by_request = !version.asks_in_results();
        let is_task = call.task().is_some();
        match check(ask, &parked, version) {
            Ok(()) if by_request => self.ask_by_requests(ticket, ask, parked),
            Ok(()) if is_task => self.ask_in_task(ticket, ask, parked),
            Ok(()) => self.ask_in_result(ticket, ask, &parked),
            Err(Problem::Outcome(outcome)) => self.done(ticket, outcome),
            Err(Problem::Undeclared(missing)) if by_request => {
                let names: Vec<_> = missing.into_iter().map(AskMethod::capability).collect();
                let words = format!(
                    "this needs a client that declares the capability {}",
                    names.join(" and ")
                );
                self.done(ticket, parked.feature().kind().failed(words));
            }
            Err(Problem::Undeclared(missing)) if is_task => {
                self.done(ticket, Outcome::Error(undeclared(&missing)));
            }
            Err(Problem::Undeclared(missing)) => self.refuse_undeclared(ticket, &missing),
        }
    }

    fn ask_by_requests(&mut self, ticket: Ticket, ask: &Ask, parked: Parked) {
        let kind = parked.feature().kind();
        let asked = parked.asked().after(ask);
        if asked.rounds > ASK_ROUNDS_MAX {
            let words = format!("the handler asked more than {ASK_ROUNDS_MAX} times");
            return self.done(ticket, Outcome::internal(words));
        }
        let open = match self.register_questions(ticket, ask, kind) {
            Ok(open) => open,
            Err(outcome) => return self.done(ticket, outcome),
        };
        let Some(call) = self.calls.get_mut(ticket) else { return };
        let (peer, fields) = (call.peer, call.version.fields());
        let task = call.task();
        let ids: Vec<_> = open.iter().map(|(id, _)| *id).collect();
        let open = open.into_iter().map(|(id, key)| Question { key, way: Way::Request(id) });
        let open = open.collect();
        call.asking = Some(Box::new(Asking { parked, asked, open, unsent: Vec::new() }));
        match task {
            Some(task) if !ask.requests.is_empty() => {
                self.restart_task_clock(ticket, task, None);
                self.task_changed(task, TaskStatus::InputRequired, None);
            }
            Some(_) => {}
            None => self.restart_clock(ticket, self.config.ask_ms),
        }
        let related = self.related_task(ticket);
        for (id, (_, request)) in ids.into_iter().zip(&ask.requests) {
            let message = encode_request(id, request, fields, related.as_deref());
            let is_sent = self.notify_call(ticket, |w| w.raw(&message));
            if !is_sent && task.is_some() {
                let asking = self.calls.get_mut(ticket).and_then(|call| call.asking.as_mut());
                if let Some(asking) = asking {
                    asking.unsent.push(message.into());
                }
            } else if !is_sent {
                let words = "there is no way to ask the client anything during this call";
                self.withdraw(ticket, words);
                return self.done(ticket, kind.failed(words.to_owned()));
            }
            if let AskRequest::Elicit(question) = request
                && let Some(id) = question.id()
            {
                self.elicitations.note(id, peer);
            }
        }
        if ask.requests.is_empty() {
            self.enter_again(ticket);
        }
    }

    /// Keeps what a task asks for its client to find, where tasks are an extension. A name is used
    /// once in a task, however often a handler asks under the same key.
    fn ask_in_task(&mut self, ticket: Ticket, ask: &Ask, parked: Parked) {
        let asked = parked.asked().after(ask);
        if asked.rounds > ASK_ROUNDS_MAX {
            let words = format!("the handler asked more than {ASK_ROUNDS_MAX} times");
            return self.done(ticket, Outcome::internal(words));
        }
        let Some(call) = self.calls.get_mut(ticket) else { return };
        let (fields, task) = (call.version.fields(), call.task());
        let question = |(key, request): &(String, AskRequest)| {
            let mut json = Vec::new();
            let mut w = Writer::new(&mut json);
            w.begin_object();
            request.encode_members(&mut w, fields);
            w.end_object();
            let name = format!("{}.{key}", asked.rounds);
            Question { key: key.clone(), way: Way::Shown(name, json.into()) }
        };
        let open: Vec<_> = ask.requests.iter().map(question).collect();
        let is_open = !open.is_empty();
        call.asking = Some(Box::new(Asking { parked, asked, open, unsent: Vec::new() }));
        match task.filter(|_| is_open) {
            Some(task) => {
                self.restart_task_clock(ticket, task, None);
                self.task_changed(task, TaskStatus::InputRequired, None);
            }
            None => self.enter_again(ticket),
        }
    }

    /// The client of a task answers the question of that name; a name of none is ignored.
    pub(super) fn answer_question(&mut self, ticket: Ticket, name: &str, response: Box<RawJson>) {
        let call = self.calls.get_mut(ticket);
        let Some(asking) = call.and_then(|call| call.asking.as_deref_mut()) else { return };
        let is_it = |open: &Question| matches!(&open.way, Way::Shown(own, _) if own == name);
        if let Some(place) = asking.open.iter().position(is_it) {
            self.resolve(ticket, place, Answer::Result(response));
        }
    }

    /// Sends the questions of a task that had no way to their client before.
    pub(super) fn put_unsent(&mut self, key: TaskKey) {
        let Some(ticket) = self.tasks.get(key).and_then(|held| held.ticket) else { return };
        let asking = self.calls.get_mut(ticket).and_then(|call| call.asking.as_mut());
        let mut unsent =
            asking.map(|asking| std::mem::take(&mut asking.unsent)).unwrap_or_default();
        unsent.retain(|message| !self.notify_call(ticket, |w| w.raw(message)));
        let asking = self.calls.get_mut(ticket).and_then(|call| call.asking.as_mut());
        if let Some(asking) = asking {
            asking.unsent = unsent;
        }
    }

    /// Gives each question an id, if the client may be asked so much and can still answer.
    fn register_questions(
        &mut self,
        ticket: Ticket,
        ask: &Ask,
        kind: FeatureKind,
    ) -> Result<Vec<(u64, String)>, Outcome> {
        let gone = || kind.failed("the client can answer no questions any more".to_owned());
        let call = self.calls.get(ticket).ok_or_else(gone)?;
        let (peer, version) = (call.peer, call.version);
        let is_ending = match peer {
            Peer::Stream(slot) => self.slots.get_mut(slot).is_none_or(|open| open.is_ending),
            Peer::Session(_) | Peer::Newcomer | Peer::Exchange => false,
        };
        if is_ending || self.is_draining {
            return Err(gone());
        }
        let session = self.session_of(peer).ok_or_else(gone)?;
        if session.questions.len() + ask.requests.len() > ASKED_MAX {
            let words = "too many unanswered questions to this client";
            return Err(Outcome::Error(RpcError::new(version.busy(), words)));
        }
        let questions = ask.requests.iter();
        Ok(questions.map(|(key, _)| (session.questions.register(ticket.0), key.clone())).collect())
    }

    /// A response came; whether it answers a question to this very peer.
    pub(super) fn take_answer(&mut self, peer: Peer, response: &Response<'_>) -> bool {
        let Some(id) = response.id else { return false };
        let Some(session) = self.session_of(peer) else { return false };
        let Some((id, ticket)) = session.questions.answered(id) else { return false };
        let ticket = Ticket(ticket);
        let call = self.calls.get_mut(ticket);
        let Some(asking) = call.and_then(|call| call.asking.as_deref_mut()) else { return false };
        let is_it = |open: &Question| matches!(open.way, Way::Request(own) if own == id);
        let Some(place) = asking.open.iter().position(is_it) else { return false };
        self.resolve(ticket, place, read_answer(response));
        true
    }

    /// The open question at `place` is answered; after the last one the handler goes on.
    fn resolve(&mut self, ticket: Ticket, place: usize, answer: Answer) {
        let call = self.calls.get_mut(ticket);
        let Some(asking) = call.and_then(|call| call.asking.as_deref_mut()) else { return };
        let Question { key, way } = asking.open.remove(place);
        let answers = &mut asking.asked.answers;
        if !answers.put(&key, answer) || answers.bytes() > ANSWERS_BYTES_MAX {
            let kind = asking.parked.feature().kind();
            self.withdraw(ticket, "other answers were too large");
            self.done(ticket, kind.failed("the client's answers are too large".to_owned()));
        } else if asking.open.is_empty() {
            self.enter_again(ticket);
        } else if matches!(way, Way::Shown(..))
            && let Some(task) = self.calls.get(ticket).and_then(PendingCall::task)
        {
            // Fewer questions are left to be shown.
            self.task_changed(task, TaskStatus::InputRequired, None);
        }
    }

    /// Runs a call's handler again, with what its client answered.
    fn enter_again(&mut self, ticket: Ticket) {
        let call = self.calls.get_mut(ticket);
        let Some(call) = call else { return };
        let task = call.task();
        let Some(asking) = call.asking.take() else { return };
        let Asking { parked, asked, .. } = *asking;
        let parked = parked.again(asked);
        match task {
            // The time it waited was the task's alone.
            Some(task) => {
                let own_ms = parked.feature().timeout().map(|time| time.as_millis() as u64);
                self.restart_task_clock(ticket, task, own_ms);
                self.task_resumes(task);
            }
            None => self.restart_clock(ticket, self.call_ms(parked.feature())),
        }
        if parked.execution() != Execution::Inline {
            return self.outbox.outputs.push_back(Output::Work(parked.into_job()));
        }
        let mut call = parked.call();
        match call.invoke() {
            Outcome::Deferred => {}
            Outcome::Ask(ask) => {
                let parked = call.park();
                drop(call);
                self.asked(ticket, &ask, parked);
            }
            outcome => {
                drop(call);
                self.done(ticket, outcome);
            }
        }
    }

    /// From now on the call has this much time.
    pub(super) fn restart_clock(&mut self, ticket: Ticket, time_ms: u64) {
        if let Some((place, due)) = self.calls.restart(ticket, self.now, time_ms) {
            self.timers.set(due, Timer::Call(place));
        }
    }

    /// Tells the client that its answers to a call's open questions are not needed any more.
    pub(super) fn withdraw(&mut self, ticket: Ticket, reason: &str) {
        let asking = self.calls.get(ticket).and_then(|call| call.asking.as_deref());
        let Some(asking) = asking else { return };
        let ids = asking.open().collect::<Vec<_>>();
        let task = self.related_task(ticket);
        for id in ids {
            self.notify_call(ticket, |w| {
                notification(w, "notifications/cancelled", |w| {
                    write_related(w, task.as_deref());
                    w.member_uint("requestId", id);
                    w.member_string("reason", reason);
                });
            });
        }
    }

    /// The person is done at a URL that this call's client was asked to show.
    pub(super) fn elicited(&mut self, ticket: Ticket, id: &str) {
        let task = self.related_task(ticket);
        self.notify_call(ticket, |w| {
            notification(w, "notifications/elicitation/complete", |w| {
                write_related(w, task.as_deref());
                w.member_string("elicitationId", id);
            });
        });
    }

    /// A peer that sends no more will answer nothing either.
    pub(super) fn end_questions(&mut self, slot: Slot) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        if !connection.is_ending || connection.behind_bytes() > 0 {
            return;
        }
        let Some(session) = &connection.session else { return };
        let mut tickets: Vec<_> = session.questions.waiters().map(Ticket).collect();
        // In an order that the same inputs give again.
        tickets.sort_unstable();
        tickets.dedup();
        for ticket in tickets {
            self.give_up_asking(ticket, "the client ended before it answered");
        }
    }

    /// Nobody will answer any more: the server ends.
    pub(super) fn end_all_questions(&mut self) {
        for ticket in self.calls.asking() {
            self.give_up_asking(ticket, "the server ends before the client has answered");
        }
    }

    /// The peer that was asked by these calls is gone. Only tasks outlive it.
    pub(super) fn fail_askers(&mut self, mut tickets: Vec<Ticket>) {
        // In an order that the same inputs give again.
        tickets.sort_unstable();
        tickets.dedup();
        for ticket in tickets {
            let asking = self.calls.get(ticket).and_then(|call| call.asking.as_deref());
            let Some(kind) = asking.map(|asking| asking.parked.feature().kind()) else { continue };
            self.done(ticket, kind.failed("the client is gone that was asked".to_owned()));
        }
    }

    fn give_up_asking(&mut self, ticket: Ticket, words: &str) {
        let asking = self.calls.get(ticket).and_then(|call| call.asking.as_deref());
        let Some(kind) = asking.map(|asking| asking.parked.feature().kind()) else { return };
        self.withdraw(ticket, words);
        self.done(ticket, kind.failed(words.to_owned()));
    }
}

fn check(ask: &Ask, parked: &Parked, version: Version) -> Result<(), Problem> {
    let ours = |words: String| Err(Problem::Outcome(Outcome::internal(words)));
    let requests = &ask.requests;
    if !parked.feature().kind().may_ask() {
        let kind = parked.feature().kind().as_str();
        return ours(format!("a {kind}'s handler cannot ask the client"));
    }
    if requests.is_empty() && ask.state.is_none() {
        return ours("the handler asked nothing".into());
    }
    if requests.len() > ASK_REQUESTS_MAX {
        return ours(format!("the handler asked more than {ASK_REQUESTS_MAX} things at once"));
    }
    for (place, (key, request)) in requests.iter().enumerate() {
        if key.len() > ASK_KEY_BYTES_MAX {
            return ours(format!("a question's key is longer than {ASK_KEY_BYTES_MAX} bytes"));
        }
        if requests[..place].iter().any(|(other, _)| other == key) {
            return ours(format!("the handler asked two things under the key {key:?}"));
        }
        if !request.method().is_in(version) || !request.is_supported(version.fields()) {
            let words = format!("{} of this form are not part of {version}", kinds(request));
            return Err(Problem::Outcome(parked.feature().kind().failed(words)));
        }
    }
    let client = parked.context().client();
    let declared = |method| client.is_some_and(|client| client.supports(method));
    let missing: Vec<_> =
        requests.iter().map(|(_, request)| request.method()).filter(|m| !declared(*m)).collect();
    if missing.is_empty() { Ok(()) } else { Err(Problem::Undeclared(missing)) }
}

fn kinds(request: &AskRequest) -> &'static str {
    match request.method() {
        AskMethod::Elicitation | AskMethod::UrlElicitation => "questions to the person",
        AskMethod::Sampling | AskMethod::ToolSampling => "questions to the client's model",
        AskMethod::Roots => "questions for roots",
    }
}

/// A request of ours; one that belongs to a task names it.
fn encode_request(id: u64, request: &AskRequest, fields: &Fields, task: Option<&str>) -> Vec<u8> {
    let mut json = Vec::new();
    let mut w = Writer::new(&mut json);
    w.begin_object();
    w.member_string("jsonrpc", "2.0");
    w.member_uint("id", id);
    match task {
        None => request.encode_members(&mut w, fields),
        Some(task) => {
            let own = (Task::RELATED_KEY, &related(task)[..]);
            request.encode_members_with(&mut w, fields, own);
        }
    }
    w.end_object();
    json
}

fn read_answer(response: &Response<'_>) -> Answer {
    let copy = |value: Value<'_>| {
        let text = String::from_utf8(value.raw().to_vec()).ok()?;
        RawJson::from_string(text).ok()
    };
    match response.outcome {
        Ok(result) => match copy(result) {
            Some(json) => Answer::Result(json),
            None => Answer::Error(RpcError::internal("the answer cannot be read")),
        },
        Err(error) => {
            let number = error.get("code").and_then(Value::as_i64);
            let words = error.get("message").and_then(Value::as_str).unwrap_or_default();
            Answer::Error(RpcError {
                code: number.and_then(|n| n.try_into().ok()).unwrap_or(code::INTERNAL_ERROR),
                message: words.into_owned().into(),
                data: error.get("data").and_then(copy),
            })
        }
    }
}
