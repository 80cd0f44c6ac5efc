//! `mcpring list`: everything a server offers, for a person or as JSON.

use std::fmt::Write;

use serde_json::{Value, json};

use super::client::{Client, Options};
use super::target::{self, Target};
use super::{Failure, out};

const EXAMPLES: &str = "\
Examples:
  mcpring list http://127.0.0.1:8080/mcp
  mcpring list http://127.0.0.1:8080/mcp --token-file token.txt
  mcpring list tcp+line://127.0.0.1:8082 --json
  mcpring list stdio:'python3 server.py' --era handshake";

/// The arguments of `list`.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = format!("{}\n\n{EXAMPLES}", target::FORMS))]
pub(super) struct ListArgs {
    /// The server, see below.
    target: Target,
    /// Print one JSON object with everything the server said.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    options: Options,
}

/// Arguments of one tool shown to a person; a longer list hides what the tool is for.
const ARGUMENTS_SHOWN: usize = 4;

/// The lists: title, capability, method, member of its result.
const LISTS: [(&str, &str, &str, &str); 4] = [
    ("Tools", "tools", "tools/list", "tools"),
    ("Resources", "resources", "resources/list", "resources"),
    ("Resource templates", "resources", "resources/templates/list", "resourceTemplates"),
    ("Prompts", "prompts", "prompts/list", "prompts"),
];

pub(super) fn run(args: &ListArgs) -> Result<(), Failure> {
    let mut client = Client::open(&args.target, &args.options)?;
    let mut all = json!({ "server": client.server(), "protocolVersion": client.version() });
    for (_, capability, method, member) in LISTS {
        let items =
            if client.offers(capability) { list(&mut client, method, member)? } else { vec![] };
        all[member] = Value::Array(items);
    }
    if args.json {
        out::answer(&format!("{all:#}"));
    } else {
        out::answer(&describe(&all));
    }
    Ok(())
}

/// A server that has resources need not have templates.
fn list(client: &mut Client, method: &str, member: &str) -> Result<Vec<Value>, Failure> {
    match client.list(method, member, |_| false) {
        Err(Failure::Answer { code: -32601, .. }) => Ok(Vec::new()),
        other => other,
    }
}

fn describe(all: &Value) -> String {
    let word = |value: &Value| value.as_str().unwrap_or("?").to_owned();
    let server = &all["server"];
    let (name, version) = (word(&server["name"]), word(&server["version"]));
    let mut text = format!("{name} {version} (MCP {})\n", word(&all["protocolVersion"]));
    for (title, _, _, member) in LISTS {
        let items = all[member].as_array().map_or(&[][..], Vec::as_slice);
        if items.is_empty() {
            continue;
        }
        let _ = write!(text, "\n{title}\n");
        let rows: Vec<_> = items.iter().map(|item| (heading(item), remark(item))).collect();
        let widths = rows.iter().map(|(heading, _)| heading.chars().count());
        let width = widths.filter(|width| *width <= 40).max().unwrap_or(0);
        for (heading, remark) in rows {
            let _ = writeln!(text, "{}", format!("  {heading:width$}  {remark}").trim_end());
        }
    }
    text
}

/// What one writes to use the item.
fn heading(item: &Value) -> String {
    if let Some(uri) = item["uri"].as_str().or(item["uriTemplate"].as_str()) {
        return uri.to_owned();
    }
    let name = item["name"].as_str().unwrap_or("?");
    let schema = &item["inputSchema"];
    let mut arguments = Vec::new();
    if let Some(properties) = schema["properties"].as_object() {
        let required = schema["required"].as_array().map_or(&[][..], Vec::as_slice);
        for (name, property) in properties {
            let mark = if required.iter().any(|known| known == name) { "" } else { "?" };
            arguments.push(format!("{name}{mark}: {}", kind(property)));
        }
    } else if let Some(declared) = item["arguments"].as_array() {
        for argument in declared {
            let mark = if argument["required"] == true { "" } else { "?" };
            arguments.push(format!("{}{mark}", argument["name"].as_str().unwrap_or("?")));
        }
    }
    if arguments.len() > ARGUMENTS_SHOWN {
        let more = arguments.split_off(ARGUMENTS_SHOWN).len();
        arguments.push(format!("and {more} more, see --json"));
    }
    format!("{name}({})", arguments.join(", "))
}

fn kind(property: &Value) -> String {
    match &property["type"] {
        Value::String(kind) => kind.clone(),
        Value::Array(kinds) => {
            let kinds: Vec<_> = kinds.iter().filter_map(Value::as_str).collect();
            kinds.join("|")
        }
        _ => "any".to_owned(),
    }
}

/// The first line of what the item says of itself.
fn remark(item: &Value) -> &str {
    let said = ["description", "title", "name"].iter().find_map(|member| item[*member].as_str());
    let line = said.unwrap_or_default().lines().next().unwrap_or_default();
    if item["name"].as_str() == Some(line) && item.get("uri").is_none() { "" } else { line }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_is_described() {
        let all = json!({
            "server": {"name": "demo", "version": "1"},
            "protocolVersion": "2026-07-28",
            "tools": [
                {"name": "add", "description": "Adds.\nReally.", "inputSchema": {
                    "properties": {"a": {"type": "number"}, "b": {"type": ["number", "null"]}},
                    "required": ["a"]}},
                {"name": "bare", "inputSchema": {}},
                {"name": "many", "inputSchema": {"properties":
                    {"a": {}, "b": {}, "c": {}, "d": {}, "e": {}, "f": {}}}},
            ],
            "resources": [{"uri": "a://b", "name": "b"}],
            "resourceTemplates": [],
            "prompts": [{"name": "p", "title": "P", "arguments": [{"name": "x", "required": true}]}],
        });
        let want = "\
demo 1 (MCP 2026-07-28)

Tools
  add(a: number, b?: number|null)  Adds.
  bare()
  many(a?: any, b?: any, c?: any, d?: any, and 2 more, see --json)

Resources
  a://b  b

Prompts
  p(x)  P
";
        assert_eq!(describe(&all), want);
    }
}
