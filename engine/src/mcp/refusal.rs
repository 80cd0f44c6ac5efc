//! A request that is not admitted: the error, and how loudly a transport says it.

use super::Version;
use crate::rpc::{RpcError, code};

/// How far an error reaches, in the one dimension HTTP can show besides the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The exchange worked; the body tells the rest (HTTP 200).
    Ok,
    /// The message itself is at fault (HTTP 400).
    BadRequest,
    /// What was asked for does not exist at all (HTTP 404).
    NotFound,
    /// None of the forms the peer takes can be given (HTTP 406).
    NotAcceptable,
    /// Something else must end first (HTTP 409).
    Conflict,
    /// A limit was reached (HTTP 503).
    Busy,
}

/// The error to answer with.
#[derive(Clone, Debug)]
pub struct Refusal {
    /// What the peer reads.
    pub error: RpcError,
    /// How loudly.
    pub status: Status,
}

impl Refusal {
    /// Said in the body alone.
    pub fn quiet(error: RpcError) -> Self {
        Self { error, status: Status::Ok }
    }

    /// The message is at fault.
    pub fn bad_request(error: RpcError) -> Self {
        Self { error, status: Status::BadRequest }
    }

    /// A limit was reached; the same request may succeed a little later.
    pub fn busy(version: Version, message: &'static str) -> Self {
        Self { error: RpcError::new(version.busy(), message), status: Status::Busy }
    }

    /// Whether a limit is the reason.
    pub fn is_busy(&self) -> bool {
        self.status == Status::Busy
    }

    /// A header and the body disagree (2026-07-28, streamable HTTP).
    pub fn mismatch(message: String) -> Self {
        Self::bad_request(RpcError::new(code::HEADER_MISMATCH, message))
    }

    /// No such method; loud in the stateless era only.
    pub fn no_method(name: &str, is_stateless: bool) -> Self {
        // The name is the peer's: a bounded part of it is enough to recognise it.
        let shown: String = name.chars().take(64).collect();
        let error = RpcError::new(code::METHOD_NOT_FOUND, format!("unknown method: {shown}"));
        Self { error, status: if is_stateless { Status::NotFound } else { Status::Ok } }
    }
}
