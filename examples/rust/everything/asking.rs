//! Tools that ask: the person by forms and URLs, the client's model, and the client for its roots.
//!
//! A handler that asks is entered again from its beginning when the answer is there. Written like
//! this it runs in both eras: with requests to the client in one, with results that require input
//! in the other.

use mcpring::model::{
    ElicitAction, ElicitAnswer, Elicitation, Property, Sampling, SamplingAnswer, SamplingContent,
    SamplingMessage, ToolInfo, ToolResult,
};
use mcpring::server::{Ask, AskMethod, NoArguments, Outcome};
use mcpring::{Call, Tool};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Most tokens of a model's answer.
const TOKENS: u32 = 100;

type Asked<T = String> = Result<T, Outcome>;

#[derive(Debug, Deserialize, JsonSchema)]
struct Prompted {
    /// What to ask the model.
    prompt: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Told {
    /// What to tell the person.
    message: String,
}

#[derive(Debug, Deserialize, JsonSchema)]
struct Sent {
    /// Where to send the person.
    url: String,
}

pub(crate) fn tools() -> Vec<Tool> {
    let mut tools = vec![
        Tool::with_call("test_sampling", |Prompted { prompt }, call: &mut Call<'_>| -> Asked {
            let answer = call.sample("answer", &Sampling::text(prompt, TOKENS))?;
            Ok(format!("LLM response: {}", answer.text()))
        })
        .description("Asks the client's model."),
        Tool::with_call("sample_with_tools", with_tools)
            .description("Asks the client's model, and lets it use a tool."),
        Tool::with_call("test_elicitation", |Told { message }, call: &mut Call<'_>| {
            let form = Elicitation::form(message)
                .property(Property::text("username").description("Your name").required())
                .property(Property::text("email").description("Where to write to").required());
            elicit(call, "User response", &form)
        })
        .description("Asks the person for a name and an address."),
        Tool::with_call(
            "test_elicitation_sep1034_defaults",
            |_: NoArguments, call: &mut Call<'_>| {
                elicit(call, "Elicitation completed", &defaults())
            },
        )
        .description("Asks with a default for every kind of value."),
        Tool::with_call("test_elicitation_sep1330_enums", |_: NoArguments, call: &mut Call<'_>| {
            elicit(call, "Elicitation completed", &choices())
        })
        .description("Asks for choices of every kind."),
        Tool::with_call("elicit_url", |Sent { url }, call: &mut Call<'_>| {
            let id = format!("visit-{}", call.context().ticket().0);
            elicit(call, "Visit", &Elicitation::url("Please visit this page.", url, id))
        })
        .description("Sends the person to a page."),
        Tool::with_call("list_roots", |_: NoArguments, call: &mut Call<'_>| roots(call, "roots"))
            .description("Asks for the client's roots."),
        Tool::with_call(
            "test_missing_capability",
            |_: NoArguments, call: &mut Call<'_>| -> Asked {
                call.sample("answer", &Sampling::text("Are you there?", TOKENS))?;
                Ok("The client has a model".to_owned())
            },
        )
        .description("Needs a client that has a model."),
        Tool::with_call("test_streaming_elicitation", |_: NoArguments, call: &mut Call<'_>| {
            let form =
                Elicitation::form("Give a value").property(Property::text("value").required());
            elicit(call, "Elicitation completed", &form)
        })
        .description("Asks the person for a value."),
    ];
    tools.extend(input_required());
    tools
}

