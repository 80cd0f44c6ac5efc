//! What must be true of every answer and every connection, judged without the engine's own code:
//! texts are read with `serde_json`, heads with httparse.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::errands::{Told, told};
use super::news::News;
use super::rounds::Required;

/// What is wrong, in words.
pub(super) type Verdict = Result<(), String>;

/// What the answer to a request may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Expect {
    /// A result whose only text is this; or a failure, when its workers may fail.
    Text { text: String, may_fail: bool },
    /// As such a text that may fail, or a result that asks to be told this text.
    Asks { tool: &'static str, text: String },
    /// A task of that name, or one that begins, whose result is this text or fails.
    Task { task: Option<String>, text: String },
    /// What a task came to: this text, or a failure.
    TaskResult { text: String },
    /// Any result.
    Result,
    /// Any error.
    Error,
    /// Either.
    Anything,
}

/// The shape of everything a server sends.
#[derive(Deserialize)]
pub(super) struct Wire<'a> {
    jsonrpc: String,
    #[serde(borrow)]
    pub(super) id: Option<&'a RawValue>,
    pub(super) method: Option<String>,
    pub(super) params: Option<Value>,
    pub(super) result: Option<Value>,
    pub(super) error: Option<RpcFault>,
}

#[derive(Deserialize)]
pub(super) struct RpcFault {
    pub(super) code: i64,
    message: String,
}

/// Codes that say "later": a limit was reached.
const BUSY: [i64; 2] = [-32000, -31000];

/// The code of what names nothing.
const INVALID_PARAMS: i64 = -32602;

/// The code that ends an HTTP exchange whose request was given up; on a stream silence does.
const CANCELLED: i64 = -32800;

impl<'a> Wire<'a> {
    /// Reads one message.
    pub(super) fn parse(text: &'a [u8]) -> Result<Self, String> {
        let show = || String::from_utf8_lossy(&text[..text.len().min(200)]).into_owned();
        let wire: Self = serde_json::from_slice(text)
            .map_err(|fault| format!("no message: {fault}: {:?}", show()))?;
        if wire.jsonrpc != "2.0" {
            return Err(format!("no JSON-RPC 2.0: {:?}", show()));
        }
        Ok(wire)
    }

    /// Whether this may answer a request that expects `expect`.
    pub(super) fn fulfils(&self, expect: &Expect) -> Verdict {
        match (&self.result, &self.error) {
            (Some(result), None) => result_fulfils(result, expect),
            (None, Some(fault)) => {
                let is_allowed = match expect {
                    Expect::Text { may_fail, .. } => *may_fail || BUSY.contains(&fault.code),
                    Expect::Result | Expect::Task { task: None, .. } => BUSY.contains(&fault.code),
                    Expect::Task { .. } => {
                        BUSY.contains(&fault.code) || fault.code == INVALID_PARAMS
                    }
                    Expect::TaskResult { .. }
                    | Expect::Asks { .. }
                    | Expect::Error
                    | Expect::Anything => true,
                };
                if is_allowed && !fault.message.is_empty() {
                    return Ok(());
                }
                Err(format!("error {} {:?} instead of {expect:?}", fault.code, fault.message))
            }
            _ => Err("neither a result nor an error, or both".to_owned()),
        }
    }
}

fn result_fulfils(result: &Value, expect: &Expect) -> Verdict {
    match expect {
        Expect::Anything | Expect::Result => Ok(()),
        Expect::Asks { text, .. } if result["resultType"] == "input_required" => {
            let requests = result["inputRequests"].as_object().ok_or("nothing is asked")?;
            let is_own = |request: &Value| {
                request.pointer("/params/messages/0/content/text") == Some(&text.as_str().into())
            };
            let is_right = !requests.is_empty() && requests.values().all(is_own);
            if is_right { Ok(()) } else { Err(format!("someone else's question: {result}")) }
        }
        Expect::Task { task, text } => told(result, task.as_deref(), text, text_of).map(drop),
        Expect::Asks { text, .. } | Expect::TaskResult { text } => {
            result_fulfils(result, &Expect::Text { text: text.clone(), may_fail: true })
        }
        Expect::Error => Err(format!("a result instead of an error: {result}")),
        Expect::Text { text, may_fail } => {
            if result["isError"] == true && *may_fail {
                return Ok(());
            }
            let got = text_of(result).ok_or_else(|| format!("no text in {result}"))?;
            if got == text && result["isError"] != true {
                return Ok(());
            }
            let cut = |text: &str| text.chars().take(60).collect::<String>();
            Err(format!("someone else's answer: {:?} instead of {:?}", cut(got), cut(text)))
        }
    }
}

