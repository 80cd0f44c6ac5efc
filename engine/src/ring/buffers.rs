//! The receive buffers of one shard: where they live, who owns each, and how they come back.
//!
//! A buffer is in one of three hands, and a debug build checks every hand-over:
//!
//! ```text
//!   FREE --provide--> KERNEL --lend--> USER --release--> FREE
//!     ^                  |   (a lease)
//!     +-----recycle------+   (nothing arrived in it)
//! ```
//!
//! Inside the shard a [`Lease`] comes back through a plain list, without atomics. What leaves the
//! shard is [`bytes::Bytes`] over the same buffer; its last drop, on whatever thread, puts the
//! buffer into a bounded queue that the shard empties at each wait, and wakes the shard if
//! receiving stopped for want of buffers. The memory is shared by reference count, so such bytes
//! may outlive the driver.
//!
//! Buffers lie [`SLACK_BYTES`] apart: those bytes are never given to the kernel and stay zero, so
//! a SIMD load may run past the payload; and the odd stride keeps copies out of the slow path that
//! source and destination a small distance apart modulo the page size fall into.

use std::cell::{Cell, OnceCell, RefCell};
use std::fmt;
use std::ops::Range;
use std::rc::Rc;
use std::slice;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering, fence};

use bytes::Bytes;
use crossbeam_queue::ArrayQueue;

use super::mapping::Mapping;
use super::{RingConfig, Waker};
use crate::error::SystemError;
use crate::limits::SLACK_BYTES;

/// The part that other threads may hold on to: the memory, and the way back.
pub(super) struct Shared {
    memory: Mapping,
    buffer_bytes: usize,
    /// Room for every buffer, and each is in it at most once: a push cannot fail.
    returns: ArrayQueue<u16>,
    /// Receiving stands still until a buffer comes back: whoever returns one must wake the shard.
    starved: AtomicBool,
    waker: Waker,
}

impl Shared {
    fn stride(&self) -> usize {
        self.buffer_bytes + SLACK_BYTES
    }

    /// Where buffer `index` begins.
    fn address(&self, index: u16) -> *mut u8 {
        self.memory.at(index as usize * self.stride())
    }

    /// The first `len` bytes of buffer `index`, slack included.
    ///
    /// # Safety
    ///
    /// The caller's side of the ownership rule: the buffer is in the user's hand for as long as
    /// the slice lives, and `len` does not reach past the slack.
    unsafe fn bytes(&self, index: u16, len: usize) -> &[u8] {
        debug_assert!(len <= self.stride(), "inside the buffer and its slack");
        // SAFETY: inside the mapping, which was zeroed and so initialised; nobody writes while the
        // user holds the buffer.
        unsafe { slice::from_raw_parts(self.address(index), len) }
    }

    /// Gives a buffer back from any thread.
    ///
    /// The fence pairs with the one in [`Pool::starve`]: either the shard's last look at the queue
    /// sees this push, or this load sees its flag. A wake-up cannot fall between.
    fn release(&self, index: u16) {
        let pushed = self.returns.push(index);
        debug_assert!(pushed.is_ok(), "each buffer is returned once");
        fence(Ordering::SeqCst);
        if self.starved.load(Ordering::Relaxed) && self.starved.swap(false, Ordering::Relaxed) {
            self.waker.wake();
        }
    }
}

/// The shard's side of the buffers.
struct Local {
    shared: Arc<Shared>,
    count: usize,
    low_water: usize,
    /// Buffers in nobody's hand.
    free: RefCell<Vec<u16>>,
    lent: Cell<usize>,
    copies: Cell<u64>,
    bytes_copied: Cell<u64>,
    #[cfg(debug_assertions)]
    owners: RefCell<Vec<Owner>>,
}

/// In whose hand a buffer is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Free,
    Kernel,
    User,
}

impl Local {
    /// Checks that buffer `index` goes `from` one hand `to` another.
    #[cfg(debug_assertions)]
    fn hand_over(&self, index: u16, from: Owner, to: Owner) {
        let mut owners = self.owners.borrow_mut();
        let owner = &mut owners[index as usize];
        assert_eq!(*owner, from, "buffer {index} goes from {from:?} to {to:?}");
        *owner = to;
        if to == Owner::Free && from == Owner::User {
            self.spoil(index);
        }
    }

