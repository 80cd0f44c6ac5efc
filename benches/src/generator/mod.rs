//! The load: many connections on the engine's own ring, in one thread.
//!
//! The generator must cost less than what it measures: requests are built once and patched, all
//! requests of a connection in one turn leave in one send, and an answer is judged where it lies
//! in the receive buffer. It gives up, in words, on a server that falls silent.
//!
//! ```text
//! run       one run: warm-up, counting, marks      load, tally   what goes in and comes out
//! schedule  when a request is due                  validity      whether the figures mean something
//! inbox, reader  messages in bytes                 pipes         standard input and output
//! check, shape   what a message is                 books         what a message changes
//! connection, request  what is open, what is sent
//! seats, renewal        where connections are; when the next request goes over a new one
//! ```

mod books;
mod check;
mod connection;
mod inbox;
mod load;
pub mod pipes;
pub mod reader;
mod renewal;
pub mod request;
mod run;
mod schedule;
mod seats;
mod shape;
mod tally;
#[cfg(test)]
mod tests;
pub mod validity;

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mcpring::error::SystemError;
use mcpring::ring::{self, Choice, Completion, Driver, Lease, Op, RingConfig, SendBuf};
use mcpring::slot::Slot;

pub use load::{Extent, Load, Mark, Pace};
pub use run::{Marked, Watch, run, run_watched};
pub use tally::{Errors, Progress, Tally};

use crate::fault::Fault;
use crate::question::{Answer, Question};
use books::{Books, Free};
use connection::{Connection, State};
use inbox::Found;
use schedule::Schedule;

/// Longest wait of one turn.
const TURN: Duration = Duration::from_millis(100);
/// A request that is due sooner than this is waited for without sleeping.
const SPIN_NS: u64 = 100_000;
/// How often requests without an answer are looked for.
const LOOK_NS: u64 = 50_000_000;
/// Time for all connections to close in good order.
const CLOSING: Duration = Duration::from_secs(5);

/// Connections under load, and the books about them.
pub struct Generator {
    driver: Box<dyn Driver>,
    /// Which driver it runs on, and why not another.
    pub driver_line: String,
    connections: Vec<Connection>,
    /// Slot index to connection.
    places: Vec<Option<u32>>,
    /// Connections with something to send.
    listed: Vec<u32>,
    /// Those of them that wait until an old connection is closed.
    parked: Vec<u32>,
    completions: Vec<Completion>,
    closing: bool,
    /// Slots that are not closed yet, and most of them.
    slots: usize,
    slots_max: usize,
    clock: Instant,
    /// No wait is longer than to this moment of the clock.
    until_ns: u64,
    timeout: Duration,
    looked_ns: u64,
    /// Where to connect anew, if that may be.
    peer: Option<SocketAddr>,
    /// Whether no connection is used again behind an answer: the server has left an event stream
    /// open, or has closed a connection after the first answer without saying so.
    uses_once: bool,
    /// Lanes of each connection, and of all.
    lanes: usize,
    step: u64,
    /// What is asked, and whether its answers carry ids.
    name: String,
    has_ids: bool,
    books: Books,
}

impl Generator {
    /// A generator that will hold up to `connections`, each with `lanes` requests in flight, and
    /// judges the answers to `question`.
    pub fn open(
        choice: Choice,
        connections: usize,
        lanes: usize,
        question: &Question,
    ) -> Result<Self, Fault> {
        // A connection that is renewed is two for a while.
        let slots_max = 2 * connections;
        let config =
            RingConfig { connections_max: 1, adoptions_max: slots_max, ..RingConfig::default() };
        let (driver, driver_line) =
            ring::open(choice, &config).map_err(|error| Fault::Invalid(error.to_string()))?;
        Ok(Self {
            driver,
            driver_line,
            connections: Vec::new(),
            places: Vec::new(),
            listed: Vec::new(),
            parked: Vec::new(),
            completions: Vec::new(),
            closing: false,
            slots: 0,
            slots_max,
            clock: Instant::now(),
            until_ns: u64::MAX,
            timeout: Load::TIMEOUT,
            looked_ns: 0,
            peer: None,
            uses_once: false,
            lanes,
            step: (connections * lanes) as u64,
            name: question.name.clone(),
            has_ids: matches!(question.answer, Answer::Result(_)),
            books: Books::new(question),
        })
    }

