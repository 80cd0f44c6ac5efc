//! A kernel of virtual sockets: the other side of the simulated driver, and the peers' side.
//!
//! It keeps the promises a real one keeps (bytes of one socket stay in order, a close is the last
//! word of a slot, a buffer comes back with its op) and no others: everything else is thrown with
//! dice. What it is asked that a careful owner would not ask, it records as a violation.
//!
//! Nothing is queued ahead: what can complete is decided when the shard waits, so [`Kernel::due`]
//! tells at any time when that is.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::dice::Dice;
use super::faults::Faults;
use crate::error::{LimitError, SystemError};
use crate::ring::{Completion, DriverStats, Op, Pool, RingConfig, SendBuf, Waker};
use crate::slot::Slot;

/// The virtual time in nanoseconds, shared by everything in a world.
pub(super) type Clock = Rc<Cell<u64>>;

const MICROSECOND: u64 = 1000;
/// Bytes the peer may have on their way to the server.
const INBOUND_BYTES_MAX: usize = 16 << 10;
/// How long a refused accept is not tried again.
const ACCEPT_RETRY_US: u64 = 5_000;
/// What a peer lets lie unread in the calm.
pub(super) const CALM_WINDOW: usize = 1 << 20;
/// How long a drought of buffers lasts.
const DROUGHT_US: u64 = 3_000;

/// One connection as the peer sees it.
#[allow(clippy::struct_excessive_bools, reason = "independent facts: any set of them occurs")]
pub(super) struct Link {
    /// Sent by the peer, not received by the server.
    inbound: VecDeque<u8>,
    /// Sent by the server, not read by the peer.
    outbound: VecDeque<u8>,
    /// Most bytes in `outbound`.
    window: usize,
    /// The peer sends no more.
    is_finished: bool,
    /// Nothing goes in either direction any more.
    is_broken: bool,
    /// The server has closed.
    is_closed: bool,
    /// A fault was thrown here: whatever ends the connection now is no surprise.
    pub(super) is_spoiled: bool,
}

/// What a slot's owner and the kernel are at.
struct Record {
    link: usize,
    is_wanted: bool,
    /// Pieces that may still be delivered after a pause.
    late_pieces: u64,
    is_ended: bool,
    is_closing: bool,
    /// Nothing is received before, nothing closed before.
    receive_at: u64,
    close_at: u64,
    send: Option<(SendBuf, u64)>,
}

/// One shard's kernel.
pub(super) struct Kernel {
    clock: Clock,
    dice: Dice,
    pub(super) faults: Faults,
    pool: Pool,
    waker: Waker,
    config: RingConfig,
    links: Vec<Link>,
    rows: Vec<(Slot, Option<Record>)>,
    /// Free places, the one freed last on top: it is given out at once.
    vacant: Vec<u32>,
    /// Connections that wait to be accepted, with their listener.
    arrivals: VecDeque<(u16, usize)>,
    accept_at: u64,
    is_listening: bool,
    /// Buffers that have disappeared, and until when.
    missing: Vec<u16>,
    missing_until: u64,
    pub(super) stats: DriverStats,
    /// Waits and submissions that did something; standing still while turns go on is spinning.
    pub(super) activity: u64,
    /// What the owner of the slots did wrong.
    pub(super) violations: Vec<String>,
}

impl Kernel {
    pub(super) fn new(
        clock: Clock,
        mut dice: Dice,
        pool: Pool,
        waker: Waker,
        config: RingConfig,
    ) -> Self {
        let dice = dice.fork();
        Self {
            clock,
            dice,
            faults: Faults::default(),
            pool,
            waker,
            config,
            links: Vec::new(),
            rows: Vec::new(),
            vacant: Vec::new(),
            arrivals: VecDeque::new(),
            accept_at: 0,
            is_listening: true,
            missing: Vec::new(),
            missing_until: 0,
            stats: DriverStats::default(),
            activity: 0,
            violations: Vec::new(),
        }
    }

    fn later(&mut self) -> u64 {
        let now = self.clock.get();
        if self.dice.chance(self.faults.delays) {
            return now + self.dice.between(1, self.faults.delay_us_max.max(1)) * MICROSECOND;
        }
        now
    }

    // The peers' side.

    /// A peer connects; `window` is how much it lets lie unread. None when nobody listens.
    pub(super) fn connect(&mut self, listener: u16, window: usize) -> Option<usize> {
        if !self.is_listening {
            return None;
        }
        let link = self.links.len();
        self.links.push(Link {
            inbound: VecDeque::new(),
            outbound: VecDeque::new(),
            window: window.max(1),
            is_finished: false,
            is_broken: false,
            is_closed: false,
            is_spoiled: false,
        });
        self.arrivals.push_back((listener, link));
        Some(link)
    }

