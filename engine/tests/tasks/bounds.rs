//! Whose tasks are, how many there may be, and for how long.

use std::sync::Arc;

use mcpring::{Authorization, Config, Principal};
use serde_json::json;

use crate::client::{
    CORE, Client, EXTENSION, NAME, accepted, code, each, messages, server, text, world,
};
use crate::harness::{HTTP, LINE, World};

const ANN: &str = "token-of-ann-0123456789";
const BOB: &str = "token-of-bob-0123456789";

#[test]
fn unknown_tasks_are_one_and_the_same() {
    each(|world, mut client| {
        let id = client.begin(world, "quick");
        let other = if client.version == CORE { EXTENSION } else { CORE };
        let mut stranger = Client::new(world, other, LINE);
        let far = format!("ffff{}", &id[4..]);
        let wrong = format!("{}{}", &id[..35], if id.ends_with('0') { '1' } else { '0' });
        for unknown in ["", "x", &far, &wrong] {
            if client.pipe.is_some() || !unknown.is_empty() {
                assert_eq!(code(&client.about(world, "tasks/get", unknown)), -32602, "{unknown}");
                assert_eq!(
                    code(&client.about(world, "tasks/cancel", unknown)),
                    -32602,
                    "{unknown}"
                );
            }
        }
        // A task has the form it was made in.
        let found = stranger.about(world, "tasks/get", &id);
        let none = stranger.about(world, "tasks/get", &wrong);
        assert_eq!(found["error"], none["error"]);
        assert_eq!(id.len(), 36);
    });
}

#[test]
fn without_authorization_the_id_is_all_it_takes() {
    let mut world = world();
    let world = &mut world;
    for version in [CORE, EXTENSION] {
        let mut maker = Client::new(world, version, LINE);
        let id = maker.begin(world, "quick");
        world.end(maker.pipe.expect("a pipe"), false);
        assert!(world.is_closed(maker.pipe.expect("a pipe")));
        for listener in [LINE, HTTP] {
            let mut other = Client::new(world, version, listener);
            assert_eq!(other.get(world, &id)["status"], "completed");
        }
    }
}

#[test]
fn a_task_is_its_principals_alone() {
    let principals = Authorization::new("https://tools.example.com/mcp")
        .static_token(ANN, Principal::new("ann"))
        .static_token(BOB, Principal::new("bob"));
    let guard = Arc::new(principals.build().expect("settings that hold"));
    let mut world = World::guarded(server(), Config::default(), Some(guard));
    let world = &mut world;
    let extension = json!({ "extensions": { NAME: {} } });
    for (version, capabilities) in [(CORE, json!({})), (EXTENSION, extension)] {
        let client = |world: &mut World, token| {
            Client::with(world, version, HTTP, Some(token), capabilities.clone())
        };
        let mut ann = client(world, ANN);
        let id = ann.begin(world, "quick");
        let mut again = client(world, ANN);
        assert_eq!(again.get(world, &id)["status"], "completed", "another session of hers");
        let mut bob = client(world, BOB);
        let none = bob.about(world, "tasks/get", &format!("{:036x}", 1));
        let methods = if version == CORE {
            ["tasks/get", "tasks/result", "tasks/cancel"]
        } else {
            ["tasks/get", "tasks/update", "tasks/cancel"]
        };
        for method in methods {
            let params = json!({ "taskId": id, "inputResponses": {} });
            let answer = bob.answer(world, method, params);
            assert_eq!((code(&answer), &answer["error"]), (-32602, &none["error"]), "{method}");
        }
        if version == EXTENSION {
            let listen = json!({ "notifications": { "taskIds": [id] } });
            let slot = bob.start(world, "subscriptions/listen", listen);
            assert_eq!(messages(world, slot).len(), 1, "nothing but the acknowledgement");
        }
        // Nor is it anybody's who has no token at all.
        let mut pipe = Client::with(world, version, LINE, None, capabilities.clone());
        assert_eq!(code(&pipe.about(world, "tasks/get", &id)), -32602);
    }
}

