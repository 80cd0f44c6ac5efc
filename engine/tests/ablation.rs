//! An engine without its optimisations says the same, byte for byte, on both drivers.

#![allow(clippy::disallowed_methods, reason = "the peers have sockets")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use mcpring::config::Ablation;
use mcpring::limits::RECEIVE_BUFFER_BYTES;
use mcpring::ring::Choice;
use mcpring::{Call, Engine, Outcome, Resource, ResourceTemplate, Running, Server, Tool};
use serde_json::{Value, json};

use support::{PATIENCE, drivers};

/// Every switch off by itself, and all of them.
const OFF: [&str; 5] = [
    "schema-cache",
    "fanout-batching",
    "leases",
    "template-router",
    "schema-cache,fanout-batching,leases,template-router",
];

const PEERS: usize = 5;

fn server(ablation: Ablation) -> Server {
    let person = json!({ "type": "object", "required": ["name"], "properties":
        { "name": { "type": "string", "maxLength": 100_000 }, "age": { "minimum": 0 } } });
    let sum = json!({ "type": "object", "required": ["sum"] });
    let templates = ["demo://{+rest}", "demo://{kind}/x", "demo://user/{id}", "demo://us{rest}"];
    let mut builder = Server::builder("test", "1.0.0")
        .tool(Tool::raw("person", person.clone(), person_of).inline())
        .tool(Tool::raw("pooled", person.clone(), person_of).pool())
        .tool(Tool::raw("lenient", person, misfit).lenient(true).inline())
        .tool(Tool::raw("broken", json!({ "type": "object" }), sum_of).output_schema(sum).inline())
        .tool(Tool::raw("update", json!({ "type": "object" }), update).inline())
        .resource(Resource::text("demo://a", "a", "the letter"))
        .resource_subscriptions()
        .ablation(ablation);
    for template in templates {
        let read = move |call: &mut Call<'_>| {
            let names = ["rest", "kind", "id"];
            let values = names.map(|name| call.variable(name).unwrap_or_default().to_owned());
            format!("{template} {values:?}")
        };
        builder = builder.template(ResourceTemplate::new(template, template, read));
    }
    builder.build().expect("the test's server is in order")
}

fn person_of(call: &mut Call<'_>) -> String {
    String::from_utf8_lossy(call.arguments_json()).into_owned()
}

fn misfit(call: &mut Call<'_>) -> String {
    call.misfit().unwrap_or("fits").to_owned()
}

fn sum_of(call: &mut Call<'_>) -> Outcome {
    Outcome::structured(serde_json::value::to_raw_value(&person_of(call)).expect("a string"))
}

fn update(call: &mut Call<'_>) -> String {
    let updated = call.context().publisher().resource_updated("demo://a");
    updated.map_or_else(|fault| fault.to_string(), |()| "updated".to_owned())
}

/// What is asked by a peer that has shaken hands: arguments that fit and that do not, longer than
/// a receive buffer, absent; URIs of every template and of none.
fn questions() -> Vec<Value> {
    let long = "x".repeat(3 * RECEIVE_BUFFER_BYTES);
    let mut all = vec![json!({ "method": "resources/templates/list" })];
    for tool in ["person", "pooled", "lenient", "broken"] {
        all.push(json!({ "method": "tools/call", "params": { "name": tool } }));
        let name = &long;
        for arguments in
            [json!({ "name": "A", "age": 1 }), json!({ "name": 1 }), json!({ "name": name })]
        {
            let params = json!({ "name": tool, "arguments": arguments });
            all.push(json!({ "method": "tools/call", "params": params }));
        }
    }
    for uri in ["a", "user/7", "use", "kind/x", "user/x", "a/b/c", "../b", "a?b"] {
        let params = json!({ "uri": format!("demo://{uri}") });
        all.push(json!({ "method": "resources/read", "params": params }));
    }
    all
}

/// A peer, and all it was told.
struct Peer {
    stream: BufReader<UnixStream>,
    heard: String,
}

impl Peer {
    fn new(running: &Running) -> Self {
        let stream = UnixStream::from(running.connect().expect("a connection"));
        stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
        Self { stream: BufReader::new(stream), heard: String::new() }
    }

