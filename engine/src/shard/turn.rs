//! One shard and its turn: wait → completions → inbox → timers → outputs → submit.
//!
//! The turn joins a driver (the kernel) to an endpoint (the protocol) and decides nothing itself.
//! Every step has a bound, and what is left over makes the next turn look instead of wait. Nothing
//! acts inside the completion loop: what follows from a completion becomes an output, and outputs
//! are carried out after timers had their chance. The kernel is entered once a turn, by the wait.
//!
//! A shard starts no thread and reads no clock: both are handed in, so that the simulation runs
//! this very code under a simulated driver and a virtual clock.

use std::collections::VecDeque;
use std::mem;
use std::os::fd::OwnedFd;
use std::time::Duration;

use super::connect::Seat;
use super::received::{Copied, Lent};
use super::stats::Stats;
use super::wake::{self, Message};
use crate::endpoint::{Chunk, Endpoint, Forwarded, Input, Now, Output};
use crate::error::SystemError;
use crate::inbox::{Inbox, Sender};
use crate::limits;
use crate::ring::{Completion, Driver, Lease, Op, SendBuf};
use crate::server::Job;
use crate::slot::Slot;

/// What a shard is made of.
pub(crate) struct Parts {
    /// The kernel.
    pub(crate) driver: Box<dyn Driver>,
    /// The protocol.
    pub(crate) endpoint: Endpoint,
    /// What other threads say.
    pub(crate) inbox: Inbox<Message>,
    /// The inboxes of all shards, by number.
    pub(crate) peers: Vec<Sender<Message>>,
    /// Takes jobs to the workers; must not block.
    pub(crate) work: Box<dyn FnMut(Job)>,
    /// Where the counters are shown.
    pub(crate) stats: Stats,
    /// How long a drain may take, in milliseconds.
    pub(crate) drain_ms: u64,
    /// Whether received bytes are lent to the protocol, not copied for it.
    pub(crate) lends: bool,
    /// The listener whose connections come from inside the process.
    pub(crate) inside: u16,
}

/// How far a shard's life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// It serves.
    Serving,
    /// It answers what was asked before the drain, until the given time at most.
    Draining(Now),
    /// All its own connections are gone; it still turns, for other shards may need it.
    Drained,
    /// It must not be turned again.
    Stopped,
}

/// One shard.
pub(crate) struct Shard {
    parts: Parts,
    phase: Phase,
    /// Received from the driver, not handled yet.
    completions: Vec<Completion>,
    /// Ops the driver had no room for, and those behind them.
    postponed: VecDeque<Op>,
    /// The connection that is standard input and output, while it is open.
    stdio: Option<Slot>,
    stdio_has_closed: bool,
    /// Open connections from inside the process, with their places.
    inside: Vec<(Slot, Seat)>,
    /// Something was left over: the next turn must not block.
    is_behind: bool,
    /// The time of the present turn, or of the last one while the shard waits.
    now: Now,
}

impl Shard {
    /// A shard that serves from its first turn on.
    pub(crate) fn new(now: Now, parts: Parts) -> Self {
        Self {
            parts,
            phase: Phase::Serving,
            completions: Vec::new(),
            postponed: VecDeque::new(),
            stdio: None,
            stdio_has_closed: false,
            inside: Vec::new(),
            is_behind: true,
            now,
        }
    }

    /// Serves `slot`, which the driver has adopted, as a connection of `listener`; with its end
    /// [`Shard::stdio_has_closed`] becomes true.
    pub(crate) fn adopt_stdio(&mut self, slot: Slot, listener: u16) {
        self.stdio = Some(slot);
        self.handle(Input::Accepted { slot, listener });
    }

    /// The driver, to listen with.
    pub(crate) fn driver(&mut self) -> &mut dyn Driver {
        &mut *self.parts.driver
    }

    /// Whether the connection over standard input and output has been and gone.
    pub(crate) fn stdio_has_closed(&self) -> bool {
        self.stdio_has_closed
    }

    /// One turn; `clock` is asked after the wait, for everything that happens in the turn, and at
    /// its end, for what the turn took. An error is the kernel's refusal to wait,
    /// after which there is nothing left to do.
    pub(crate) fn turn(&mut self, clock: impl Fn() -> Now) -> Result<Phase, SystemError> {
        let timeout = self.timeout();
        self.parts.driver.wait(timeout, &mut self.completions)?;
        self.now = clock();
        self.is_behind = false;
        self.take_completions();
        self.take_messages();
        self.fire_timers();
        self.carry_out();
        self.parts.endpoint.turn_ended(clock());
        let Parts { driver, inbox, stats, .. } = &self.parts;
        stats.publish(driver.stats(), inbox.len());
        Ok(self.phase)
    }

    /// What the protocol holds.
    #[cfg(any(test, feature = "sim"))]
    pub(super) fn census(&mut self) -> crate::endpoint::Census {
        self.parts.endpoint.census()
    }

    /// How long the wait may last: not at all when something is left over.
    pub(super) fn timeout(&self) -> Option<Duration> {
        if self.is_behind || self.parts.endpoint.is_behind() {
            return Some(Duration::ZERO);
        }
        let own = match self.phase {
            Phase::Draining(until) => Some(until),
            Phase::Serving | Phase::Drained | Phase::Stopped => None,
        };
        let deadline = self.parts.endpoint.deadline();
        let soonest = own.into_iter().chain(deadline).min()?;
        Some(soonest.since(self.now))
    }

    fn handle(&mut self, input: Input<'_>) {
        self.parts.endpoint.handle(self.now, input);
    }

    fn take_completions(&mut self) {
        let mut completions = mem::take(&mut self.completions);
        let count = completions.len().min(limits::COMPLETIONS_PER_TURN);
        self.is_behind |= count < completions.len();
        for completion in completions.drain(..count) {
            self.take_completion(completion);
        }
        // Keeps its memory for the next turn.
        self.completions = completions;
    }

