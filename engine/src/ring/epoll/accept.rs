//! Accepting on epoll: listeners are watched level-triggered, so what one turn leaves the next
//! takes; a pause takes the interest away.

use std::os::fd::{AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use super::ends::Ends;
use super::{Epoll, Record, SOCKET_EVENTS};
use crate::limits::{ACCEPT_RETRY_MS, ACCEPTS_PER_TURN};
use crate::ring::token::{Kind, Token};
use crate::ring::{Completion, sys};

/// One listening socket.
pub(super) struct Listener {
    socket: OwnedFd,
    number: u16,
    is_paused: bool,
    /// When to try again after a refusal.
    retry_at: Option<Instant>,
}

impl Listener {
    pub(super) fn new(socket: OwnedFd, number: u16) -> Self {
        Self { socket, number, is_paused: false, retry_at: None }
    }
}

impl Epoll {
    /// All places for accepted connections are taken.
    fn is_full(&self) -> bool {
        self.accepted >= self.config.connections_max
    }

    /// Epoll reported connections at the listener `index`.
    pub(super) fn on_accept(&mut self, index: u32) {
        for _ in 0..ACCEPTS_PER_TURN {
            let Some(listener) = self.listeners.get(index as usize) else {
                return;
            };
            let number = listener.number;
            if self.is_full() {
                return self.pause_accept(index, None);
            }
            self.stats.enters += 1;
            match sys::accept(listener.socket.as_raw_fd()) {
                Ok(socket) => self.welcome(socket, number),
                Err(fault) if fault.errno == libc::EAGAIN => return,
                Err(fault) if is_passing(fault.errno) => {}
                Err(_) => {
                    self.stats.accept_faults += 1;
                    let retry = Duration::from_millis(ACCEPT_RETRY_MS);
                    return self.pause_accept(index, Some(Instant::now() + retry));
                }
            }
        }
    }

    fn welcome(&mut self, socket: OwnedFd, listener: u16) {
        let token = Token::new(Kind::Receive, self.next_slot());
        // Dropping a socket that cannot be watched is all that can be done with it.
        if self.control(libc::EPOLL_CTL_ADD, socket.as_raw_fd(), SOCKET_EVENTS, token).is_err() {
            self.stats.accept_faults += 1;
            return;
        }
        let slot = self.open(Record::new(Ends::Socket(socket), false));
        self.accepted += 1;
        self.stats.accepts += 1;
        self.pending.push(Completion::Accepted { listener, slot });
    }

    fn pause_accept(&mut self, index: u32, retry_at: Option<Instant>) {
        let Some(listener) = self.listeners.get_mut(index as usize) else {
            return;
        };
        listener.is_paused = true;
        listener.retry_at = retry_at;
        let fd = listener.socket.as_raw_fd();
        self.stats.accept_pauses += 1;
        self.accepts_due |= retry_at.is_some();
        let _ = self.control(libc::EPOLL_CTL_MOD, fd, 0, Token::own(Kind::Accept, index));
    }

    /// Resumes paused listeners whose time has come.
    pub(super) fn resume_accepts(&mut self) {
        if !self.accepts_due || self.is_full() {
            return;
        }
        self.accepts_due = false;
        let now = Instant::now();
        for index in 0..self.listeners.len() {
            let listener = &mut self.listeners[index];
            if !listener.is_paused {
                continue;
            }
            if listener.retry_at.is_some_and(|at| now < at) {
                self.accepts_due = true;
                continue;
            }
            listener.is_paused = false;
            listener.retry_at = None;
            let fd = listener.socket.as_raw_fd();
            let token = Token::own(Kind::Accept, index as u32);
            self.stats.rearms += 1;
            let _ = self.control(libc::EPOLL_CTL_MOD, fd, libc::EPOLLIN, token);
        }
    }

    /// How long a wait may last so that a refused accept is tried again in time.
    pub(super) fn accept_patience(&self) -> Option<Duration> {
        if self.is_full() {
            return None;
        }
        let at = self.listeners.iter().filter_map(|listener| listener.retry_at).min()?;
        Some(at.saturating_duration_since(Instant::now()))
    }

    /// A place came free: accepting may go on, a refused listener included.
    pub(super) fn accept_after_close(&mut self) {
        for listener in &mut self.listeners {
            listener.retry_at = None;
        }
        self.accepts_due = true;
    }

    /// Ends all accepting.
    pub(super) fn end_accepts(&mut self) {
        for listener in std::mem::take(&mut self.listeners) {
            let fd = listener.socket.as_raw_fd();
            let _ = self.control(libc::EPOLL_CTL_DEL, fd, 0, Token::own(Kind::Accept, 0));
        }
    }
}

/// Whether an accept failed for a reason of that one connection: then the next may succeed at once.
fn is_passing(errno: i32) -> bool {
    matches!(
        errno,
        libc::ECONNABORTED
            | libc::EINTR
            | libc::EPROTO
            | libc::EPERM
            | libc::ENETDOWN
            | libc::ENETUNREACH
            | libc::EHOSTDOWN
            | libc::EHOSTUNREACH
    )
}
