//! Who is told of what, when, and in which order.

mod harness;
#[path = "subscriptions/http.rs"]
mod http;

use std::sync::Arc;

use harness::{LINE, World};
use mcpring::endpoint::Input;
use mcpring::limits::{FANOUT_PER_TURN, LISTENS_MAX, SUBSCRIPTIONS_PER_PEER_MAX};
use mcpring::server::{
    Call, Outcome, Prompt, Publication, Resource, ResourceTemplate, Server, ServerBuilder, Tool,
};
use mcpring::slot::Slot;
use mcpring::{Config, RpcError};
use serde_json::{Value, json};

const SCHEMA: &str = r#"{"type":"object"}"#;

fn builder() -> ServerBuilder {
    Server::builder("test", "1")
        .tool(Tool::raw("grow", SCHEMA, grow).inline())
        .tool(Tool::raw("grow-pool", SCHEMA, grow).pool())
        .resource(Resource::text("demo://a", "a", "text"))
        .resource(Resource::text("demo://b", "b", "text"))
        .template(ResourceTemplate::new("demo://of/{id}", "of", |_: &mut Call<'_>| "text"))
}

/// Adds a tool and a prompt.
fn grow(call: &mut Call<'_>) -> String {
    let name = call.argument("name").unwrap_or_default().into_owned();
    let grown = call.context().publisher().edit(|edit| {
        edit.add_tool(Tool::raw(name.clone(), SCHEMA, |_: &mut Call<'_>| "new"));
        edit.add_prompt(Prompt::new(name, |_: &mut Call<'_>| "new"));
    });
    grown.map_or_else(|fault| fault.to_string(), |()| "grown".into())
}

fn world() -> World {
    let server = builder().list_changes().resource_subscriptions().build();
    World::new(server.expect("the test's server is in order"), Config::default())
}

fn messages(bytes: &[u8]) -> Vec<Value> {
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("JSON")).collect()
}

/// What was sent and not taken yet, each message in short.
fn heard(world: &mut World, slot: Slot) -> Vec<String> {
    messages(&world.take(slot)).iter().map(short).collect()
}

fn short(message: &Value) -> String {
    let params = &message["params"];
    let Some(method) = message["method"].as_str() else {
        return format!("{} {}", message["id"], message.get("result").unwrap_or(&message["error"]));
    };
    let method = method.strip_prefix("notifications/").expect("the server asks nothing here");
    let mut words = method.to_owned();
    if let Some(uri) = params["uri"].as_str() {
        words += &format!(" {uri}");
    }
    if let Some(id) = params["_meta"].get("io.modelcontextprotocol/subscriptionId") {
        words += &format!(" for {id}");
    }
    words
}

fn ask(world: &mut World, slot: Slot, request: &Value) -> Vec<String> {
    let sent = world.feed(slot, &line(request));
    messages(&sent).iter().map(short).collect()
}

/// A connection that has shaken hands.
fn shaken(world: &mut World) -> Slot {
    let slot = world.connect(LINE);
    let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
                         "clientInfo": { "name": "c", "version": "1" } });
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params });
    assert_eq!(ask(world, slot, &hello).len(), 1);
    let ready = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    assert!(ask(world, slot, &ready).is_empty());
    slot
}

fn subscribe(world: &mut World, slot: Slot, uri: &str) -> String {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": "resources/subscribe",
                          "params": { "uri": uri } });
    ask(world, slot, &request).remove(0)
}

fn subscribed(world: &mut World, uris: &[&str]) -> Slot {
    let slot = shaken(world);
    for uri in uris {
        assert_eq!(subscribe(world, slot, uri), "1 {}");
    }
    slot
}

fn unsubscribe(world: &mut World, slot: Slot, uri: &str) -> String {
    let request = json!({ "jsonrpc": "2.0", "id": 2, "method": "resources/unsubscribe",
                          "params": { "uri": uri } });
    ask(world, slot, &request).remove(0)
}

/// A request of the stateless era.
fn stateless(id: &Value, method: &str, mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": {},
    });
    json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params })
}

fn listen(world: &mut World, slot: Slot, id: &Value, filter: &Value) -> Vec<Value> {
    let request = stateless(id, "subscriptions/listen", json!({ "notifications": filter }));
    messages(&world.feed(slot, format!("{request}\n").as_bytes()))
}

