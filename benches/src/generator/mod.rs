//! The load: many connections on the engine's own ring, in one thread.
//!
//! The generator must cost less than what it measures: requests are built once and patched, all
//! requests of a connection in one turn leave in one send, and an answer is judged where it lies
//! in the receive buffer. It gives up, in words, on a server that falls silent.

mod check;
mod closed_loop;
mod connection;
pub mod piped;
pub mod reader;
pub mod request;

use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::{Duration, Instant};

use mcpring::ring::{self, Choice, Completion, Driver, Lease, Op, RingConfig, SendBuf};
use mcpring::slot::Slot;

pub use closed_loop::{Extent, Load, Mark, run};

use crate::fault::{Fault, excerpt};
use crate::histogram::Latencies;
use crate::question::Answer;
use crate::target::Wire;
use check::{Check, Verdict};
use connection::Connection;
use request::Request;

/// Silence after which a server with open requests is given up.
const SILENCE: Duration = Duration::from_secs(10);
/// Longest wait of one turn.
const TURN: Duration = Duration::from_millis(100);
/// Time for all connections to close in good order.
const CLOSING: Duration = Duration::from_secs(5);

/// What was counted.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Requests answered rightly.
    pub requests: u64,
    /// Requests answered with something else, in the warm-up too.
    pub wrong: u64,
    /// The first such answer.
    pub first_wrong: Option<String>,
    /// From the turn that sent a request to the turn that read its answer.
    pub latencies: Latencies,
}

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
    completions: Vec<Completion>,
    closed: usize,
    clock: Instant,
    heard: Instant,
    books: Books,
}

/// What an answer changes.
struct Books {
    check: Check,
    tally: Tally,
    now_ns: u64,
    /// Requests that wait for their answer.
    open: usize,
    /// Requests that may still be asked.
    budget: u64,
}

impl Generator {
    /// A generator without connections that expects `answer` to whatever it will ask.
    pub fn open(choice: Choice, config: &RingConfig, answer: Answer) -> Result<Self, Fault> {
        let (driver, driver_line) =
            ring::open(choice, config).map_err(|error| Fault::Invalid(error.to_string()))?;
        let now = Instant::now();
        Ok(Self {
            driver,
            driver_line,
            connections: Vec::new(),
            places: Vec::new(),
            listed: Vec::new(),
            completions: Vec::new(),
            closed: 0,
            clock: now,
            heard: now,
            books: Books::new(answer),
        })
    }

