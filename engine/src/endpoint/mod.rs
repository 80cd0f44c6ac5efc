//! All protocol state of one shard, without a clock, a socket or a thread.
//!
//! Two verbs: [`Endpoint::handle`] takes one input, [`Endpoint::poll`] gives the outputs, to be
//! drained until there are none. The same inputs give the same outputs, byte for byte; the seed of
//! all randomness is given at construction. Here the bytes tower (`transport`) and the meaning
//! tower (`mcp`, `server`) meet:
//!
//! ```text
//! Received → stream | exchange → message → dispatch → handler → outcome → reply → Send
//! ```

mod access;
mod admin;
mod ask;
mod batch;
mod call;
mod calls;
#[cfg(any(test, feature = "sim"))]
mod census;
mod completion;
mod connection;
mod dispatch;
mod elicitation;
mod events;
mod exchange;
mod fanout;
mod features;
mod forward;
mod hook;
mod input_required;
mod labels;
mod legacy;
mod lifecycle;
mod listening;
mod logging;
mod message;
mod notify;
mod now;
mod origin;
mod outcome;
mod param_header;
mod reply;
mod request_state;
mod route;
mod session_stream;
mod sessions;
mod slots;
mod stream;
mod subscription;
mod task;
mod task_owner;
mod task_request;
mod tasks;
mod timers;
mod topics;
mod traffic;

use std::rc::Rc;
use std::sync::Arc;

use rand::SeedableRng;
use rand::rngs::StdRng;

use batch::Batches;
use calls::Calls;
use connection::{Connection, Outbox};
use elicitation::Elicitations;
use labels::{CloseReason, Ending};
use sessions::{SessionKey, Sessions};
use slots::Slots;
use tasks::Tasks;
use timers::Timers;
use topics::Topics;

use crate::auth::{Guard, Verifier};
use crate::config::Config;
use crate::json::Parser;
use crate::limits::FANOUT_PER_TURN;
use crate::metrics::ShardMetrics;
use crate::server::{CallEvent, Job, Post, Publication, RouteHandler, Server};
use crate::slot::Slot;

pub use crate::mcp::KeyRing;
pub use crate::transport::{Chunk, Framing, HttpRules, OwnPaths};
#[cfg(any(test, feature = "sim"))]
pub(crate) use census::Census;
pub use forward::Forwarded;
pub use labels::LABELS;
pub use now::Now;

/// What a listener's connections speak.
#[derive(Clone, Debug)]
pub enum ListenerKind {
    /// Framed messages.
    Pipe(Framing, Medium),
    /// Streamable HTTP.
    Http(Arc<HttpRules>),
}

/// What carries framed messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Medium {
    /// Standard input and output.
    Stdio,
    /// TCP.
    Tcp,
    /// A Unix socket.
    Unix,
}

impl Medium {
    /// The word for handlers.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stdio => "stdio",
            Self::Tcp => "tcp",
            Self::Unix => "unix",
        }
    }
}

/// What an endpoint needs to exist.
pub struct EndpointConfig {
    /// The features served.
    pub server: Arc<Server>,
    /// What the connections of each listener speak, by listener number.
    pub listeners: Vec<ListenerKind>,
    /// This shard's number; session ids carry it.
    pub shard: u16,
    /// Limits and choices.
    pub config: Arc<Config>,
    /// Seed of all randomness; unpredictable in production.
    pub seed: [u8; 32],
    /// What the time 0 of [`Now`] is in Unix seconds: expiries that leave the process need a
    /// calendar.
    pub unix_s_at_zero: u64,
    /// The keys for state that clients carry; the same for all shards.
    pub state_ring: Arc<KeyRing>,
    /// Where outcomes of calls are posted from other threads.
    pub post: Arc<dyn Post>,
    /// The metrics of all shards, this one's at index `shard`.
    pub metrics: Arc<[Arc<ShardMetrics>]>,
    /// What `/metrics` says about the process, such as the driver's name.
    pub driver: &'static str,
    /// Who may use it over HTTP; anybody without.
    pub authorization: Option<Arc<Guard>>,
    /// What answers routes of the program's own, by the numbers that the listeners' rules have.
    pub routes: Arc<[Arc<dyn RouteHandler>]>,
}

