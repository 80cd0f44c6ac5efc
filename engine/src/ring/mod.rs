//! The seam to the kernel: what a shard asks of it ([`Op`]) and what comes back ([`Completion`]).
//!
//! Two drivers stand behind [`Driver`], `io_uring` and epoll, and keep one contract; [`open`] picks
//! one by a real round trip and says in one line which won. The rules both keep:
//!
//! - **An op owns its memory** from `submit` until its completion gives it back. Closing or
//!   cancelling never frees: the buffer comes home with the op's own completion, or is leaked when
//!   the driver ends before the kernel let go of it.
//! - **A slot is named with its generation.** A completion for an earlier user of the same place
//!   is dropped after its buffer went back; [`Completion::Closed`] is the last one of a slot.
//! - **Received bytes are lent**, not given: a [`Lease`] is a range of a buffer that goes back when
//!   the lease, and all that was shared from it, is dropped.
//! - **One `wait`, one system call** (on `io_uring)`: everything submitted since the last one goes
//!   with it.
//!
//! This module knows neither frames nor messages, decides no policy, and starts no thread. It is
//! one of the three places where `unsafe` is allowed; each block names its reason.

#![allow(unsafe_code)]
#![allow(clippy::disallowed_methods, reason = "the kernel, and the time it took, are here")]

mod buffers;
mod epoll;
mod mapping;
mod probe;
mod sys;
mod table;
mod token;
mod uring;
mod waker;

use std::fmt;
use std::os::fd::OwnedFd;
use std::str::FromStr;
use std::time::Duration;

use crate::error::{LimitError, SystemError};
use crate::limits;
use crate::slot::Slot;

pub use buffers::Lease;
#[cfg(any(test, feature = "sim"))]
#[allow(unused_imports, reason = "the simulated driver stands on the same pool")]
pub(crate) use buffers::Pool;
pub use probe::{open, raise_descriptor_limit};
pub use waker::Waker;

/// What a shard needs of the kernel. Bound to the thread that opened it.
pub trait Driver {
    /// Which driver this is.
    fn kind(&self) -> DriverKind;

    /// Accepts connections from `socket`, which must be bound and listening, from the next
    /// [`Driver::wait`] on; each is reported with the number `listener`.
    fn listen(&mut self, socket: OwnedFd, listener: u16) -> Result<(), SystemError>;

    /// Stops all accepting and closes the listening sockets. A connection that the kernel had
    /// accepted by then is still reported.
    fn unlisten(&mut self);

    /// Takes over a connected stream socket. It is silent until [`Op::Receive`].
    fn adopt_socket(&mut self, socket: OwnedFd) -> Result<Slot, SystemError>;

    /// Takes over a pair of descriptors as one connection: pipes, terminals or files (stdio).
    /// Their flags are left as they are, for other processes may share them.
    fn adopt_pipe(&mut self, read: OwnedFd, write: OwnedFd) -> Result<Slot, SystemError>;

    /// Queues `op`; the kernel sees it at the next [`Driver::wait`] at the latest. An op for a slot
    /// that has gone is dropped. Fails when the queue is full even after handing it to the kernel.
    fn submit(&mut self, op: Op) -> Result<(), LimitError>;

    /// Hands over what was submitted, then waits for completions until `timeout` (none: for ever;
    /// zero: only looks) and appends them. May return without any: on a signal, or when all there
    /// was to do was inside the driver.
    fn wait(
        &mut self,
        timeout: Option<Duration>,
        completions: &mut Vec<Completion>,
    ) -> Result<(), SystemError>;

    /// A handle with which any thread ends the present or the next [`Driver::wait`].
    fn waker(&self) -> Waker;

    /// Counters as of the last [`Driver::wait`].
    fn stats(&self) -> &DriverStats;
}

/// Who implements the seam.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriverKind {
    /// `io_uring`: multishot accept and receive, provided buffers, direct descriptors.
    Uring,
    /// epoll and plain system calls.
    Epoll,
    /// The simulated kernel of the tests.
    Sim,
}

impl fmt::Display for DriverKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Uring => "io_uring",
            Self::Epoll => "epoll",
            Self::Sim => "sim",
        })
    }
}

/// Which driver the user asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// `io_uring` where it works, else epoll.
    #[default]
    Auto,
    /// `io_uring`, or an error that says why not.
    Uring,
    /// epoll.
    Epoll,
}

impl FromStr for Choice {
    type Err = crate::error::Error;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "auto" => Ok(Self::Auto),
            "uring" => Ok(Self::Uring),
            "epoll" => Ok(Self::Epoll),
            _ => Err(Self::Err::usage(format!(
                "unknown driver {name:?}: expected auto, uring or epoll"
            ))),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Auto => "auto",
            Self::Uring => "uring",
            Self::Epoll => "epoll",
        })
    }
}

/// What a driver is asked to do with one connection.
#[derive(Debug)]
pub enum Op {
    /// Receive from now on, until [`Op::Pause`]. Idempotent.
    Receive {
        /// The connection.
        slot: Slot,
    },
    /// Receive no more for now. What the kernel had already received is still delivered.
    /// Idempotent.
    Pause {
        /// The connection.
        slot: Slot,
    },
    /// Send `buf` from its `start` on. One send may be in flight per slot. Comes back as
    /// [`Completion::Sent`], perhaps after sending only a part.
    Send {
        /// The connection.
        slot: Slot,
        /// The bytes, owned by the driver until they come back.
        buf: SendBuf,
    },
    /// Close: a send in flight comes back first, as far as it got, then [`Completion::Closed`]
    /// follows. An owner who wants its bytes delivered waits for them to be sent. Idempotent.
    Close {
        /// The connection.
        slot: Slot,
    },
}