    fn take_completion(&mut self, completion: Completion) {
        match completion {
            Completion::Accepted { listener, slot } => {
                self.handle(Input::Accepted { slot, listener });
            }
            Completion::Received { slot, lease } => {
                self.received(slot, lease);
            }
            Completion::Ended { slot, fault } => {
                self.handle(Input::Ended { slot, is_broken: fault.is_some() });
            }
            Completion::Left { slot } => self.handle(Input::Left { slot }),
            Completion::Sent { slot, buf: SendBuf { bytes, start }, fault } => {
                self.handle(Input::Sent { slot, bytes, start, is_failed: fault.is_some() });
            }
            Completion::Closed { slot } => {
                self.handle(Input::Closed { slot });
                if self.stdio == Some(slot) {
                    self.stdio = None;
                    self.stdio_has_closed = true;
                }
                self.inside.retain(|(open, _)| *open != slot);
            }
            // Its message is in the inbox, which is looked at in any case.
            Completion::Woken => {}
        }
    }

    fn received(&mut self, slot: Slot, lease: Lease) {
        if self.parts.lends {
            return self.handle(Input::Received { slot, chunk: &Lent(lease) });
        }
        let chunk = Copied::of(&lease);
        drop(lease);
        self.parts.stats.count_copy(chunk.len());
        self.handle(Input::Received { slot, chunk: &chunk });
    }

    fn take_messages(&mut self) {
        for _ in 0..limits::MESSAGES_PER_TURN {
            let Some(message) = self.parts.inbox.receive() else {
                return;
            };
            match message {
                Message::Call(event) => self.handle(Input::Call(event)),
                Message::Forward(message) => self.handle(Input::Forward(message)),
                Message::Publish(publication) => self.handle(Input::Publish(publication)),
                Message::Connect(socket, seat) => self.connect(socket, seat),
                Message::Drain => self.drain(),
                Message::Stop => self.phase = Phase::Stopped,
            }
        }
        self.is_behind |= !self.parts.inbox.is_empty();
    }

    /// Serves a socket from inside the process. One that cannot be served is closed, which its
    /// other end sees; so is one that comes behind the word to drain.
    fn connect(&mut self, socket: OwnedFd, seat: Seat) {
        if self.phase != Phase::Serving {
            return;
        }
        if let Ok(slot) = self.parts.driver.adopt_socket(socket) {
            self.inside.push((slot, seat));
            self.handle(Input::Accepted { slot, listener: self.parts.inside });
        }
    }

    fn drain(&mut self) {
        if self.phase != Phase::Serving {
            return;
        }
        // The endpoint keeps the time itself and closes what is left; the grace is for a kernel
        // that does not report the closing.
        let time_ms = self.parts.drain_ms.saturating_add(limits::DRAIN_GRACE_MS);
        self.phase = Phase::Draining(self.now.after_ms(time_ms));
        self.parts.driver.unlisten();
        self.handle(Input::Shutdown);
    }

    fn fire_timers(&mut self) {
        if self.parts.endpoint.deadline().is_some_and(|deadline| deadline <= self.now) {
            self.handle(Input::Timeout);
        }
        if let Phase::Draining(until) = self.phase
            && until <= self.now
        {
            self.phase = Phase::Drained;
        }
    }

    /// Drains the endpoint and hands its wishes on, as far as the driver has room.
    fn carry_out(&mut self) {
        for op in mem::take(&mut self.postponed) {
            self.submit(op);
        }
        for _ in 0..limits::OUTPUTS_PER_TURN {
            if !self.postponed.is_empty() {
                break;
            }
            let Some(output) = self.parts.endpoint.poll() else {
                return;
            };
            match output {
                Output::Send { slot, bytes, start } => {
                    self.submit(Op::Send { slot, buf: SendBuf { bytes, start } });
                }
                Output::Receive { slot } => self.submit(Op::Receive { slot }),
                Output::Pause { slot } => self.submit(Op::Pause { slot }),
                Output::Close { slot } => self.submit(Op::Close { slot }),
                Output::Work(job) => (self.parts.work)(job),
                Output::Forward { shard, message } => self.forward(shard, message),
                Output::Drained => self.drained(),
            }
        }
        self.is_behind = true;
    }

    fn drained(&mut self) {
        if let Phase::Draining(_) = self.phase {
            self.phase = Phase::Drained;
        }
    }

    fn forward(&mut self, shard: u16, message: Box<Forwarded>) {
        let target = self.parts.peers.get(shard as usize);
        if let Some(undelivered) = wake::forward(target, message) {
            self.handle(Input::Forward(Box::new(undelivered)));
        }
    }

    /// Hands `op` to the driver, behind those that wait. One it has no room for is handed over
    /// again next turn, except a send, whose bytes are gone with it: that connection cannot go on.
    fn submit(&mut self, op: Op) {
        if !self.postponed.is_empty() {
            return self.postponed.push_back(op);
        }
        let again = match op {
            Op::Receive { slot } => Ok(Op::Receive { slot }),
            Op::Pause { slot } => Ok(Op::Pause { slot }),
            Op::Close { slot } => Ok(Op::Close { slot }),
            Op::Send { slot, .. } => Err(slot),
        };
        if self.parts.driver.submit(op).is_ok() {
            return;
        }
        self.is_behind = true;
        match again {
            Ok(op) => self.postponed.push_back(op),
            Err(slot) => {
                let (bytes, start, is_failed) = (Vec::new(), 0, true);
                self.handle(Input::Sent { slot, bytes, start, is_failed });
            }
        }
    }
}

#[cfg(test)]
mod tests;
