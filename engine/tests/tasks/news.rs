//! What tasks ask and tell: questions in both shapes, statuses, listening calls.

use mcpring::Config;
use serde_json::json;

use crate::client::{
    CORE, Client, EXTENSION, RELATED, accepted, code, messages, server, text, world,
};
use crate::harness::{HTTP, LINE, World};

#[test]
fn the_core_asks_by_requests_on_the_stream_that_waits() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, CORE, listener);
        let slot = client.start(world, "tools/call", json!({ "name": "greet", "task": {} }));
        let first = messages(world, slot);
        let id = first[0]["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
        assert_eq!(client.get(world, &id)["status"], "input_required");
        let wait = client.start(world, "tasks/result", json!({ "taskId": id }));
        let waiting = client.next;
        let said = messages(world, wait);
        // A pipe was asked as soon as the handler did; over HTTP the question waits for a way.
        let said = if listener == LINE { first } else { said };
        let question = said.iter().find(|m| m["method"] == "elicitation/create").expect("asked");
        assert_eq!(question["params"]["_meta"][RELATED]["taskId"], id.as_str(), "{question}");
        assert_eq!(question["params"]["message"], "Who?");
        let mut said = client.reply(world, question, "Ann");
        said.extend(messages(world, wait));
        let answer = said.iter().find(|m| m["id"] == waiting).expect("it is answered");
        assert_eq!(text(&answer["result"]), "Hello, Ann!");
        assert_eq!(client.get(world, &id)["status"], "completed");
    }
}

#[test]
fn a_session_hears_of_its_tasks_where_it_listens() {
    let mut world = world();
    let world = &mut world;
    let mut client = Client::new(world, CORE, HTTP);
    let listener = client.put(world, "GET", "", None, None);
    let _ = world.take(listener);
    let params = json!({ "name": "slow", "task": {}, "_meta": { "progressToken": "p" } });
    let answer = client.answer(world, "tools/call", params);
    let id = answer["result"]["task"]["taskId"].clone();
    let said = messages(world, listener);
    let methods: Vec<_> = said.iter().map(|m| m["method"].as_str().unwrap_or_default()).collect();
    let status = "notifications/tasks/status";
    assert_eq!(methods, [status, "notifications/progress", status], "{said:?}");
    assert_eq!(
        (&said[0]["params"]["taskId"], &said[0]["params"]["status"]),
        (&id, &json!("working"))
    );
    assert_eq!(said[1]["params"]["progressToken"], "p");
    assert_eq!(said[1]["params"]["_meta"][RELATED]["taskId"], id);
    assert_eq!(said[2]["params"]["status"], "completed");
    // Who fetches results of ended tasks only is asked where it listens.
    let answer = client.call(world, "greet");
    let said = messages(world, listener);
    assert_eq!(said[0]["params"]["status"], "input_required", "{said:?}");
    client.reply(world, &said[1], "Bob");
    let id = answer["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
    assert_eq!(text(&client.about(world, "tasks/result", &id)["result"]), "Hello, Bob!");
}

#[test]
fn the_extension_shows_questions_with_the_task() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, EXTENSION, listener);
        let id = client.begin(world, "two");
        let asked = client.get(world, &id);
        assert_eq!(asked["status"], "input_required");
        let open = asked["inputRequests"].as_object().expect("questions");
        let keys: Vec<_> = open.keys().cloned().collect();
        assert_eq!(keys.len(), 2);
        assert_eq!(open[&keys[0]]["method"], "elicitation/create");
        let odd = json!({ "other": { "x": 1 }, &keys[0]: accepted("A") });
        let ack = client.update(world, &id, odd)["result"].clone();
        assert_eq!(ack["resultType"], "complete");
        assert!(ack.get("taskId").is_none() && ack.get("status").is_none(), "{ack}");
        let left = client.get(world, &id)["inputRequests"].clone();
        assert_eq!(left.as_object().expect("questions").keys().collect::<Vec<_>>(), [&keys[1]]);
        client.update(world, &id, json!({ &keys[1]: accepted("B") }));
        let task = client.get(world, &id);
        assert_eq!(text(&task["result"]), "both");
        // An answer too many is no fault.
        let late = client.update(world, &id, json!({ &keys[1]: accepted("B") }));
        assert_eq!(late["result"]["resultType"], "complete");
        for bad in [
            json!({}),
            json!({ "taskId": id }),
            json!({ "taskId": id, "inputResponses": [] }),
            json!({ "taskId": id, "inputResponses": { "a": 1 } }),
        ] {
            // Over HTTP the header has to name something.
            if listener == LINE || bad.get("taskId").is_some() {
                assert_eq!(code(&client.answer(world, "tasks/update", bad)), -32602);
            }
        }
    }
}

#[test]
fn names_of_questions_are_used_once_in_a_task() {
    let mut world = world();
    let world = &mut world;
    let mut client = Client::new(world, EXTENSION, LINE);
    let id = client.begin(world, "again");
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..2 {
        let open = client.get(world, &id)["inputRequests"].clone();
        let key = open.as_object().expect("a question").keys().next().expect("one").clone();
        // The answers to earlier ones answer nothing.
        for old in &seen {
            client.update(world, &id, json!({ old: accepted("late") }));
        }
        assert_eq!(client.get(world, &id)["status"], "input_required");
        assert!(!seen.contains(&key), "{key} came before");
        client.update(world, &id, json!({ &key: accepted("A") }));
        seen.push(key);
    }
    assert_eq!(text(&client.get(world, &id)["result"]), "asked twice");
}