/// The one text of a tool's, resource's or prompt's result.
fn text_of(result: &Value) -> Option<&str> {
    let places = ["/content/0/text", "/contents/0/text", "/messages/0/content/text"];
    places.iter().find_map(|place| result.pointer(place)?.as_str())
}

/// One request on a byte stream.
#[allow(clippy::struct_excessive_bools, reason = "independent facts: any set of them occurs")]
struct Asked {
    expect: Expect,
    /// Answers still to come.
    due: u32,
    /// It was given up, so no answer is no fault.
    is_cancelled: bool,
    /// Something sent behind its cancellation was answered: it must stay silent.
    is_silenced: bool,
    /// Its answer, and its progress, may come in any order with those of others.
    is_batched: bool,
    /// It stays open until one side ends it.
    listens: bool,
    /// When it was sent.
    at: u64,
    /// It was answered with a result.
    is_granted: bool,
}

/// All requests of one byte stream, and what became of them.
#[derive(Default)]
pub(super) struct Ledger {
    asked: HashMap<String, Asked>,
    /// Requests whose answer proves that a cancellation was read: barrier to cancelled.
    barriers: HashMap<String, String>,
    /// Errors without an id that may come.
    nameless_due: u32,
    /// Questions of the server's: whether each may be answered still.
    questions: HashMap<String, (bool, String)>,
    /// Questions nobody has looked at: id and text.
    fresh: Vec<(String, String)>,
    /// Texts that occur in one request only.
    texts: HashMap<String, String>,
    /// Results that ask and that nobody has looked at.
    required: Vec<Required>,
    /// What was told of tasks and nobody has looked at.
    told: Vec<Told>,
    /// What may be heard unasked; nothing without it.
    pub(super) news: Option<News>,
    /// Progress tokens: request and last report.
    progress: HashMap<String, (String, f64)>,
    /// Who gives a request up is answered that it was.
    is_http: bool,
    /// The last answer said "later".
    is_put_off: bool,
    pub(super) answers: u64,
}

impl Ledger {
    /// Of exchanges, which must end whatever was given up.
    pub(super) fn over_http(news: News) -> Self {
        Self { is_http: true, ..Self::with(news) }
    }

    /// Of a client that may hear news.
    pub(super) fn with(news: News) -> Self {
        Self { news: Some(news), ..Self::default() }
    }

    /// A request is sent, for the first time or with an id in use.
    pub(super) fn ask(&mut self, id: &str, expect: Expect) {
        if let Expect::Text { text, .. }
        | Expect::Asks { text, .. }
        | Expect::Task { task: None, text } = &expect
        {
            self.texts.insert(text.clone(), id.to_owned());
        }
        let asked = Asked {
            expect,
            due: 1,
            is_cancelled: false,
            is_silenced: false,
            is_batched: false,
            listens: false,
            at: self.news.as_ref().map_or(0, News::now),
            is_granted: false,
        };
        self.asked
            .entry(id.to_owned())
            .and_modify(|asked| {
                asked.due += 1;
                asked.expect = Expect::Anything;
            })
            .or_insert(asked);
    }

    /// A request is given up; `barrier` is the id of one that is sent behind.
    pub(super) fn cancel(&mut self, id: &str, barrier: &str) {
        if let Some(asked) = self.asked.get_mut(id) {
            asked.is_cancelled = true;
            self.barriers.insert(barrier.to_owned(), id.to_owned());
        }
    }

    /// Request `id` listens, and need not be answered.
    pub(super) fn listen(&mut self, id: &str) {
        if let Some(asked) = self.asked.get_mut(id) {
            (asked.listens, asked.is_cancelled) = (true, true);
        }
    }

