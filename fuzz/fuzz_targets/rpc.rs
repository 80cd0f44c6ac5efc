//! Whatever is read as a message is one by an independent reading, and its id is echoed verbatim.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::json::{PaddedBuf, Parser};
use mcpring::rpc::Message;
use serde_json::Value;

fuzz_target!(|data: &[u8]| {
    let (text, mut parser) = (PaddedBuf::copy(data), Parser::default());
    let Ok(root) = parser.parse(text.padded()) else {
        return;
    };
    let Ok(other) = serde_json::from_slice::<Value>(data) else {
        return;
    };
    let same = |raw: &[u8], member: &str| {
        let raw: Value = serde_json::from_slice(raw).expect("a span of a valid text is valid");
        assert_eq!(Some(&raw), other.get(member), "{member}");
    };
    match Message::parse(root) {
        Ok(Message::Request(request)) => same(request.id.raw(), "id"),
        Ok(Message::Notification(_)) => assert!(other.get("id").is_none(), "an id went unseen"),
        Ok(Message::Response(_)) => assert!(other.get("method").is_none(), "a method went unseen"),
        Err(fault) => return assert!(fault.id.is_none_or(|id| !id.raw().is_empty())),
    }
    assert_eq!(other["jsonrpc"], "2.0");
});
