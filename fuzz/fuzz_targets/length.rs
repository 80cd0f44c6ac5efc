//! A stream of length frames cut anywhere gives the same frames as the stream in one piece.
#![no_main]

use libfuzzer_sys::fuzz_target;
use mcpring::codec::{Assembled, FrameError, LengthDecoder};

const FRAME_BYTES_MAX: usize = 1 << 12;

fuzz_target!(|input: (u16, &[u8])| {
    let (cut, stream) = input;
    let cut = usize::from(cut).min(stream.len());
    let whole = frames(&[stream]);
    assert_eq!(frames(&[&stream[..cut], &stream[cut..]]), whole);
    assert_eq!(frames(&stream.chunks(1).collect::<Vec<_>>()), whole);
});

fn frames(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Option<FrameError>) {
    let (mut decoder, mut found) = (LengthDecoder::new(FRAME_BYTES_MAX), Vec::new());
    for chunk in pieces.iter().map(|piece| Assembled::copy(piece)) {
        let mut at = 0;
        loop {
            match decoder.next(&chunk, &mut at) {
                Ok(Some(frame)) => found.push(frame.payload(&chunk).to_vec()),
                Ok(None) => break,
                Err(fault) => return (found, Some(fault)),
            }
        }
    }
    (found, None)
}
