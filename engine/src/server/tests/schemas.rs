//! Schemas: derived from types, compiled once, checked on the tape.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Source, builder, parsed, shown, text, tool_call};
use crate::model::Fields;
use crate::server::{Json, NoArguments, ParamKind, SchemaCache, SchemaStats, Server, Tool};

#[derive(Deserialize, JsonSchema)]
struct Add {
    /// First number
    a: f64,
    #[serde(default)]
    b: Option<f64>,
}

#[derive(Deserialize, JsonSchema)]
#[serde(tag = "kind")]
#[allow(dead_code, reason = "only its schema is looked at")]
enum Shape {
    Dot,
    Line { length: u32 },
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: f64,
}

fn build(tool: Tool) -> Server {
    builder().tool(tool).build().expect("the tool is good")
}

/// The only tool's schemas as listed.
fn listed(server: &Server) -> (String, Option<String>) {
    let info = server.features().tools().iter().next().expect("there is a tool").info();
    (info.input_schema.get().into(), info.output_schema.as_ref().map(|text| text.get().into()))
}

#[test]
fn typed_tools_derive_their_schemas() {
    let check = |tool: Tool, input: &serde_json::Value, output: Option<serde_json::Value>| {
        let (listed_input, listed_output) = listed(&build(tool));
        let read = |text: &str| -> serde_json::Value { serde_json::from_str(text).expect("JSON") };
        assert_eq!(read(&listed_input), *input);
        assert_eq!(listed_output.as_deref().map(read), output);
    };
    let add = json!({
        "type": "object",
        "properties": {
            "a": {"description": "First number", "type": "number", "format": "double"},
            "b": {"type": ["number", "null"], "format": "double", "default": null},
        },
        "required": ["a"],
    });
    check(Tool::new("add", |args: Add| args.a + args.b.unwrap_or_default()), &add, None);
    let sum = json!({
        "type": "object",
        "properties": {"sum": {"type": "number", "format": "double"}},
        "required": ["sum"],
    });
    check(Tool::new("sum", |args: Add| Json(Sum { sum: args.a })), &add, Some(sum.clone()));
    check(
        Tool::new("sum", |args: Add| Ok::<_, String>(Json(Sum { sum: args.a }))),
        &add,
        Some(sum),
    );
    check(
        Tool::new("none", |_: NoArguments| "done"),
        &json!({"type": "object", "additionalProperties": false}),
        None,
    );
    let (shape, _) = listed(&build(Tool::new("shape", |_: Shape| ())));
    assert!(shape.contains(r#""type":"object""#) && shape.contains("oneOf"), "{shape}");
}

#[test]
fn typed_tools_read_their_arguments() {
    let server = build(Tool::new("add", |args: Add| args.a + args.b.unwrap_or_default()));
    let check = |arguments: &str, expected: &str| {
        let source = Source::default();
        let outcome = shown(&tool_call(&server, arguments, &source).invoke());
        assert!(outcome.contains(expected), "{outcome}");
        assert_eq!(source.contexts.get(), 0, "an inline call makes no context");
        assert_eq!(source.shares.get(), 0, "an inline call shares no bytes");
    };
    check(r#"{"a":1,"b":2.5}"#, r#""text":"3.5""#);
    check(r#"{"a":1}"#, r#""text":"1""#);
    // Not checked against the schema here: the type itself refuses, as the tool's failure.
    check(r#"{"a":"1"}"#, r#""isError":true"#);
}

#[test]
fn schemas_by_hand_are_listed_as_given() {
    let given = r##"{
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {"address": {"$anchor": "addressDef", "type": "object"}},
        "properties": {"home": {"$ref": "#/$defs/address"}, "n": {"maximum": 1e400}},
        "x-own": [1.0, 1.50, 123456789012345678901234567890],
        "additionalProperties": false
    }"##;
    let spaceless = given.replace([' ', '\n'], "");
    // A bound beyond what a double holds cannot be compiled; everything else can.
    let given = given.replace("1e400", "1e4");
    let (input, _) = listed(&build(Tool::raw("t", given.as_str(), |_| ())));
    assert_eq!(input, spaceless.replace("1e400", "1e4"));
}

#[test]
fn twenty_fields_are_checked_on_the_tape() {
    let properties: serde_json::Map<_, _> = (0..20)
        .map(|n| (format!("field{n:02}"), json!({"type": "integer", "minimum": 0})))
        .collect();
    let required: Vec<_> = properties.keys().cloned().collect();
    let schema = json!({
        "type": "object", "properties": properties, "required": required,
        "additionalProperties": false,
    });
    let server = build(Tool::raw("t", schema, |_| ()));
    let tool = server.features().tools().find("t").expect("it is registered");
    let good: serde_json::Map<_, _> = required.iter().map(|k| (k.clone(), json!(1))).collect();
    let check = |change: &dyn Fn(&mut serde_json::Map<String, serde_json::Value>),
                 place: Option<&str>| {
        let mut arguments = good.clone();
        change(&mut arguments);
        let text = serde_json::to_string(&arguments).expect("a map has a text");
        let found = parsed(&text, |value| tool.check(Some(value)).map_err(|fault| fault.path));
        assert_eq!(found.err().as_deref(), place, "{text}");
    };
    check(&|_| {}, None);
    for name in &required {
        let place = format!("/{name}");
        for bad in [json!("1"), json!(1.5), json!(-1), json!(null)] {
            check(&|map| _ = map.insert(name.clone(), bad.clone()), Some(&place));
        }
        check(&|map| _ = map.remove(name), Some(""));
    }
    check(&|map| _ = map.insert("other".into(), json!(1)), Some(""));
    assert!(tool.check(None).is_err(), "absent arguments lack what is required");
    assert!(parsed("[]", |value| tool.check(Some(value))).is_err());
}

#[test]
fn absent_arguments_count_as_none() {
    let server = build(Tool::new("none", |_: NoArguments| "done"));
    let tool = server.features().tools().find("none").expect("it is registered");
    assert_eq!(tool.check(None), Ok(()));
    assert!(parsed(r#"{"a":1}"#, |value| tool.check(Some(value))).is_err());
}

#[test]
fn mirrored_arguments_are_found() {
    let schema = json!({"type": "object", "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "shard": {"type": ["integer", "null"], "x-mcp-header": "Shard"},
        "deep": {"type": "object", "properties": {
            "dry": {"type": "boolean", "x-mcp-header": "Dry-Run", "default": {"x-mcp-header": 1}},
        }},
        "x-mcp-header": {"type": "object", "enum": [{"x-mcp-header": "data"}]},
    }});
    let server = build(Tool::raw("t", schema, |_| ()));
    let tool = server.features().tools().find("t").expect("it is registered");
    let found: Vec<_> =
        tool.headers().iter().map(|h| (h.name.as_str(), h.path.join("."), h.kind)).collect();
    let expected = [
        ("Region", "region".to_owned(), ParamKind::String),
        ("Shard", "shard".to_owned(), ParamKind::Integer),
        ("Dry-Run", "deep.dry".to_owned(), ParamKind::Boolean),
    ];
    assert_eq!(found, expected);
    let list = text(server.features().tools().listing(0, &Fields::V2024_11_05));
    assert!(list.contains(r#""x-mcp-header":"Region""#), "{list}");
}

#[test]
fn the_cache_counts_shares_and_forgets() {
    let mut cache = SchemaCache::with_limit(2);
    let mut build = |schemas: &[&str]| {
        let name = |place: usize| format!("t{place}");
        let tools = schemas.iter().enumerate().map(|(n, text)| Tool::raw(name(n), *text, |_| ()));
        let server = tools.fold(builder(), crate::server::ServerBuilder::tool);
        server.build_with(&mut cache).expect("the schemas are good").schema_stats()
    };
    let (a, b, c) =
        (r#"{"type":"object"}"#, r#"{"type":"object","a":1}"#, r#"{"type":"object","b":1}"#);
    let stats = |hits, misses, evictions, entries, bytes| SchemaStats {
        hits,
        misses,
        evictions,
        entries,
        bytes,
    };
    assert_eq!(build(&[a]), stats(0, 1, 0, 1, a.len()));
    // The same schema, spaced otherwise.
    assert_eq!(build(&["{ \"type\" : \"object\" }", a]), stats(2, 1, 0, 1, a.len()));
    assert_eq!(build(&[b]), stats(2, 2, 0, 2, a.len() + b.len()));
    // The first was used least recently.
    assert_eq!(build(&[c]), stats(2, 3, 1, 2, b.len() + c.len()));
    assert_eq!(build(&[b, c]), stats(4, 3, 1, 2, b.len() + c.len()));
    assert_eq!(build(&[a]), stats(4, 4, 2, 2, c.len() + a.len()));
}
