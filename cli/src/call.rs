//! `mcpring call`: one tool, its arguments, its answer.
//!
//! `key=value` becomes what the tool's input schema says the key is; nobody has to quote a string
//! twice to keep it from being a number.

use serde_json::{Map, Value, json};

use super::client::{Client, Options, mirrored, no_arguments};
use super::target::{self, Target};
use super::{Failure, out};

const EXAMPLES: &str = "\
Examples:
  mcpring call http://127.0.0.1:8080/mcp echo message='hello there'
  mcpring call http://127.0.0.1:8080/mcp add a=1 b=2 --token-file token.txt
  mcpring call tcp://127.0.0.1:8081 add a=1 b=2.5
  mcpring call stdio:'mcpring --stdio' echo --json '{\"message\":\"hello\"}' --raw

A value becomes what the tool's input schema says: text stays text, everything else is read as
JSON (a=1, on=true, tags='[\"x\",\"y\"]').";

/// The arguments of `call`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = format!("{EXAMPLES}\n\n{}", target::FORMS))]
pub(super) struct CallArgs {
    /// The server, see below.
    target: Target,
    /// The tool's name.
    tool: String,
    /// The tool's arguments, as key=value.
    #[arg(value_name = "KEY=VALUE")]
    arguments: Vec<String>,
    /// All arguments at once, as a JSON object.
    #[arg(long, value_name = "OBJECT", conflicts_with = "arguments")]
    json: Option<String>,
    /// Print the whole result as JSON instead of its text.
    #[arg(long)]
    raw: bool,
    #[command(flatten)]
    options: Options,
}

pub(super) fn run(args: &CallArgs) -> Result<(), Failure> {
    let given = args.json.as_deref().map(object).transpose()?;
    let mut client = Client::open(&args.target, &args.options)?;
    let schema = input_schema(&mut client, &args.tool)?;
    let arguments = match given {
        Some(object) => object,
        None => coerce_all(&schema, &args.arguments)?,
    };
    let mirrored: Vec<_> = mirrored(&schema, &arguments)
        .into_iter()
        // Header names live as long as the program; there are as many as the tool has parameters.
        .map(|(name, value)| (&*name.leak(), value))
        .collect();
    let params = json!({ "name": args.tool, "arguments": arguments });
    let result = client.request("tools/call", params, &mirrored)?;
    report(&result, args.raw)
}

fn object(text: &str) -> Result<Value, Failure> {
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) => Ok(Value::Object(map)),
        Ok(_) => Err(Failure::Usage("--json takes an object, such as '{\"a\":1}'".to_owned())),
        Err(fault) => Err(Failure::Usage(format!("--json is not JSON: {fault}"))),
    }
}

/// The schema of the tool's arguments. A server without such a tool is asked no further.
fn input_schema(client: &mut Client, tool: &str) -> Result<Value, Failure> {
    let is_it = |item: &Value| item["name"] == tool;
    let mut tools = client.list("tools/list", "tools", is_it)?;
    if let Some(at) = tools.iter().position(is_it) {
        return Ok(tools[at]["inputSchema"].take());
    }
    let names: Vec<_> = tools.iter().filter_map(|tool| tool["name"].as_str()).collect();
    let names = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
    Err(Failure::Usage(format!("the server has no tool `{tool}`; it has: {names}")))
}

fn coerce_all(schema: &Value, pairs: &[String]) -> Result<Value, Failure> {
    let mut arguments = Map::new();
    for pair in pairs {
        let Some((key, text)) = pair.split_once('=') else {
            return Err(Failure::Usage(format!("`{pair}` is not key=value")));
        };
        let value = coerce(key, text, &schema["properties"][key])?;
        if arguments.insert(key.to_owned(), value).is_some() {
            return Err(Failure::Usage(format!("`{key}` is given twice")));
        }
    }
    Ok(if arguments.is_empty() { no_arguments() } else { Value::Object(arguments) })
}