fn updated(world: &mut World, uris: &[&str]) {
    for uri in uris {
        world.publisher.resource_updated(*uri).expect("a test's inbox has no limit");
    }
    world.settle();
}

fn call(world: &mut World, slot: Slot, tool: &str, name: &str) -> Vec<String> {
    let params = json!({ "name": tool, "arguments": { "name": name } });
    let request = json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params });
    let mut heard = ask(world, slot, &request);
    // The answer itself is tested elsewhere.
    for line in &mut heard {
        if line.starts_with("5 ") {
            assert!(line.contains("grown"), "{line}");
            "answer".clone_into(line);
        }
    }
    heard
}

#[test]
fn only_subscribers_are_told() {
    let mut world = world();
    let (a, both) = (subscribed(&mut world, &["demo://a"]), ["demo://a", "demo://b"]);
    let (both, none) = (subscribed(&mut world, &both), shaken(&mut world));
    updated(&mut world, &["demo://b", "demo://a", "demo://of/1", "demo://else"]);
    assert_eq!(heard(&mut world, a), ["resources/updated demo://a"]);
    let want = ["resources/updated demo://b", "resources/updated demo://a"];
    assert_eq!(heard(&mut world, both), want);
    assert!(heard(&mut world, none).is_empty());
    assert_eq!(world.metrics.notifications_delivered.get(), 3);
}

#[test]
fn subscribing_is_answered_by_what_exists() {
    let mut world = world();
    let slot = shaken(&mut world);
    assert_eq!(subscribe(&mut world, slot, "demo://a"), "1 {}");
    assert_eq!(subscribe(&mut world, slot, "demo://a"), "1 {}", "twice is once");
    assert_eq!(subscribe(&mut world, slot, "demo://of/7"), "1 {}", "a template makes it");
    let missing = subscribe(&mut world, slot, "demo://none");
    assert!(missing.contains("-32002") && missing.contains("demo://none"), "{missing}");
    assert_eq!(unsubscribe(&mut world, slot, "demo://none"), "2 {}");
    updated(&mut world, &["demo://of/7", "demo://of/8", "demo://a"]);
    let want = ["resources/updated demo://of/7", "resources/updated demo://a"];
    assert_eq!(heard(&mut world, slot), want);
    assert_eq!(unsubscribe(&mut world, slot, "demo://a"), "2 {}");
    updated(&mut world, &["demo://a"]);
    assert!(heard(&mut world, slot).is_empty());
}

#[test]
fn a_server_without_subscriptions_has_no_such_methods() {
    let server = builder().build().expect("the test's server is in order");
    let mut world = World::new(server, Config::default());
    let slot = shaken(&mut world);
    assert!(subscribe(&mut world, slot, "demo://a").contains("-32601"));
    assert!(unsubscribe(&mut world, slot, "demo://a").contains("-32601"));
}

#[test]
fn a_peer_has_so_many_subscriptions_and_no_more() {
    let mut world = world();
    let slot = shaken(&mut world);
    for number in 3..SUBSCRIPTIONS_PER_PEER_MAX {
        assert_eq!(subscribe(&mut world, slot, &format!("demo://of/{number}")), "1 {}");
    }
    let refused = subscribe(&mut world, slot, "demo://a");
    assert!(refused.contains("too many subscriptions"), "{refused}");
    assert_eq!(subscribe(&mut world, slot, "demo://of/3"), "1 {}", "that is none more");
    assert_eq!(unsubscribe(&mut world, slot, "demo://of/9"), "2 {}");
    assert_eq!(subscribe(&mut world, slot, "demo://a"), "1 {}");
}

/// While a send is stuck each thing is noted once, and comes in the order it was first noted.
#[test]
fn the_latest_wins_while_a_send_is_stuck() {
    let mut world = world();
    let slow = subscribed(&mut world, &["demo://a", "demo://b", "demo://of/1"]);
    let quick = subscribed(&mut world, &["demo://a"]);
    world.hold(slow);
    updated(&mut world, &["demo://a"]);
    for _ in 0..50 {
        updated(&mut world, &["demo://b", "demo://of/1", "demo://a"]);
    }
    assert!(heard(&mut world, slow).is_empty());
    assert_eq!(heard(&mut world, quick), vec!["resources/updated demo://a"; 51]);
    assert_eq!(unsubscribe(&mut world, quick, "demo://a"), "2 {}");
    let coalesced = world.metrics.notifications_coalesced.get();
    assert_eq!(coalesced, 49 * 3, "all but one round");
    world.release(slow);
    let want = ["demo://a", "demo://b", "demo://of/1", "demo://a"];
    let want = want.map(|uri| format!("resources/updated {uri}"));
    assert_eq!(heard(&mut world, slow), want);
    updated(&mut world, &["demo://b"]);
    assert_eq!(heard(&mut world, slow), ["resources/updated demo://b"], "nothing is owed now");
}

