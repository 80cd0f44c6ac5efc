//! What a call knows besides its arguments, shared by whoever still works on it.
//!
//! Made only for calls that leave the shard or ask for it: an inline call never pays for it.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;

use super::{Ask, Lifeline, Outcome, Parked, Publisher, RequestFacts, RouteResponse, RouteWaiter};
use crate::auth::Principal;
use crate::mcp::{Client, Version};
use crate::model::{LogLevel, RawJson};

/// Names a call between the session that waits for it and whoever works on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(
    /// The endpoint's number for the call; never given out twice.
    pub u64,
);

/// Takes what happens to calls back to the shard that waits; called from any thread.
pub trait Post: Send + Sync {
    /// Takes one event; must not block.
    fn post(&self, event: CallEvent);
    /// The way to all clients.
    fn publisher(&self) -> Publisher;
    /// The present on the clock of the session, in nanoseconds: what deadlines are measured by.
    fn now_ns(&self) -> u64;
}

/// Something that happened to a call.
#[derive(Clone, Debug)]
pub enum CallEvent {
    /// It was answered. Comes once at most; a ticket nobody waits for any more is no fault.
    Done {
        /// Which call.
        ticket: Ticket,
        /// The answer; never [`Outcome::Deferred`] or [`Outcome::Ask`].
        outcome: Outcome,
    },
    /// Its handler asks the client something, and will be entered again.
    Asked {
        /// Which call.
        ticket: Ticket,
        /// What it asks.
        ask: Ask,
        /// The call.
        call: Parked,
    },
    /// It came further.
    Progress {
        /// Which call.
        ticket: Ticket,
        /// How far; grows with each report.
        progress: f64,
        /// How far it will go, if known.
        total: Option<f64>,
        /// Words for a person.
        message: Option<String>,
    },
    /// It has something to say.
    Log {
        /// Which call.
        ticket: Ticket,
        /// How grave.
        level: LogLevel,
        /// Which part of the program speaks.
        logger: Option<String>,
        /// What it says.
        data: Box<RawJson>,
    },
    /// A route of the program's own has answered.
    Routed {
        /// Whom.
        waiter: RouteWaiter,
        /// The answer, which was checked.
        response: RouteResponse,
    },
    /// Its result broke the tool's own output schema. What is sent comes as [`CallEvent::Done`].
    OutputBroken {
        /// Which call.
        ticket: Ticket,
    },
    /// Its client is to fetch what follows later.
    CloseStream {
        /// Which call.
        ticket: Ticket,
    },
    /// The person is done at a URL the call sent them to.
    Elicited {
        /// Which call.
        ticket: Ticket,
        /// The id of the question.
        id: String,
    },
    /// Its handler makes it a task from here on.
    BecameTask {
        /// Which call.
        ticket: Ticket,
    },
    /// Words about where it stands as a task.
    TaskStatus {
        /// Which call.
        ticket: Ticket,
        /// The words.
        message: String,
    },
    /// No worker had room for it.
    Refused {
        /// Which call.
        ticket: Ticket,
    },
}

/// The task that a call is, or may become.
#[derive(Clone, Debug)]
pub struct TaskName {
    id: Arc<str>,
    is_begun: Arc<AtomicBool>,
}

impl TaskName {
    /// A task of this id that exists, or one that the handler may begin.
    pub fn new(id: impl Into<Arc<str>>, is_begun: bool) -> Self {
        Self { id: id.into(), is_begun: Arc::new(AtomicBool::new(is_begun)) }
    }

    /// The id.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }
}

/// What a call knows besides its arguments.
pub struct CallContext {
    version: Version,
    client: Option<Arc<Client>>,
    principal: Option<Arc<Principal>>,
    request: Option<Arc<RequestFacts>>,
    progress_token: Option<Bytes>,
    ticket: Ticket,
    lifeline: Arc<Lifeline>,
    is_answered: AtomicBool,
    task: Option<TaskName>,
    post: Arc<dyn Post>,
}

