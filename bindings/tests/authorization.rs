//! Settings that say whom HTTP is served to, and what a callback is told of who calls.

#![allow(clippy::disallowed_methods, reason = "the client has a socket")]

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;

use mcpring_c::*;
use serde_json::{Value, json};

use support::{Handle, PATIENCE, drivers, last_error, tool, view};

/// Sends one request on a connection of its own; gives status, session and body.
fn post(address: &str, headers: &str, body: &Value) -> (u16, Option<String>, Value) {
    let authority = address.trim_start_matches("http://").split('/').next().expect("a host");
    let mut stream = TcpStream::connect(authority).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("an option");
    let body = body.to_string();
    let length = body.len();
    let request = format!(
        "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Accept: application/json, text/event-stream\r\n{headers}Content-Length: {length}\r\n\r\n\
         {body}"
    );
    stream.write_all(request.as_bytes()).expect("the server reads");
    let mut reader = BufReader::new(stream);
    let (mut head, mut session, mut length) = (String::new(), None, 0);
    reader.read_line(&mut head).expect("a head");
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a head");
        let Some((name, value)) = line.trim().split_once(": ") else { break };
        match &*name.to_ascii_lowercase() {
            "mcp-session-id" => session = Some(value.to_owned()),
            "content-length" => length = value.trim().parse().expect("a length"),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).expect("a body");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
    (status, session, serde_json::from_slice(&body).unwrap_or_default())
}

#[test]
fn a_callback_knows_its_principal() {
    for driver in drivers() {
        let server = Handle::new();
        let who = |call: support::Call| {
            call.reply(&call.fact(MCPRING_FACT_PRINCIPAL).unwrap_or_default())
        };
        server.tool("who", MCPRING_RUN_POOL, who);
        let mut admin = tool("admin", who);
        admin.scopes = view("tools:use tools:admin");
        assert_eq!(server.add(&admin), MCPRING_OK, "{}", last_error());
        let tokens = json!({
            "token-of-ann-0123": { "subject": "ann", "scopes": ["tools:use"] },
            "token-of-bea-0123": { "subject": "bea", "scopes": ["tools:use", "tools:admin"] },
        });
        let authorization =
            json!({ "resource": "https://tools.example.com/mcp", "static_tokens": tokens });
        let settings = json!({ "driver": driver, "shards": 1, "authorization": authorization });
        assert_eq!(server.configure(&settings), MCPRING_OK, "{}", last_error());
        assert_eq!(server.listen("http://127.0.0.1:0"), MCPRING_OK);
        assert_eq!(server.start(), MCPRING_OK, "{}", last_error());
        let address = server.address(0).expect("an address");
        let hello = json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {},
            "clientInfo": { "name": "client", "version": "1" } } });
        assert_eq!(post(&address, "", &hello).0, 401, "{driver}");
        let check = |name: &str, tool: &str, status: u16, want: Option<&str>| {
            let bearer = format!("Authorization: Bearer token-of-{name}-0123\r\n");
            let (_, session, _) = post(&address, &bearer, &hello);
            let session = session.expect("a session");
            let headers = format!(
                "{bearer}Mcp-Session-Id: {session}\r\nMCP-Protocol-Version: 2025-11-25\r\n"
            );
            let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call",
                "params": { "name": tool } });
            let (got, _, answer) = post(&address, &headers, &call);
            assert_eq!(got, status, "{driver} {name} {tool}: {answer}");
            assert_eq!(answer["result"]["content"][0]["text"].as_str(), want, "{driver}: {answer}");
        };
        check("ann", "who", 200, Some("ann"));
        check("bea", "who", 200, Some("bea"));
        check("bea", "admin", 200, Some("bea"));
        check("ann", "admin", 403, None);
        assert_eq!(server.free(), MCPRING_OK);
    }
}
