//! The epoll driver: the same contract where `io_uring` is refused, by plain system calls.
//!
//! Descriptors are watched edge-triggered and registered once, so a pause, a want of buffers or a
//! spent credit costs no system call: the record remembers that bytes are there. A wait goes: try
//! the sends, finish the closes, ask epoll, then read what is ready, each connection at most once
//! and at most its credit.

mod accept;
mod ends;
mod transfer;

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use self::accept::Listener;
use self::ends::{End, Ends};
use super::buffers::Pool;
use super::table::Table;
use super::token::{Kind, Token};
use super::{Completion, Driver, DriverKind, DriverStats, Op, RingConfig, SendBuf, Waker, sys};
use crate::error::{LimitError, SystemError};
use crate::slot::Slot;

/// Events taken from the kernel in one wait.
const EVENTS_PER_WAIT: usize = 1024;
/// What a socket is watched for.
const SOCKET_EVENTS: libc::c_int = libc::EPOLLIN | libc::EPOLLRDHUP | libc::EPOLLET;
/// Events after which a read finds the end or a fault, however short the one before.
const END_EVENTS: libc::c_int = libc::EPOLLRDHUP | libc::EPOLLHUP | libc::EPOLLERR;

/// One shard's epoll instance and connections.
pub(super) struct Epoll {
    instance: OwnedFd,
    pool: Pool,
    waker: Waker,
    records: Table<Record>,
    /// Places used before and free again.
    vacant: Vec<u32>,
    listeners: Vec<Listener>,
    /// Connections with bytes to read that their owner wants.
    reads: VecDeque<Slot>,
    /// Connections with a send to try.
    sends: Vec<Slot>,
    closes: Vec<Slot>,
    /// Connections whose peer has ended its side since the last wait.
    ended: Vec<Slot>,
    /// Some listener may have to be resumed.
    accepts_due: bool,
    accepted: usize,
    adopted: usize,
    pending: Vec<Completion>,
    events: Vec<libc::epoll_event>,
    config: RingConfig,
    stats: DriverStats,
}

/// One connection.
#[allow(clippy::struct_excessive_bools, reason = "independent facts: any set of them occurs")]
struct Record {
    ends: Ends,
    is_adopted: bool,
    is_closing: bool,
    /// The owner wants bytes.
    is_wanted: bool,
    /// Bytes, the end or a fault are there to be read.
    is_readable: bool,
    /// In the list of reads.
    is_queued: bool,
    /// The peer has ended its side, behind whatever bytes are left.
    is_hung_up: bool,
    /// The peer has closed the whole connection.
    is_left: bool,
    /// The owner was told that nothing more will arrive.
    is_ended: bool,
    /// A send found no room; epoll tells when there is some.
    is_stuck: bool,
    send: Option<SendBuf>,
}

impl Record {
    fn new(ends: Ends, is_adopted: bool) -> Self {
        Self {
            ends,
            is_adopted,
            is_closing: false,
            is_wanted: false,
            is_readable: false,
            is_queued: false,
            is_hung_up: false,
            is_left: false,
            is_ended: false,
            is_stuck: false,
            send: None,
        }
    }
}

impl Epoll {
    /// Sets everything up.
    pub(super) fn new(config: &RingConfig) -> Result<Self, SystemError> {
        let instance = sys::epoll_create()?;
        let waker = Waker::new()?;
        // Edge-triggered: each write is a new edge, so nobody has to read the count back.
        let (event, token) = (waker.descriptor(), Token::own(Kind::Wake, 0).pack());
        let events = libc::EPOLLIN | libc::EPOLLET;
        sys::epoll_control(&instance, libc::EPOLL_CTL_ADD, event, events, token)?;
        let mut driver = Self {
            instance,
            pool: Pool::new(config, waker.clone())?,
            waker,
            records: Table::new(),
            vacant: Vec::new(),
            listeners: Vec::new(),
            reads: VecDeque::new(),
            sends: Vec::new(),
            closes: Vec::new(),
            ended: Vec::new(),
            accepts_due: false,
            accepted: 0,
            adopted: 0,
            pending: Vec::new(),
            events: vec![libc::epoll_event { events: 0, u64: 0 }; EVENTS_PER_WAIT],
            config: config.clone(),
            stats: DriverStats::default(),
        };
        driver.read_gauges();
        Ok(driver)
    }

    fn note_stale(&mut self) {
        self.stats.stale += 1;
    }

    /// Gives a new connection a place.
    fn open(&mut self, record: Record) -> Slot {
        let index = self.vacant.pop().unwrap_or(self.records.len() as u32);
        self.stats.open += 1;
        self.records.open(index, record)
    }

    /// The place the next [`Epoll::open`] will give, for registering before opening.
    fn next_slot(&self) -> Slot {
        let index = self.vacant.last().copied().unwrap_or(self.records.len() as u32);
        self.records.next_user(index)
    }

    fn control(
        &mut self,
        operation: libc::c_int,
        fd: libc::c_int,
        events: libc::c_int,
        token: Token,
    ) -> Result<(), SystemError> {
        self.stats.enters += 1;
        sys::epoll_control(&self.instance, operation, fd, events, token.pack())
    }

    fn may_adopt(&self) -> Result<(), SystemError> {
        if self.adopted < self.config.adoptions_max {
            return Ok(());
        }
        Err(SystemError::new("adopt", libc::ENFILE))
    }

