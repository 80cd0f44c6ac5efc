//! The `io_uring` driver: standing accepts and receives, provided buffers, direct descriptors.
//!
//! `queue` is the pair of rings, `provide` the ring of buffers, `record` the table of connections;
//! `accept`, `receive` and `send` each handle their ops both ways. A wait goes: take buffers back,
//! start again what ended, enter the kernel once, copy the completions out, handle them. Handling
//! may queue further ops but never enters the kernel.

mod accept;
mod files;
#[cfg(test)]
pub(super) mod interference;
mod provide;
mod queue;
mod receive;
mod record;
mod send;

use std::collections::VecDeque;
use std::os::fd::{AsRawFd, OwnedFd};
use std::time::Duration;

use io_uring::{Probe, opcode, types};

use self::accept::Listener;
use self::files::Files;
use self::provide::BufferRing;
use self::queue::{Answer, Queue};
use self::record::{PipeEnds, Record};
use super::buffers::Pool;
use super::table::Table;
use super::token::{Kind, Token};
use super::{Completion, Driver, DriverKind, DriverStats, Op, RingConfig, Waker, sys};
use crate::error::{LimitError, SystemError};
use crate::limits;
use crate::slot::Slot;

/// One shard's `io_uring`. Fields are dropped in this order: the ring first, then what it points to.
pub(super) struct Uring {
    queue: Queue,
    buffer_ring: BufferRing,
    pool: Pool,
    waker: Waker,
    /// Where the kernel puts the eventfd's count.
    wake_word: Box<u64>,
    records: Table<Record>,
    files: Files,
    listeners: Vec<Listener>,
    /// Receives to start at the next wait.
    queued: Vec<Slot>,
    /// Receives to start when buffers are back, longest waiting first.
    starved: VecDeque<Slot>,
    /// Some listener may have to be started.
    accepts_due: bool,
    /// Connections accepted and not yet closed.
    accepted: usize,
    /// Completions made between waits.
    pending: Vec<Completion>,
    answers: Vec<Answer>,
    turn: u32,
    buffer_bytes: u32,
    receive_credit: u32,
    send_bytes_max: usize,
    can_read_standing: bool,
    stats: DriverStats,
}

impl Uring {
    /// Sets everything up; an error names the call the kernel refused.
    pub(super) fn new(config: &RingConfig) -> Result<Self, SystemError> {
        let queue = Queue::new(config)?;
        let waker = Waker::new()?;
        let pool = Pool::new(config, waker.clone())?;
        let mut buffer_ring = BufferRing::new(&queue, &pool, config.buffer_bytes)?;
        buffer_ring.refill(&pool);
        let files = Files::new(&queue, config, waker.descriptor())?;
        let can_read_standing = has_standing_reads(&queue);
        let mut driver = Self {
            queue,
            buffer_ring,
            pool,
            waker,
            wake_word: Box::new(0),
            records: Table::new(),
            files,
            listeners: Vec::new(),
            queued: Vec::new(),
            starved: VecDeque::new(),
            accepts_due: false,
            accepted: 0,
            pending: Vec::new(),
            answers: Vec::new(),
            turn: 0,
            buffer_bytes: config.buffer_bytes as u32,
            receive_credit: config.receive_credit.max(1) as u32,
            send_bytes_max: config.send_bytes_max,
            can_read_standing,
            stats: DriverStats::default(),
        };
        driver.arm_wake();
        driver.read_gauges();
        Ok(driver)
    }

