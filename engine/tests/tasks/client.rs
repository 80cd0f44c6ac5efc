//! What the tests of tasks are spoken with: a server, and clients of both shapes.

use mcpring::model::{Elicitation, Property, TaskSupport};
use mcpring::rpc::RpcError;
use mcpring::server::{Ask, Server};
use mcpring::slot::Slot;
use mcpring::{Call, Config, Outcome, Tool};
use serde_json::{Value, json};

use crate::harness::{HTTP, LINE, World};

pub(crate) const CORE: &str = "2025-11-25";
pub(crate) const EXTENSION: &str = "2026-07-28";
pub(crate) const NAME: &str = "io.modelcontextprotocol/tasks";
pub(crate) const RELATED: &str = "io.modelcontextprotocol/related-task";

fn who() -> Elicitation {
    Elicitation::form("Who?").property(Property::text("name").required())
}

pub(crate) fn server() -> Server {
    let schema = || json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let tool = |name: &'static str, run: fn(&mut Call<'_>) -> Outcome| {
        Tool::raw(name, schema(), run).task_support(TaskSupport::Optional)
    };
    let greet = |call: &mut Call<'_>| match call.elicit("who", &who()) {
        Ok(answer) => Outcome::text(format!("Hello, {}!", answer.text("name").unwrap_or_default())),
        Err(outcome) => outcome,
    };
    Server::builder("tasks", "1")
        .tool(Tool::raw("plain", schema(), |_: &mut Call<'_>| "plain").inline())
        .tool(tool("slow", |call| {
            let context = call.context();
            if context.task_id().is_some() {
                context.task_status("half way");
                context.progress(0.5, Some(1.0), None);
            }
            Outcome::text("done")
        }))
        .tool(tool("quick", |_| Outcome::text("quick")).inline())
        .tool(tool("fail", |_| Outcome::failure("no luck")))
        .tool(tool("error", |_| Outcome::Error(RpcError::new(-5, "broken"))))
        .tool(tool("must", |_| Outcome::text("must")).task_support(TaskSupport::Required))
        .tool(tool("greet", greet))
        .tool(tool("brief", greet).timeout(std::time::Duration::from_secs(5)))
        .tool(tool("again", |call| match call.state().map_or(0, |state| state[0]) {
            2 => Outcome::text("asked twice"),
            times => Ask::new().elicit("on", who()).state([times + 1]).into(),
        }))
        .tool(tool("two", |call| {
            if call.answers().len() == 2 {
                return Outcome::text("both");
            }
            Ask::new().elicit("a", who()).elicit("b", who()).into()
        }))
        .tool(
            tool("first", |call| {
                let name = match call.elicit("who", &who()) {
                    Ok(answer) => answer.text("name").unwrap_or_default(),
                    Err(outcome) => return outcome,
                };
                let is_task = call.context().become_task().is_some();
                Outcome::text(format!("{name} {is_task}"))
            })
            .task_support(TaskSupport::Required)
            .task_by_handler(),
        )
        .build()
        .expect("the test's server is in order")
}

pub(crate) fn world() -> World {
    World::new(server(), Config::default())
}

/// A client of one version over one transport.
pub(crate) struct Client {
    pub(crate) version: &'static str,
    /// Its pipe; without one it speaks HTTP.
    pub(crate) pipe: Option<Slot>,
    pub(crate) session: Option<String>,
    pub(crate) token: Option<&'static str>,
    pub(crate) capabilities: Value,
    pub(crate) next: u64,
}

impl Client {
    pub(crate) fn new(world: &mut World, version: &'static str, listener: u16) -> Self {
        let mut capabilities = json!({ "elicitation": {} });
        if version == EXTENSION {
            capabilities["extensions"] = json!({ NAME: {} });
        }
        Self::with(world, version, listener, None, capabilities)
    }

    pub(crate) fn with(
        world: &mut World,
        version: &'static str,
        listener: u16,
        token: Option<&'static str>,
        capabilities: Value,
    ) -> Self {
        let pipe = (listener == LINE).then(|| world.connect(LINE));
        let mut client = Self { version, pipe, session: None, token, capabilities, next: 0 };
        if version == CORE {
            let params = json!({ "protocolVersion": CORE, "capabilities": client.capabilities,
                "clientInfo": { "name": "test", "version": "1" } });
            let slot = client.start(world, "initialize", params);
            let sent = String::from_utf8(world.take(slot)).expect("UTF-8");
            let id = sent.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
            client.session = id.map(str::to_owned);
        }
        client
    }

    /// Sends a request; its answer is to be taken from what is returned.
    pub(crate) fn start(&mut self, world: &mut World, method: &str, mut params: Value) -> Slot {
        self.next += 1;
        if self.version == EXTENSION {
            params["_meta"]["io.modelcontextprotocol/protocolVersion"] = json!(EXTENSION);
            params["_meta"]["io.modelcontextprotocol/clientCapabilities"] =
                self.capabilities.clone();
        }
        let name = params.get("taskId").or(params.get("name")).cloned();
        let message =
            json!({ "jsonrpc": "2.0", "id": self.next, "method": method, "params": params });
        self.put(world, "POST", method, name.as_ref().and_then(Value::as_str), Some(&message))
    }

    pub(crate) fn put(
        &self,
        world: &mut World,
        verb: &str,
        method: &str,
        name: Option<&str>,
        message: Option<&Value>,
    ) -> Slot {
        let body = message.map(Value::to_string).unwrap_or_default();
        let (slot, bytes) = if let Some(slot) = self.pipe {
            (slot, format!("{body}\n"))
        } else {
            let mut head = format!(
                "{verb} /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
                 Accept: application/json, text/event-stream\r\nContent-Length: {}\r\n",
                body.len()
            );
            let mut put = |header: &str, value: Option<&str>| {
                head += &value.map(|value| format!("{header}: {value}\r\n")).unwrap_or_default();
            };
            put("Mcp-Session-Id", self.session.as_deref());
            put("Authorization", self.token.map(|token| format!("Bearer {token}")).as_deref());
            if self.version == EXTENSION {
                put("MCP-Protocol-Version", Some(EXTENSION));
                put("Mcp-Method", Some(method));
                put("Mcp-Name", name);
            }
            (world.connect(HTTP), format!("{head}\r\n{body}"))
        };
        let sent = world.feed(slot, bytes.as_bytes());
        world.give_back(slot, sent);
        slot
    }

    /// All messages that a request is answered with at once.
    pub(crate) fn ask(&mut self, world: &mut World, method: &str, params: Value) -> Vec<Value> {
        let slot = self.start(world, method, params);
        messages(world, slot)
    }

    /// The answer of a request, whatever was said besides.
    pub(crate) fn answer(&mut self, world: &mut World, method: &str, params: Value) -> Value {
        let messages = self.ask(world, method, params);
        let id = json!(self.next);
        let found = messages.iter().find(|m| m["id"] == id && m.get("method").is_none());
        found.unwrap_or_else(|| panic!("no answer to {method} in {messages:?}")).clone()
    }

    pub(crate) fn call(&mut self, world: &mut World, tool: &str) -> Value {
        let mut params = json!({ "name": tool, "arguments": {} });
        if self.version == CORE {
            params["task"] = json!({});
        }
        self.answer(world, "tools/call", params)
    }

    /// Begins a task; its id.
    pub(crate) fn begin(&mut self, world: &mut World, tool: &str) -> String {
        let answer = self.call(world, tool);
        let result = &answer["result"];
        let task = if self.version == CORE { &result["task"] } else { result };
        assert_eq!(task["status"], "working", "{answer}");
        task["taskId"].as_str().unwrap_or_else(|| panic!("no task: {answer}")).to_owned()
    }

    pub(crate) fn about(&mut self, world: &mut World, method: &str, id: &str) -> Value {
        self.answer(world, method, json!({ "taskId": id }))
    }

    pub(crate) fn get(&mut self, world: &mut World, id: &str) -> Value {
        self.about(world, "tasks/get", id)["result"].clone()
    }

    /// Answers a request of the server's.
    pub(crate) fn reply(&self, world: &mut World, question: &Value, name: &str) -> Vec<Value> {
        let message = json!({ "jsonrpc": "2.0", "id": question["id"], "result": accepted(name) });
        let slot = self.put(world, "POST", "", None, Some(&message));
        messages(world, slot)
    }

    pub(crate) fn update(&mut self, world: &mut World, id: &str, responses: Value) -> Value {
        let params = json!({ "taskId": id, "inputResponses": responses });
        self.answer(world, "tasks/update", params)
    }
}

pub(crate) fn accepted(name: &str) -> Value {
    json!({ "action": "accept", "content": { "name": name } })
}

/// The messages on a connection since the last time, from lines, bodies and events alike.
pub(crate) fn messages(world: &mut World, slot: Slot) -> Vec<Value> {
    let text = String::from_utf8(world.take(slot)).expect("messages are UTF-8");
    let lines = text.lines().map(|line| line.strip_prefix("data: ").unwrap_or(line));
    lines
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(Value::is_object)
        .collect()
}

pub(crate) fn text(answer: &Value) -> &str {
    answer["content"][0]["text"].as_str().unwrap_or_else(|| panic!("no text: {answer}"))
}

pub(crate) fn code(answer: &Value) -> i64 {
    answer["error"]["code"].as_i64().unwrap_or_else(|| panic!("no error: {answer}"))
}

/// Every version that has tasks, over every transport.
pub(crate) fn each(test: impl Fn(&mut World, Client)) {
    for version in [CORE, EXTENSION] {
        for listener in [LINE, HTTP] {
            let mut world = world();
            let client = Client::new(&mut world, version, listener);
            test(&mut world, client);
        }
    }
}
