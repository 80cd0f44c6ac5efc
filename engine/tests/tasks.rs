//! Calls that become tasks, in both shapes, over pipes and HTTP. One endpoint without a kernel.

#![allow(clippy::disallowed_methods, clippy::needless_pass_by_value, reason = "a test program")]

#[path = "tasks/bounds.rs"]
mod bounds;
#[path = "tasks/client.rs"]
mod client;
mod harness;
#[path = "tasks/news.rs"]
mod news;

use mcpring::Config;
use serde_json::{Value, json};

use client::{CORE, Client, EXTENSION, NAME, RELATED, code, each, messages, server, text, world};
use harness::{HTTP, LINE, World};

#[test]
fn a_task_runs_and_its_result_is_kept() {
    each(|world, mut client| {
        world.works = false;
        let id = client.begin(world, "slow");
        let task = client.get(world, &id);
        assert_eq!((&task["taskId"], &task["status"]), (&json!(id), &json!("working")));
        let is_core = client.version == CORE;
        let (ttl, poll) =
            if is_core { ("ttl", "pollInterval") } else { ("ttlMs", "pollIntervalMs") };
        assert_eq!((&task[ttl], &task[poll]), (&json!(600_000), &json!(500)), "{task}");
        assert!(task.get("requestState").is_none() && task.get("result").is_none(), "{task}");
        world.run_job();
        let task = client.get(world, &id);
        assert_eq!(task["status"], "completed", "{task}");
        assert_eq!(task["statusMessage"], "half way", "{task}");
        if is_core {
            assert!(task.get("result").is_none() && task.get("resultType").is_none());
            for _ in 0..2 {
                let result = client.about(world, "tasks/result", &id)["result"].clone();
                assert_eq!(text(&result), "done");
                assert_eq!(result["_meta"][RELATED]["taskId"], id.as_str());
            }
        } else {
            assert_eq!(task["resultType"], "complete");
            assert_eq!(task["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "tasks");
            assert_eq!(text(&task["result"]), "done");
            assert_eq!(task["result"]["resultType"], "complete");
            assert!(task["result"].get("_meta").is_none(), "{task}");
        }
        assert_eq!(world.metrics.tasks_created.get(), 1);
        assert_eq!(world.metrics.tasks_open.get(), 1);
    });
}

#[test]
fn failures_are_told_apart_by_version() {
    each(|world, mut client| {
        let is_core = client.version == CORE;
        for (tool, core, extension) in [
            ("quick", "completed", "completed"),
            ("fail", "failed", "completed"),
            ("error", "failed", "failed"),
        ] {
            let id = client.begin(world, tool);
            let task = client.get(world, &id);
            assert_eq!(task["status"], if is_core { core } else { extension }, "{tool}");
            let kept =
                if is_core { client.about(world, "tasks/result", &id) } else { task.clone() };
            match tool {
                "error" => {
                    assert_eq!((code(&kept), &task["statusMessage"]), (-5, &json!("broken")));
                    assert!(kept.get("result").is_none(), "{kept}");
                }
                "fail" => assert_eq!(kept["result"]["isError"], true),
                _ => assert_eq!(text(&kept["result"]), "quick"),
            }
        }
    });
}

#[test]
fn who_may_have_tasks_and_who_must() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        let mut core = Client::new(world, CORE, listener);
        let call = |tool: &str, task: Option<Value>| {
            let mut params = json!({ "name": tool, "arguments": {} });
            if let Some(task) = task {
                params["task"] = task;
            }
            params
        };
        for (tool, task, want) in [
            ("plain", Some(json!({})), Err(-32601)),
            ("must", None, Err(-32601)),
            ("plain", None, Ok(false)),
            ("slow", None, Ok(false)),
            ("slow", Some(json!({ "ttl": 5000 })), Ok(true)),
            ("slow", Some(json!({ "ttl": null })), Ok(true)),
            ("slow", Some(json!({ "ttl": -1 })), Err(-32602)),
            ("slow", Some(json!([])), Err(-32602)),
            ("must", Some(json!({})), Ok(true)),
        ] {
            let answer = core.answer(world, "tools/call", call(tool, task.clone()));
            match want {
                Ok(is_task) => {
                    assert_eq!(answer["result"].get("task").is_some(), is_task, "{tool} {task:?}");
                }
                Err(want) => assert_eq!(code(&answer), want, "{tool} {task:?}"),
            }
        }
        // Bad arguments make a task that fails: the shape is the one that was asked for.
        let params = json!({ "name": "slow", "arguments": { "n": "x" }, "task": {} });
        let answer = core.answer(world, "tools/call", params);
        let id = answer["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
        assert_eq!(core.get(world, &id)["status"], "failed");
        let kept = core.about(world, "tasks/result", &id);
        assert_eq!(kept["result"]["isError"], true);

        let mut with = Client::new(world, EXTENSION, listener);
        let mut without = Client::with(world, EXTENSION, listener, None, json!({}));
        let old = json!({ "ttl": 60000 });
        for (tool, declared, undeclared) in [
            ("plain", "complete", Some("complete")),
            ("slow", "task", Some("complete")),
            ("must", "task", None),
        ] {
            let answer = with.answer(world, "tools/call", call(tool, Some(old.clone())));
            assert_eq!(answer["result"]["resultType"], declared, "{tool}");
            let answer = without.answer(world, "tools/call", call(tool, Some(old.clone())));
            match undeclared {
                Some(want) => assert_eq!(answer["result"]["resultType"], want, "{tool}"),
                None => missing(&answer),
            }
        }
        for method in ["tasks/get", "tasks/cancel", "tasks/update"] {
            missing(&without.answer(world, method, json!({ "taskId": "x", "inputResponses": {} })));
        }
        let listen = json!({ "notifications": { "taskIds": ["x"] } });
        missing(&without.answer(world, "subscriptions/listen", listen));
        for method in ["tasks/result", "tasks/list"] {
            let answer = with.answer(world, method, json!({ "taskId": "x" }));
            assert_eq!(code(&answer), -32601);
        }
    }
}

fn missing(answer: &Value) {
    assert_eq!(code(answer), -32021, "{answer}");
    let want = json!({ "requiredCapabilities": { "extensions": { NAME: {} } } });
    assert_eq!(answer["error"]["data"], want);
}

#[test]
fn earlier_versions_have_no_tasks() {
    let mut world = world();
    let slot = world.connect(LINE);
    let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-06-18", "capabilities": {},
        "clientInfo": { "name": "t", "version": "1" } } });
    world.feed(slot, format!("{hello}\n").as_bytes());
    for (tool, want) in [("slow", None), ("must", Some(-32601))] {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
            "params": { "name": tool, "arguments": {}, "task": {} } });
        let sent = world.feed(slot, format!("{call}\n").as_bytes());
        world.give_back(slot, sent);
        let answer = messages(&mut world, slot).remove(0);
        match want {
            None => assert_eq!(text(&answer["result"]), "done"),
            Some(want) => assert_eq!(code(&answer), want),
        }
    }
}