#[test]
fn what_is_owed_ends_with_its_subscription() {
    let mut world = world();
    let slot = subscribed(&mut world, &["demo://a", "demo://b"]);
    world.hold(slot);
    updated(&mut world, &["demo://a"]);
    updated(&mut world, &["demo://a", "demo://b"]);
    assert!(
        world
            .feed(
                slot,
                &line(&json!({ "jsonrpc": "2.0", "id": 2,
        "method": "resources/unsubscribe", "params": { "uri": "demo://a" } }))
            )
            .is_empty()
    );
    // The place of the subscription that ended is taken by another one.
    let other = subscribed(&mut world, &["demo://of/1"]);
    world.release(slot);
    let want = ["resources/updated demo://a", "2 {}", "resources/updated demo://b"];
    assert_eq!(heard(&mut world, slot), want);
    assert!(heard(&mut world, other).is_empty());
}

fn line(message: &Value) -> Vec<u8> {
    format!("{message}\n").into_bytes()
}

#[test]
fn a_reader_that_takes_nothing_is_closed() {
    let mut world = world();
    let slot = subscribed(&mut world, &["demo://a"]);
    world.hold(slot);
    updated(&mut world, &["demo://a"]);
    world.pass(Config::default().send_stall_ms - 200);
    updated(&mut world, &["demo://a"]);
    assert!(!world.is_closed(slot));
    world.pass(1000);
    assert!(world.is_closed(slot));
    assert_eq!(world.metrics.subscriptions.get(), 0);
    updated(&mut world, &["demo://a"]);
}

#[test]
fn closing_ends_subscriptions_and_silence_does_not_close() {
    let mut world = world();
    let slots: Vec<_> = (0..5).map(|_| subscribed(&mut world, &["demo://a"])).collect();
    let each = 4;
    assert_eq!(world.metrics.subscriptions.get(), 5 * each, "three lists and a resource");
    world.pass(2 * Config::default().idle_ms);
    world.handle(Input::Closed { slot: slots[1] });
    world.handle(Input::Ended { slot: slots[3], is_broken: true });
    assert_eq!(world.metrics.subscriptions.get(), 3 * each);
    updated(&mut world, &["demo://a"]);
    for (number, slot) in slots.into_iter().enumerate() {
        let is_there = number != 1 && number != 3;
        assert_eq!(heard(&mut world, slot).len(), usize::from(is_there), "{number}");
        assert_eq!(world.is_closed(slot), number == 3, "{number}");
    }
}

/// More subscribers than one turn tells; some go and come while they are told.
#[test]
fn a_walk_survives_those_who_come_and_go() {
    let mut world = world();
    let count = 3 * FANOUT_PER_TURN + 7;
    let slots: Vec<_> = (0..count).map(|_| subscribed(&mut world, &["demo://a"])).collect();
    world.publisher.resource_updated("demo://a").expect("no limit");
    let mut turns = 0;
    let mut gone = Vec::new();
    while world.turn() {
        // The first is told last, the last one first.
        for at in [turns, count / 2 + turns, count - 1 - turns] {
            world.put(Input::Closed { slot: slots[at] });
            gone.push(at);
        }
        turns += 1;
    }
    assert!(turns >= 3, "{turns}");
    for (at, slot) in slots.iter().enumerate() {
        let times = heard(&mut world, *slot).len();
        assert!(times == 1 || times == 0 && gone.contains(&at), "{at}: {times}");
    }
    updated(&mut world, &["demo://a"]);
    for (at, slot) in slots.iter().enumerate() {
        assert_eq!(heard(&mut world, *slot).len(), usize::from(!gone.contains(&at)), "{at}");
    }
}

