//! Where the library's lines go: to standard error, or to a function of the program's.

use std::ffi::c_void;
use std::fmt;
use std::ptr;
use std::sync::Arc;

use mcpring::trace::{self, Level};

use crate::ffi::{Contract, enter, mcpring_destroy_fn, mcpring_log_fn};
use crate::plugin;
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

/// One line of the bindings among those of the engine.
pub(crate) fn line(level: mcpring_level, reason: &'static str, words: fmt::Arguments<'_>) {
    let level = match level {
        ..MCPRING_LEVEL_WARNING => Level::Info,
        MCPRING_LEVEL_WARNING => Level::Warning,
        MCPRING_LEVEL_ERROR => Level::Error,
        _ => Level::Critical,
    };
    trace::line(level, reason, words);
}

/// The engine's level as C has it.
fn number(level: Level) -> mcpring_level {
    match level {
        Level::Info => MCPRING_LEVEL_INFO,
        Level::Warning => MCPRING_LEVEL_WARNING,
        Level::Critical => MCPRING_LEVEL_CRITICAL,
        // What the engine adds without a line here is told rather too loudly.
        _ => MCPRING_LEVEL_ERROR,
    }
}

/// Sends the library's own log to a function; with log NULL, back to standard error. One log for
/// the whole process; of a reason that comes too often lines are left out. The function is called
/// from any of the library's threads, several at once, and must not call the library (gets
/// MCPRING_ERR_STATE). One that a plugin sets keeps it loaded until another is set.
///
/// Ownership: user_data is the library's until destroy is called with it: exactly once, when the
/// function is replaced and no call of it runs any more.
/// Threads: any.
/// Errors: MCPRING_ERR_STATE inside the log function or a destroy function, which takes nothing.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_set_log(
    log: mcpring_log_fn,
    user_data: *mut c_void,
    destroy: mcpring_destroy_fn,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let user = c.user_data(user_data, destroy);
        let sink = log.map(|log| {
            // Of no server: the log is the process's.
            let author = plugin::author(ptr::null_mut(), log as *const c_void);
            c.log_sink(log, user, author)
        });
        let sink = sink.map(|sink| -> Arc<trace::Sink> {
            Arc::new(move |level, reason: &str, words: &str| {
                sink.line(number(level), reason, words);
            })
        });
        drop(trace::set_sink(sink));
        Ok(())
    })
}
