//! Tasks as their client knows them: begun by a call, looked at from any connection, answered,
//! given up, and forgotten when their time is over.

use serde_json::{Value, json};

use super::author::{Ask, Author};
use super::checker::{Expect, Ledger, Verdict};
use super::dice::Dice;

/// What an answer told of a task.
pub(super) enum Told {
    /// It was begun by a request that was sent at that time.
    Begun { task: String, text: String, at: u64 },
    /// Its status, and what it asks for.
    Shown { task: String, status: String, keys: Vec<String> },
    /// There is no such task.
    Unknown { task: String },
}

struct Known {
    id: String,
    text: String,
    /// Its time began then or later.
    at: u64,
    status: String,
    keys: Vec<String>,
    /// The request that asks how it stands.
    asked: Option<String>,
    /// The request that ends it.
    cancel: Option<String>,
    /// Its end was confirmed before the last look.
    must_have_ended: bool,
    is_forgotten: bool,
}

impl Known {
    fn has_ended(&self) -> bool {
        ["completed", "failed", "cancelled"].contains(&self.status.as_str())
    }
}

/// All tasks of one client.
pub(super) struct Errands {
    all: Vec<Known>,
    ttl_ns: u64,
}

impl Errands {
    /// For tasks that are kept for so long.
    pub(super) fn new(ttl_ms: u64) -> Self {
        Self { all: Vec::new(), ttl_ns: ttl_ms * 1_000_000 }
    }

    /// Takes what was told of tasks by `now`.
    pub(super) fn learn(&mut self, told: Vec<Told>, now: u64) -> Verdict {
        for one in told {
            match one {
                Told::Begun { task, text, at } => self.begin(task, text, at)?,
                Told::Shown { task, status, keys } => self.show(&task, status, keys)?,
                Told::Unknown { task } => self.forget(&task, now)?,
            }
        }
        Ok(())
    }

    fn begin(&mut self, id: String, text: String, at: u64) -> Verdict {
        if self.all.iter().any(|known| known.id == id) {
            return Err(format!("task {id} begins twice"));
        }
        self.all.push(Known {
            id,
            text,
            at,
            status: "working".to_owned(),
            keys: Vec::new(),
            asked: None,
            cancel: None,
            must_have_ended: false,
            is_forgotten: false,
        });
        Ok(())
    }

    fn show(&mut self, task: &str, status: String, keys: Vec<String>) -> Verdict {
        let Some(known) = self.all.iter_mut().find(|known| known.id == task) else {
            return Err(format!("someone else's task {task}"));
        };
        if known.is_forgotten || (known.has_ended() && known.status != status) {
            return Err(format!("task {task} was {} and is {status}", known.status));
        }
        known.status = status;
        known.keys = keys;
        if known.status == "cancelled" && known.cancel.is_none() {
            return Err(format!("task {task} was cancelled by somebody"));
        }
        if known.must_have_ended && !known.has_ended() {
            return Err(format!("task {task} is {} though it was cancelled", known.status));
        }
        Ok(())
    }

    fn forget(&mut self, task: &str, now: u64) -> Verdict {
        let Some(known) = self.all.iter_mut().find(|known| known.id == task) else {
            return Ok(());
        };
        known.is_forgotten = true;
        if now < known.at + self.ttl_ns {
            return Err(format!("task {task} is forgotten before its time"));
        }
        Ok(())
    }

