//! Many clients that only listen: event streams held open on the engine's own ring, in one thread.
//!
//! At any time at most one notification is due, and each stream must bring it exactly once. A
//! message that is not due, comes twice or differs ends the run in words, and so does a stream that
//! ends or a server that falls silent before all were told.

mod notice;
mod open;
mod stage;

use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use mcpring::ring::{self, Choice, Completion, Driver, Lease, Op, RingConfig};
use mcpring::slot::Slot;

pub use notice::Notice;
pub use stage::Stage;

use crate::dial::Stream;
use crate::fault::{Fault, excerpt};
use crate::incoming::Incoming;
use crate::target::{Era, Target};

/// Silence after which a server that owes something is given up.
const SILENCE: Duration = Duration::from_secs(10);
/// Longest wait of one turn.
const TURN: Duration = Duration::from_millis(100);
/// Time for all connections to close in good order.
const CLOSING: Duration = Duration::from_secs(5);

/// All the streams, and what is due on them.
pub struct Audience {
    driver: Box<dyn Driver>,
    listeners: Vec<Listener>,
    /// Slot index to listener.
    places: Vec<Option<u32>>,
    completions: Vec<Completion>,
    due: Due,
    closing: bool,
    closed: usize,
    heard: Instant,
}

/// One stream.
struct Listener {
    slot: Slot,
    incoming: Incoming,
    told: bool,
}

/// What is due, and how many still wait for it.
struct Due {
    notice: Option<Notice>,
    waiting: usize,
}

impl Audience {
    /// Opens `count` streams that listen to `uris`; none of them has anything due.
    pub fn open(
        target: &Target,
        count: usize,
        uris: &[&str],
        driver: Choice,
    ) -> Result<Self, Fault> {
        let config =
            RingConfig { connections_max: 1, adoptions_max: count, ..RingConfig::default() };
        let (driver, _) =
            ring::open(driver, &config).map_err(|error| Fault::Invalid(error.to_string()))?;
        let mut audience = Self {
            driver,
            listeners: Vec::with_capacity(count),
            places: Vec::new(),
            completions: Vec::new(),
            due: Due { notice: None, waiting: 0 },
            closing: false,
            closed: 0,
            heard: Instant::now(),
        };
        for number in 0..count {
            audience.seat(open::open(target, number, uris)?, target.era)?;
        }
        audience.due.notice = None;
        Ok(audience)
    }

    /// Adds one stream and waits until it is open.
    fn seat(&mut self, stream: Stream, era: Era) -> Result<(), Fault> {
        let adopted = self.driver.adopt_socket(OwnedFd::from(stream));
        let slot = adopted.map_err(|error| Fault::Invalid(format!("adopt a socket: {error}")))?;
        let (index, place) = (self.listeners.len(), slot.index as usize);
        if self.places.len() <= place {
            self.places.resize(place + 1, None);
        }
        self.places[place] = Some(index as u32);
        let incoming = Incoming::default();
        self.listeners.push(Listener { slot, incoming, told: false });
        self.due.waiting = usize::from(era == Era::Stateless);
        if self.due.waiting > 0 && self.due.notice.is_none() {
            self.due.notice = Some(Notice::acknowledged());
        }
        self.heard = Instant::now();
        self.submit(Op::Receive { slot })?;
        while self.listeners[index].incoming.status().is_none() || self.due.waiting > 0 {
            self.turn(TURN)?;
        }
        let incoming = &self.listeners[index].incoming;
        if incoming.status() == Some(200) && incoming.is_stream() {
            return Ok(());
        }
        let head = excerpt(incoming.head());
        Err(Fault::Target(format!("a stream was asked for and refused: {head}")))
    }

    /// Streams held.
    pub fn len(&self) -> usize {
        self.listeners.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.listeners.is_empty()
    }

    /// From now on each stream owes `notice` once.
    pub fn expect(&mut self, notice: Notice) {
        self.listeners.iter_mut().for_each(|listener| listener.told = false);
        self.due = Due { notice: Some(notice), waiting: self.listeners.len() };
        self.heard = Instant::now();
    }

    /// Reads until every stream brought what is due. Looks again and again instead of sleeping:
    /// over loopback the server would pay for each time it wakes this thread, which over a network
    /// it does not.
    pub fn wait(&mut self) -> Result<(), Fault> {
        while self.due.waiting > 0 {
            self.turn(Duration::ZERO)?;
        }
        Ok(())
    }

