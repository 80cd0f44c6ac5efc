//! Calls that become tasks: which do, how they begin, and what they come to.
//!
//! A task is a call like any other, only that its answer is kept ([`super::tasks`]) instead of
//! sent. Its request is answered at once with the task's id, which anybody of the same principal
//! can then ask about, on whatever connection ([`super::task_request`]).
//!
//! ```text
//! tools/call ─▶ task begun ─▶ handler ─▶ outcome kept ─▶ tasks/get, tasks/result
//!                  │             ▲ │ asks                 (until its time is over)
//!                  ▼             │ ▼
//!               its id        tasks/update, or responses to requests
//! ```

use std::sync::Arc;

use rand::RngExt;

use super::Core;
use super::call::{invalid, object_param};
use super::calls::{PendingCall, TaskLink};
use super::dispatch::write_meta;
use super::labels::Ending;
use super::notify::notification;
use super::origin::{Origin, Peer};
use super::outcome::localized;
use super::reply::Head;
use super::sessions::Sessions;
use super::tasks::{HeldTask, Kept, TaskKey};
use super::{Now, Timer};
use crate::json::{Value, Writer};
use crate::limits::{TASK_MESSAGE_BYTES_MAX, TASK_POLL_MS, TASK_SWEEP_MS, TASK_TTL_MS_MIN};
use crate::mcp::{Admitted, Client, Initialize, META_SERVER_INFO, Refusal, Version};
use crate::model::{Task, TaskStatus, TaskSupport, Timestamp};
use crate::rpc::{Id, Request, RpcError, code};
use crate::server::{Outcome, TaskName, Ticket, ToolEntry};

/// A task that is not there yet.
#[derive(Debug)]
pub(super) struct TaskSeed {
    pub(super) key: TaskKey,
    pub(super) id: String,
    ttl_ms: u64,
}

/// How a call is carried out.
#[derive(Debug)]
pub(super) enum Manner {
    /// Its client waits for the answer.
    Plain,
    /// Its handler may make it a task.
    Offer(TaskSeed),
    /// It is a task from the start; one whose arguments do not fit fails with these words.
    Task(TaskSeed, Option<String>),
    /// Its answer ends this handshake.
    Opening(Box<Initialize>),
}

impl Manner {
    /// The task as the call's handler knows it.
    pub(super) fn task_name(&self) -> Option<TaskName> {
        match self {
            Self::Plain | Self::Opening(_) => None,
            Self::Offer(seed) => Some(TaskName::new(&*seed.id, false)),
            Self::Task(seed, _) => Some(TaskName::new(&*seed.id, true)),
        }
    }

    /// Who is asking, where the request itself says so.
    pub(super) fn client(&self) -> Option<Arc<Client>> {
        match self {
            Self::Opening(initialize) => Some(Arc::new(initialize.client.clone())),
            Self::Plain | Self::Offer(_) | Self::Task(..) => None,
        }
    }
}

impl Core {
    /// How a call of `tool` is carried out. In the core the client says so; where tasks are an
    /// extension the server does, for clients that declare it.
    pub(super) fn manner(
        &mut self,
        tool: &ToolEntry,
        request: &Request<'_>,
        admitted: &Admitted<'_>,
    ) -> Result<Manner, Refusal> {
        let support = tool.task_support();
        if admitted.envelope.is_some() && support == TaskSupport::Forbidden {
            return Ok(Manner::Plain);
        }
        if let Some(envelope) = admitted.envelope {
            return match (support, envelope.has_extension(Task::EXTENSION)) {
                (TaskSupport::Forbidden, _) | (TaskSupport::Optional, false) => Ok(Manner::Plain),
                (TaskSupport::Required, false) => Err(undeclared()),
                (_, true) if tool.task_by_handler() => Ok(Manner::Offer(self.seed(None))),
                (_, true) => Ok(Manner::Task(self.seed(None), None)),
            };
        }
        let has_tasks = admitted.version.fields().core_tasks && self.server.capabilities().tasks;
        // Who has no tasks ignores what it is told about them.
        let wish = if has_tasks { object_param(request, "task")? } else { None };
        match (wish, support) {
            (None, TaskSupport::Forbidden | TaskSupport::Optional) => Ok(Manner::Plain),
            (None, TaskSupport::Required) => {
                Err(no_such_call("this tool runs as a task only: send params.task"))
            }
            (Some(_), TaskSupport::Forbidden) => {
                Err(no_such_call("this tool cannot run as a task: call it without params.task"))
            }
            (Some(wish), _) => {
                let ttl_ms = wish.get("ttl").map(read_ttl).transpose()?.flatten();
                Ok(Manner::Task(self.seed(ttl_ms), None))
            }
        }
    }

