//! What the tests with real sockets share: a server, a gate to hold its calls at, a plain client.
//!
//! The client is written from the protocol, not from the engine: it shares no code with it.

#![allow(clippy::disallowed_methods, reason = "the client has a socket")]
#![allow(dead_code, unreachable_pub, reason = "each test program uses a part")]

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};
use mcpring::ring::Choice;
use mcpring::{Call, Engine, Server, Tool};
use serde_json::{Value, json};

/// Longest any wait may take; only a failing test takes it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// The drivers that work here: epoll always, `io_uring` unless it is forbidden.
pub(crate) fn drivers() -> Vec<Choice> {
    let uring = Engine::new(server(&Gate::new())).driver(Choice::Uring).shards(1).tcp(":0").start();
    match uring {
        Ok(_) => vec![Choice::Uring, Choice::Epoll],
        Err(fault) => {
            eprintln!("only epoll is tested: {fault}");
            vec![Choice::Epoll]
        }
    }
}

/// Holds calls of the tool `gate` until it is opened.
#[derive(Clone)]
pub(crate) struct Gate {
    begun: (Sender<()>, Receiver<()>),
    opened: (Sender<()>, Receiver<()>),
}

impl Gate {
    pub(crate) fn new() -> Self {
        Self { begun: crossbeam_channel::unbounded(), opened: crossbeam_channel::unbounded() }
    }

    /// Waits until one more call stands at the gate.
    pub(crate) fn wait_for_caller(&self) {
        self.begun.1.recv_timeout(PATIENCE).expect("the call begins");
    }

    /// Lets all calls pass, present and future ones.
    pub(crate) fn open(&self) {
        for _ in 0..1000 {
            let _ = self.opened.0.send(());
        }
    }

    fn pass(&self) {
        let _ = self.begun.0.send(());
        let _ = self.opened.1.recv_timeout(PATIENCE);
    }
}

/// A server with one tool for each way a handler can run.
pub(crate) fn server(gate: &Gate) -> Server {
    let gate = gate.clone();
    let schema = || json!({ "type": "object" });
    Server::builder("test", "1.0.0")
        .tool(Tool::raw("inline", schema(), echo).inline())
        .tool(Tool::raw("pool", schema(), echo).pool())
        .tool(Tool::future("async", |arguments: Value, _call| async move {
            tokio::task::yield_now().await;
            arguments["text"].as_str().unwrap_or_default().to_owned()
        }))
        .tool(Tool::raw("gate", schema(), move |_: &mut Call<'_>| {
            gate.pass();
            "open"
        }))
        .tool(Tool::raw("panic", schema(), panic).pool())
        .tool(Tool::raw("panic-inline", schema(), panic).inline())
        .build()
        .expect("the test's server is in order")
}

fn echo(call: &mut Call<'_>) -> String {
    call.argument("text").unwrap_or_default().into_owned()
}

fn panic(_: &mut Call<'_>) -> String {
    // Without the panic hook, whose words would look like a failing test.
    std::panic::resume_unwind(Box::new("on purpose"))
}

/// A directory for sockets, removed afterwards.
pub(crate) struct ScratchDir(PathBuf);