    /// The peer sends as much of `bytes` as there is room for.
    pub(super) fn write(&mut self, link: usize, bytes: &[u8]) -> usize {
        let now = self.later();
        let Some(peer) = self.links.get_mut(link) else { return 0 };
        if peer.is_closed || peer.is_broken {
            // Sent into the void.
            return bytes.len();
        }
        let was_empty = peer.inbound.is_empty();
        let count = bytes.len().min(INBOUND_BYTES_MAX - peer.inbound.len());
        peer.inbound.extend(&bytes[..count]);
        if was_empty && let Some(record) = self.record_of(link) {
            record.receive_at = record.receive_at.max(now);
        }
        count
    }

    fn record_of(&mut self, link: usize) -> Option<&mut Record> {
        let mut records = self.rows.iter_mut().filter_map(|(_, record)| record.as_mut());
        records.find(|record| record.link == link)
    }

    /// The peer reads at most `most` bytes; the flag says that nothing will follow them.
    pub(super) fn read(&mut self, link: usize, most: usize) -> (Vec<u8>, bool) {
        let peer = &mut self.links[link];
        let count = peer.outbound.len().min(most);
        let bytes = peer.outbound.drain(..count).collect();
        (bytes, (peer.is_closed || peer.is_broken) && peer.outbound.is_empty())
    }

    /// The peer sends no more.
    pub(super) fn finish(&mut self, link: usize) {
        self.links[link].is_finished = true;
    }

    /// The peer is gone all at once.
    pub(super) fn reset(&mut self, link: usize) {
        let peer = &mut self.links[link];
        peer.is_broken = true;
        peer.inbound.clear();
        peer.outbound.clear();
    }

    pub(super) fn link(&self, link: usize) -> &Link {
        &self.links[link]
    }

    // The server's side.

    pub(super) fn stop_listening(&mut self) {
        self.is_listening = false;
    }

    /// Takes an op, as [`crate::ring::Driver::submit`] does.
    pub(super) fn submit(&mut self, op: Op) -> Result<(), LimitError> {
        self.activity += 1;
        let slot = match &op {
            Op::Receive { slot }
            | Op::Pause { slot }
            | Op::Send { slot, .. }
            | Op::Close { slot } => *slot,
        };
        if self.dice.chance(self.faults.refused_submissions) {
            if let (Op::Send { .. }, Some(link)) = (&op, self.record(slot).map(|r| r.link)) {
                // Its bytes are lost with it.
                self.links[link].is_spoiled = true;
            }
            return Err(LimitError("submissions"));
        }
        let at = self.later();
        let late_pieces = self.dice.below(3);
        let Some(record) = self.record(slot) else {
            self.stats.stale += 1;
            return Ok(());
        };
        match op {
            Op::Receive { .. } => {
                record.is_wanted = !record.is_closing;
                record.receive_at = record.receive_at.max(at);
            }
            Op::Pause { .. } if record.is_wanted => {
                record.is_wanted = false;
                record.late_pieces = late_pieces;
            }
            Op::Pause { .. } => {}
            Op::Send { .. } if record.send.is_some() => {
                self.violations.push(format!("a second send in flight on {slot:?}"));
                return Err(LimitError("sends in flight per slot"));
            }
            Op::Send { buf, .. } => {
                if buf.unsent().is_empty() {
                    self.violations.push(format!("a send of nothing on {slot:?}"));
                }
                self.record(slot).expect("looked up above").send = Some((buf, at));
            }
            Op::Close { .. } => {
                record.is_wanted = false;
                record.late_pieces = 0;
                if !record.is_closing {
                    record.is_closing = true;
                    record.close_at = at;
                }
            }
        }
        Ok(())
    }

    fn record(&mut self, slot: Slot) -> Option<&mut Record> {
        let (present, record) = self.rows.get_mut(slot.index as usize)?;
        if *present == slot { record.as_mut() } else { None }
    }

    /// When the next wait has something to report, if ever by itself.
    pub(super) fn due(&mut self) -> Option<u64> {
        let now = self.clock.get();
        if self.waker.is_woken() {
            return Some(now);
        }
        let was_dry = self.pool.is_dry();
        self.pool.collect();
        let is_dry = self.pool.is_dry();
        if was_dry && !is_dry {
            self.violations.push("a buffer came back to a starving shard and woke nobody".into());
        }
        let mut due: Option<u64> = None;
        let mut sooner = |at: u64| due = Some(due.map_or(at, |due| due.min(at)));
        for record in self.rows.iter().filter_map(|(_, record)| record.as_ref()) {
            let link = &self.links[record.link];
            let is_heard = !link.inbound.is_empty() && !is_dry;
            if record.may_receive() && (is_heard || link.has_ended()) {
                sooner(record.receive_at);
            }
            match &record.send {
                Some((_, at)) if record.is_closing => sooner((*at).min(record.close_at)),
                Some((_, at)) if link.is_broken || link.room() > 0 => sooner(*at),
                None if record.is_closing => sooner(record.close_at),
                _ => {}
            }
        }
        if !self.arrivals.is_empty() && self.vacancies() > 0 {
            sooner(self.accept_at);
        }
        if is_dry && !self.missing.is_empty() {
            sooner(self.missing_until);
        }
        due.map(|at| at.max(now))
    }

