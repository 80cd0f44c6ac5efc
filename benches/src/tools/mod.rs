//! The bench fixture on the library: the tools, resources and prompts that every peer offers too.
//!
//! It is written as a user would write it. What only computes runs on the shard's own thread; what
//! blocks, or reports while it works, runs on the pool. What each answers is expected in
//! [`crate::question`] and in the files of workloads.

mod form;
pub mod many;
#[cfg(test)]
mod tests;

use std::thread;
use std::time::{Duration, Instant};

use mcpring::error::LimitError;
use mcpring::json::Value;
use mcpring::{
    Call, Error, Outcome, Prompt, PromptArgument, Resource, Sampling, Server, ServerBuilder, Tool,
};
use schemars::JsonSchema;
use serde::Deserialize;

pub use form::Form20;

use form::Form5;

/// The resources that can be subscribed to.
pub const RESOURCES: [&str; 2] = ["bench:///left", "bench:///right"];

/// Resources beside those two.
const ITEMS: usize = 8;
/// How often an item holds the alphabet.
const ALPHABETS: usize = 7;
/// How much the client's model may say.
const TOKENS: u32 = 100;

/// The fixture.
pub fn server() -> Result<Server, Error> {
    slowed(Duration::ZERO)
}

/// The fixture with `echo` and the forms slowed down: each call keeps its thread busy for `delay`
/// longer. Comparisons are tested with it.
pub fn slowed(delay: Duration) -> Result<Server, Error> {
    builder(delay).build()
}

/// The same, for more to be added.
pub fn builder(delay: Duration) -> ServerBuilder {
    let builder = Server::builder("mcpring-bench", env!("CARGO_PKG_VERSION"));
    prompts(resources(pooled(computing(builder, delay))))
}

/// Tools that only compute, on the shard's thread.
fn computing(builder: ServerBuilder, delay: Duration) -> ServerBuilder {
    let echo = move |Echo { message }| slowly(delay, || message);
    let form5 = move |form: Form5| slowly(delay, || form.summary());
    let form20 = move |form: Form20| slowly(delay, || form.summary());
    let form1000 = move |call: &mut Call<'_>| slowly(delay, || count(call));
    builder
        .tool(Tool::new("echo", echo).inline().read_only(true))
        .tool(Tool::new("add", |Add { a, b }| a + b).inline().read_only(true))
        .tool(Tool::new("form5", form5).inline().read_only(true))
        .tool(Tool::new("form20", form20).inline().read_only(true))
        .tool(Tool::raw("form1000", serde_json::json!({ "type": "object" }), form1000).inline())
        .tool(Tool::with_call("update_resource", update).inline())
        .tool(Tool::with_call("ask_model", ask_model).inline())
}

/// Tools that block their thread, or speak before they answer.
fn pooled(builder: ServerBuilder) -> ServerBuilder {
    builder
        .tool(Tool::new("echo_pooled", |Echo { message }| message).pool())
        .tool(Tool::new("sleep", sleep).pool())
        .tool(Tool::with_call("count_up", count_up).pool())
}

fn resources(builder: ServerBuilder) -> ServerBuilder {
    let [left, right] = RESOURCES;
    let alphabet: String = ('a'..='z').collect();
    let item = |number: usize| {
        let text = format!("item {number}: {}", alphabet.repeat(ALPHABETS));
        Resource::text(format!("bench:///item/{number}"), format!("item {number}"), text)
    };
    let builder = builder
        .resource(Resource::text(left, "left", "left"))
        .resource(Resource::text(right, "right", "right"))
        .resource_subscriptions();
    (0..ITEMS).map(item).fold(builder, ServerBuilder::resource)
}

fn prompts(builder: ServerBuilder) -> ServerBuilder {
    let simple = Prompt::new("prompt_simple", |_| "Summarize what was said so far.").inline();
    builder.prompt(simple).prompt(filled("prompt_medium", 10)).prompt(filled("prompt_complex", 50))
}

/// A prompt with `count` required arguments, which its text names one after the other.
fn filled(name: &'static str, count: usize) -> Prompt {
    let names: Vec<String> = (0..count).map(|at| format!("a{at:02}")).collect();
    let arguments: Vec<_> = names.iter().cloned().map(PromptArgument::required).collect();
    let prompt = Prompt::new(name, move |call| {
        let mut text = String::new();
        for name in &names {
            text.push_str(if text.is_empty() { "" } else { "; " });
            text.push_str(name);
            text.push('=');
            text.push_str(&call.argument(name).unwrap_or_default());
        }
        text
    });
    arguments.into_iter().fold(prompt.inline(), Prompt::argument)
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

fn sleep(Sleep { ms }: Sleep) -> String {
    thread::sleep(Duration::from_millis(ms));
    format!("slept {ms} ms")
}

#[derive(Deserialize, JsonSchema)]
struct Update {
    uri: String,
}

fn update(Update { uri }: Update, call: &mut Call<'_>) -> Result<&'static str, LimitError> {
    call.context().publisher().resource_updated(uri).map(|()| "updated")
}

#[derive(Deserialize, JsonSchema)]
struct CountUp {
    steps: u32,
}

fn count_up(CountUp { steps }: CountUp, call: &mut Call<'_>) -> String {
    for step in 1..=steps {
        call.context().progress(f64::from(step), Some(f64::from(steps)), None);
    }
    format!("counted {steps}")
}

#[derive(Deserialize, JsonSchema)]
struct AskModel {
    prompt: String,
}

fn ask_model(AskModel { prompt }: AskModel, call: &mut Call<'_>) -> Result<String, Outcome> {
    call.sample("answer", &Sampling::text(prompt, TOKENS)).map(|answer| answer.text())
}

/// Counts the fields where they lie: nobody needs a map of them.
fn count(call: &Call<'_>) -> String {
    format!("{} fields", call.arguments_value().map_or(0, Value::len))
}

/// What `work` comes to, `delay` later; the thread is busy meanwhile.
fn slowly<T>(delay: Duration, work: impl FnOnce() -> T) -> T {
    let done = work();
    if !delay.is_zero() {
        let began = Instant::now();
        while began.elapsed() < delay {
            std::hint::spin_loop();
        }
    }
    done
}
