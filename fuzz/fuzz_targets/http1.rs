//! HTTP requests cut anywhere are the same requests, and no bytes upset the reader.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, stream) = input;
    mcpring_fuzz::same_however_cut(stream, cut.into(), mcpring_fuzz::requests);
});
