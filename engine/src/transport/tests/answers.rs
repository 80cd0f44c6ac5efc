//! What is written: whole answers, streams, pipe frames, events.

use super::*;
use crate::codec::ChunkedBody;

/// Parses an answer with an independent reader: status, headers, body.
fn parse(out: &[u8]) -> (u16, Vec<(String, String)>, &[u8]) {
    let mut headers = [httparse::EMPTY_HEADER; 16];
    let mut response = httparse::Response::new(&mut headers);
    let end = response.parse(out).unwrap().unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let headers =
        response.headers.iter().map(|header| (header.name.to_owned(), text(header.value)));
    (response.code.unwrap(), headers.collect(), &out[end..])
}

fn value<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

#[test]
fn whole_answers() {
    for (status, body_len, keep_alive) in
        [(200, 0, true), (200, 9, true), (404, 10, false), (503, 123_456, true), (299, 1, false)]
    {
        let mut out = b"before".to_vec();
        let headers = [("mcp-session-id", "abc"), ("x", "")];
        respond(&mut out, status, &headers, Some("application/json"), keep_alive, |out| {
            out.resize(out.len() + body_len, b'x');
        });
        assert!(out.starts_with(b"beforeHTTP/1.1 "));
        let (code, headers, body) = parse(&out[6..]);
        assert_eq!((code, body.len()), (status, body_len));
        assert_eq!(value(&headers, "content-length"), Some(body_len.to_string().as_str()));
        assert_eq!(value(&headers, "content-type"), Some("application/json"));
        assert_eq!(value(&headers, "mcp-session-id"), Some("abc"));
        assert_eq!(value(&headers, "connection").is_none(), keep_alive);
    }
}

#[test]
fn answers_without_a_body() {
    for (status, length) in [(202, Some("0")), (204, None), (405, Some("0"))] {
        let mut out = Vec::new();
        respond_empty(&mut out, status, &[("allow", "POST")], true);
        let (code, headers, body) = parse(&out);
        assert_eq!((code, body), (status, &b""[..]));
        assert_eq!(value(&headers, "content-length"), length);
        assert_eq!(value(&headers, "allow"), Some("POST"));
    }
}

#[test]
fn streams() {
    for takes_chunks in [true, false] {
        let mut out = Vec::new();
        let headers = [("x-accel-buffering", "no")];
        let stream = Stream::open(&mut out, &headers, "text/event-stream", takes_chunks, true);
        for piece in ["one", "", &"x".repeat(70_000)] {
            let mark = stream.open_piece(&mut out);
            out.extend_from_slice(piece.as_bytes());
            stream.close_piece(&mut out, mark);
        }
        assert_eq!(stream.finish(&mut out), takes_chunks);
        let (code, headers, rest) = parse(&out);
        assert_eq!(code, 200);
        assert_eq!(value(&headers, "content-length"), None);
        assert_eq!(value(&headers, "connection").is_none(), takes_chunks);
        assert_eq!(value(&headers, "transfer-encoding").is_some(), takes_chunks);
        let mut body = Vec::new();
        if takes_chunks {
            let mut at = 0;
            let whole = ChunkedBody::new().decode(rest, &mut at, &mut body, 1 << 20);
            assert_eq!((whole, at), (Ok(true), rest.len()));
        } else {
            body.extend_from_slice(rest);
        }
        assert_eq!(body, format!("one{}", "x".repeat(70_000)).as_bytes());
    }
}

#[test]
#[cfg_attr(debug_assertions, should_panic(expected = "one line"))]
fn a_header_cannot_hold_a_line_end() {
    let mut out = Vec::new();
    respond_empty(&mut out, 200, &[("x", "a\r\nevil: 1\0")], true);
    let (_, headers, _) = parse(&out);
    assert_eq!(value(&headers, "x"), Some("a  evil: 1"));
}

#[test]
fn what_a_pipe_writes_it_reads() {
    for framing in [Framing::Length, Framing::Line] {
        let mut pipe = Pipe::new(framing, 100);
        let mut out = b"".to_vec();
        for message in ["{}", "[1]", &"x".repeat(100)] {
            let mark = pipe.open(&mut out);
            out.extend_from_slice(message.as_bytes());
            pipe.close(&mut out, mark);
        }
        let chunk = Assembled::copy(&out);
        let mut at = 0;
        for want in ["{}", "[1]", &"x".repeat(100)] {
            let frame = pipe.next(&chunk, &mut at).unwrap().unwrap();
            assert_eq!(frame.payload(&chunk), want.as_bytes());
        }
        assert!(pipe.next(&chunk, &mut at).unwrap().is_none());
        assert!(!pipe.is_partial());
    }
}

#[test]
fn events() {
    let check = |id: Option<&str>, event: Option<&str>, data: &str, want: &str| {
        let mut out = Vec::new();
        sse::event_into(&mut out, id, event, data.as_bytes());
        assert_eq!(String::from_utf8(out).unwrap(), want);
    };
    check(None, None, "{}", "data: {}\r\n\r\n");
    check(Some("7"), None, "", "id: 7\r\ndata: \r\n\r\n");
    check(None, Some("endpoint"), "/m?s=1", "event: endpoint\r\ndata: /m?s=1\r\n\r\n");
    check(None, None, "a\nb\r\nc\rd", "data: a\r\ndata: b\r\ndata: c\r\ndata: d\r\n\r\n");
    check(None, None, "a\n", "data: a\r\ndata: \r\n\r\n");
    let mut out = Vec::new();
    sse::comment_into(&mut out);
    sse::retry_into(&mut out, 100);
    sse::event_with(&mut out, Some("1"), |out| out.extend_from_slice(b"{}"));
    let want = ":\r\n\r\nretry: 100\r\nid: 1\r\nevent: message\r\ndata: {}\r\n\r\n";
    assert_eq!(String::from_utf8(out).unwrap(), want);
}
