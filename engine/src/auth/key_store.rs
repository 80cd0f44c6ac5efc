//! The place where an issuer's present keys lie, written by one thread and read by all shards.
//!
//! A shard keeps the set it has and looks at one number to see whether there is another; it takes
//! the lock only then, for as long as a reference is copied.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::KeySet;

type Waker = Box<dyn Fn() + Send + Sync>;

/// An issuer's keys, replaceable as a whole.
#[derive(Default)]
pub struct KeyStore {
    current: Mutex<Arc<KeySet>>,
    /// Grows with every replacement; 0 until there is a first set.
    generation: AtomicU64,
    is_asked: AtomicBool,
    waker: OnceLock<Waker>,
}

impl KeyStore {
    /// A store of keys that never change.
    pub fn fixed(keys: KeySet) -> Self {
        let store = Self::default();
        store.replace(keys);
        store
    }

    /// Puts `keys` in the place of those before.
    pub fn replace(&self, keys: KeySet) {
        // What the lock guards is replaced whole, so a panic elsewhere leaves nothing half done.
        *self.current.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
        self.generation.fetch_add(1, Ordering::Release);
    }

    /// Which set is current; 0 is none yet.
    pub fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// The current set, empty before the first.
    pub fn current(&self) -> Arc<KeySet> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Asks for a newer set: a token names a key that is not here. Does not wait.
    pub fn ask(&self) {
        if !self.is_asked.swap(true, Ordering::AcqRel)
            && let Some(wake) = self.waker.get()
        {
            wake();
        }
    }

    /// Whether somebody has asked since this was last called.
    pub fn take_asked(&self) -> bool {
        self.is_asked.swap(false, Ordering::AcqRel)
    }

    /// Whether somebody has asked and was not yet heard.
    pub fn is_asked(&self) -> bool {
        self.is_asked.load(Ordering::Acquire)
    }

    /// Calls `wake` when somebody asks; it must not block. Only the first waker counts.
    pub fn on_ask(&self, wake: impl Fn() + Send + Sync + 'static) {
        // Set once, by the one thread that reads this issuer's keys.
        let _ = self.waker.set(Box::new(wake));
    }
}

impl fmt::Debug for KeyStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.current().len();
        write!(f, "KeyStore({keys} keys, generation {})", self.generation())
    }
}