#[test]
fn tasks_are_over_after_their_time_and_not_before() {
    each(|world, mut client| {
        let id = client.begin(world, "quick");
        world.pass(599_000);
        // A pipe that is silent for so long is gone; who comes then finds the task all the same.
        let mut later = Client::new(world, client.version, LINE);
        assert_eq!(later.get(world, &id)["status"], "completed");
        world.pass(3_000);
        assert_eq!(code(&later.about(world, "tasks/get", &id)), -32602);
        assert_eq!(world.metrics.tasks_expired.get(), 1);
        assert_eq!(world.metrics.tasks_open.get(), 0);
    });
}

#[test]
fn a_task_that_never_ends_fails_when_its_time_is_over() {
    let mut world = world();
    let world = &mut world;
    world.works = false;
    let mut client = Client::new(world, CORE, LINE);
    let params = json!({ "name": "slow", "task": { "ttl": 120_000 } });
    let answer = client.answer(world, "tools/call", params);
    assert_eq!(answer["result"]["task"]["ttl"], 120_000);
    let id = answer["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
    let slot = client.start(world, "tasks/result", json!({ "taskId": id }));
    let waiting = client.next;
    world.pass(100_000);
    assert!(messages(world, slot).is_empty(), "beyond the time of a plain call");
    world.pass(30_000);
    let said = messages(world, slot);
    let answer = said.iter().find(|m| m["id"] == waiting).expect("an answer");
    assert_eq!(answer["result"]["isError"], true, "{answer}");
    assert!(text(&answer["result"]).contains("120000 ms"), "{answer}");
    world.run_job();
    assert_eq!(world.metrics.answers_late.get(), 1);
    assert_eq!(code(&client.about(world, "tasks/get", &id)), -32602);
}

/// Whoever asks, and however: the core's client may ask for a time, the extension's takes what it
/// is given.
#[test]
fn times_are_bounded_whatever_the_client_says() {
    const MOST: u64 = 7_000;
    let principals = Authorization::new("https://tools.example.com/mcp")
        .static_token(ANN, Principal::new("ann"));
    let guard = Arc::new(principals.build().expect("settings that hold"));
    for (guard, token) in [(None, None), (Some(guard), Some(ANN))] {
        for (version, listener) in
            [(CORE, LINE), (CORE, HTTP), (EXTENSION, LINE), (EXTENSION, HTTP)]
        {
            let config = Config { task_ttl_ms_max: MOST, ..Config::default() };
            let mut world = World::guarded(server(), config, guard.clone());
            let extensions = json!({ "extensions": { NAME: {} } });
            let mut client = Client::with(&mut world, version, listener, token, extensions);
            let member = if version == CORE { "/result/task/ttl" } else { "/result/ttlMs" };
            for (asked, given) in [(0, 1_000), (5_000, 5_000), (7_001, MOST), (u64::MAX, MOST)] {
                let params = json!({ "name": "quick", "task": { "ttl": asked } });
                let answer = client.answer(&mut world, "tools/call", params);
                let given = if version == CORE { given } else { MOST };
                let found = answer.pointer(member).and_then(serde_json::Value::as_u64);
                assert_eq!(found, Some(given), "{version} {listener} {token:?} {asked}: {answer}");
            }
            world.pass(MOST + 2_000);
            assert_eq!(world.metrics.tasks_open.get(), 0, "{version} {listener} {token:?}");
        }
    }
}

#[test]
fn too_many_tasks_are_refused_and_no_answer_is_given_up_for_them() {
    each(|world, mut client| {
        let most = 4;
        *world = World::new(server(), Config { tasks_max: most, ..Config::default() });
        world.works = false;
        let listener = if client.pipe.is_some() { LINE } else { HTTP };
        client = Client::new(world, client.version, listener);
        let running: Vec<_> = (0..most - 1).map(|_| client.begin(world, "slow")).collect();
        let ended = client.begin(world, "quick");
        client.about(world, "tasks/cancel", &running[0]);
        let busy = if client.version == CORE { -32000 } else { -31000 };
        assert_eq!(code(&client.call(world, "slow")), busy);
        assert_eq!(client.get(world, &running[0])["status"], "cancelled");
        assert_eq!(client.get(world, &running[1])["status"], "working");
        assert_eq!(client.get(world, &ended)["status"], "completed", "it stays for its time");
        assert_eq!(world.metrics.tasks_open.get(), most as u64);
        world.pass(602_000);
        let mut later = Client::new(world, client.version, LINE);
        later.begin(world, "slow");
        assert_eq!(world.metrics.tasks_open.get(), 1);
    });
}

#[test]
fn one_client_cannot_have_all_tasks() {
    let mut world = world();
    let world = &mut world;
    world.works = false;
    let mut client = Client::new(world, CORE, LINE);
    let ended = client.begin(world, "quick");
    for _ in 1..256 {
        client.begin(world, "slow");
    }
    assert_eq!(code(&client.call(world, "slow")), -32000);
    assert_eq!(client.get(world, &ended)["status"], "completed");
    let mut other = Client::new(world, CORE, LINE);
    other.begin(world, "slow");
}

#[test]
fn the_wait_for_a_person_is_not_the_handlers_time() {
    for version in [CORE, EXTENSION] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, version, LINE);
        let slot = client.start(world, "tools/call", {
            let mut params = json!({ "name": "brief", "arguments": {} });
            if version == CORE {
                params["task"] = json!({});
            }
            params
        });
        let said = messages(world, slot);
        let result = said.iter().find_map(|m| m.get("result")).expect("a task");
        let task = if version == CORE { &result["task"] } else { result };
        let id = task["taskId"].as_str().expect("a task").to_owned();
        world.pass(60_000);
        let task = client.get(world, &id);
        assert_eq!(task["status"], "input_required");
        // Once it goes on, its time is the handler's again.
        world.works = false;
        if version == CORE {
            let question = said.iter().find(|m| m["method"] == "elicitation/create");
            client.reply(world, question.expect("asked"), "Ann");
        } else {
            let open = task["inputRequests"].as_object().expect("questions");
            let key = open.keys().next().expect("one");
            client.update(world, &id, json!({ key: accepted("Ann") }));
        }
        assert_eq!(client.get(world, &id)["status"], "working");
        world.pass(6_000);
        let over = client.get(world, &id)["status"].clone();
        assert_eq!(over, if version == CORE { "failed" } else { "completed" });
    }
}

