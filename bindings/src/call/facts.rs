//! What is known of a call besides its arguments.

use mcpring::server::FeatureKind;

use super::subject::Subject;
use super::{mcpring_call, with};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::server::mcpring_server;
use crate::status::mcpring_status;

/// A fact about a call.
pub type mcpring_fact = u32;

/// The name of the tool, prompt, resource or template, or of the argument that is completed.
pub const MCPRING_FACT_NAME: mcpring_fact = 0;
/// The URI that is read.
pub const MCPRING_FACT_URI: mcpring_fact = 1;
/// Of a completion: what was typed so far, perhaps nothing.
pub const MCPRING_FACT_PARTIAL: mcpring_fact = 2;
/// The registered media type of what is read.
pub const MCPRING_FACT_MIME_TYPE: mcpring_fact = 3;
/// The protocol version that the client speaks: "2025-11-25".
pub const MCPRING_FACT_VERSION: mcpring_fact = 4;
/// What the client calls itself; unproven.
pub const MCPRING_FACT_CLIENT_NAME: mcpring_fact = 5;
/// The version that the client gives itself; unproven.
pub const MCPRING_FACT_CLIENT_VERSION: mcpring_fact = 6;
/// Whom the access token speaks for; there is none without authorization.
pub const MCPRING_FACT_PRINCIPAL: mcpring_fact = 7;
/// The id of the task that the call is.
pub const MCPRING_FACT_TASK_ID: mcpring_fact = 8;

/// What mcpring_call_time_left gives for a call that has no end.
pub const MCPRING_FOREVER: u64 = u64::MAX;

/// The fact, if the call has it.
fn find(call: &dyn Subject, fact: mcpring_fact) -> Result<Option<&str>, Failure> {
    let not_empty = |text: &&str| !text.is_empty();
    Ok(match fact {
        MCPRING_FACT_NAME => Some(call.name()),
        MCPRING_FACT_URI => Some(call.uri()).filter(not_empty),
        MCPRING_FACT_PARTIAL => (call.kind() == FeatureKind::Completion).then(|| call.partial()),
        MCPRING_FACT_MIME_TYPE => call.mime_type(),
        MCPRING_FACT_VERSION => Some(call.context().version().as_str()),
        MCPRING_FACT_CLIENT_NAME => {
            call.context().client().map(|client| &*client.name).filter(not_empty)
        }
        MCPRING_FACT_CLIENT_VERSION => {
            call.context().client().map(|client| &*client.version).filter(not_empty)
        }
        MCPRING_FACT_PRINCIPAL => call.context().principal().map(mcpring::Principal::subject),
        MCPRING_FACT_TASK_ID => call.context().task_id(),
        other => return Err(Failure::argument(format!("there is no fact {other}"))),
    })
}

/// Gives one fact about a call.
///
/// Ownership: *text is borrowed until the call is over (inside the callback: until it returns).
/// Threads: as the call.
/// Errors: MCPRING_ERR_NOT_FOUND when the call has no such thing, MCPRING_ERR_ARGUMENT when there
/// is no such fact; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_fact(
    call: *mut mcpring_call,
    fact: mcpring_fact,
    text: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let text = c.out(text, "text")?;
        with(call, |open| {
            let found = find(open.subject, fact)?;
            let missing = || Failure::not_found("the call has no such fact");
            text.set(mcpring_str::of(found.ok_or_else(missing)?.as_bytes()));
            Ok(())
        })
    })
}

/// Gives the server that a call is of.
///
/// Ownership: the server stays whose it is.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_server(
    call: *mut mcpring_call,
    server: *mut *mut mcpring_server,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let server = c.out(server, "server")?;
        with(call, |open| {
            server.set(open.site.server());
            Ok(())
        })
    })
}

/// Says whether the answer is no longer wanted: cancelled by the client, late, its connection
/// closed, or its server ended. Long work asks now and then, and stops. The call has to be answered
/// all the same.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_cancelled(
    call: *mut mcpring_call,
    cancelled: *mut bool,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let cancelled = c.out(cancelled, "cancelled")?;
        with(call, |open| {
            cancelled.set(open.subject.context().is_cancelled());
            Ok(())
        })
    })
}

/// Gives the milliseconds until the call is answered with an error for being late; MCPRING_FOREVER
/// when it has no end.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_time_left(
    call: *mut mcpring_call,
    ms: *mut u64,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let ms = c.out(ms, "ms")?;
        with(call, |open| {
            let left = open.subject.context().time_left();
            ms.set(left.map_or(MCPRING_FOREVER, |left| left.as_millis() as u64));
            Ok(())
        })
    })
}