/// Something happened.
pub enum Input<'a> {
    /// A connection was accepted, or adopted.
    Accepted {
        /// Its name.
        slot: Slot,
        /// Which listener's rules it follows.
        listener: u16,
    },
    /// Bytes arrived.
    Received {
        /// On this connection.
        slot: Slot,
        /// The bytes.
        chunk: &'a dyn Chunk,
    },
    /// The peer sends no more, or receiving failed.
    Ended {
        /// On this connection.
        slot: Slot,
        /// Nothing can be sent either.
        is_broken: bool,
    },
    /// The peer, which has ended its side, takes nothing any more either.
    Left {
        /// On this connection.
        slot: Slot,
    },
    /// A send came back.
    Sent {
        /// On this connection.
        slot: Slot,
        /// The bytes given.
        bytes: Vec<u8>,
        /// How many of them are gone.
        start: usize,
        /// Nothing further can be sent.
        is_failed: bool,
    },
    /// The connection is gone.
    Closed {
        /// Which was it.
        slot: Slot,
    },
    /// A call came to something.
    Call(CallEvent),
    /// The program says something to clients.
    Publish(Publication),
    /// Another shard says something.
    Forward(Box<Forwarded>),
    /// [`Endpoint::deadline`] has passed.
    Timeout,
    /// End in good order: answer what was asked, then close.
    Shutdown,
}

/// Something to do.
#[derive(Debug)]
pub enum Output {
    /// Send these bytes from `start` on; they come back as [`Input::Sent`].
    Send {
        /// On this connection.
        slot: Slot,
        /// The bytes.
        bytes: Vec<u8>,
        /// Where the unsent ones begin.
        start: usize,
    },
    /// Receive from now on.
    Receive {
        /// On this connection.
        slot: Slot,
    },
    /// Receive no more for now.
    Pause {
        /// On this connection.
        slot: Slot,
    },
    /// Close.
    Close {
        /// This connection.
        slot: Slot,
    },
    /// Run a call on another thread.
    Work(Job),
    /// Tell another shard.
    Forward {
        /// Which.
        shard: u16,
        /// What.
        message: Box<Forwarded>,
    },
    /// After [`Input::Shutdown`]: the last connection is gone.
    Drained,
}

/// What a deadline belongs to.
#[derive(Clone, Copy, Debug)]
enum Timer {
    Connection(Slot),
    /// Of the call at this place, whichever it is by then.
    Call(u32),
    Sessions,
    Tasks,
    Drain,
}

/// One shard's protocol state.
pub struct Endpoint {
    parser: Parser,
    core: Core,
}

/// Everything but the parser, whose tape is borrowed while a message is handled.
struct Core {
    now: Now,
    /// Counted per shard: a count that all shards shared would be their busiest memory.
    #[allow(clippy::redundant_allocation, reason = "the outer count is this shard's own")]
    server: Rc<Arc<Server>>,
    config: Arc<Config>,
    listeners: Rc<[ListenerKind]>,
    shard: u16,
    slots: Slots<Connection>,
    sessions: Sessions,
    calls: Calls,
    batches: Batches,
    topics: Topics,
    tasks: Tasks,
    elicitations: Elicitations,
    /// Calls that stay open to be told of changes.
    listens: usize,
    /// Subscribers told in this turn.
    fanned_out: usize,
    /// Most of them.
    fanout_per_turn: usize,
    timers: Timers<Timer>,
    fired: Vec<Timer>,
    outbox: Outbox,
    rng: StdRng,
    unix_s_at_zero: u64,
    state_ring: Arc<KeyRing>,
    post: Rc<Arc<dyn Post>>,
    metrics: Arc<ShardMetrics>,
    /// Requests answered on the spot in this turn, by label and ending.
    answered: Vec<(u8, Ending)>,
    all_metrics: Arc<[Arc<ShardMetrics>]>,
    driver: &'static str,
    verifier: Option<Verifier>,
    routes: Arc<[Arc<dyn RouteHandler>]>,
    /// Requests for routes so far.
    route_serial: u64,
    is_draining: bool,
    is_drained: bool,
}

