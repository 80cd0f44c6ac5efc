//! The calls of this thread's running callbacks: each lends its own for as long as it runs.

use std::cell::Cell;
use std::ptr;

use crate::call::Frame;

thread_local! {
    /// The frame of the callback that runs, which knows the one around it.
    static INNERMOST: Cell<*const Frame<'static>> = const { Cell::new(ptr::null()) };
}

/// Takes a frame off the list, however the callback was left.
struct Pop(*const Frame<'static>);

impl Drop for Pop {
    fn drop(&mut self) {
        INNERMOST.set(self.0);
    }
}

/// Lends `frame` to whatever `run` calls on this thread.
pub(crate) fn lend<R>(frame: &Frame<'_>, run: impl FnOnce() -> R) -> R {
    let pop = Pop(INNERMOST.get());
    frame.set_outer(pop.0);
    INNERMOST.set(ptr::from_ref(frame).cast());
    run()
}

/// Acts on the frame of the callback that runs on this thread, if one does.
pub(crate) fn innermost<R>(act: impl for<'f> FnOnce(&Frame<'f>) -> R) -> Option<R> {
    let place = INNERMOST.get();
    if place.is_null() {
        return None;
    }
    // SAFETY: as in `lent`.
    Some(act(unsafe { &*place }))
}

/// Acts on the frame of that number, if its callback runs on this thread.
#[inline]
pub(crate) fn lent<R>(number: u64, act: impl for<'f> FnOnce(&Frame<'f>) -> R) -> Option<R> {
    let mut place = INNERMOST.get();
    while !place.is_null() {
        // SAFETY: a frame is on the list only while `lend` borrows it, on this thread.
        let frame = unsafe { &*place };
        if frame.number() == number {
            return Some(act(frame));
        }
        place = frame.outer();
    }
    None
}
