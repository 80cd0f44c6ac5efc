//! Receiving, sending and closing on epoll.
//!
//! Each direction is tried until the kernel says "not now"; then the next edge starts it again.

use std::os::fd::AsRawFd;

use super::ends::{Ends, Tried};
use super::{END_EVENTS, Epoll, Record, SOCKET_EVENTS};
use crate::error::{LimitError, SystemError};
use crate::ring::token::{Kind, Token};
use crate::ring::{Completion, SendBuf};
use crate::slot::Slot;

/// Why reading one connection stopped.
enum Stop {
    /// Nothing is left for now, or for good.
    Drained,
    /// Its credit of this turn is spent.
    CreditSpent,
    /// No buffer is free.
    Starved,
}

impl Epoll {
    /// [`crate::ring::Op::Receive`].
    pub(super) fn receive(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        record.is_wanted = !record.is_closing;
        self.queue_read(slot);
    }

    /// [`crate::ring::Op::Pause`].
    pub(super) fn pause(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        record.is_wanted = false;
    }

    /// Epoll reported something of a socket, or of a pair's reading end.
    pub(super) fn on_ready(&mut self, slot: Slot, events: libc::c_int) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        record.is_hung_up |= events & END_EVENTS != 0;
        record.is_left |= events & libc::EPOLLHUP != 0;
        record.is_readable |= events & (libc::EPOLLIN | END_EVENTS) != 0;
        self.queue_read(slot);
        if events & (libc::EPOLLOUT | libc::EPOLLHUP | libc::EPOLLERR) != 0 {
            self.on_room(slot);
        }
    }

    fn queue_read(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        if record.is_wanted && record.is_readable && !record.is_queued && !record.is_ended {
            record.is_queued = true;
            self.reads.push_back(slot);
        }
    }

    /// Reads each queued connection once.
    pub(super) fn try_reads(&mut self) {
        for _ in 0..self.reads.len() {
            let Some(slot) = self.reads.pop_front() else {
                return;
            };
            match self.read(slot) {
                Stop::Drained => {}
                Stop::CreditSpent => {
                    self.stats.credits_spent += 1;
                    self.queue_read(slot);
                }
                Stop::Starved => {
                    self.reads.push_front(slot);
                    return;
                }
            }
        }
    }

    fn read(&mut self, slot: Slot) -> Stop {
        let Some(record) = self.records.get(slot) else {
            return Stop::Drained;
        };
        record.is_queued = false;
        for _ in 0..self.config.receive_credit.max(1) {
            let Some(record) = self.records.get(slot) else {
                return Stop::Drained;
            };
            if !record.is_wanted || !record.is_readable {
                return Stop::Drained;
            }
            let Some(index) = self.pool.take() else {
                record.is_queued = true;
                return Stop::Starved;
            };
            self.stats.enters += 1;
            let tried = self.pool.fill(index, |bytes| record.ends.read(bytes));
            self.take_in(slot, index, tried);
        }
        Stop::CreditSpent
    }

    fn take_in(&mut self, slot: Slot, index: u16, tried: Tried) {
        let Some(record) = self.records.get(slot) else {
            return self.pool.recycle(index);
        };
        let fault = match tried {
            Tried::Moved(count @ 1..) => {
                let is_short = count < self.config.buffer_bytes;
                if is_short && record.ends.is_drained_by_short_read() && !record.is_hung_up {
                    record.is_readable = false;
                }
                self.stats.receives += 1;
                self.stats.bytes_received += count as u64;
                let lease = self.pool.lend(index, count);
                self.pending.push(Completion::Received { slot, lease });
                return;
            }
            Tried::NotReady => {
                record.is_readable = false;
                return self.pool.recycle(index);
            }
            Tried::Moved(_) => None,
            Tried::Failed(fault) => Some(fault),
        };
        self.pool.recycle(index);
        record.is_ended = true;
        record.is_wanted = false;
        self.pending.push(Completion::Ended { slot, fault });
        if fault.is_none() {
            self.ended.push(slot);
        }
    }

    /// Tells of the connections that their peer has closed whole, unless their owner was about to
    /// close them anyway.
    pub(super) fn tell_of_left(&mut self) {
        for slot in self.ended.drain(..) {
            let record = self.records.get(slot);
            let is_left =
                |record: &mut Record| record.is_left && matches!(record.ends, Ends::Socket(_));
            if record.is_some_and(is_left) {
                self.pending.push(Completion::Left { slot });
            }
        }
    }

    /// [`crate::ring::Op::Send`].
    pub(super) fn send(&mut self, slot: Slot, buf: SendBuf) -> Result<(), LimitError> {
        let Some(record) = self.records.get(slot) else {
            self.note_stale();
            return Ok(());
        };
        if record.send.is_some() {
            return Err(LimitError("sends in flight per slot"));
        }
        if record.is_closing || buf.unsent().is_empty() {
            let fault = record.is_closing.then_some(CLOSING);
            self.pending.push(Completion::Sent { slot, buf, fault });
            return Ok(());
        }
        record.send = Some(buf);
        self.sends.push(slot);
        Ok(())
    }

    /// Tries every send that is new, or whose connection has room again.
    pub(super) fn try_sends(&mut self) {
        let mut sends = std::mem::take(&mut self.sends);
        for slot in sends.drain(..) {
            self.try_send(slot);
        }
        self.sends = sends;
    }

    fn try_send(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        let Some(buf) = &mut record.send else { return };
        let unsent = buf.unsent();
        let most = unsent.len().min(self.config.send_bytes_max);
        self.stats.enters += 1;
        let fault = match record.ends.write(&unsent[..most]) {
            Tried::NotReady => match self.await_room(slot) {
                Ok(()) => return,
                Err(fault) => Some(fault),
            },
            Tried::Moved(count) => {
                buf.start += count;
                self.stats.bytes_sent += count as u64;
                None
            }
            Tried::Failed(fault) => Some(fault),
        };
        self.finish_send(slot, fault);
    }

    fn finish_send(&mut self, slot: Slot, fault: Option<SystemError>) {
        let Some(record) = self.records.get(slot) else {
            return;
        };
        let Some(buf) = record.send.take() else {
            return;
        };
        self.stats.sends += 1;
        self.pending.push(Completion::Sent { slot, buf, fault });
    }

    /// Has epoll tell when the connection takes bytes. Watched for only while a send is stuck: a
    /// Unix socket tells of room at every read of its peer.
    fn await_room(&mut self, slot: Slot) -> Result<(), SystemError> {
        let Some(record) = self.records.get(slot) else {
            return Ok(());
        };
        record.is_stuck = true;
        let (operation, fd, events, kind) = match &mut record.ends {
            Ends::Socket(fd) => {
                let events = SOCKET_EVENTS | libc::EPOLLOUT;
                (libc::EPOLL_CTL_MOD, fd.as_raw_fd(), events, Kind::Receive)
            }
            Ends::Pipe(ends) => {
                let known = std::mem::replace(&mut ends.1.is_registered, true);
                let operation = if known { libc::EPOLL_CTL_MOD } else { libc::EPOLL_CTL_ADD };
                let events = libc::EPOLLOUT | libc::EPOLLONESHOT;
                (operation, ends.1.raw(), events, Kind::Send)
            }
        };
        self.control(operation, fd, events, Token::new(kind, slot))
    }

    /// A stuck send may go on.
    pub(super) fn on_room(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        if !std::mem::take(&mut record.is_stuck) {
            return;
        }
        if let Ends::Socket(fd) = &record.ends {
            let fd = fd.as_raw_fd();
            // Failing would only mean edges that nobody needs.
            let token = Token::new(Kind::Receive, slot);
            let _ = self.control(libc::EPOLL_CTL_MOD, fd, SOCKET_EVENTS, token);
        }
        self.sends.push(slot);
    }

    /// [`crate::ring::Op::Close`].
    pub(super) fn close(&mut self, slot: Slot) {
        let Some(record) = self.records.get(slot) else {
            return self.note_stale();
        };
        if !record.is_closing {
            record.is_closing = true;
            record.is_wanted = false;
            self.closes.push(slot);
        }
    }

    /// Closes what was asked to, each send handed back before its slot goes.
    pub(super) fn finish_closes(&mut self) {
        let mut closes = std::mem::take(&mut self.closes);
        for slot in closes.drain(..) {
            self.finish_send(slot, Some(CLOSING));
            let Some(record) = self.records.close(slot) else {
                continue;
            };
            self.unregister(&record.ends, record.is_adopted);
            self.vacant.push(slot.index);
            self.stats.closes += 1;
            self.stats.open -= 1;
            self.stats.enters += 1;
            self.pending.push(Completion::Closed { slot });
            if record.is_adopted {
                self.adopted -= 1;
            } else {
                self.accepted -= 1;
                self.accept_after_close();
            }
        }
        self.closes = closes;
    }

    /// Closing the last descriptor of a socket ends its registration; what was adopted may have
    /// others, in other processes even, and would go on reporting.
    fn unregister(&mut self, ends: &Ends, is_adopted: bool) {
        let fds = match ends {
            Ends::Socket(fd) => [is_adopted.then(|| fd.as_raw_fd()), None],
            Ends::Pipe(ends) => [
                ends.0.is_registered.then(|| ends.0.raw()),
                ends.1.is_registered.then(|| ends.1.raw()),
            ],
        };
        for fd in fds.into_iter().flatten() {
            let _ = self.control(libc::EPOLL_CTL_DEL, fd, 0, Token::own(Kind::Close, 0));
        }
    }
}

/// What an owner gets whose send is cut short, or comes too late, because it asked to close.
const CLOSING: SystemError = SystemError::new("send", libc::ECANCELED);