    fn seed(&mut self, ttl_ms: Option<u64>) -> TaskSeed {
        let key: TaskKey = self.rng.random();
        let most = self.config.task_ttl_ms_max;
        let ttl_ms = ttl_ms.unwrap_or(self.config.task_ttl_ms).min(most).max(TASK_TTL_MS_MIN);
        TaskSeed { key, id: Sessions::id_of(self.shard, key), ttl_ms }
    }

    /// Refuses a task too many.
    pub(super) fn check_task_room(
        &self,
        principal: Option<&crate::auth::Principal>,
        peer: Peer,
        version: Version,
    ) -> Result<(), Refusal> {
        let words = "the server keeps too many tasks: wait until the time of some is over";
        let has_room = self.tasks.has_room(principal, peer);
        if has_room { Ok(()) } else { Err(Refusal::busy(version, words)) }
    }

    /// When a task made now is over.
    pub(super) fn task_expiry(&self, seed: &TaskSeed) -> Now {
        self.now.after_ms(seed.ttl_ms)
    }

    /// Enters a task that runs as `ticket`, and answers its request.
    pub(super) fn begin_task(&mut self, seed: &TaskSeed, held: BeginTask<'_>) {
        let BeginTask { ticket, origin, id, peer, version, principal } = held;
        let mut task = Task::new(seed.id.clone(), self.timestamp());
        task.ttl_ms = Some(seed.ttl_ms);
        task.poll_interval_ms = Some(TASK_POLL_MS);
        let is_core = version.fields().core_tasks;
        let server = self.server.clone();
        self.reply_result(origin, id, &Head::default(), |w| {
            w.begin_object();
            if is_core {
                w.key("task");
                task.encode(w, version.fields());
            } else {
                w.member_string("resultType", "task");
                task.encode_members(w, version.fields());
                write_meta(w, &[(META_SERVER_INFO, server.info_json(version.fields()))]);
            }
            w.end_object();
        });
        let mut held = HeldTask::new(task, peer, ticket, self.now.after_ms(seed.ttl_ms));
        held.is_core = is_core;
        held.principal = principal;
        self.tasks.insert(seed.key, held);
        self.metrics.tasks_created.add(1);
        self.metrics.tasks_open.set(self.tasks.len() as u64);
        if !self.tasks.is_sweeping {
            self.tasks.is_sweeping = true;
            self.timers.set(self.now.after_ms(TASK_SWEEP_MS), Timer::Tasks);
        }
    }

    /// A handler makes its call a task, if it was offered one. Without room it stays a call.
    pub(super) fn became_task(&mut self, ticket: Ticket) {
        let Some(call) = self.calls.get_mut(ticket) else { return };
        if !matches!(call.task, TaskLink::Offered(_)) {
            return;
        }
        let TaskLink::Offered(seed) = std::mem::take(&mut call.task) else { return };
        let (peer, version, origin) = (call.peer, call.version, call.origin);
        let (id, principal) = (call.id.clone(), call.principal.clone());
        if self.check_task_room(principal.as_deref(), peer, version).is_err() {
            return self.metrics.busy_refusals.add(1);
        }
        let ttl_ms = seed.ttl_ms;
        let Some(call) = self.calls.get_mut(ticket) else { return };
        call.origin = Origin::Task(seed.key);
        call.task = TaskLink::Is(seed.key);
        if let Some(session) = self.session_of(peer) {
            session.pending.remove(id.borrow());
        }
        if let Origin::Exchange(slot) = origin
            && let Some(connection) = self.slots.get_mut(slot)
            && let Some(exchange) = &mut connection.exchange
        {
            exchange.call = None;
        }
        if let Some(call) = self.calls.get(ticket) {
            self.count_call(call, Ending::Result);
        }
        self.restart_clock(ticket, ttl_ms);
        let id = id.borrow();
        self.begin_task(&seed, BeginTask { ticket, origin, id, peer, version, principal });
    }

