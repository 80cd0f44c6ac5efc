//! One table of scenarios, run on both drivers: whatever holds on `io_uring` holds on epoll.
//!
//! A scenario talks to a [`Rig`], which plays the owner of the connections and checks the contract
//! at each completion. Peers are std sockets, in threads where they must block. Nothing sleeps.

mod buffers;
mod connections;
mod pipes;
mod pitfalls;
mod sockets;

use std::collections::{HashMap, HashSet};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::{Choice, Completion, Driver, Lease, Op, RingConfig, SendBuf, open};
use crate::error::SystemError;
use crate::slot::Slot;

/// Longest any scenario may go without getting what it waits for.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes one test for each driver of each scenario.
macro_rules! scenarios {
    ($($name:ident $(with $config:expr)?;)*) => {
        mod uring {
            #[allow(unused_imports, reason = "only some tables change the configuration")]
            use super::*;
            $(#[test] fn $name() {
                crate::ring::tests::check(crate::ring::Choice::Uring, scenarios!(@config $($config)?), super::$name);
            })*
        }
        mod epoll {
            #[allow(unused_imports, reason = "only some tables change the configuration")]
            use super::*;
            $(#[test] fn $name() {
                crate::ring::tests::check(crate::ring::Choice::Epoll, scenarios!(@config $($config)?), super::$name);
            })*
        }
    };
    (@config) => { &crate::ring::RingConfig::default() };
    (@config $config:expr) => { &$config };
}
use scenarios;

/// Runs `scenario` on the driver `choice` names, then checks that everything came home.
fn check(choice: Choice, config: &RingConfig, scenario: fn(&mut Rig)) {
    let driver = match open(choice, config) {
        Ok((driver, _)) => driver,
        // Sandboxes refuse io_uring; a machine that must have it says so.
        Err(fault) if std::env::var_os("MCPRING_URING_REQUIRED").is_none() => {
            eprintln!("skipped: {fault}");
            return;
        }
        Err(fault) => panic!("{fault}"),
    };
    let mut rig = Rig::new(driver);
    scenario(&mut rig);
    rig.finish();
}

/// What the owner of one connection has seen.
#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    #[allow(clippy::option_option, reason = "ended or not, and why if not in good order")]
    ended: Option<Option<SystemError>>,
    is_left: bool,
    sent: Vec<(SendBuf, Option<SystemError>)>,
}

/// A driver and the owner of its connections.
struct Rig {
    driver: Box<dyn Driver>,
    seen: HashMap<Slot, Seen>,
    accepted: Vec<(u16, Slot)>,
    closed: HashSet<Slot>,
    woken: usize,
    /// Whether leases are held instead of dropped.
    holds: bool,
    held: Vec<Lease>,
    completions: Vec<Completion>,
}

impl Rig {
    fn new(driver: Box<dyn Driver>) -> Self {
        Self {
            driver,
            seen: HashMap::new(),
            accepted: Vec::new(),
            closed: HashSet::new(),
            woken: 0,
            holds: false,
            held: Vec::new(),
            completions: Vec::new(),
        }
    }

    fn own(&mut self, slot: Slot) -> Slot {
        let is_new = self.seen.insert(slot, Seen::default()).is_none();
        assert!(is_new, "{slot:?} was never given out before");
        slot
    }

    /// A connection to the peer returned, receiving.
    fn pair(&mut self) -> (Slot, UnixStream) {
        let (ours, peer) = UnixStream::pair().expect("a socket pair");
        let slot = self.driver.adopt_socket(ours.into()).expect("adopted");
        self.own(slot);
        self.submit(Op::Receive { slot });
        (slot, peer)
    }

    /// Listens on a port the system picks.
    fn listen(&mut self, number: u16) -> SocketAddr {
        let socket = TcpListener::bind("127.0.0.1:0").expect("bound");
        let address = socket.local_addr().expect("an address");
        self.driver.listen(socket.into(), number).expect("listening");
        address
    }

    /// Connects to `address` and waits until that was accepted. Receives.
    fn connect(&mut self, address: SocketAddr) -> (Slot, TcpStream) {
        let before = self.accepted.len();
        let peer = TcpStream::connect(address).expect("connected");
        self.until("an accept", |rig| rig.accepted.len() > before);
        let slot = self.accepted[before].1;
        self.submit(Op::Receive { slot });
        (slot, peer)
    }

    fn submit(&mut self, op: Op) {
        self.driver.submit(op).expect("room in the queue");
    }

    fn send(&mut self, slot: Slot, bytes: &[u8]) {
        self.submit(Op::Send { slot, buf: SendBuf { bytes: bytes.to_vec(), start: 0 } });
    }

