//! What cannot be registered, and that the words name the feature and the fault.

use serde_json::json;

use super::builder;
use crate::error::ErrorKind;
use crate::model::{Annotations, Icon, PromptArgument, Text};
use crate::server::{
    Call, Completer, Hook, Outcome, Prompt, Resource, ResourceTemplate, SchemaSource,
    ServerBuilder, Tool,
};

fn answer(_call: &mut Call<'_>) -> Outcome {
    Outcome::text("fine")
}

fn named(name: impl Into<Text>) -> Tool {
    Tool::raw(name, json!({"type": "object"}), answer)
}

fn with_input(schema: impl Into<SchemaSource>) -> Tool {
    Tool::raw("t", schema, answer)
}

fn with_property(property: &serde_json::Value) -> Tool {
    with_input(json!({"type": "object", "properties": {"a": property}}))
}

fn template(text: &'static str) -> ResourceTemplate {
    ResourceTemplate::new(text, "t", |_call| "")
}

/// `words` must all be in the error of a build.
fn check(builder: ServerBuilder, words: &[&str]) {
    let error = builder.build().expect_err("the build must fail");
    assert_eq!(error.kind(), ErrorKind::Usage, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "{word:?} is not in: {error}");
    }
}

fn check_tool(tool: Tool, words: &[&str]) {
    check(builder().tool(tool), words);
}

#[test]
fn tool_names() {
    check_tool(named(""), &["tool \"\"", "empty"]);
    check_tool(named("x".repeat(129)), &["longer than 128 bytes", "should be 1 to 128"]);
    for name in ["a b", "a\n", "ä", "a:b", "a@b", "\u{0}"] {
        check_tool(named(name), &[&format!("tool {name:?}"), "characters other than"]);
    }
    check(builder().tool(named("twin")).tool(named("twin")), &["tool \"twin\"", "twice"]);
    let longest = "x".repeat(128);
    for name in ["a", "A-b_c.d/e", "0", &longest] {
        builder().tool(named(name.to_owned())).build().expect("the name is good");
    }
}