#[test]
fn a_handler_may_ask_first_and_become_a_task_then() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, EXTENSION, listener);
        let first = client.answer(world, "tools/call", json!({ "name": "first", "arguments": {} }));
        let first = &first["result"];
        assert_eq!(first["resultType"], "input_required", "{first}");
        assert!(first.get("taskId").is_none());
        let mut params = json!({ "name": "first", "arguments": {},
            "inputResponses": { "who": accepted("Alice") } });
        first
            .get("requestState")
            .iter()
            .for_each(|state| params["requestState"] = (*state).clone());
        let second = client.answer(world, "tools/call", params);
        let second = &second["result"];
        assert_eq!((&second["resultType"], &second["status"]), (&json!("task"), &json!("working")));
        assert!(second.get("requestState").is_none() && second.get("inputRequests").is_none());
        let task = client.get(world, second["taskId"].as_str().expect("a task"));
        assert_eq!(text(&task["result"]), "Alice true");
        // The id of its request is free again.
        let mut core = Client::new(world, CORE, listener);
        let id = core.begin(world, "first");
        assert_eq!(core.get(world, &id)["status"], "input_required");
    }
}

#[test]
fn listening_calls_hear_of_tasks() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut client = Client::new(world, EXTENSION, listener);
        world.works = false;
        let id = client.begin(world, "slow");
        let unknown = format!("{:036x}", 1);
        let params = json!({ "notifications": { "taskIds": [id, unknown, "x"] } });
        let slot = client.start(world, "subscriptions/listen", params);
        let listening = client.next;
        world.run_job();
        let said = messages(world, slot);
        let granted = &said[0]["params"]["notifications"]["taskIds"];
        assert_eq!(*granted, json!([id, unknown]), "{said:?}");
        let statuses: Vec<_> = said[1..]
            .iter()
            .map(|news| {
                assert_eq!(news["method"], "notifications/tasks");
                let params = &news["params"];
                assert_eq!(params["_meta"]["io.modelcontextprotocol/subscriptionId"], listening);
                assert_eq!(params["taskId"], id.as_str());
                params["status"].as_str().expect("a status").to_owned()
            })
            .collect();
        assert_eq!(statuses, ["working", "working", "completed"]);
        assert_eq!(text(&said[3]["params"]["result"]), "done");
        for bad in [json!("x"), json!([1]), json!(vec!["x"; 65])] {
            let params = json!({ "notifications": { "taskIds": bad } });
            assert_eq!(code(&client.answer(world, "subscriptions/listen", params)), -32602);
        }
    }
}

#[test]
fn who_names_a_task_twice_hears_of_it_once() {
    let mut world = world();
    let mut client = Client::new(&mut world, EXTENSION, LINE);
    let id = client.begin(&mut world, "quick");
    let params = json!({ "notifications": { "taskIds": [id, id, id] } });
    let said = client.ask(&mut world, "subscriptions/listen", params);
    assert_eq!(said.len(), 2, "the acknowledgement and the status: {said:?}");
}

#[test]
fn a_listener_too_many_is_told_so_and_takes_nobodys_place() {
    let mut world = world();
    let world = &mut world;
    world.works = false;
    let mut client = Client::new(world, EXTENSION, LINE);
    let (id, other) = (client.begin(world, "slow"), client.begin(world, "slow"));
    let one = json!({ "notifications": { "taskIds": [id] } });
    for _ in 0..64 {
        client.start(world, "subscriptions/listen", one.clone());
    }
    let both = json!({ "notifications": { "taskIds": [id, other] } });
    let last = client.answer(world, "subscriptions/listen", both);
    assert_eq!(code(&last), -31000);
    assert_eq!(world.metrics.listens.get(), 64);
    world.run_job();
    let said = messages(world, client.pipe.expect("a pipe"));
    let ended = said.iter().filter(|m| m["params"]["status"] == "completed");
    assert_eq!(ended.count(), 64);
}

/// Each task here has room for all of them; the connection has not.
#[test]
fn a_pipe_has_so_many_that_listen_to_tasks_and_no_more() {
    const MOST: usize = 5;
    let config = Config { inflight_calls_max: MOST, ..Config::default() };
    let mut world = World::new(server(), config);
    let world = &mut world;
    let mut maker = Client::new(world, EXTENSION, LINE);
    // The task of another's pipe.
    let id = maker.begin(world, "quick");
    let mut client = Client::new(world, EXTENSION, LINE);
    let filter = json!({ "notifications": { "taskIds": [id] } });
    for _ in 0..3 {
        while world.metrics.listens.get() < MOST as u64 {
            let said = client.ask(world, "subscriptions/listen", filter.clone());
            assert_eq!(said.len(), 2, "the acknowledgement and the status: {said:?}");
        }
        let newest = client.next;
        assert_eq!(code(&client.answer(world, "subscriptions/listen", filter.clone())), -31000);
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": newest } });
        client.put(world, "POST", "", None, Some(&note));
        assert_eq!(world.metrics.listens.get(), MOST as u64 - 1);
    }
    world.end(client.pipe.expect("a pipe"), true);
    assert_eq!(world.metrics.listens.get(), 0);
}

#[test]
fn a_client_that_goes_leaves_its_task_running_and_its_questions_unanswered() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        world.works = false;
        let mut client = Client::new(world, CORE, listener);
        let (running, asking) = (client.begin(world, "slow"), client.begin(world, "greet"));
        world.works = true;
        world.run_job();
        world.run_job();
        match client.pipe {
            Some(pipe) => world.end(pipe, true),
            None => drop(client.put(world, "DELETE", "", None, None)),
        }
        let mut other = Client::new(world, CORE, LINE);
        assert_eq!(other.get(world, &running)["status"], "completed");
        assert_eq!(other.get(world, &asking)["status"], "failed");
    }
}
