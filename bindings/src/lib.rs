//! The C library: the engine behind `include/mcpring.h`.
//!
//! ```text
//! C ──► exported function ──► ffi::enter ──► safe code over tables of handles ──► engine
//! ```
//!
//! Names are written as C sees them, and the doc comments of everything exported are the header's:
//! they speak to C programmers. Every exported function is one [`ffi::enter`]: raw pointers are
//! turned into borrowed values there, in `ffi.rs`, which is the only file with unsafe code.
//! Handles are numbers out of the tables of `handle`, never addresses.

#![allow(non_camel_case_types, reason = "the names are C's")]
#![allow(clippy::missing_safety_doc, reason = "the header's rules are every function's contract")]
#![allow(clippy::doc_markdown, reason = "the documentation of what is exported is the header's")]

mod adopted;
mod call;
mod encode;
mod failure;
mod ffi;
mod frames;
mod handle;
mod inside;
mod json;
mod last_error;
mod local;
mod log;
mod message;
mod names;
mod node;
mod scalar;
mod schema;
mod status;
mod text;
mod version;

pub use call::*;
pub use encode::*;
pub use ffi::{mcpring_destroy_fn, mcpring_log_fn, mcpring_str};
pub use frames::*;
pub use json::*;
pub use last_error::*;
pub use log::*;
pub use message::*;
pub use node::*;
pub use scalar::*;
pub use schema::*;
pub use status::*;
pub use text::*;
pub use version::*;
