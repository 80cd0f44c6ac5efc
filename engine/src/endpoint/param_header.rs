//! `Mcp-Param-*`: the headers in which clients of 2026-07-28 repeat some arguments.

use crate::json::{Kind, Value};
use crate::mcp::Refusal;
use crate::server::{HeaderParam, ParamKind};
use crate::transport::Facts;
use crate::transport::exchange::decode_value;

/// Compares what a tool's schema mirrors with what came: present in both and equal, or in neither.
pub(super) fn check(
    mirrored: &[HeaderParam],
    arguments: Option<Value<'_>>,
    facts: &Facts<'_>,
) -> Result<(), Refusal> {
    for param in mirrored {
        let sent = facts.params().find(|(name, _)| name.eq_ignore_ascii_case(&param.name));
        let body = find(arguments, &param.path).filter(|value| value.kind() != Kind::Null);
        let problem = match (sent, body) {
            (None, None) => continue,
            (None, Some(_)) => "is missing",
            (Some(_), None) => "has no counterpart in the arguments",
            (Some((_, value)), Some(body)) => match decode_value(value.trim()) {
                Ok(value) if equal(param.kind, &value, body) => continue,
                Ok(_) => "differs from the arguments",
                Err(_) => "cannot be decoded (=?base64?…?= with padding, over UTF-8)",
            },
        };
        return Err(Refusal::mismatch(format!("the Mcp-Param-{} header {problem}", param.name)));
    }
    Ok(())
}

fn find<'p>(arguments: Option<Value<'p>>, path: &[String]) -> Option<Value<'p>> {
    path.iter().try_fold(arguments?, |value, name| value.get(name))
}

fn equal(kind: ParamKind, header: &str, body: Value<'_>) -> bool {
    match kind {
        ParamKind::String => body.eq_str(header),
        ParamKind::Boolean => header.parse().ok() == body.as_bool() && body.as_bool().is_some(),
        // 42 and 42.0 are one integer (streamable HTTP: compare numerically).
        ParamKind::Integer => match (header.parse::<f64>(), body.as_f64()) {
            (Ok(sent), Some(held)) => sent.is_finite() && (sent - held).abs() < f64::EPSILON,
            _ => false,
        },
    }
}
