//! What the `io_uring` driver remembers of one connection.
//!
//! Pure bookkeeping: nothing here submits.

use std::os::fd::{AsRawFd, OwnedFd};

use crate::ring::{SendBuf, sys};

/// How far a slot's life has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// In use.
    Open,
    /// Asked to close; the kernel still holds ops of it.
    Closing,
    /// Its direct descriptor is being given up.
    Vacating,
}

/// What a slot's receive is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receiving {
    /// Nothing in the kernel.
    Idle,
    /// Waiting to be started at the next wait.
    Queued,
    /// Waiting for a free buffer.
    Starved,
    /// In the kernel.
    Armed,
    /// In the kernel, waiting for bytes before it is tried again.
    Polling,
    /// In the kernel, asked to end.
    Cancelling,
    /// Over for good: the peer ended, or it failed.
    Ended,
    /// Over for good, and in the kernel: asking whether the peer has closed the whole connection.
    Asking,
}

impl Receiving {
    /// Whether a completion is still to come.
    pub(super) fn is_inflight(self) -> bool {
        matches!(self, Self::Armed | Self::Polling | Self::Cancelling | Self::Asking)
    }
}

/// What a slot's send is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// Nothing in the kernel.
    Idle,
    /// In the kernel.
    Armed,
    /// In the kernel, waiting for room before it is tried again.
    Polling,
}

/// The two descriptors of stdio and the like. They stay ordinary ones: there are few.
pub(super) struct PipeEnds {
    pub(super) read: OwnedFd,
    pub(super) write: OwnedFd,
    /// Reading may stand, as on sockets: not on regular files, nor before Linux 6.7.
    pub(super) is_standing: bool,
}

/// One connection.
pub(super) struct Record {
    pub(super) phase: Phase,
    pub(super) receiving: Receiving,
    pub(super) sending: Sending,
    /// The owner wants bytes.
    pub(super) is_wanted: bool,
    /// Buffers filled in the turn `credit_turn`.
    pub(super) credit_used: u32,
    pub(super) credit_turn: u32,
    /// The bytes of the send in flight: the kernel's until it completes.
    pub(super) send: Option<SendBuf>,
    /// None: a socket behind the direct descriptor of the slot's index.
    pub(super) pipe: Option<Box<PipeEnds>>,
}

impl Record {
    /// A connection that does nothing yet.
    pub(super) fn new(pipe: Option<Box<PipeEnds>>) -> Self {
        Self {
            phase: Phase::Open,
            receiving: Receiving::Idle,
            sending: Sending::Idle,
            is_wanted: false,
            credit_used: 0,
            credit_turn: 0,
            send: None,
            pipe,
        }
    }

    /// Whether the kernel still holds an op of this slot.
    pub(super) fn is_inflight(&self) -> bool {
        self.receiving.is_inflight() || self.sending != Sending::Idle
    }
}

impl PipeEnds {
    /// `can_stand` tells whether the kernel has standing reads.
    pub(super) fn new(read: OwnedFd, write: OwnedFd, can_stand: bool) -> Self {
        let is_standing = can_stand && !sys::is_regular_file(read.as_raw_fd());
        Self { read, write, is_standing }
    }
}
