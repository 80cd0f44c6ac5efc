//! Tasks over real sockets: made on one shard, asked about on connections of all.
//!
//! With several shards most connections land on one that does not own the task, so every path
//! between shards is taken, on both drivers.

#![allow(clippy::disallowed_methods, reason = "these tests are about sockets")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use mcpring::model::{Elicitation, Property, TaskSupport};
use mcpring::{Call, Config, Engine, Outcome, Server, Tool};
use serde_json::{Value, json};

use support::{PATIENCE, drivers};

const SHARDS: usize = 2;
const CONNECTIONS: usize = 8;
const EXTENSION: &str = "2026-07-28";
const NAME: &str = "io.modelcontextprotocol/tasks";

/// Lets the calls of the tool `held` go on.
type Gate = Sender<()>;

fn server() -> (Server, Gate) {
    let (open, gate) = channel();
    let gate: Arc<Mutex<Receiver<()>>> = Arc::new(Mutex::new(gate));
    let held = move |_: &mut Call<'_>| {
        let gate = gate.lock().expect("no handler panics");
        match gate.recv_timeout(PATIENCE) {
            Ok(()) => Outcome::text("let go"),
            Err(_) => Outcome::failure("nobody let it go"),
        }
    };
    let greet = |call: &mut Call<'_>| {
        let question = Elicitation::form("Who?").property(Property::text("name").required());
        match call.elicit("who", &question) {
            Ok(answer) => Outcome::text(answer.text("name").unwrap_or_default()),
            Err(outcome) => outcome,
        }
    };
    let schema = || json!({ "type": "object" });
    let server = Server::builder("test", "1")
        .tool(Tool::raw("held", schema(), held).task_support(TaskSupport::Optional))
        .tool(Tool::raw("greet", schema(), greet).task_support(TaskSupport::Optional))
        .build()
        .expect("in order");
    (server, open)
}

/// Runs `test` with the addresses of a pipe and of HTTP.
fn each_driver(test: impl Fn(&str, &str, &Gate)) {
    for choice in drivers() {
        let (server, open) = server();
        let engine = Engine::new(server).driver(choice).shards(SHARDS);
        let engine = engine.tcp_line("127.0.0.1:0").http("127.0.0.1:0");
        let running = engine.start().expect("the engine starts");
        let addresses = running.addresses();
        let tcp = addresses[0].rsplit("://").next().expect("an address");
        let http = addresses[1].strip_prefix("http://").and_then(|rest| rest.split('/').next());
        test(tcp, http.expect("an address"), &open);
        running.stop();
        assert_eq!(running.join(), Ok(()), "{choice}");
    }
}

fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    stream
}

/// A connection that speaks lines.
struct Pipe<S> {
    reader: BufReader<S>,
    core: bool,
}

impl Pipe<TcpStream> {
    fn core(address: &str) -> Self {
        let mut pipe = Self { reader: BufReader::new(connect(address)), core: true };
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "test", "version": "1" } });
        pipe.send("hello", "initialize", params);
        pipe.read();
        pipe
    }

    fn extension(address: &str) -> Self {
        Self { reader: BufReader::new(connect(address)), core: false }
    }
}

impl<S: Read + Write> Pipe<S> {
    fn send(&mut self, id: &str, method: &str, params: Value) {
        let params = if self.core { params } else { enveloped(params) };
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params });
        let stream = self.reader.get_mut();
        stream.write_all(format!("{message}\n").as_bytes()).expect("the server reads");
    }

    fn notify(&mut self, method: &str, params: &Value) {
        let message = json!({ "jsonrpc": "2.0", "method": method, "params": params });
        let stream = self.reader.get_mut();
        stream.write_all(format!("{message}\n").as_bytes()).expect("the server reads");
    }

    fn read(&mut self) -> Value {
        let mut line = String::new();
        self.reader.read_line(&mut line).expect("the server answers");
        serde_json::from_str(&line).unwrap_or_else(|_| panic!("no message: {line:?}"))
    }

    /// The answer of a request, whatever is said before.
    fn ask(&mut self, id: &str, method: &str, params: Value) -> Value {
        self.send(id, method, params);
        loop {
            let message = self.read();
            if message["id"] == id {
                return message;
            }
        }
    }
}

