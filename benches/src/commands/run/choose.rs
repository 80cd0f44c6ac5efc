//! Which tool is called when nobody names one: one that is marked safe and whose arguments can be
//! made from its schema.

use serde_json::{Map, Value, json};

/// How deep a schema is followed.
const DEPTH_MAX: usize = 8;
/// Longest text that is made.
const LETTERS_MAX: usize = 10_000;
/// Names that say a tool is cheap and answers the same whenever it is asked.
const PLAIN: [&str; 6] = ["echo", "ping", "add", "hello", "greet", "sum"];

/// A call of a tool.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Call {
    /// The tool.
    pub(super) tool: String,
    /// What it is given.
    pub(super) arguments: Value,
}

/// The calls that may be made, the plainest tool first: of tools that say they only read and do not
/// reach out into the world, those whose arguments can be made.
pub(super) fn calls(tools: &[Value]) -> Vec<Call> {
    let mut safe: Vec<&Value> = tools.iter().filter(|tool| is_safe(tool)).collect();
    safe.sort_by_key(|tool| rank(tool["name"].as_str().unwrap_or("")));
    safe.into_iter().filter_map(call).collect()
}

/// Whether a tool says that it changes nothing. One that reaches out is not asked thousands of
/// times: somebody else would pay for it.
fn is_safe(tool: &Value) -> bool {
    let hints = &tool["annotations"];
    hints["readOnlyHint"] == true && hints["openWorldHint"] != true
}

fn rank(name: &str) -> usize {
    let name = name.to_ascii_lowercase();
    PLAIN.iter().position(|plain| name.contains(plain)).unwrap_or(PLAIN.len())
}

fn call(tool: &Value) -> Option<Call> {
    Some(Call { tool: tool["name"].as_str()?.to_owned(), arguments: arguments(tool)? })
}

/// Arguments that `tool` takes, if they can be made from its schema.
pub(super) fn arguments(tool: &Value) -> Option<Value> {
    let schema = &tool["inputSchema"];
    object(schema, schema, 0)
}

