//! Real sockets: an issuer on loopback that changes its keys while an engine serves, on every
//! driver and across shards.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use mcpring::ring::Choice;
use mcpring::{Authorization, Call, Engine, Issuer, Jwks, Running, Server, Tool};
use serde_json::{Value, json};
use support::{PATIENCE, ScratchDir, drivers};

const RESOURCE: &str = "https://tools.example.com/mcp";
const ISSUER: &str = "https://login.example.com";

/// A key pair of the issuer.
struct Key {
    id: &'static str,
    pair: Ed25519KeyPair,
}

impl Key {
    fn new(id: &'static str) -> Self {
        let seed = [id.as_bytes()[0]; 32];
        Self { id, pair: Ed25519KeyPair::from_seed_unchecked(&seed).expect("a seed") }
    }

    fn jwk(&self) -> Value {
        let x = BASE64.encode(self.pair.public_key());
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": self.id, "use": "sig", "x": x })
    }

    fn token(&self, subject: &str) -> String {
        let head = json!({ "alg": "EdDSA", "kid": self.id });
        let claims =
            json!({ "iss": ISSUER, "sub": subject, "aud": RESOURCE, "exp": 4_000_000_000_u64 });
        let message =
            format!("{}.{}", BASE64.encode(head.to_string()), BASE64.encode(claims.to_string()));
        format!("{message}.{}", BASE64.encode(self.pair.sign(message.as_bytes())))
    }
}

fn key_set(keys: &[&Key]) -> String {
    json!({ "keys": keys.iter().map(|key| key.jwk()).collect::<Vec<_>>() }).to_string()
}

/// The issuer's place of keys: what it answers, and how often it was asked.
struct KeyServer {
    url: String,
    state: Arc<Mutex<(u16, String, usize)>>,
}

impl KeyServer {
    /// Serves until the test program ends.
    fn start(keys: &[&Key]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}/keys.json", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new((200, key_set(keys), 0)));
        let shared = Arc::clone(&state);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.expect("a connection");
                let mut lines = BufReader::new(stream.try_clone().expect("a copy")).lines();
                while lines.next().is_some_and(|line| !line.unwrap_or_default().is_empty()) {}
                let (status, body) = {
                    let mut state = shared.lock().expect("no panic while it is held");
                    state.2 += 1;
                    (state.0, state.1.clone())
                };
                let length = body.len();
                let head = format!("HTTP/1.1 {status} x\r\nconnection: close\r\n");
                // A client that went away asks again.
                let _ = write!(stream, "{head}content-length: {length}\r\n\r\n{body}");
            }
        });
        Self { url, state }
    }

    fn answer(&self, status: u16, body: String) {
        let mut state = self.state.lock().expect("no panic while it is held");
        (state.0, state.1) = (status, body);
    }

    fn asked(&self) -> usize {
        self.state.lock().expect("no panic while it is held").2
    }
}

fn start(driver: Choice, shards: usize, jwks: Jwks) -> Running {
    let schema = json!({ "type": "object" });
    let who = |call: &mut Call<'_>| {
        call.context().principal().map_or_else(String::new, |who| who.subject().to_owned())
    };
    let server = Server::builder("test", "1.0.0")
        .tool(Tool::raw("who", schema.clone(), who))
        .tool(Tool::raw("write", schema, who).scopes(["write"]))
        .build()
        .expect("the test's server is in order");
    Engine::new(server)
        .driver(driver)
        .shards(shards)
        .http("127.0.0.1:0")
        .authorization(Authorization::new(RESOURCE).issuer(Issuer::new(ISSUER, jwks)))
        .start()
        .expect("the engine starts")
}

/// One request on a connection of its own: its status, and the whole answer. `line` is method and
/// path.
fn send(running: &Running, line: &str, token: &str, more: &str, body: &str) -> (u16, String) {
    let address = running.addresses()[0].strip_prefix("http://").expect("a URL");
    let address = address.strip_suffix("/mcp").expect("a path");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let length = body.len();
    write!(
        stream,
        "{line} HTTP/1.1\r\nHost: tools.example.com\r\nConnection: close\r\n\
         Content-Type: application/json\r\nAccept: application/json, text/event-stream\r\n\
         Authorization: Bearer {token}\r\n{more}Content-Length: {length}\r\n\r\n{body}"
    )
    .expect("the server reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer");
    let status = answer.get(9..12).and_then(|text| text.parse().ok()).expect("a status");
    (status, answer)
}

fn call(running: &Running, token: &str, session: &str, tool: &str) -> (u16, String) {
    let params = json!({ "name": tool, "arguments": {} });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
    let more = format!("Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n");
    send(running, "POST /mcp", token, &more, &body.to_string())
}

fn open(running: &Running, token: &str) -> (u16, String) {
    let client = json!({ "name": "test", "version": "1.0.0" });
    let params =
        json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params });
    send(running, "POST /mcp", token, "", &body.to_string())
}

fn session_of(answer: &str) -> String {
    let id = answer.split("mcp-session-id: ").nth(1).expect("a session");
    id.split("\r\n").next().expect("a line").to_owned()
}