#[test]
fn schemas() {
    for (schema, fault) in [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        ("{} {}", "is not JSON"),
        ("true", "is not a JSON object"),
        ("[]", "is not a JSON object"),
        ("{}", "\"type\": \"object\""),
        (r#"{"type":"string"}"#, "\"type\": \"object\""),
        (r#"{"type":["object","null"]}"#, "\"type\": \"object\""),
        (r#"{"type":"object","properties":{"a":{"type":"strin"}}}"#, "strin"),
        (r#"{"type":"object","required":"a"}"#, "valid JSON Schema"),
        (r#"{"type":"object","$ref":"https://example.com/s.json"}"#, "nothing is fetched"),
        (r#"{"type":"object","properties":{"a":{"pattern":"("}}}"#, "valid JSON Schema"),
    ] {
        check_tool(with_input(schema), &["tool \"t\"", "input schema", fault]);
    }
    let long = format!(r#"{{"type":"object","description":"{}"}}"#, "x".repeat(1 << 20));
    check_tool(with_input(long), &["tool \"t\"", "input schema is longer than 1048576 bytes"]);
    let tool = named("t").output_schema(json!({"type": 3}));
    check_tool(tool, &["tool \"t\"", "output schema", "valid JSON Schema"]);
    check_tool(Tool::new("number", |a: f64| a), &["tool \"number\"", "\"type\": \"object\""]);
}

#[test]
fn mirrored_arguments() {
    let marked = |name| json!({"type": "string", "x-mcp-header": name});
    for name in ["", "a b", "a:b", "ä", "a\r\nb", "a(b)"] {
        check_tool(with_property(&marked(name)), &["tool \"t\"", "\"a\"", "not an HTTP token"]);
    }
    for no_text in [json!(1), json!(null), json!(["a"])] {
        let property = json!({"type": "string", "x-mcp-header": no_text});
        check_tool(with_property(&property), &["not an HTTP token"]);
    }
    for no_type in [
        json!({"x-mcp-header": "A"}),
        json!({"x-mcp-header": "A", "type": "number"}),
        json!({"x-mcp-header": "A", "type": "object"}),
        json!({"x-mcp-header": "A", "type": ["string", "integer"]}),
    ] {
        check_tool(with_property(&no_type), &["\"A\"", "no string, integer or boolean"]);
    }
    let a = marked("A");
    for unreachable in [
        json!({"type": "object", "x-mcp-header": "A"}),
        json!({"type": "object", "properties": {"l": {"type": "array", "items": a}}}),
        json!({"type": "object", "properties": {"l": {"anyOf": [a]}}}),
        json!({"type": "object", "allOf": [{"properties": {"l": a}}]}),
        json!({"type": "object", "$defs": {"l": a}}),
        json!({"type": "object", "patternProperties": {"l": a}}),
        json!({"type": "object", "additionalProperties": a}),
        json!({"type": "object", "if": {"properties": {"l": a}}}),
    ] {
        check_tool(with_input(unreachable), &["tool \"t\"", "\"A\"", "properties alone"]);
    }
    let twins = json!({"type": "object", "properties": {
        "a": marked("Region"), "b": {"type": "object", "properties": {"c": marked("region")}}
    }});
    check_tool(with_input(twins), &["\"region\" is used twice"]);
}

#[test]
fn resources_and_templates() {
    check(builder().resource(Resource::text("readme", "r", "")), &["\"readme\"", "scheme"]);
    check(builder().resource(Resource::text("1a:b", "r", "")), &["\"1a:b\"", "scheme"]);
    let long = format!("demo://{}", "x".repeat(1 << 13));
    check(builder().resource(Resource::text(long, "r", "")), &["longer than 8192 bytes"]);
    check(builder().resource(Resource::text("demo://a", "", "")), &["\"demo://a\"", "name"]);
    let twin = || Resource::text("demo://a", "r", "");
    check(builder().resource(twin()).resource(twin()), &["resource \"demo://a\"", "twice"]);

    check(builder().template(template("demo://{a")), &["template \"demo://{a\""]);
    check(builder().template(template("demo://{a}{b}")), &["template \"demo://{a}{b}\""]);
    let twin = || template("demo://{id}");
    check(builder().template(twin()).template(twin()), &["template \"demo://{id}\"", "twice"]);
    let unnamed = ResourceTemplate::new("demo://{id}", "", |_call| "");
    check(builder().template(unnamed), &["template \"demo://{id}\"", "name"]);
}

#[test]
fn prompts_and_the_server_itself() {
    let prompt = |name: &'static str| Prompt::new(name, |_call| "");
    check(builder().prompt(prompt("")), &["prompt \"\"", "empty"]);
    check(builder().prompt(prompt("p")).prompt(prompt("p")), &["prompt \"p\"", "twice"]);
    let twins =
        prompt("p").argument(PromptArgument::required("a")).argument(PromptArgument::optional("a"));
    check(builder().prompt(twins), &["prompt \"p\"", "two arguments \"a\""]);
    let unnamed = prompt("p").argument(PromptArgument::required(""));
    check(builder().prompt(unnamed), &["prompt \"p\"", "argument's name is empty"]);
    check(crate::server::Server::builder("", "1"), &["name"]);
    check(crate::server::Server::builder("a", ""), &["version"]);
}

#[test]
fn completers() {
    let prompt = || Prompt::new("p", |_call| "").argument(PromptArgument::required("a"));
    let values = || Completer::values(["x"]);
    let other = prompt().completer("b", values());
    check(builder().prompt(other), &["prompt \"p\"", "completes \"b\", which it does not have"]);
    let twice = prompt().completer("a", values()).completer("a", values());
    check(builder().prompt(twice), &["prompt \"p\"", "completes \"a\" twice"]);
    let other = template("demo://{id}").completer("name", values());
    check(builder().template(other), &["template \"demo://{id}\"", "completes \"name\""]);
    let twice = template("demo://{id}").completer("id", values()).completer("id", values());
    check(builder().template(twice), &["template \"demo://{id}\"", "completes \"id\" twice"]);
}

#[test]
fn hooks() {
    let hook = || Hook::new(answer);
    for method in ["", "tools/call", "ping", "tools/List", "resources/read"] {
        check(builder().hook(method, hook()), &[&format!("hook {method:?}"), "tools/list, "]);
    }
    let twice = builder().hook("tools/list", hook()).hook("tools/list", hook());
    check(twice, &["hook \"tools/list\"", "twice"]);
    check(builder().hook("tools/list", hook().scopes(["a b"])), &["hook \"tools/list\"", "a b"]);
}

#[test]
fn pictures_and_hints() {
    let icon = || Icon::new("javascript:alert(1)");
    let fault = "no http, https or data URI";
    check_tool(named("t").icon(icon()), &["tool \"t\"", fault]);
    check(builder().icon(icon()), &["server \"test\"", fault]);
    let resource = || Resource::text("demo://a", "r", "");
    check(builder().resource(resource().icon(icon())), &["resource \"demo://a\"", fault]);
    check(builder().template(template("demo://{a}").icon(icon())), &["template", fault]);
    check(builder().prompt(Prompt::new("p", |_call| "").icon(icon())), &["prompt \"p\"", fault]);
    for priority in [-0.1, 1.5, f64::NAN] {
        let hints = Annotations { priority: Some(priority), ..Annotations::default() };
        check(builder().resource(resource().annotations(hints)), &["demo://a", "outside 0 to 1"]);
    }
}

#[test]
fn declared_capabilities() {
    let object = json!({});
    for name in ["", "a", "/a", "a/"] {
        check(builder().extension(name, &object), &["extension", "needs a prefix"]);
    }
    let tasks = "io.modelcontextprotocol/tasks";
    check(builder().extension(tasks, &object), &[tasks, "declared by itself"]);
    let twice = builder().extension("a/b", &object).extension("a/b", &object);
    check(twice, &["extension \"a/b\"", "twice"]);
    check(builder().extension("a/b", &json!(1)), &["extension \"a/b\"", "no JSON object"]);
    let twice = builder().experimental("a", &object).experimental("a", &object);
    check(twice, &["experimental capability \"a\"", "twice"]);
    check(builder().experimental("a", &json!(null)), &["capability \"a\"", "no JSON object"]);
}

#[test]
fn the_first_fault_is_told() {
    let tools = builder().tool(named("good")).tool(named("bad name")).tool(named("bad:name"));
    check(tools, &["\"bad name\""]);
}
