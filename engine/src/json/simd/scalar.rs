//! The oracle: the same questions answered a byte at a time, in safe code.

use super::{Kernels, Lanes};
use crate::json::{escape, scan};

pub(crate) static KERNELS: Kernels = Kernels {
    name: "scalar",
    scan: |text, tape| scan::scan(Scalar, text, tape),
    escape: |out, text| escape::escape(Scalar, out, text),
};

/// Needs no instruction beyond the ordinary ones.
#[derive(Clone, Copy)]
struct Scalar;

impl Lanes for Scalar {
    const WIDTH: usize = 8;

    fn string_stops(self, bytes: &[u8], at: usize) -> u32 {
        mask(bytes, at, |byte| matches!(byte, b'"' | b'\\' | 0..0x20))
    }

    fn is_plain_pair(self, bytes: &[u8], at: usize) -> bool {
        self.string_stops(bytes, at) == 0 && self.string_stops(bytes, at + Self::WIDTH) == 0
    }

    fn other_than_space(self, bytes: &[u8], at: usize) -> u32 {
        mask(bytes, at, |byte| !matches!(byte, b' ' | b'\t' | b'\n' | b'\r'))
    }

    fn other_than_digits(self, bytes: &[u8], at: usize) -> u32 {
        mask(bytes, at, |byte| !byte.is_ascii_digit())
    }
}

#[inline]
fn mask(bytes: &[u8], at: usize, is_set: impl Fn(u8) -> bool) -> u32 {
    let block = &bytes[at..at + Scalar::WIDTH];
    block.iter().rev().fold(0, |mask, byte| mask << 1 | u32::from(is_set(*byte)))
}