    /// Request `id` is part of a batch.
    pub(super) fn excuse_order(&mut self, id: &str) {
        if let Some(asked) = self.asked.get_mut(id) {
            asked.is_batched = true;
        }
    }

    /// Request `id` may come to anything.
    pub(super) fn forgive(&mut self, id: &str) {
        if let Some(asked) = self.asked.get_mut(id) {
            asked.expect = Expect::Anything;
        }
    }

    /// Every request may come to anything.
    pub(super) fn forgive_all(&mut self) {
        self.asked.values_mut().for_each(|asked| asked.expect = Expect::Anything);
    }

    /// Request `id` may go unanswered; the text that its answer would have been known by.
    pub(super) fn excuse(&mut self, id: &str) -> Option<String> {
        let asked = self.asked.get_mut(id).filter(|asked| asked.due > 0)?;
        asked.is_cancelled = true;
        match &asked.expect {
            Expect::Text { text, .. } | Expect::Asks { text, .. } => Some(text.clone()),
            _ => None,
        }
    }

    /// These requests may go unanswered.
    pub(super) fn excuse_each(&mut self, ids: &[String]) {
        for id in ids {
            self.excuse(id);
        }
    }

    /// The request whose text this is.
    pub(super) fn request_with(&self, text: &str) -> Option<&str> {
        self.texts.get(text).map(String::as_str)
    }

    /// The text that a question of the server's asks for.
    pub(super) fn asked_for(&self, question: &str) -> Option<&str> {
        self.questions.get(question).map(|(_, text)| text.as_str())
    }

    /// What was told of tasks since the last look.
    pub(super) fn take_told(&mut self) -> Vec<Told> {
        std::mem::take(&mut self.told)
    }

    /// Whether the last answer said that a limit was reached; an answer tells it once.
    pub(super) fn take_put_off(&mut self) -> bool {
        std::mem::take(&mut self.is_put_off)
    }

    /// Whether request `id` was answered with a result.
    pub(super) fn is_granted(&self, id: &str) -> bool {
        self.asked.get(id).is_some_and(|asked| asked.due == 0 && asked.is_granted)
    }

    /// The results that asked since the last look.
    pub(super) fn take_required(&mut self) -> Vec<Required> {
        std::mem::take(&mut self.required)
    }

    /// Every request may go unanswered.
    pub(super) fn excuse_all(&mut self) {
        self.asked.values_mut().for_each(|asked| asked.is_cancelled = true);
    }

    /// Another session: what was asked may go unanswered, and questions are numbered afresh.
    pub(super) fn begin_again(&mut self) {
        self.excuse_all();
        self.questions.clear();
        self.fresh.clear();
    }

    /// Whether `id` must still be answered.
    pub(super) fn is_due(&self, id: &str) -> bool {
        self.asked.get(id).is_some_and(|asked| asked.due > 0 && !asked.is_cancelled)
    }

    /// The request whose progress comes under `token`.
    pub(super) fn request_of(&self, token: &str) -> Option<&str> {
        self.progress.get(token).map(|(id, _)| id.as_str())
    }

    /// Something is sent that has no id and earns an error.
    pub(super) fn expect_nameless(&mut self) {
        self.nameless_due += 1;
    }

    /// Progress of request `id` may come under `token`.
    pub(super) fn expect_progress(&mut self, token: &str, id: &str) {
        self.progress.insert(token.to_owned(), (id.to_owned(), f64::NEG_INFINITY));
    }

    /// Requests that are neither answered nor given up, at most a few of them.
    pub(super) fn unanswered(&self) -> Vec<&str> {
        let open = self.asked.iter().filter(|(_, asked)| asked.due > 0 && !asked.is_cancelled);
        let mut ids: Vec<&str> = open.map(|(id, _)| id.as_str()).collect();
        ids.sort_unstable();
        ids
    }

    /// Whether `id` waits for an answer.
    pub(super) fn is_open(&self, id: &str) -> bool {
        self.asked.get(id).is_some_and(|asked| asked.due > 0)
    }

    /// Judges one frame: a message, or the answers of a batch.
    pub(super) fn take(&mut self, text: &[u8]) -> Verdict {
        if text.first() != Some(&b'[') {
            return self.message(&Wire::parse(text)?);
        }
        let all: Vec<&RawValue> =
            serde_json::from_slice(text).map_err(|fault| format!("no batch: {fault}"))?;
        if all.is_empty() {
            return Err("an empty batch".to_owned());
        }
        all.iter().try_for_each(|one| self.message(&Wire::parse(one.get().as_bytes())?))
    }

