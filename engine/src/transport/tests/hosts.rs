//! Spellings of Host and Origin, on every verb and route.

use super::*;

const HOST: u16 = 421;
const ORIGIN: u16 = 403;

/// What the first step is: 0 for a request that goes up, else the refusal's status.
fn verdict(rules: &HttpRules, line: &str, host: &str, origin: Option<&str>) -> u16 {
    let origin = origin.map(|origin| format!("Origin: {origin}\r\n")).unwrap_or_default();
    let text = format!(
        "{line} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nAccept: */*\r\n\
         {origin}Content-Length: 0\r\n\r\n"
    );
    match steps(rules, [text.as_bytes()]).as_slice() {
        [Seen::Request { .. }] => 0,
        [Seen::Refused { status, close: true }] => *status,
        other => panic!("{text}: {other:?}"),
    }
}

fn check(rules: &HttpRules, host: &str, origin: Option<&str>, want: u16) {
    let lines = ["POST /mcp", "GET /mcp", "DELETE /mcp", "GET /healthz", "GET /metrics"];
    for line in lines {
        let got = verdict(rules, line, host, origin);
        assert_eq!(got, want, "{line} of host {host:?}, origin {origin:?}");
    }
}

#[test]
fn host_spellings_on_a_loopback_listener() {
    let rules = HttpRules::default();
    for host in [
        "localhost",
        "localhost:8080",
        "localhost:1",
        "localhost:65535",
        "LocalHost:80",
        "127.0.0.1",
        "127.0.0.1:3000",
        "[::1]",
        "[::1]:3000",
    ] {
        check(&rules, host, None, 0);
    }
    for host in [
        "",
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil",
        "127.0.0.1.evil:8080",
        "localhost.evil",
        "localhost.",
        "localhost.:8080",
        "127.0.0.1.",
        "user@localhost",
        "user:secret@127.0.0.1:80",
        "localhost@evil",
        "0.0.0.0",
        "0.0.0.0:8080",
        "127.1",
        "127.0.0.2",
        "2130706433",
        "0x7f000001",
        "0177.0.0.1",
        "::1",
        "[::1",
        "::1]",
        "[::1]evil",
        "[::1].evil",
        "[0:0:0:0:0:0:0:1]",
        "[::ffff:127.0.0.1]",
        "[::]",
        "[::1%25lo]",
        "localhost:",
        "localhost:x",
        "localhost:80:80",
        "localhost:65536",
        "localhost:000080",
        "localhost:-1",
        "localhost: 80",
        "localhost,evil",
        "localhost evil",
        "localhost/",
        "localhost#",
        "xlocalhost",
        "%6cocalhost",
        "localhost\u{e9}",
        "null",
        "*",
    ] {
        check(&rules, host, None, HOST);
    }
}

#[test]
fn origin_spellings_on_a_loopback_listener() {
    let rules = HttpRules::default();
    for origin in [
        "http://localhost",
        "http://localhost:6274",
        "https://localhost",
        "HTTP://LOCALHOST:1",
        "http://127.0.0.1:8080",
        "http://[::1]:8080",
        "https://[::1]",
    ] {
        check(&rules, "localhost:8080", Some(origin), 0);
    }
    for origin in [
        "",
        "null",
        "NULL",
        "localhost",
        "//localhost",
        "http:localhost",
        "http://",
        "http:///",
        "http://evil.example",
        "https://evil.example:8080",
        "http://127.0.0.1.evil",
        "http://localhost.evil",
        "http://localhost.",
        "http://user@localhost",
        "http://localhost@evil",
        "http://localhost:80@evil",
        "http://localhost/",
        "http://localhost:",
        "http://localhost:99999",
        "http://0.0.0.0",
        "http://[::]",
        "ftp://localhost",
        "file://localhost",
        "ws://localhost",
        "chrome-extension://localhost",
        "http://localhost evil",
        "http://localhost, http://evil",
        "http://localhost#",
        "http://localhost?x",
        "*",
    ] {
        check(&rules, "localhost:8080", Some(origin), ORIGIN);
    }
}

#[test]
fn host_is_judged_before_origin_and_origin_before_the_path() {
    let rules = HttpRules::default();
    check(&rules, "evil", Some("http://evil"), HOST);
    assert_eq!(verdict(&rules, "POST /nowhere", "localhost", Some("http://evil")), ORIGIN);
    assert_eq!(verdict(&rules, "BREW /mcp", "evil", None), HOST);
}

#[test]
fn a_second_origin_is_refused() {
    let rules = HttpRules::default();
    let two = "http://localhost\r\nOrigin: http://localhost";
    check(&rules, "localhost", Some(two), ORIGIN);
}

#[test]
fn lists_of_the_user() {
    let list = |entries: &[&str]| entries.iter().map(|&entry| entry.to_owned()).collect();
    let rules = HttpRules {
        allowed_hosts: list(&["api.example", "Other.example:8443"]),
        allowed_origins: list(&["https://app.example", "http://dev.example:3000"]),
        ..HttpRules::default()
    };
    check(&rules, "API.example:9", Some("https://App.example"), 0);
    check(&rules, "other.example:8443", Some("http://dev.example:3000"), 0);
    check(&rules, "api.example", Some("https://other.example:8443"), 0);
    check(&rules, "localhost", None, HOST);
    check(&rules, "other.example", None, HOST);
    check(&rules, "other.example:8444", None, HOST);
    check(&rules, "api.example", Some("http://app.example"), ORIGIN);
    check(&rules, "api.example", Some("https://app.example:444"), ORIGIN);
    check(&rules, "api.example", Some("http://localhost"), ORIGIN);

    let open = HttpRules { allowed_hosts: list(&["*"]), ..HttpRules::default() };
    check(&open, "anything.example:1", None, 0);
    for host in ["", ":80", "any thing", "[x]", "[::1", "user@any", "*", "any/"] {
        check(&open, host, None, HOST);
    }
    check(&open, "anything.example", Some("http://anything.example"), ORIGIN);
    let pages = HttpRules { allowed_origins: list(&["*"]), ..HttpRules::default() };
    check(&pages, "localhost", Some("https://any.example"), 0);
    check(&pages, "localhost", Some("null"), ORIGIN);
}
