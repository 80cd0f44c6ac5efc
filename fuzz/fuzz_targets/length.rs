//! A stream of length frames cut anywhere gives the same frames as the stream in one piece.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::codec::LengthDecoder;
use mcpring_fuzz::{frames, same_however_cut};

const FRAME_BYTES_MAX: usize = 1 << 12;

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, stream) = input;
    same_however_cut(stream, cut.into(), |pieces| {
        let mut decoder = LengthDecoder::new(FRAME_BYTES_MAX);
        frames(pieces, &mut |chunk, at| decoder.next(chunk, at))
    });
});
