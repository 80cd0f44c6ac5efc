//! The stateless era: questions in results, answers in the same request again.

use mcpring::slot::Slot;
use serde_json::{Value, json};

use super::harness::{HTTP, LINE, World};
use super::{
    META_CAPABILITIES, META_VERSION, STATELESS, answer_to, every, named, only, request, say,
    shaken, text, world,
};

/// A client of the stateless era, on a line or with a connection for each request.
pub(crate) struct Stateless {
    listener: u16,
    slot: Option<Slot>,
    capabilities: Value,
    id: u64,
}

impl Stateless {
    pub(crate) fn new(world: &mut World, listener: u16) -> Self {
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
    pub(crate) fn until_complete(&mut self, world: &mut World, tool: &str) -> Value {
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