impl Endpoint {
    /// An endpoint without connections at time `now`.
    pub fn new(now: Now, setup: EndpointConfig) -> Self {
        let EndpointConfig { server, listeners, shard, config, seed, post, metrics, .. } = setup;
        let EndpointConfig { unix_s_at_zero, state_ring, driver, authorization, routes, .. } =
            setup;
        let ablation = server.ablation();
        let mut timers = Timers::new(now);
        timers.set(now.after_ms(config.session_idle_ms), Timer::Sessions);
        let core = Core {
            now,
            server: Rc::new(server),
            listeners: listeners.into(),
            shard,
            slots: Slots::new(),
            sessions: Sessions::new(shard, config.sessions_max, config.session_idle_ms),
            calls: Calls::default(),
            batches: Batches::default(),
            topics: Topics::new(ablation),
            tasks: Tasks::new(config.tasks_max),
            elicitations: Elicitations::default(),
            listens: 0,
            fanned_out: 0,
            fanout_per_turn: if ablation.fanout_batching { FANOUT_PER_TURN } else { 1 },
            timers,
            fired: Vec::new(),
            outbox: Outbox::default(),
            rng: StdRng::from_seed(seed),
            unix_s_at_zero,
            state_ring,
            post: Rc::new(post),
            metrics: Arc::clone(&metrics[shard as usize]),
            answered: Vec::new(),
            all_metrics: metrics,
            driver,
            verifier: authorization.map(Verifier::new),
            routes,
            route_serial: 0,
            is_draining: false,
            is_drained: false,
            config: Arc::clone(&config),
        };
        Self { parser: Parser::new(config.json), core }
    }

    /// Takes one input. Drain [`Self::poll`] before waiting again.
    pub fn handle(&mut self, now: Now, input: Input<'_>) {
        let Self { parser, core } = self;
        core.now = now;
        match input {
            Input::Accepted { slot, listener } => core.accept(slot, listener),
            Input::Received { slot, chunk } => core.receive(parser, slot, chunk),
            Input::Ended { slot, is_broken } => core.end(slot, is_broken),
            Input::Left { slot } => core.close(slot, CloseReason::Done),
            Input::Sent { slot, bytes, start, is_failed } => {
                core.sent(slot, bytes, start, is_failed);
            }
            Input::Closed { slot } => core.closed(slot),
            Input::Call(event) => core.call_event(event),
            Input::Publish(publication) => core.publish(publication),
            Input::Forward(message) => core.forwarded(parser, *message),
            Input::Timeout => core.timeout(),
            Input::Shutdown => core.shutdown(),
        }
    }

    /// The next thing to do, until `None`.
    pub fn poll(&mut self) -> Option<Output> {
        loop {
            if let Some(output) = self.core.outbox.outputs.pop_front() {
                return Some(output);
            }
            if self.core.outbox.dirty.is_empty() {
                self.core.fan_out();
            }
            let Some(slot) = self.core.outbox.dirty.pop_front() else {
                return self.core.poll_drained();
            };
            self.core.settle(&mut self.parser, slot);
        }
    }

    /// Everything answered since the last time was handed over by `now`: what was answered on the
    /// spot is counted with the time its turn took.
    pub fn turn_ended(&mut self, now: Now) {
        self.core.fanned_out = 0;
        let Core { answered, metrics, now: began, .. } = &mut self.core;
        let time = now.since(*began).as_nanos() as u64;
        for (label, ending) in answered.drain(..) {
            metrics.count_request(label as usize, ending as usize, time);
        }
    }

