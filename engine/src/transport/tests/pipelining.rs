//! Requests behind requests: answered at once, answered late, and what is kept meanwhile.

use super::*;

fn post(body: &str) -> String {
    request("POST /mcp HTTP/1.1", &format!("Content-Length: {}\r\n", body.len()), body)
}

fn bodies(seen: &[Seen]) -> Vec<String> {
    seen.iter()
        .map(|seen| match seen {
            Seen::Request { body, .. } => String::from_utf8(body.clone()).unwrap(),
            Seen::Refused { status, .. } => status.to_string(),
            Seen::Continue => "continue".to_owned(),
        })
        .collect()
}

#[test]
fn order_is_kept_however_late_the_answers_are() {
    let chunked = request(
        "POST /mcp HTTP/1.1",
        "Transfer-Encoding: chunked\r\n",
        "2\r\nch\r\n4\r\nunks\r\n0\r\nT: x\r\n\r\n",
    );
    let expecting =
        request("POST /mcp HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 2\r\n", "ex");
    let check = |stream: &[&str], want: &[&str]| {
        let whole = stream.concat();
        for size in [1, 3, 50, 200, whole.len()] {
            assert_eq!(bodies(&steps(&HttpRules::default(), whole.as_bytes().chunks(size))), want);
            let rules = HttpRules::default();
            let mut peer = Peer::new(&rules);
            for piece in whole.as_bytes().chunks(size) {
                peer.receive(piece, false);
            }
            while peer.http.awaiting() {
                peer.answer(false);
            }
            assert_eq!(bodies(&peer.seen), want, "all late, by {size}");
            assert_eq!(peer.http.backlog_bytes(), 0);
        }
    };
    let (a, b, c) = (post("a"), post("bb"), post("ccc"));
    check(&[&a], &["a"]);
    check(&[&a, &b, &c], &["a", "bb", "ccc"]);
    check(&[&a, "\r\n", &b, "\r\n\r\n", &c, "\r\n"], &["a", "bb", "ccc"]);
    check(&[&chunked, &a, &chunked], &["chunks", "a", "chunks"]);
    check(&[&expecting, &a], &["continue", "ex", "a"]);
    check(&[&a, &expecting, &expecting], &["a", "continue", "ex", "continue", "ex"]);
    let unknown = request("GET /nowhere HTTP/1.1", "", "");
    check(&[&a, &unknown, &b], &["a", "404", "bb"]);
    let unknown_with_body = unknown.replace("\r\n\r\n", "\r\nContent-Length: 1\r\n\r\nx");
    check(&[&a, &unknown_with_body, &b], &["a", "404"]);
    check(&[&a, "rubbish\n", &b], &["a", "400"]);
    let last = request("GET /mcp HTTP/1.1", "Connection: TE, Close\r\n", "");
    check(&[&a, &last, &b], &["a", ""]);
    let old = request("GET /mcp HTTP/1.0", "Connection: keep-alive\r\n", "");
    check(&[&old, &b], &[""]);
}

#[test]
fn requests_in_one_chunk_are_places_in_it() {
    let rules = HttpRules::default();
    let stream = post("one") + &post("two");
    let chunk = Assembled::copy(stream.as_bytes());
    let mut http = Http1::new();
    let mut at = 0;
    for want in ["one", "two"] {
        match http.next(&rules, &chunk, &mut at) {
            Step::Exchange(Exchange { body: Frame::Direct(range), .. }) => {
                assert_eq!(&stream[range.clone()], want);
                assert_eq!(range.end, at);
            }
            other => panic!("{other:?}"),
        }
        http.responded();
    }
    assert!(matches!(http.next(&rules, &chunk, &mut at), Step::NeedMore));
}

#[test]
fn a_backlog_is_copied_once_and_read_in_place() {
    let rules = HttpRules::default();
    let stream = post("one") + &post("two") + &post("three");
    let chunk = Assembled::copy(stream.as_bytes());
    let mut http = Http1::new();
    let mut at = 0;
    assert!(matches!(http.next(&rules, &chunk, &mut at), Step::Exchange(_)));
    let kept = chunk.len() - at;
    assert!(matches!(http.next(&rules, &chunk, &mut at), Step::Waiting));
    assert_eq!((at, http.backlog_bytes()), (chunk.len(), kept));
    assert!(matches!(http.next_kept(&rules), Step::Waiting));
    let mut places = Vec::new();
    for want in ["two", "three"] {
        http.responded();
        match http.next_kept(&rules) {
            Step::Exchange(Exchange { body: Frame::Assembled(body), .. }) => {
                assert_eq!(body.payload(), want.as_bytes());
                places.push(body.payload().as_ptr().addr());
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(places[1] - places[0], post("three").len() - 2, "both lie in one buffer");
    assert_eq!(http.backlog_bytes(), 0);
}

#[test]
fn a_backlog_is_read_before_what_comes_after_it() {
    let rules = HttpRules::default();
    let mut peer = Peer::new(&rules);
    peer.receive((post("a") + &post("b") + "GET /mcp HT").as_bytes(), false);
    peer.http.responded();
    peer.receive(b"TP/1.1\r\nHost: localhost\r\n\r\n", true);
    assert_eq!(bodies(&peer.seen), ["a", "b", ""]);
}

#[test]
fn nothing_is_kept_behind_the_last_request() {
    let rules = HttpRules::default();
    let mut peer = Peer::new(&rules);
    let last = request("GET /mcp HTTP/1.1", "Connection: close\r\n", "");
    peer.receive((last.clone() + &post("x")).as_bytes(), false);
    peer.receive(post("y").as_bytes(), false);
    assert_eq!(peer.http.backlog_bytes(), 0);
    assert!(!peer.http.is_closed());
    peer.answer(false);
    assert!(peer.http.is_closed());
    peer.receive(post("z").as_bytes(), true);
    assert_eq!(peer.seen.len(), 1);
    assert!(matches!(peer.seen[0], Seen::Request { keep_alive: false, .. }));
}

#[test]
fn close_makes_the_present_exchange_the_last() {
    let rules = HttpRules::default();
    let mut peer = Peer::new(&rules);
    peer.receive((post("a") + &post("b")).as_bytes(), false);
    peer.http.close();
    peer.receive(post("c").as_bytes(), false);
    peer.answer(false);
    peer.receive(post("d").as_bytes(), true);
    assert_eq!(bodies(&peer.seen), ["a"]);
    assert_eq!((peer.http.partial_bytes(), peer.http.backlog_bytes()), (0, 0));
}

#[test]
fn continue_is_said_once_and_only_for_a_body_that_is_taken() {
    let check = |line: &str, fields: &str, body: &str, want: &[&str]| {
        let text = request(line, fields, body);
        assert_eq!(bodies(&steps(&HttpRules::default(), [text.as_bytes()])), want);
    };
    let expect = "Expect: 100-Continue\r\nContent-Length: 1\r\n";
    check("POST /mcp HTTP/1.1", expect, "", &["continue"]);
    check("POST /mcp HTTP/1.1", expect, "x", &["continue", "x"]);
    check("POST /mcp HTTP/1.0", expect, "x", &["x"]);
    check("GET /mcp HTTP/1.1", "Expect: 100-continue\r\n", "", &[""]);
    check("POST /x HTTP/1.1", expect, "x", &["404"]);
    let chunked = "Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n";
    check("POST /mcp HTTP/1.1", chunked, "1\r\nx\r\n0\r\n\r\n", &["continue", "x"]);
}
