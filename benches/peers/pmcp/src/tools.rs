//! The tools, with arguments typed by serde and schemas made by schemars. Their results go out as
//! they are made here, which costs least.

use std::{
    pin::Pin,
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use pmcp::{
    CallToolResult, Content, Error, Result, Server, ServerBuilder, ServerNotification,
    types::ResourceUpdatedParams,
};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::{
    forms::{Form5, Form20},
    sampling,
};

static SERVER: OnceLock<Arc<Server>> = OnceLock::new();

/// Updates are told through `server` from now on.
pub fn reach(server: Arc<Server>) {
    // A process has one server.
    let _ = SERVER.set(server);
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
struct AskModel {
    prompt: String,
}

/// A result on its way.
type Answer = Pin<Box<dyn Future<Output = Result<CallToolResult>> + Send>>;

/// Adds all of them to `builder`.
pub fn offer(builder: ServerBuilder) -> ServerBuilder {
    builder
        .tool_with_result("echo", |Echo { message }, _| answer(async { Ok(message) }))
        .tool_with_result("echo_pooled", |Echo { message }, _| answer(on_pool(|| message)))
        .tool_with_result("add", |Add { a, b }, _| answer(async move { Ok((a + b).to_string()) }))
        .tool_with_result("form5", |form: Form5, _| {
            answer(async move { form.summary().map_err(Error::invalid_params) })
        })
        .tool_with_result("form20", |form: Form20, _| answer(async move { Ok(form.summary()) }))
        .tool_with_result("form1000", |fields: Map<String, Value>, _| {
            answer(async move { Ok(format!("{} fields", fields.len())) })
        })
        .tool_with_result("sleep", |Sleep { ms }, _| {
            answer(on_pool(move || {
                thread::sleep(Duration::from_millis(ms));
                format!("slept {ms} ms")
            }))
        })
        .tool_with_result("update_resource", |Update { uri }, _| answer(update(uri)))
        .tool_with_result("ask_model", |AskModel { prompt }, extra| {
            Box::pin(sampling::ask(prompt, extra))
        })
}

fn answer(text: impl Future<Output = Result<String>> + Send + 'static) -> Answer {
    Box::pin(async { Ok(said(text.await?)) })
}

/// A result of one text.
pub fn said(text: String) -> CallToolResult {
    CallToolResult::new(vec![Content::text(text)])
}

async fn update(uri: String) -> Result<String> {
    let server = SERVER.get().ok_or_else(|| Error::internal("nobody can be told over stdio"))?;
    let update = ServerNotification::ResourceUpdated(ResourceUpdatedParams::new(uri));
    server.send_notification(update).await;
    Ok("updated".into())
}

/// Runs `work` where tokio runs what blocks.
async fn on_pool(work: impl FnOnce() -> String + Send + 'static) -> Result<String> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|error| Error::internal(error.to_string()))
}
