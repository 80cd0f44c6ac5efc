//! An engine that has a process to itself: standard input and output, and signals.
//!
//! The test program starts itself again as the server: [`child`] does nothing in the parent and
//! serves in the child. A handler that must last as long as the test likes calls the parent's
//! socket and waits there, so nobody sleeps.

#![allow(clippy::disallowed_methods, reason = "these tests are about processes and sockets")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use mcpring::ring::Choice;
use mcpring::server::RequestFacts;
use mcpring::{Call, Config, Engine, Server, Tool};
use serde_json::{Value, json};

use support::{Client, PATIENCE, drivers};

const SPEECH: &str = "MCPRING_TEST_SPEECH";
const DRIVER: &str = "MCPRING_TEST_DRIVER";

/// The server's side; in the parent it has nothing to do.
#[test]
fn child() {
    let (Ok(speech), Ok(driver)) = (std::env::var(SPEECH), std::env::var(DRIVER)) else {
        return;
    };
    // A pipe has no read timeout: should an answer be lost, the engine ends the parent's wait.
    let config = Config { idle_ms: PATIENCE.as_millis() as u64, ..Config::default() };
    let engine = Engine::new(noisy_server()).config(config);
    let engine = engine.driver(driver.parse().expect("a driver"));
    if speech == "claimed" {
        Engine::claim_stdio().expect("nobody has taken it");
        Engine::claim_stdio().expect("again is nothing");
        // Before the start already this goes elsewhere, and nobody reads the protocol's bytes.
        println!("early stray");
        assert_eq!(std::io::stdin().read_line(&mut String::new()).expect("reading works"), 0);
    }
    let engine = if ["stdio", "claimed"].contains(&&*speech) {
        engine.stdio()
    } else {
        engine.shards(2).tcp(":0")
    };
    if speech == "started" {
        let running = engine.signals().start().expect("the engine starts");
        eprintln!("serving: {}", running.addresses().join(" "));
        running.wait().expect("an end in good order");
    } else {
        engine.run().expect("an end in good order");
    }
}

fn noisy_server() -> Server {
    let schema = || json!({ "type": "object" });
    Server::builder("test", "1.0.0")
        .tool(Tool::raw("print", schema(), print).inline())
        .tool(Tool::raw("spawn", schema(), spawn_noisy).pool())
        .tool(Tool::raw("visit", schema(), visit).pool())
        .tool(Tool::raw("transport", schema(), transport).keep_request(true))
        .build()
        .expect("the test's server is in order")
}

/// Prints where only the protocol may be.
fn print(_: &mut Call<'_>) -> String {
    let mut output = std::io::stdout();
    output.write_all(b"stray\n").and_then(|()| output.flush()).expect("printing works");
    let mut input = String::new();
    let read = std::io::stdin().read_line(&mut input).expect("reading works");
    format!("read {read}")
}

/// What carried the request.
fn transport(call: &mut Call<'_>) -> &'static str {
    call.context().request().map_or("", RequestFacts::transport)
}

/// Starts a process that has the standard descriptors as they are here, reads and writes.
fn spawn_noisy(_: &mut Call<'_>) -> String {
    let script = "echo child-stray; if read -r line; then exit 3; else exit 0; fi";
    let ended = Command::new("sh").args(["-c", script]).status().expect("a shell");
    format!("{:?}", ended.code())
}

/// Calls at the address it is told and stays until it is sent away.
fn visit(call: &mut Call<'_>) -> String {
    let address = call.argument("address").unwrap_or_default();
    let mut host = TcpStream::connect(&*address).expect("somebody is at home");
    let _ = host.read(&mut [0]);
    "back".to_owned()
}

fn spawn(speech: &str, choice: Choice) -> Child {
    Command::new(std::env::current_exe().expect("a test has a path"))
        .args(["--exact", "child", "--nocapture"])
        .env(SPEECH, speech)
        .env(DRIVER, choice.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a test can start itself")
}

fn ask(input: &mut ChildStdin, id: u64, method: &str, parameters: &Value) {
    let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters });
    writeln!(input, "{request}").expect("the server reads");
}

fn initialize(input: &mut ChildStdin, output: &mut impl BufRead) {
    let parameters = json!({
        "protocolVersion": "2025-11-25",
        "capabilities": {},
        "clientInfo": { "name": "test", "version": "1.0.0" },
    });
    ask(input, 0, "initialize", &parameters);
    // The test program says what it runs before it becomes a server, perhaps in the same line.
    let mut lines = output.lines().map_while(Result::ok);
    let answer = lines.find_map(|line| Some(line[line.find('{')?..].to_owned()));
    let answer: Value = serde_json::from_str(&answer.expect("an answer")).expect("JSON");
    assert_eq!(answer["result"]["serverInfo"]["name"], "test");
    let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
    writeln!(input, "{note}").expect("the server reads");
}

