//! Requests about tasks: `tasks/get`, `tasks/result`, `tasks/list`, `tasks/cancel`,
//! `tasks/update`.
//!
//! The connection may be another shard's than the task. So the request becomes a call here, which
//! waits for what the task's owner says ([`super::task_owner`]), wherever that is: one way for
//! pipes and HTTP, for near tasks and far ones.

use super::Core;
use super::call::{invalid, object_param, text_param};
use super::calls::{PendingCall, TaskLink};
use super::dispatch::write_meta;
use super::forward::{Forwarded, TaskAnswer, TaskAsk, TaskWord};
use super::labels::Ending;
use super::lifecycle::Carried;
use super::message::Incoming;
use super::notify::notification;
use super::now::Now;
use super::reply::Head;
use super::task::{UNKNOWN, undeclared};
use super::tasks::{Asker, Shown, TaskKey};
use crate::json::{Kind, Value};
use crate::limits::ANSWERS_MAX;
use crate::mcp::{Admitted, Cursor, META_SUBSCRIPTION_ID, Refusal, Target};
use crate::model::Task;
use crate::rpc::{RawJson, Request, RpcError};
use crate::server::Ticket;
use crate::slot::Slot;

/// What is wanted of a task.
#[derive(Debug)]
pub(super) enum Wish {
    /// How it stands.
    Get,
    /// What it comes to, once it has.
    Result,
    /// Its end.
    Cancel,
    /// That it goes on with these answers, by the keys of its questions.
    Update(Vec<(String, Box<RawJson>)>),
    /// News of it, from now on.
    Watch,
}

/// What a task's owner says.
#[derive(Debug)]
pub(super) enum TaskReply {
    /// How it stands.
    Shown(Box<Shown>),
    /// The result it came to.
    Result(bytes::Bytes),
    /// So be it.
    Done,
    /// No; or the error it came to.
    Error(RpcError),
}

impl Core {
    /// A request about tasks.
    pub(super) fn task_request(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        if admitted.envelope.is_some_and(|envelope| !envelope.has_extension(Task::EXTENSION)) {
            return Err(undeclared());
        }
        let wish = match admitted.row.target {
            Target::TasksList => return self.list_tasks(incoming, request, admitted),
            Target::TasksResult => Wish::Result,
            Target::TasksCancel => Wish::Cancel,
            Target::TasksUpdate => Wish::Update(read_responses(request)?),
            _ => Wish::Get,
        };
        let id = text_param(request, "taskId")?;
        let Some((shard, key)) = self.owner(&id) else { return Err(invalid(UNKNOWN.to_owned())) };
        self.check_peer(incoming.peer, request, admitted.version)?;
        let deadline = match wish {
            // The task's own time bounds it.
            Wish::Result => Now::NEVER,
            _ => self.now.after_ms(self.config.call_ms),
        };
        let ticket = self.calls.reserve();
        let call = PendingCall {
            task: TaskLink::Asks(shard, key),
            ..PendingCall::without_handler(incoming, request, admitted, self.now, deadline)
        };
        self.enter_call(ticket, call);
        self.ask_about_task(shard, ticket, key, incoming, admitted, wish);
        Ok(None)
    }

    /// Asks the owner of a task for something, for the call `ticket`.
    pub(super) fn ask_about_task(
        &mut self,
        shard: u16,
        ticket: Ticket,
        key: TaskKey,
        incoming: &Incoming<'_>,
        admitted: &Admitted<'_>,
        wish: Wish,
    ) {
        let ask = TaskAsk {
            asker: Asker { shard: self.shard, ticket },
            key,
            principal: incoming.principal.cloned(),
            is_core: admitted.version.fields().core_tasks,
            wish,
        };
        if shard == self.shard {
            return self.task_asked(ask);
        }
        self.metrics.forwards.add(1);
        self.forward(shard, Forwarded::Task(Box::new(ask)));
    }

    /// The owner of a task has answered.
    pub(super) fn task_answered(&mut self, ticket: Ticket, reply: TaskReply) {
        let Some(call) = self.calls.get_mut(ticket) else { return };
        // Nothing is left to forget at the owner's.
        call.task = TaskLink::Nothing;
        let Some(call) = self.take_call(ticket) else { return };
        let (origin, id, row, version) = (call.origin, call.id.borrow(), call.row, call.version);
        let ending = match reply {
            TaskReply::Shown(shown) => {
                self.reply_complete(origin, id, row, version, |w, extra| {
                    shown.encode_members(w, version.fields());
                    write_meta(w, extra);
                });
                Ending::Result
            }
            TaskReply::Done => {
                self.reply_complete(origin, id, row, version, write_meta);
                Ending::Result
            }
            TaskReply::Result(json) => {
                self.reply_result(origin, id, &Head::default(), |w| w.raw(&json));
                Ending::Result
            }
            TaskReply::Error(error) => {
                self.refuse(origin, Some(id), &Refusal::quiet(error));
                Ending::Error
            }
        };
        self.count_call(&call, ending);
    }

