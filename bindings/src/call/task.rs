//! Calls that become tasks, whose answer is fetched later.

use super::{mcpring_call, with};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::status::{MCPRING_ERR_UNSUPPORTED, mcpring_status};

/// Makes a call a task from here on, if it is none: its client gets the task's id at once, and the
/// answer when it asks for it. For tools with task_by_handler, which choose the moment themselves.
/// A callback that runs inline comes too late with it.
///
/// Ownership: nothing.
/// Threads: as the call.
/// Errors: MCPRING_ERR_UNSUPPORTED when it stays a plain call, as the client or the tool has no
/// tasks; MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_become_task(call: *mut mcpring_call) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| {
        with(call, |open| match open.subject.context().become_task() {
            Some(_) => Ok(()),
            None => Err(Failure::new(MCPRING_ERR_UNSUPPORTED, "this call cannot become a task")),
        })
    })
}

/// Tells people where a task stands. Nothing happens for a call that is no task.
///
/// Ownership: the words are copied.
/// Threads: as the call.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD, MCPRING_ERR_DONE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_call_task_status(
    call: *mut mcpring_call,
    words: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let words = c.text(words, "words")?;
        with(call, |open| {
            open.subject.context().task_status(words);
            Ok(())
        })
    })
}