    fn message(&mut self, wire: &Wire<'_>) -> Verdict {
        if let Some(method) = &wire.method {
            return self.notification(method, wire);
        }
        let Some(id) = wire.id.map(RawValue::get).filter(|id| *id != "null") else {
            let words = wire.error.as_ref().map_or("", |fault| &fault.message);
            self.nameless_due = self
                .nameless_due
                .checked_sub(1)
                .ok_or(format!("an error without an id for nothing that was sent: {words}"))?;
            return Ok(());
        };
        let asked = self.asked.get_mut(id).ok_or(format!("an answer to {id}, never asked"))?;
        if asked.is_silenced {
            return Err(format!("an answer to {id} behind its accepted cancellation"));
        }
        asked.due = asked.due.checked_sub(1).ok_or(format!("one more answer to {id}"))?;
        wire.fulfils(&asked.expect).map_err(|fault| format!("{id}: {fault}"))?;
        if let (Expect::Asks { tool, text }, Some(result)) = (&asked.expect, &wire.result)
            && let Some(requests) = result["inputRequests"].as_object()
        {
            let keys = requests.keys().cloned().collect();
            let state = result["requestState"].as_str().map(str::to_owned);
            self.required.push(Required { tool, text: text.clone(), keys, state });
        }
        if let Expect::Task { task, text } = &asked.expect {
            match (&wire.result, &wire.error, task) {
                (Some(result), _, _) => match told(result, task.as_deref(), text, text_of)? {
                    Told::Begun { task, text, .. } => {
                        self.told.push(Told::Begun { task, text, at: asked.at });
                    }
                    told => self.told.push(told),
                },
                (_, Some(fault), Some(task)) if fault.code == INVALID_PARAMS => {
                    self.told.push(Told::Unknown { task: task.clone() });
                }
                _ => {}
            }
        }
        asked.is_granted = wire.error.is_none();
        self.is_put_off = wire.error.as_ref().is_some_and(|fault| BUSY.contains(&fault.code));
        if let Some(news) = &mut self.news {
            news.answered(id, wire.error.is_some());
        }
        let is_cancelled = wire.error.as_ref().is_some_and(|fault| fault.code == CANCELLED);
        // So a task that was given up answers who asks what it came to.
        let is_of_task = matches!(asked.expect, Expect::TaskResult { .. });
        if is_cancelled && !self.is_http && !is_of_task {
            return Err(format!("{id} was given up, and is answered that it was"));
        }
        self.answers += 1;
        if let Some(cancelled) = self.barriers.remove(id)
            && let Some(asked) = self.asked.get_mut(&cancelled)
        {
            asked.is_silenced = !asked.is_batched;
        }
        Ok(())
    }

