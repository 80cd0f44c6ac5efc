//! Requests two readers could understand differently, and requests over a limit.

use super::*;
use crate::limits::{HEAD_BYTES_MAX, HEADERS_MAX};

const GOOD: &str = "Host: localhost\r\nContent-Type: application/json\r\nAccept: */*\r\n";

/// The first step must be a refusal that closes, whole and bytewise, and nothing may follow it.
fn check(text: &str, want: u16) {
    let rules = HttpRules { body_bytes_max: 100, ..HttpRules::default() };
    let wanted = [Seen::Refused { status: want, close: true }];
    let smuggled = format!("{text}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    let shown = text.escape_debug().to_string();
    assert_eq!(steps(&rules, [smuggled.as_bytes()]), wanted, "whole: {shown}");
    assert_eq!(steps(&rules, smuggled.as_bytes().chunks(1)), wanted, "bytewise: {shown}");
}

#[test]
fn ambiguous_bodies() {
    let post = |fields: &str, body: &str| format!("POST /mcp HTTP/1.1\r\n{GOOD}{fields}\r\n{body}");
    for fields in [
        "Content-Length: 2\r\nContent-Length: 3\r\n",
        "Content-Length: 2\r\nContent-Length: 2\r\n",
        "Content-Length: 2, 2\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: -2\r\n",
        "Content-Length: 0x2\r\n",
        "Content-Length: 2 2\r\n",
        "Content-Length: two\r\n",
        "Content-Length:\r\n",
        "Content-Length: \u{0662}\r\n",
        "Content-Length: 18446744073709551616\r\n",
        "Content-Length: 99999999999999999999999\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: chunked\r\ncontent-length: 0\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: chunked;q=1\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding: \"chunked\"\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding:\r\n",
        "Transfer-Encoding: \u{b}chunked\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length : 2\r\n",
        " Content-Length: 2\r\n",
        "Transfer-Encoding\r\n",
        "Transfer-Encoding:\r\n chunked\r\n",
        "X: y\r\n\tfolded\r\n",
        "X: y\r\n folded: z\r\n",
    ] {
        check(&post(fields, "{}"), 400);
    }
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "-5\r\nhello\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5;a\nhello\r\n0\r\n\r\n",
        "5 ;a\r\nhello\r\n0\r\n\r\n",
        "fffffffffffffffff\r\n",
        "g\r\n",
        "0\r\n folded\r\n\r\n",
        "0\r\nx: y\n\r\n",
    ] {
        check(&post("Transfer-Encoding: chunked\r\n", body), 400);
    }
    check(&format!("POST /mcp HTTP/1.0\r\n{GOOD}Transfer-Encoding: chunked\r\n\r\n"), 400);
}

#[test]
fn malformed_heads() {
    for (head, want) in [
        ("GET /mcp HTTP/1.1\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp HTTP/1.0\r\nHost: localhost\r\nhost: evil\r\n\r\n", 400),
        ("GET /mcp HTTP/1.0\r\n\r\n", 421),
        ("GET /mcp HTTP/1.1\nHost: localhost\n\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\n\n", 400),
        ("\nGET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("\rGET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\rHost: localhost\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: local\rhost\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: a\u{1}b\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\nX: a\u{7f}b\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\nX\0: a\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\n: a\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400),
        ("GET /mcp HTTP/1.1\r\n Host: localhost\r\n\r\n", 400),
        ("GET  /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp  HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET\t/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (" GET /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /m cp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp\0 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp\u{e9} HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp#x HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET http://evil/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET http://localhost:1/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET http://u@localhost/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET http://localhost?/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET ftp://localhost/mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET http:///mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp\r\n\r\n", 400),
        ("GET /mcp HTTPS/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp http/1.1\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp HTTP/11\r\nHost: localhost\r\n\r\n", 400),
        ("GET /mcp HTTP/1.2\r\nHost: localhost\r\n\r\n", 505),
        ("GET /mcp HTTP/2.0\r\nHost: localhost\r\n\r\n", 505),
        ("PRI * HTTP/2.0\r\n\r\n", 505),
        ("BREW /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 501),
        ("get /mcp HTTP/1.1\r\nHost: localhost\r\n\r\n", 501),
        ("GET /mcp HTTP/1.1\r\nHost: localhost\r\nExpect: 200-ok\r\n\r\n", 417),
        (
            "GET /mcp HTTP/1.1\r\nHost: localhost\r\nAuthorization: a\r\nAuthorization: a\r\n\r\n",
            400,
        ),
        ("\u{16}\u{3}\u{1}\u{2}", 400),
        ("{\"jsonrpc\":\"2.0\"}", 400),
    ] {
        check(head, want);
    }
}

#[test]
fn limits() {
    let get = "GET /mcp HTTP/1.1\r\nHost: localhost\r\n";
    let padded = |len: usize| {
        let mut head = format!("{get}X: ");
        head.push_str(&"x".repeat(len - head.len() - 4));
        head + "\r\n\r\n"
    };
    let fields = |count: usize| format!("{get}{}\r\n", "X: y\r\n".repeat(count - 1));
    let rules = HttpRules::default();
    for fits in [padded(HEAD_BYTES_MAX), fields(HEADERS_MAX)] {
        for size in [1, 1000, fits.len()] {
            let seen = steps(&rules, fits.as_bytes().chunks(size));
            assert!(matches!(seen[..], [Seen::Request { .. }]), "{} by {size}", fits.len());
        }
    }
    check(&padded(HEAD_BYTES_MAX + 1), 431);
    check(&"x".repeat(HEAD_BYTES_MAX), 431);
    check(&fields(HEADERS_MAX + 1), 431);
    let post = |fields: &str, body: &str| format!("POST /mcp HTTP/1.1\r\n{GOOD}{fields}\r\n{body}");
    check(&post("Content-Length: 101\r\n", ""), 413);
    check(&post("Content-Length: 18446744073709551615\r\n", ""), 413);
    check(&post("Expect: 100-continue\r\nContent-Length: 101\r\n", ""), 413);
    check(&post("Transfer-Encoding: chunked\r\n", "65\r\n"), 413);
    let chunks = format!("64\r\n{}\r\n1\r\n", "x".repeat(100));
    check(&post("Transfer-Encoding: chunked\r\n", &chunks), 413);
}

#[test]
fn every_refusal_is_a_whole_answer_that_says_what_to_do() {
    let rules = HttpRules::default();
    for line in [
        "PUT /mcp",
        "HEAD /mcp",
        "HEAD /x",
        "HEAD /mcp?access_token=x",
        "POST /healthz",
        "GET /x",
        "BREW /mcp",
        "POST /mcp",
    ] {
        let text = format!("{line} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let chunk = Assembled::copy(text.as_bytes());
        let Step::Refuse(refusal) = Http1::new().next(&rules, &chunk, &mut 0) else {
            panic!("{line} must be refused");
        };
        let mut out = Vec::new();
        refusal.write(&mut out);
        let answer = String::from_utf8(out).unwrap();
        assert!(answer.starts_with(&format!("HTTP/1.1 {} ", refusal.status())), "{answer}");
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert_eq!(body.is_empty(), line.starts_with("HEAD"), "{answer}");
        assert!(body.is_empty() || body.trim_end() == refusal.text());
        assert_eq!(head.contains("connection: close"), refusal.close(), "{answer}");
        assert_eq!(head.contains("\r\nallow: "), refusal.status() == 405, "{answer}");
    }
}
