//! Sending and closing on `io_uring`.
//!
//! One plain send at a time and connection: the record owns its bytes until the completion, short
//! or not. A short send is the owner's to continue, so that a slow reader's progress shows.
//! Closing asks the kernel to end what is in flight, waits for those completions, and only then
//! gives the direct descriptor up.

use std::os::fd::AsRawFd;

use io_uring::{opcode, squeue, types};

use super::Uring;
use super::queue::Answer;
use super::receive::FILE_POSITION;
use super::record::{Phase, Record, Sending};
use crate::error::{LimitError, SystemError};
use crate::ring::token::{Kind, Token};
use crate::ring::{Completion, SendBuf};
use crate::slot::Slot;

impl Uring {
    /// [`crate::ring::Op::Send`].
    pub(super) fn send(&mut self, slot: Slot, buf: SendBuf) -> Result<(), LimitError> {
        let Some(record) = self.records.get(slot) else {
            self.note_stale();
            return Ok(());
        };
        if record.send.is_some() {
            return Err(LimitError("sends in flight per slot"));
        }
        if record.phase != Phase::Open || buf.unsent().is_empty() {
            let fault = (record.phase != Phase::Open).then_some(CLOSING);
            self.pending.push(Completion::Sent { slot, buf, fault });
            return Ok(());
        }
        record.send = Some(buf);
        self.arm_send(slot)
    }

    fn arm_send(&mut self, slot: Slot) -> Result<(), LimitError> {
        let Some(record) = self.records.get(slot) else {
            return Ok(());
        };
        let entry = send_entry(slot, record, self.send_bytes_max);
        record.sending = Sending::Armed;
        let pushed = self.queue.try_push(Token::new(Kind::Send, slot), entry);
        if pushed.is_err() {
            record.sending = Sending::Idle;
            record.send = None;
        }
        pushed
    }

    /// A send answered.
    pub(super) fn on_send(&mut self, slot: Slot, answer: Answer) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        record.sending = Sending::Idle;
        let is_pipe = record.pipe.is_some();
        if answer.result == -libc::EAGAIN && is_pipe && record.phase == Phase::Open {
            return self.poll_until_writable(slot);
        }
        let Some(mut buf) = record.send.take() else {
            return;
        };
        let fault = match answer.result {
            sent @ 0.. => {
                buf.start += sent as usize;
                self.stats.bytes_sent += sent as u64;
                None
            }
            failed if matches!(-failed, libc::EINTR | libc::EAGAIN) => None,
            failed => Some(SystemError::new("send", -failed)),
        };
        self.stats.sends += 1;
        self.pending.push(Completion::Sent { slot, buf, fault });
        self.finish_close(slot);
    }

    fn poll_until_writable(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        let Some(pipe) = &record.pipe else { return };
        let fd = types::Fd(pipe.write.as_raw_fd());
        record.sending = Sending::Polling;
        let entry = opcode::PollAdd::new(fd, libc::POLLOUT as u32).build();
        self.queue.push(Token::new(Kind::SendReady, slot), entry);
    }

    /// The descriptor takes bytes, or the wait for it was cancelled. Either way the owner gets its
    /// bytes back, and tries again if it still wants to.
    pub(super) fn on_send_ready(&mut self, slot: Slot) {
        let answer = Answer { word: 0, result: 0, flags: 0 };
        self.on_send(slot, answer);
    }

    /// [`crate::ring::Op::Close`].
    pub(super) fn close(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        if record.phase != Phase::Open {
            return;
        }
        record.phase = Phase::Closing;
        record.is_wanted = false;
        let send = match record.sending {
            Sending::Idle => None,
            Sending::Armed => Some(Kind::Send),
            Sending::Polling => Some(Kind::SendReady),
        };
        if let Some(kind) = send {
            self.queue.cancel(Token::new(kind, slot));
        }
        self.cancel_receive(slot);
        self.finish_close(slot);
    }

    /// Goes on with a close once the kernel holds nothing of the slot.
    pub(super) fn finish_close(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        if record.phase != Phase::Closing || record.is_inflight() {
            return;
        }
        record.phase = Phase::Vacating;
        if record.pipe.take().is_some() {
            return self.vacate(slot);
        }
        let entry = self.files.close_entry(slot.index);
        self.queue.push(Token::new(Kind::Close, slot), entry);
    }

    /// The direct descriptor is free, unless an accept has already told so by using it again.
    pub(super) fn on_close(&mut self, slot: Slot) {
        if self.records.get(slot).is_some_and(|record| record.phase == Phase::Vacating) {
            self.vacate(slot);
        }
    }

    /// The last of a slot.
    pub(super) fn vacate(&mut self, slot: Slot) {
        if self.records.close(slot).is_none() {
            return;
        }
        self.stats.closes += 1;
        self.stats.open -= 1;
        self.pending.push(Completion::Closed { slot });
        self.give_index_back(slot.index);
    }
}

/// What an owner gets that sends on a slot it has asked to close.
const CLOSING: SystemError = SystemError::new("send", libc::ECANCELED);

fn send_entry(slot: Slot, record: &Record, bytes_max: usize) -> squeue::Entry {
    let unsent = record.send.as_ref().map_or(&[][..], SendBuf::unsent);
    let len = unsent.len().min(bytes_max) as u32;
    match &record.pipe {
        // Without WAITALL: see the head of this file.
        None => opcode::Send::new(types::Fixed(slot.index), unsent.as_ptr(), len)
            .flags(libc::MSG_NOSIGNAL)
            .build(),
        Some(pipe) => {
            let fd = types::Fd(pipe.write.as_raw_fd());
            opcode::Write::new(fd, unsent.as_ptr(), len).offset(FILE_POSITION).build()
        }
    }
}
