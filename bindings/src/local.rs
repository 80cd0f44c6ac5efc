//! The table of handles that belong to the thread that made them: no lock, no atomic.
//!
//! A slot holds the whole number of its handle, so one comparison sees type, thread, generation
//! and place at once; only a handle that is refused is taken apart to say why.

use std::cell::{Cell, RefCell};
use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::LocalKey;

use crate::failure::Failure;
use crate::handle::{Opaque, pointer, unknown};

const THREAD_SHIFT: u32 = 40;
const THREAD_BITS: u32 = 20;
const THREAD_MASK: u64 = (1 << THREAD_BITS) - 1;

/// One thread's handles of one type, at most 2^`PLACE_BITS` at a time.
///
/// INVARIANT: a slot's `handle` means its `value`, and is 0 when there is none.
pub(crate) struct Local<H, T, const PLACE_BITS: u32 = 20> {
    slots: RefCell<Vec<Slot<T>>>,
    free: RefCell<Vec<u32>>,
    of: PhantomData<fn() -> *mut H>,
}

struct Slot<T> {
    handle: u64,
    /// Of the next handle.
    generation: u64,
    value: Option<T>,
}

impl<H: Opaque, T, const PLACE_BITS: u32> Local<H, T, PLACE_BITS> {
    const PLACE_MASK: u64 = (1 << PLACE_BITS) - 1;
    const GENERATION_MAX: u64 = (1 << (THREAD_SHIFT - PLACE_BITS)) - 1;

    /// A table without handles.
    pub(crate) const fn new() -> Self {
        Self { slots: RefCell::new(Vec::new()), free: RefCell::new(Vec::new()), of: PhantomData }
    }

    fn insert(&self, value: T) -> Result<*mut H, Failure> {
        let mut slots = self.slots.borrow_mut();
        let place = match self.free.borrow_mut().pop() {
            Some(place) => place as usize,
            None if slots.len() as u64 > Self::PLACE_MASK => {
                return Err(Failure::limit("this thread has too many handles of this type"));
            }
            None => {
                slots.push(Slot { handle: 0, generation: 1, value: None });
                slots.len() - 1
            }
        };
        let slot = &mut slots[place];
        let head = H::KIND.bits() | thread_number() << THREAD_SHIFT;
        slot.handle = head | slot.generation << PLACE_BITS | place as u64;
        slot.value = Some(value);
        Ok(pointer(slot.handle))
    }

    #[inline]
    fn with<R>(
        &self,
        handle: *mut H,
        act: impl FnOnce(&mut T) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        let number = handle.addr() as u64;
        let Ok(mut slots) = self.slots.try_borrow_mut() else {
            return Err(Failure::state("this thread is using the handle already"));
        };
        match slots.get_mut((number & Self::PLACE_MASK) as usize) {
            Some(Slot { handle: known, value: Some(value), .. }) if *known == number => act(value),
            _ => Err(refused(handle)),
        }
    }

    fn remove(&self, handle: *mut H) -> Result<T, Failure> {
        let number = handle.addr() as u64;
        let place = (number & Self::PLACE_MASK) as usize;
        let mut slots = self.slots.borrow_mut();
        let slot = slots.get_mut(place).filter(|slot| slot.handle == number && number != 0);
        let Some((slot, value)) =
            slot.and_then(|slot| slot.value.take().map(|value| (slot, value)))
        else {
            return Err(refused(handle));
        };
        slot.handle = 0;
        // A place whose generations are used up stays empty, so that no handle comes twice.
        if slot.generation < Self::GENERATION_MAX {
            slot.generation += 1;
            self.free.borrow_mut().push(place as u32);
        }
        Ok(value)
    }
}

/// A table of the present thread.
type Key<H, T, const PLACE_BITS: u32> = LocalKey<Local<H, T, PLACE_BITS>>;

/// Makes the handle of `value` on this thread.
pub(crate) fn insert<H: Opaque, T, const BITS: u32>(
    table: &'static Key<H, T, BITS>,
    value: T,
) -> Result<*mut H, Failure> {
    table.try_with(|table| table.insert(value)).unwrap_or_else(|_| Err(ending()))
}

/// Acts on what `handle` means. `act` must not call out of the library: the table is in use.
#[inline]
pub(crate) fn with<H: Opaque, T, R, const BITS: u32>(
    table: &'static Key<H, T, BITS>,
    handle: *mut H,
    act: impl FnOnce(&mut T) -> Result<R, Failure>,
) -> Result<R, Failure> {
    table.try_with(|table| table.with(handle, act)).unwrap_or_else(|_| Err(ending()))
}

/// Ends `handle` and gives what it meant, to be dropped while the table is not in use.
pub(crate) fn remove<H: Opaque, T, const BITS: u32>(
    table: &'static Key<H, T, BITS>,
    handle: *mut H,
) -> Result<T, Failure> {
    table.try_with(|table| table.remove(handle)).unwrap_or_else(|_| Err(ending()))
}

/// As [`remove`], of what C may free when it is NULL.
pub(crate) fn free<H: Opaque, T, const BITS: u32>(
    table: &'static Key<H, T, BITS>,
    handle: *mut H,
) -> Result<Option<T>, Failure> {
    if handle.is_null() {
        return Ok(None);
    }
    remove(table, handle).map(Some)
}

