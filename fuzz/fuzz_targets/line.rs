//! A stream of lines cut anywhere gives the same lines as the stream in one piece.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::codec::LineDecoder;
use mcpring_fuzz::{frames, same_however_cut};

const FRAME_BYTES_MAX: usize = 1 << 12;

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, stream) = input;
    same_however_cut(stream, cut.into(), |pieces| {
        let mut decoder = LineDecoder::new(FRAME_BYTES_MAX);
        frames(pieces, &mut |chunk, at| decoder.next(chunk, at))
    });
});
