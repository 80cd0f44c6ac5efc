//! Receiving on `io_uring`: one standing receive per connection, fed from the provided buffers.
//!
//! A standing receive ends whenever the kernel says so (no `F_MORE`): for want of buffers, on an
//! overflow, after a cancel, or for reasons of its own. Every such end is looked at here, and the
//! receive is queued again unless the owner or the peer is done. Queued ones are started by
//! `rearm_receives` at the next wait, never inside the completion loop.

use std::os::fd::AsRawFd;

use io_uring::{cqueue, opcode, squeue, types};

use super::Uring;
use super::provide::GROUP;
use super::queue::Answer;
use super::record::{Phase, Receiving, Record};
use crate::error::SystemError;
use crate::ring::token::{Kind, Token};
use crate::ring::{Completion, Lease};
use crate::slot::Slot;

impl Uring {
    /// [`crate::ring::Op::Receive`].
    pub(super) fn receive(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        record.is_wanted = record.phase == Phase::Open;
        if record.is_wanted && record.receiving == Receiving::Idle {
            record.receiving = Receiving::Queued;
            self.queued.push(slot);
        }
    }

    /// [`crate::ring::Op::Pause`].
    pub(super) fn pause(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        record.is_wanted = false;
        self.cancel_receive(slot);
    }

    /// Asks the kernel to end a receive in flight; its completion does the rest.
    pub(super) fn cancel_receive(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        let kind = match record.receiving {
            Receiving::Armed => Kind::Receive,
            Receiving::Polling | Receiving::Asking => Kind::ReceiveReady,
            _ => return,
        };
        record.receiving = Receiving::Cancelling;
        self.queue.cancel(Token::new(kind, slot));
    }

    /// Starts what was queued. Those that starved come first and only as many as there are buffers
    /// for, or they would all end again at once.
    pub(super) fn rearm_receives(&mut self) {
        self.buffer_ring.refill(&self.pool);
        if !self.starved.is_empty() && self.buffers_ready() == 0 && !self.pool.starve() {
            self.buffer_ring.refill(&self.pool);
        }
        for _ in 0..self.starved.len().min(self.buffers_ready()) {
            let slot = self.starved.pop_front().expect("counted above");
            self.arm_receive(slot);
        }
        let mut queued = std::mem::take(&mut self.queued);
        for slot in queued.drain(..) {
            self.arm_receive(slot);
        }
        self.queued = queued;
    }

    /// Buffers in the kernel's hand, right after a refill.
    fn buffers_ready(&self) -> usize {
        self.pool.count() - self.pool.lent()
    }

    fn arm_receive(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        if record.receiving == Receiving::Ended {
            return self.ask_for_peer(slot);
        }
        if !matches!(record.receiving, Receiving::Queued | Receiving::Starved) {
            return;
        }
        if !record.is_wanted {
            record.receiving = Receiving::Idle;
            return;
        }
        record.receiving = Receiving::Armed;
        let entry = receive_entry(slot, record, self.buffer_bytes);
        self.queue.push(Token::new(Kind::Receive, slot), entry);
    }

    /// A receive answered.
    pub(super) fn on_receive(&mut self, slot: Slot, answer: Answer) {
        // Whatever else is wrong with the completion, its buffer must find its way back.
        let lease = self.lease_of(answer);
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        let is_over = !cqueue::more(answer.flags);
        if is_over {
            record.receiving = Receiving::Idle;
        }
        if record.phase == Phase::Open {
            match lease {
                Some(lease) => self.deliver(slot, lease),
                None if is_over => self.end_or_retry(slot, answer.result),
                None => {}
            }
        }
        if is_over {
            self.queue_again(slot);
        }
        self.finish_close(slot);
    }

    fn lease_of(&self, answer: Answer) -> Option<Lease> {
        let index = cqueue::buffer_select(answer.flags)?;
        if answer.result > 0 {
            return Some(self.pool.lend(index, answer.result as usize));
        }
        self.pool.recycle(index);
        None
    }

