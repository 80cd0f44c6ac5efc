//! The C library: the engine behind `include/mcpring.h`.
//!
//! ```text
//! C ──► exported function ──► ffi::enter ──► safe code over tables of handles ──► engine
//! ```
//!
//! Names are written as C sees them, and the doc comments of everything exported are the header's:
//! they speak to C programmers. Every exported function is one `ffi::enter`: raw pointers are
//! turned into borrowed values there, in `ffi.rs`, which is the only file with unsafe code.
//! Handles are numbers out of the tables of `handle`, never addresses.

#![allow(non_camel_case_types, reason = "the names are C's")]
#![allow(clippy::missing_safety_doc, reason = "the header's rules are every function's contract")]
#![allow(
    clippy::doc_markdown,
    clippy::doc_link_with_quotes,
    reason = "the documentation of what is exported is the header's"
)]

mod adopted;
mod answering;
mod call;
mod encode;
mod failure;
mod feature;
mod ffi;
mod frames;
mod handle;
mod host;
mod inside;
mod invoke;
mod json;
mod last_error;
mod local;
mod log;
mod message;
mod model;
mod names;
mod node;
mod plugin;
mod queue;
mod recipe;
mod scalar;
mod schema;
mod server;
mod settings;
mod site;
mod status;
mod text;
mod version;

pub use call::*;
pub use encode::*;
pub use feature::*;
pub use ffi::{mcpring_destroy_fn, mcpring_log_fn, mcpring_str};
pub use frames::*;
pub use invoke::*;
pub use json::*;
pub use last_error::*;
pub use log::*;
pub use message::*;
pub use node::*;
pub use plugin::rust::Host;
pub use plugin::*;
pub use scalar::*;
pub use schema::*;
pub use server::*;
pub use status::*;
pub use text::*;
pub use version::*;