    /// Sends all of `bytes`, going on after each short send.
    fn send_all(&mut self, slot: Slot, bytes: &[u8]) {
        let mut buf = SendBuf { bytes: bytes.to_vec(), start: 0 };
        while !buf.unsent().is_empty() {
            self.submit(Op::Send { slot, buf });
            self.until("a send", |rig| !rig.seen[&slot].sent.is_empty());
            let (back, fault) = self.see(slot).sent.remove(0);
            assert_eq!(fault, None);
            buf = back;
        }
        assert_eq!(buf.bytes, bytes, "the same bytes come back");
    }

    fn see(&mut self, slot: Slot) -> &mut Seen {
        self.seen.get_mut(&slot).expect("a slot of ours")
    }

    fn close(&mut self, slot: Slot) {
        self.submit(Op::Close { slot });
        self.until("a close", |rig| rig.closed.contains(&slot));
    }

    /// One wait; every completion is checked against what its slot has been through.
    fn turn(&mut self, timeout: Option<Duration>) {
        let mut completions = std::mem::take(&mut self.completions);
        self.driver.wait(timeout, &mut completions).expect("a wait");
        for completion in completions.drain(..) {
            self.take(completion);
        }
        self.completions = completions;
    }

    fn take(&mut self, completion: Completion) {
        match completion {
            Completion::Accepted { listener, slot } => {
                self.own(slot);
                self.accepted.push((listener, slot));
            }
            Completion::Received { slot, lease } => {
                let seen = self.live(slot);
                assert_eq!(seen.ended, None, "nothing follows the end");
                assert!(!lease.is_empty());
                assert_eq!(lease.padded().len(), lease.len() + crate::limits::SLACK_BYTES);
                seen.bytes.extend_from_slice(lease.bytes());
                if self.holds {
                    self.held.push(lease);
                }
            }
            Completion::Ended { slot, fault } => {
                let before = self.live(slot).ended.replace(fault);
                assert_eq!(before, None, "ended once");
            }
            Completion::Left { slot } => {
                let seen = self.live(slot);
                assert_eq!(seen.ended, Some(None), "left behind the end");
                assert!(!std::mem::replace(&mut seen.is_left, true), "left once");
            }
            Completion::Sent { slot, buf, fault } => self.live(slot).sent.push((buf, fault)),
            Completion::Closed { slot } => {
                self.live(slot);
                self.closed.insert(slot);
            }
            Completion::Woken => self.woken += 1,
        }
    }

    fn live(&mut self, slot: Slot) -> &mut Seen {
        assert!(!self.closed.contains(&slot), "nothing follows Closed of {slot:?}");
        self.see(slot)
    }

    fn until(&mut self, what: &str, mut done: impl FnMut(&mut Self) -> bool) {
        let start = Instant::now();
        while !done(self) {
            assert!(start.elapsed() < PATIENCE, "waited in vain for {what}");
            self.turn(Some(PATIENCE));
        }
    }

    /// Waits until `slot` has received exactly `want`.
    fn until_received(&mut self, slot: Slot, want: &[u8]) {
        self.until("bytes", |rig| rig.seen[&slot].bytes.len() >= want.len());
        assert!(self.seen[&slot].bytes == want, "the bytes sent, in order");
    }

    /// A round trip of another connection: what was submitted before has taken effect after it.
    fn settle(&mut self) {
        let (slot, mut peer) = self.pair();
        peer.write_all(b"settle").expect("written");
        self.until_received(slot, b"settle");
        self.close(slot);
    }

    /// Checks that waits last: a driver that spins comes back at once, again and again.
    fn rests(&mut self) {
        let start = Instant::now();
        for _ in 0..10 {
            self.turn(Some(Duration::from_millis(3)));
        }
        let rested = start.elapsed();
        assert!(rested > Duration::from_millis(15), "ten waits took only {rested:?}");
    }

    /// Closes what is open, and checks that all leases came home.
    fn finish(mut self) {
        self.driver.unlisten();
        let open: Vec<Slot> =
            self.seen.keys().filter(|slot| !self.closed.contains(slot)).copied().collect();
        for slot in &open {
            self.submit(Op::Close { slot: *slot });
        }
        self.until("all closes", |rig| open.iter().all(|slot| rig.closed.contains(slot)));
        self.held.clear();
        self.turn(Some(Duration::ZERO));
        let stats = self.driver.stats();
        assert_eq!((stats.open, stats.leases_lent), (0, 0), "all came home: {stats:?}");
        assert_eq!(stats.closes, self.closed.len() as u64);
    }
}

/// Bytes in which a lost, doubled or swapped piece shows.
fn pattern(len: usize) -> Vec<u8> {
    (0..len as u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect()
}

/// Reads until the end.
fn read_all(mut from: impl Read) -> Vec<u8> {
    let mut bytes = Vec::new();
    from.read_to_end(&mut bytes).expect("read to the end");
    bytes
}

/// Room for few connections and few, small buffers.
fn small() -> RingConfig {
    RingConfig {
        connections_max: 8,
        adoptions_max: 8,
        buffer_bytes: 256,
        buffer_count: 8,
        leases_low_water: 0,
        receive_credit: 4,
        ..RingConfig::default()
    }
}
