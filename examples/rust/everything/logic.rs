//! Tools that take time or reach beyond their call: progress, log messages, cancelling, polling,
//! and changes of the server that everyone hears of.

use std::time::Duration;

use mcpring::model::LogLevel;
use mcpring::server::NoArguments;
use mcpring::{Call, Deferred, Error, Prompt, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;
use tokio::time::{Instant, sleep};

/// Between two words of a tool that talks while it works.
const STEP: Duration = Duration::from_millis(50);
/// How often a tool that waits looks whether anybody still waits for it.
const NAP: Duration = Duration::from_millis(10);

#[derive(Debug, Deserialize, JsonSchema)]
struct Sleep {
    /// How long, in milliseconds.
    #[schemars(range(max = 60_000))]
    ms: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Update {
    /// Which resource.
    uri: String,
}

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        Tool::future("test_tool_with_logging", logging).description("Logs three messages."),
        Tool::future("test_tool_with_progress", progress).description("Reports its progress."),
        Tool::with_call("test_logging_tool", |_: NoArguments, call: &mut Call<'_>| {
            call.context().log(LogLevel::Info, "The level was asked for");
            "Logged, if that was asked for"
        })
        .description("Logs one message to whoever asked for messages."),
        Tool::future("test_reconnection", reconnection)
            .description("Lets its client come back for the answer."),
        Tool::future("sleep", |Sleep { ms }, call: Deferred| async move {
            wait(&call, Duration::from_millis(ms)).await.map(|()| format!("slept {ms} ms"))
        })
        .description("Waits before it answers, and stops waiting when it is cancelled."),
        Tool::with_call("update_resource", |Update { uri }, call: &mut Call<'_>| {
            let told = call.context().publisher().resource_updated(&*uri);
            told.map(|()| format!("{uri} was updated"))
        })
        .description("Tells the subscribers of a resource that it changed."),
        Tool::with_call("test_trigger_tool_change", tool_change)
            .description("Adds a tool, or removes it again."),
        Tool::with_call("test_trigger_prompt_change", prompt_change)
            .description("Adds a prompt, or removes it again."),
    ]
}

/// Waits so long; the error says that nobody waits for the call any more.
pub(crate) async fn wait(call: &Deferred, time: Duration) -> Result<(), ToolError> {
    let end = Instant::now() + time;
    while Instant::now() < end {
        if call.context().is_cancelled() {
            return Err(ToolError("cancelled".to_owned()));
        }
        sleep(NAP.min(end - Instant::now())).await;
    }
    Ok(())
}

async fn logging(_: NoArguments, call: Deferred) -> &'static str {
    for words in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        call.context().log(LogLevel::Info, words);
        sleep(STEP).await;
    }
    "Logging test completed"
}

async fn progress(_: NoArguments, call: Deferred) -> &'static str {
    for (progress, words) in [(0.0, "Starting"), (50.0, "Halfway"), (100.0, "Complete")] {
        call.context().progress(progress, Some(100.0), Some(words));
        sleep(STEP).await;
    }
    "Progress test completed"
}

async fn reconnection(_: NoArguments, call: Deferred) -> &'static str {
    call.context().close_stream();
    sleep(2 * STEP).await;
    "Reconnection test completed"
}

fn tool_change(_: NoArguments, call: &mut Call<'_>) -> Result<&'static str, Error> {
    const NAME: &str = "test_dynamic_tool";
    call.context().publisher().edit(|edit| {
        if edit.remove_tool(NAME) {
            return "A tool was removed";
        }
        let tool = Tool::new(NAME, |_: NoArguments| "here for now");
        edit.add_tool(tool.description("Comes and goes."));
        "A tool was added"
    })
}

fn prompt_change(_: NoArguments, call: &mut Call<'_>) -> Result<&'static str, Error> {
    const NAME: &str = "test_dynamic_prompt";
    call.context().publisher().edit(|edit| {
        if edit.remove_prompt(NAME) {
            return "A prompt was removed";
        }
        let prompt = Prompt::new(NAME, |_: &mut Call<'_>| "here for now");
        edit.add_prompt(prompt.description("Comes and goes."));
        "A prompt was added"
    })
}
