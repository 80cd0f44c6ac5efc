//! The simulated driver: the seam's third implementer, over a kernel of virtual sockets.
//!
//! It never blocks: whoever simulates turns a shard when its kernel has something to report or its
//! patience is over. Everything that passes is written into the transcript, and held against the
//! rule that a slot is announced once, closed once, and silent outside.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::os::fd::OwnedFd;
use std::rc::Rc;
use std::time::Duration;

use super::kernel::Kernel;
use super::log::{Log, digest};
use crate::error::{LimitError, SystemError};
use crate::ring::{Completion, Driver, DriverKind, DriverStats, Op, Waker};
use crate::slot::Slot;

/// One shard's end of a simulated kernel.
pub(super) struct SimDriver {
    kernel: Rc<RefCell<Kernel>>,
    waker: Waker,
    stats: DriverStats,
    log: Rc<RefCell<Log>>,
    name: usize,
    /// Announced and not closed.
    live: BTreeSet<Slot>,
}

impl SimDriver {
    /// The driver of shard `name`.
    pub(super) fn new(
        name: usize,
        kernel: Rc<RefCell<Kernel>>,
        waker: Waker,
        log: Rc<RefCell<Log>>,
    ) -> Self {
        let (stats, live) = (DriverStats::default(), BTreeSet::new());
        Self { kernel, waker, stats, log, name, live }
    }

    /// Writes down one completion and checks that its slot may have it.
    fn witness(&mut self, completion: &Completion) {
        let name = self.name;
        let mut log = self.log.borrow_mut();
        let (slot, is_right) = match completion {
            Completion::Accepted { listener, slot } => {
                log.line(format_args!("s{name} accepted {} on {listener}", show(*slot)));
                (*slot, self.live.insert(*slot))
            }
            Completion::Received { slot, lease } => {
                let (len, sum) = (lease.len(), digest(lease.bytes()));
                log.line(format_args!("s{name} received {} {len} {sum:x}", show(*slot)));
                (*slot, self.live.contains(slot))
            }
            Completion::Ended { slot, fault } => {
                let errno = fault.map_or(0, |fault| fault.errno);
                log.line(format_args!("s{name} ended {} {errno}", show(*slot)));
                (*slot, self.live.contains(slot))
            }
            Completion::Left { slot } => {
                log.line(format_args!("s{name} left {}", show(*slot)));
                (*slot, self.live.contains(slot))
            }
            Completion::Sent { slot, buf, fault } => {
                let (start, len) = (buf.start, buf.bytes.len());
                let errno = fault.map_or(0, |fault| fault.errno);
                log.line(format_args!("s{name} sent {} {start}/{len} {errno}", show(*slot)));
                (*slot, self.live.contains(slot))
            }
            Completion::Closed { slot } => {
                log.line(format_args!("s{name} closed {}", show(*slot)));
                (*slot, self.live.remove(slot))
            }
            Completion::Woken => return log.line(format_args!("s{name} woken")),
        };
        if !is_right {
            let words = format!("{completion:?} for {slot:?}, which is not open");
            self.kernel.borrow_mut().violations.push(words);
        }
    }
}

fn show(slot: Slot) -> String {
    format!("{}.{}", slot.index, slot.generation)
}

impl Driver for SimDriver {
    fn kind(&self) -> DriverKind {
        DriverKind::Sim
    }

    /// Peers reach a simulated kernel without a socket.
    fn listen(&mut self, _: OwnedFd, _: u16) -> Result<(), SystemError> {
        Err(SystemError::new("listen", libc::ENOSYS))
    }

    fn unlisten(&mut self) {
        self.kernel.borrow_mut().stop_listening();
    }

    fn adopt_socket(&mut self, _: OwnedFd) -> Result<Slot, SystemError> {
        Err(SystemError::new("adopt", libc::ENOSYS))
    }

    fn adopt_pipe(&mut self, _: OwnedFd, _: OwnedFd) -> Result<Slot, SystemError> {
        Err(SystemError::new("adopt", libc::ENOSYS))
    }

    fn submit(&mut self, op: Op) -> Result<(), LimitError> {
        let name = self.name;
        let words = match &op {
            Op::Receive { slot } => format!("s{name} receive {}", show(*slot)),
            Op::Pause { slot } => format!("s{name} pause {}", show(*slot)),
            Op::Send { slot, buf } => {
                let (len, sum) = (buf.unsent().len(), digest(buf.unsent()));
                format!("s{name} send {} {len} {sum:x}", show(*slot))
            }
            Op::Close { slot } => format!("s{name} close {}", show(*slot)),
        };
        let submitted = self.kernel.borrow_mut().submit(op);
        let ending = if submitted.is_ok() { "" } else { ": refused" };
        self.log.borrow_mut().line(format_args!("{words}{ending}"));
        submitted
    }

    fn wait(
        &mut self,
        _: Option<Duration>,
        completions: &mut Vec<Completion>,
    ) -> Result<(), SystemError> {
        let before = completions.len();
        {
            let mut kernel = self.kernel.borrow_mut();
            kernel.wait(completions);
            self.stats.clone_from(&kernel.stats);
        }
        for completion in &completions[before..] {
            self.witness(completion);
        }
        Ok(())
    }

    fn waker(&self) -> Waker {
        self.waker.clone()
    }

    fn stats(&self) -> &DriverStats {
        &self.stats
    }
}
