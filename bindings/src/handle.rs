//! Handles: numbers that look like pointers, and the table of those that any thread may use.
//!
//! ```text
//! any thread    type 4 bits | generation 28 | place 32
//! one thread    type 4 bits | thread 20 | generation and place 40        (see `local`)
//! ```
//!
//! Nobody ever follows a handle: it is looked up, and a number that is not in its table is a
//! status. The type's bits make it an address that no program can have, so following one by
//! mistake ends at once instead of reading something.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use crate::failure::Failure;

/// Which type a handle is of; the number stands in the handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Server = 1,
    Call = 2,
    Text = 3,
    Json = 4,
    Schema = 5,
    Frames = 6,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::Server, Self::Call, Self::Text, Self::Json, Self::Schema, Self::Frames];

    fn name(self) -> &'static str {
        match self {
            Self::Server => "mcpring_server",
            Self::Call => "mcpring_call",
            Self::Text => "mcpring_text",
            Self::Json => "mcpring_json",
            Self::Schema => "mcpring_schema",
            Self::Frames => "mcpring_frames",
        }
    }

    /// The type's place in a handle.
    pub(crate) const fn bits(self) -> u64 {
        (self as u64) << KIND_SHIFT
    }
}

/// A type that C knows by its handles only.
pub(crate) trait Opaque {
    /// Its number and name.
    const KIND: Kind;
}

const KIND_SHIFT: u32 = 60;
/// Most handles of one type that any thread may use, spread over [`SHARDS`] tables.
const PLACES_PER_SHARD_MAX: usize = 1 << 24;
const SHARDS: usize = 16;
const GENERATION_MAX: u32 = (1 << 28) - 1;

const _: () = assert!(size_of::<usize>() == 8, "a handle takes 64 bits");
const _: () = assert!(PLACES_PER_SHARD_MAX * SHARDS <= 1 << 32);

/// Why `handle` is not in the table of `H`.
#[cold]
pub(crate) fn unknown<H: Opaque>(handle: *mut H) -> Failure {
    let wanted = H::KIND.name();
    if handle.is_null() {
        return Failure::handle(format!("NULL where a {wanted} must be"));
    }
    let bits = handle.addr() as u64 >> KIND_SHIFT;
    let found = Kind::ALL.into_iter().find(|kind| *kind as u64 == bits);
    Failure::handle(match found {
        Some(kind) if kind == H::KIND => format!("this {wanted} is over: it was freed or answered"),
        Some(kind) => format!("this is a {}, not a {wanted}", kind.name()),
        None => format!("this is no {wanted}"),
    })
}

/// The table of one type's handles that any thread may use.
///
/// No lock is held while anything outside the table runs: a value is taken out shared, and one
/// that leaves the table is dropped behind the lock.
pub(crate) struct Shared<H, T> {
    shards: [RwLock<Shard<T>>; SHARDS],
    turn: AtomicU32,
    // Of either: a table sends values between threads, handles are numbers.
    of: PhantomData<fn() -> *mut H>,
}

struct Shard<T> {
    slots: Vec<Slot<T>>,
    free: Vec<u32>,
}

/// INVARIANT: `handle` is the handle that means `value`, and 0 when there is none.
struct Slot<T> {
    handle: u64,
    generation: u32,
    value: Option<Arc<T>>,
}

impl<H: Opaque, T> Shared<H, T> {
    /// A table without handles.
    pub(crate) const fn new() -> Self {
        let shards = [const { RwLock::new(Shard { slots: Vec::new(), free: Vec::new() }) }; SHARDS];
        Self { shards, turn: AtomicU32::new(0), of: PhantomData }
    }

    /// Makes the handle of `value`.
    pub(crate) fn insert(&self, value: Arc<T>) -> Result<*mut H, Failure> {
        let shard = self.turn.fetch_add(1, Ordering::Relaxed) as usize % SHARDS;
        let mut table = self.shards[shard].write().unwrap_or_else(PoisonError::into_inner);
        let place = table
            .place()
            .ok_or_else(|| Failure::limit(format!("too many {} are open", H::KIND.name())))?;
        let slot = &mut table.slots[place];
        let index = place * SHARDS + shard;
        slot.handle = H::KIND.bits() | u64::from(slot.generation) << 32 | index as u64;
        slot.value = Some(value);
        Ok(pointer(slot.handle))
    }

    /// What `handle` means.
    pub(crate) fn get(&self, handle: *mut H) -> Result<Arc<T>, Failure> {
        let (shard, place) = parts(handle);
        let table = self.shards[shard].read().unwrap_or_else(PoisonError::into_inner);
        match table.slots.get(place) {
            Some(Slot { handle: known, value: Some(value), .. }) if is(*known, handle) => {
                Ok(Arc::clone(value))
            }
            _ => Err(unknown(handle)),
        }
    }