#[test]
fn an_edit_in_a_call_tells_those_who_may_know() {
    let mut world = world();
    let (caller, other) = (shaken(&mut world), shaken(&mut world));
    let fresh = world.connect(LINE);
    let modern = world.connect(LINE);
    let id = json!("l");
    listen(&mut world, modern, &id, &json!({ "promptsListChanged": true }));
    let changes = ["tools/list_changed", "prompts/list_changed"];
    for (tool, name) in [("grow", "one"), ("grow-pool", "two")] {
        let told = call(&mut world, caller, tool, name);
        // The revision is in force before the answer leaves; which is written first is free.
        let (answers, told): (Vec<_>, Vec<_>) = told.into_iter().partition(|m| m == "answer");
        assert_eq!((answers.len(), told), (1, changes.map(str::to_owned).to_vec()), "{tool}");
        assert_eq!(heard(&mut world, other), changes, "{tool}");
        assert_eq!(heard(&mut world, modern), ["prompts/list_changed for \"l\""], "{tool}");
        assert!(heard(&mut world, fresh).is_empty(), "{tool}");
    }
    let params = json!({ "name": "two", "arguments": {} });
    let request = json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params });
    assert!(ask(&mut world, caller, &request)[0].contains("new"));
    world.publisher.edit(|edit| assert!(edit.remove_tool("two"))).expect("a good edit");
    world.settle();
    assert_eq!(heard(&mut world, other), ["tools/list_changed"]);
    assert!(ask(&mut world, caller, &request).last().is_some_and(|a| a.contains("-32602")));
}

#[test]
fn a_server_without_list_changes_says_nothing() {
    let server = builder().prompt(Prompt::new("p", |_: &mut Call<'_>| "p")).build();
    let mut world = World::new(server.expect("it is in order"), Config::default());
    let (caller, other) = (shaken(&mut world), shaken(&mut world));
    assert_eq!(call(&mut world, caller, "grow", "new"), ["answer"]);
    assert!(heard(&mut world, other).is_empty());
    let params = json!({ "name": "new", "arguments": {} });
    let request = json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params });
    assert!(ask(&mut world, caller, &request)[0].contains("new"), "it is there all the same");
}

#[test]
fn an_older_revision_is_ignored() {
    let mut world = world();
    let slot = shaken(&mut world);
    let tool = |name: &'static str| Tool::raw(name, SCHEMA, |_: &mut Call<'_>| "new");
    let first = world.publisher.server();
    world.publisher.edit(|edit| edit.add_tool(tool("second"))).expect("a good edit");
    let second = world.publisher.server();
    world.publisher.edit(|edit| edit.add_tool(tool("third"))).expect("a good edit");
    world.settle();
    assert_eq!(heard(&mut world, slot), ["tools/list_changed"], "two changes, told once");
    for old in [first, second] {
        world.handle(Input::Publish(Publication::Server(old)));
    }
    assert!(heard(&mut world, slot).is_empty());
    let request = json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/list", "params": {} });
    assert!(ask(&mut world, slot, &request)[0].contains("third"));
}

#[test]
fn two_calls_listen_on_one_connection() {
    let mut world = world();
    let slot = world.connect(LINE);
    let ack = |id: &Value, granted: Value| {
        let meta = json!({ "io.modelcontextprotocol/subscriptionId": id });
        json!([{ "jsonrpc": "2.0", "method": "notifications/subscriptions/acknowledged",
                 "params": { "_meta": meta, "notifications": granted } }])
    };
    let (number, text) = (json!(7), json!("7"));
    let filter = json!({ "toolsListChanged": true, "resourceSubscriptions": ["demo://a"] });
    let said = listen(&mut world, slot, &number, &filter);
    assert_eq!(json!(said), ack(&number, filter));
    let filter =
        json!({ "toolsListChanged": false, "resourceSubscriptions": ["demo://a", "demo://b"] });
    let said = listen(&mut world, slot, &text, &filter);
    let granted = json!({ "resourceSubscriptions": ["demo://a", "demo://b"] });
    assert_eq!(json!(said), ack(&text, granted));
    assert_eq!(world.metrics.listens.get(), 2);

    updated(&mut world, &["demo://b", "demo://a"]);
    let mut told = heard(&mut world, slot);
    told.sort_unstable();
    let want = ["demo://a for \"7\"", "demo://a for 7", "demo://b for \"7\""];
    assert_eq!(told, want.map(|words| format!("resources/updated {words}")));
    let tool = Tool::raw("new", SCHEMA, |_: &mut Call<'_>| "new");
    world.publisher.edit(|edit| edit.add_tool(tool)).expect("a good edit");
    world.settle();
    assert_eq!(heard(&mut world, slot), ["tools/list_changed for 7"]);

    let again = listen(&mut world, slot, &number, &json!({}));
    assert_eq!(again[0]["error"]["code"], -32600, "the id is in flight");
    let cancel = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
                         "params": { "requestId": 7 } });
    assert!(ask(&mut world, slot, &cancel).is_empty());
    assert_eq!(world.metrics.listens.get(), 1);
    updated(&mut world, &["demo://a"]);
    assert_eq!(heard(&mut world, slot), ["resources/updated demo://a for \"7\""]);
}

