//! What the present thread is inside of: a callback, where waiting would be waiting for itself, or
//! a place that must not call the library at all.

use std::cell::Cell;
use std::thread::LocalKey;

use crate::failure::Failure;

/// A function of the program's that must not call the library, but for what [`may_free`] lets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Barred {
    /// A destroy function.
    Destroy,
    /// The log function.
    Log,
}

thread_local! {
    static CALLBACKS: Cell<u32> = const { Cell::new(0) };
    static BARRED: Cell<Option<Barred>> = const { Cell::new(None) };
}

/// Puts back what was before when dropped, however the callback was left.
pub(crate) struct Restore<T: Copy + 'static> {
    place: &'static LocalKey<Cell<T>>,
    before: T,
}

impl<T: Copy + 'static> Drop for Restore<T> {
    fn drop(&mut self) {
        self.place.set(self.before);
    }
}

/// This thread runs a callback until the answer is dropped.
pub(crate) fn callback() -> Restore<u32> {
    let before = CALLBACKS.get();
    CALLBACKS.set(before + 1);
    Restore { place: &CALLBACKS, before }
}

/// This thread must not call the library until the answer is dropped.
pub(crate) fn barred(place: Barred) -> Restore<Option<Barred>> {
    Restore { place: &BARRED, before: BARRED.replace(Some(place)) }
}

/// Refuses what would wait for the callback it is called from.
pub(crate) fn outside_callbacks(function: &str) -> Result<(), Failure> {
    if CALLBACKS.get() == 0 {
        return Ok(());
    }
    Err(Failure::thread(format!("{function} may not be called inside a callback")))
}

/// Refuses every call from a place that must not call the library.
#[inline]
pub(crate) fn may_call() -> Result<(), Failure> {
    match BARRED.get() {
        None => Ok(()),
        Some(place) => Err(refused(place)),
    }
}

/// Refuses to free a value from a place that must not call the library at all. A destroy function
/// may: what its user data owns goes with it.
pub(crate) fn may_free() -> Result<(), Failure> {
    match BARRED.get() {
        None | Some(Barred::Destroy) => Ok(()),
        Some(place @ Barred::Log) => Err(refused(place)),
    }
}

#[cold]
fn refused(place: Barred) -> Failure {
    Failure::state(match place {
        Barred::Destroy => "a destroy function may free schemas and texts, and call nothing else",
        Barred::Log => "the log function must not call the library",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_restore_what_was() {
        assert_eq!(outside_callbacks("x"), Ok(()));
        let outer = callback();
        let inner = callback();
        drop(inner);
        assert!(outside_callbacks("x").is_err());
        let bar = barred(Barred::Log);
        let again = barred(Barred::Destroy);
        assert!(may_call().is_err_and(|failure| failure.words.contains("destroy")));
        assert_eq!(may_free(), Ok(()));
        drop(again);
        for refused in [may_call(), may_free()] {
            assert!(refused.is_err_and(|failure| failure.words.contains("log")));
        }
        drop((bar, outer));
        assert_eq!((may_call(), outside_callbacks("x")), (Ok(()), Ok(())));
    }
}
