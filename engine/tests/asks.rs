//! Handlers that ask their client, in both eras: over pipes by requests, over pipes and HTTP in
//! results. One endpoint without a kernel.
//!
//! The same tools serve both eras; what differs is how the client is asked, and where what was
//! answered is kept.

#![allow(clippy::disallowed_methods, clippy::needless_pass_by_value, reason = "a test program")]

mod harness;

use harness::{HTTP, LINE, World};
use mcpring::model::{Elicitation, Property, Sampling, SamplingMessage, ToolChoice};
use mcpring::server::{Answer, Ask, Server};
use mcpring::slot::Slot;
use mcpring::{Call, Config, Outcome, Prompt, Resource, Tool};
use serde_json::{Value, json};

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const STATELESS: &str = "2026-07-28";

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

fn server() -> Server {
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

fn world() -> World {
    World::new(server(), Config::default())
}

fn every() -> Value {
    json!({ "elicitation": { "form": {}, "url": {} }, "sampling": { "tools": {} }, "roots": {} })
}

fn lines(bytes: &[u8]) -> Vec<Value> {
    let text = str::from_utf8(bytes).expect("messages are UTF-8");
    text.lines().map(|line| serde_json::from_str(line).expect("a line is a message")).collect()
}

fn say(world: &mut World, slot: Slot, message: &Value) -> Vec<Value> {
    lines(&world.feed(slot, format!("{message}\n").as_bytes()))
}

/// A pipe that has shaken hands.
fn shaken(world: &mut World, version: &str, capabilities: &Value) -> Slot {
    let slot = world.connect(LINE);
    let params = json!({ "protocolVersion": version, "capabilities": capabilities,
        "clientInfo": { "name": "test", "version": "1" } });
    let answers = say(world, slot, &request(json!("hello"), "initialize", &params));
    assert_eq!(answers[0]["result"]["protocolVersion"], version);
    slot
}

fn request(id: Value, method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

fn call(id: u64, tool: &str) -> Value {
    request(json!(id), "tools/call", &json!({ "name": tool, "arguments": { "x": id } }))
}

fn reply(question: &Value, result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": question["id"], "result": result })
}

fn named(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

fn said(text: &str) -> Value {
    json!({ "role": "assistant", "model": "m", "content": { "type": "text", "text": text } })
}

fn places() -> Value {
    json!({ "roots": [{ "uri": "file:///home" }] })
}

fn answer_to(question: &Value) -> Value {
    match question["method"].as_str() {
        Some("elicitation/create") => named("Ann"),
        Some("sampling/createMessage") => said("Rome"),
        Some("roots/list") => places(),
        other => panic!("no question: {other:?}"),
    }
}

fn text(answer: &Value) -> &str {
    answer["result"]["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}

/// Asserts that `messages` is one answer to request `id` and gives it.
fn only(messages: Vec<Value>, id: u64) -> Value {
    let [answer] = <[Value; 1]>::try_from(messages).expect("one message");
    assert_eq!(answer["id"], id);
    answer
}

#[test]
fn a_pipe_is_asked_by_requests() {
    for tool in
        ["greet", "greet-pool", "step", "all", "greet-later", "model", "roots", "url", "agent"]
    {
        let mut world = world();
        let slot = shaken(&mut world, "2025-11-25", &every());
        let mut messages = say(&mut world, slot, &call(7, tool));
        let (mut asked, mut rounds) = (Vec::new(), 0);
        while messages.iter().all(|message| message.get("method").is_some()) {
            rounds += 1;
            assert!(!messages.is_empty() && rounds < 10, "{tool} is stuck");
            let questions = std::mem::take(&mut messages);
            for question in questions {
                asked.push(question["method"].as_str().unwrap_or_default().to_owned());
                messages.extend(say(&mut world, slot, &reply(&question, answer_to(&question))));
            }
        }
        let (want, want_rounds, want_asked) = match tool {
            "greet" | "greet-pool" => ("Hello, Ann!", 1, &["elicitation/create"][..]),
            "greet-later" => ("Ann", 1, &["elicitation/create"][..]),
            "step" => (
                "Ann Rome file:///home",
                3,
                &["elicitation/create", "sampling/createMessage", "roots/list"][..],
            ),
            "all" => (
                "first Ann Rome 1",
                1,
                &["elicitation/create", "sampling/createMessage", "roots/list"][..],
            ),
            "url" => ("Accept", 1, &["elicitation/create"][..]),
            "model" | "agent" => ("Rome", 1, &["sampling/createMessage"][..]),
            _ => ("file:///home", 1, &["roots/list"][..]),
        };
        assert_eq!(text(&only(messages, 7)), want, "{tool}");
        assert_eq!(
            (rounds, asked),
            (want_rounds, want_asked.iter().map(|m| (*m).to_owned()).collect())
        );
    }
}

#[test]
fn prompts_and_resources_ask_too() {
    for (method, params, path) in [
        ("prompts/get", json!({ "name": "who" }), "/result/messages/0/content/text"),
        ("resources/read", json!({ "uri": "asks://who" }), "/result/contents/0/text"),
    ] {
        let mut world = world();
        let slot = shaken(&mut world, "2025-06-18", &every());
        let question = say(&mut world, slot, &request(json!(1), method, &params)).remove(0);
        let answer = only(say(&mut world, slot, &reply(&question, named("Bob"))), 1);
        assert_eq!(answer.pointer(path), Some(&json!("Hello, Bob!")), "{answer}");
    }
}

#[test]
fn clients_that_cannot_be_asked_are_not() {
    for (version, capabilities, tool, words) in [
        ("2025-11-25", json!({}), "greet", "elicitation"),
        ("2025-11-25", json!({ "elicitation": { "url": {} } }), "greet", "elicitation"),
        ("2025-11-25", json!({ "elicitation": {} }), "url", "elicitation.url"),
        ("2025-11-25", json!({ "sampling": {} }), "agent", "sampling.tools"),
        ("2025-11-25", json!({ "elicitation": {} }), "all", "sampling and roots"),
        ("2025-03-26", every(), "greet", "are not part of 2025-03-26"),
        ("2025-06-18", every(), "url", "are not part of 2025-06-18"),
        ("2025-06-18", every(), "agent", "are not part of 2025-06-18"),
    ] {
        let mut world = world();
        let slot = shaken(&mut world, version, &capabilities);
        let answer = only(say(&mut world, slot, &call(3, tool)), 3);
        assert_eq!(answer["result"]["isError"], true, "{answer}");
        assert!(text(&answer).contains(words), "{answer}");
    }
    let mut world = world();
    let slot = shaken(&mut world, "2025-11-25", &json!({}));
    let read = request(json!(4), "resources/read", &json!({ "uri": "asks://who" }));
    let answer = only(say(&mut world, slot, &read), 4);
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
}

#[test]
fn mistakes_of_the_handler_are_answered() {
    for (tool, words) in [
        ("nothing", "asked nothing"),
        ("twins", "under the key \"a\""),
        ("many", "more than 16"),
        ("panic", "panicked"),
        ("drop", "dropped the call"),
    ] {
        for version in ["2025-11-25", STATELESS] {
            let mut world = world();
            let answer = if version == STATELESS {
                let mut client = Stateless::new(&mut world, LINE);
                client.until_complete(&mut world, tool)
            } else {
                let slot = shaken(&mut world, version, &every());
                let mut messages = say(&mut world, slot, &call(3, tool));
                if messages[0].get("method").is_some() {
                    let question = messages.remove(0);
                    messages = say(&mut world, slot, &reply(&question, named("Ann")));
                }
                only(messages, 3)
            };
            assert!(answer.to_string().contains(&words.replace('"', "\\\"")), "{tool}: {answer}");
        }
    }
}

#[test]
fn a_question_that_is_answered_badly() {
    for (answer, want) in [
        (json!({ "action": "decline" }), "Never mind."),
        (json!({ "action": "cancel" }), "Never mind."),
        (json!({ "action": "accept", "content": { "name": 7 } }), "Hello, 7!"),
        (json!({ "action": "maybe" }), "cannot be read"),
        (json!({}), "cannot be read"),
        (json!(null), "cannot be read"),
    ] {
        let mut world = world();
        let slot = shaken(&mut world, "2025-11-25", &every());
        let question = say(&mut world, slot, &call(1, "greet")).remove(0);
        let found = only(say(&mut world, slot, &reply(&question, answer)), 1);
        assert!(text(&found).contains(want), "{found}");
    }
    let mut world = world();
    let slot = shaken(&mut world, "2025-11-25", &every());
    let question = say(&mut world, slot, &call(1, "greet")).remove(0);
    let error = json!({ "jsonrpc": "2.0", "id": question["id"],
        "error": { "code": -1, "message": "user rejected", "data": { "why": [1] } } });
    let found = only(say(&mut world, slot, &error), 1);
    assert!(text(&found).contains("user rejected (-1)"), "{found}");
}

#[test]
fn foreign_doubled_and_unknown_answers_resolve_nothing() {
    let mut world = world();
    let (first, second) =
        (shaken(&mut world, "2025-11-25", &every()), shaken(&mut world, "2025-11-25", &every()));
    let one = say(&mut world, first, &call(1, "greet")).remove(0);
    let two = say(&mut world, second, &call(1, "greet-pool")).remove(0);
    assert_eq!(one["id"], two["id"], "each session counts by itself");
    // The same question id means another question on another connection.
    let answer = only(say(&mut world, second, &reply(&two, named("Two"))), 1);
    assert_eq!(text(&answer), "Hello, Two!");
    assert!(say(&mut world, second, &reply(&two, named("Again"))).is_empty());
    let stranger = shaken(&mut world, "2025-11-25", &every());
    assert!(say(&mut world, stranger, &reply(&one, named("Mallory"))).is_empty());
    for id in [json!("1"), json!(0), json!(99), json!(-1), json!(null)] {
        let odd = json!({ "jsonrpc": "2.0", "id": id, "result": named("Odd") });
        assert!(say(&mut world, first, &odd).is_empty(), "{id}");
    }
    let answer = only(say(&mut world, first, &reply(&one, named("One"))), 1);
    assert_eq!(text(&answer), "Hello, One!");
    let next = say(&mut world, first, &call(1, "greet")).remove(0);
    assert_ne!(next["id"], one["id"], "an id is not used again");
}

#[test]
fn several_calls_ask_side_by_side() {
    let mut world = world();
    let slot = shaken(&mut world, "2025-11-25", &every());
    let mut questions = Vec::new();
    for id in 0..20 {
        questions.push((id, say(&mut world, slot, &call(id, "greet")).remove(0)));
    }
    questions.reverse();
    for (id, question) in questions {
        let name = format!("client {id}");
        let answer = only(say(&mut world, slot, &reply(&question, named(&name))), id);
        assert_eq!(text(&answer), format!("Hello, {name}!"));
    }
}

#[test]
fn a_cancelled_call_takes_its_questions_back() {
    let mut world = world();
    let slot = shaken(&mut world, "2025-11-25", &every());
    let questions = say(&mut world, slot, &call(5, "all"));
    assert_eq!(questions.len(), 3);
    assert!(say(&mut world, slot, &reply(&questions[1], said("Rome"))).is_empty());
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
        "params": { "requestId": 5 } });
    let notes = say(&mut world, slot, &cancel);
    let withdrawn: Vec<_> = notes.iter().map(|note| note["params"]["requestId"].clone()).collect();
    assert_eq!(withdrawn, [questions[0]["id"].clone(), questions[2]["id"].clone()]);
    assert!(notes.iter().all(|note| note["method"] == "notifications/cancelled"));
    for question in &questions {
        assert!(say(&mut world, slot, &reply(question, answer_to(question))).is_empty());
    }
    assert_eq!(say(&mut world, slot, &call(5, "greet")).len(), 1, "its id is free again");
}

#[test]
fn time_to_answer_ends() {
    for (ask_ms, tool) in [(5_000, "greet"), (200_000, "greet-pool"), (200_000, "all")] {
        let mut world =
            World::new(server(), Config { ask_ms, call_ms: 10_000, ..Config::default() });
        let slot = shaken(&mut world, "2025-11-25", &every());
        let questions = say(&mut world, slot, &call(5, tool));
        world.pass(ask_ms - 1);
        assert!(world.take(slot).is_empty(), "a person may take longer than a call");
        world.pass(300);
        let mut notes = lines(&world.take(slot));
        let answer = notes.pop().expect("an answer");
        assert_eq!(notes.len(), questions.len());
        assert!(notes.iter().all(|note| note["method"] == "notifications/cancelled"));
        assert_eq!((&answer["id"], &answer["result"]["isError"]), (&json!(5), &json!(true)));
        assert!(text(&answer).contains("\"who\"") && text(&answer).contains("did not answer"));
        assert!(say(&mut world, slot, &reply(&questions[0], named("Late"))).is_empty());
    }
}

/// The handler's own time begins anew when it is entered again.
#[test]
fn a_handler_that_hangs_after_asking_is_timed_out() {
    let mut world = World::new(server(), Config { call_ms: 10_000, ..Config::default() });
    let slot = shaken(&mut world, "2025-11-25", &every());
    let question = say(&mut world, slot, &call(5, "greet-pool")).remove(0);
    world.pass(60_000);
    world.works = false;
    assert!(say(&mut world, slot, &reply(&question, named("Ann"))).is_empty());
    world.pass(9_900);
    assert!(world.take(slot).is_empty());
    world.pass(300);
    let answer = only(lines(&world.take(slot)), 5);
    assert!(text(&answer).contains("greet-pool did not answer within 10000 ms"), "{answer}");
}

#[test]
fn a_connection_that_closes_forgets_its_questions() {
    let mut world = world();
    let slot = shaken(&mut world, "2025-11-25", &every());
    assert_eq!(say(&mut world, slot, &call(5, "all")).len(), 3);
    world.end(slot, true);
    assert!(world.is_closed(slot));
    world.pass(700_000);
    assert!(world.take(slot).is_empty());
}

#[test]
fn a_client_that_ends_its_side_will_not_answer() {
    for ends_itself in [true, false] {
        let mut world = world();
        let slot = shaken(&mut world, "2025-11-25", &every());
        let question = say(&mut world, slot, &call(5, "greet")).remove(0);
        if ends_itself {
            world.end(slot, false);
        } else {
            world.shut_down();
        }
        let messages = lines(&world.take(slot));
        assert_eq!(messages[0]["params"]["requestId"], question["id"]);
        assert_eq!(messages[1]["result"]["isError"], true, "{messages:?}");
        assert!(world.is_closed(slot), "nothing is waited for");
    }
}

#[test]
fn rounds_are_bounded_where_the_server_asks() {
    for tool in ["count", "count-pool"] {
        let mut world = world();
        let slot = shaken(&mut world, "2025-11-25", &every());
        let mut message = say(&mut world, slot, &call(5, tool)).remove(0);
        let mut rounds = 0;
        while message.get("method").is_some() {
            rounds += 1;
            message =
                say(&mut world, slot, &reply(&message, json!({ "action": "accept" }))).remove(0);
        }
        assert_eq!(rounds, 32);
        assert_eq!(message["error"]["code"], -32603, "{message}");
    }
}

#[test]
fn state_without_questions_is_entered_again_at_once() {
    let mut world = world();
    let slot = shaken(&mut world, "2025-11-25", &every());
    assert_eq!(text(&only(say(&mut world, slot, &call(1, "wait")), 1)), "done");
}

#[test]
fn open_questions_of_a_session_are_bounded() {
    let mut world = world();
    let slot = shaken(&mut world, "2025-11-25", &every());
    let (mut asked, mut refused) = (0, 0);
    for id in 0..90 {
        match say(&mut world, slot, &call(id, "all")).as_slice() {
            [answer] => {
                assert_eq!(answer["error"]["code"], -32000, "{answer}");
                refused += 1;
            }
            questions => asked += questions.len(),
        }
    }
    assert_eq!((asked, refused), (255, 5));
}

#[test]
fn urls_that_must_be_visited_first() {
    for (version, code) in [("2025-06-18", -32603), ("2025-11-25", -32042), (STATELESS, -32603)] {
        let mut world = world();
        let answer = if version == STATELESS {
            Stateless::new(&mut world, LINE).until_complete(&mut world, "url-error")
        } else {
            let slot = shaken(&mut world, version, &every());
            only(say(&mut world, slot, &call(1, "url-error")), 1)
        };
        assert_eq!(answer["error"]["code"], code, "{version}: {answer}");
        let data = &answer["error"]["data"]["elicitations"][0];
        assert_eq!(data["elicitationId"] == "in-1", code == -32042);
    }
}

#[test]
fn questions_that_need_no_answer_any_more_make_room() {
    let mut world = World::new(server(), Config { ask_ms: 1000, ..Config::default() });
    let slot = shaken(&mut world, "2025-11-25", &every());
    for id in 0..200 {
        let questions = say(&mut world, slot, &call(id, "all"));
        assert_eq!(questions.len(), 3, "{questions:?}");
        if id % 2 == 0 {
            let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
                "params": { "requestId": id } });
            say(&mut world, slot, &cancel);
        } else {
            world.pass(1_200);
        }
        world.take(slot);
    }
}

/// A client of the stateless era, on a line or with a connection for each request.
struct Stateless {
    listener: u16,
    slot: Option<Slot>,
    capabilities: Value,
    id: u64,
}

impl Stateless {
    fn new(world: &mut World, listener: u16) -> Self {
        let slot = (listener == LINE).then(|| world.connect(LINE));
        Self { listener, slot, capabilities: every(), id: 0 }
    }

    fn send(&mut self, world: &mut World, method: &str, mut params: Value) -> Value {
        self.id += 1;
        params["_meta"] =
            json!({ META_VERSION: STATELESS, META_CAPABILITIES: self.capabilities.clone() });
        let message = request(json!(self.id), method, &params);
        if let Some(slot) = self.slot {
            return only(say(world, slot, &message), self.id);
        }
        let name = params.get("uri").or(params.get("name")).and_then(Value::as_str);
        let (status, answer) = post(world, self.listener, method, name, &message);
        let is_loud = answer["error"]["code"] == -32021;
        assert_eq!(status, if is_loud { 400 } else { 200 }, "{answer}");
        assert_eq!(answer["id"], self.id);
        answer
    }

    /// Calls a tool, with `more` members of `params`.
    fn call(&mut self, world: &mut World, tool: &str, more: &Value) -> Value {
        let mut params = json!({ "name": tool, "arguments": { "x": 1 } });
        for (key, value) in more.as_object().expect("members") {
            params[key] = value.clone();
        }
        self.send(world, "tools/call", params)
    }

    /// Answers everything that is asked until there is an answer.
    fn until_complete(&mut self, world: &mut World, tool: &str) -> Value {
        let mut answer = self.call(world, tool, &json!({}));
        for _ in 0..10 {
            if answer["result"]["resultType"] != "input_required" {
                return answer;
            }
            answer = self.call(world, tool, &retry(&answer));
        }
        panic!("{tool} asks for ever: {answer}")
    }
}

/// What a client adds to the same request.
fn retry(answer: &Value) -> Value {
    let mut more = json!({});
    if let Some(asked) = answer["result"]["inputRequests"].as_object() {
        let responses = asked.iter().map(|(key, question)| (key.clone(), answer_to(question)));
        more["inputResponses"] = Value::Object(responses.collect());
    }
    if let Some(state) = answer["result"].get("requestState") {
        more["requestState"] = state.clone();
    }
    more
}

fn post(
    world: &mut World,
    listener: u16,
    method: &str,
    name: Option<&str>,
    message: &Value,
) -> (u16, Value) {
    let slot = world.connect(listener);
    let body = message.to_string();
    let mut head = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nAccept: \
         application/json, text/event-stream\r\nMCP-Protocol-Version: {STATELESS}\r\nMcp-Method: \
         {method}\r\nContent-Length: {}\r\n",
        body.len()
    );
    if let Some(name) = name {
        head += &format!("Mcp-Name: {name}\r\n");
    }
    let sent = world.feed(slot, format!("{head}\r\n{body}").as_bytes());
    let sent = String::from_utf8(sent).expect("answers are UTF-8");
    let (head, body) = sent.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no answer: {sent}"));
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status");
    (status, serde_json::from_str(body).expect("the body is a message"))
}

