//! The side that owns a task: who may see it, what is said of it, and who waits for it.

use bytes::Bytes;

use super::Core;
use super::forward::{Forwarded, TaskAnswer, TaskAsk, TaskWord};
use super::task::UNKNOWN;
use super::task_request::{TaskReply, Wish};
use super::tasks::{Asker, Kept, Shown, TaskKey};
use crate::json::Writer;
use crate::limits::TASK_WAITERS_MAX;
use crate::mcp::Version;
use crate::model::TaskStatus;
use crate::rpc::{RawJson, RpcError};

impl Core {
    /// A call, here or on another shard, wants something of a task of this shard.
    pub(super) fn task_asked(&mut self, ask: TaskAsk) {
        let TaskAsk { asker, key, principal, is_core, wish } = ask;
        let held = self.tasks.find(key, principal.as_deref(), is_core, self.now);
        let Some(held) = held else {
            // A listening call hears nothing of what does not exist.
            return match wish {
                Wish::Watch => {}
                _ => self.refuse_asker(asker, RpcError::invalid_params(UNKNOWN)),
            };
        };
        let is_terminal = held.task.status.is_terminal();
        match wish {
            Wish::Get => self.show_task(asker, key),
            Wish::Result if is_terminal => self.give_answer(asker, key),
            Wish::Result if held.waiters.len() >= TASK_WAITERS_MAX => {
                let busy = Version::LATEST_HANDSHAKE.busy();
                let words = "too many requests wait for this task";
                self.refuse_asker(asker, RpcError::new(busy, words));
            }
            Wish::Result => {
                held.waiters.push(asker);
                self.put_unsent(key);
            }
            Wish::Cancel if is_core && is_terminal => {
                let words = format!("the task has ended: it is {}", held.task.status.as_str());
                self.refuse_asker(asker, RpcError::invalid_params(words));
            }
            Wish::Cancel => {
                self.cancel_task(key);
                if is_core {
                    self.show_task(asker, key);
                } else {
                    self.tell_asker(asker, TaskReply::Done);
                }
            }
            Wish::Update(responses) => {
                self.tell_asker(asker, TaskReply::Done);
                self.update_task(key, responses);
            }
            Wish::Watch => {
                if held.watchers.len() >= TASK_WAITERS_MAX {
                    return self.refuse_watcher(asker);
                }
                held.watchers.push(asker);
                // It may have changed since its id was given out.
                if let Some(shown) = self.shown(key) {
                    self.tell_watcher(asker, shown);
                }
            }
        }
    }

    /// Answers a call that asked what a task came to, which is known by now.
    pub(super) fn give_answer(&mut self, asker: Asker, key: TaskKey) {
        let reply = match self.tasks.get(key).and_then(|held| held.kept()) {
            Some(Kept::Result(json)) => TaskReply::Result(json.clone()),
            Some(Kept::Error(error)) => TaskReply::Error(error.clone()),
            // Who gave it up, or did not hear of that.
            None => TaskReply::Error(RpcError::new(
                crate::rpc::code::CANCELLED,
                "the task was cancelled: it has no result",
            )),
        };
        self.tell_asker(asker, reply);
    }

    fn show_task(&mut self, asker: Asker, key: TaskKey) {
        if let Some(shown) = self.shown(key) {
            self.tell_asker(asker, TaskReply::Shown(Box::new(shown)));
        }
    }

    /// Ends a listening call that would hear less than it was promised.
    fn refuse_watcher(&mut self, watcher: Asker) {
        if watcher.shard == self.shard {
            return self.task_undelivered(watcher.ticket);
        }
        self.forward(watcher.shard, Forwarded::TaskUndelivered(watcher.ticket));
    }

    pub(super) fn refuse_asker(&mut self, asker: Asker, error: RpcError) {
        self.tell_asker(asker, TaskReply::Error(error));
    }

    fn tell_asker(&mut self, asker: Asker, reply: TaskReply) {
        if asker.shard == self.shard {
            return self.task_answered(asker.ticket, reply);
        }
        let answer = TaskWord::Reply { ticket: asker.ticket, reply };
        self.forward(asker.shard, Forwarded::TaskAnswer(TaskAnswer(answer)));
    }

    /// Tells every call that hears of a task how it stands.
    pub(super) fn tell_watchers(&mut self, key: TaskKey) {
        let Some(held) = self.tasks.get(key).filter(|held| !held.watchers.is_empty()) else {
            return;
        };
        let watchers = held.watchers.clone();
        let Some(shown) = self.shown(key) else { return };
        for watcher in watchers {
            self.tell_watcher(watcher, shown.clone());
        }
    }

    fn tell_watcher(&mut self, watcher: Asker, shown: Shown) {
        if watcher.shard == self.shard {
            return self.task_news(watcher.ticket, &shown);
        }
        let news = TaskWord::News { ticket: watcher.ticket, shown: Box::new(shown) };
        self.forward(watcher.shard, Forwarded::TaskAnswer(TaskAnswer(news)));
    }

    /// A call that waits for a task, or hears of it, does so no more.
    pub(super) fn forget_asker(&mut self, key: TaskKey, asker: Asker) {
        if let Some(held) = self.tasks.get_mut(key) {
            held.waiters.retain(|other| *other != asker);
            held.watchers.retain(|other| *other != asker);
        }
    }

    /// The message of another shard about a task.
    pub(super) fn forwarded_task(&mut self, TaskAnswer(word): TaskAnswer) {
        match word {
            TaskWord::Reply { ticket, reply } => self.task_answered(ticket, reply),
            TaskWord::News { ticket, shown } => self.task_news(ticket, &shown),
            TaskWord::Gone { key, asker } => self.forget_asker(key, asker),
        }
    }

    /// A task as its client is shown it.
    fn shown(&self, key: TaskKey) -> Option<Shown> {
        let held = self.tasks.get(key)?;
        let task = held.task.clone();
        if held.is_core {
            return Some(Shown { task, detail: None });
        }
        let detail = match (held.task.status, held.kept()) {
            (TaskStatus::InputRequired, _) => {
                let asking = held.ticket.and_then(|ticket| self.calls.get(ticket)?.asking.as_ref());
                asking.map(|asking| ("inputRequests", asking.encode_open()))
            }
            (_, Some(Kept::Result(json))) => Some(("result", json.clone())),
            (_, Some(Kept::Error(error))) => {
                let mut json = Vec::new();
                error.encode(&mut Writer::new(&mut json));
                Some(("error", Bytes::from(json)))
            }
            _ => None,
        };
        Some(Shown { task, detail })
    }

    fn update_task(&mut self, key: TaskKey, responses: Vec<(String, Box<RawJson>)>) {
        let Some(ticket) = self.tasks.get(key).and_then(|held| held.ticket) else { return };
        for (name, response) in responses {
            self.answer_question(ticket, &name, response);
        }
    }
}
