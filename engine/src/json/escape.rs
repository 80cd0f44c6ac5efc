//! Text to a JSON string: plain runs are found a block at a time and copied whole.

#![expect(clippy::inline_always, reason = "a call would leave the wide instructions behind")]

use super::simd::Lanes;

/// Appends `text` in quotes, with everything escaped that has to be and nothing else.
#[inline(always)]
pub(crate) fn escape<L: Lanes>(lanes: L, out: &mut Vec<u8>, text: &str) {
    let bytes = text.as_bytes();
    out.reserve(bytes.len() + 2);
    out.push(b'"');
    let mut start = 0;
    while start < bytes.len() {
        let stop = stop_from(lanes, bytes, start);
        out.extend_from_slice(&bytes[start..stop]);
        if let Some(byte) = bytes.get(stop) {
            push_escape(out, *byte);
        }
        start = stop + 1;
    }
    out.push(b'"');
}

/// The first byte at or behind `at` that needs an escape, or the length.
#[inline(always)]
fn stop_from<L: Lanes>(lanes: L, bytes: &[u8], mut at: usize) -> usize {
    while bytes.len() - at >= L::WIDTH {
        let stops = lanes.string_stops(bytes, at);
        if stops != 0 {
            return at + stops.trailing_zeros() as usize;
        }
        at += L::WIDTH;
    }
    // A handler's text has no slack behind it, so its last bytes are looked at on the stack.
    let mut block = [b' '; 32];
    let rest = &bytes[at..];
    block[..rest.len()].copy_from_slice(rest);
    let stops = lanes.string_stops(&block, 0);
    at + rest.len().min(stops.trailing_zeros() as usize)
}

#[inline(never)]
fn push_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        0x08 => b'b',
        0x0c => b'f',
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            let (high, low) = (HEX[usize::from(byte >> 4)], HEX[usize::from(byte & 15)]);
            return out.extend_from_slice(&[b'\\', b'u', b'0', b'0', high, low]);
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
