//! 32 bytes at a time on x86-64 processors with AVX2 (and BMI1, which they all have).

#![allow(unsafe_code, reason = "intrinsics; the token proves the processor has them")]
#![expect(clippy::inline_always, reason = "a call would leave the wide instructions behind")]

use std::arch::x86_64::{
    __m256i, _mm256_cmpeq_epi8, _mm256_loadu_si256, _mm256_max_epu8, _mm256_min_epu8,
    _mm256_movemask_epi8, _mm256_or_si256, _mm256_set1_epi8, _mm256_sub_epi8,
};

use super::{Kernels, Lanes};
use crate::json::error::JsonError;
use crate::json::padded::Padded;
use crate::json::tape::Tape;
use crate::json::{escape, scan};

static KERNELS: Kernels = Kernels { name: "avx2", scan, escape };

/// The kernels, if this processor can run them. There is no other way to reach them.
pub(super) fn kernels() -> Option<&'static Kernels> {
    (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi1")).then_some(&KERNELS)
}

fn scan(text: Padded<'_>, tape: &mut Tape) -> Result<(), JsonError> {
    // SAFETY: only reached through the table that `kernels` gives after detection.
    unsafe { scan_avx2(text, tape) }
}

fn escape(out: &mut Vec<u8>, text: &str) {
    // SAFETY: only reached through the table that `kernels` gives after detection.
    unsafe { escape_avx2(out, text) }
}

#[target_feature(enable = "avx2,bmi1")]
fn scan_avx2(text: Padded<'_>, tape: &mut Tape) -> Result<(), JsonError> {
    scan::scan(Avx2(()), text, tape)
}

#[target_feature(enable = "avx2,bmi1")]
fn escape_avx2(out: &mut Vec<u8>, text: &str) {
    escape::escape(Avx2(()), out, text);
}

/// INVARIANT: exists only inside functions compiled for AVX2, so the processor has it.
#[derive(Clone, Copy)]
struct Avx2(());

impl Lanes for Avx2 {
    const WIDTH: usize = 32;

    #[inline(always)]
    fn string_stops(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: the token proves AVX2.
        unsafe { string_stops(&bytes[at..at + 32]) }
    }

    #[inline(always)]
    fn is_plain_pair(self, bytes: &[u8], at: usize) -> bool {
        // SAFETY: the token proves AVX2.
        unsafe { is_plain_pair(&bytes[at..at + 64]) }
    }

    #[inline(always)]
    fn other_than_space(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: the token proves AVX2.
        unsafe { other_than_space(&bytes[at..at + 32]) }
    }

    #[inline(always)]
    fn other_than_digits(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: the token proves AVX2.
        unsafe { other_than_digits(&bytes[at..at + 32]) }
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn string_stops(block: &[u8]) -> u32 {
    bits(stops(load(block)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn is_plain_pair(pair: &[u8]) -> bool {
    let (first, second) = pair.split_at(32);
    bits(_mm256_or_si256(stops(load(first)), stops(load(second)))) == 0
}

/// All ones in the lanes of quotes, backslashes and control characters.
#[inline]
#[target_feature(enable = "avx2")]
fn stops(block: __m256i) -> __m256i {
    let quote = equal(block, b'"');
    let slash = equal(block, b'\\');
    // The smaller of a byte and 0x1f is the byte itself for control characters only.
    let control = _mm256_cmpeq_epi8(_mm256_min_epu8(block, splat(0x1f)), block);
    _mm256_or_si256(_mm256_or_si256(quote, slash), control)
}

#[inline]
#[target_feature(enable = "avx2")]
fn other_than_space(block: &[u8]) -> u32 {
    let block = load(block);
    let lines = _mm256_or_si256(equal(block, b'\n'), equal(block, b'\r'));
    let gaps = _mm256_or_si256(equal(block, b' '), equal(block, b'\t'));
    !bits(_mm256_or_si256(lines, gaps))
}

#[inline]
#[target_feature(enable = "avx2")]
fn other_than_digits(block: &[u8]) -> u32 {
    // Counted from '0', digits are 0 to 9 and all else is above: the larger of it and 9 is 9.
    let digit = _mm256_sub_epi8(load(block), splat(b'0'));
    !bits(_mm256_cmpeq_epi8(_mm256_max_epu8(digit, splat(9)), splat(9)))
}

#[inline]
#[target_feature(enable = "avx2")]
fn load(block: &[u8]) -> __m256i {
    assert!(block.len() == 32, "callers slice 32 bytes");
    // SAFETY: 32 bytes are readable; the load wants no alignment.
    unsafe { _mm256_loadu_si256(block.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn splat(byte: u8) -> __m256i {
    _mm256_set1_epi8(byte as i8)
}

#[inline]
#[target_feature(enable = "avx2")]
fn equal(block: __m256i, byte: u8) -> __m256i {
    _mm256_cmpeq_epi8(block, splat(byte))
}

#[inline]
#[target_feature(enable = "avx2")]
fn bits(block: __m256i) -> u32 {
    _mm256_movemask_epi8(block) as u32
}