    #[cfg(not(debug_assertions))]
    #[allow(clippy::unused_self, reason = "the debug build looks")]
    fn hand_over(&self, _index: u16, _from: Owner, _to: Owner) {}

    /// Checks that nobody wrote into the slack, and makes a use after release visible.
    #[cfg(debug_assertions)]
    fn spoil(&self, index: u16) {
        let (shared, len) = (&self.shared, self.shared.buffer_bytes);
        // SAFETY: the last lease of this buffer is being dropped, so it is still the user's.
        let all = unsafe { shared.bytes(index, shared.stride()) };
        assert!(all[len..].iter().all(|byte| *byte == 0), "the slack behind {index} stays zero");
        // SAFETY: as above, and the slice just read is not used again.
        unsafe { shared.address(index).write_bytes(0xA5, len) };
    }

    /// Takes a buffer back from the user's hand.
    fn put_back(&self, index: u16) {
        self.hand_over(index, Owner::User, Owner::Free);
        self.lent.set(self.lent.get() - 1);
        self.free.borrow_mut().push(index);
    }

    fn is_low(&self) -> bool {
        self.count - self.lent.get() < self.low_water
    }
}

/// All receive buffers of one driver.
#[derive(Clone)]
pub(crate) struct Pool {
    local: Rc<Local>,
}

impl Pool {
    /// Maps the buffers `config` asks for; `waker` wakes the shard they belong to.
    pub(crate) fn new(config: &RingConfig, waker: Waker) -> Result<Self, SystemError> {
        let count = config.buffer_count;
        assert!(
            count.is_power_of_two() && count <= 1 << 15,
            "buffer_count is a power of two up to 32768"
        );
        let memory = Mapping::new(count * (config.buffer_bytes + SLACK_BYTES))?;
        let shared = Arc::new(Shared {
            memory,
            buffer_bytes: config.buffer_bytes,
            returns: ArrayQueue::new(count),
            starved: AtomicBool::new(false),
            waker,
        });
        let local = Local {
            shared,
            count,
            low_water: config.leases_low_water.min(count),
            // Reversed, so that the first ones taken lie at the front.
            free: RefCell::new((0..count as u16).rev().collect()),
            lent: Cell::new(0),
            copies: Cell::new(0),
            bytes_copied: Cell::new(0),
            #[cfg(debug_assertions)]
            owners: RefCell::new(vec![Owner::Free; count]),
        };
        Ok(Self { local: Rc::new(local) })
    }

    /// Takes back what other threads returned since the last call.
    pub(crate) fn collect(&self) {
        while let Some(index) = self.local.shared.returns.pop() {
            self.local.put_back(index);
        }
    }

    /// Announces that receiving waits for a buffer: the next one returned from another thread
    /// wakes the shard. False if one came back meanwhile.
    pub(crate) fn starve(&self) -> bool {
        self.local.shared.starved.store(true, Ordering::Relaxed);
        fence(Ordering::SeqCst);
        self.collect();
        self.is_dry()
    }

    /// Whether no buffer is free.
    pub(crate) fn is_dry(&self) -> bool {
        self.local.free.borrow().is_empty()
    }

    /// Takes one free buffer for the kernel to fill.
    pub(crate) fn take(&self) -> Option<u16> {
        let index = self.local.free.borrow_mut().pop()?;
        self.local.hand_over(index, Owner::Free, Owner::Kernel);
        Some(index)
    }

    /// Lets `fill` write into a buffer taken, as the kernel would.
    pub(crate) fn fill<T>(&self, index: u16, fill: impl FnOnce(&mut [u8]) -> T) -> T {
        let shared = &self.local.shared;
        #[cfg(debug_assertions)]
        assert_eq!(self.local.owners.borrow()[index as usize], Owner::Kernel, "taken, not lent");
        // SAFETY: inside the mapping and initialised; in the kernel's hand, which the caller plays,
        // so no lease reads it.
        let bytes =
            unsafe { slice::from_raw_parts_mut(shared.address(index), shared.buffer_bytes) };
        fill(bytes)
    }

