//! What a program tells its clients, and what the server tells the program.

use super::{get, mcpring_server};
use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::status::mcpring_status;
use crate::text::{self, mcpring_text};

/// Tells the clients that subscribed to a resource that it changed.
///
/// Ownership: the URI is copied.
/// Threads: any, also inside callbacks.
/// Errors: MCPRING_ERR_LIMIT when a shard has more to do than it can take on; MCPRING_ERR_STATE
/// when the server does not run; MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_resource_updated(
    server: *mut mcpring_server,
    uri: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let publisher = get(server)?.live_publisher()?;
        publisher.resource_updated(c.required(uri, "uri")?).map_err(limit)
    })
}

/// Tells the client that was sent to a URL by the question of that id that the person is done
/// there, also when the call is over. An unknown id is nothing.
///
/// Ownership: the id is copied.
/// Threads: any, also inside callbacks.
/// Errors: as mcpring_server_resource_updated.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_elicitation_done(
    server: *mut mcpring_server,
    id: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let publisher = get(server)?.live_publisher()?;
        publisher.elicitation_done(c.required(id, "id")?).map_err(limit)
    })
}

fn limit(fault: mcpring::error::LimitError) -> Failure {
    Failure::limit(fault.to_string())
}

/// Gives what the server has counted, as JSON: {"driver", "version", "counters":{...},
/// "gauges":{...}, "closes":{...}, "requests":{method:{outcome:n}}, "latency_ns":{method:{"count",
/// "sum", "max", "p50", "p90", "p99", "p999"}}}.
///
/// Ownership: *json is the caller's, to be freed with mcpring_text_free.
/// Threads: any, also inside callbacks.
/// Errors: MCPRING_ERR_STATE before the start; MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_metrics(
    server: *mut mcpring_server,
    json: *mut *mut mcpring_text,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let json = c.out(json, "json")?;
        json.set(text::insert(get(server)?.running()?.metrics_json())?);
        Ok(())
    })
}
