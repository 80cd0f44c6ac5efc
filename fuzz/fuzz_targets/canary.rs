//! A planted fault: a fuzzer that does not find it here would find nothing elsewhere.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::codec::{Assembled, LineDecoder};

fuzz_target!(|stream: &[u8]| {
    let (chunk, mut at) = (Assembled::copy(stream), 0);
    while let Ok(Some(frame)) = LineDecoder::new(1 << 12).next(&chunk, &mut at) {
        assert_ne!(frame.payload(&chunk), b"ring", "the planted fault");
    }
});
