//! The scan agrees with serde_json and simd-json on what JSON is, and with serde_json on values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::json::{Backend, JsonErrorKind, Kind, PaddedBuf, Parser, Value};
use serde_json::Value as Other;

fuzz_target!(|data: &[u8]| {
    let (text, mut parser) = (PaddedBuf::copy(data), Parser::new(Backend::Scan));
    let other = serde_json::from_slice::<Other>(data);
    // simd-json has no depth limit and refuses numbers too large for it: those texts prove nothing.
    let comparable = !data.iter().any(u8::is_ascii_digit);
    let simd_accepts = simd_json::to_tape(&mut data.to_vec()).is_ok();
    match (parser.parse(text.padded()), other) {
        (Ok(value), Ok(other)) => {
            assert_eq!(rebuilt(value), other);
            assert!(simd_accepts || !comparable, "simd-json refuses it");
        }
        (Ok(_), Err(fault)) => assert!(fault.to_string().contains("out of range"), "{fault}"),
        (Err(fault), Ok(_)) => assert_eq!(fault.kind, JsonErrorKind::TooDeep, "{fault}"),
        (Err(fault), Err(_)) => assert!(!simd_accepts || fault.kind == JsonErrorKind::TooDeep, "{fault}"),
    }
});

fn rebuilt(value: Value<'_>) -> Other {
    match value.kind() {
        Kind::Array => value.elements().map(rebuilt).collect(),
        Kind::Object => {
            let name = |name: Value<'_>| name.as_str().expect("a name is a string").into_owned();
            value.members().map(|(key, value)| (name(key), rebuilt(value))).collect()
        }
        Kind::String => value.as_str().expect("it is a string").into(),
        Kind::Number => {
            let text = std::str::from_utf8(value.raw()).expect("a number is ASCII");
            assert_eq!(value.as_f64(), text.parse().ok().filter(|number: &f64| number.is_finite()));
            serde_json::from_str(text).expect("a number of the other's")
        }
        _ => serde_json::from_slice(value.raw()).expect("a word of the other's"),
    }
}
