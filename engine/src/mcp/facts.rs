//! What a transport knows about a message besides its bytes, and which era that makes it.

use super::{Refusal, Version};

/// A header that must mirror a part of the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirror<'a> {
    /// Not sent.
    Absent,
    /// Sent; already decoded from its `=?base64?…?=` form.
    Value(&'a str),
    /// Sent in a form that cannot be decoded.
    Undecodable,
}

/// Facts of one HTTP exchange. Streams have none.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// `MCP-Protocol-Version`.
    pub version: Option<&'a str>,
    /// `Mcp-Method`.
    pub method: Mirror<'a>,
    /// `Mcp-Name`.
    pub name: Mirror<'a>,
    /// One of these headers came twice.
    pub has_duplicates: bool,
}

/// How a message's version is agreed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Era {
    /// `initialize`, then a session (2024-11-05 … 2025-11-25).
    Handshake,
    /// Each request says everything (2026-07-28).
    Stateless,
}

/// Which era an HTTP exchange belongs to; `claimed` is the version its body's envelope names.
///
/// The header decides. A body that claims the stateless era under a handshake-era header (or none)
/// is refused as a mismatch, which names the cause where "missing session" would hide it.
pub fn choose_era(header: Option<&str>, claimed: Option<&str>) -> Result<Era, Refusal> {
    match header.map(Version::parse) {
        None => match claimed {
            Some(_) => Err(Refusal::mismatch(
                "the MCP-Protocol-Version header is missing; it must equal \
                 _meta[\"io.modelcontextprotocol/protocolVersion\"]"
                    .into(),
            )),
            None => Ok(Era::Handshake),
        },
        Some(Some(version)) if version.has_handshake() => match claimed {
            Some(claimed) if claimed != version.as_str() => Err(Refusal::mismatch(format!(
                "the MCP-Protocol-Version header says {version}, _meta says another version"
            ))),
            _ => Ok(Era::Handshake),
        },
        Some(_) => Ok(Era::Stateless),
    }
}
