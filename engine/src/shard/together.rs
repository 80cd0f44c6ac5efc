//! Many answers at once, and one wake for all of them.

use std::cell::RefCell;

use crate::ring::Waker;

thread_local! {
    /// Whom this thread will wake, while it answers together.
    static PUT_OFF: RefCell<Option<Vec<Waker>>> = const { RefCell::new(None) };
}

/// Runs `answer`, which answers calls on this thread, and then wakes each shard that waits for any
/// of them, once. Between two answers a shard would wake, find one, and go back to sleep; where it
/// shares its core with this thread that costs more than the answers. What is answered inside
/// reaches no client before `answer` returns, so it must not wait.
pub fn together<R>(answer: impl FnOnce() -> R) -> R {
    let is_first = PUT_OFF.with_borrow_mut(|put_off| {
        let is_first = put_off.is_none();
        put_off.get_or_insert_default();
        is_first
    });
    let _end = is_first.then(|| End);
    answer()
}

/// Wakes whoever was put off, also when what ran panicked.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        let put_off = PUT_OFF.take();
        put_off.iter().flatten().for_each(Waker::wake);
    }
}

/// Wakes a shard now, or at the end of what this thread answers together.
pub(super) fn wake(waker: &Waker) {
    let is_put_off = PUT_OFF.with_borrow_mut(|put_off| {
        let Some(put_off) = put_off else { return false };
        if !put_off.iter().any(|known| known.is(waker)) {
            put_off.push(waker.clone());
        }
        true
    });
    if !is_put_off {
        waker.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_woken_once_at_the_end() {
        let (one, two) = (Waker::detached(), Waker::detached());
        let is_woken = |waker: &Waker| !waker.sleep();
        together(|| {
            wake(&one);
            together(|| wake(&one));
            assert!(!is_woken(&one), "not before the end, not even of an inner one");
        });
        // `sleep` above announced a wait, which the wake at the end has ended.
        assert!(is_woken(&one));
        assert!(!is_woken(&two));
        wake(&two);
        assert!(is_woken(&two), "outside at once");
    }

    #[test]
    fn a_panic_loses_no_wake() {
        let waker = Waker::detached();
        let fails = || {
            together(|| {
                wake(&waker);
                std::panic::resume_unwind(Box::new("not printed"))
            })
        };
        assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(fails)).is_err());
        assert!(!waker.sleep());
    }
}