fn enveloped(mut params: Value) -> Value {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": EXTENSION,
        "io.modelcontextprotocol/clientCapabilities":
            { "elicitation": {}, "extensions": { NAME: {} } },
    });
    params
}

/// A request of the extension on an HTTP connection of its own.
fn post(address: &str, method: &str, task: &str, mut params: Value) -> Value {
    params["taskId"] = json!(task);
    let params = enveloped(params);
    let body = json!({ "jsonrpc": "2.0", "id": "over-http", "method": method, "params": params });
    let body = body.to_string();
    let length = body.len();
    let mut stream = connect(address);
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: \
         application/json\r\nAccept: application/json, text/event-stream\r\nMCP-Protocol-Version: \
         {EXTENSION}\r\nMcp-Method: {method}\r\nMcp-Name: {task}\r\nContent-Length: {length}\r\n\r\n\
         {body}"
    );
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the answer ends");
    let (_, body) = answer.split_once("\r\n\r\n").expect("a head");
    let answer: Value = serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}"));
    assert_eq!(answer["id"], "over-http");
    answer
}

#[test]
fn a_core_task_is_found_from_every_connection() {
    each_driver(|tcp, _, open| {
        let mut maker = Pipe::core(tcp);
        let made = maker.ask("make", "tools/call", json!({ "name": "held", "task": {} }));
        let id = made["result"]["task"]["taskId"].as_str().expect("a task").to_owned();
        drop(maker);
        let about = || json!({ "taskId": id });
        let mut others: Vec<_> = (0..CONNECTIONS).map(|_| Pipe::core(tcp)).collect();
        for (at, other) in others.iter_mut().enumerate() {
            let answer = other.ask("get", "tasks/get", about());
            assert_eq!(answer["result"]["status"], "working", "{answer}");
            // It waits, and hears nothing until the task has ended.
            other.send(&format!("wait-{at}"), "tasks/result", about());
        }
        open.send(()).expect("the handler waits");
        for (at, other) in others.iter_mut().enumerate() {
            let answer = other.read();
            assert_eq!(answer["id"], format!("wait-{at}"));
            assert_eq!(answer["result"]["content"][0]["text"], "let go", "{answer}");
            let answer = other.ask("late", "tasks/cancel", about());
            assert_eq!(answer["error"]["code"], -32602);
        }
    });
}

#[test]
fn an_extension_task_is_answered_from_every_connection() {
    each_driver(|tcp, http, _| {
        for at in 0..CONNECTIONS {
            let mut maker = Pipe::extension(tcp);
            let made = maker.ask("make", "tools/call", json!({ "name": "greet" }));
            let id = made["result"]["taskId"].as_str().expect("a task").to_owned();
            let open = loop {
                let task = post(http, "tasks/get", &id, json!({}));
                if task["result"]["status"] == "input_required" {
                    break task["result"]["inputRequests"].clone();
                }
                assert_eq!(task["result"]["status"], "working", "{task}");
            };
            let key = open.as_object().expect("questions").keys().next().expect("one").clone();
            let name = format!("Ann {at}");
            let answer = json!({ "action": "accept", "content": { "name": name } });
            // Somebody hears of it on yet another connection.
            let mut listener = Pipe::extension(tcp);
            let filter = json!({ "notifications": { "taskIds": [id] } });
            listener.send("listen", "subscriptions/listen", filter);
            assert_eq!(listener.read()["params"]["notifications"]["taskIds"], json!([id]));
            assert_eq!(listener.read()["params"]["status"], "input_required");
            let ack = post(http, "tasks/update", &id, json!({ "inputResponses": { key: answer } }));
            assert_eq!(ack["result"]["resultType"], "complete");
            assert_eq!(listener.read()["params"]["status"], "working");
            let news = listener.read();
            assert_eq!(news["params"]["result"]["content"][0]["text"], name, "{news}");
            let task = post(http, "tasks/get", &id, json!({}));
            assert_eq!(task["result"]["result"]["content"][0]["text"], name);
            let ack = post(http, "tasks/cancel", &id, json!({}));
            assert_eq!(ack["result"]["resultType"], "complete");
        }
        let mut stream = connect(http);
        let request = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).expect("the server reads");
        let mut page = String::new();
        stream.read_to_string(&mut page).expect("the page ends");
        let forwards = page.lines().find_map(|line| line.strip_prefix("mcpring_forwards_total "));
        assert_ne!(forwards, Some("0"), "no request went from one shard to another");
        assert!(forwards.is_some() && page.contains("mcpring_tasks_created_total 8"), "{page}");
    });
}