    /// A task's call came to something.
    pub(super) fn task_done(&mut self, key: TaskKey, version: Version, outcome: Outcome) {
        let Some(held) = self.tasks.get(key) else {
            return self.metrics.answers_late.add(1);
        };
        let id = held.task.id.clone();
        let (status, kept) = match outcome {
            Outcome::Error(error) => (TaskStatus::Failed, Kept::Error(localized(error, version))),
            Outcome::Ask(_) | Outcome::Deferred => {
                let error = RpcError::internal("the handler asked what cannot be asked here");
                (TaskStatus::Failed, Kept::Error(error))
            }
            answer => {
                let is_failure = matches!(&answer, Outcome::Tool(result) if result.is_error);
                let is_failed = is_failure && version.fields().core_tasks;
                let status = if is_failed { TaskStatus::Failed } else { TaskStatus::Completed };
                (status, Kept::Result(encode_answer(&answer, version, &id)))
            }
        };
        self.end_task(key, status, Some(kept));
    }

    /// Ends a task; `None` of a cancelled one is kept.
    pub(super) fn end_task(&mut self, key: TaskKey, status: TaskStatus, kept: Option<Kept>) {
        let objection = kept.as_ref().and_then(|kept| self.tasks.objection(kept));
        let (status, kept) = match objection {
            Some(words) => (TaskStatus::Failed, Some(Kept::Error(RpcError::internal(words)))),
            None => (status, kept),
        };
        let words = match &kept {
            Some(Kept::Error(error)) => Some(cut(&error.message)),
            Some(Kept::Result(_)) => None,
            None => Some("the client gave it up".to_owned()),
        };
        self.tasks.end(key, kept);
        self.metrics.tasks_open.set(self.tasks.len() as u64);
        let Some(held) = self.tasks.get_mut(key) else { return };
        let waiters = std::mem::take(&mut held.waiters);
        self.task_changed(key, status, words);
        for waiter in waiters {
            self.give_answer(waiter, key);
        }
    }

    /// The client gives a task up. Its call is told to stop; what it still comes to is dropped.
    pub(super) fn cancel_task(&mut self, key: TaskKey) {
        let Some(held) = self.tasks.get(key).filter(|held| !held.task.status.is_terminal()) else {
            return;
        };
        if let Some(ticket) = held.ticket {
            self.withdraw(ticket, "the task that asked was cancelled");
            if let Some(call) = self.take_call(ticket) {
                call.lifeline.cancel();
            }
        }
        self.end_task(key, TaskStatus::Cancelled, None);
    }

    /// From now on the call of a task has `own_ms`, or all the time that the task has left.
    pub(super) fn restart_task_clock(&mut self, ticket: Ticket, key: TaskKey, own_ms: Option<u64>) {
        let Some(held) = self.tasks.get(key) else { return };
        let left_ms = held.expires.since(self.now).as_millis() as u64;
        self.restart_clock(ticket, own_ms.map_or(left_ms, |own_ms| own_ms.min(left_ms)));
    }

    /// A task that asked goes on.
    pub(super) fn task_resumes(&mut self, key: TaskKey) {
        let status = self.tasks.get(key).map(|held| held.task.status);
        if status == Some(TaskStatus::InputRequired) {
            self.task_changed(key, TaskStatus::Working, None);
        }
    }

    /// Words of the handler about where its task stands.
    pub(super) fn task_says(&mut self, ticket: Ticket, message: &str) {
        let Some(key) = self.calls.get(ticket).and_then(PendingCall::task) else { return };
        let Some(held) = self.tasks.get(key) else { return };
        let (peer, status, words) = (held.peer, held.task.status, cut(message));
        if held.task.status_message.as_deref() == Some(&*words) {
            return;
        }
        if self.takes_news(peer) {
            self.task_changed(key, status, Some(words));
        } else {
            self.metrics.notifications_dropped.add(1);
        }
    }

    /// A task stands elsewhere now: tell who wants to know.
    pub(super) fn task_changed(&mut self, key: TaskKey, status: TaskStatus, words: Option<String>) {
        let now = self.timestamp();
        let Some(held) = self.tasks.get_mut(key) else { return };
        held.task.status = status;
        held.task.updated = now;
        if let Some(words) = words {
            held.task.status_message = Some(words.into());
        }
        if !held.is_core {
            return self.tell_watchers(key);
        }
        let (peer, task) = (held.peer, held.task.clone());
        // Only its maker's version has this form.
        let Some(version) = self.session_of(peer).and_then(|session| session.version()) else {
            return;
        };
        self.notify_peer(peer, |w| {
            notification(w, "notifications/tasks/status", |w| {
                task.encode_members(w, version.fields());
            });
        });
    }