/// Bytes on their way out; `start` is how many of them have gone.
#[derive(Debug, Default)]
pub struct SendBuf {
    /// All bytes, sent and unsent.
    pub bytes: Vec<u8>,
    /// Where the unsent ones begin.
    pub start: usize,
}

impl SendBuf {
    /// The bytes still to send.
    pub fn unsent(&self) -> &[u8] {
        self.bytes.get(self.start..).unwrap_or(&[])
    }
}

/// What came back.
#[derive(Debug)]
pub enum Completion {
    /// A listener accepted a connection. It is silent until [`Op::Receive`].
    Accepted {
        /// The number given to [`Driver::listen`].
        listener: u16,
        /// The new connection.
        slot: Slot,
    },
    /// Bytes arrived, in order.
    Received {
        /// The connection.
        slot: Slot,
        /// The bytes, lent.
        lease: Lease,
    },
    /// Nothing more will arrive: the peer ended its side, or receiving failed. Sending may still
    /// work; the slot lives until it is closed.
    Ended {
        /// The connection.
        slot: Slot,
        /// Why, unless the peer ended in good order.
        fault: Option<SystemError>,
    },
    /// The peer has closed the whole connection, so nobody takes what is sent. Follows
    /// [`Completion::Ended`] where the kernel can tell it from the end of one side: of Unix sockets.
    Left {
        /// The connection.
        slot: Slot,
    },
    /// A send came back: whole, in part (submit the rest again), or failed.
    Sent {
        /// The connection.
        slot: Slot,
        /// The bytes given, `start` advanced by what was sent.
        buf: SendBuf,
        /// Why nothing further can be sent, if so.
        fault: Option<SystemError>,
    },
    /// The slot is gone; nothing follows under this generation.
    Closed {
        /// The connection.
        slot: Slot,
    },
    /// A [`Waker`] was used since the last wait; once, however often.
    Woken,
}

/// Sizes of one shard's driver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RingConfig {
    /// Connections accepted at once; the kernel's descriptor limit may bound it further.
    pub connections_max: usize,
    /// Connections adopted at once (stdio, client sockets).
    pub adoptions_max: usize,
    /// Payload bytes of one receive buffer.
    pub buffer_bytes: usize,
    /// Receive buffers; a power of two, at most 32768.
    pub buffer_count: usize,
    /// Below this many free buffers a slice that leaves the shard is copied.
    pub leases_low_water: usize,
    /// Buffers one connection may fill in one wait.
    pub receive_credit: usize,
    /// Entries of the submission queue.
    pub submissions: u32,
    /// Entries of the completion queue.
    pub completions: u32,
    /// Most bytes handed to the kernel in one send.
    pub send_bytes_max: usize,
}

impl Default for RingConfig {
    fn default() -> Self {
        Self {
            connections_max: limits::CONNECTIONS_MAX,
            adoptions_max: limits::ADOPTIONS_MAX,
            buffer_bytes: limits::RECEIVE_BUFFER_BYTES,
            buffer_count: limits::RECEIVE_BUFFERS,
            leases_low_water: limits::LEASES_LOW_WATER,
            receive_credit: limits::RECEIVE_CREDIT_PER_TURN,
            submissions: limits::SUBMISSIONS,
            completions: limits::COMPLETIONS,
            send_bytes_max: limits::SEND_BYTES_MAX,
        }
    }
}

/// Counters of one driver. Only its own thread writes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DriverStats {
    /// Times the kernel was entered: `io_uring_enter`, or any system call of the epoll driver.
    pub enters: u64,
    /// Connections accepted.
    pub accepts: u64,
    /// Accepts refused by the kernel.
    pub accept_faults: u64,
    /// Times accepting was paused for want of descriptors or slots.
    pub accept_pauses: u64,
    /// Buffers received.
    pub receives: u64,
    /// Bytes received.
    pub bytes_received: u64,
    /// Sends completed, whole or in part.
    pub sends: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Connections closed.
    pub closes: u64,
    /// Times a standing accept or receive ended by itself and was started again.
    pub rearms: u64,
    /// Times receiving stopped because no buffer was free.
    pub enobufs: u64,
    /// Times one connection used up its credit of a turn.
    pub credits_spent: u64,
    /// Completions and ops for a slot that had gone.
    pub stale: u64,
    /// Times the completion queue overflowed into the kernel's memory.
    pub overflows: u64,
    /// Times the waker ended or forestalled a wait.
    pub wakes: u64,
    /// Slices that left the shard by copy, below the low-water mark.
    pub copies: u64,
    /// Bytes of those slices.
    pub bytes_copied: u64,
    /// Connections open now.
    pub open: u64,
    /// Buffers free now.
    pub leases_free: u64,
    /// Buffers lent now.
    pub leases_lent: u64,
}

#[cfg(test)]
mod tests;
