//! Handles that began on one thread and were kept beyond it: found by their number, anywhere.

use std::collections::BTreeMap;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

const SHARDS: usize = 16;

/// What kept handles of one type mean. A number is here until it is taken out.
pub(crate) struct Adopted<H, T> {
    shards: [Mutex<BTreeMap<u64, Arc<T>>>; SHARDS],
    of: PhantomData<fn() -> *mut H>,
}

impl<H, T> Adopted<H, T> {
    /// Nothing kept.
    pub(crate) const fn new() -> Self {
        Self { shards: [const { Mutex::new(BTreeMap::new()) }; SHARDS], of: PhantomData }
    }

    /// Keeps `value` under a handle that nothing is kept under.
    pub(crate) fn insert(&self, handle: *mut H, value: Arc<T>) {
        let before = self.shard(handle).insert(handle.addr() as u64, value);
        debug_assert!(before.is_none(), "one handle is kept twice");
    }

    /// What is kept under `handle`.
    pub(crate) fn get(&self, handle: *mut H) -> Option<Arc<T>> {
        self.shard(handle).get(&(handle.addr() as u64)).map(Arc::clone)
    }

    /// Takes out what is kept under `handle`: one caller gets it.
    pub(crate) fn remove(&self, handle: *mut H) -> Option<Arc<T>> {
        self.shard(handle).remove(&(handle.addr() as u64))
    }

    fn shard(&self, handle: *mut H) -> MutexGuard<'_, BTreeMap<u64, Arc<T>>> {
        // Any spread will do; neighbours in time differ above the bits of the place.
        let number = handle.addr() as u64;
        let mixed = (number ^ number >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let shard = &self.shards[(mixed >> 60) as usize % SHARDS];
        shard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_caller_takes_it() {
        let kept: Adopted<(), u32> = Adopted::new();
        let handle = std::ptr::without_provenance_mut(77);
        kept.insert(handle, Arc::new(7));
        assert_eq!(kept.get(handle).as_deref(), Some(&7));
        assert!(kept.get(std::ptr::null_mut()).is_none());
        assert_eq!(kept.remove(handle).as_deref(), Some(&7));
        assert!(kept.remove(handle).is_none() && kept.get(handle).is_none());
    }
}
