//! The scan agrees with serde_json and simd-json on what JSON is, and with serde_json on values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::json::{JsonErrorKind, PaddedBuf, Parser};

fuzz_target!(|data: &[u8]| {
    let (text, mut parser) = (PaddedBuf::copy(data), Parser::default());
    let other = serde_json::from_slice::<serde_json::Value>(data);
    // simd-json has no depth limit and refuses numbers too large for it: those texts prove nothing.
    let comparable = !data.iter().any(u8::is_ascii_digit);
    let simd_accepts = simd_json::to_tape(&mut data.to_vec()).is_ok();
    match (parser.parse(text.padded()), other) {
        (Ok(value), Ok(other)) => {
            assert_eq!(mcpring_fuzz::rebuilt(value), other);
            assert!(simd_accepts || !comparable, "simd-json refuses it");
        }
        (Ok(_), Err(fault)) => assert!(fault.to_string().contains("out of range"), "{fault}"),
        (Err(fault), Ok(_)) => assert_eq!(fault.kind, JsonErrorKind::TooDeep, "{fault}"),
        (Err(fault), Err(_)) => {
            assert!(
                !simd_accepts || fault.kind == JsonErrorKind::TooDeep,
                "{fault}"
            );
        }
    }
});
