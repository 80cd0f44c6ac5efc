//! JSON-RPC 2.0: what a message is, its id, its errors, and which requests are unanswered.
//!
//! Knows neither MCP nor the wire: `mcp` gives methods their meaning, `endpoint` carries bytes.

pub mod code;
mod error;
mod id;
mod message;
mod outgoing;
mod pending;

pub use error::{RawJson, RpcError};
pub use id::{Id, OwnedId};
pub use message::{Fault, Message, Notification, Request, Response};
pub use outgoing::Outgoing;
pub use pending::Pending;
