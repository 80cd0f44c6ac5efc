//! Calls: what a program's function is called with.

use std::ffi::c_void;

use crate::handle::{Kind, Opaque};
use crate::status::mcpring_status;

/// A call of a tool, a resource, a template, a prompt or a completion.
pub struct mcpring_call {
    _private: (),
}

impl Opaque for mcpring_call {
    const KIND: Kind = Kind::Call;
}

/// The function that answers a call: MCPRING_OK when it answered, asked or kept the call, anything
/// else when it failed.
pub type mcpring_call_fn = Option<
    unsafe extern "C-unwind" fn(call: *mut mcpring_call, user_data: *mut c_void) -> mcpring_status,
>;