    /// Writes one message about a task that runs: where its client waits for the answer, or where
    /// it hears what it did not ask for. The extension has no such messages.
    pub(super) fn notify_task(
        &mut self,
        key: TaskKey,
        write: impl FnOnce(&mut Writer<'_>),
    ) -> bool {
        let Some(held) = self.tasks.get(key).filter(|held| held.is_core) else { return false };
        let peer = held.peer;
        let local = held.waiters.iter().filter(|waiter| waiter.shard == self.shard);
        let mut tickets = local.map(|waiter| waiter.ticket);
        let is_own =
            |ticket: &Ticket| self.calls.get(*ticket).is_some_and(|call| call.peer == peer);
        match tickets.find(is_own) {
            Some(ticket) => self.notify_call(ticket, write),
            None => self.notify_peer(peer, write),
        }
    }

    /// The id that messages about a call have to name, where tasks are in the core.
    pub(super) fn related_task(&self, ticket: Ticket) -> Option<String> {
        let held = self.tasks.get(self.calls.get(ticket)?.task()?)?;
        held.is_core.then(|| held.task.id.to_string())
    }

    /// Forgets the tasks whose time is over.
    pub(super) fn sweep_tasks(&mut self) {
        while let Some(key) = self.tasks.expired(self.now) {
            // One that still runs ends first: who waits for it is to hear of that.
            if let Some(ticket) = self.tasks.get(key).and_then(|held| held.ticket) {
                self.call_timed_out(ticket);
            }
            self.tasks.remove(key);
            self.metrics.tasks_expired.add(1);
        }
        self.metrics.tasks_open.set(self.tasks.len() as u64);
        self.tasks.is_sweeping = self.tasks.len() > 0;
        if self.tasks.is_sweeping {
            self.timers.set(self.now.after_ms(TASK_SWEEP_MS), Timer::Tasks);
        }
    }

    fn timestamp(&self) -> Timestamp {
        Timestamp(self.unix_s_at_zero * 1000 + self.now.0 / 1_000_000)
    }
}

/// A call that becomes a task.
pub(super) struct BeginTask<'a> {
    pub(super) ticket: Ticket,
    /// Where its request is answered.
    pub(super) origin: Origin,
    pub(super) id: Id<'a>,
    pub(super) peer: Peer,
    pub(super) version: Version,
    pub(super) principal: Option<Arc<crate::auth::Principal>>,
}

/// What is said about tasks that do not exist, are over, or are another's.
pub(super) const UNKNOWN: &str = "unknown task: it never was, or its time is over";

/// The request has to declare the extension.
pub(super) fn undeclared() -> Refusal {
    let mut extensions = serde_json::Map::new();
    extensions.insert(Task::EXTENSION.to_owned(), serde_json::json!({}));
    let message = "the request has to declare the client capability for tasks";
    let error = RpcError::new(code::MISSING_CAPABILITY, message);
    Refusal::bad_request(
        error.with_data(
            &serde_json::json!({ "requiredCapabilities": { "extensions": extensions } }),
        ),
    )
}

/// Writes `_meta` that names the task a message belongs to.
pub(super) fn write_related(w: &mut Writer<'_>, id: Option<&str>) {
    let Some(id) = id else { return };
    w.key("_meta");
    w.begin_object();
    w.member_raw(Task::RELATED_KEY, &related(id));
    w.end_object();
}

/// The value that names the task a message belongs to. Ids need no escapes.
pub(super) fn related(id: &str) -> Vec<u8> {
    format!("{{\"taskId\":\"{id}\"}}").into_bytes()
}

/// The result as the request would have been answered with it.
fn encode_answer(answer: &Outcome, version: Version, id: &str) -> bytes::Bytes {
    let mut json = Vec::new();
    let w = &mut Writer::new(&mut json);
    w.begin_object();
    if version.has_result_type() {
        w.member_string("resultType", "complete");
        answer.encode_members(w, version.fields(), &[]);
    } else {
        answer.encode_members(w, version.fields(), &[(Task::RELATED_KEY, &related(id))]);
    }
    w.end_object();
    json.into()
}

fn no_such_call(words: &'static str) -> Refusal {
    Refusal::quiet(RpcError::new(code::METHOD_NOT_FOUND, words))
}

/// Null is the server's choice.
fn read_ttl(ttl: Value<'_>) -> Result<Option<u64>, Refusal> {
    if ttl.kind() == crate::json::Kind::Null {
        return Ok(None);
    }
    let number = ttl.as_u64().map(Some);
    number.ok_or_else(|| invalid("params.task.ttl must be a number of milliseconds".to_owned()))
}

fn cut(words: &str) -> String {
    words[..words.floor_char_boundary(TASK_MESSAGE_BYTES_MAX)].to_owned()
}