    /// Asks epoll once: blocks only when nothing is there to be reported or read.
    fn ask(&mut self, timeout: Option<Duration>) -> Result<usize, SystemError> {
        // Without a free buffer, reading waits for one to come back: `starve` has it wake us.
        let is_starved = !self.reads.is_empty() && self.pool.is_dry() && self.pool.starve();
        self.stats.enobufs += u64::from(is_starved);
        let can_read = !self.reads.is_empty() && !is_starved;
        let may_block = self.pending.is_empty() && !can_read && timeout != Some(Duration::ZERO);
        // `sleep` last: it is a promise to block, and tells wakers to make a system call.
        let timeout_ms = if may_block && self.waker.sleep() {
            match (timeout, self.accept_patience()) {
                (Some(timeout), Some(retry)) => milliseconds(timeout.min(retry)),
                (timeout, retry) => timeout.or(retry).map_or(-1, milliseconds),
            }
        } else {
            0
        };
        self.stats.enters += 1;
        match sys::epoll_wait(&self.instance, &mut self.events, timeout_ms) {
            Err(fault) if fault.errno == libc::EINTR => Ok(0),
            asked => asked,
        }
    }

    fn handle(&mut self, events: libc::c_int, word: u64) {
        let Some(token) = Token::unpack(word) else {
            return self.note_stale();
        };
        match token.kind {
            Kind::Accept => self.on_accept(token.slot.index),
            Kind::Receive => self.on_ready(token.slot, events),
            Kind::Send => self.on_room(token.slot),
            // The waker itself says whether it was used.
            _ => {}
        }
    }

    fn read_gauges(&mut self) {
        let lent = self.pool.lent() as u64;
        self.stats.leases_lent = lent;
        self.stats.leases_free = self.pool.count() as u64 - lent;
        (self.stats.copies, self.stats.bytes_copied) = self.pool.copied();
    }
}

/// Rounded up: a wait must not end before its time and then spin.
fn milliseconds(time: Duration) -> libc::c_int {
    libc::c_int::try_from(time.as_nanos().div_ceil(1_000_000)).unwrap_or(libc::c_int::MAX)
}

impl Driver for Epoll {
    fn kind(&self) -> DriverKind {
        DriverKind::Epoll
    }

    fn listen(&mut self, socket: OwnedFd, listener: u16) -> Result<(), SystemError> {
        sys::set_nonblocking(socket.as_raw_fd(), true)?;
        let token = Token::own(Kind::Accept, self.listeners.len() as u32);
        self.control(libc::EPOLL_CTL_ADD, socket.as_raw_fd(), libc::EPOLLIN, token)?;
        self.listeners.push(Listener::new(socket, listener));
        Ok(())
    }

    fn unlisten(&mut self) {
        self.end_accepts();
    }

    fn adopt_socket(&mut self, socket: OwnedFd) -> Result<Slot, SystemError> {
        self.may_adopt()?;
        sys::set_nonblocking(socket.as_raw_fd(), true)?;
        let token = Token::new(Kind::Receive, self.next_slot());
        self.control(libc::EPOLL_CTL_ADD, socket.as_raw_fd(), SOCKET_EVENTS, token)?;
        self.adopted += 1;
        Ok(self.open(Record::new(Ends::Socket(socket), true)))
    }

    fn adopt_pipe(&mut self, read: OwnedFd, write: OwnedFd) -> Result<Slot, SystemError> {
        self.may_adopt()?;
        sys::block_broken_pipe_signal();
        let (mut read, write) = (End::new(read), End::new(write));
        let token = Token::new(Kind::Receive, self.next_slot());
        if !read.is_file() {
            let events = libc::EPOLLIN | libc::EPOLLET;
            match self.control(libc::EPOLL_CTL_ADD, read.raw(), events, token) {
                Ok(()) => read.is_registered = true,
                Err(fault) if fault.errno == libc::EPERM => read.treat_as_file(),
                Err(fault) => return Err(fault),
            }
        }
        let is_file = read.is_file();
        let mut record = Record::new(Ends::Pipe(Box::new((read, write))), true);
        // A file is always ready, and nothing will ever say so.
        record.is_readable = is_file;
        self.adopted += 1;
        Ok(self.open(record))
    }

    fn submit(&mut self, op: Op) -> Result<(), LimitError> {
        match op {
            Op::Receive { slot } => self.receive(slot),
            Op::Pause { slot } => self.pause(slot),
            Op::Send { slot, buf } => return self.send(slot, buf),
            Op::Close { slot } => self.close(slot),
        }
        Ok(())
    }

    fn wait(
        &mut self,
        timeout: Option<Duration>,
        completions: &mut Vec<Completion>,
    ) -> Result<(), SystemError> {
        self.pool.collect();
        self.try_sends();
        self.finish_closes();
        self.tell_of_left();
        self.resume_accepts();
        let asked = self.ask(timeout);
        let woken = self.waker.rise();
        for at in 0..asked? {
            let event = self.events[at];
            self.handle(event.events as libc::c_int, event.u64);
        }
        self.try_sends();
        self.try_reads();
        completions.append(&mut self.pending);
        if woken {
            self.stats.wakes += 1;
            completions.push(Completion::Woken);
        }
        self.read_gauges();
        Ok(())
    }

    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn stats(&self) -> &DriverStats {
        &self.stats
    }
}