/// Tools whose questions have the keys the suite looks for.
fn input_required() -> Vec<Tool> {
    let tool = |name: &str, run: fn(&mut Call<'_>) -> Asked| {
        let name = format!("test_input_required_result_{name}");
        Tool::with_call(name, move |_: NoArguments, call: &mut Call<'_>| run(call))
    };
    vec![
        tool("elicitation", |call| {
            Ok(format!("Hello, {}!", name_of(&call.elicit("user_name", &who())?)))
        })
        .description("Asks for a name."),
        tool("sampling", |call| {
            let question = Sampling::text("What is the capital of France?", TOKENS);
            let answer = call.sample("capital_question", &question)?;
            Ok(format!("Sampling response: {}", answer.text()))
        })
        .description("Asks the client's model."),
        tool("list_roots", |call| roots(call, "client_roots"))
            .description("Asks for the client's roots."),
        tool("request_state", confirmed).description("Remembers something while it asks."),
        tool("tampered_state", confirmed).description("Refuses a state that was changed."),
        tool("multiple_inputs", several).description("Asks three questions at once."),
        tool("multi_round", rounds).description("Asks one question after another."),
        tool("capabilities", declared).description("Asks only what the client declared."),
    ]
}

/// What the person did with a question and, in a form, wrote.
fn elicit(call: &Call<'_>, words: &str, question: &Elicitation) -> Asked {
    let answer = call.elicit("question", question)?;
    let action = match answer.action {
        ElicitAction::Accept => "accept",
        ElicitAction::Decline => "decline",
        ElicitAction::Cancel => "cancel",
    };
    let content = answer.content.as_ref().map_or("{}", |content| content.get());
    Ok(format!("{words}: action={action}, content={content}"))
}

fn defaults() -> Elicitation {
    let status = Property::choice("status").option("active").option("inactive").option("pending");
    Elicitation::form("Please check these values")
        .property(Property::text("name").description("Your name").default("John Doe"))
        .property(Property::integer("age").description("Your age").default(30))
        .property(Property::number("score").description("Your score").default(95.5))
        .property(status.description("Your status").default("active"))
        .property(Property::flag("verified").description("Whether this is so").default(true))
}

fn choices() -> Elicitation {
    let titled =
        [("value1", "First Option"), ("value2", "Second Option"), ("value3", "Third Option")];
    let legacy = [("opt1", "Option One"), ("opt2", "Option Two"), ("opt3", "Option Three")];
    let (mut one, mut many) = (Property::choice("untitledSingle"), Property::many("untitledMulti"));
    for value in ["option1", "option2", "option3"] {
        (one, many) = (one.option(value), many.option(value));
    }
    let (mut titled_one, mut titled_many) =
        (Property::choice("titledSingle"), Property::many("titledMulti"));
    for (value, title) in titled {
        titled_one = titled_one.titled(value, title);
        titled_many = titled_many.titled(value, title);
    }
    let named = legacy
        .into_iter()
        .fold(Property::choice("legacyEnum"), |one, (value, title)| one.titled(value, title));
    Elicitation::form("Please choose")
        .property(one)
        .property(titled_one)
        .property(named.enum_names())
        .property(many)
        .property(titled_many)
}

/// The model may look the weather up; it is this program that does so.
fn with_tools(_: NoArguments, call: &mut Call<'_>) -> Asked {
    let schema = r#"{"type":"object","properties":{"city":{"type":"string"}}}"#.to_owned();
    let schema =
        RawValue::from_string(schema).map_err(|fault| Outcome::internal(fault.to_string()))?;
    let mut weather = ToolInfo::new("weather", schema);
    weather.description = Some("Tells the weather in a city.".into());
    let question = Sampling::text("How is the weather in Paris?", TOKENS).tool(weather);
    let first = call.sample("question", &question)?;
    let results = weather_reports(&first);
    if results.content.is_empty() {
        return Ok(format!("LLM response: {}", first.text()));
    }
    let second = call.sample("result", &question.message(first.into_message()).message(results))?;
    Ok(format!("LLM response: {}", second.text()))
}

/// An answer to each use of the tool: models want all of them, and nothing else beside.
fn weather_reports(answer: &SamplingAnswer) -> SamplingMessage {
    let reports = answer.tool_uses().map(|(id, _name, input)| {
        let words = format!("Sunny, for {}", input.get());
        SamplingContent::tool_result(id.to_owned(), ToolResult::text(words))
    });
    SamplingMessage { role: mcpring::model::Role::User, content: reports.collect() }
}

fn who() -> Elicitation {
    Elicitation::form("What is your name?").property(Property::text("name").required())
}

fn name_of(answer: &ElicitAnswer) -> String {
    answer.text("name").unwrap_or_else(|| "whoever you are".to_owned())
}

fn roots(call: &Call<'_>, key: &str) -> Asked {
    let roots = call.list_roots(key)?;
    let lines = roots.iter().map(|root| match &root.name {
        Some(name) => format!("{} ({name})", root.uri),
        None => root.uri.clone(),
    });
    Ok(format!("Client roots: {}", lines.collect::<Vec<_>>().join(", ")))
}

/// Leaves itself a word while it asks, and looks for it in what comes back.
fn confirmed(call: &mut Call<'_>) -> Asked {
    const WORD: &[u8] = b"asked";
    if call.state() != Some(WORD) {
        let form = Elicitation::form("Please confirm").property(Property::flag("ok").required());
        return Err(Ask::new().elicit("confirm", form).state(WORD).into());
    }
    Ok("Confirmed: state-ok".to_owned())
}

fn several(call: &mut Call<'_>) -> Asked {
    let greeting = Sampling::text("Generate a greeting", TOKENS);
    if call.state().is_none() {
        let ask = Ask::new().elicit("user_name", who()).sample("greeting", greeting);
        return Err(ask.list_roots("client_roots").state(*b"asked").into());
    }
    // An answer that is missing is asked for again.
    let name = name_of(&call.elicit("user_name", &who())?);
    let greeting = call.sample("greeting", &greeting)?.text();
    Ok(format!("{greeting}, {name}! {}", roots(call, "client_roots")?))
}

/// One question after another; the state says how far it came.
fn rounds(call: &mut Call<'_>) -> Asked {
    match call.state() {
        None => {
            let form = Elicitation::form("Step 1: What is your name?")
                .property(Property::text("name").required());
            Err(Ask::new().elicit("step1", form).state(*b"1").into())
        }
        Some(b"1") => {
            let form = Elicitation::form("Step 2: What is your favorite color?")
                .property(Property::text("color").required());
            Err(Ask::new().elicit("step2", form).state(*b"2").into())
        }
        Some(_) => Ok("Multi-round flow complete".to_owned()),
    }
}

fn declared(call: &mut Call<'_>) -> Asked {
    let takes = |method| call.context().client().is_some_and(|client| client.supports(method));
    let mut ask = Ask::new();
    if takes(AskMethod::Elicitation) {
        ask = ask.elicit("user_name", who());
    }
    if takes(AskMethod::Sampling) {
        ask = ask.sample("greeting", Sampling::text("Generate a greeting", TOKENS));
    }
    if takes(AskMethod::Roots) {
        ask = ask.list_roots("client_roots");
    }
    if call.answers().is_empty() && !ask.requests.is_empty() {
        return Err(ask.into());
    }
    Ok("Capability-aware flow complete".to_owned())
}