#[test]
fn the_stateless_era_asks_in_results() {
    for listener in [LINE, HTTP] {
        for (tool, want) in [
            ("greet", "Hello, Ann!"),
            ("greet-pool", "Hello, Ann!"),
            ("greet-later", "Ann"),
            ("step", "Ann Rome file:///home"),
            ("all", "first Ann Rome 1"),
            ("model", "Rome"),
            ("roots", "file:///home"),
            ("url", "Accept"),
            ("agent", "Rome"),
            ("wait", "done"),
        ] {
            let mut world = world();
            let answer = Stateless::new(&mut world, listener).until_complete(&mut world, tool);
            assert_eq!(answer["result"]["resultType"], "complete", "{answer}");
            assert_eq!(text(&answer), want, "{tool}");
        }
    }
}

#[test]
fn a_result_that_asks() {
    let mut world = world();
    let mut client = Stateless::new(&mut world, HTTP);
    let answer = client.call(&mut world, "greet", &json!({}));
    let question = json!({ "method": "elicitation/create", "params": {
        "mode": "form", "message": "Who are you?", "requestedSchema": { "type": "object",
            "properties": { "name": { "type": "string" } }, "required": ["name"] } } });
    assert_eq!(answer["result"]["inputRequests"], json!({ "who": question }));
    assert_eq!(answer["result"].get("requestState"), None, "there is nothing to remember");
    let name = &answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"];
    assert_eq!(name, "asks");
    let read = client.send(&mut world, "resources/read", json!({ "uri": "asks://who" }));
    assert_eq!(read["result"]["resultType"], "input_required", "{read}");
    for hint in ["ttlMs", "cacheScope", "contents"] {
        assert_eq!(read["result"].get(hint), None, "{read}");
    }
    let params = json!({ "uri": "asks://who", "inputResponses": { "who": named("Eve") } });
    let read = client.send(&mut world, "resources/read", params);
    assert_eq!(read["result"]["contents"][0]["text"], "Hello, Eve!");
    assert_eq!(read["result"]["ttlMs"], 0);
    let params = json!({ "name": "who", "inputResponses": { "who": named("Eve") } });
    let prompt = client.send(&mut world, "prompts/get", params);
    assert_eq!(prompt["result"]["messages"][0]["content"]["text"], "Hello, Eve!");
}