    /// How well the kernel batches completions, for the line that says who won.
    pub(super) fn mode_name(&self) -> &'static str {
        self.queue.mode().name()
    }

    /// Does as on a kernel before 6.7.
    #[cfg(test)]
    pub(super) fn without_standing_reads(mut self) -> Self {
        self.can_read_standing = false;
        self
    }

    /// Forgets what the start-up round trip counted.
    pub(super) fn reset_stats(&mut self) {
        self.queue.enters = 0;
        self.stats = DriverStats::default();
        self.read_gauges();
    }

    /// Has the kernel's answers changed as `plan` says.
    #[cfg(test)]
    pub(super) fn interfere(&mut self, plan: interference::Plan) {
        self.queue.plan = plan;
    }

    /// An ordinary descriptor of the socket at `slot`, for a test to ask for its options; none
    /// before Linux 6.8.
    #[cfg(test)]
    pub(super) fn install(&mut self, slot: Slot) -> Option<OwnedFd> {
        use std::os::fd::FromRawFd;
        const MARK: u32 = u32::MAX;
        let entry = opcode::FixedFdInstall::new(types::Fixed(slot.index), 0).build();
        let token = Token::own(Kind::Cancel, MARK);
        self.queue.push(token, entry);
        loop {
            self.queue.enter(1, None).ok()?;
            let before = self.answers.len();
            self.queue.reap(limits::COMPLETIONS_PER_TURN, &mut self.answers);
            let mut fresh = self.answers[before..].iter();
            if let Some(answer) = fresh.find(|answer| answer.word == token.pack()) {
                let fd = answer.result;
                // SAFETY: the kernel has just made this descriptor for us alone.
                return (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd) });
            }
        }
    }

    fn arm_wake(&mut self) {
        let event = types::Fd(self.waker.descriptor());
        let word = std::ptr::from_mut(&mut *self.wake_word).cast::<u8>();
        let entry = opcode::Read::new(event, word, size_of::<u64>() as u32).build();
        self.queue.push(Token::own(Kind::Wake, 0), entry);
    }

    fn note_stale(&mut self) {
        self.stats.stale += 1;
    }

    /// A slot's place is free again.
    fn give_index_back(&mut self, index: u32) {
        if self.files.give_back(index) {
            self.accepted -= 1;
            self.accept_after_close();
        }
    }

    /// Enters the kernel once: to wait when there is nothing to report yet, else only to submit.
    fn enter(&mut self, timeout: Option<Duration>) -> Result<(), SystemError> {
        let may_block = self.pending.is_empty() && timeout != Some(Duration::ZERO);
        // `sleep` last: it is a promise to block, and tells wakers to make a system call.
        if !may_block || !self.waker.sleep() {
            return self.queue.enter(0, None);
        }
        let patience = match (timeout, self.accept_patience()) {
            (Some(timeout), Some(retry)) => Some(timeout.min(retry)),
            (timeout, retry) => timeout.or(retry),
        };
        self.queue.enter(1, patience)
    }

    fn handle(&mut self, answer: Answer) {
        let Some(token) = Token::unpack(answer.word) else {
            return self.note_stale();
        };
        match token.kind {
            Kind::Accept => self.on_accept(token.slot.index, answer),
            Kind::Receive => self.on_receive(token.slot, answer),
            Kind::Send => self.on_send(token.slot, answer),
            Kind::ReceiveReady => self.on_receive_ready(token.slot, answer),
            Kind::SendReady => self.on_send_ready(token.slot),
            // The target's own completion says all.
            Kind::Cancel => {}
            Kind::Close => self.on_close(token.slot),
            Kind::Wake => self.arm_wake(),
        }
    }

    fn read_gauges(&mut self) {
        let lent = self.pool.lent() as u64;
        self.stats.enters = self.queue.enters;
        self.stats.overflows = self.queue.overflows;
        self.stats.leases_lent = lent;
        self.stats.leases_free = self.pool.count() as u64 - lent;
        (self.stats.copies, self.stats.bytes_copied) = self.pool.copied();
    }
}

impl Driver for Uring {
    fn kind(&self) -> DriverKind {
        DriverKind::Uring
    }

    fn listen(&mut self, socket: OwnedFd, listener: u16) -> Result<(), SystemError> {
        // A ring accept on a non-blocking socket fails instead of waiting.
        sys::set_nonblocking(socket.as_raw_fd(), false)?;
        self.listeners.push(Listener::new(socket, listener));
        self.accepts_due = true;
        Ok(())
    }

    fn unlisten(&mut self) {
        self.end_accepts();
    }

    fn adopt_socket(&mut self, socket: OwnedFd) -> Result<Slot, SystemError> {
        sys::set_nonblocking(socket.as_raw_fd(), false)?;
        let index = self.files.take()?;
        self.files.place(&self.queue, index, socket.as_raw_fd())?;
        self.stats.open += 1;
        Ok(self.records.open(index, Record::new(None)))
    }

    fn adopt_pipe(&mut self, read: OwnedFd, write: OwnedFd) -> Result<Slot, SystemError> {
        sys::block_broken_pipe_signal();
        let index = self.files.take()?;
        let ends = PipeEnds::new(read, write, self.can_read_standing);
        self.stats.open += 1;
        Ok(self.records.open(index, Record::new(Some(Box::new(ends)))))
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
        self.turn = self.turn.wrapping_add(1);
        self.pool.collect();
        self.rearm_receives();
        self.rearm_accepts();
        self.queue.flush_backlog();
        let entered = self.enter(timeout);
        let woken = self.waker.rise();
        entered?;
        let mut answers = std::mem::take(&mut self.answers);
        self.queue.reap(limits::COMPLETIONS_PER_TURN, &mut answers);
        for answer in answers.drain(..) {
            self.handle(answer);
        }
        self.answers = answers;
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

impl Drop for Uring {
    fn drop(&mut self) {
        if self.queue.shut() {
            return;
        }
        #[cfg(test)]
        assert!(std::thread::panicking(), "the kernel lets go in time");
        // The kernel may still write into buffers and read from sends: better lost than reused.
        self.pool.leak();
        self.records.users().for_each(|record| std::mem::forget(record.send.take()));
        self.files.leak();
        std::mem::forget(std::mem::take(&mut self.wake_word));
    }
}

fn has_standing_reads(queue: &Queue) -> bool {
    let mut probe = Probe::new();
    let known = queue.submitter().register_probe(&mut probe);
    known.is_ok() && probe.is_supported(opcode::ReadMulti::CODE)
}

#[cfg(test)]
mod tests;