    /// Reports everything that completes now, as [`crate::ring::Driver::wait`] does.
    pub(super) fn wait(&mut self, completions: &mut Vec<Completion>) {
        let before = completions.len();
        self.pool.collect();
        self.dry_or_wet();
        self.accept(completions);
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        self.dice.shuffle(&mut order);
        for index in order {
            if self.dice.chance(500) {
                self.complete_send(index, completions);
                self.receive(index, completions);
            } else {
                self.receive(index, completions);
                self.complete_send(index, completions);
            }
            self.complete_close(index, completions);
        }
        // A place freed above is given away in the same breath.
        self.accept(completions);
        if self.waker.rise() || self.dice.chance(self.faults.spurious_wakes) {
            completions.push(Completion::Woken);
            self.stats.wakes += 1;
        }
        if self.pool.is_dry() {
            self.pool.starve();
        }
        self.activity += (completions.len() - before) as u64;
        self.read_gauges();
    }

    fn read_gauges(&mut self) {
        let stats = &mut self.stats;
        stats.enters += 1;
        stats.leases_lent = self.pool.lent() as u64;
        stats.leases_free = self.config.buffer_count as u64 - stats.leases_lent;
        (stats.copies, stats.bytes_copied) = self.pool.copied();
    }

    /// Buffers disappear and come back.
    fn dry_or_wet(&mut self) {
        if !self.missing.is_empty() {
            if self.clock.get() >= self.missing_until || self.faults.buffer_droughts == 0 {
                for index in self.missing.drain(..) {
                    self.pool.recycle(index);
                }
            }
        } else if self.dice.chance(self.faults.buffer_droughts) {
            let left = self.dice.below(3) as usize;
            self.missing = std::iter::from_fn(|| self.pool.take()).collect();
            for _ in 0..left.min(self.missing.len()) {
                self.pool.recycle(self.missing.pop().expect("counted"));
            }
            self.missing_until = self.clock.get() + DROUGHT_US * MICROSECOND;
        }
    }

    fn vacancies(&self) -> usize {
        let used = self.rows.iter().filter(|(_, record)| record.is_some()).count();
        self.config.connections_max.saturating_sub(used)
    }

    fn accept(&mut self, completions: &mut Vec<Completion>) {
        while !self.arrivals.is_empty() && self.vacancies() > 0 {
            let now = self.clock.get();
            if now < self.accept_at {
                return;
            }
            if self.dice.chance(self.faults.refused_accepts) {
                self.stats.accept_faults += 1;
                self.stats.accept_pauses += 1;
                self.accept_at = now + ACCEPT_RETRY_US * MICROSECOND;
                return;
            }
            let Some((listener, link)) = self.arrivals.pop_front() else { return };
            let slot = self.open(link);
            completions.push(Completion::Accepted { listener, slot });
        }
    }

    fn open(&mut self, link: usize) -> Slot {
        let index = self.vacant.pop().unwrap_or_else(|| {
            self.rows.push((Slot::new(self.rows.len() as u32, 0), None));
            self.rows.len() as u32 - 1
        });
        let (slot, record) = &mut self.rows[index as usize];
        *slot = slot.next();
        *record = Some(Record {
            link,
            is_wanted: false,
            late_pieces: 0,
            is_ended: false,
            is_closing: false,
            receive_at: 0,
            close_at: 0,
            send: None,
        });
        self.stats.accepts += 1;
        self.stats.open += 1;
        *slot
    }

    /// Receives on one connection, at most its credit.
    fn receive(&mut self, index: usize, completions: &mut Vec<Completion>) {
        for _ in 0..self.config.receive_credit {
            let now = self.clock.get();
            let (slot, Some(record)) = &mut self.rows[index] else { return };
            if !record.may_receive() || now < record.receive_at {
                return;
            }
            let slot = *slot;
            let link = &mut self.links[record.link];
            let fails = !link.inbound.is_empty() && self.dice.chance(self.faults.failed_receives);
            if fails {
                link.is_spoiled = true;
                link.is_broken = true;
            }
            if link.has_ended() {
                record.is_ended = true;
                let fault = link.is_broken.then_some(SystemError::new("recv", libc::ECONNRESET));
                return completions.push(Completion::Ended { slot, fault });
            }
            if link.inbound.is_empty() {
                return;
            }
            if !record.is_wanted {
                record.late_pieces -= 1;
            }
            let Some(buffer) = self.pool.take() else {
                self.stats.enobufs += 1;
                return;
            };
            let count = self.portion(index, buffer);
            let lease = self.pool.lend(buffer, count);
            self.stats.receives += 1;
            self.stats.bytes_received += count as u64;
            completions.push(Completion::Received { slot, lease });
            let at = self.later();
            if let (_, Some(record)) = &mut self.rows[index] {
                record.receive_at = at;
            }
        }
        self.stats.credits_spent += 1;
    }

