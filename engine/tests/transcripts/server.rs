//! What the transcripts are spoken with: one feature for each way a call can go.

use mcpring::model::{
    Annotations, Elicitation, Icon, Property, ResourceLink, Role, Sampling, TaskSupport,
    ToolAnnotations,
};
use mcpring::server::{Completer, Json, Server};
use mcpring::{
    Call, Config, Content, Outcome, Prompt, PromptArgument, PromptMessage, Resource,
    ResourceContents, ResourceTemplate, Tool, ToolResult,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Deserialize, JsonSchema)]
struct Add {
    /// The first number.
    a: f64,
    /// The second number.
    b: f64,
}

#[derive(Serialize, JsonSchema)]
struct Sum {
    sum: f64,
}

pub(crate) fn config() -> Config {
    Config { page_items: 4, ..Config::default() }
}

pub(crate) fn server() -> Server {
    Server::builder("transcripts", "1.0.0")
        .title("The transcripts' server")
        .instructions("Say what the transcript says.")
        .logging()
        .list_changes()
        .resource_subscriptions()
        .tool(
            Tool::new("add", |Add { a, b }| Json(Sum { sum: a + b }))
                .title("Adder")
                .description("Adds two numbers.")
                .annotations(ToolAnnotations {
                    read_only: Some(true),
                    ..ToolAnnotations::default()
                })
                .icon(Icon::new("https://example.org/add.png")),
        )
        .tool(
            Tool::raw("contents", json!({ "type": "object" }), contents).description("All kinds."),
        )
        .tool(Tool::raw("fail", json!({ "type": "object" }), |_: &mut Call<'_>| {
            Outcome::failure("no luck")
        }))
        .tool(Tool::raw("steps", json!({ "type": "object" }), steps))
        .tool(Tool::raw("talk", json!({ "type": "object" }), talk))
        .tool(Tool::raw("update", json!({ "type": "object" }), update))
        .tool(Tool::raw("grow", json!({ "type": "object" }), grow))
        .tool(Tool::raw("ask", json!({ "type": "object" }), ask))
        .tool(Tool::raw("who", json!({ "type": "object" }), who).inline())
        .tool(Tool::raw("visit", json!({ "type": "object" }), visit))
        .tool(
            Tool::raw("job", json!({ "type": "object" }), job)
                .inline()
                .task_support(TaskSupport::Optional),
        )
        .resource(Resource::text("test://text", "text", "plain text").title("Text"))
        .resource(Resource::blob("test://blob", "blob", vec![1, 2, 3]).mime_type("image/png"))
        .template(ResourceTemplate::new("test://notes/{name}", "note", |call: &mut Call<'_>| {
            call.variable("name").map(|name| format!("a note on {name}"))
        }))
        .prompt(
            Prompt::new("greet", |call: &mut Call<'_>| {
                let name = call.argument("name").unwrap_or_default().into_owned();
                vec![PromptMessage::user(format!("Greet {name}."))]
            })
            .description("Greets somebody.")
            .argument(PromptArgument::required("name"))
            .completer("name", Completer::values(["Ada", "Adele", "Blaise"])),
        )
        .build()
        .expect("the transcripts' server is in order")
}

/// Asks if it is told to.
fn job(call: &mut Call<'_>) -> Result<&'static str, Outcome> {
    if call.argument("asks").is_some() {
        call.elicit("go", &Elicitation::form("Go on?"))?;
    }
    Ok("the job is done")
}

fn contents(_: &mut Call<'_>) -> ToolResult {
    let hints = Annotations { audience: vec![Role::User], ..Annotations::default() };
    ToolResult::text("text")
        .with(Content::text("for a person").annotations(hints))
        .with(Content::image(vec![1, 2, 3], "image/png"))
        .with(Content::audio(vec![4, 5, 6], "audio/wav"))
        .with(ResourceLink::new("test://text", "text"))
        .with(Content::embedded(ResourceContents::text("test://embedded", "inside")))
}

fn steps(call: &mut Call<'_>) -> &'static str {
    for progress in [1.0, 2.0] {
        call.context().progress(progress, Some(2.0), Some("a step"));
    }
    "done"
}

fn talk(call: &mut Call<'_>) -> &'static str {
    use mcpring::model::LogLevel;
    for level in [LogLevel::Debug, LogLevel::Info, LogLevel::Error] {
        call.context().log(level, "words");
    }
    "done"
}

/// Says that a resource changed.
fn update(call: &mut Call<'_>) -> &'static str {
    let uri = call.argument("uri").unwrap_or_default().into_owned();
    call.context().publisher().resource_updated(uri).map_or("busy", |()| "updated")
}

/// Adds one feature of each kind.
fn grow(call: &mut Call<'_>) -> &'static str {
    let grown = call.context().publisher().edit(|edit| {
        edit.add_tool(Tool::raw("grown", json!({ "type": "object" }), |_: &mut Call<'_>| "grown"));
        edit.add_resource(Resource::text("test://grown", "grown", "grown text"));
        edit.add_prompt(Prompt::new("grown", |_: &mut Call<'_>| "grown"));
    });
    grown.map_or("refused", |()| "grown")
}

fn ask(call: &mut Call<'_>) -> Result<String, Outcome> {
    let roots = call.list_roots("roots")?;
    let said = call.sample("said", &Sampling::text("Say something.", 20))?;
    let places: Vec<_> = roots.iter().map(|root| root.uri.as_str()).collect();
    Ok(format!("at {}: {}", places.join(" "), said.text()))
}

fn who(call: &mut Call<'_>) -> Result<String, Outcome> {
    let question = Elicitation::form("Who are you?")
        .property(Property::text("name").required().default("Ann"))
        .property(Property::integer("age").minimum(0))
        .property(Property::choice("pet").titled("c", "Cat").titled("d", "Dog").default("c"));
    let answer = call.elicit("who", &question)?;
    Ok(match answer.text("name") {
        Some(name) if answer.is_accepted() => format!("Hello, {name}!"),
        _ => "Never mind.".to_owned(),
    })
}

fn visit(call: &mut Call<'_>) -> Result<&'static str, Outcome> {
    let question = Elicitation::url("Sign in.", "https://example.org/in", "in-1");
    let answer = call.elicit("in", &question)?;
    call.context().elicited("in-1");
    Ok(if answer.is_accepted() { "signed in" } else { "not signed in" })
}
