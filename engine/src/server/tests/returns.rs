//! What handlers return, and what becomes of it.

use std::borrow::Cow;

use bytes::Bytes;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{Source, builder, shown, taken_call, tool_call};
use crate::model::{Content, PromptMessage, ResourceContents, ToolResult};
use crate::rpc::RpcError;
use crate::server::{
    Call, Json, NoArguments, Outcome, OutputPolicy, Prompt, PromptReturn, Resource, ResourceReturn,
    Tool, ToolReturn,
};

fn check_tool(value: impl ToolReturn, expected: &str) {
    assert_eq!(shown(&value.into_tool()), expected);
}

fn tool_text(text: &str) -> String {
    format!(r#"tool {{"content":[{{"type":"text","text":"{text}"}}]}}"#)
}

#[derive(Serialize, JsonSchema)]
struct Point {
    x: i32,
    y: i32,
}

#[test]
fn tools_return_plain_values() {
    check_tool("a", &tool_text("a"));
    check_tool(String::from("a"), &tool_text("a"));
    check_tool(Cow::Borrowed("a"), &tool_text("a"));
    check_tool(true, &tool_text("true"));
    check_tool(3, &tool_text("3"));
    check_tool(-3_i64, &tool_text("-3"));
    check_tool(u64::MAX, &tool_text("18446744073709551615"));
    check_tool(1.5, &tool_text("1.5"));
    check_tool((), r#"tool {"content":[]}"#);
    check_tool(Content::text("a"), &tool_text("a"));
    check_tool(vec![Content::text("a")], &tool_text("a"));
    check_tool(ToolResult::text("a"), &tool_text("a"));
    check_tool(Outcome::text("a"), &tool_text("a"));
    check_tool(Ok::<_, String>("a"), &tool_text("a"));
    let failed = r#"tool {"content":[{"type":"text","text":"no"}],"isError":true}"#;
    check_tool(Err::<String, _>("no"), failed);
    check_tool(Err::<(), _>(std::io::Error::other("no")), failed);
    check_tool(Outcome::Error(RpcError::new(-1, "no")), r#"error {"code":-1,"message":"no"}"#);
    check_tool(
        Json(Point { x: 1, y: 2 }),
        r#"tool {"content":[{"type":"text","text":"{\"x\":1,\"y\":2}"}],"structuredContent":{"x":1,"y":2}}"#,
    );
}

#[test]
fn resources_return_bodies() {
    let check = |outcome: Outcome, expected: &str| assert_eq!(shown(&outcome), expected);
    let text = r#"resource {"contents":[{"uri":"d:a","mimeType":"m/t","text":"hi"}]}"#;
    check("hi".into_resource("d:a", Some("m/t")), text);
    check(String::from("hi").into_resource("d:a", Some("m/t")), text);
    let blob = r#"resource {"contents":[{"uri":"d:a","blob":"aGk="}]}"#;
    check(b"hi".to_vec().into_resource("d:a", None), blob);
    check(Bytes::from_static(b"hi").into_resource("d:a", None), blob);
    check(Some("hi").into_resource("d:a", Some("m/t")), text);
    check(
        None::<String>.into_resource("d:a", None),
        r#"error {"code":-32002,"message":"resource not found","data":{"uri":"d:a"}}"#,
    );
    check(
        Err::<String, _>("broken").into_resource("d:a", None),
        r#"error {"code":-32603,"message":"broken"}"#,
    );
    let part = ResourceContents::text("d:b", "hi");
    check(
        part.into_resource("d:a", Some("m/t")),
        r#"resource {"contents":[{"uri":"d:b","text":"hi"}]}"#,
    );
}

#[test]
fn prompts_return_messages() {
    let check = |outcome: Outcome, expected: &str| assert_eq!(shown(&outcome), expected);
    let user = r#"prompt {"messages":[{"role":"user","content":{"type":"text","text":"hi"}}]}"#;
    check("hi".into_prompt(), user);
    check(String::from("hi").into_prompt(), user);
    check(PromptMessage::user("hi").into_prompt(), user);
    check(Ok::<_, String>("hi").into_prompt(), user);
    check(Err::<String, _>("no").into_prompt(), r#"error {"code":-32603,"message":"no"}"#);
    check(
        vec![PromptMessage::assistant("hi")].into_prompt(),
        r#"prompt {"messages":[{"role":"assistant","content":{"type":"text","text":"hi"}}]}"#,
    );
}

#[test]
fn output_is_held_to_a_schema_given_by_hand() {
    let check = |value: &'static str, expected: &str| {
        let run = move |_call: &mut Call<'_>| {
            ToolResult::structured(
                serde_json::value::RawValue::from_string(value.into()).expect("the test's JSON"),
            )
        };
        let tool = Tool::raw("t", json!({"type": "object"}), run)
            .output_schema(json!({"type": "object", "required": ["a"]}));
        let server = builder().tool(tool).build().expect("the tool is good");
        let source = Source::default();
        let outcome = shown(&tool_call(&server, "{}", &source).invoke());
        assert!(outcome.contains(expected), "{outcome}");
    };
    check(r#"{"a":1}"#, r#""structuredContent":{"a":1}"#);
    check(
        r#"{"b":1}"#,
        r#"error {"code":-32603,"message":"tool \"t\": its structured content breaks"#,
    );
    check("3", "breaks its output schema");
}

#[test]
fn output_that_breaks_its_schema_is_counted_under_either_policy() {
    let check = |policy: OutputPolicy, json: &'static str, expected: &str, posted: &[&str]| {
        let run = move |_call: &mut Call<'_>| {
            ToolResult::structured(
                serde_json::value::RawValue::from_string(json.into()).expect("the test's JSON"),
            )
        };
        let tool =
            Tool::raw("t", json!({"type": "object"}), run).output_schema(json!({"type": "object"}));
        let server = builder().output_policy(policy).tool(tool).build().expect("the tool is good");
        let source = Source::default();
        let outcome = shown(&tool_call(&server, "{}", &source).invoke());
        assert!(outcome.starts_with(expected), "{outcome}");
        assert_eq!(source.mailbox.lines(), posted);
    };
    check(OutputPolicy::Error, "{}", "tool", &[]);
    check(OutputPolicy::Warn, "{}", "tool", &[]);
    check(OutputPolicy::Error, "3", "error", &["broken 7"]);
    check(OutputPolicy::Warn, "3", "tool", &["broken 7"]);
}

#[test]
fn output_schema_needs_structured_content_unless_the_tool_failed() {
    let check = |outcome: fn() -> Outcome, expected: &str| {
        let run = move |_call: &mut Call<'_>| outcome();
        let tool =
            Tool::raw("t", json!({"type": "object"}), run).output_schema(json!({"type": "object"}));
        let server = builder().tool(tool).build().expect("the tool is good");
        let source = Source::default();
        let outcome = shown(&tool_call(&server, "{}", &source).invoke());
        assert!(outcome.contains(expected), "{outcome}");
    };
    check(|| Outcome::text("a"), "it returned none");
    check(|| Outcome::failure("a"), "\"isError\":true");
}

#[test]
fn handlers_see_their_call() {
    let greet = |call: &mut Call<'_>| format!("{} {:?}", call.name(), call.argument("who"));
    let server = builder()
        .tool(Tool::new("none", |_: NoArguments| ()))
        .prompt(Prompt::new("greet", greet))
        .resource(Resource::new("demo://now", "now", |call| call.uri().to_owned()))
        .build()
        .expect("all is good");
    let prompt = server.features().prompts().find("greet").expect("it is registered");
    for (arguments, seen) in [
        (r#"{"who":"you"}"#, r#"greet Some(\"you\")"#),
        (r#"{"b":1,"w\u0068o":"y\u006fu"}"#, r#"greet Some(\"you\")"#),
        (r#"{"who":3}"#, "greet None"),
        ("{}", "greet None"),
    ] {
        let source = Source::default();
        let outcome = taken_call(prompt.feature(), arguments, &source).invoke();
        assert!(shown(&outcome).contains(seen), "{}", shown(&outcome));
    }
    let found = server.features().resource("demo://now").expect("it is registered");
    let source = Source::default();
    let outcome = Call::resource(&found, "demo://now", &source).invoke();
    assert!(shown(&outcome).contains(r#""text":"demo://now""#), "{}", shown(&outcome));
}
