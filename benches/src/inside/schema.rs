//! Checks of arguments against a compiled schema, as each call of a tool has one.
//!
//! The arguments are parsed before, as they are in the engine when it checks them. The engine
//! compiles when a tool is registered and keeps schemas by their content; how often that saves a
//! compilation is measured by registering tools that share a schema.

use mcpring::json::schema::Schema;
use mcpring::json::{Backend, PaddedBuf, Parser};
use mcpring::server::{SchemaCache, Server, ServerBuilder, Tool};
use serde_json::{Value, json};

use super::stopwatch::{Amount, time};
use super::{Outcome, wrong};
use crate::fault::Fault;

/// Tools that share one schema.
const TOOLS: usize = 100;
/// A compilation takes so many times as long as a check that fewer of them have to do.
const FEWER: u64 = 20;

/// Checks arguments of `fields` fields. Figures: parsing them, for what the check adds; compiling
/// the schema for each check; the cache of schemas.
pub(super) fn check(fields: usize, amount: Amount) -> Result<Outcome, Fault> {
    let source = schema(fields);
    let compiled = Schema::compile(&source).map_err(|fault| wrong(format!("{fault:?}")))?;
    let good = PaddedBuf::copy(arguments(fields).to_string().as_bytes());
    let bad = PaddedBuf::copy(broken(fields).to_string().as_bytes());
    let mut parser = Parser::new(Backend::Scan);
    if compiled.check(parser.parse(bad.padded()).map_err(wrong)?).is_ok() {
        return Err(wrong("arguments that break a bound were let through"));
    }
    let parsed = time(amount, |_| parser.parse(good.padded()).map_or(0, |_| 1));
    let value = parser.parse(good.padded()).map_err(wrong)?;
    let timed = time(amount, |_| u64::from(compiled.check(value).is_ok()));
    let recompiled = time(amount.fewer(FEWER), |_| {
        Schema::compile(&source).map_or(0, |schema| u64::from(schema.check(value).is_ok()))
    });
    if timed.sum != timed.operations || recompiled.sum != recompiled.operations {
        return Err(wrong("right arguments were refused"));
    }
    let (checked_us, parsed_us) = (timed.mean_ns() / 1000.0, parsed.mean_ns() / 1000.0);
    let outcome = Outcome::of(timed)
        .with("parse_us", parsed_us)
        .with("check_beside_parse_percent", 100.0 * checked_us / parsed_us)
        .with("recompiled_p50_us", recompiled.p50_us())
        .with("recompiled_operations", recompiled.operations as f64);
    cached(&source, outcome)
}

/// Registers tools that share `source` and adds how the cache did.
fn cached(source: &Value, outcome: Outcome) -> Result<Outcome, Fault> {
    let mut cache = SchemaCache::new();
    let tool = |at: usize| Tool::raw(format!("tool_{at}"), source.clone(), |_| "done");
    let builder = (0..TOOLS).map(tool).fold(Server::builder("cache", "1"), ServerBuilder::tool);
    builder.build_with(&mut cache).map_err(wrong)?;
    let stats = cache.stats();
    let looked_up = (stats.hits + stats.misses) as f64;
    let outcome = outcome.with("cache_hits_percent", 100.0 * stats.hits as f64 / looked_up);
    Ok(outcome.with("cache_text_bytes", stats.bytes as f64))
}

/// A schema of `fields` required fields of five types, each with a bound.
pub fn schema(fields: usize) -> Value {
    let property = |at: usize| {
        let bound = match at % 5 {
            0 => json!({ "type": "string", "minLength": 1, "maxLength": 100 }),
            1 => json!({ "type": "integer", "minimum": 0, "maximum": 1_000_000 }),
            2 => json!({ "type": "number", "minimum": 0 }),
            3 => json!({ "type": "string", "enum": ["yes", "no"] }),
            _ => json!({ "type": "array", "items": { "type": "integer" }, "maxItems": 8 }),
        };
        (name(at), bound)
    };
    let required: Vec<String> = (0..fields).map(name).collect();
    let properties: serde_json::Map<String, Value> = (0..fields).map(property).collect();
    json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

/// Arguments that fit [`schema`].
pub fn arguments(fields: usize) -> Value {
    let value = |at: usize| match at % 5 {
        0 => json!(format!("text of field {at}")),
        1 => json!(at * 7),
        2 => json!(at as f64 + 0.5),
        3 => json!("yes"),
        _ => json!([at, 1, 2, 3]),
    };
    (0..fields).map(|at| (name(at), value(at))).collect()
}

/// The same with a last field that does not.
fn broken(fields: usize) -> Value {
    let mut arguments = arguments(fields);
    arguments[name(fields - 1)] = Value::Null;
    arguments
}

fn name(at: usize) -> String {
    format!("field_{at:03}")
}
