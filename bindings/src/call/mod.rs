//! Calls: what a program's function is called with.
//!
//! Inside its callback a call is a [`Frame`] on the stack, found by its number without a lock. Kept
//! beyond it, it is a [`kept::Kept`] under the same number, which any thread may use. Both are
//! looked into as an [`Open`] call: what was asked, and what was put together of the answer.

mod arguments;
mod asking;
mod content;
mod draft;
mod facts;
mod frame;
mod kept;
mod reply;
mod saying;
mod seat;
mod subject;
mod task;

use std::ffi::c_void;

use crate::handle::{Kind, Opaque};
use crate::status::mcpring_status;

pub use arguments::*;
pub use asking::*;
pub use content::*;
pub use facts::*;
pub use frame::mcpring_call_keep;
pub(crate) use frame::{Frame, Open, answer, with};
pub use reply::*;
pub use saying::*;
pub(crate) use subject::HostCall;
pub use task::*;

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