    /// The next thing to ask about one of the tasks.
    pub(super) fn next(
        &mut self,
        author: &mut Author,
        dice: &mut Dice,
        ledger: &Ledger,
    ) -> Option<Ask> {
        if !self.all.is_empty() && dice.chance(30) {
            let id = dice.pick(&["00000123456789abcdef0123456789abcdef", "ffff", "x"]);
            let id = if id.len() == 4 { format!("ffff{:032x}", 7) } else { id.to_owned() };
            return Some(author.about_task(dice, "tasks/get", &id, "", Expect::Error));
        }
        let is_free = |known: &Known| {
            let is_asked = known.asked.as_ref().is_some_and(|id| ledger.is_due(id));
            !known.is_forgotten && !known.has_ended() && !is_asked
        };
        let free: Vec<usize> = (0..self.all.len()).filter(|at| is_free(&self.all[*at])).collect();
        if free.is_empty() {
            return None;
        }
        let known = &mut self.all[dice.pick(&free)];
        let id = known.id.clone();
        if !known.keys.is_empty() && dice.chance(700) {
            let answer = json!({ "role": "assistant", "model": "m",
                "content": { "type": "text", "text": known.text } });
            let key =
                |key: &String| if dice.chance(100) { "other".to_owned() } else { key.clone() };
            let keys: Vec<String> = std::mem::take(&mut known.keys).iter().map(key).collect();
            let all: Value = keys.into_iter().map(|key| (key, answer.clone())).collect();
            let more = format!(r#","inputResponses":{all}"#);
            return Some(author.about_task(dice, "tasks/update", &id, &more, Expect::Anything));
        }
        if known.cancel.is_none() && dice.chance(60) {
            let ask = author.about_task(dice, "tasks/cancel", &id, "", Expect::Anything);
            known.cancel = Some(ask.id.clone());
            return Some(ask);
        }
        let text = known.text.clone();
        if author.has_core_tasks() && dice.chance(150) {
            let expect = Expect::TaskResult { text };
            return Some(author.about_task(dice, "tasks/result", &id, "", expect));
        }
        known.must_have_ended |= known.cancel.as_ref().is_some_and(|id| ledger.is_granted(id));
        let expect = Expect::Task { task: Some(id.clone()), text };
        let ask = author.about_task(dice, "tasks/get", &id, "", expect);
        known.asked = Some(ask.id.clone());
        Some(ask)
    }

    /// Every task came to an end, or its time did.
    pub(super) fn judge(&self) -> Verdict {
        let open = self.all.iter().find(|known| !known.has_ended() && !known.is_forgotten);
        match open {
            Some(known) => Err(format!("task {} is {} for ever", known.id, known.status)),
            None => Ok(()),
        }
    }
}

/// Judges an answer about the task `wanted`, or one that begins some; what it tells.
pub(super) fn told(
    result: &Value,
    wanted: Option<&str>,
    text: &str,
    text_of: impl Fn(&Value) -> Option<&str>,
) -> Result<Told, String> {
    let begun = if result["task"].is_object() { &result["task"] } else { result };
    let id = begun["taskId"].as_str().ok_or_else(|| format!("no task in {result}"))?;
    let status = begun["status"].as_str().unwrap_or_default();
    let Some(wanted) = wanted else {
        let is_fresh = status == "working";
        let told = Told::Begun { task: id.to_owned(), text: text.to_owned(), at: 0 };
        return if is_fresh { Ok(told) } else { Err(format!("a task begins as {status:?}")) };
    };
    if id != wanted {
        return Err(format!("task {id} instead of {wanted}"));
    }
    let inner = &result["result"];
    if inner.is_object() && inner["isError"] != true && text_of(inner) != Some(text) {
        return Err(format!("someone else's result: {inner}"));
    }
    let requests = result["inputRequests"].as_object();
    let is_own = |request: &Value| {
        request.pointer("/params/messages/0/content/text").and_then(Value::as_str) == Some(text)
    };
    if requests.is_some_and(|requests| !requests.values().all(is_own)) {
        return Err(format!("someone else's question: {result}"));
    }
    let keys = requests.map_or(Vec::new(), |requests| requests.keys().cloned().collect());
    if !["working", "input_required", "completed", "failed", "cancelled"].contains(&status) {
        return Err(format!("a task that is {status:?}"));
    }
    Ok(Told::Shown { task: id.to_owned(), status: status.to_owned(), keys })
}
