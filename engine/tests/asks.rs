//! Handlers that ask their client, in both eras: over pipes by requests, over pipes and HTTP in
//! results. One endpoint without a kernel.
//!
//! The same tools serve both eras; what differs is how the client is asked, and where what was
//! answered is kept.

#![allow(clippy::disallowed_methods, clippy::needless_pass_by_value, reason = "a test program")]

mod harness;
#[path = "asks/results.rs"]
mod results;
#[path = "asks/server.rs"]
mod server;

use harness::{LINE, World};
use mcpring::Config;
use mcpring::slot::Slot;
use results::Stateless;
use serde_json::{Value, json};
use server::server;

const META_VERSION: &str = "io.modelcontextprotocol/protocolVersion";
const META_CAPABILITIES: &str = "io.modelcontextprotocol/clientCapabilities";
const STATELESS: &str = "2026-07-28";

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