impl CallContext {
    /// The context of the call `ticket`, whose events go to `post`.
    pub fn new(version: Version, ticket: Ticket, post: Arc<dyn Post>) -> Self {
        Self {
            version,
            client: None,
            principal: None,
            request: None,
            progress_token: None,
            ticket,
            lifeline: Arc::default(),
            is_answered: AtomicBool::new(false),
            task: None,
            post,
        }
    }

    /// Says which task it is or may become.
    pub fn with_task(mut self, task: Option<TaskName>) -> Self {
        self.task = task;
        self
    }

    /// Says who is asking.
    pub fn with_client(mut self, client: Option<Arc<Client>>) -> Self {
        self.client = client;
        self
    }

    /// Says whom the access token speaks for.
    pub fn with_principal(mut self, principal: Option<Arc<Principal>>) -> Self {
        self.principal = principal;
        self
    }

    /// Keeps what came with the request.
    pub fn with_request(mut self, request: Option<Arc<RequestFacts>>) -> Self {
        self.request = request;
        self
    }

    /// Sets the token that progress is reported under, as JSON text.
    pub fn with_progress_token(mut self, token: Option<Bytes>) -> Self {
        self.progress_token = token;
        self
    }

    /// Shares whether, and until when, the answer is wanted.
    pub fn with_lifeline(mut self, lifeline: Arc<Lifeline>) -> Self {
        self.lifeline = lifeline;
        self
    }

    /// The protocol version spoken.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Who is asking, in its own words; unproven.
    pub fn client(&self) -> Option<&Client> {
        self.client.as_deref()
    }

    /// Who is asking, as the authorization server says. `None` without authorization, and for what
    /// comes over other transports than HTTP.
    pub fn principal(&self) -> Option<&Principal> {
        self.principal.as_deref()
    }

    /// What came with the request: for features that keep it
    /// ([`Tool::keep_request`](super::Tool::keep_request) and the like), and `None` for others.
    pub fn request(&self) -> Option<&RequestFacts> {
        self.request.as_deref()
    }

    /// The token that progress is reported under, as JSON text; `None` when nobody wants it.
    pub fn progress_token(&self) -> Option<&[u8]> {
        self.progress_token.as_deref()
    }

    /// Which call this is.
    pub fn ticket(&self) -> Ticket {
        self.ticket
    }

    /// Whether the answer is no longer wanted: cancelled by the client, timed out, its connection
    /// closed, or its server ended. Long work asks now and then, and stops.
    pub fn is_cancelled(&self) -> bool {
        self.lifeline.is_cancelled()
    }

    /// Calls `told` once when the answer is no longer wanted, now if that is so already: on the
    /// thread that finds out, which must not be held up. Of several the last is kept.
    pub fn on_cancel(&self, told: impl FnOnce() + Send + 'static) {
        self.lifeline.on_cancel(told);
    }

    /// The time until the call is answered with an error for being late, zero when that is over;
    /// `None` when it has no end. A question to the client gives the call its time anew, and so
    /// does becoming a task, which has the time of the task.
    pub fn time_left(&self) -> Option<Duration> {
        self.lifeline.time_left(|| self.post.now_ns())
    }

    /// Reports how far the work is, when the client asked to know. Each report must be greater
    /// than the one before. Reports of an inline handler come too late to be sent.
    pub fn progress(&self, progress: f64, total: Option<f64>, message: Option<&str>) {
        if self.progress_token.is_none() || self.is_cancelled() {
            return;
        }
        let message = message.map(str::to_owned);
        self.post.post(CallEvent::Progress { ticket: self.ticket, progress, total, message });
    }

    /// Hands on a log message for the client, if the server offers logging and the client wants
    /// messages of that level.
    pub fn log(&self, level: LogLevel, message: &str) {
        // A plain string always has a JSON text.
        if let Ok(data) = serde_json::value::to_raw_value(message) {
            self.log_data(level, None, data);
        }
    }

    /// As [`Self::log`], with data of any shape and the name of who speaks.
    pub fn log_data(&self, level: LogLevel, logger: Option<&str>, data: Box<RawJson>) {
        let logger = logger.map(str::to_owned);
        self.post.post(CallEvent::Log { ticket: self.ticket, level, logger, data });
    }