#[test]
fn a_listening_call_is_granted_what_is_offered() {
    let server = builder().build().expect("the test's server is in order");
    let mut world = World::new(server, Config::default());
    let slot = world.connect(LINE);
    let all = json!({ "toolsListChanged": true, "promptsListChanged": true,
                      "resourcesListChanged": true, "resourceSubscriptions": ["demo://a"] });
    let said = listen(&mut world, slot, &json!(1), &all);
    assert_eq!(said[0]["params"]["notifications"], json!({}));
    assert_eq!(said.len(), 1);
    for (id, filter) in [
        json!(null),
        json!([]),
        json!({ "toolsListChanged": 1 }),
        json!({ "resourceSubscriptions": "demo://a" }),
        json!({ "resourceSubscriptions": [1] }),
    ]
    .iter()
    .enumerate()
    {
        let said = listen(&mut world, slot, &json!(id + 10), filter);
        assert_eq!(said[0]["error"]["code"], -32602, "{filter}");
    }
    let uris: Vec<_> = (0..=SUBSCRIPTIONS_PER_PEER_MAX).map(|n| format!("demo://of/{n}")).collect();
    let mut world = self::world();
    let slot = world.connect(LINE);
    let said = listen(&mut world, slot, &json!(1), &json!({ "resourceSubscriptions": uris }));
    assert!(said[0]["error"]["message"].as_str().is_some_and(|m| m.contains("too many")));
    assert_eq!(world.metrics.subscriptions.get(), 0, "nothing stays behind");
}

#[test]
fn a_call_that_listens_holds_its_place_until_it_is_given_up() {
    let server = builder().list_changes().build().expect("the test's server is in order");
    let mut world = World::new(server, Config { inflight_calls_max: 1, ..Config::default() });
    let slot = world.connect(LINE);
    for id in 1..4 {
        assert_eq!(listen(&mut world, slot, &json!(id), &json!({})).len(), 1);
        let call = stateless(&json!("call"), "tools/call", json!({ "name": "grow" }));
        assert!(ask(&mut world, slot, &call)[0].contains("too many unanswered calls"));
        let list = stateless(&json!("list"), "tools/list", json!({}));
        assert!(ask(&mut world, slot, &list)[0].contains("grow-pool"), "no call");
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
                           "params": { "requestId": id } });
        assert!(ask(&mut world, slot, &note).is_empty());
        assert!(ask(&mut world, slot, &call)[0].contains("resultType"));
    }
}

#[test]
fn a_shard_has_so_many_calls_that_listen_and_no_more() {
    let mut world = world();
    let each = Config::default().inflight_calls_max;
    let slots: Vec<_> = (0..=LISTENS_MAX / each).map(|_| world.connect(LINE)).collect();
    for id in 0..LISTENS_MAX {
        assert_eq!(listen(&mut world, slots[id / each], &json!(id), &json!({})).len(), 1);
    }
    let last = slots[LISTENS_MAX / each];
    let refused = listen(&mut world, last, &json!("last"), &json!({}));
    assert_eq!(refused[0]["error"]["code"], -31000, "{refused:?}");
    world.end(slots[0], true);
    let granted = listen(&mut world, last, &json!("last"), &json!({}));
    assert!(granted[0].get("error").is_none(), "{granted:?}");
}