#[test]
fn results_are_waited_for_by_several() {
    for listener in [LINE, HTTP] {
        let mut world = world();
        let world = &mut world;
        world.works = false;
        let mut client = Client::new(world, CORE, listener);
        let id = client.begin(world, "slow");
        let waits: Vec<_> = (0..3)
            .map(|_| {
                let slot = client.start(world, "tasks/result", json!({ "taskId": id }));
                (slot, client.next)
            })
            .collect();
        // One gives up waiting: nothing happens to the task.
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/cancelled",
            "params": { "requestId": waits[2].1 } });
        client.put(world, "POST", "", None, Some(&note));
        world.run_job();
        let mut said: Vec<Value> = Vec::new();
        let mut slots: Vec<_> = waits.iter().map(|(slot, _)| *slot).collect();
        slots.dedup();
        for slot in slots {
            said.extend(messages(world, slot));
        }
        for (_, number) in &waits[..2] {
            let own: Vec<_> = said.iter().filter(|m| m["id"] == *number).collect();
            assert_eq!(own.len(), 1, "{said:?}");
            assert_eq!(text(&own[0]["result"]), "done");
        }
        let last = said.iter().find(|m| m["id"] == waits[2].1);
        assert!(last.is_none_or(|answer| code(answer) == -32800), "{said:?}");
    }
}