    /// Connections held.
    pub fn len(&self) -> usize {
        self.connections.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.connections.is_empty()
    }

    /// Requests that wait for their answer.
    pub fn in_flight(&self) -> usize {
        self.books.open
    }

    /// What was counted so far.
    pub fn tally(&self) -> &Tally {
        &self.books.tally
    }

    /// How many more requests may be asked, each as soon as a lane is free for it; the answers to
    /// those in flight are awaited anyway.
    pub fn allow(&mut self, requests: u64) {
        self.books.schedule = Schedule::new(Pace::Closed, 0, requests);
    }

    /// Starts receiving on connection `index` and asks once on each of its lanes, within what is
    /// allowed.
    pub fn ask(&mut self, index: usize) -> Result<(), Fault> {
        self.look_at_clock();
        let connection = &mut self.connections[index];
        for lane in 0..connection.desk.lanes.len() as u32 {
            let since_ns = self.books.now_ns;
            if !self.books.ask(&mut connection.desk, lane, since_ns) {
                self.books.free.push_back(Free { connection: index as u32, lane, since_ns });
            }
        }
        let slot = connection.slot;
        self.list(index);
        slot.map_or(Ok(()), |slot| self.submit(Op::Receive { slot }))
    }

    /// Asks what is due, sends it, waits for the kernel, and works off what it says.
    pub fn turn(&mut self) -> Result<(), Fault> {
        self.turn_once().map_err(|fault| self.explain(fault))
    }

    fn turn_once(&mut self) -> Result<(), Fault> {
        self.dispatch();
        while let Some(index) = self.listed.pop() {
            let Some(slot) = self.slot_of(index as usize)? else {
                self.parked.push(index);
                continue;
            };
            let connection = &mut self.connections[index as usize];
            connection.listed = false;
            let buf = connection.desk.outbox.send();
            self.submit(Op::Send { slot, buf })?;
        }
        let mut completions = std::mem::take(&mut self.completions);
        let waited = self.driver.wait(Some(self.patience()), &mut completions);
        waited.map_err(|error| Fault::Invalid(error.to_string()))?;
        self.look_at_clock();
        for completion in completions.drain(..) {
            self.complete(completion)?;
        }
        self.completions = completions;
        self.look_for_silence()
    }

    /// Gives what is due to lanes that are free.
    fn dispatch(&mut self) {
        if self.books.free.is_empty() {
            return;
        }
        self.look_at_clock();
        while let Some(&Free { connection, lane, since_ns }) = self.books.free.front() {
            let index = connection as usize;
            if !self.books.ask(&mut self.connections[index].desk, lane, since_ns) {
                break;
            }
            self.books.free.pop_front();
            self.list(index);
        }
    }

    /// How long the kernel may wait: not longer than to a request that is due, if a lane is free.
    fn patience(&self) -> Duration {
        let now_ns = self.books.now_ns;
        let mut until_ns = self.until_ns.min(now_ns + TURN.as_nanos() as u64);
        if !self.books.free.is_empty()
            && let Some(due_ns) = self.books.schedule.due_ns()
        {
            until_ns = until_ns.min(due_ns.saturating_sub(SPIN_NS));
        }
        Duration::from_nanos(until_ns.saturating_sub(now_ns))
    }

    fn look_at_clock(&mut self) {
        self.books.now_ns = self.clock.elapsed().as_nanos() as u64;
    }

    /// Closes every connection and waits until the kernel has.
    pub fn close(mut self) -> Result<(), Fault> {
        self.closing = true;
        self.allow(0);
        self.listed.clear();
        for index in 0..self.connections.len() {
            if let Some(slot) = self.connections[index].slot {
                self.submit(Op::Close { slot })?;
            }
        }
        let until = Instant::now() + CLOSING;
        while self.slots > 0 && Instant::now() < until {
            self.turn()?;
        }
        Ok(())
    }

    fn submit(&mut self, op: Op) -> Result<(), Fault> {
        self.driver.submit(op).map_err(|error| Fault::Invalid(error.to_string()))
    }

