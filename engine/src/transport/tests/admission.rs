//! Routes, verbs, media types and facts of requests that are well formed.

use super::*;
use crate::transport::exchange::{ValueError, decode_value};

/// 0 for a request that goes up, else the refusal's status.
fn verdict(text: &str) -> u16 {
    match steps(&HttpRules::default(), [text.as_bytes()]).as_slice() {
        [Seen::Request { .. }] => 0,
        [Seen::Refused { status, .. }] => *status,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn routes_and_verbs() {
    let check = |path: &str, line: &str, want: u16| {
        let rules = HttpRules { path: path.to_owned(), ..HttpRules::default() };
        let text = request(&format!("{line} HTTP/1.1"), "", "");
        let seen = steps(&rules, [text.as_bytes()]);
        match seen.as_slice() {
            [Seen::Request { .. }] => assert_eq!(0, want, "{line}"),
            // Without a body even a refused request leaves the connection alive.
            [Seen::Refused { status, close }] => {
                assert_eq!((*status, *close), (want, want == 501), "{line}");
            }
            other => panic!("{line}: {other:?}"),
        }
    };
    for line in [
        "POST /mcp",
        "GET /mcp",
        "DELETE /mcp",
        "POST /mcp/",
        "POST /mcp?x=/y",
        "POST /mcp/?",
        "GET /healthz",
        "GET /metrics",
        "GET /metrics?x",
        "POST http://localhost:8080/mcp",
        "GET HTTPS://LOCALHOST:8080/healthz",
    ] {
        check("/mcp", line, 0);
    }
    for line in [
        "POST /",
        "POST /mcp//",
        "POST //mcp",
        "POST /MCP",
        "POST /mcpx",
        "POST /mcp/x",
        "POST /%6dcp",
        "POST /x/../mcp",
        "POST /mcp;x",
        "GET /healthz/",
        "GET /metricsx",
        "OPTIONS *",
        "POST http://localhost:8080",
    ] {
        check("/mcp", line, 404);
    }
    for verb in ["HEAD", "PUT", "PATCH", "OPTIONS", "TRACE", "CONNECT"] {
        check("/mcp", &format!("{verb} /mcp"), 405);
    }
    for line in ["POST /healthz", "DELETE /metrics", "HEAD /healthz", "OPTIONS /metrics"] {
        check("/mcp", line, 405);
    }
    check("/mcp", "BREW /nowhere", 404);
    check("/mcp", "BREW /mcp", 501);
    check("/a/b/", "POST /a/b", 0);
    check("/a/b/", "POST /mcp", 404);
    check("/", "POST /", 0);
    check("/", "GET /healthz", 0);
}

#[test]
fn content_types() {
    let check = |fields: &str, want: u16| {
        let text = format!("POST /mcp HTTP/1.1\r\nHost: localhost\r\nAccept: */*\r\n{fields}\r\n");
        assert_eq!(verdict(&text), want, "{fields}");
    };
    check("Content-Type: application/json\r\n", 0);
    check("content-type:Application/JSON ; charset=utf-8\r\n", 0);
    check("", 415);
    check("Content-Type:\r\n", 415);
    check("Content-Type: text/plain\r\n", 415);
    check("Content-Type: text/plain, application/json\r\n", 415);
    check("Content-Type: application/jsonp\r\n", 415);
    check("Content-Type: application/x-www-form-urlencoded\r\n", 415);
    check("Content-Type: multipart/form-data; boundary=application/json\r\n", 415);
    check("Content-Type: text/plain\r\nContent-Type: application/json\r\n", 415);
    check("Content-Type: application/json\r\nContent-Type: application/json\r\n", 415);
}

#[test]
fn accepted_types() {
    let check = |fields: &str, want: u16| {
        let text = format!(
            "POST /mcp HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{fields}\r\n"
        );
        assert_eq!(verdict(&text), want, "{fields}");
    };
    check("Accept: application/json, text/event-stream\r\n", 0);
    check("Accept: text/event-stream;q=0.5,APPLICATION/JSON;charset=utf-8\r\n", 0);
    check("Accept: application/json\r\naccept: text/event-stream\r\n", 0);
    check("Accept: */*\r\n", 0);
    check("Accept: application/*, text/*\r\n", 0);
    check("Accept: image/png, */*;q=0.1\r\n", 0);
    check("Accept: */*;q=0, application/json, text/event-stream\r\n", 0);
    check("Accept: application/*;q=0, application/json, text/event-stream\r\n", 0);
    check("Accept: */*;q=0, */*\r\n", 0);
    check("", 406);
    check("Accept:\r\n", 406);
    check("Accept: application/json\r\n", 406);
    check("Accept: text/event-stream\r\n", 406);
    check("Accept: text/html\r\n", 406);
    check("Accept: application/*\r\n", 406);
    check("Accept: application/jsonx, text/event-streamx\r\n", 406);
    check("Accept: */*;q=0\r\n", 406);
    check("Accept: */*, application/json;q=0\r\n", 406);
    check("Accept: */*, text/*;Q=0.000\r\n", 406);
    check("Accept: application/json, text/event-stream;q=0.0\r\n", 406);
}

#[test]
fn facts_are_what_was_sent() {
    let fields = "mcp-session-id: s1\r\nMCP-Protocol-Version: 2025-11-25 \r\nMcp-Method:tools/call\r\n\
         MCP-NAME: =?base64?w6k=?=\r\nLast-Event-ID: 7\r\nAuthorization: Bearer x\r\n\
         Mcp-Param-Region: eu\r\nmcp-param-Empty:\r\nX-Other: 1\r\n";
    let text = request("POST /mcp HTTP/1.1", fields, "");
    let rules = HttpRules::default();
    let chunk = Assembled::copy(text.as_bytes());
    let Step::Exchange(exchange) = Http1::new().next(&rules, &chunk, &mut 0) else {
        panic!("must go up");
    };
    let borrowed = exchange.facts;
    for facts in [borrowed.clone(), borrowed.into_owned()] {
        assert_eq!(facts.session_id(), Some("s1"));
        assert_eq!(facts.protocol_version(), Some("2025-11-25"));
        assert_eq!(facts.method(), Some("tools/call"));
        assert_eq!(facts.name(), Some("=?base64?w6k=?="));
        assert_eq!(facts.last_event_id(), Some("7"));
        assert_eq!(facts.authorization(), Some("Bearer x"));
        assert_eq!(facts.params().collect::<Vec<_>>(), [("Region", "eu"), ("Empty", "")]);
        assert!(facts.accepts_json() && facts.accepts_sse());
        assert!(!facts.duplicate_routing_header());
        assert!(!format!("{facts:?}").contains("Bearer"), "credentials in a trace");
    }
}

#[test]
fn routing_headers_that_come_twice() {
    let check = |fields: &str, want: bool| {
        let text = request("POST /mcp HTTP/1.1", fields, "");
        let chunk = Assembled::copy(text.as_bytes());
        match Http1::new().next(&HttpRules::default(), &chunk, &mut 0) {
            Step::Exchange(exchange) => {
                assert_eq!(exchange.facts.duplicate_routing_header(), want, "{fields}");
            }
            other => panic!("{fields}: {other:?}"),
        }
    };
    check("Mcp-Name: a\r\nMcp-Method: b\r\n", false);
    check("X: a\r\nX: a\r\nLast-Event-ID: 1\r\nLast-Event-ID: 1\r\n", false);
    check("Mcp-Param-A: 1\r\nMcp-Param-B: 1\r\n", false);
    check("Mcp-Name: a\r\nmcp-name: a\r\n", true);
    check("Mcp-Method: a\r\nMcp-Method:\r\n", true);
    check("Mcp-Session-Id: a\r\nMCP-SESSION-ID: b\r\n", true);
    check("MCP-Protocol-Version: a\r\nMcp-Protocol-Version: a\r\n", true);
    check("Mcp-Param-A: 1\r\nmcp-param-a: 1\r\n", true);
}

#[test]
fn header_values() {
    let check = |value: &str, want: Result<&str, ValueError>| {
        assert_eq!(decode_value(value).as_deref().map_err(|&fault| fault), want, "{value}");
    };
    let base64 = Err(ValueError::Base64);
    check("plain text", Ok("plain text"));
    check("", Ok(""));
    check("=?base64?SGVsbG8=?=", Ok("Hello"));
    check("=?base64?w6k=?=", Ok("é"));
    check("=?base64??=", Ok(""));
    check("=?base64?PT9iYXNlNjQ/Pz0=?=", Ok("=?base64??="));
    check("=?base64?SGVsbG8=", Ok("=?base64?SGVsbG8="));
    check("SGVsbG8=?=", Ok("SGVsbG8=?="));
    check("=?BASE64?SGVsbG8=?=", Ok("=?BASE64?SGVsbG8=?="));
    check("=?base64?=", Ok("=?base64?="));
    check("=?base64?SGVsbG8?=", base64);
    check("=?base64?SGVs!!!bG8=?=", base64);
    check("=?base64?SGVsbG9=?=", base64);
    check("=?base64?SGVsbG8==?=", base64);
    check("=?base64?SGV=bG8=?=", base64);
    check("=?base64?====?=", base64);
    check("=?base64?S===?=", base64);
    check("=?base64?A===?=", base64);
    check("=?base64?SGVs bG8=?=", base64);
    check("=?base64?-_-_?=", base64);
    check("=?base64?/w==?=", Err(ValueError::Utf8));
}

proptest::proptest! {
    #[test]
    fn base64_agrees_with_the_reference(text in "\\PC{0,40}", junk in "[A-Za-z0-9+/=]{0,12}") {
        use base64::prelude::*;
        let value = format!("=?base64?{}?=", BASE64_STANDARD.encode(&text));
        let decoded = decode_value(&value).map(std::borrow::Cow::into_owned);
        proptest::prop_assert_eq!(decoded.as_deref(), Ok(text.as_str()));
        let want = BASE64_STANDARD.decode(&junk).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        let got = decode_value(&format!("=?base64?{junk}?=")).ok().map(std::borrow::Cow::into_owned);
        proptest::prop_assert_eq!(got, want);
    }
}