    /// Where the kernel may write `buffer_bytes` into a buffer taken.
    pub(super) fn address(&self, index: u16) -> *mut u8 {
        self.local.shared.address(index)
    }

    /// Lends out what the kernel put into a buffer taken.
    pub(crate) fn lend(&self, index: u16, len: usize) -> Lease {
        let local = &self.local;
        assert!(len <= local.shared.buffer_bytes, "the kernel fills at most the whole buffer");
        local.hand_over(index, Owner::Kernel, Owner::User);
        local.lent.set(local.lent.get() + 1);
        Lease { pool: Rc::clone(local), index, len: len as u32, whole: OnceCell::new() }
    }

    /// Takes back a buffer taken in which nothing arrived.
    pub(crate) fn recycle(&self, index: u16) {
        self.local.hand_over(index, Owner::Kernel, Owner::Free);
        self.local.free.borrow_mut().push(index);
    }

    /// Buffers in all.
    pub(super) fn count(&self) -> usize {
        self.local.count
    }

    /// Buffers lent out.
    pub(crate) fn lent(&self) -> usize {
        self.local.lent.get()
    }

    /// Slices copied instead of lent, and their bytes.
    pub(crate) fn copied(&self) -> (u64, u64) {
        (self.local.copies.get(), self.local.bytes_copied.get())
    }

    /// Gives the memory up for ever, because the kernel may still write into it.
    pub(super) fn leak(&self) {
        std::mem::forget(Arc::clone(&self.local.shared));
    }
}

/// Received bytes, lent. Bound to the shard's thread; dropping it gives the buffer back unless
/// something shared from it is still alive.
pub struct Lease {
    pool: Rc<Local>,
    index: u16,
    len: u32,
    /// Set by the first `share` that lends: from then on the buffer belongs to these bytes.
    whole: OnceCell<Bytes>,
}

impl Lease {
    /// The payload and [`SLACK_BYTES`] readable bytes behind it, whose values mean nothing.
    pub fn padded(&self) -> &[u8] {
        let len = self.len() + SLACK_BYTES;
        // SAFETY: this lease, or `whole` inside it, keeps the buffer in the user's hand; a payload
        // fits its buffer, so it and the slack fit the stride.
        unsafe { self.pool.shared.bytes(self.index, len) }
    }

    /// The payload.
    pub fn bytes(&self) -> &[u8] {
        &self.padded()[..self.len()]
    }

    /// Payload bytes.
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether there is no payload (a driver never delivers such a lease).
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// A range of the payload that may leave the shard and outlive driver and lease.
    ///
    /// Lent while buffers abound: all slices of one lease share its buffer, which goes back with
    /// the last of them. Below the low-water mark copied, so that a slow holder cannot stop
    /// receiving; the copies are counted. A range outside the payload is a bug and panics.
    pub fn share(&self, range: Range<usize>) -> Bytes {
        if let Some(whole) = self.whole.get() {
            return whole.slice(range);
        }
        let pool = &self.pool;
        if pool.is_low() {
            pool.copies.set(pool.copies.get() + 1);
            pool.bytes_copied.set(pool.bytes_copied.get() + range.len() as u64);
            return Bytes::copy_from_slice(&self.bytes()[range]);
        }
        self.whole.get_or_init(|| Bytes::from_owner(self.to_travel())).slice(range)
    }

    fn to_travel(&self) -> SharedLease {
        SharedLease { shared: Arc::clone(&self.pool.shared), index: self.index, len: self.len() }
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        // Once shared, the buffer belongs to the bytes, the last of which returns it.
        if self.whole.get().is_none() {
            self.pool.put_back(self.index);
        }
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease")
            .field("index", &self.index)
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

/// A lease that travels: what all slices shared from one [`Lease`] own together.
struct SharedLease {
    shared: Arc<Shared>,
    index: u16,
    len: usize,
}

impl AsRef<[u8]> for SharedLease {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: the buffer stays in the user's hand until this is dropped, and `len` was checked
        // when it was lent.
        unsafe { self.shared.bytes(self.index, self.len) }
    }
}

impl Drop for SharedLease {
    fn drop(&mut self) {
        self.shared.release(self.index);
    }
}