    /// Takes over a connected `stream`; it is silent until [`Generator::ask`].
    pub fn adopt(
        &mut self,
        stream: TcpStream,
        wire: Wire,
        request: Rc<Request>,
        lanes: usize,
    ) -> Result<usize, Fault> {
        let adopted = self.driver.adopt_socket(OwnedFd::from(stream));
        let slot = adopted.map_err(|error| Fault::Invalid(format!("adopt a socket: {error}")))?;
        let index = self.connections.len();
        let place = slot.index as usize;
        if self.places.len() <= place {
            self.places.resize(place + 1, None);
        }
        self.places[place] = Some(index as u32);
        self.connections.push(Connection::new(slot, wire, request, lanes));
        Ok(index)
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

    /// Counts from here on; a wrong answer before is not forgotten.
    pub fn forget(&mut self) {
        self.books.tally.requests = 0;
        self.books.tally.latencies.clear();
    }

    /// How many more requests may be asked; the answers to those in flight are awaited anyway.
    pub fn allow(&mut self, requests: u64) {
        self.books.budget = requests;
    }

    /// Starts receiving on connection `index` and asks once on each of its lanes, within what is
    /// allowed.
    pub fn ask(&mut self, index: usize) -> Result<(), Fault> {
        self.heard = Instant::now();
        let connection = &mut self.connections[index];
        for lane in 0..connection.lanes() {
            self.books.ask(connection, lane);
        }
        let slot = connection.slot;
        self.list(index);
        self.submit(Op::Receive { slot })
    }

    /// Sends what is to be sent, waits for the kernel, and works off what it says.
    pub fn turn(&mut self) -> Result<(), Fault> {
        while let Some(index) = self.listed.pop() {
            let connection = &mut self.connections[index as usize];
            connection.listed = false;
            let (slot, buf) = (connection.slot, connection.send());
            self.submit(Op::Send { slot, buf })?;
        }
        let mut completions = std::mem::take(&mut self.completions);
        let waited = self.driver.wait(Some(TURN), &mut completions);
        waited.map_err(|error| Fault::Invalid(error.to_string()))?;
        self.books.now_ns = self.clock.elapsed().as_nanos() as u64;
        if completions.is_empty() {
            self.is_silent()?;
        } else {
            self.heard = Instant::now();
        }
        for completion in completions.drain(..) {
            self.complete(completion)?;
        }
        self.completions = completions;
        Ok(())
    }

    /// Closes every connection and waits until the kernel has.
    pub fn close(mut self) -> Result<(), Fault> {
        for index in 0..self.connections.len() {
            let slot = self.connections[index].slot;
            self.submit(Op::Close { slot })?;
        }
        let until = Instant::now() + CLOSING;
        while self.closed < self.connections.len() && Instant::now() < until {
            self.turn()?;
        }
        Ok(())
    }

    fn submit(&mut self, op: Op) -> Result<(), Fault> {
        self.driver.submit(op).map_err(|error| Fault::Invalid(error.to_string()))
    }

    fn is_silent(&self) -> Result<(), Fault> {
        if self.books.open == 0 || self.heard.elapsed() < SILENCE {
            return Ok(());
        }
        let (open, seconds) = (self.books.open, SILENCE.as_secs());
        Err(Fault::Target(format!("{open} requests unanswered after {seconds} s of silence")))
    }

    fn complete(&mut self, completion: Completion) -> Result<(), Fault> {
        match completion {
            Completion::Received { slot, lease } => self.received(slot, &lease),
            Completion::Sent { slot, buf, fault: None } => self.sent(slot, buf),
            Completion::Sent { fault: Some(fault), .. } => {
                Err(Fault::Target(format!("send a request: {fault}")))
            }
            Completion::Ended { fault, .. } => {
                let why = fault.map_or_else(String::new, |fault| format!(" ({fault})"));
                let open = self.books.open;
                Err(Fault::Target(format!("connection closed, {open} requests open{why}")))
            }
            Completion::Closed { .. } => {
                self.closed += 1;
                Ok(())
            }
            Completion::Accepted { .. } | Completion::Woken => Ok(()),
        }
    }

    fn place(&self, slot: Slot) -> Option<usize> {
        let index = (*self.places.get(slot.index as usize)?)? as usize;
        (self.connections[index].slot == slot).then_some(index)
    }

    fn received(&mut self, slot: Slot, lease: &Lease) -> Result<(), Fault> {
        let Some(index) = self.place(slot) else {
            return Ok(());
        };
        let connection = &mut self.connections[index];
        let bytes = &lease.padded()[..lease.len()];
        if connection.partial.is_empty() {
            let used = self.books.read(connection, bytes)?;
            connection.partial.extend_from_slice(&bytes[used..]);
        } else {
            let mut partial = std::mem::take(&mut connection.partial);
            partial.extend_from_slice(bytes);
            let used = self.books.read(connection, &partial)?;
            partial.drain(..used);
            connection.partial = partial;
        }
        self.list(index);
        Ok(())
    }

    fn sent(&mut self, slot: Slot, buf: SendBuf) -> Result<(), Fault> {
        if !buf.unsent().is_empty() {
            return self.submit(Op::Send { slot, buf });
        }
        let Some(index) = self.place(slot) else {
            return Ok(());
        };
        self.connections[index].sent(buf.bytes);
        self.list(index);
        Ok(())
    }

    fn list(&mut self, index: usize) {
        let connection = &mut self.connections[index];
        if connection.has_to_send() && !connection.listed {
            connection.listed = true;
            self.listed.push(index as u32);
        }
    }
}

impl Books {
    fn new(answer: Answer) -> Self {
        Self { check: Check::new(answer), tally: Tally::default(), now_ns: 0, open: 0, budget: 0 }
    }

    /// Asks on a lane that is free, within the budget.
    fn ask(&mut self, connection: &mut Connection, lane: usize) {
        if self.budget > 0 {
            self.budget -= 1;
            self.open += 1;
            connection.ask(lane, self.now_ns);
        }
    }

    /// Reads the whole answers in `bytes` and asks again for each; says how many bytes they took.
    fn read(&mut self, connection: &mut Connection, bytes: &[u8]) -> Result<usize, Fault> {
        let mut at = 0;
        while let Some(answer) = connection.reader.next(&bytes[at..]).map_err(Fault::Target)? {
            let body = &bytes[at..][answer.body];
            if answer.status != 200 {
                let text = format!("HTTP status {}: {}", answer.status, excerpt(body));
                return Err(Fault::Target(text));
            }
            let lane = self.settle(connection, body)?;
            self.ask(connection, lane);
            at += answer.end;
        }
        Ok(at)
    }

    /// Ends the request that `body` answers and says which lane it frees.
    fn settle(&mut self, connection: &mut Connection, body: &[u8]) -> Result<usize, Fault> {
        let verdict = self.check.judge(body);
        let settled = match verdict {
            Verdict::Right(id) | Verdict::Wrong(id) => connection.settle(id),
            Verdict::RightWithoutId => connection.settle_oldest(),
            Verdict::Foreign => None,
        };
        let Some((lane, sent_ns)) = settled else {
            return Err(Fault::Target(format!("an answer to nothing asked: {}", excerpt(body))));
        };
        self.open -= 1;
        if matches!(verdict, Verdict::Wrong(_)) {
            self.tally.wrong += 1;
            self.tally.first_wrong.get_or_insert_with(|| excerpt(body));
        } else {
            self.tally.requests += 1;
            self.tally.latencies.record(self.now_ns.saturating_sub(sent_ns));
        }
        Ok(lane)
    }
}