    fn send(&mut self, message: &Value) {
        let mut message = message.clone();
        message["jsonrpc"] = "2.0".into();
        writeln!(self.stream.get_mut(), "{message}").expect("the engine reads");
    }

    fn hear(&mut self) {
        let bytes = self.stream.read_line(&mut self.heard).expect("a line in time");
        assert_ne!(bytes, 0, "closed behind {:?}", self.heard);
    }

    fn ask(&mut self, id: usize, question: &Value) {
        let mut question = question.clone();
        question["id"] = id.into();
        self.send(&question);
        self.hear();
    }

    fn subscribe(&mut self) {
        let params = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
                             "clientInfo": { "name": "c", "version": "1" } });
        self.ask(0, &json!({ "method": "initialize", "params": params }));
        self.send(&json!({ "method": "notifications/initialized" }));
        let params = json!({ "uri": "demo://a" });
        self.ask(1, &json!({ "method": "resources/subscribe", "params": params }));
    }

    fn listen(&mut self) {
        let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                           "io.modelcontextprotocol/clientCapabilities": {} });
        let filter = json!({ "resourceSubscriptions": ["demo://a"] });
        let params = json!({ "_meta": meta, "notifications": filter });
        self.ask(0, &json!({ "method": "subscriptions/listen", "params": params }));
    }
}

/// Everything that peers of both eras and all wires hear.
fn transcript(driver: Choice, ablation: Ablation) -> Vec<String> {
    let engine = Engine::new(server(ablation)).driver(driver).shards(1).http("127.0.0.1:0");
    let running = engine.start().expect("the engine starts");
    let mut peers: Vec<_> = (0..PEERS).map(|_| Peer::new(&running)).collect();
    peers.iter_mut().for_each(Peer::subscribe);
    let mut listener = Peer::new(&running);
    listener.listen();
    for (id, question) in questions().iter().enumerate() {
        peers[0].ask(id + 2, question);
    }
    let update = json!({ "method": "tools/call", "params": { "name": "update" } });
    peers[0].ask(1000, &update);
    peers.push(listener);
    peers.iter_mut().for_each(Peer::hear);
    let mut heard: Vec<_> = peers.into_iter().map(|peer| peer.heard).collect();
    heard.push(over_http(&running.addresses()[0]));
    let copies = counter(&running, "copies");
    assert_eq!(copies == 0, ablation.leases, "{driver}, without {ablation}: {copies} copies");
    running.stop_now();
    assert_eq!(running.join(), Ok(()));
    heard
}

/// One call over HTTP, longer than a receive buffer.
fn over_http(url: &str) -> String {
    let address = url.trim_start_matches("http://").split('/').next().expect("an address");
    let name = "y".repeat(2 * RECEIVE_BUFFER_BYTES);
    let meta = json!({ "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                       "io.modelcontextprotocol/clientCapabilities": {} });
    let params = json!({ "_meta": meta, "name": "pooled", "arguments": { "name": name } });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let body = body.to_string();
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
         Accept: application/json, text/event-stream\r\nContent-Type: application/json\r\n\
         MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: tools/call\r\nMcp-Name: pooled\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let mut stream = TcpStream::connect(address).expect("the engine listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a socket");
    stream.write_all(request.as_bytes()).expect("the engine reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer in time");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    answer
}

fn counter(running: &Running, name: &str) -> u64 {
    let all: Value = serde_json::from_str(&running.metrics_json()).expect("JSON");
    all["counters"][name].as_u64().expect(name)
}

#[test]
fn without_an_optimisation_the_answers_are_the_same() {
    for driver in drivers() {
        let want = transcript(driver, Ablation::default());
        assert!(want.iter().all(|heard| heard.contains("demo://a") || heard.contains("yyy")));
        for off in OFF {
            let got = transcript(driver, off.parse().expect(off));
            for (at, (got, want)) in got.iter().zip(&want).enumerate() {
                let first = got.lines().zip(want.lines()).find(|(got, want)| got != want);
                assert!(got == want, "{driver}, without {off}, peer {at}: {first:?}");
            }
        }
    }
}
