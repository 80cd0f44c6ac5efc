//! Where the library's lines go: to standard error, or to a function of the program's.

use std::ffi::c_void;
use std::fmt;
use std::io::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

use crate::ffi::{Contract, LogSink, enter, mcpring_destroy_fn, mcpring_log_fn};
use crate::status::mcpring_status;

/// How serious a line is: the eight levels of RFC 5424, from MCPRING_LEVEL_DEBUG up.
pub type mcpring_level = u32;

/// For who looks for a fault.
pub const MCPRING_LEVEL_DEBUG: mcpring_level = 0;
/// The course of things.
pub const MCPRING_LEVEL_INFO: mcpring_level = 1;
/// Worth knowing, and in order.
pub const MCPRING_LEVEL_NOTICE: mcpring_level = 2;
/// Something may be wrong.
pub const MCPRING_LEVEL_WARNING: mcpring_level = 3;
/// Something failed.
pub const MCPRING_LEVEL_ERROR: mcpring_level = 4;
/// Something that others need failed.
pub const MCPRING_LEVEL_CRITICAL: mcpring_level = 5;
/// Somebody has to act now.
pub const MCPRING_LEVEL_ALERT: mcpring_level = 6;
/// Nothing works any more.
pub const MCPRING_LEVEL_EMERGENCY: mcpring_level = 7;

static SINK: RwLock<Option<Arc<LogSink>>> = RwLock::new(None);

/// Hands one line of the bindings to the program's function, or prints it.
pub(crate) fn line(level: mcpring_level, reason: &'static str, words: fmt::Arguments<'_>) {
    let sink = SINK.read().unwrap_or_else(PoisonError::into_inner).clone();
    match sink {
        Some(sink) => sink.line(level, reason, &words.to_string()),
        // A log that cannot be written is no reason to stop.
        None => drop(writeln!(std::io::stderr(), "mcpring: {reason}: {words}")),
    }
}

/// Sends the library's own log to a function; with log NULL, back to standard error. One log for
/// the whole process. The function is called from any of the library's threads, several at once,
/// and must not call the library (gets MCPRING_ERR_STATE).
///
/// Ownership: user_data is the library's until destroy is called with it: exactly once, when the
/// function is replaced and no call of it runs any more.
/// Threads: any.
/// Errors: MCPRING_ERR_STATE inside the log function or a destroy function.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_set_log(
    log: mcpring_log_fn,
    user_data: *mut c_void,
    destroy: mcpring_destroy_fn,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let user = c.user_data(user_data, destroy);
        let sink = log.map(|log| Arc::new(c.log_sink(log, user)));
        // The old one is dropped behind the lock, for dropping calls its destroy function.
        let old =
            std::mem::replace(&mut *SINK.write().unwrap_or_else(PoisonError::into_inner), sink);
        drop(old);
        Ok(())
    })
}
