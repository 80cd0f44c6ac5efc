//! Servers as C has them: made, started, ended.

mod news;
mod turn;

use std::sync::Arc;

use crate::failure::Failure;
use crate::ffi::{Contract, enter, mcpring_str};
use crate::handle::{Kind, Opaque, Shared};
use crate::host::Host;
use crate::inside;
use crate::status::mcpring_status;

pub use news::*;
pub use turn::*;

/// A server: its features, its addresses, its settings.
pub struct mcpring_server {
    _private: (),
}

impl Opaque for mcpring_server {
    const KIND: Kind = Kind::Server;
}

static SERVERS: Shared<mcpring_server, Host> = Shared::new();

/// The server of that handle.
pub(crate) fn get(server: *mut mcpring_server) -> Result<Arc<Host>, Failure> {
    SERVERS.get(server)
}

/// Makes the handle of `host`, which its calls know from then on.
pub(crate) fn insert(host: Arc<Host>) -> Result<*mut mcpring_server, Failure> {
    let site = Arc::clone(host.site());
    let handle = SERVERS.insert(host)?;
    site.set_server(handle);
    Ok(handle)
}

/// Ends the handle of a server.
pub(crate) fn release(server: *mut mcpring_server) {
    // Whoever made it releases it once.
    drop(SERVERS.remove(server));
}

/// Makes a server without features that listens nowhere. Name and version are how it introduces
/// itself.
///
/// Ownership: *server is the caller's, to be freed with mcpring_server_free.
/// Threads: any.
/// Errors: MCPRING_ERR_ARGUMENT, also for an empty name or version; MCPRING_ERR_SYSTEM when there
/// are no descriptors left; MCPRING_ERR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_new(
    name: mcpring_str,
    version: mcpring_str,
    server: *mut *mut mcpring_server,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let server = c.out(server, "server")?;
        let (name, version) = (c.required(name, "name")?, c.required(version, "version")?);
        server.set(insert(Arc::new(Host::new(name, version, true)?))?);
        Ok(())
    })
}

/// Frees a server. One that runs is ended at once and waited for; calls that are still inside their
/// callbacks on worker threads go on, and what they use is destroyed behind the last of them. NULL
/// is nothing to free.
///
/// Ownership: takes the server. Its calls that were kept may be answered to nobody.
/// Threads: any, but not inside a callback.
/// Errors: MCPRING_ERR_HANDLE, MCPRING_ERR_THREAD inside a callback.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_free(server: *mut mcpring_server) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| {
        inside::outside_callbacks("mcpring_server_free")?;
        if let Some(host) = SERVERS.free(server)? {
            host.end();
        }
        Ok(())
    })
}

/// Changes settings: a JSON object. With a fault in it nothing changes. Before the start only.
///
/// The server's: "title", "description", "website_url", "icons", "instructions", "list_changes",
/// "resource_subscriptions", "logging", "call_timeout_ms", "cache_hint"
/// ({"scope":"public","ttl_ms":1000}), "output_policy" ("error" or "warn"), "extensions",
/// "experimental", "signals" (true: SIGTERM and SIGINT drain the server and end it, a second one at
/// once; the handlers stay in place when the server is gone), "host_queue" (calls that wait for
/// mcpring_server_poll), "authorization" ({"resource":URL, "issuers":[{"name", "jwks_url" or
/// "jwks_file" or "jwks" or "secret", "audiences", "algorithms", "leeway_s"}],
/// "static_tokens":{token:{"subject","scopes"}}, "require", "support", "implies", "servers",
/// "resource_name"}).
///
/// The engine's: "driver" ("auto", "uring", "epoll"), "json", "shards", "pin", "workers",
/// "worker_queue", "async_workers", "inbox_max", "public", "share_ports", "http_path",
/// "allowed_hosts", "allowed_origins", "unix_mode" ("660"), "state_keys", "frame_bytes_max",
/// "connections_max", "unsent_bytes_pause", "inflight_calls_max", "sessions_max", "page_items",
/// "receive_buffers", "receive_buffer_bytes", "idle_ms", "session_idle_ms", "frame_ms",
/// "body_bytes_per_second_min", "send_stall_ms", "call_ms", "ask_ms", "tasks_max", "task_ttl_ms",
/// "task_ttl_ms_max", "drain_ms".
///
/// Ownership: everything is copied.
/// Threads: any.
/// Errors: MCPRING_ERR_ARGUMENT for what is no JSON object; MCPRING_ERR_USAGE for an unknown key or
/// a value of another kind, which the words name; MCPRING_ERR_STATE after the start;
/// MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_configure(
    server: *mut mcpring_server,
    json: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| get(server)?.configure(c.text(json, "json")?))
}