#[test]
fn undeclared_capabilities_are_named() {
    for (capabilities, tool, required) in [
        (json!({}), "model", json!({ "sampling": {} })),
        (json!({ "sampling": {} }), "agent", json!({ "sampling": { "tools": {} } })),
        (json!({ "elicitation": {} }), "url", json!({ "elicitation": { "url": {} } })),
        (json!({ "sampling": {} }), "all", json!({ "elicitation": {}, "roots": {} })),
    ] {
        for listener in [LINE, HTTP] {
            let mut world = world();
            let mut client = Stateless::new(&mut world, listener);
            client.capabilities = capabilities.clone();
            let answer = client.call(&mut world, tool, &json!({}));
            assert_eq!(answer["error"]["code"], -32021, "{answer}");
            assert_eq!(answer["error"]["data"]["requiredCapabilities"], required);
        }
    }
}

#[test]
fn odd_answers_in_requests() {
    for (more, code) in [
        (json!({ "inputResponses": 7 }), -32602),
        (json!({ "inputResponses": null }), -32602),
        (json!({ "inputResponses": [] }), -32602),
        (json!({ "inputResponses": { "who": 7 } }), -32602),
        (json!({ "inputResponses": { "who": null } }), -32602),
        (json!({ "inputResponses": {}, "requestState": 7 }), -32602),
        (json!({ "requestState": null }), -32602),
        (json!({ "requestState": "junk" }), -32602),
        (json!({ "requestState": "" }), -32602),
    ] {
        let mut world = world();
        let answer = Stateless::new(&mut world, HTTP).call(&mut world, "greet", &more);
        assert_eq!(answer["error"]["code"], code, "{more}: {answer}");
    }
    // What is missing or cannot be read is asked for again; what nobody asked for is ignored.
    for responses in [
        json!({}),
        json!({ "other": named("Ann") }),
        json!({ "who": { "action": "maybe" } }),
        json!({ "who": {} }),
    ] {
        let mut world = world();
        let mut client = Stateless::new(&mut world, HTTP);
        let more = json!({ "inputResponses": responses });
        let answer = client.call(&mut world, "greet", &more);
        assert!(answer["result"]["inputRequests"]["who"].is_object(), "{answer}");
    }
    let mut world = world();
    let mut client = Stateless::new(&mut world, HTTP);
    let more = json!({ "inputResponses": { "who": named("Ann"), "other": { "x": [null] } } });
    assert_eq!(text(&client.call(&mut world, "greet", &more)), "Hello, Ann!");
}