    /// Reads for a while in which nothing is due.
    pub fn rest(&mut self, time: Duration) -> Result<(), Fault> {
        let until = Instant::now() + time;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            self.turn(left.min(TURN))?;
        }
    }

    /// Closes every stream and waits until the kernel has.
    pub fn close(mut self) -> Result<(), Fault> {
        self.closing = true;
        for index in 0..self.listeners.len() {
            let slot = self.listeners[index].slot;
            self.submit(Op::Close { slot })?;
        }
        let until = Instant::now() + CLOSING;
        while self.closed < self.listeners.len() && Instant::now() < until {
            self.turn(TURN)?;
        }
        Ok(())
    }

    fn submit(&mut self, op: Op) -> Result<(), Fault> {
        self.driver.submit(op).map_err(|error| Fault::Invalid(error.to_string()))
    }

    fn turn(&mut self, timeout: Duration) -> Result<(), Fault> {
        let mut completions = std::mem::take(&mut self.completions);
        let waited = self.driver.wait(Some(timeout), &mut completions);
        waited.map_err(|error| Fault::Invalid(error.to_string()))?;
        if !completions.is_empty() {
            self.heard = Instant::now();
        } else if self.heard.elapsed() > SILENCE && !self.closing {
            self.is_silent()?;
        }
        for completion in completions.drain(..) {
            self.complete(completion)?;
        }
        self.completions = completions;
        Ok(())
    }

    fn is_silent(&self) -> Result<(), Fault> {
        let (waiting, seconds) = (self.due.waiting, SILENCE.as_secs());
        let unopened = self.listeners.last().is_some_and(|last| last.incoming.status().is_none());
        if waiting == 0 && !unopened {
            return Ok(());
        }
        let of = self.listeners.len();
        Err(Fault::Target(format!("{waiting} of {of} not told after {seconds} s of silence")))
    }

    fn complete(&mut self, completion: Completion) -> Result<(), Fault> {
        match completion {
            Completion::Received { slot, lease } => self.received(slot, &lease),
            Completion::Ended { fault, .. } if !self.closing => {
                let why = fault.map_or_else(String::new, |fault| format!(" ({fault})"));
                Err(Fault::Target(format!("the server closed a stream{why}")))
            }
            Completion::Closed { .. } => {
                self.closed += 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn received(&mut self, slot: Slot, lease: &Lease) -> Result<(), Fault> {
        let place = self.places.get(slot.index as usize).copied().flatten();
        let Some(listener) = place.map(|place| &mut self.listeners[place as usize]) else {
            return Ok(());
        };
        if self.closing || listener.slot != slot {
            return Ok(());
        }
        let (due, told) = (&mut self.due, &mut listener.told);
        let bytes = &lease.padded()[..lease.len()];
        listener.incoming.feed(bytes, &mut |message| due.told(message, told))?;
        if listener.incoming.has_ended() && listener.incoming.is_stream() {
            return Err(Fault::Target("the server ended a stream".into()));
        }
        Ok(())
    }
}

impl Due {
    /// Takes `message` as what is due to a listener, who was `told` already or not.
    fn told(&mut self, message: &[u8], told: &mut bool) -> Result<(), Fault> {
        let what = match self.notice.as_mut().map(|notice| notice.is(message)) {
            Some(true) if !*told => {
                *told = true;
                self.waiting -= 1;
                return Ok(());
            }
            Some(true) => "a notification came twice",
            Some(false) => "another notification was due than",
            None => "nothing was due when this came",
        };
        Err(Fault::Target(format!("{what}: {}", excerpt(message))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn updated(uri: &str) -> Vec<u8> {
        let method = "notifications/resources/updated";
        format!(r#"{{"jsonrpc":"2.0","method":"{method}","params":{{"uri":"{uri}"}}}}"#).into()
    }

    /// Says `messages` to two listeners, each by its number; `want` is how many still wait, or what
    /// is wrong.
    fn check(notice: Option<&str>, messages: &[(usize, &str)], want: Result<usize, &str>) {
        let waiting = if notice.is_some() { 2 } else { 0 };
        let mut due = Due { notice: notice.map(Notice::updated), waiting };
        let mut told = [false; 2];
        let mut said = messages.iter().map(|(who, uri)| due.told(&updated(uri), &mut told[*who]));
        let got = said.find_map(Result::err);
        match (want, got) {
            (Ok(waiting), None) => assert_eq!(due.waiting, waiting, "{messages:?}"),
            (Err(text), Some(fault)) => assert!(fault.to_string().starts_with(text), "{fault}"),
            (want, got) => panic!("{messages:?}: {got:?} instead of {want:?}"),
        }
    }

    #[test]
    fn each_listener_is_told_once_and_of_nothing_else() {
        check(Some("a:1"), &[(0, "a:1")], Ok(1));
        check(Some("a:1"), &[(1, "a:1"), (0, "a:1")], Ok(0));
        check(Some("a:1"), &[(0, "a:1"), (0, "a:1")], Err("a notification came twice"));
        check(Some("a:1"), &[(0, "a:1"), (1, "a:2")], Err("another notification was due"));
        check(None, &[(0, "a:1")], Err("nothing was due"));
    }
}