    /// The questions that came since the last look, with what each asks to be told.
    pub(super) fn take_questions(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.fresh)
    }

    fn question(&mut self, method: &str, id: &str, wire: &Wire<'_>) -> Verdict {
        if method != "sampling/createMessage" {
            return Err(format!("{method} was not agreed on"));
        }
        let text = wire
            .params
            .as_ref()
            .and_then(|params| params.pointer("/messages/0/content/text").and_then(Value::as_str));
        let text = text.ok_or("a question without its text")?.to_owned();
        if self.questions.insert(id.to_owned(), (true, text.clone())).is_some() {
            return Err(format!("two questions called {id}"));
        }
        self.fresh.push((id.to_owned(), text));
        Ok(())
    }

    fn withdrawal(&mut self, wire: &Wire<'_>) -> Verdict {
        let id = wire.params.as_ref().map(|params| params["requestId"].to_string());
        let id = id.ok_or("a withdrawal without params")?;
        // A call that listens is cancelled by who ends it.
        let spelled = |id: &str| serde_json::from_str(id).ok().map(|id: Value| id.to_string());
        let is_own = |own: &str| spelled(own).as_ref() == Some(&id);
        let own = self.asked.iter().find(|(own, asked)| asked.listens && is_own(own));
        if let Some((own, asked)) = own {
            let is_open = asked.due > 0;
            return if is_open {
                Ok(())
            } else {
                Err(format!("{own} is cancelled behind its end"))
            };
        }
        match self.questions.get_mut(&id) {
            Some((is_open, _)) if *is_open => *is_open = false,
            Some(_) => return Err(format!("question {id} is withdrawn twice")),
            None => return Err(format!("question {id} is withdrawn and was never asked")),
        }
        Ok(())
    }

    fn news(&mut self, method: &str, wire: &Wire<'_>) -> Verdict {
        if method == "notifications/tasks/status" {
            let task = wire.params.as_ref().and_then(|params| params["taskId"].as_str());
            let status = wire.params.as_ref().and_then(|params| params["status"].as_str());
            let (task, status) = task.zip(status).ok_or("news of no task")?;
            let (task, status) = (task.to_owned(), status.to_owned());
            self.told.push(Told::Shown { task, status, keys: Vec::new() });
            return Ok(());
        }
        let news = self.news.as_mut().ok_or(format!("{method} was not asked for"))?;
        if let Some(id) = news.listener(wire)
            && self.asked.get(id).is_none_or(|asked| asked.due == 0 || asked.is_silenced)
        {
            return Err(format!("{method} for {id} behind its end"));
        }
        news.take(method, wire)
    }

    fn notification(&mut self, method: &str, wire: &Wire<'_>) -> Verdict {
        if let Some(id) = wire.id {
            return self.question(method, id.get(), wire);
        }
        if method == "notifications/cancelled" {
            return self.withdrawal(wire);
        }
        if method != "notifications/progress" {
            return self.news(method, wire);
        }
        let params = wire.params.as_ref().ok_or("progress without params")?;
        let token = params["progressToken"].as_str().unwrap_or_default();
        let (id, last) =
            self.progress.get_mut(token).ok_or(format!("progress of someone else's {token:?}"))?;
        let progress = params["progress"].as_f64().ok_or("progress without a number")?;
        if progress <= *last {
            return Err(format!("progress of {id} goes back to {progress}"));
        }
        *last = progress;
        let id = id.clone();
        match self.asked.get(&id) {
            Some(asked) if asked.due == 0 => Err(format!("progress of {id} behind its answer")),
            Some(asked) if asked.is_silenced => Err(format!("progress of {id}, cancelled")),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn echo(text: &str) -> Expect {
        Expect::Text { text: text.to_owned(), may_fail: false }
    }

    fn answer(id: &str, text: &str) -> String {
        let result = format!(r#"{{"content":[{{"type":"text","text":"{text}"}}]}}"#);
        format!(r#"{{"jsonrpc":"2.0","id":{id},"result":{result}}}"#)
    }

    /// The checker must be able to fail: each row is what a broken engine would send.
    #[test]
    fn broken_engines_are_caught() {
        let check = |want: &str, frames: &[String]| {
            let mut ledger = Ledger::default();
            ledger.ask("1", echo("one"));
            ledger.ask("\"\\u0061\"", echo("two"));
            ledger.cancel("\"\\u0061\"", "3");
            ledger.ask("3", Expect::Anything);
            let verdict = frames.iter().try_for_each(|frame| ledger.take(frame.as_bytes()));
            match verdict {
                Ok(()) => assert_eq!(want, ""),
                Err(fault) => assert!(!want.is_empty() && fault.contains(want), "{fault}"),
            }
        };
        check("", &[answer("1", "one"), answer("\"\\u0061\"", "two"), answer("3", "x")]);
        check("one more", &[answer("1", "one"), answer("1", "one")]);
        check("never asked", &[answer("2", "one")]);
        check("never asked", &[answer("\"a\"", "two")]);
        check("someone else's", &[answer("1", "two")]);
        check("cancellation", &[answer("3", "x"), answer("\"\\u0061\"", "two")]);
        check("without an id", &[answer("null", "one")]);
        check("no message", &["{\"jsonrpc\":\"2.0\",\"id\":1".to_owned()]);
        check("no message", &[format!("{}\u{a5}", answer("1", "one"))]);
        check("empty batch", &["[]".to_owned()]);
    }
}