    /// Whether a turn has work left over for the next: see [`Self::turn_ended`].
    pub fn is_behind(&self) -> bool {
        self.core.topics.is_behind()
    }

    /// When [`Input::Timeout`] is due.
    pub fn deadline(&self) -> Option<Now> {
        self.core.timers.deadline()
    }

    /// Connections open now.
    pub fn connections(&self) -> usize {
        self.core.slots.len()
    }
}

impl Core {
    fn timeout(&mut self) {
        let mut fired = std::mem::take(&mut self.fired);
        self.timers.fire(self.now, &mut fired);
        for timer in fired.drain(..) {
            match timer {
                Timer::Connection(slot) => self.connection_due(slot),
                Timer::Call(place) => self.call_due(place),
                Timer::Sessions => self.sessions_due(),
                Timer::Tasks => self.sweep_tasks(),
                Timer::Drain => self.drain_due(),
            }
        }
        self.fired = fired;
    }

    fn connection_due(&mut self, slot: Slot) {
        let (now, config) = (self.now, Arc::clone(&self.config));
        let Some(connection) = self.slots.get_mut(slot) else { return };
        if connection.due > now {
            return;
        }
        self.route_due(slot);
        self.listening_due(slot);
        let Some(connection) = self.slots.get_mut(slot) else { return };
        // A connection that waits for its own call is not silent: the call has a deadline. Nor is
        // one that waits to be told of something.
        let is_waiting = connection.is_waiting() || connection.is_listening();
        if is_waiting && !connection.is_sending {
            let is_stream = connection.events().is_some();
            if is_stream && connection.deadline(&config) <= now {
                connection.active = now;
                self.ping_events(slot);
            } else if !is_stream {
                connection.active = now;
            }
        }
        let Some(connection) = self.slots.get_mut(slot) else { return };
        let deadline = connection.deadline(&config);
        if deadline <= now {
            self.metrics.timeouts.add(1);
            let reason = connection.overdue();
            return self.close(slot, reason);
        }
        connection.due = deadline;
        self.timers.set(deadline, Timer::Connection(slot));
    }

    fn sessions_due(&mut self) {
        while let Some((key, ended)) = self.sessions.take_idle(self.now) {
            self.metrics.sessions_evicted.add(1);
            self.abandon_session(key, ended);
        }
        self.metrics.sessions_open.set(self.sessions.len() as u64);
        let next = self.now.after_ms(self.config.session_idle_ms.div_ceil(16).max(1000));
        self.timers.set(next, Timer::Sessions);
    }

    fn shutdown(&mut self) {
        if self.is_draining {
            return;
        }
        self.is_draining = true;
        self.timers.set(self.now.after_ms(self.config.drain_ms), Timer::Drain);
        self.end_all_listens();
        self.end_all_questions();
        for slot in self.slots.slots() {
            if let Some(connection) = self.slots.get_mut(slot) {
                connection.is_ending = true;
            }
            self.outbox.outputs.push_back(Output::Pause { slot });
            self.drain_events(slot);
            // Streams that are opened from now on end when their connection is settled.
            self.touch(slot);
        }
    }

    fn drain_due(&mut self) {
        for slot in self.slots.slots() {
            self.close(slot, CloseReason::Drain);
        }
    }

    fn poll_drained(&mut self) -> Option<Output> {
        if self.is_draining && !self.is_drained && self.slots.len() == 0 {
            self.is_drained = true;
            return Some(Output::Drained);
        }
        None
    }

    /// A session that is used now.
    fn session(&mut self, key: SessionKey) -> Option<&mut crate::mcp::Session> {
        let session = self.sessions.get_mut(key)?;
        session.used = self.now;
        Some(&mut session.session)
    }
}