#[test]
fn who_sends_no_more_waits_no_longer_than_for_a_call() {
    let mut world = world();
    let world = &mut world;
    world.works = false;
    let mut client = Client::new(world, CORE, LINE);
    let id = client.begin(world, "slow");
    let slot = client.start(world, "tasks/result", json!({ "taskId": id }));
    world.end(slot, false);
    assert!(!world.is_closed(slot));
    world.pass(61_000);
    assert!(world.is_closed(slot));
    let mut other = Client::new(world, CORE, LINE);
    world.run_job();
    assert_eq!(other.get(world, &id)["status"], "completed");
}

#[test]
fn so_many_wait_for_one_task_and_who_gave_up_is_not_counted() {
    let mut world = world();
    let world = &mut world;
    world.works = false;
    let mut client = Client::new(world, CORE, LINE);
    let id = client.begin(world, "slow");
    let wait = json!({ "taskId": id });
    for _ in 0..100 {
        let slot = client.start(world, "tasks/result", wait.clone());
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": client.next } });
        client.put(world, "POST", "", None, Some(&note));
        assert!(messages(world, slot).is_empty(), "nobody answers what was given up");
    }
    for _ in 0..64 {
        client.start(world, "tasks/result", wait.clone());
    }
    assert_eq!(code(&client.answer(world, "tasks/result", wait)), -32000);
    world.run_job();
    let said = messages(world, client.pipe.expect("a pipe"));
    let answers: Vec<_> = said.iter().filter(|m| m.get("result").is_some()).collect();
    assert_eq!(answers.len(), 64);
    assert!(answers.iter().all(|answer| text(&answer["result"]) == "done"));
}