    /// The shard of a task could not be reached. A listening call ends with it: it would hear less
    /// than it was promised.
    pub(super) fn task_undelivered(&mut self, ticket: Ticket) {
        let Some(call) = self.calls.get_mut(ticket) else { return };
        if matches!(call.task, TaskLink::Asks(..)) {
            call.task = TaskLink::Nothing;
        }
        let Some(call) = self.take_call(ticket) else { return };
        self.metrics.busy_refusals.add(1);
        let refusal = Refusal::busy(call.version, "the task's shard is busy: try again shortly");
        self.refuse(call.origin, Some(call.id.borrow()), &refusal);
        self.count_call(&call, Ending::Busy);
    }

    /// A task that a listening call hears of has changed.
    pub(super) fn task_news(&mut self, ticket: Ticket, shown: &Shown) {
        let Some(call) = self.calls.get(ticket).filter(|call| call.listens_as.is_some()) else {
            return;
        };
        let (id, fields) = (call.id.clone(), call.version.fields());
        let is_told = self.notify_call(ticket, |w| {
            notification(w, "notifications/tasks", |w| {
                w.key("_meta");
                w.begin_object();
                w.member_raw(META_SUBSCRIPTION_ID, id.borrow().raw());
                w.end_object();
                shown.encode_members(w, fields);
            });
        });
        self.metrics.notifications_delivered.add(u64::from(is_told));
    }

    /// A peer that sends no more is answered within the time of a call, however long the tasks
    /// have that it waits for: its connection is to end.
    pub(super) fn hurry_waiters_of(&mut self, slot: Slot) {
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let waiting = connection.session.iter().flat_map(|session| session.pending.tickets());
        let mut tickets: Vec<_> = waiting.map(Ticket).collect();
        tickets.sort_unstable();
        for ticket in tickets {
            let asks = |call: &PendingCall| matches!(call.task, TaskLink::Asks(..));
            if self.calls.get(ticket).is_some_and(asks) {
                self.restart_clock(ticket, self.config.call_ms);
            }
        }
    }

    /// Nobody asks about a task any more who did.
    pub(super) fn stop_asking(&mut self, ticket: Ticket, link: &TaskLink) {
        let one;
        let tasks = match link {
            TaskLink::Asks(shard, key) => {
                one = [(*shard, *key)];
                &one[..]
            }
            TaskLink::Watches(tasks) => tasks,
            TaskLink::Nothing | TaskLink::Offered(_) | TaskLink::Is(_) => return,
        };
        let asker = Asker { shard: self.shard, ticket };
        for (shard, key) in tasks {
            if *shard == self.shard {
                self.forget_asker(*key, asker);
            } else {
                let gone = TaskWord::Gone { key: *key, asker };
                self.forward(*shard, Forwarded::TaskAnswer(TaskAnswer(gone)));
            }
        }
    }

    /// The tasks that the session which asks has made.
    fn list_tasks(
        &mut self,
        incoming: &Incoming<'_>,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Carried {
        let list = admitted.index as u8;
        let first = super::features::position(request.params, list)?;
        let limit = self.config.page_items;
        let (tasks, next) = self.tasks.list(incoming.peer, first as u32, limit);
        let tasks: Vec<Task> = tasks.into_iter().cloned().collect();
        let version = admitted.version;
        self.reply_complete(incoming.origin, request.id, admitted.row, version, |w, extra| {
            w.key("tasks");
            w.begin_array();
            for task in &tasks {
                task.encode(w, version.fields());
            }
            w.end_array();
            if let Some(position) = next {
                w.member_string("nextCursor", &Cursor { list, position }.encode());
            }
            write_meta(w, extra);
        });
        Ok(Some(Ending::Result))
    }
}

/// The answers of `tasks/update`. What is no object cannot answer anything.
fn read_responses(request: &Request<'_>) -> Result<Vec<(String, Box<RawJson>)>, Refusal> {
    let missing = || invalid("params.inputResponses is missing".to_owned());
    let responses = object_param(request, "inputResponses")?.ok_or_else(missing)?;
    let read = |(key, response): (Value<'_>, Value<'_>)| {
        let text = str::from_utf8(response.raw()).ok().filter(|_| response.kind() == Kind::Object);
        let json = text.and_then(|text| RawJson::from_string(text.to_owned()).ok());
        let wrong = || invalid("a member of params.inputResponses is no object".to_owned());
        Ok((key.as_str().unwrap_or_default().into_owned(), json.ok_or_else(wrong)?))
    };
    if responses.len() > ANSWERS_MAX {
        let words = "params.inputResponses has more members than can be asked for";
        return Err(invalid(words.to_owned()));
    }
    responses.members().map(read).collect()
}