fn read_answer(output: &mut BufReader<ChildStdout>) -> Option<Value> {
    let mut line = String::new();
    let read = output.read_line(&mut line).expect("the pipe works");
    (read > 0).then(|| serde_json::from_str(&line).expect("nothing but JSON comes"))
}

/// Stray prints go elsewhere, the end of the input ends the engine, and what was asked before the
/// end is answered.
#[test]
fn stdio_is_clean_and_ends_with_its_input() {
    for (choice, speech) in drivers().into_iter().flat_map(|it| [(it, "stdio"), (it, "claimed")]) {
        let home = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = home.local_addr().expect("an address").to_string();
        let mut child = spawn(speech, choice);
        let mut input = child.stdin.take().expect("a pipe");
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        initialize(&mut input, &mut output);
        ask(&mut input, 1, "tools/call", &json!({ "name": "print", "arguments": {} }));
        let answer = read_answer(&mut output).expect("an answer");
        assert_eq!(answer["result"]["content"][0]["text"], "read 0", "{choice}: {answer}");
        ask(&mut input, 5, "tools/call", &json!({ "name": "spawn", "arguments": {} }));
        let answer = read_answer(&mut output).expect("an answer");
        assert_eq!(answer["result"]["content"][0]["text"], "Some(0)", "{choice}: {answer}");
        ask(&mut input, 6, "tools/call", &json!({ "name": "transport", "arguments": {} }));
        let answer = read_answer(&mut output).expect("an answer");
        assert_eq!(answer["result"]["content"][0]["text"], "stdio", "{choice}: {answer}");
        let arguments = json!({ "address": address });
        ask(&mut input, 2, "tools/call", &json!({ "name": "visit", "arguments": arguments }));
        let (visitor, _) = home.accept().expect("the handler calls");
        drop(input);
        drop(visitor);
        let answer = read_answer(&mut output).expect("what was asked is answered");
        assert_eq!(answer["id"], 2, "{choice}: {answer}");
        assert_eq!(read_answer(&mut output), None);
        let mut errors = String::new();
        let mut stderr = child.stderr.take().expect("a pipe");
        stderr.read_to_string(&mut errors).expect("text");
        assert!(errors.contains("stray\n"), "what was printed is in the log: {errors}");
        assert!(errors.contains("child-stray\n"), "what a child printed too: {errors}");
        assert_eq!(errors.contains("early stray\n"), speech == "claimed", "{errors}");
        assert!(child.wait().expect("it ends").success(), "{errors}");
    }
}

/// A server that has begun a call, with its client and the handler's line to the parent.
struct Busy {
    child: Child,
    client: Client,
    idle: Client,
    visitor: TcpStream,
}

impl Busy {
    fn start(choice: Choice, speech: &str) -> Self {
        let home = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let mut child = spawn(speech, choice);
        let errors = BufReader::new(child.stderr.take().expect("a pipe"));
        let address = errors
            .lines()
            .map_while(Result::ok)
            .find_map(|line| Some(line.split_once("serving: ")?.1.to_owned()))
            .expect("it says where it serves");
        let mut client = Client::open(&address);
        client.initialize();
        let mut idle = Client::open(&address);
        idle.initialize();
        let arguments = json!({ "address": home.local_addr().expect("an address").to_string() });
        client.send_call(7, "visit", &arguments);
        let (visitor, _) = home.accept().expect("the handler calls");
        Self { child, client, idle, visitor }
    }

    fn signal(&mut self, name: &str) {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status().expect("kill exists");
        assert!(sent.success());
    }
}

#[test]
fn the_first_signal_drains() {
    for choice in drivers() {
        for (name, speech) in [("TERM", "tcp"), ("INT", "tcp"), ("TERM", "started")] {
            let mut busy = Busy::start(choice, speech);
            busy.signal(name);
            assert_eq!(busy.idle.receive(), None, "idle connections are closed first");
            drop(busy.visitor);
            let answer = busy.client.receive().expect("what was asked is answered");
            assert_eq!(answer["result"]["content"][0]["text"], "back", "{choice}: {answer}");
            assert_eq!(busy.client.receive(), None);
            assert!(busy.child.wait().expect("it ends").success(), "{choice} {name}");
        }
    }
}

#[test]
fn the_second_signal_ends_at_once() {
    for (choice, speech) in drivers().into_iter().flat_map(|it| [(it, "tcp"), (it, "started")]) {
        let mut busy = Busy::start(choice, speech);
        busy.signal("TERM");
        assert_eq!(busy.idle.receive(), None, "the first has been heard");
        busy.signal("TERM");
        assert_eq!(busy.client.receive(), None, "nobody waits for the call");
        // The handler's thread ends with the process, which its line to us shows.
        busy.visitor.set_read_timeout(Some(PATIENCE)).expect("an option");
        assert_eq!(busy.visitor.read(&mut [0]).ok(), Some(0));
        assert!(busy.child.wait().expect("it ends").success(), "{choice} {speech}");
    }
}