/// Adds an address: "http://127.0.0.1:8080", "tcp://...", "tcp+line://...", "unix:///path",
/// "unix+line:///path" or "stdio:". Port 0 takes a free one, which mcpring_server_address tells. A
/// path behind http is the setting http_path, said here: all addresses have the same. Before the
/// start only; whether the address can be had shows there.
///
/// Ownership: the text is copied.
/// Threads: any.
/// Errors: MCPRING_ERR_USAGE for what is no such URL, which the words name with what to write, and
/// for a second path; MCPRING_ERR_STATE after the start; MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_listen(
    server: *mut mcpring_server,
    url: mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| get(server)?.listen(c.text(url, "url")?))
}

/// Starts to serve and returns. Callbacks may come before it does.
///
/// Ownership: nothing.
/// Threads: any.
/// Errors: MCPRING_ERR_USAGE for features that do not go together and for no address;
/// MCPRING_ERR_SYSTEM when the kernel refuses, an address in use for example: it may be tried again
/// then; MCPRING_ERR_STATE when it was started before; MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_start(server: *mut mcpring_server) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| get(server)?.start())
}

/// Starts to serve, and returns when the server has ended: mcpring_server_start and
/// mcpring_server_join.
///
/// Ownership: nothing.
/// Threads: any, but not inside a callback.
/// Errors: as those two.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_run(server: *mut mcpring_server) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| {
        inside::outside_callbacks("mcpring_server_run")?;
        let host = get(server)?;
        host.start()?;
        host.join()
    })
}

/// Begins to end a server, and returns at once: with now false what was asked is answered first,
/// within the setting drain_ms. An end that has begun goes on.
///
/// Ownership: nothing.
/// Threads: any, also inside callbacks; not in signal handlers.
/// Errors: MCPRING_ERR_STATE before the start; MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_stop(
    server: *mut mcpring_server,
    now: bool,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| get(server)?.stop(now))
}

/// Waits until a server has ended: because it was stopped, by a signal if they are its setting, or
/// because standard input ended that it served. Several may wait.
///
/// Ownership: nothing.
/// Threads: any, but not inside a callback. Who also polls does that until MCPRING_END first.
/// Errors: MCPRING_ERR_THREAD inside a callback; MCPRING_ERR_STATE before the start;
/// MCPRING_ERR_SYSTEM when it ended because the kernel failed; MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_join(server: *mut mcpring_server) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| {
        inside::outside_callbacks("mcpring_server_join")?;
        get(server)?.join()
    })
}

/// Gives the address of that number, from 0 in the order they were added, as a URL with the real
/// port: "http://127.0.0.1:34567/mcp".
///
/// Ownership: *url is borrowed until the server is freed. No NUL is behind it.
/// Threads: any.
/// Errors: MCPRING_ERR_NOT_FOUND behind the last; MCPRING_ERR_STATE before the start;
/// MCPRING_ERR_HANDLE, MCPRING_ERR_ARGUMENT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_server_address(
    server: *mut mcpring_server,
    index: usize,
    url: *mut mcpring_str,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let url = c.out(url, "url")?;
        let host = get(server)?;
        let address = host.running()?.addresses().get(index);
        let missing = || Failure::not_found(format!("there is no address {index}"));
        url.set(mcpring_str::of(address.ok_or_else(missing)?.as_bytes()));
        Ok(())
    })
}