/// Whether `handle` has the form of one that another thread made.
pub(crate) fn is_foreign<H: Opaque>(handle: *mut H) -> bool {
    let number = handle.addr() as u64;
    let thread = number >> THREAD_SHIFT & THREAD_MASK;
    number >> (THREAD_SHIFT + THREAD_BITS) == H::KIND as u64 && thread != thread_number()
}

#[cold]
fn refused<H: Opaque>(handle: *mut H) -> Failure {
    if is_foreign(handle) {
        return Failure::thread("the handle belongs to the thread that made it, which is another");
    }
    unknown(handle)
}

#[cold]
fn ending() -> Failure {
    Failure::state("this thread is ending and has no handles any more")
}

/// The number of this thread, from 1; given out when first asked for.
///
/// After 2^20 threads numbers come again. Then a handle of a thread that ended may be looked for
/// in another's table, where it is just as unknown as any stale one.
fn thread_number() -> u64 {
    static THREADS: AtomicU32 = AtomicU32::new(0);
    thread_local! {
        static NUMBER: Cell<u64> = const { Cell::new(0) };
    }
    if NUMBER.get() == 0 {
        let ordinal = u64::from(THREADS.fetch_add(1, Ordering::Relaxed));
        NUMBER.set(1 + ordinal % THREAD_MASK);
    }
    NUMBER.get()
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a foreign thread is what is tested")]
mod tests {
    use super::*;
    use crate::handle::Kind;
    use crate::status::{
        MCPRING_ERR_HANDLE, MCPRING_ERR_LIMIT, MCPRING_ERR_STATE, MCPRING_ERR_THREAD,
    };

    struct Thing;
    impl Opaque for Thing {
        const KIND: Kind = Kind::Json;
    }

    thread_local! {
        static TABLE: Local<Thing, u32, 2> = const { Local::new() };
    }

    fn get(handle: *mut Thing) -> Result<u32, Failure> {
        with(&TABLE, handle, |value| Ok(*value))
    }

    #[track_caller]
    fn check(number: usize, status: i32, words: &str) {
        let handle = pointer(number as u64);
        for found in [get(handle), remove(&TABLE, handle)] {
            let failure = found.expect_err("no such handle");
            assert_eq!(failure.status, status, "{number:#x}: {}", failure.words);
            assert!(failure.words.contains(words), "{number:#x}: {}", failure.words);
        }
    }

    #[test]
    fn only_what_is_in_the_table_is_found() {
        let first = insert(&TABLE, 7).expect("a handle");
        let second = insert(&TABLE, 8).expect("a handle");
        assert_eq!((get(first), get(second)), (Ok(7), Ok(8)));
        assert_eq!(free(&TABLE, first), Ok(Some(7)));
        assert_eq!(free(&TABLE, std::ptr::null_mut()), Ok(None));
        check(first.addr(), MCPRING_ERR_HANDLE, "this mcpring_json is over");
        check(0, MCPRING_ERR_HANDLE, "NULL");
        check(1, MCPRING_ERR_HANDLE, "this is no mcpring_json");
        check(usize::MAX, MCPRING_ERR_HANDLE, "this is no mcpring_json");
        let kinds = Kind::Json.bits() ^ Kind::Frames.bits();
        check(first.addr() ^ kinds as usize, MCPRING_ERR_HANDLE, "this is a mcpring_frames");
        assert_eq!(get(second), Ok(8));
    }

    #[test]
    fn another_thread_is_told_so() {
        let handle = insert(&TABLE, 7).expect("a handle").addr();
        let other = std::thread::spawn(move || {
            check(handle, MCPRING_ERR_THREAD, "which is another");
            let own = insert(&TABLE, 9).expect("a handle");
            check(handle, MCPRING_ERR_THREAD, "which is another");
            assert_eq!(get(own), Ok(9));
        });
        other.join().expect("the thread's checks");
        assert_eq!(get(pointer(handle as u64)), Ok(7));
    }

    #[test]
    fn the_number_of_places_is_a_limit() {
        let handles: Vec<_> = (0..4).map(|value| insert(&TABLE, value).expect("room")).collect();
        let failure = insert(&TABLE, 4).expect_err("no room");
        assert_eq!(failure.status, MCPRING_ERR_LIMIT);
        remove(&TABLE, handles[2]).expect("it is there");
        let again = insert(&TABLE, 5).expect("room again");
        assert!(again != handles[2] && get(handles[2]).is_err() && get(again) == Ok(5));
    }

    #[test]
    fn no_handle_comes_twice() {
        struct Rare;
        impl Opaque for Rare {
            const KIND: Kind = Kind::Json;
        }
        thread_local! {
            /// 2^38 places leave 2 bits for generations.
            static RARE: Local<Rare, (), 38> = const { Local::new() };
        }
        let mut seen = std::collections::HashSet::new();
        for _ in 0..20 {
            let handle = insert(&RARE, ()).expect("a handle");
            assert!(seen.insert(handle.addr()));
            remove(&RARE, handle).expect("it is there");
        }
    }

    #[test]
    fn a_table_in_use_is_not_entered_again() {
        let handle = insert(&TABLE, 7).expect("a handle");
        let inner = with(&TABLE, handle, |_| Ok(get(handle))).expect("the outer one");
        assert_eq!(inner.expect_err("in use").status, MCPRING_ERR_STATE);
    }
}