impl ScratchDir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("mcpring-engine-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).expect("a fresh directory");
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

trait Stream: Read + Write {}
impl<S: Read + Write> Stream for S {}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speech {
    Http,
    Length,
    Line,
}

/// One connection that blocks.
pub(crate) struct Client {
    stream: Box<dyn Stream>,
    speech: Speech,
    /// Over HTTP, the session to name.
    pub(crate) session: Option<String>,
}

impl Client {
    /// Connects to `address`, a URL as the engine tells it.
    pub(crate) fn open(address: &str) -> Self {
        let (scheme, rest) = address.split_once("://").expect("a URL");
        let speech = match scheme {
            "http" => Speech::Http,
            "tcp" | "unix" => Speech::Length,
            "tcp+line" | "unix+line" => Speech::Line,
            _ => panic!("unknown scheme {scheme}"),
        };
        let stream: Box<dyn Stream> = if scheme.starts_with("unix") {
            let stream = UnixStream::connect(rest).expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("an option");
            Box::new(stream)
        } else {
            let authority = rest.split('/').next().unwrap_or_default();
            let stream = TcpStream::connect(authority).expect("a connection");
            stream.set_read_timeout(Some(PATIENCE)).expect("an option");
            stream.set_nodelay(true).expect("an option");
            Box::new(stream)
        };
        Self { stream, speech, session: None }
    }

    /// One that speaks in lines over `stream`.
    pub(crate) fn lines(stream: UnixStream) -> Self {
        stream.set_read_timeout(Some(PATIENCE)).expect("an option");
        Self { stream: Box::new(stream), speech: Speech::Line, session: None }
    }

    /// Opens the conversation and returns the answer.
    pub(crate) fn initialize(&mut self) -> Value {
        let parameters = json!({
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": { "name": "test", "version": "1.0.0" },
        });
        self.send_request(&json!("init"), "initialize", &parameters);
        let answer = self.receive().expect("an answer to initialize");
        let note = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        self.send(&note);
        if self.speech == Speech::Http {
            assert_eq!(self.receive(), Some(Value::Null), "a notification is accepted");
        }
        answer
    }

    /// Calls `tool` and waits for the answer.
    pub(crate) fn call(&mut self, id: u64, tool: &str, arguments: &Value) -> Value {
        self.send_call(id, tool, arguments);
        self.receive().expect("an answer")
    }

    /// Asks for a call of `tool`.
    pub(crate) fn send_call(&mut self, id: u64, tool: &str, arguments: &Value) {
        let parameters = json!({ "name": tool, "arguments": arguments });
        self.send_request(&json!(id), "tools/call", &parameters);
    }

    /// Asks and waits for the answer.
    pub(crate) fn ask(&mut self, id: u64, method: &str, parameters: &Value) -> Value {
        self.send_request(&json!(id), method, parameters);
        self.receive().expect("an answer")
    }

    fn send_request(&mut self, id: &Value, method: &str, parameters: &Value) {
        let request = json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters });
        self.send(&request);
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        let mut bytes = match self.speech {
            Speech::Http => self.head(body.len()).into_bytes(),
            Speech::Length => (body.len() as u32).to_be_bytes().to_vec(),
            Speech::Line => Vec::new(),
        };
        bytes.extend_from_slice(body.as_bytes());
        if self.speech == Speech::Line {
            bytes.push(b'\n');
        }
        self.stream.write_all(&bytes).expect("the server reads");
    }

    fn head(&self, length: usize) -> String {
        let session = match &self.session {
            Some(id) => format!("Mcp-Session-Id: {id}\r\nMCP-Protocol-Version: 2025-11-25\r\n"),
            None => String::new(),
        };
        format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\n{session}\
             Content-Length: {length}\r\n\r\n"
        )
    }

    /// The next message; `None` at the end of the connection. Over HTTP an answer without a body
    /// is `Null`.
    pub(crate) fn receive(&mut self) -> Option<Value> {
        match self.speech {
            Speech::Http => self.receive_http(),
            Speech::Length => {
                let length = self.read(4)?;
                let length = u32::from_be_bytes(length.try_into().expect("four bytes"));
                let body = self.read(length as usize).expect("a whole message");
                Some(serde_json::from_slice(&body).expect("JSON"))
            }
            Speech::Line => {
                let line = self.read_until(b"\n")?;
                Some(serde_json::from_slice(&line).expect("JSON"))
            }
        }
    }

    fn receive_http(&mut self) -> Option<Value> {
        let head = String::from_utf8(self.read_until(b"\r\n\r\n")?).expect("text");
        let field = |name: &str| {
            head.lines().find_map(|line| {
                let (key, value) = line.split_once(':')?;
                key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
            })
        };
        assert!(head.starts_with("HTTP/1.1 2"), "{head}");
        if let Some(id) = field("mcp-session-id") {
            self.session = Some(id);
        }
        let length = field("content-length").map_or(0, |value| value.parse().expect("a length"));
        let body = self.read(length).expect("a whole body");
        if body.is_empty() {
            return Some(Value::Null);
        }
        Some(serde_json::from_slice(&body).expect("JSON"))
    }

    fn read_until(&mut self, end: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        while !bytes.ends_with(end) {
            bytes.extend(self.read(1)?);
        }
        Some(bytes)
    }

    /// Reads exactly `count` bytes; `None` when the connection ends first, in good order or not.
    fn read(&mut self, count: usize) -> Option<Vec<u8>> {
        let mut bytes = vec![0; count];
        match self.stream.read_exact(&mut bytes) {
            Ok(()) => Some(bytes),
            Err(fault) => {
                let is_late = matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
                assert!(!is_late, "nothing came for {PATIENCE:?}");
                None
            }
        }
    }
}