#[test]
fn a_server_that_ends_says_so_to_those_who_listen() {
    let ended = |said: &[Value]| {
        assert_eq!(said.len(), 2, "{said:?}");
        assert_eq!(said[0]["method"], "notifications/cancelled");
        assert_eq!(said[0]["params"]["requestId"], "l");
        assert_eq!(said[1]["id"], "l");
        let result = &said[1]["result"];
        assert_eq!(result["resultType"], "complete");
        assert_eq!(result["_meta"]["io.modelcontextprotocol/subscriptionId"], "l");
        assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "test");
    };
    let filter = json!({ "toolsListChanged": true });
    for is_ours in [true, false] {
        let mut world = world();
        let slot = world.connect(LINE);
        listen(&mut world, slot, &json!("l"), &filter);
        world.pass(10 * Config::default().idle_ms);
        assert!(!world.is_closed(slot), "who listens may be silent");
        let end = if is_ours { Input::Shutdown } else { Input::Ended { slot, is_broken: false } };
        world.handle(end);
        ended(&messages(&world.take(slot)));
        assert!(world.is_closed(slot));
        assert_eq!(world.metrics.listens.get(), 0);
        assert_eq!(world.metrics.subscriptions.get(), 0);
    }
}

/// A call that was deferred edits from another thread; faults come back to it and change nothing.
#[test]
fn a_bad_edit_changes_nothing() {
    let world = world();
    let tool = |name: &'static str| Tool::raw(name, SCHEMA, |_: &mut Call<'_>| Outcome::text("x"));
    let template = |text: &'static str| ResourceTemplate::new(text, "t", |_: &mut Call<'_>| "text");
    let publisher = Arc::new(world.publisher.clone());
    let before = publisher.server();
    for (words, fault) in [
        ("registered twice", publisher.edit(|edit| edit.add_tool(tool("grow")))),
        ("the name is empty", publisher.edit(|edit| edit.add_tool(tool("")))),
        (
            "demo://of/{name}",
            publisher.edit(|edit| edit.add_template(template("demo://of/{name}"))),
        ),
    ] {
        let fault = fault.expect_err(words).to_string();
        assert!(fault.contains(words), "{fault}");
    }
    assert!(!publisher.edit(|edit| edit.remove_tool("none")).expect("no fault"));
    assert!(Arc::ptr_eq(&before, &publisher.server()), "nothing has happened");
    let replaced = publisher.edit(|edit| {
        edit.remove_template("demo://of/{id}") && {
            edit.add_template(template("demo://of/{name}"));
            true
        }
    });
    assert!(replaced.expect("a good edit"));
    let after = publisher.server();
    assert!(after.features().resource("demo://of/1").is_some());
    assert_eq!(after.revision(), 1);
}

/// Who was sent to a URL hears when the person is done there, once, and nobody else does.
#[test]
fn the_end_of_a_question_at_a_url_is_told_to_whom_it_was_put() {
    let demand = |call: &mut Call<'_>| {
        let id = call.argument("name").unwrap_or_default().into_owned();
        let question = json!({ "mode": "url", "elicitationId": id, "message": "Go there.",
                               "url": "https://example.org/" });
        let error = RpcError::new(-32042, "go there first");
        Outcome::Error(error.with_data(&json!({ "elicitations": [question] })))
    };
    let server = Server::builder("test", "1")
        .tool(Tool::raw("inline", SCHEMA, demand).inline())
        .tool(Tool::raw("pool", SCHEMA, demand).pool())
        .build();
    let mut world = World::new(server.expect("it is in order"), Config::default());
    let (asked, other) = (shaken(&mut world), shaken(&mut world));
    for tool in ["inline", "pool"] {
        let params = json!({ "name": tool, "arguments": { "name": tool } });
        let request =
            json!({ "jsonrpc": "2.0", "id": 5, "method": "tools/call", "params": params });
        assert!(ask(&mut world, asked, &request)[0].contains("-32042"));
        for id in ["unknown", tool, tool] {
            world.publisher.elicitation_done(id).expect("no limit");
        }
        world.settle();
        let told = messages(&world.take(asked));
        let want = json!([{ "jsonrpc": "2.0", "method": "notifications/elicitation/complete",
                            "params": { "elicitationId": tool } }]);
        assert_eq!(json!(told), want);
        assert!(heard(&mut world, other).is_empty());
    }
}