/// A value that `schema` takes, or none if that would be a guess.
fn value(schema: &Value, root: &Value, depth: usize) -> Option<Value> {
    if depth > DEPTH_MAX {
        return None;
    }
    if let Some(pointer) = schema["$ref"].as_str() {
        return value(root.pointer(pointer.strip_prefix('#')?)?, root, depth + 1);
    }
    let given = [schema.get("const"), schema.get("default"), schema["enum"].get(0)];
    let given = given.into_iter().flatten().chain(schema["examples"].get(0)).next();
    if let Some(given) = given {
        return Some(given.clone());
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(arms) = schema[choice].as_array() {
            return arms.iter().find_map(|arm| value(arm, root, depth + 1));
        }
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"].get(0)?.as_str())?;
    match kind {
        "string" => string(schema),
        "integer" | "number" => number(schema),
        "boolean" => Some(json!(false)),
        "null" => Some(Value::Null),
        "array" if schema["minItems"].as_u64().unwrap_or(0) == 0 => Some(json!([])),
        "object" => object(schema, root, depth),
        _ => None,
    }
}

/// An object with the members that must be there.
fn object(schema: &Value, root: &Value, depth: usize) -> Option<Value> {
    let mut members = Map::new();
    for name in schema["required"].as_array().into_iter().flatten() {
        let name = name.as_str()?;
        members.insert(name.to_owned(), value(&schema["properties"][name], root, depth + 1)?);
    }
    Some(Value::Object(members))
}

/// A text of a length that is allowed; one with a pattern or a format would be a guess.
fn string(schema: &Value) -> Option<Value> {
    if schema.get("pattern").is_some() || schema.get("format").is_some() {
        return None;
    }
    let least = schema["minLength"].as_u64().unwrap_or(0) as usize;
    let most = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
    let length = least.max("hello".len()).min(usize::try_from(most).unwrap_or(usize::MAX));
    (length >= least && length <= LETTERS_MAX)
        .then(|| json!("hello".chars().cycle().take(length).collect::<String>()))
}

/// A whole number within the bounds.
fn number(schema: &Value) -> Option<Value> {
    if schema.get("multipleOf").is_some() {
        return None;
    }
    let bound = |name: &str| schema[name].as_f64();
    let above = bound("exclusiveMinimum").map(|least| least.floor() + 1.0);
    let below = bound("exclusiveMaximum").map(|most| most.ceil() - 1.0);
    let least = bound("minimum").map(f64::ceil).into_iter().chain(above).reduce(f64::max);
    let most = bound("maximum").map(f64::floor).into_iter().chain(below).reduce(f64::min);
    let (least, most) = (least.unwrap_or(f64::MIN), most.unwrap_or(f64::MAX));
    let chosen = 1.0_f64.max(least).min(most);
    (chosen >= least && chosen.abs() < 1e15).then(|| json!(chosen as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(schema: &Value, want: Option<&Value>) {
        assert_eq!(value(schema, schema, 0).as_ref(), want, "{schema}");
    }

    #[test]
    fn values_are_made_from_their_schema() {
        check(&json!({ "type": "string" }), Some(&json!("hello")));
        check(&json!({ "type": "string", "minLength": 7 }), Some(&json!("hellohe")));
        check(&json!({ "type": "string", "maxLength": 2 }), Some(&json!("he")));
        check(&json!({ "type": "string", "minLength": 3, "maxLength": 2 }), None);
        check(&json!({ "type": "string", "pattern": "^a" }), None);
        check(&json!({ "type": "string", "format": "email" }), None);
        check(&json!({ "type": "string", "enum": ["no", "yes"] }), Some(&json!("no")));
        check(&json!({ "type": "integer" }), Some(&json!(1)));
        check(&json!({ "type": "integer", "minimum": 3, "maximum": 4 }), Some(&json!(3)));
        check(&json!({ "type": "integer", "maximum": -3 }), Some(&json!(-3)));
        check(&json!({ "type": "number", "exclusiveMinimum": 1 }), Some(&json!(2)));
        check(&json!({ "type": "number", "minimum": 0.2, "maximum": 0.8 }), None);
        check(&json!({ "type": "boolean" }), Some(&json!(false)));
        check(&json!({ "type": ["null", "string"] }), Some(&Value::Null));
        check(&json!({ "anyOf": [{ "pattern": "x" }, { "type": "integer" }] }), Some(&json!(1)));
        check(&json!({ "type": "array" }), Some(&json!([])));
        check(&json!({ "type": "array", "minItems": 1 }), None);
        check(&json!({ "$ref": "#/$defs/a", "$defs": { "a": { "const": 7 } } }), Some(&json!(7)));
        check(&json!({ "$ref": "#" }), None);
        check(&json!({}), None);
        let inner = json!({ "type": "object", "required": ["b"], "properties": { "b": {} } });
        check(&inner, None);
    }

    #[test]
    fn only_safe_tools_are_called_and_the_plainest_first() {
        let tool = |name: &str, annotations: Value, kind: &str| {
            let properties = json!({ "a": { "type": kind }, "b": { "type": "string" } });
            let schema = json!({ "type": "object", "properties": properties, "required": ["a"] });
            json!({ "name": name, "annotations": annotations, "inputSchema": schema })
        };
        let reads = json!({ "readOnlyHint": true });
        let tools = [
            tool("find", reads.clone(), "string"),
            tool("echo", json!({}), "string"),
            tool("my_add", reads.clone(), "integer"),
            tool("drop", json!({ "destructiveHint": true }), "string"),
            tool("web", json!({ "readOnlyHint": true, "openWorldHint": true }), "string"),
            tool("odd", reads, "tuple"),
        ];
        let want = [("my_add", json!({ "a": 1 })), ("find", json!({ "a": "hello" }))];
        let want = want.map(|(tool, arguments)| Call { tool: tool.into(), arguments });
        assert_eq!(calls(&tools), want);
    }
}
