//! The tools, with arguments typed by serde and schemas made by schemars, as the macros would.

use std::{sync::OnceLock, thread, time::Duration};

use schemars::JsonSchema;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value, json};
use turbomcp::{
    CallToolContext, McpError, McpResult, ServerNotifier,
    neutral::{CallToolParams, Tool},
};

use crate::forms::{Form5, Form20};

static NOTIFIER: OnceLock<ServerNotifier> = OnceLock::new();

/// Updates are told through `notifier` from now on.
pub fn reach(notifier: ServerNotifier) {
    // A process has one server.
    let _ = NOTIFIER.set(notifier);
}

#[derive(Deserialize, JsonSchema)]
struct Echo {
    message: String,
}

#[derive(Deserialize, JsonSchema)]
struct Add {
    a: i64,
    b: i64,
}

#[derive(Deserialize, JsonSchema)]
struct Sleep {
    ms: u64,
}

#[derive(Deserialize, JsonSchema)]
struct Update {
    uri: String,
}

#[derive(Deserialize, JsonSchema)]
struct CountUp {
    steps: u32,
}

#[derive(Deserialize, JsonSchema)]
struct AskModel {
    prompt: String,
}

/// All of them in their order.
pub fn list() -> Vec<Tool> {
    [
        ("echo", schema::<Echo>()),
        ("echo_pooled", schema::<Echo>()),
        ("add", schema::<Add>()),
        ("form5", schema::<Form5>()),
        ("form20", schema::<Form20>()),
        ("form1000", json!({ "type": "object" })),
        ("sleep", schema::<Sleep>()),
        ("update_resource", schema::<Update>()),
        ("count_up", schema::<CountUp>()),
        ("ask_model", schema::<AskModel>()),
    ]
    .map(|(name, schema)| Tool::new(name, schema))
    .into()
}

fn schema<T: JsonSchema>() -> Value {
    schemars::schema_for!(T).to_value()
}

/// The text that a tool answers.
pub async fn call(context: &CallToolContext, call: CallToolParams) -> McpResult<String> {
    let CallToolParams { name, arguments, .. } = call;
    match name.as_str() {
        "echo" => read(arguments).map(|Echo { message }| message),
        "echo_pooled" => {
            let Echo { message } = read(arguments)?;
            on_pool(move || message).await
        }
        "add" => read(arguments).map(|Add { a, b }| (a + b).to_string()),
        "form5" => read::<Form5>(arguments)?.summary().map_err(McpError::invalid_params),
        "form20" => read::<Form20>(arguments).map(|form| form.summary()),
        "form1000" => Ok(format!("{} fields", arguments.len())),
        "sleep" => {
            let Sleep { ms } = read(arguments)?;
            on_pool(move || {
                thread::sleep(Duration::from_millis(ms));
                format!("slept {ms} ms")
            })
            .await
        }
        "update_resource" => {
            let Update { uri } = read(arguments)?;
            let notifier = NOTIFIER.get().ok_or_else(|| McpError::internal("nobody to tell"))?;
            notifier.resource_updated(&uri).await;
            Ok("updated".into())
        }
        "count_up" => count_up(context, read(arguments)?).await,
        "ask_model" => ask_model(context, read(arguments)?).await,
        _ => Err(McpError::tool_not_found(name)),
    }
}

async fn count_up(context: &CallToolContext, CountUp { steps }: CountUp) -> McpResult<String> {
    for step in 1..=steps {
        context.progress.report(f64::from(step), Some(f64::from(steps)), None).await;
    }
    Ok(format!("counted {steps}"))
}

#[expect(deprecated, reason = "2026-07-28 deprecates sampling, and it is measured all the same")]
async fn ask_model(context: &CallToolContext, asked: AskModel) -> McpResult<String> {
    let message = json!({ "role": "user", "content": { "type": "text", "text": asked.prompt } });
    let question = json!({ "messages": [message], "maxTokens": 100 });
    let reply = context.client.create_message("model", question).await?;
    let text = reply["content"]["text"].as_str();
    text.map(str::to_owned).ok_or_else(|| McpError::internal("the model did not say one text"))
}

fn read<T: DeserializeOwned>(arguments: Map<String, Value>) -> McpResult<T> {
    serde_json::from_value(Value::Object(arguments))
        .map_err(|error| McpError::invalid_params(error.to_string()))
}

/// Runs `work` where tokio runs what blocks.
async fn on_pool(work: impl FnOnce() -> String + Send + 'static) -> McpResult<String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| McpError::internal(error.to_string()))
}
