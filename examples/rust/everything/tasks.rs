//! Tools whose calls may become tasks, or must.

use std::time::Duration;

use mcpring::model::{Elicitation, Property, TaskSupport};
use mcpring::rpc::RpcError;
use mcpring::server::{Ask, NoArguments, Outcome};
use mcpring::{Call, Deferred, Tool, ToolError};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::logic::wait;

#[derive(Debug, Deserialize, JsonSchema)]
struct Greet {
    /// Whom.
    name: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Compute {
    /// How long it takes.
    #[schemars(range(min = 0, max = 3600))]
    #[serde(default)]
    seconds: f64,
    /// What it is called.
    #[serde(default)]
    label: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Delete {
    /// Which file; nothing happens to it.
    filename: String,
}

pub(crate) fn tools() -> Vec<Tool> {
    vec![
        Tool::new("greet", |Greet { name }| format!("Hello, {name}!"))
            .description("Greets, and is never a task.")
            .inline(),
        Tool::future("slow_compute", |Compute { seconds, label }, call: Deferred| async move {
            wait(&call, Duration::from_secs_f64(seconds)).await?;
            Ok::<_, ToolError>(format!("slow_compute({label}) done after {seconds}s"))
        })
        .description("Takes its time, and may be a task.")
        .task_support(TaskSupport::Optional),
        Tool::future("failing_job", |_: NoArguments, call: Deferred| async move {
            wait(&call, Duration::from_secs(1)).await?;
            Err::<String, _>(ToolError("This job always fails".to_owned()))
        })
        .description("Is a task, and fails as a tool fails.")
        .task_support(TaskSupport::Required),
        Tool::future("protocol_error_job", |_: NoArguments, call: Deferred| async move {
            if let Err(fault) = wait(&call, Duration::from_millis(200)).await {
                return Outcome::from(fault);
            }
            Outcome::Error(RpcError::internal("This job never gets as far as a result"))
        })
        .description("May be a task, and fails as a request fails.")
        .task_support(TaskSupport::Optional),
        Tool::with_call("confirm_delete", confirm_delete)
            .description("Is a task that asks once.")
            .task_support(TaskSupport::Required),
        Tool::with_call("multi_input", multi_input)
            .description("Is a task that asks two questions at once.")
            .task_support(TaskSupport::Required),
        Tool::with_call("test_tool_with_task", after_asking)
            .description("Asks for a name, and is a task afterwards.")
            .task_support(TaskSupport::Required)
            .task_by_handler(),
    ]
}

fn confirm_delete(Delete { filename }: Delete, call: &mut Call<'_>) -> Result<String, Outcome> {
    let form = Elicitation::form(format!("Delete {filename}?"))
        .property(Property::flag("confirm").required());
    let is_confirmed = call.elicit("confirm", &form)?.flag("confirm") == Some(true);
    Ok(format!("confirm_delete({filename}): confirmed = {is_confirmed}"))
}

fn multi_input(_: NoArguments, call: &mut Call<'_>) -> Result<String, Outcome> {
    let forms = ["a", "b"].map(|name| {
        Elicitation::form(format!("Give value {name}")).property(Property::text("value").required())
    });
    let [first, second] = &forms;
    if call.answers().is_empty() {
        let ask = Ask::new().elicit("input-a", first.clone());
        return Err(ask.elicit("input-b", second.clone()).into());
    }
    let first = call.elicit("input-a", first)?.text("value").unwrap_or_default();
    let second = call.elicit("input-b", second)?.text("value").unwrap_or_default();
    Ok(format!("multi_input: a = {first}, b = {second}"))
}

fn after_asking(_: NoArguments, call: &mut Call<'_>) -> Result<String, Outcome> {
    let form = Elicitation::form("What is your name?").property(Property::text("name").required());
    let name = call.elicit("user_name", &form)?.text("name").unwrap_or_default();
    // From here on the client may go its way, and come back for the result.
    call.context().become_task();
    Ok(format!("Hello, {name}! (by a task)"))
}
