//! Accepting on `io_uring`: one standing accept per listener, straight into direct descriptors whose
//! numbers the kernel picks.
//!
//! Accepting pauses when all places are taken, before the kernel would accept connections only to
//! drop them, and goes on after a close. A refusal for want of something that is not ours to give
//! (memory, descriptors of the system) is tried again after a close or a fixed time, never at once.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use io_uring::{cqueue, opcode, types};

use super::Uring;
use super::queue::Answer;
use super::record::{Phase, Record};
use crate::limits::ACCEPT_RETRY_MS;
use crate::ring::Completion;
use crate::ring::token::{Kind, Token};

/// One listening socket.
pub(super) struct Listener {
    socket: Option<OwnedFd>,
    number: u16,
    is_armed: bool,
    is_cancelling: bool,
    /// When to try again after a refusal.
    retry_at: Option<Instant>,
    is_ending: bool,
}

impl Listener {
    pub(super) fn new(socket: OwnedFd, number: u16) -> Self {
        Self {
            socket: Some(socket),
            number,
            is_armed: false,
            is_cancelling: false,
            retry_at: None,
            is_ending: false,
        }
    }
}

impl Uring {
    /// Starts every accept that should stand and does not.
    pub(super) fn rearm_accepts(&mut self) {
        if !self.accepts_due {
            return;
        }
        self.accepts_due = false;
        if self.is_full() {
            return;
        }
        let now = Instant::now();
        for (index, listener) in self.listeners.iter_mut().enumerate() {
            let Some(socket) = &listener.socket else {
                continue;
            };
            if listener.is_armed || listener.is_ending {
                continue;
            }
            if listener.retry_at.is_some_and(|at| now < at) {
                self.accepts_due = true;
                continue;
            }
            listener.retry_at = None;
            listener.is_armed = true;
            listener.is_cancelling = false;
            let entry = opcode::AcceptMulti::new(types::Fd(socket.as_raw_fd()))
                .allocate_file_index(true)
                .build();
            self.queue.push(Token::own(Kind::Accept, index as u32), entry);
        }
    }

    /// All places for accepted connections are taken.
    fn is_full(&self) -> bool {
        self.accepted >= self.files.accepted_max
    }

    /// How long a wait may last so that a refused accept is tried again in time.
    pub(super) fn accept_patience(&self) -> Option<Duration> {
        if self.is_full() {
            return None;
        }
        let at = self.listeners.iter().filter_map(|listener| listener.retry_at).min()?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// A standing accept answered: `index` is the listener's.
    pub(super) fn on_accept(&mut self, index: u32, answer: Answer) {
        if answer.result >= 0 {
            self.welcome(index, answer.result as u32);
        }
        let is_full = self.is_full();
        let Some(listener) = self.listeners.get_mut(index as usize) else {
            return;
        };
        if !cqueue::more(answer.flags) {
            listener.is_armed = false;
            self.stats.rearms += u64::from(!listener.is_ending && !listener.is_cancelling);
            if listener.is_ending {
                listener.socket = None;
            }
        }
        if answer.result < 0 && !is_passing(-answer.result) {
            self.stats.accept_faults += 1;
            self.stats.accept_pauses += 1;
            listener.retry_at = Some(Instant::now() + Duration::from_millis(ACCEPT_RETRY_MS));
        }
        if is_full && listener.is_armed && !listener.is_cancelling {
            listener.is_cancelling = true;
            self.stats.accept_pauses += 1;
            self.queue.cancel(Token::own(Kind::Accept, index));
        }
        self.accepts_due = true;
    }

    fn welcome(&mut self, listener: u32, index: u32) {
        // The kernel gives a place away as soon as its close ran; the old user's last word must
        // come first.
        if let Some((leaving, record)) = self.records.at(index) {
            debug_assert_eq!(record.phase, Phase::Vacating, "the kernel gives out free places");
            self.vacate(leaving);
        }
        let slot = self.records.open(index, Record::new(None));
        self.accepted += 1;
        self.stats.open += 1;
        self.stats.accepts += 1;
        let number = self.listeners.get(listener as usize).map_or(0, |listener| listener.number);
        self.pending.push(Completion::Accepted { listener: number, slot });
    }

    /// Ends all accepting; a socket is closed when the kernel has let go of it.
    pub(super) fn end_accepts(&mut self) {
        for (index, listener) in self.listeners.iter_mut().enumerate() {
            listener.is_ending = true;
            listener.retry_at = None;
            if !listener.is_armed {
                listener.socket = None;
            } else if !listener.is_cancelling {
                listener.is_cancelling = true;
                self.queue.cancel(Token::own(Kind::Accept, index as u32));
            }
        }
    }

    /// A place came free: accepting may go on, a refused listener included.
    pub(super) fn accept_after_close(&mut self) {
        for listener in &mut self.listeners {
            listener.retry_at = None;
        }
        self.accepts_due = true;
    }
}

/// Whether an accept failed for a reason of that one connection, or because it was cancelled: then
/// the next may succeed at once.
fn is_passing(errno: i32) -> bool {
    matches!(
        errno,
        libc::ECANCELED
            | libc::ECONNABORTED
            | libc::EINTR
            | libc::EPROTO
            | libc::EPERM
            | libc::ENETDOWN
            | libc::ENETUNREACH
            | libc::EHOSTDOWN
            | libc::EHOSTUNREACH
    )
}
