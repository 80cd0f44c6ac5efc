//! The numbers of calls, and which of them are inside their callbacks now, on whatever thread.

use std::cell::Cell;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::handle::Kind;

/// Numbers a thread takes at once. 2^40 blocks are never used up.
const BLOCK: u64 = 1 << 20;

thread_local! {
    static NEXT: Cell<u64> = const { Cell::new(0) };
    static END: Cell<u64> = const { Cell::new(0) };
    static OWN: Arc<Live> = Live::register();
}

/// The number of a call: no other has it, on any thread, at any time.
#[inline]
pub(super) fn number() -> u64 {
    static BLOCKS: AtomicU64 = AtomicU64::new(1);
    if NEXT.get() == END.get() {
        let first = BLOCKS.fetch_add(1, Ordering::Relaxed) * BLOCK;
        NEXT.set(first);
        END.set(first + BLOCK);
    }
    let number = NEXT.get();
    NEXT.set(number + 1);
    Kind::Call.bits() | number
}

/// One thread's calls that are inside their callbacks: the outermost, the latest, and the latest
/// that was kept, which is any thread's. One writes; others only ask for the sake of better words.
#[derive(Default)]
struct Live {
    outermost: AtomicU64,
    latest: AtomicU64,
    kept: AtomicU64,
}

static THREADS: Mutex<Vec<Weak<Live>>> = Mutex::new(Vec::new());

impl Live {
    fn register() -> Arc<Self> {
        let own = Arc::default();
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| thread.strong_count() > 0);
        threads.push(Arc::downgrade(&own));
        own
    }

    fn has(&self, number: u64) -> bool {
        let outermost = self.outermost.load(Ordering::Relaxed);
        outermost != 0
            && (outermost..=self.latest.load(Ordering::Relaxed)).contains(&number)
            && self.kept.load(Ordering::Relaxed) != number
    }
}

/// Says that a call is inside its callback until this is dropped.
pub(super) struct Seat {
    is_outermost: bool,
}

impl Seat {
    pub(super) fn take(number: u64, is_outermost: bool) -> Self {
        // A thread that is ending runs its last callbacks without.
        let _ = OWN.try_with(|own| {
            own.latest.store(number, Ordering::Relaxed);
            if is_outermost {
                own.outermost.store(number, Ordering::Relaxed);
            }
        });
        Self { is_outermost }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        if self.is_outermost {
            let _ = OWN.try_with(|own| own.outermost.store(0, Ordering::Relaxed));
        }
    }
}

/// Says that a call of this thread belongs to its callback's thread no more.
pub(super) fn keep(number: u64) {
    let _ = OWN.try_with(|own| own.kept.store(number, Ordering::Relaxed));
}

/// Whether the call is inside its callback on some thread, and nobody else's.
#[cold]
pub(super) fn is_inside(number: u64) -> bool {
    let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    threads.iter().any(|thread| thread.upgrade().is_some_and(|live| live.has(number)))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "other threads are what is tested")]
mod tests {
    use super::*;

    #[test]
    fn no_number_comes_twice() {
        let take = || (0..3 * BLOCK / 2).map(|_| number()).collect::<Vec<_>>();
        let other = std::thread::spawn(take);
        let mut all = take();
        all.extend(other.join().expect("the thread's numbers"));
        let count = all.len();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), count);
    }

    #[test]
    fn other_threads_see_what_is_inside() {
        let seen = |number| {
            let look = std::thread::spawn(move || is_inside(number));
            look.join().expect("the thread's look")
        };
        let (outer, inner) = (number(), number());
        let outer_seat = Seat::take(outer, true);
        assert!(seen(outer) && !seen(inner));
        let inner_seat = Seat::take(inner, false);
        assert!(seen(outer) && seen(inner));
        keep(inner);
        assert!(seen(outer) && !seen(inner));
        drop(inner_seat);
        assert!(seen(outer));
        drop(outer_seat);
        assert!(!seen(outer) && !seen(inner));
    }
}