/// The text as the property's type wants it. Where the schema leaves several types, text that is
/// JSON of one of them is that, and all other text is a string.
fn coerce(key: &str, text: &str, property: &Value) -> Result<Value, Failure> {
    let kinds: Vec<&str> = match &property["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    };
    if kinds == ["string"] {
        return Ok(Value::String(text.to_owned()));
    }
    let read = serde_json::from_str::<Value>(text).ok();
    match read.filter(|value| kinds.is_empty() || kinds.iter().any(|kind| is_kind(value, kind))) {
        Some(value) => Ok(value),
        None if kinds.is_empty() || kinds.contains(&"string") => Ok(Value::String(text.to_owned())),
        None => Err(Failure::Usage(format!(
            "`{key}` must be {}, written as JSON{}; `{text}` is not",
            kinds.join(" or "),
            if kinds.contains(&"array") { " such as '[1,2]'" } else { "" },
        ))),
    }
}

fn is_kind(value: &Value, kind: &str) -> bool {
    match value {
        Value::Null => kind == "null",
        Value::Bool(_) => kind == "boolean",
        // Whether a number is whole enough is the server's business: 1.0 may be an integer.
        Value::Number(_) => matches!(kind, "number" | "integer"),
        Value::String(_) => false,
        Value::Array(_) => kind == "array",
        Value::Object(_) => kind == "object",
    }
}

fn report(result: &Value, raw: bool) -> Result<(), Failure> {
    let failed = result["isError"] == true;
    if raw {
        out::answer(&format!("{result:#}"));
        return if failed { Err(Failure::Tool("the tool failed".to_owned())) } else { Ok(()) };
    }
    if result["resultType"] == "input_required" {
        let words = "the tool asks a person something first, which this client cannot do; \
                     see its questions with --raw";
        return Err(Failure::Answer { code: 0, message: words.to_owned() });
    }
    let text = plain(result);
    if failed {
        return Err(Failure::Tool(text));
    }
    out::answer(&text);
    Ok(())
}

/// The content as text, one block a line; other media are named, not dumped.
fn plain(result: &Value) -> String {
    let blocks = result["content"].as_array().map_or(&[][..], Vec::as_slice);
    if blocks.is_empty() && result.get("structuredContent").is_some() {
        return format!("{:#}", result["structuredContent"]);
    }
    blocks.iter().map(block).collect::<Vec<_>>().join("\n")
}

fn block(block: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let resource = &block["resource"];
    match block["type"].as_str().unwrap_or("?") {
        "text" => word(&block["text"]),
        "resource_link" => word(&block["uri"]),
        "resource" if resource["text"].is_string() => word(&resource["text"]),
        "resource" => format!("[{}, binary; see --raw]", word(&resource["uri"])),
        kind => format!("[{kind}, {}; see --raw]", word(&block["mimeType"])),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(kind: Value, text: &str, want: Option<Value>) {
        let got = coerce("k", text, &json!({ "type": kind })).ok();
        assert_eq!(got, want, "{text} as {kind}");
    }

    #[test]
    fn values_become_what_the_schema_says() {
        check(json!("string"), "1", Some(json!("1")));
        check(json!("string"), "\"1\"", Some(json!("\"1\"")));
        check(json!("number"), "1.5", Some(json!(1.5)));
        check(json!("integer"), "-3", Some(json!(-3)));
        check(json!("integer"), "x", None);
        check(json!("number"), "\"1\"", None);
        check(json!("boolean"), "true", Some(json!(true)));
        check(json!("boolean"), "yes", None);
        check(json!("array"), "[1,2]", Some(json!([1, 2])));
        check(json!("array"), "1,2", None);
        check(json!("object"), "{\"a\":1}", Some(json!({"a": 1})));
        check(json!(["string", "null"]), "null", Some(Value::Null));
        check(json!(["string", "null"]), "7", Some(json!("7")));
        check(json!(["number", "null"]), "7", Some(json!(7)));
        check(Value::Null, "7", Some(json!(7)));
        check(Value::Null, "seven", Some(json!("seven")));
    }

    #[test]
    fn pairs_are_collected() {
        let schema = json!({"properties": {"a": {"type": "number"}, "s": {"type": "string"}}});
        let read = |pairs: &[&str]| {
            let pairs: Vec<_> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
            coerce_all(&schema, &pairs).ok()
        };
        assert_eq!(read(&[]), Some(json!({})));
        assert_eq!(read(&["a=1", "s=x=y", "t="]), Some(json!({"a": 1, "s": "x=y", "t": ""})));
        assert_eq!(read(&["a"]), None);
        assert_eq!(read(&["s=1", "s=2"]), None);
        assert_eq!(read(&["a=x"]), None);
    }

    #[test]
    fn content_is_shown_as_text() {
        let result = json!({"content": [
            {"type": "text", "text": "one"},
            {"type": "image", "mimeType": "image/png", "data": "AAAA"},
            {"type": "resource", "resource": {"uri": "a://b", "text": "two"}},
            {"type": "resource_link", "uri": "a://c"},
        ]});
        assert_eq!(plain(&result), "one\n[image, image/png; see --raw]\ntwo\na://c");
        let data = json!({"content": [], "structuredContent": {"a": 1}});
        assert_eq!(plain(&data), "{\n  \"a\": 1\n}");
    }

    #[test]
    fn failures_have_their_exit_codes() {
        let failed = report(&json!({"isError": true, "content": []}), false);
        assert_eq!(failed, Err(Failure::Tool(String::new())));
        let asked = report(&json!({"resultType": "input_required"}), false);
        assert_eq!(asked.unwrap_err().exit_code(), 4);
    }
}
