//! What asks: one tool for each way a handler can, and some that ask wrongly.

use mcpring::model::{Elicitation, Property, Sampling, SamplingMessage, ToolChoice};
use mcpring::server::{Answer, Ask, Server};
use mcpring::{Call, Outcome, Prompt, Resource, Tool};
use serde_json::json;

fn who() -> Elicitation {
    Elicitation::form("Who are you?").property(Property::text("name").required())
}

fn greet(call: &mut Call<'_>) -> Result<String, Outcome> {
    let answer = call.elicit("who", &who())?;
    let name = answer.text("name").filter(|_| answer.is_accepted());
    Ok(name.map_or("Never mind.".to_owned(), |name| format!("Hello, {name}!")))
}

fn step(call: &mut Call<'_>) -> Result<String, Outcome> {
    let name = call.elicit("who", &who())?.text("name").unwrap_or_default();
    let capital = call.sample("capital", &Sampling::text(format!("Where is {name}?"), 10))?.text();
    let roots = call.list_roots("roots")?;
    Ok(format!("{name} {capital} {}", roots[0].uri))
}

fn all(call: &mut Call<'_>) -> Result<String, Outcome> {
    let Some(state) = call.state() else {
        let ask = Ask::new()
            .elicit("who", who())
            .sample("capital", Sampling::text("Capital?", 10))
            .list_roots("roots")
            .state(*b"first");
        return Err(ask.into());
    };
    let state = String::from_utf8_lossy(state).into_owned();
    let name = call.elicit("who", &who())?.text("name").unwrap_or_default();
    let capital = call.sample("capital", &Sampling::text("Capital?", 10))?.text();
    let roots = call.list_roots("roots")?.len();
    Ok(format!("{state} {name} {capital} {roots}"))
}

/// Asks until it is told to stop, and counts in its state.
fn count(call: &mut Call<'_>) -> Outcome {
    let times = call.state().map_or(0, |state| state[0]);
    let stops = call.answers().get("on").is_some_and(|answer| match answer {
        Answer::Result(json) => json.get().contains("\"decline\""),
        Answer::Error(_) => true,
    });
    if stops {
        return Outcome::text(times.to_string());
    }
    Ask::new().elicit("on", Elicitation::form("On?")).state([times + 1]).into()
}

fn entered_twice(call: &Call<'_>) -> bool {
    !call.answers().is_empty()
}

pub(crate) fn server() -> Server {
    let schema = || json!({ "type": "object" });
    let tool = |name: &'static str, run: fn(&mut Call<'_>) -> Result<String, Outcome>| {
        Tool::raw(name, schema(), run)
    };
    let url = || Elicitation::url("Sign in.", "https://example.com/in", "in-1");
    Server::builder("asks", "1")
        .tool(tool("greet", greet).inline())
        .tool(tool("greet-pool", greet).pool())
        .tool(tool("step", step).pool())
        .tool(tool("all", all).inline())
        .tool(Tool::raw("count", schema(), count).inline())
        .tool(Tool::raw("count-pool", schema(), count).pool())
        .tool(Tool::raw("greet-later", schema(), |call: &mut Call<'_>| {
            let deferred = call.defer();
            let outcome = match deferred.elicit("who", &who()) {
                Ok(answer) => Outcome::text(answer.text("name").unwrap_or_default()),
                Err(outcome) => outcome,
            };
            deferred.finish(outcome);
            Outcome::Deferred
        }))
        .tool(
            tool("model", |call| Ok(call.sample("m", &Sampling::text("Say hi.", 10))?.text()))
                .inline(),
        )
        .tool(tool("roots", |call| {
            Ok(call.list_roots("r")?.iter().map(|root| root.uri.clone()).collect())
        }))
        .tool(Tool::raw("url", schema(), move |call: &mut Call<'_>| {
            call.elicit("u", &url()).map(|answer| format!("{:?}", answer.action))
        }))
        .tool(Tool::raw("url-error", schema(), move |_: &mut Call<'_>| {
            Outcome::urls_required("Sign in first.", &[url()])
        }))
        .tool(tool("agent", |call| {
            let question = Sampling::new(5)
                .message(SamplingMessage::user("Use a tool."))
                .tool_choice(ToolChoice::Auto);
            Ok(call.sample("a", &question)?.text())
        }))
        .tool(tool("panic", |call| {
            call.elicit("who", &who())?;
            std::panic::resume_unwind(Box::new("on purpose"))
        }))
        .tool(Tool::raw("drop", schema(), |call: &mut Call<'_>| {
            if entered_twice(call) {
                drop(call.defer());
                return Outcome::Deferred;
            }
            Ask::new().elicit("who", who()).into()
        }))
        .tool(Tool::raw("nothing", schema(), |_: &mut Call<'_>| Outcome::from(Ask::new())))
        .tool(Tool::raw("twins", schema(), |_: &mut Call<'_>| {
            Outcome::from(Ask::new().list_roots("a").list_roots("a"))
        }))
        .tool(Tool::raw("many", schema(), |_: &mut Call<'_>| {
            let ask = (0..17).fold(Ask::new(), |ask, key| ask.list_roots(key.to_string()));
            Outcome::from(ask)
        }))
        .tool(Tool::raw("large", schema(), |_: &mut Call<'_>| {
            Outcome::from(Ask::new().list_roots("r").state(vec![0; 100_000]))
        }))
        .tool(Tool::raw("wait", schema(), |call: &mut Call<'_>| {
            // Nothing to ask: only to be called again.
            if call.state().is_some() {
                Outcome::text("done")
            } else {
                Ask::new().state(*b"").into()
            }
        }))
        .prompt(Prompt::new("who", |call: &mut Call<'_>| greet(call)))
        .resource(Resource::new("asks://who", "who", |call: &mut Call<'_>| greet(call)).inline())
        .build()
        .expect("the test's server is in order")
}
