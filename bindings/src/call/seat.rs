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
    static DEPTH: Cell<usize> = const { Cell::new(0) };
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

/// Calls inside of each other on one thread that others hear of; more than invocations can be.
const SEATS: usize = 80;

/// One thread's calls that are inside their callbacks, the outermost first; 0 where there is none,
/// or one that was kept, which is any thread's. One thread writes; others only ask for the sake of
/// a better status.
struct Live {
    seats: [AtomicU64; SEATS],
}

static THREADS: Mutex<Vec<Weak<Live>>> = Mutex::new(Vec::new());

impl Live {
    fn register() -> Arc<Self> {
        let own = Arc::new(Self { seats: [const { AtomicU64::new(0) }; SEATS] });
        let mut threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
        threads.retain(|thread| thread.strong_count() > 0);
        threads.push(Arc::downgrade(&own));
        own
    }

    fn find(&self, number: u64) -> Option<&AtomicU64> {
        // NULL is no call, and what an empty seat has.
        let is_it = |seat: &&AtomicU64| number != 0 && seat.load(Ordering::Relaxed) == number;
        self.seats.iter().find(is_it)
    }

    fn set(depth: usize, number: u64) {
        // A thread that is ending runs its last callbacks without.
        let _ = OWN.try_with(|own| {
            if let Some(seat) = own.seats.get(depth) {
                seat.store(number, Ordering::Relaxed);
            }
        });
    }
}

/// Says that a call is inside its callback until this is dropped.
pub(super) struct Seat {
    depth: usize,
}

impl Seat {
    pub(super) fn take(number: u64) -> Self {
        let depth = DEPTH.get();
        DEPTH.set(depth + 1);
        Live::set(depth, number);
        Self { depth }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        Live::set(self.depth, 0);
        DEPTH.set(self.depth);
    }
}

/// Says that a call of this thread belongs to its callback's thread no more.
pub(super) fn keep(number: u64) {
    let _ = OWN.try_with(|own| own.find(number).map(|seat| seat.store(0, Ordering::Relaxed)));
}

/// Whether the call, which is no kept one, is inside its callback on some thread.
#[cold]
pub(super) fn is_inside(number: u64) -> bool {
    let threads = THREADS.lock().unwrap_or_else(PoisonError::into_inner);
    threads.iter().any(|thread| thread.upgrade().is_some_and(|live| live.find(number).is_some()))
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
        let outer_seat = Seat::take(outer);
        assert!(seen(outer) && !seen(inner));
        let inner_seat = Seat::take(inner);
        assert!(seen(outer) && seen(inner));
        keep(inner);
        assert!(seen(outer) && !seen(inner));
        drop(inner_seat);
        assert!(seen(outer));
        let (done, later) = (number(), number());
        drop(Seat::take(done));
        let later_seat = Seat::take(later);
        assert!(seen(outer) && seen(later) && !seen(done));
        drop(later_seat);
        drop(outer_seat);
        assert!(!seen(outer) && !seen(inner));
    }
}
