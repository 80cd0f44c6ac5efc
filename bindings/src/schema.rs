//! Compiled schemas, which any thread may check values against.

use std::sync::Arc;

use mcpring::json::schema::Schema;
use mcpring::limits::SCHEMA_BYTES_MAX;

use crate::failure::Failure;
use crate::ffi::{Contract, enter, enter_free, mcpring_str};
use crate::handle::{Kind, Opaque, Shared};
use crate::json::{self, mcpring_json, mcpring_node};
use crate::status::{MCPRING_ERR_INVALID, MCPRING_ERR_USAGE, mcpring_status};

/// A compiled JSON Schema.
pub struct mcpring_schema {
    _private: (),
}

impl Opaque for mcpring_schema {
    const KIND: Kind = Kind::Schema;
}

static SCHEMAS: Shared<mcpring_schema, Schema> = Shared::new();

fn compile(json: &str) -> Result<Schema, Failure> {
    let usage = |words: String| Failure::new(MCPRING_ERR_USAGE, words);
    if json.len() > SCHEMA_BYTES_MAX {
        return Err(usage(format!("the schema is longer than {SCHEMA_BYTES_MAX} bytes")));
    }
    let value: serde_json::Value = serde_json::from_str(json)
        .map_err(|fault| usage(format!("the schema is not JSON: {fault}")))?;
    Schema::compile(&value).map_err(|fault| usage(fault.to_string()))
}

/// Compiles a schema, of draft 2020-12 unless its $schema says otherwise. Nothing is ever fetched.
///
/// Ownership: *schema is the caller's, to be freed with mcpring_schema_free; json is read during
/// the call.
/// Threads: any.
/// Errors: MCPRING_ERR_USAGE with the place in the schema, MCPRING_ERR_ARGUMENT, MCPRING_ERR_LIMIT.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_schema_new(
    json: mcpring_str,
    schema: *mut *mut mcpring_schema,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |c| {
        let out = c.out(schema, "schema")?;
        let compiled = compile(c.required(json, "json")?)?;
        out.set(SCHEMAS.insert(Arc::new(compiled))?);
        Ok(())
    })
}

/// Frees a schema; NULL is nothing to free. A check that runs meanwhile is not disturbed.
///
/// Ownership: takes the schema.
/// Threads: any, also inside destroy functions.
/// Errors: MCPRING_ERR_HANDLE.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_schema_free(schema: *mut mcpring_schema) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter_free(unsafe { Contract::of_caller() }, || SCHEMAS.free(schema))
}

/// Checks a value. An object with two members of one name breaks every schema.
///
/// Ownership: nothing.
/// Threads: the one that made the parser.
/// Errors: MCPRING_ERR_INVALID with the first violation's place and reason, otherwise as
/// mcpring_json_kind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn mcpring_schema_check(
    schema: *mut mcpring_schema,
    json: *mut mcpring_json,
    node: mcpring_node,
) -> mcpring_status {
    // SAFETY: the caller keeps the header's contract.
    enter(unsafe { Contract::of_caller() }, |_| {
        let schema = SCHEMAS.get(schema)?;
        json::with(json, |json| {
            let checked = schema.check(json.node(node)?);
            checked.map_err(|fault| Failure::new(MCPRING_ERR_INVALID, fault.to_string()))
        })
    })
}
