//! `x-mcp-header`: arguments that HTTP clients of 2026-07-28 repeat in a header, so that what
//! routes requests need not read bodies.
//!
//! Clients drop a tool whose annotations break the rules, so a server finds that out when the tool
//! is registered. Comparing headers with bodies is not done here.

use serde_json::{Map, Value};

const KEYWORD: &str = "x-mcp-header";

/// What a mirrored argument may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParamKind {
    /// A string.
    String,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
}

/// An argument that is repeated in the header `Mcp-Param-<name>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderParam {
    /// The header's name behind `Mcp-Param-`.
    pub name: String,
    /// Where the argument is: member names from the arguments object down.
    pub path: Vec<String>,
    /// What it may be.
    pub kind: ParamKind,
}

/// All mirrored arguments of an input schema, or the first rule that is broken.
pub(super) fn collect(schema: &Value) -> Result<Vec<HeaderParam>, String> {
    let mut found = Vec::new();
    walk(schema, &mut Vec::new(), true, &mut found)?;
    Ok(found)
}

/// Visits `schema`; `is_direct` while only `properties` led here, which is where a header's value
/// can be found in the arguments without evaluating the schema.
fn walk(
    schema: &Value,
    path: &mut Vec<String>,
    is_direct: bool,
    found: &mut Vec<HeaderParam>,
) -> Result<(), String> {
    let Value::Object(members) = schema else {
        let Value::Array(items) = schema else {
            return Ok(());
        };
        return items.iter().try_for_each(|item| walk(item, path, false, found));
    };
    if let Some(name) = members.get(KEYWORD) {
        found.push(read(name, members, path, is_direct, found)?);
    }
    for (keyword, value) in members {
        match keyword.as_str() {
            // Data, not schemas: what looks like a keyword there is a member's name.
            "const" | "enum" | "default" | "examples" => {}
            "properties" => walk_named(value, path, is_direct, found)?,
            "$defs" | "definitions" | "patternProperties" | "dependentSchemas" => {
                walk_named(value, path, false, found)?;
            }
            _ => walk(value, path, false, found)?,
        }
    }
    Ok(())
}

/// Visits the schemas of an object whose keys are names.
fn walk_named(
    schemas: &Value,
    path: &mut Vec<String>,
    is_direct: bool,
    found: &mut Vec<HeaderParam>,
) -> Result<(), String> {
    for (name, schema) in schemas.as_object().into_iter().flatten() {
        path.push(name.clone());
        walk(schema, path, is_direct, found)?;
        path.pop();
    }
    Ok(())
}

fn read(
    name: &Value,
    schema: &Map<String, Value>,
    path: &[String],
    is_direct: bool,
    found: &[HeaderParam],
) -> Result<HeaderParam, String> {
    let place = path.join(".");
    let Some(name) = name.as_str().filter(|name| is_token(name)) else {
        return Err(format!("{KEYWORD} of {place:?} is not an HTTP token: {name}"));
    };
    if !is_direct || path.is_empty() {
        return Err(format!("{KEYWORD} {name:?} is not on a property reached by properties alone"));
    }
    if found.iter().any(|other| other.name.eq_ignore_ascii_case(name)) {
        return Err(format!("{KEYWORD} {name:?} is used twice"));
    }
    let Some(kind) = kind(schema) else {
        return Err(format!("{KEYWORD} {name:?} is on {place:?}, no string, integer or boolean"));
    };
    Ok(HeaderParam { name: name.to_owned(), path: path.to_vec(), kind })
}

/// The one type of a property; `null` beside it means "may be absent", as it does for the header.
fn kind(schema: &Map<String, Value>) -> Option<ParamKind> {
    let named = match schema.get("type")? {
        Value::String(name) => name.as_str(),
        Value::Array(names) => match names.as_slice() {
            [Value::String(name)] => name,
            [Value::String(name), Value::String(null)] if null == "null" => name,
            [Value::String(null), Value::String(name)] if null == "null" => name,
            _ => return None,
        },
        _ => return None,
    };
    match named {
        "string" => Some(ParamKind::String),
        "integer" => Some(ParamKind::Integer),
        "boolean" => Some(ParamKind::Boolean),
        _ => None,
    }
}

/// Whether `name` is an HTTP token (RFC 9110 §5.6.2): `1*tchar`.
fn is_token(name: &str) -> bool {
    let is_tchar = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
    !name.is_empty() && name.bytes().all(is_tchar)
}