/// Repeats until `is_done`: another thread is at work.
fn until(what: &str, mut is_done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_done() {
        assert!(start.elapsed() < PATIENCE, "waited in vain: {what}");
        thread::yield_now();
    }
}

#[test]
fn keys_are_replaced_while_the_engine_serves() {
    for driver in drivers() {
        let (old, new, third) = (Key::new("old"), Key::new("new"), Key::new("third"));
        let issuer = KeyServer::start(&[&old]);
        let jwks = Jwks::url(&*issuer.url).asked_every(Duration::ZERO);
        let running = start(driver, 2, jwks);
        let (old_token, new_token) = (old.token("ann"), new.token("ann"));
        let (status, answer) = open(&running, &old_token);
        assert_eq!(status, 200, "{driver:?} {answer}");
        let session = session_of(&answer);
        let (status, answer) = call(&running, &new_token, &session, "who");
        assert!(status == 401 && answer.contains("does not publish"), "{driver:?} {answer}");

        issuer.answer(200, key_set(&[&new]));
        until("the new key", || call(&running, &new_token, &session, "who").0 == 200);
        // Every shard has it, and none remembers tokens of a key that is gone.
        for _ in 0..16 {
            assert_eq!(call(&running, &new_token, &session, "who").0, 200, "{driver:?}");
            assert_eq!(call(&running, &old_token, &session, "who").0, 401, "{driver:?}");
        }

        issuer.answer(500, String::new());
        let before = issuer.asked();
        assert_eq!(open(&running, &third.token("eve")).0, 401);
        until("another question", || issuer.asked() > before);
        assert_eq!(call(&running, &new_token, &session, "who").0, 200, "the keys stay");
        running.stop();
        running.join().expect("a good end");
    }
}

#[test]
fn an_issuer_that_comes_late_is_found() {
    let key = Key::new("k");
    let issuer = KeyServer::start(&[&key]);
    issuer.answer(503, String::new());
    let jwks = Jwks::url(&*issuer.url).every(Duration::from_millis(10)).asked_every(Duration::ZERO);
    let running = start(Choice::Epoll, 1, jwks);
    let (status, answer) = open(&running, &key.token("ann"));
    assert!(status == 503 && answer.contains("retry-after"), "{answer}");
    issuer.answer(200, key_set(&[&key]));
    until("the first key", || open(&running, &key.token("ann")).0 == 200);
}

#[test]
fn a_session_is_its_principals_on_every_shard() {
    for driver in drivers() {
        let key = Key::new("k");
        let folder = ScratchDir::new();
        let path = folder.path("keys.json");
        std::fs::write(&path, key_set(&[&key])).expect("a file");
        let running = start(driver, 4, Jwks::file(path));
        let (ann, bob) = (key.token("ann"), key.token("bob"));
        let session = session_of(&open(&running, &ann).1);
        // The kernel spreads these over the shards; whichever it is, the owner decides.
        for _ in 0..24 {
            let (status, answer) = call(&running, &ann, &session, "who");
            assert!(status == 200 && answer.contains("ann"), "{driver:?} {answer}");
            let (status, answer) = call(&running, &bob, &session, "who");
            assert!(status == 404 && !answer.contains("ann"), "{driver:?} {answer}");
            let (status, answer) = call(&running, &ann, &session, "write");
            assert!(status == 403 && answer.contains("scope=\"write\""), "{driver:?} {answer}");
            let more = format!("Mcp-Session-Id: {session}\r\n");
            assert_eq!(send(&running, "DELETE /mcp", &bob, &more, "").0, 404, "{driver:?}");
        }
        let metrics = send(&running, "GET /metrics", &ann, "", "").1;
        assert!(!metrics.contains("forwards_total 0\n"), "every connection was the owner's");
        assert!(metrics.contains("sessions_foreign_total 48\n"), "{metrics}");
    }
}

#[test]
fn a_file_of_keys_that_cannot_be_read_stops_the_start() {
    let jwks = Jwks::file("/nonexistent/keys.json");
    let server = Server::builder("test", "1.0.0").build().expect("an empty server");
    let authorization = Authorization::new(RESOURCE).issuer(Issuer::new(ISSUER, jwks));
    let engine = Engine::new(server).http("127.0.0.1:0").authorization(authorization);
    let fault = engine.start().err().expect("no keys").to_string();
    assert!(fault.contains("/nonexistent/keys.json") && fault.contains(ISSUER), "{fault}");
}

#[test]
fn other_machines_may_be_served_only_where_callers_are_asked() {
    let key = Key::new("k");
    let server = || Server::builder("test", "1.0.0").build().expect("an empty server");
    let authorization = || {
        let jwks = Jwks::text(key_set(&[&key]));
        Authorization::new(RESOURCE).issuer(Issuer::new(ISSUER, jwks))
    };
    let engine = || Engine::new(server()).driver(Choice::Epoll).shards(1);
    let fault = engine().http("0.0.0.0:0").start().err().expect("anybody could call");
    assert!(fault.to_string().contains("authorization"), "{fault}");
    assert!(engine().http("0.0.0.0:0").authorization(authorization()).start().is_ok());
    assert!(engine().tcp("0.0.0.0:0").authorization(authorization()).start().is_err());
}