    /// Looks from time to time for a request that has waited too long, and for streams left open.
    fn look_for_silence(&mut self) -> Result<(), Fault> {
        let now_ns = self.books.now_ns;
        if self.closing || now_ns - self.looked_ns < LOOK_NS {
            return Ok(());
        }
        self.looked_ns = now_ns;
        self.retire_late()?;
        if self.books.open == 0 {
            return Ok(());
        }
        let timeout_ns = self.timeout.as_nanos() as u64;
        let lanes = self.connections.iter().flat_map(|connection| &connection.desk.lanes);
        let open = lanes.filter(|lane| lane.state == State::Open);
        let late = open.filter(|lane| now_ns.saturating_sub(lane.sent_ns) > timeout_ns).count();
        if late == 0 {
            return Ok(());
        }
        Err(Fault::Target(format!("{late} unanswered after {:?}", self.timeout)))
    }

    /// A fault of the target with what was going on.
    fn explain(&self, fault: Fault) -> Fault {
        let Fault::Target(words) = fault else {
            return fault;
        };
        let Books { open, answers, tally, .. } = &self.books;
        let name = &self.name;
        let mut words = format!("{words}; {open} requests of {name} open, after {answers} answers");
        if let Some(first) = &tally.errors.first {
            words.push_str(&format!(", {} of them errors, such as {first}", tally.errors.count()));
        }
        Fault::Target(words)
    }

    fn complete(&mut self, completion: Completion) -> Result<(), Fault> {
        match completion {
            Completion::Closed { .. } => {
                self.slots -= 1;
                self.listed.append(&mut self.parked);
                Ok(())
            }
            _ if self.closing => Ok(()),
            Completion::Received { slot, lease } => self.received(slot, &lease),
            Completion::Sent { slot, buf, fault } => self.sent(slot, buf, fault),
            Completion::Ended { slot, fault } => self.ended(slot, fault),
            Completion::Accepted { .. } | Completion::Left { .. } | Completion::Woken => Ok(()),
        }
    }

    fn received(&mut self, slot: Slot, lease: &Lease) -> Result<(), Fault> {
        let Some(index) = self.place(slot) else {
            return Ok(());
        };
        let (books, number) = (&mut self.books, index as u32);
        let Connection { inbox, desk, answers, .. } = &mut self.connections[index];
        let (before, mut closes) = (*answers, false);
        inbox.feed(&lease.padded()[..lease.len()], &mut |found| match found {
            Found::Message(body) => books.message(number, desk, body),
            Found::End(end) => {
                *answers += 1;
                closes |= end.closes;
                books.end(number, desk, &end);
                Ok(())
            }
        })?;
        let has_answered = *answers > before || desk.answered_ns.is_some();
        if closes || self.uses_once && has_answered {
            self.retire(index)?;
        }
        self.list(index);
        self.reply(index)
    }

    /// Sends what the server wants to hear on its way that goes aside.
    fn reply(&mut self, index: usize) -> Result<(), Fault> {
        if self.books.aside.is_empty() {
            return Ok(());
        }
        let Some(aside) = self.connections[index].aside.map(|aside| aside as usize) else {
            let text = "the server asks the client something, for which the question has no reply";
            return Err(Fault::Target(text.into()));
        };
        self.connections[aside].desk.outbox.out.append(&mut self.books.aside);
        self.list(aside);
        Ok(())
    }

    fn sent(&mut self, slot: Slot, buf: SendBuf, fault: Option<SystemError>) -> Result<(), Fault> {
        let Some(index) = self.place(slot) else {
            return Ok(());
        };
        if fault.is_none() && !buf.unsent().is_empty() {
            return self.submit(Op::Send { slot, buf });
        }
        let connection = &mut self.connections[index];
        connection.desk.outbox.sent(buf.bytes);
        match fault {
            _ if connection.ended.is_some() => return self.go_on(index),
            None => self.list(index),
            // What the server said before it closed is heard first.
            Some(_) if self.peer.is_some() => {}
            Some(fault) => return Err(Fault::Target(format!("send a request: {fault}"))),
        }
        Ok(())
    }

    fn list(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if connection.desk.outbox.is_ready() && !connection.listed {
            connection.listed = true;
            self.listed.push(index as u32);
        }
    }
}
