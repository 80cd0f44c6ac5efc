//! Where the bytes are cut, and when the answers come, changes nothing.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;

/// Requests of every kind, good and bad, some of them cut short.
fn corpus() -> Vec<String> {
    let post = |fields: &str, body: &str| request("POST /mcp HTTP/1.1", fields, body);
    vec![
        post("Content-Length: 2\r\n", "{}"),
        post("Content-Length: 0\r\n", ""),
        post("Content-Length: 40\r\nMcp-Name: a\r\n", &"0123456789".repeat(4)),
        post(
            "Transfer-Encoding: chunked\r\n",
            "3\r\nabc\r\n10;x=y\r\n0123456789abcdef\r\n0\r\n\r\n",
        ),
        post("Transfer-Encoding: chunked\r\n", "0\r\nA: b\r\n\r\n"),
        post("Transfer-Encoding: chunked\r\n", "41\r\n"),
        post("Transfer-Encoding: chunked\r\n", "3\r\nabcd"),
        post("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc"),
        post("Content-Length: 65\r\n", ""),
        post("Content-Length: 1\r\nContent-Length: 1\r\n", "x"),
        post("Mcp-Session-Id: 1\r\nMcp-Param-X: 2\r\nAuthorization: b\r\n", ""),
        request("GET /healthz HTTP/1.1", "", ""),
        request("GET /metrics HTTP/1.0", "", ""),
        request("DELETE /mcp/ HTTP/1.1", "Connection: close\r\n", ""),
        request("PUT /mcp HTTP/1.1", "", ""),
        request("GET /elsewhere HTTP/1.1", "", ""),
        request("GET /mcp HTTP/1.1", "Origin: http://evil\r\n", ""),
        "\r\n".to_owned(),
        "\r".to_owned(),
        "GET /mcp HTTP/1.1\r\nHost: loc".to_owned(),
        "GET /mcp HTTP/1.1\nHost: localhost\n\n".to_owned(),
        "PRI * HTTP/2.0\r\n\r\n".to_owned(),
    ]
}

fn pieces<'a>(bytes: &'a [u8], places: &[Index]) -> Vec<&'a [u8]> {
    let mut cuts: Vec<_> = places.iter().map(|place| place.index(bytes.len() + 1)).collect();
    cuts.extend([0, bytes.len()]);
    cuts.sort_unstable();
    cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect()
}

/// Answers come late: after each piece, only if its bit in `answers` is set.
fn late_steps(rules: &HttpRules, pieces: &[&[u8]], answers: &[bool]) -> Vec<Seen> {
    let mut peer = Peer::new(rules);
    for (index, piece) in pieces.iter().enumerate() {
        peer.receive(piece, answers[index % answers.len()]);
        if answers[(index + 1) % answers.len()] {
            peer.answer(answers[(index + 2) % answers.len()]);
        }
    }
    while peer.http.awaiting() {
        peer.answer(false);
    }
    peer.seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]
    #[test]
    fn cutting_and_waiting_change_nothing(
        requests in vec(select(corpus()), 1..6),
        mutation in proptest::option::of((any::<Index>(), select(b"\0\r\n :;,0a\x7f\xff".as_slice()))),
        places in vec(any::<Index>(), 0..12),
        answers in vec(any::<bool>(), 1..8),
    ) {
        let rules = HttpRules { body_bytes_max: 64, ..HttpRules::default() };
        let mut stream = requests.concat().into_bytes();
        if let Some((place, byte)) = mutation {
            let place = place.index(stream.len());
            stream[place] = byte;
        }
        let want = steps(&rules, [&stream[..]]);
        let cut = pieces(&stream, &places);
        prop_assert_eq!(steps(&rules, cut.iter().copied()), want.clone());
        prop_assert_eq!(late_steps(&rules, &cut, &answers), want);
    }
}
