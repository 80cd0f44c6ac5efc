//! The table of direct descriptors: sockets that take no place in the process's descriptor table.
//!
//! ```text
//!   0 ........ adopted_max ........................... count
//!   given out here, always occupied   given out by the kernel at each accept
//! ```
//!
//! The lower part is for sockets adopted. Its free places hold a stand-in (the waker's eventfd):
//! many kernels take the place freed last for the next to try, even outside the range they were told
//! to keep to, so an accept could land in a lower place that is empty.

use std::os::fd::RawFd;

use io_uring::{opcode, squeue, types};

use super::queue::{Queue, system};
use crate::error::SystemError;
use crate::ring::{RingConfig, sys};

/// Who gives out which direct descriptors.
pub(super) struct Files {
    /// Places below this are ours, the others the kernel's.
    adopted_max: u32,
    adopted_free: Vec<u32>,
    /// Places the kernel gives out.
    pub(super) accepted_max: usize,
    /// The descriptor in all free places of ours; boxed, for the kernel reads it from here.
    stand_in: Box<RawFd>,
}

impl Files {
    /// Makes the table, as large as asked for or as the kernel allows.
    pub(super) fn new(
        queue: &Queue,
        config: &RingConfig,
        stand_in: RawFd,
    ) -> Result<Self, SystemError> {
        let count = register_table(queue, config)?;
        // When the limit is low, neither kind of connection starves the other.
        let kept = (config.connections_max as u32).min(count / 2);
        let adopted_max = (config.adoptions_max as u32).min(count - kept);
        queue.reserve_files(adopted_max, count - adopted_max)?;
        let stand_ins = vec![stand_in; adopted_max as usize];
        if adopted_max > 0 {
            update(queue, 0, &stand_ins)?;
        }
        Ok(Self {
            adopted_max,
            adopted_free: (0..adopted_max).rev().collect(),
            accepted_max: (count - adopted_max) as usize,
            stand_in: Box::new(stand_in),
        })
    }

    /// A place of ours.
    pub(super) fn take(&mut self) -> Result<u32, SystemError> {
        self.adopted_free.pop().ok_or(SystemError::new("adopt", libc::ENFILE))
    }

    /// Puts `socket` into the place `index` just taken.
    pub(super) fn place(
        &mut self,
        queue: &Queue,
        index: u32,
        socket: RawFd,
    ) -> Result<(), SystemError> {
        let placed = update(queue, index, &[socket]);
        if placed.is_err() {
            self.adopted_free.push(index);
        }
        placed
    }

    /// The entry that closes what is at `index`.
    pub(super) fn close_entry(&self, index: u32) -> squeue::Entry {
        if index >= self.adopted_max {
            return opcode::Close::new(types::Fixed(index)).build();
        }
        opcode::FilesUpdate::new(&raw const *self.stand_in, 1).offset(index as i32).build()
    }

    /// Takes note that `index` is free; true when the kernel may give it to an accept.
    pub(super) fn give_back(&mut self, index: u32) -> bool {
        if index < self.adopted_max {
            self.adopted_free.push(index);
        }
        index >= self.adopted_max
    }

    /// Gives up for ever what the kernel may still read.
    pub(super) fn leak(&mut self) {
        std::mem::forget(std::mem::take(&mut self.stand_in));
    }
}

fn register_table(queue: &Queue, config: &RingConfig) -> Result<u32, SystemError> {
    let limit = sys::descriptor_limit()?.rlim_cur;
    let wanted = (config.connections_max + config.adoptions_max) as u64;
    let mut count = wanted.min(limit).max(2) as u32;
    loop {
        match queue.submitter().register_files_sparse(count) {
            Ok(()) => return Ok(count),
            Err(fault) if count > 2 && is_too_many(&fault) => count /= 2,
            Err(fault) => return Err(system("io_uring_register (files)", &fault)),
        }
    }
}

fn is_too_many(fault: &std::io::Error) -> bool {
    matches!(fault.raw_os_error(), Some(libc::EMFILE | libc::ENOMEM))
}

fn update(queue: &Queue, first: u32, fds: &[RawFd]) -> Result<(), SystemError> {
    let updated = queue.submitter().register_files_update(first, fds);
    updated.map(drop).map_err(|fault| system("io_uring_register (files update)", &fault))
}
