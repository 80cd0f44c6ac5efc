//! What several fuzz targets need: independent readings to compare with, and streams in pieces.

use mcpring::codec::{Assembled, Chunk, Frame, FrameError};
use mcpring::json::{Kind, Value};
use mcpring::transport::{Http1, HttpRules, Step};
use serde_json::Value as Other;

/// A value of ours as one of serde_json's, read through our accessors.
pub fn rebuilt(value: Value<'_>) -> Other {
    match value.kind() {
        Kind::Array => value.elements().map(rebuilt).collect(),
        Kind::Object => {
            let name = |name: Value<'_>| name.as_str().expect("a name is a string").into_owned();
            value
                .members()
                .map(|(key, value)| (name(key), rebuilt(value)))
                .collect()
        }
        Kind::String => value.as_str().expect("it is a string").into(),
        Kind::Number => {
            let text = std::str::from_utf8(value.raw()).expect("a number is ASCII");
            let float = text.parse().ok().filter(|number: &f64| number.is_finite());
            assert_eq!(value.as_f64(), float, "the float of {text}");
            serde_json::from_str(text).expect("a number of the other's")
        }
        _ => serde_json::from_slice(value.raw()).expect("a word of the other's"),
    }
}

/// Checks that a stream gives the same when it is read whole, cut at `cut`, and byte by byte.
pub fn same_however_cut<T>(stream: &[u8], cut: usize, read: impl Fn(&[&[u8]]) -> T)
where
    T: PartialEq + std::fmt::Debug,
{
    let cut = cut.min(stream.len());
    let whole = read(&[stream]);
    assert_eq!(
        read(&[&stream[..cut], &stream[cut..]]),
        whole,
        "cut at {cut}"
    );
    assert_eq!(
        read(&stream.chunks(1).collect::<Vec<_>>()),
        whole,
        "byte by byte"
    );
}

/// A decoder's way to its next frame.
pub type Next<'n> = dyn FnMut(&dyn Chunk, &mut usize) -> Result<Option<Frame>, FrameError> + 'n;

/// Every frame of a stream in pieces, and the fault at its end.
pub fn frames(pieces: &[&[u8]], next: &mut Next<'_>) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let mut found = Vec::new();
    for chunk in pieces.iter().map(|piece| Assembled::copy(piece)) {
        let mut at = 0;
        loop {
            match next(&chunk, &mut at) {
                Ok(Some(frame)) => found.push(frame.payload(&chunk).to_vec()),
                Ok(None) => break,
                Err(fault) => return (found, Some(fault)),
            }
        }
    }
    (found, None)
}

/// Every request and refusal of a stream in words, each request answered at once.
pub fn requests(pieces: &[&[u8]]) -> Vec<String> {
    let (mut http, rules, mut found) = (Http1::new(), HttpRules::default(), Vec::new());
    for chunk in pieces.iter().map(|piece| Assembled::copy(piece)) {
        let mut at = 0;
        loop {
            match http.next(&rules, &chunk, &mut at) {
                Step::Exchange(exchange) => {
                    let body = exchange.body.payload(&chunk).to_vec();
                    let (verb, route) = (exchange.verb, exchange.route);
                    found.push(format!(
                        "{verb:?} {route:?} {} {body:?}",
                        exchange.keep_alive
                    ));
                    http.responded();
                }
                Step::Refuse(refusal) => {
                    found.push(format!("{refusal:?}"));
                    if refusal.close() {
                        return found;
                    }
                }
                Step::Continue => found.push("continue".to_owned()),
                Step::NeedMore => break,
                Step::Waiting => unreachable!("every request is answered at once"),
            }
        }
        assert!(at == chunk.len() || http.is_closed(), "bytes were left");
    }
    found
}
