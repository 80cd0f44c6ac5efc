//! Every error code the engine sends, and where it may be sent.
//!
//! From 2026-07-28 on the range −32000…−32019 must not be sent and −32020…−32099 belongs to the
//! specification; codes of our own stand outside −32768…−32000.

/// The text is not JSON.
pub const PARSE_ERROR: i32 = -32700;
/// The JSON is not a request.
pub const INVALID_REQUEST: i32 = -32600;
/// No such method at this version, or its capability is not offered.
pub const METHOD_NOT_FOUND: i32 = -32601;
/// The parameters do not fit the method.
pub const INVALID_PARAMS: i32 = -32602;
/// The engine or a handler failed.
pub const INTERNAL_ERROR: i32 = -32603;

/// No such resource; up to 2025-11-25 only, later [`INVALID_PARAMS`].
pub const RESOURCE_NOT_FOUND: i32 = -32002;
/// The person has to visit a URL before the request can succeed; at 2025-11-25 only.
pub const URL_ELICITATION_REQUIRED: i32 = -32042;
/// A mirrored header is missing, differs from the body or cannot be decoded; from 2026-07-28.
pub const HEADER_MISMATCH: i32 = -32020;
/// The request did not declare a capability its handling needs; from 2026-07-28.
pub const MISSING_CAPABILITY: i32 = -32021;
/// The request names a protocol version that is not spoken here; from 2026-07-28.
pub const UNSUPPORTED_VERSION: i32 = -32022;

/// A limit was reached, try again later; handshake era.
pub const BUSY_HANDSHAKE: i32 = -32000;
/// A limit was reached, try again later; stateless era, outside the reserved range.
pub const BUSY: i32 = -31000;
/// The client cancelled the request, and its HTTP exchange still needs an answer.
pub const CANCELLED: i32 = -32800;
