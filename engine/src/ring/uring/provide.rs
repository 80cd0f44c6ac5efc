//! The ring through which free receive buffers are given to the kernel.
//!
//! The kernel takes a buffer only when bytes arrive, so an idle connection holds none. Each entry
//! is an address, a length and the buffer's number; the 16-bit tail that publishes them overlays
//! the unused end of the first entry.

#![allow(clippy::cast_ptr_alignment, reason = "entries are aligned in page-aligned memory")]

use std::sync::atomic::{AtomicU16, Ordering};

use super::queue::{Queue, system};
use crate::error::SystemError;
use crate::ring::buffers::Pool;
use crate::ring::mapping::Mapping;

/// The one group of buffers of a ring.
pub(super) const GROUP: u16 = 0;
const ENTRY_BYTES: usize = 16;
const TAIL_OFFSET: usize = 14;

/// Registered with the kernel for the life of its ring.
pub(super) struct BufferRing {
    memory: Mapping,
    entries: u16,
    tail: u16,
    buffer_bytes: u32,
}

impl BufferRing {
    /// Registers a ring with room for every buffer of `pool`.
    pub(super) fn new(queue: &Queue, pool: &Pool, bytes: usize) -> Result<Self, SystemError> {
        let entries = pool.count() as u16;
        let memory = Mapping::new(pool.count() * ENTRY_BYTES)?;
        memory.keep_from_children();
        let address = memory.base() as u64;
        // SAFETY: page-aligned memory of the right size, unmapped only after the ring is closed:
        // the driver's field order sees to that, and the kernel pins the pages besides.
        let registered =
            unsafe { queue.submitter().register_buf_ring_with_flags(address, entries, GROUP, 0) };
        registered.map_err(|fault| system("io_uring_register (buffer ring)", &fault))?;
        Ok(Self { memory, entries, tail: 0, buffer_bytes: bytes as u32 })
    }

    /// Gives every free buffer of `pool` to the kernel.
    pub(super) fn refill(&mut self, pool: &Pool) {
        let before = self.tail;
        while let Some(index) = pool.take() {
            self.add(index, pool.address(index));
        }
        if self.tail != before {
            self.publish();
        }
    }

    fn add(&mut self, index: u16, address: *mut u8) {
        let offset = (self.tail & (self.entries - 1)) as usize * ENTRY_BYTES;
        let entry = self.memory.at(offset);
        // SAFETY: an aligned entry inside the mapping, behind the published tail: not the kernel's.
        unsafe { entry.cast::<u64>().write(address as u64) };
        let entry = self.memory.at(offset + 8);
        // SAFETY: as above.
        unsafe { entry.cast::<u32>().write(self.buffer_bytes) };
        let entry = self.memory.at(offset + 12);
        // SAFETY: as above; the two bytes that follow are left alone, in the first entry they are
        // the tail.
        unsafe { entry.cast::<u16>().write(index) };
        self.tail = self.tail.wrapping_add(1);
    }

    /// Release: the kernel sees the entries before the tail that covers them.
    fn publish(&self) {
        let tail = self.memory.at(TAIL_OFFSET).cast::<u16>();
        // SAFETY: aligned, inside the mapping, and only ever accessed atomically on our side.
        let tail = unsafe { AtomicU16::from_ptr(tail) };
        tail.store(self.tail, Ordering::Release);
    }
}