    fn deliver(&mut self, slot: Slot, lease: Lease) {
        self.stats.receives += 1;
        self.stats.bytes_received += lease.len() as u64;
        self.pending.push(Completion::Received { slot, lease });
        let Some(record) = self.records.get(slot) else {
            return;
        };
        if record.credit_turn != self.turn {
            record.credit_turn = self.turn;
            record.credit_used = 0;
        }
        record.credit_used += 1;
        if record.credit_used == self.receive_credit && record.receiving == Receiving::Armed {
            // Sits out until its cancel has come back, while the others get their buffers.
            self.stats.credits_spent += 1;
            self.cancel_receive(slot);
        }
    }

    /// A completion without bytes: the peer's end, a reason to try again, or a fault.
    fn end_or_retry(&mut self, slot: Slot, result: i32) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        let fault = match -result {
            0 => None,
            libc::ENOBUFS => {
                self.stats.enobufs += 1;
                record.receiving = Receiving::Starved;
                self.starved.push_back(slot);
                return;
            }
            libc::ECANCELED | libc::EINTR => return,
            libc::EAGAIN => return self.poll_until_readable(slot),
            libc::EBADFD if record.pipe.as_ref().is_some_and(|pipe| pipe.is_standing) => {
                // Cannot stand on this kind of file after all.
                record.pipe.as_mut().expect("matched above").is_standing = false;
                return;
            }
            errno => Some(SystemError::new("recv", errno)),
        };
        record.receiving = Receiving::Ended;
        record.is_wanted = false;
        if fault.is_none() && record.pipe.is_none() {
            self.queued.push(slot);
        }
        self.pending.push(Completion::Ended { slot, fault });
    }

    /// Asks whether a peer that ended its side has closed the other one, too; not where the owner
    /// closes the connection at its end.
    fn ask_for_peer(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        if record.phase == Phase::Open {
            record.receiving = Receiving::Asking;
            // The kernel always tells of ends, and one of them has come.
            let entry = opcode::PollAdd::new(types::Fixed(slot.index), 0).build();
            self.queue.push(Token::new(Kind::ReceiveReady, slot), entry);
        }
    }

    /// A descriptor someone else made non-blocking fails instead of waiting; its flags are not
    /// ours to change, so readiness is waited for apart.
    fn poll_until_readable(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        let Some(pipe) = &record.pipe else { return };
        let fd = types::Fd(pipe.read.as_raw_fd());
        record.receiving = Receiving::Polling;
        let entry = opcode::PollAdd::new(fd, libc::POLLIN as u32).build();
        self.queue.push(Token::new(Kind::ReceiveReady, slot), entry);
    }

    /// The descriptor has bytes, or the wait for them was cancelled; or the peer was asked for.
    pub(super) fn on_receive_ready(&mut self, slot: Slot, answer: Answer) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        if record.receiving == Receiving::Asking {
            record.receiving = Receiving::Ended;
            if answer.result > 0 && answer.result & i32::from(libc::POLLHUP) != 0 {
                self.pending.push(Completion::Left { slot });
            }
            return;
        }
        record.receiving = Receiving::Idle;
        self.queue_again(slot);
        self.finish_close(slot);
    }

    /// Queues a receive that ended although the owner wants more.
    fn queue_again(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        if record.phase == Phase::Open && record.is_wanted && record.receiving == Receiving::Idle {
            record.receiving = Receiving::Queued;
            self.stats.rearms += 1;
            self.queued.push(slot);
        }
    }
}

fn receive_entry(slot: Slot, record: &Record, buffer_bytes: u32) -> squeue::Entry {
    let Some(pipe) = &record.pipe else {
        return opcode::RecvMulti::new(types::Fixed(slot.index), GROUP).build();
    };
    let fd = types::Fd(pipe.read.as_raw_fd());
    if pipe.is_standing {
        return opcode::ReadMulti::new(fd, 0, GROUP).offset(FILE_POSITION).build();
    }
    opcode::Read::new(fd, std::ptr::null_mut(), buffer_bytes)
        .offset(FILE_POSITION)
        .buf_group(GROUP)
        .build()
        .flags(squeue::Flags::BUFFER_SELECT)
}

/// Reads and writes go on where the file stands; pipes have no other place.
pub(super) const FILE_POSITION: u64 = u64::MAX;