#[test]
fn a_cancelled_task_stays_cancelled() {
    each(|world, mut client| {
        world.works = false;
        let is_core = client.version == CORE;
        let id = client.begin(world, "slow");
        let wait = is_core.then(|| client.start(world, "tasks/result", json!({ "taskId": id })));
        let waiting = client.next;
        let answers = client.ask(world, "tasks/cancel", json!({ "taskId": id }));
        let answer = answers.iter().find(|m| m["id"] == client.next).expect("an answer");
        if is_core {
            assert_eq!(answer["result"]["status"], "cancelled", "{answer}");
            let mut all = answers.clone();
            all.extend(messages(world, wait.expect("it waits")));
            let waited = all.iter().find(|m| m["id"] == waiting).expect("it is answered");
            assert_eq!(code(waited), -32800);
            assert_eq!(code(&client.about(world, "tasks/cancel", &id)), -32602);
            assert_eq!(code(&client.about(world, "tasks/result", &id)), -32800);
        } else {
            assert_eq!(answer["result"]["resultType"], "complete");
            assert!(answer["result"].get("taskId").is_none(), "{answer}");
            let again = client.about(world, "tasks/cancel", &id);
            assert_eq!(again["result"]["resultType"], "complete");
        }
        // The handler runs all the same, too late.
        world.run_job();
        assert_eq!(world.metrics.answers_late.get(), 1);
        let task = client.get(world, &id);
        assert_eq!(task["status"], "cancelled");
        assert!(task.get("result").is_none() && task.get("error").is_none(), "{task}");
        // One that has ended already.
        let id = client.begin(world, "quick");
        let answer = client.about(world, "tasks/cancel", &id);
        assert_eq!(answer.get("error").is_some(), is_core);
        assert_eq!(client.get(world, &id)["status"], "completed");
    });
}

#[test]
fn a_session_lists_its_own_tasks_in_pages() {
    let config = Config { page_items: 2, ..Config::default() };
    let mut world = World::new(server(), config);
    let world = &mut world;
    let mut client = Client::new(world, CORE, HTTP);
    let ids: Vec<_> = (0..5).map(|_| client.begin(world, "quick")).collect();
    let mut other = Client::new(world, CORE, LINE);
    other.begin(world, "quick");
    let (mut found, mut params) = (Vec::new(), json!({}));
    loop {
        let page = client.answer(world, "tasks/list", params)["result"].clone();
        for task in page["tasks"].as_array().expect("tasks") {
            assert_eq!(task["status"], "completed");
            found.push(task["taskId"].as_str().expect("an id").to_owned());
        }
        let Some(next) = page.get("nextCursor") else { break };
        params = json!({ "cursor": next });
    }
    assert_eq!(found, ids);
    let bad = client.answer(world, "tasks/list", json!({ "cursor": "x" }));
    assert_eq!(code(&bad), -32602);
    let hello = json!({ "protocolVersion": CORE, "capabilities": {},
        "clientInfo": { "name": "t", "version": "1" } });
    let slot = world.connect(LINE);
    let hello = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": hello });
    let sent = world.feed(slot, format!("{hello}\n").as_bytes());
    world.give_back(slot, sent);
    let want = json!({ "list": {}, "cancel": {}, "requests": { "tools": { "call": {} } } });
    assert_eq!(messages(world, slot)[0]["result"]["capabilities"]["tasks"], want);
}