/// The limit of a pipe is the same whoever opened it: a socket's client, or the process itself.
#[test]
fn a_pipe_has_so_many_that_listen_to_tasks_whoever_opened_it() {
    const MOST: usize = 4;
    for choice in drivers() {
        let config = Config { inflight_calls_max: MOST, ..Config::default() };
        let engine = Engine::new(server().0).config(config).driver(choice).shards(SHARDS);
        let running = engine.tcp_line("127.0.0.1:0").start().expect("the engine starts");
        let tcp = running.addresses()[0].rsplit("://").next().expect("an address").to_owned();
        let made = Pipe::extension(&tcp).ask("make", "tools/call", json!({ "name": "greet" }));
        let id = made["result"]["taskId"].as_str().expect("a task").to_owned();
        let inside = UnixStream::from(running.connect().expect("a connection"));
        inside.set_read_timeout(Some(PATIENCE)).expect("an option");
        listen_until_refused(&mut Pipe::extension(&tcp), &id, MOST);
        listen_until_refused(&mut Pipe { reader: BufReader::new(inside), core: false }, &id, MOST);
        running.stop();
        assert_eq!(running.join(), Ok(()), "{choice}");
    }
}

/// Listens to a task as often as is granted: `most` times, and once more for each that is given up.
fn listen_until_refused<S: Read + Write>(pipe: &mut Pipe<S>, task: &str, most: usize) {
    let filter = || json!({ "notifications": { "taskIds": [task] } });
    let acknowledged = "notifications/subscriptions/acknowledged";
    for round in 0..3 {
        // The first round fills all places, the others the one that is free.
        for place in if round == 0 { 0..most } else { 0..1 } {
            pipe.send(&format!("{round}-{place}"), "subscriptions/listen", filter());
            while pipe.read()["method"] != acknowledged {}
        }
        let refused = pipe.ask("more", "subscriptions/listen", filter());
        assert_eq!(refused["error"]["code"], -31000, "{refused}");
        let note = json!({ "requestId": format!("{round}-0") });
        pipe.notify("notifications/cancelled", &note);
    }
}

#[test]
fn a_task_is_cancelled_from_another_connection() {
    each_driver(|tcp, http, open| {
        let mut maker = Pipe::extension(tcp);
        let status = |id: &str| post(http, "tasks/get", id, json!({}))["result"]["status"].clone();
        let mut ids = Vec::new();
        for _ in 0..CONNECTIONS {
            let made = maker.ask("make", "tools/call", json!({ "name": "held" }));
            let id = made["result"]["taskId"].as_str().expect("a task").to_owned();
            post(http, "tasks/cancel", &id, json!({}));
            assert_eq!(status(&id), "cancelled");
            ids.push(id);
        }
        // What their handlers come to now is too late.
        for _ in &ids {
            open.send(()).expect("the server lives");
        }
        assert!(ids.iter().all(|id| status(id) == "cancelled"));
    });
}
