//! 16 bytes at a time; every x86-64 processor has SSE2, so nothing needs detection.

#![allow(unsafe_code, reason = "intrinsics; SSE2 is part of x86-64")]
#![expect(clippy::inline_always, reason = "the questions are a few instructions each")]

use std::arch::x86_64::{
    __m128i, _mm_cmpeq_epi8, _mm_loadu_si128, _mm_max_epu8, _mm_min_epu8, _mm_movemask_epi8,
    _mm_or_si128, _mm_set1_epi8, _mm_sub_epi8,
};

use super::{Kernels, Lanes};
use crate::json::{escape, scan};

pub(super) static KERNELS: Kernels = Kernels {
    name: "sse2",
    scan: |text, tape| scan::scan(Sse2, text, tape),
    escape: |out, text| escape::escape(Sse2, out, text),
};

/// SSE2 is part of x86-64.
#[derive(Clone, Copy)]
struct Sse2;

impl Lanes for Sse2 {
    const WIDTH: usize = 16;

    #[inline(always)]
    fn string_stops(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: x86-64 has SSE2.
        unsafe { string_stops(&bytes[at..at + 16]) }
    }

    #[inline(always)]
    fn is_plain_pair(self, bytes: &[u8], at: usize) -> bool {
        // SAFETY: x86-64 has SSE2.
        unsafe { is_plain_pair(&bytes[at..at + 32]) }
    }

    #[inline(always)]
    fn other_than_space(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: x86-64 has SSE2.
        unsafe { other_than_space(&bytes[at..at + 16]) }
    }

    #[inline(always)]
    fn other_than_digits(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: x86-64 has SSE2.
        unsafe { other_than_digits(&bytes[at..at + 16]) }
    }
}

#[inline]
#[target_feature(enable = "sse2")]
fn string_stops(block: &[u8]) -> u32 {
    bits(stops(load(block)))
}

#[inline]
#[target_feature(enable = "sse2")]
fn is_plain_pair(pair: &[u8]) -> bool {
    let (first, second) = pair.split_at(16);
    bits(_mm_or_si128(stops(load(first)), stops(load(second)))) == 0
}

/// All ones in the lanes of quotes, backslashes and control characters.
#[inline]
#[target_feature(enable = "sse2")]
fn stops(block: __m128i) -> __m128i {
    let quote = equal(block, b'"');
    let slash = equal(block, b'\\');
    // The smaller of a byte and 0x1f is the byte itself for control characters only.
    let control = _mm_cmpeq_epi8(_mm_min_epu8(block, splat(0x1f)), block);
    _mm_or_si128(_mm_or_si128(quote, slash), control)
}

#[inline]
#[target_feature(enable = "sse2")]
fn other_than_space(block: &[u8]) -> u32 {
    let block = load(block);
    let lines = _mm_or_si128(equal(block, b'\n'), equal(block, b'\r'));
    let gaps = _mm_or_si128(equal(block, b' '), equal(block, b'\t'));
    bits(_mm_or_si128(lines, gaps)) ^ 0xffff
}

#[inline]
#[target_feature(enable = "sse2")]
fn other_than_digits(block: &[u8]) -> u32 {
    // Counted from '0', digits are 0 to 9 and all else is above: the larger of it and 9 is 9.
    let digit = _mm_sub_epi8(load(block), splat(b'0'));
    bits(_mm_cmpeq_epi8(_mm_max_epu8(digit, splat(9)), splat(9))) ^ 0xffff
}

#[inline]
#[target_feature(enable = "sse2")]
fn load(block: &[u8]) -> __m128i {
    assert!(block.len() == 16, "callers slice 16 bytes");
    // SAFETY: 16 bytes are readable; the load wants no alignment.
    unsafe { _mm_loadu_si128(block.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "sse2")]
fn splat(byte: u8) -> __m128i {
    _mm_set1_epi8(byte as i8)
}

#[inline]
#[target_feature(enable = "sse2")]
fn equal(block: __m128i, byte: u8) -> __m128i {
    _mm_cmpeq_epi8(block, splat(byte))
}

#[inline]
#[target_feature(enable = "sse2")]
fn bits(block: __m128i) -> u32 {
    _mm_movemask_epi8(block) as u32
}
