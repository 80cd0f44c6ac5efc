//! **mcpring**: a Model Context Protocol server engine on Linux io_uring.
//!
//! Build a [`Server`] from [`Tool`]s, [`Resource`]s and [`Prompt`]s, give it to an [`Engine`], and
//! run it on stdio, TCP, Unix sockets or Streamable HTTP. The kernel fills registered buffers,
//! frames are ranges of them, handlers read the sender's bytes where they lie, and all answers of
//! a turn leave with one system call.
//!
//! A handler that needs more than its arguments takes a [`Call`]: it asks the person or the
//! client's model ([`Call::elicit`], [`Call::sample`], [`Ask`]), and through [`Call::context`]
//! reports progress, logs, and reaches the [`Publisher`], which changes the server while it runs.
//! [`Authorization`] says whom HTTP is served to; [`Engine::route`] adds HTTP routes that are no MCP,
//! and [`Running::connect`] a connection from inside the process.
//!
//! The modules are the parts, from the bytes up; most programs need only what is re-exported here.

#![deny(unsafe_code)]

pub mod auth;
pub mod codec;
pub mod config;
pub mod endpoint;
pub mod error;
mod inbox;
pub mod json;
pub mod limits;
pub mod mcp;
pub mod metrics;
pub mod model;
pub mod ring;
pub mod rpc;
pub mod server;
pub mod settings;
pub mod shard;
#[cfg(any(test, feature = "sim"))]
pub mod sim;
pub mod slot;
pub mod trace;
pub mod transport;
pub mod uri;

pub use auth::{Authorization, Issuer, Jwks, Principal};
pub use config::Config;
pub use error::{Error, ErrorKind};
pub use model::{
    Content, ElicitAnswer, Elicitation, LogLevel, PromptArgument, PromptMessage, PromptResult,
    Property, ResourceContents, Sampling, TaskSupport, ToolResult,
};
pub use rpc::RpcError;
pub use server::{
    Answers, Ask, Call, Completer, Deferred, Execution, Handler, Hook, Json, NoArguments, Outcome,
    Prompt, Publisher, Resource, ResourceTemplate, RouteCall, RouteHandler, RouteRequest,
    RouteResponse, Server, ServerBuilder, Tool, ToolError,
};
pub use shard::{Engine, Running};

/// The crate's version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The README's examples compile.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
