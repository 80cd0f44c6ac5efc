//! Streams over real sockets that outlast their access token: ended by the clock of whichever shard
//! carries them, on every driver.

#![allow(clippy::disallowed_methods, reason = "a test program")]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;
use mcpring::ring::Choice;
use mcpring::{Authorization, Engine, Issuer, Running, Server};
use serde_json::{Value, json};
use support::{PATIENCE, drivers};

const RESOURCE: &str = "https://tools.example.com/mcp";
const ISSUER: &str = "https://login.example.com";
const SECRET: &[u8] = b"a secret of at least 32 bytes ...";
/// Streams of each kind; of a session's, three of four are on shards that do not own it.
const STREAMS: usize = 8;
const FAR_UNIX_S: u64 = 4_000_000_000;

fn start(driver: Choice) -> Running {
    let server = Server::builder("test", "1.0.0").list_changes().build().expect("in order");
    let issuer = Issuer::shared_secret(ISSUER, SECRET).leeway_s(0);
    let engine = Engine::new(server).driver(driver).shards(4).http("127.0.0.1:0");
    let engine = engine.authorization(Authorization::new(RESOURCE).issuer(issuer));
    engine.start().expect("the engine starts")
}

fn token(expires_unix_s: u64) -> String {
    let claims = json!({ "iss": ISSUER, "sub": "ann", "aud": RESOURCE, "exp": expires_unix_s });
    let head = BASE64.encode(r#"{"alg":"HS256"}"#);
    let message = format!("{head}.{}", BASE64.encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    format!("{message}.{}", BASE64.encode(hmac::sign(&key, message.as_bytes())))
}

/// Sends one request on a connection of its own.
fn send(running: &Running, verb: &str, token: &str, more: &str, body: &Value) -> TcpStream {
    let address = running.addresses()[0].strip_prefix("http://").expect("a URL");
    let address = address.strip_suffix("/mcp").expect("a path");
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let body = if body.is_null() { String::new() } else { body.to_string() };
    let length = body.len();
    write!(
        stream,
        "{verb} /mcp HTTP/1.1\r\nHost: tools.example.com\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\nAuthorization: Bearer {token}\r\n{more}\
         Content-Length: {length}\r\n\r\n{body}"
    )
    .expect("the server reads");
    stream
}

/// What comes until the server closes the connection.
fn read(mut stream: TcpStream) -> String {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("the connection ends");
    answer
}

/// As [`send`], on a connection that ends with the answer.
fn ask(running: &Running, verb: &str, token: &str, more: &str, body: &Value) -> String {
    read(send(running, verb, token, &format!("{more}Connection: close\r\n"), body))
}

fn request(method: &str, params: &Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params })
}

/// Opens a session with a token that lasts; gives the header that names it.
fn open(running: &Running) -> String {
    let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": { "name": "test", "version": "1" } });
    let hello = request("initialize", &hello);
    let answer = ask(running, "POST", &token(FAR_UNIX_S), "", &hello);
    let id = answer.lines().find_map(|line| line.strip_prefix("mcp-session-id: "));
    format!("Mcp-Session-Id: {}\r\n", id.unwrap_or_else(|| panic!("no session: {answer}")))
}

/// Opens streams of both kinds, and reads them until the server ends them.
fn listen(running: &Running, token: &str, session: &str) -> Vec<String> {
    let more = "MCP-Protocol-Version: 2026-07-28\r\nMcp-Method: subscriptions/listen\r\n";
    let body = request(
        "subscriptions/listen",
        &json!({ "notifications": { "toolsListChanged": true }, "_meta": {
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {} } }),
    );
    let gets = (0..STREAMS).map(|_| send(running, "GET", token, session, &Value::Null));
    let posts = (0..STREAMS).map(|_| send(running, "POST", token, more, &body));
    let streams: Vec<_> = gets.chain(posts).collect();
    streams.into_iter().map(read).collect()
}

#[test]
fn streams_end_with_their_token_on_every_shard() {
    for driver in drivers() {
        let running = start(driver);
        let session = open(&running);
        // On a machine that is slow the shorter token may have expired before all have shown it.
        let short = [2, 10].into_iter().find_map(|life_s| {
            let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
            let short = token(now.as_secs() + life_s);
            let heard = listen(&running, &short, &session);
            let is_open = |answer: &String| answer.starts_with("HTTP/1.1 200");
            let is_ended = |answer: &String| answer.ends_with("0\r\n\r\n");
            heard.iter().all(is_open).then(|| {
                assert!(heard.iter().all(is_ended), "{driver:?} {heard:?}");
                short
            })
        });
        let short = short.expect("ten seconds are enough");
        let answer = ask(&running, "GET", &short, &session, &Value::Null);
        assert!(answer.starts_with("HTTP/1.1 401"), "{driver:?} {answer}");
        let mut stream = send(&running, "GET", &token(FAR_UNIX_S), &session, &Value::Null);
        let mut status = [0; 12];
        stream.read_exact(&mut status).expect("an answer");
        assert_eq!(&status, b"HTTP/1.1 200", "{driver:?}");
        let metrics: Value = serde_json::from_str(&running.metrics_json()).expect("JSON");
        let expired = metrics["counters"]["event_streams_expired"].as_u64();
        assert!(expired >= Some(2 * STREAMS as u64), "{driver:?} {metrics}");
        running.stop();
        assert_eq!(running.join(), Ok(()), "{driver:?}");
    }
}
