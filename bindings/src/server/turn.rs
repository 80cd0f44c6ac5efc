//! The program's own loop: callbacks that run on the thread which polls.

use std::ffi::c_int;
use std::time::Duration;

use super::{get, mcpring_server};
use crate::failure::Failure;
use crate::ffi::{Contract, enter};
use crate::inside;
use crate::status::{MCPRING_END, MCPRING_OK, mcpring_status};

/// Gives a descriptor that is readable while mcpring_server_poll has something to do, for select,
/// poll, epoll and the like. Do not read, write or close it.
///
/// Ownership: the descriptor is the server's, and good until that is freed.
/// Threads: any.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_fd(
    server: *mut mcpring_server,
    fd: *mut c_int,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let fd = c.out(fd, "fd")?;
        fd.set(get(server)?.site().queue.descriptor());
        Ok(())
    })
}

/// Runs the callbacks of MCPRING_RUN_HOST that wait, on this thread, after waiting up to timeout_ms
/// for the first (0: not at all, -1: for ever; a signal ends the wait early). Those that come
/// meanwhile are for the next time. MCPRING_OK, or MCPRING_END when the server has ended and
/// nothing comes any more.
///
/// Ownership: *ran takes how many callbacks ran; it may be NULL.
/// Threads: any, one at a time, not inside a callback.
/// Errors: MCPRING_ERR_STATE before the start and while another thread polls; MCPRING_ERR_THREAD
/// inside a callback; MCPRING_ERR_ARGUMENT for a timeout below -1; MCPRING_ERR_HANDLE,
/// MCPRING_ERR_SYSTEM.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_poll(
    server: *mut mcpring_server,
    timeout_ms: i32,
    ran: *mut usize,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        inside::outside_callbacks("mcpring_server_poll")?;
        let ran = c.out_if_wanted(ran, "ran")?;
        let time = match timeout_ms {
            -1 => None,
            ms => {
                if let Ok(ms) = u64::try_from(ms) {
                    Some(Duration::from_millis(ms))
                } else {
                    let words = format!("timeout_ms is {ms}, neither -1 nor 0 or more");
                    return Err(Failure::argument(words));
                }
            }
        };
        let host = get(server)?;
        host.running()?;
        let polled = host.site().queue.poll(time)?;
        if let Some(ran) = ran {
            ran.set(polled.ran);
        }
        Ok(if polled.has_ended { MCPRING_END } else { MCPRING_OK })
    })
}