    /// The way to change the server's features, and to tell all clients of updates.
    pub fn publisher(&self) -> Publisher {
        self.post.publisher()
    }

    /// Takes an event of the call's to its shard.
    pub(super) fn post(&self, event: CallEvent) {
        self.post.post(event);
    }

    /// Lets go of the HTTP connection that waits for the answer: the client comes back for it, and
    /// for everything said meanwhile, after a moment (2025-11-25, transports: polling). Spares a
    /// connection during long work. Where the protocol version or the transport has no such thing,
    /// nothing happens.
    pub fn close_stream(&self) {
        self.post.post(CallEvent::CloseStream { ticket: self.ticket });
    }

    /// Tells the client that the person is done at the URL of the question `id`
    /// ([`Elicitation::url`](crate::model::Elicitation::url)). Only 2025-11-25 has such a message;
    /// elsewhere this does nothing.
    pub fn elicited(&self, id: &str) {
        if self.version.fields().elicitation_id {
            self.post.post(CallEvent::Elicited { ticket: self.ticket, id: id.to_owned() });
        }
    }

    /// The id of the task that the call is; `None` for a call whose client waits for its answer.
    pub fn task_id(&self) -> Option<&str> {
        let begun = self.task.as_ref().filter(|task| task.is_begun.load(Ordering::Relaxed));
        begun.map(|task| &*task.id)
    }

    /// Makes the call a task from here on, if it is none and its client can have tasks: the client
    /// gets the task's id at once, and the answer when it asks for it. For tools that choose the
    /// moment themselves ([`Tool::task_by_handler`](super::Tool::task_by_handler)); a handler that
    /// runs inline comes too late with it. The task's id, or `None` when it stays a plain call.
    pub fn become_task(&self) -> Option<&str> {
        let task = self.task.as_ref()?;
        if !task.is_begun.swap(true, Ordering::Relaxed) {
            self.post.post(CallEvent::BecameTask { ticket: self.ticket });
        }
        Some(&task.id)
    }

    /// Tells people where the task stands, as long as it runs. Nothing happens for a call that is
    /// no task.
    pub fn task_status(&self, message: &str) {
        if self.task_id().is_some() && !self.is_cancelled() {
            let message = message.to_owned();
            self.post.post(CallEvent::TaskStatus { ticket: self.ticket, message });
        }
    }

    /// Takes the right to answer; only the first taker has it.
    pub(super) fn claim(&self) -> bool {
        !self.is_answered.swap(true, Ordering::AcqRel)
    }

    /// Answers the call unless it was answered before.
    pub(super) fn answer(&self, outcome: Outcome) {
        if self.claim() {
            self.post.post(CallEvent::Done { ticket: self.ticket, outcome });
        }
    }

    /// Asks the client unless the call was answered before; `park` gives the call.
    pub(super) fn ask(&self, ask: Ask, park: impl FnOnce() -> Parked) {
        if self.claim() {
            self.post.post(CallEvent::Asked { ticket: self.ticket, ask, call: park() });
        }
    }

    /// The context of the same call when it is entered again: it may be answered once more.
    pub(super) fn again(&self) -> Self {
        Self {
            version: self.version,
            client: self.client.clone(),
            progress_token: self.progress_token.clone(),
            ticket: self.ticket,
            lifeline: Arc::clone(&self.lifeline),
            is_answered: AtomicBool::new(false),
            post: Arc::clone(&self.post),
            principal: self.principal.clone(),
            request: self.request.clone(),
            task: self.task.clone(),
        }
    }

    /// Says that nobody will work on the call.
    pub(super) fn refuse(&self) {
        if self.claim() {
            self.post.post(CallEvent::Refused { ticket: self.ticket });
        }
    }
}

impl fmt::Debug for CallContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallContext")
            .field("version", &self.version)
            .field("ticket", &self.ticket)
            .field("is_cancelled", &self.is_cancelled())
            .finish_non_exhaustive()
    }
}
