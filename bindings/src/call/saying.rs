//! What a call says while it works.

use mcpring::LogLevel;
use mcpring::model::RawJson;

use super::{mcpring_call, with};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::log::mcpring_level;
use crate::model;
use crate::status::mcpring_status;

/// The engine's level of that number.
fn level(level: mcpring_level) -> Result<LogLevel, Failure> {
    const ALL: [LogLevel; 8] = [
        LogLevel::Debug,
        LogLevel::Info,
        LogLevel::Notice,
        LogLevel::Warning,
        LogLevel::Error,
        LogLevel::Critical,
        LogLevel::Alert,
        LogLevel::Emergency,
    ];
    let found = ALL.get(level as usize).copied();
    found.ok_or_else(|| Failure::argument(format!("there is no level {level}")))
}

/// Reports how far a call is, when its client asked to know; otherwise nothing happens. Each report
/// must be greater than the one before. A callback that runs inline comes too late with it.
///
/// Ownership: the message is copied; it may be absent. A total of 0 or less is unknown.
/// Threads: as the call.
/// Errors: MCPRING_ERR_ARGUMENT also for a number that is not finite; MCPRING_ERR_HANDLE,
/// MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_progress(
    call: *mut mcpring_call,
    progress: f64,
    total: f64,
    message: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let message = c.optional(message, "message")?;
        if !progress.is_finite() || total.is_nan() || total == f64::INFINITY {
            return Err(Failure::argument("progress and total must be finite"));
        }
        let total = (total > 0.0).then_some(total);
        with(call, |open| {
            open.subject.context().progress(progress, total, message);
            Ok(())
        })
    })
}

/// Sends text to the log of the client, if the server has the setting "logging" and the client
/// wants messages of that level.
///
/// Ownership: the texts are copied; logger, which names who speaks, may be absent.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_log(
    call: *mut mcpring_call,
    level: mcpring_level,
    logger: mcpring_str,
    text: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let text = serde_json::value::to_raw_value(c.text(text, "text")?);
        let text = text.map_err(|fault| Failure::argument(format!("text: {fault}")))?;
        log(c, call, level, logger, text)
    })
}

/// As mcpring_call_log, with data of any shape: JSON.
///
/// Ownership: everything is copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_ARGUMENT also for malformed JSON; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD,
/// MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_log_json(
    call: *mut mcpring_call,
    level: mcpring_level,
    logger: mcpring_str,
    json: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let json = model::raw("json", c.text(json, "json")?)?;
        log(c, call, level, logger, json)
    })
}

fn log(
    c: &Contract,
    call: *mut mcpring_call,
    number: mcpring_level,
    logger: mcpring_str,
    data: Box<RawJson>,
) -> Result<(), Failure> {
    let (level, logger) = (level(number)?, c.optional(logger, "logger")?);
    with(call, |open| {
        open.subject.context().log_data(level, logger, data);
        Ok(())
    })
}

/// Lets go of the HTTP connection that waits for the answer: the client comes back for it after a
/// moment. Spares a connection during long work. Where version or transport have no such thing,
/// nothing happens.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_close_stream(call: *mut mcpring_call) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| {
        with(call, |open| {
            open.subject.context().close_stream();
            Ok(())
        })
    })
}
