//! The server of the demonstration: small features that show one thing each.

use std::thread;
use std::time::{Duration, Instant};

use mcpring::{
    Call, Error, Prompt, PromptArgument, PromptMessage, Resource, ResourceTemplate, Server, Tool,
    ToolError,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::form::Form;

/// How often a sleeping tool looks whether anybody still waits for it.
const NAP: Duration = Duration::from_millis(20);

#[derive(Debug, Deserialize, JsonSchema)]
struct Echo {
    /// What comes back.
    message: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Add {
    /// One number.
    a: f64,
    /// Another number.
    b: f64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Sleep {
    /// How long, in milliseconds.
    #[schemars(range(max = 60_000))]
    ms: u64,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Fail {
    /// The words of the failure.
    message: String,
}

/// Five tools, ten resources, a template and three prompts.
pub(super) fn server() -> Result<Server, Error> {
    let mut server = Server::builder("mcpring-demo", mcpring::VERSION)
        .title("mcpring demonstration")
        .instructions("Call echo to see a message come back; read demo://text/0 for some text.");
    for tool in tools() {
        server = server.tool(tool);
    }
    for number in 0..10 {
        server = server.resource(text(number));
    }
    for prompt in prompts() {
        server = server.prompt(prompt);
    }
    server.template(greeting()).build()
}

/// What computes runs where it is called; what waits runs on the pool.
fn tools() -> [Tool; 5] {
    [
        Tool::new("echo", |Echo { message }| message)
            .description("Returns the message.")
            .read_only(true)
            .inline(),
        Tool::new("add", |Add { a, b }| a + b)
            .description("Adds two numbers.")
            .read_only(true)
            .inline(),
        Tool::with_call("sleep", sleep)
            .description("Waits before it answers, and stops waiting when it is cancelled.")
            .read_only(true)
            .pool(),
        Tool::new("form20", |form: Form| form.summary())
            .description("Takes twenty parameters of many types, each checked by the schema.")
            .read_only(true)
            .inline(),
        Tool::new("fail", |Fail { message }| Err::<String, _>(ToolError(message)))
            .description("Always fails, with the words given.")
            .read_only(true)
            .inline(),
    ]
}

fn sleep(Sleep { ms }: Sleep, call: &mut Call<'_>) -> Result<String, ToolError> {
    let context = call.context();
    let end = Instant::now() + Duration::from_millis(ms);
    loop {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Ok(format!("slept {ms} ms"));
        }
        if context.is_cancelled() {
            return Err(ToolError("cancelled".to_owned()));
        }
        thread::sleep(left.min(NAP));
    }
}

fn text(number: usize) -> Resource {
    let uri = format!("demo://text/{number}");
    let body = format!("This is text {number} of the demonstration.\n").repeat(number + 1);
    Resource::text(uri, format!("text-{number}"), body)
        .title(format!("Text {number}"))
        .description("A few lines that never change.")
}

fn greeting() -> ResourceTemplate {
    ResourceTemplate::new("demo://greeting/{name}", "greeting", |call: &mut Call<'_>| {
        call.variable("name").map(|name| format!("Hello, {name}!"))
    })
    .description("Greets whoever the URI names.")
    .mime_type("text/plain")
    .inline()
}

fn prompts() -> [Prompt; 3] {
    let greet = |call: &mut Call<'_>| {
        let name = call.argument("name").unwrap_or_default();
        format!("Greet {name} in one warm sentence.")
    };
    let review = |call: &mut Call<'_>| {
        let language = call.argument("language").unwrap_or("the language it is in".into());
        let code = call.argument("code").unwrap_or_default();
        format!("Review this code as an expert of {language}:\n\n{code}")
    };
    let dialogue = |_: &mut Call<'_>| {
        vec![
            PromptMessage::user("What can this server do?"),
            PromptMessage::assistant("It echoes, adds, waits, checks a form, and fails on demand."),
            PromptMessage::user("Show me one of these."),
        ]
    };
    [
        Prompt::new("greet", greet)
            .description("Asks for a greeting.")
            .argument(PromptArgument::required("name").description("Who is greeted"))
            .inline(),
        Prompt::new("review", review)
            .description("Asks for a review of some code.")
            .argument(PromptArgument::required("code").description("The code"))
            .argument(PromptArgument::optional("language").description("What it is written in"))
            .inline(),
        Prompt::new("dialogue", dialogue)
            .description("Opens a conversation about this server.")
            .inline(),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demonstration_is_a_valid_server() {
        server().unwrap();
    }
}