    /// Ends `handle`, which is never valid again, and gives what it meant.
    pub(crate) fn remove(&self, handle: *mut H) -> Result<Arc<T>, Failure> {
        let (shard, place) = parts(handle);
        let mut table = self.shards[shard].write().unwrap_or_else(PoisonError::into_inner);
        let Some(slot) = table.slots.get_mut(place).filter(|slot| is(slot.handle, handle)) else {
            return Err(unknown(handle));
        };
        let value = slot.value.take().ok_or_else(|| unknown(handle))?;
        slot.handle = 0;
        // A place whose generations are used up stays empty, so that no handle comes twice.
        if slot.generation < GENERATION_MAX {
            slot.generation += 1;
            table.free.push(place as u32);
        }
        Ok(value)
    }

    /// As [`remove`](Self::remove), of what C may free when it is NULL.
    pub(crate) fn free(&self, handle: *mut H) -> Result<Option<Arc<T>>, Failure> {
        if handle.is_null() {
            return Ok(None);
        }
        self.remove(handle).map(Some)
    }
}

impl<T> Shard<T> {
    /// A place that is free.
    fn place(&mut self) -> Option<usize> {
        if let Some(place) = self.free.pop() {
            return Some(place as usize);
        }
        if self.slots.len() == PLACES_PER_SHARD_MAX {
            return None;
        }
        self.slots.push(Slot { handle: 0, generation: 1, value: None });
        Some(self.slots.len() - 1)
    }
}

/// The number as C holds it.
pub(crate) fn pointer<H>(handle: u64) -> *mut H {
    std::ptr::without_provenance_mut(handle as usize)
}

fn is<H>(known: u64, handle: *mut H) -> bool {
    known == handle.addr() as u64
}

/// The shard and the place in it; of any number.
fn parts<H>(handle: *mut H) -> (usize, usize) {
    let index = handle.addr() & 0xffff_ffff;
    (index % SHARDS, index / SHARDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;
    impl Opaque for Thing {
        const KIND: Kind = Kind::Schema;
    }

    static TABLE: Shared<Thing, u32> = Shared::new();

    #[track_caller]
    fn check(number: u64, words: &str) {
        for found in [TABLE.get(pointer(number)), TABLE.remove(pointer(number))] {
            let failure = found.expect_err("no such handle");
            assert_eq!(failure.status, crate::status::MCPRING_ERR_HANDLE);
            assert!(failure.words.contains(words), "{number:#x}: {}", failure.words);
        }
    }

    #[test]
    fn only_what_is_in_the_table_is_found() {
        let first = TABLE.insert(Arc::new(7)).expect("a handle");
        let second = TABLE.insert(Arc::new(8)).expect("a handle");
        assert_eq!(TABLE.get(first).as_deref(), Ok(&7));
        assert_eq!(TABLE.free(first).expect("the first time").as_deref(), Some(&7));
        assert_eq!(TABLE.free(std::ptr::null_mut()), Ok(None));
        let number = first.addr() as u64;
        check(number, "this mcpring_schema is over");
        check(0, "NULL where a mcpring_schema must be");
        check(number ^ Kind::Schema.bits() ^ Kind::Json.bits(), "this is a mcpring_json, not a");
        for foreign in [1, u64::MAX, 1 << 32, 0x7fff_dead_beef] {
            check(foreign, "this is no mcpring_schema");
        }
        check(Kind::Schema.bits() | u64::from(u32::MAX), "is over");
        assert_eq!(TABLE.get(second).as_deref(), Ok(&8));
    }

    #[test]
    fn no_handle_comes_twice() {
        let table: Shared<Thing, u32> = Shared::new();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..4 * SHARDS {
            let handle = table.insert(Arc::new(0)).expect("a handle");
            assert!(seen.insert(handle.addr()));
            table.remove(handle).expect("it is there");
        }
        let shard = &mut *table.shards[0].write().expect("sound");
        assert_eq!(shard.slots.len(), 1, "places are used again");
        shard.slots[0].generation = GENERATION_MAX;
        let last = shard.place().expect("the place that is free");
        assert_eq!(last, 0);
        assert_eq!(shard.place(), Some(1));
    }

    #[test]
    fn a_place_whose_generations_are_used_up_stays_empty() {
        let table: Shared<Thing, u32> = Shared::new();
        let first = table.insert(Arc::new(0)).expect("a handle");
        table.shards[0].write().expect("sound").slots[0].generation = GENERATION_MAX;
        table.remove(first).expect("it is there");
        assert_eq!(table.shards[0].read().expect("sound").free, [] as [u32; 0]);
    }
}
