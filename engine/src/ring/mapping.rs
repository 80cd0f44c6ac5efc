//! Anonymous memory from the kernel: page-aligned, zeroed, and unmapped when dropped.
//!
//! Not the allocator's, because the kernel keeps addresses into it and because pages of buffers
//! that were never used should cost nothing.

use std::ptr::{self, NonNull};

use crate::error::SystemError;

/// Mapped memory; who may touch which part when is the user's business.
pub(super) struct Mapping {
    base: NonNull<u8>,
    len: usize,
}

// SAFETY: it is plain memory, mapped for the whole process and tied to no thread; all access goes
// through raw pointers whose users answer for it.
unsafe impl Send for Mapping {}
// SAFETY: as above; a shared reference only gives out addresses.
unsafe impl Sync for Mapping {}

impl Mapping {
    /// Maps `len` zeroed bytes.
    pub(super) fn new(len: usize) -> Result<Self, SystemError> {
        let access = libc::PROT_READ | libc::PROT_WRITE;
        let kind = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: a new mapping where the kernel likes touches nothing that exists.
        let base = unsafe { libc::mmap(ptr::null_mut(), len, access, kind, -1, 0) };
        if base == libc::MAP_FAILED {
            return Err(SystemError::last("mmap"));
        }
        let base = NonNull::new(base.cast()).ok_or(SystemError::new("mmap", libc::ENOMEM))?;
        Ok(Self { base, len })
    }

    /// Keeps the memory out of a forked child, which must not share it with the kernel. Best
    /// effort: an old kernel's refusal only costs the child memory.
    pub(super) fn keep_from_children(&self) {
        // SAFETY: advises on exactly the pages this mapping owns.
        let _ = unsafe { libc::madvise(self.base.as_ptr().cast(), self.len, libc::MADV_DONTFORK) };
    }

    /// The first byte.
    pub(super) fn base(&self) -> *mut u8 {
        self.base.as_ptr()
    }

    /// The byte at `offset`, which must lie inside.
    pub(super) fn at(&self, offset: usize) -> *mut u8 {
        assert!(offset < self.len, "an offset inside the mapping");
        // SAFETY: inside the mapping, as just checked, which is one allocation.
        unsafe { self.base().add(offset) }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: unmaps exactly what `new` mapped; the owner drops it after its last use.
        let _ = unsafe { libc::munmap(self.base.as_ptr().cast(), self.len) };
    }
}