    /// Fills a buffer, whole or in part; what lies behind the bytes is made worthless.
    fn portion(&mut self, index: usize, buffer: u16) -> usize {
        let (_, Some(record)) = &self.rows[index] else { return 0 };
        let inbound = &mut self.links[record.link].inbound;
        let most = inbound.len().min(self.config.buffer_bytes);
        let count = if self.dice.chance(self.faults.one_byte_receives) {
            1
        } else if self.dice.chance(self.faults.short_receives) {
            self.dice.between(1, most as u64) as usize
        } else {
            most
        };
        self.pool.fill(buffer, |bytes| {
            bytes.fill(0xA5);
            for (byte, sent) in bytes.iter_mut().zip(inbound.drain(..count)) {
                *byte = sent;
            }
        });
        count
    }

    fn complete_send(&mut self, index: usize, completions: &mut Vec<Completion>) {
        let now = self.clock.get();
        let (slot, Some(record)) = &mut self.rows[index] else { return };
        let Some((_, at)) = &record.send else { return };
        let at = if record.is_closing { (*at).min(record.close_at) } else { *at };
        let link = &mut self.links[record.link];
        if now < at || (link.room() == 0 && !link.is_broken && !record.is_closing) {
            return;
        }
        if !link.is_broken && self.dice.chance(self.faults.failed_sends) {
            link.is_spoiled = true;
            link.is_broken = true;
        }
        let Some((mut buf, _)) = record.send.take() else { return };
        let mut fault = None;
        if link.is_broken {
            fault =
                Some(SystemError::new("send", self.dice.pick(&[libc::EPIPE, libc::ECONNRESET])));
        } else if record.is_closing && (link.room() == 0 || self.dice.chance(500)) {
            fault = Some(SystemError::new("send", libc::ECANCELED));
        } else {
            let most = buf.unsent().len().min(link.room()).min(self.config.send_bytes_max);
            let count = if self.dice.chance(self.faults.one_byte_sends) {
                most.min(1)
            } else if self.dice.chance(self.faults.short_sends) {
                self.dice.between(1, most.max(1) as u64) as usize
            } else {
                most
            };
            link.outbound.extend(&buf.unsent()[..count]);
            buf.start += count;
            self.stats.bytes_sent += count as u64;
        }
        self.stats.sends += 1;
        completions.push(Completion::Sent { slot: *slot, buf, fault });
    }

    fn complete_close(&mut self, index: usize, completions: &mut Vec<Completion>) {
        let (slot, row) = &mut self.rows[index];
        let is_due = row.as_ref().is_some_and(|record| {
            record.is_closing && record.send.is_none() && record.close_at <= self.clock.get()
        });
        if !is_due {
            return;
        }
        let Some(record) = row.take() else { return };
        self.links[record.link].is_closed = true;
        self.stats.closes += 1;
        self.stats.open -= 1;
        self.vacant.push(slot.index);
        completions.push(Completion::Closed { slot: *slot });
        // A place is free: a refused accept is tried again at once.
        self.accept_at = 0;
    }

    /// Makes time stop for nothing: what was put off happens now.
    pub(super) fn calm_down(&mut self) {
        self.faults = Faults::default();
        self.accept_at = 0;
        for link in &mut self.links {
            link.window = CALM_WINDOW;
        }
    }

    /// Whether every buffer can be lent to workers at once.
    pub(super) fn may_starve(&self) -> bool {
        self.config.leases_low_water == 0
    }

    /// Buffers lent to the shard.
    pub(super) fn lent(&self) -> usize {
        self.pool.collect();
        self.pool.lent()
    }
}

impl Record {
    fn may_receive(&self) -> bool {
        !self.is_ended && !self.is_closing && (self.is_wanted || self.late_pieces > 0)
    }
}

impl Link {
    /// The server has closed.
    pub(super) fn is_closed(&self) -> bool {
        self.is_closed
    }

    /// Nothing more will come from the peer than what is here.
    fn has_ended(&self) -> bool {
        self.is_broken || (self.is_finished && self.inbound.is_empty())
    }

    fn room(&self) -> usize {
        self.window - self.outbound.len().min(self.window)
    }
}
