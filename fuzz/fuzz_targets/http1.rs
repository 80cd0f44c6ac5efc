//! HTTP requests cut anywhere are the same requests, and no bytes upset the reader.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::transport::{Assembled, Chunk, Http1, HttpRules, Step};

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, stream) = input;
    let cut = usize::from(cut).min(stream.len());
    let whole = steps(&[stream]);
    assert_eq!(steps(&[&stream[..cut], &stream[cut..]]), whole);
    assert_eq!(steps(&stream.chunks(1).collect::<Vec<_>>()), whole);
});

/// Every request and refusal in words, each request answered at once.
fn steps(pieces: &[&[u8]]) -> Vec<String> {
    let (mut http, rules, mut found) = (Http1::new(), HttpRules::default(), Vec::new());
    for chunk in pieces.iter().map(|piece| Assembled::copy(piece)) {
        let mut at = 0;
        loop {
            match http.next(&rules, &chunk, &mut at) {
                Step::Exchange(exchange) => {
                    let body = exchange.body.payload(&chunk).to_vec();
                    let (verb, route) = (exchange.verb, exchange.route);
                    found.push(format!("{verb:?} {route:?} {} {body:?}", exchange.keep_alive));
                    http.responded();
                }
                Step::Refuse(refusal) if refusal.close() => {
                    found.push(format!("{refusal:?}"));
                    return found;
                }
                Step::Refuse(refusal) => found.push(format!("{refusal:?}")),
                Step::Continue => found.push("continue".to_owned()),
                Step::NeedMore => break,
                Step::Waiting => unreachable!("every request is answered at once"),
            }
        }
        assert!(at == chunk.len() || http.is_closed(), "bytes were left");
    }
    found
}