#[test]
fn state_is_for_its_own_request_and_time() {
    let mut world = world();
    let mut client = Stateless::new(&mut world, HTTP);
    let first = client.call(&mut world, "all", &json!({}));
    let more = retry(&first);
    let state = more["requestState"].as_str().expect("something to remember").to_owned();
    let mut refused = |world: &mut World, tool: &str, more: &Value, words: &str| {
        let answer = client.call(world, tool, more);
        assert_eq!(answer["error"]["code"], -32602, "{answer}");
        let message = answer["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(words), "{message}");
    };
    let with = |state: String| json!({ "requestState": state });
    refused(&mut world, "all", &with(format!("{state}-TAMPERED")), "requestState");
    refused(&mut world, "all", &with(state[..state.len() - 4].to_owned()), "requestState");
    refused(&mut world, "greet", &with(state.clone()), "another request");
    refused(&mut world, "count", &with(state.clone()), "another request");
    let mut other = more.clone();
    other["arguments"] = json!({ "x": 2 });
    refused(&mut world, "all", &other, "another request");
    // Not used up: whoever lost an answer may send the same request again.
    for _ in 0..2 {
        assert_eq!(text(&client.call(&mut world, "all", &more)), "first Ann Rome 1");
    }
    world.pass(599_000);
    assert_eq!(text(&client.call(&mut world, "all", &more)), "first Ann Rome 1");
    world.pass(1_100);
    let answer = client.call(&mut world, "all", &more);
    assert!(answer["error"]["message"].as_str().is_some_and(|words| words.contains("expired")));
}

#[test]
fn state_changes_with_each_round_and_is_bounded() {
    let mut world = world();
    let mut client = Stateless::new(&mut world, HTTP);
    let mut seen: Vec<Value> = Vec::new();
    let mut more = json!({});
    for _ in 0..40 {
        let answer = client.call(&mut world, "count", &more);
        let state = answer["result"]["requestState"].clone();
        assert!(state.is_string() && !seen.contains(&state), "{answer}");
        more = retry(&answer);
        seen.push(state);
    }
    more["inputResponses"] = json!({ "on": { "action": "decline" } });
    assert_eq!(text(&client.call(&mut world, "count", &more)), "40");
    let answer = client.call(&mut world, "large", &json!({}));
    assert_eq!(answer["error"]["code"], -32603, "{answer}");
}

#[test]
fn handshakes_know_no_request_state() {
    let mut world = world();
    let slot = shaken(&mut world, "2025-11-25", &every());
    let params = json!({ "name": "greet", "arguments": {}, "requestState": "junk",
        "inputResponses": { "who": named("Ann") } });
    let question = say(&mut world, slot, &request(json!(1), "tools/call", &params)).remove(0);
    assert_eq!(question["method"], "elicitation/create", "{question}");
}

#[test]
fn a_stateless_peer_answers_no_requests() {
    let mut world = world();
    let message = json!({ "jsonrpc": "2.0", "id": 1, "result": named("Ann") });
    let (status, _) = post(&mut world, HTTP, "tools/call", None, &message);
    assert_eq!(status, 400);
}
