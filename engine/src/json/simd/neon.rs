//! 16 bytes at a time on 64-bit ARM with NEON.

#![allow(unsafe_code, reason = "intrinsics; the token proves the processor has them")]
#![expect(clippy::inline_always, reason = "a call would leave the wide instructions behind")]

use std::arch::aarch64::{
    uint8x16_t, vaddv_u8, vandq_u8, vceqq_u8, vcgtq_u8, vcltq_u8, vdupq_n_u8, vget_high_u8,
    vget_low_u8, vld1q_u8, vorrq_u8, vsubq_u8,
};
use std::arch::is_aarch64_feature_detected;

use super::{Kernels, Lanes};
use crate::json::error::JsonError;
use crate::json::padded::Padded;
use crate::json::tape::Tape;
use crate::json::{escape, scan};

static KERNELS: Kernels = Kernels { name: "neon", scan, escape };

/// The kernels, if this processor can run them. There is no other way to reach them.
pub(super) fn kernels() -> Option<&'static Kernels> {
    is_aarch64_feature_detected!("neon").then_some(&KERNELS)
}

fn scan(text: Padded<'_>, tape: &mut Tape) -> Result<(), JsonError> {
    // SAFETY: only reached through the table that `kernels` gives after detection.
    unsafe { scan_neon(text, tape) }
}

fn escape(out: &mut Vec<u8>, text: &str) {
    // SAFETY: only reached through the table that `kernels` gives after detection.
    unsafe { escape_neon(out, text) }
}

#[target_feature(enable = "neon")]
fn scan_neon(text: Padded<'_>, tape: &mut Tape) -> Result<(), JsonError> {
    scan::scan(Neon(()), text, tape)
}

#[target_feature(enable = "neon")]
fn escape_neon(out: &mut Vec<u8>, text: &str) {
    escape::escape(Neon(()), out, text);
}

/// INVARIANT: exists only inside functions compiled for NEON, so the processor has it.
#[derive(Clone, Copy)]
struct Neon(());

impl Lanes for Neon {
    const WIDTH: usize = 16;

    #[inline(always)]
    fn string_stops(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: the token proves NEON.
        unsafe { string_stops(&bytes[at..at + 16]) }
    }

    #[inline(always)]
    fn is_plain_pair(self, bytes: &[u8], at: usize) -> bool {
        // SAFETY: the token proves NEON.
        unsafe { is_plain_pair(&bytes[at..at + 32]) }
    }

    #[inline(always)]
    fn other_than_space(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: the token proves NEON.
        unsafe { other_than_space(&bytes[at..at + 16]) }
    }

    #[inline(always)]
    fn other_than_digits(self, bytes: &[u8], at: usize) -> u32 {
        // SAFETY: the token proves NEON.
        unsafe { other_than_digits(&bytes[at..at + 16]) }
    }
}

#[inline]
#[target_feature(enable = "neon")]
fn string_stops(block: &[u8]) -> u32 {
    bits(stops(load(block)))
}

#[inline]
#[target_feature(enable = "neon")]
fn is_plain_pair(pair: &[u8]) -> bool {
    let (first, second) = pair.split_at(16);
    bits(vorrq_u8(stops(load(first)), stops(load(second)))) == 0
}

/// All ones in the lanes of quotes, backslashes and control characters.
#[inline]
#[target_feature(enable = "neon")]
fn stops(block: uint8x16_t) -> uint8x16_t {
    let quote = equal(block, b'"');
    let slash = equal(block, b'\\');
    let control = vcltq_u8(block, vdupq_n_u8(0x20));
    vorrq_u8(vorrq_u8(quote, slash), control)
}

#[inline]
#[target_feature(enable = "neon")]
fn other_than_space(block: &[u8]) -> u32 {
    let block = load(block);
    let lines = vorrq_u8(equal(block, b'\n'), equal(block, b'\r'));
    let gaps = vorrq_u8(equal(block, b' '), equal(block, b'\t'));
    bits(vorrq_u8(lines, gaps)) ^ 0xffff
}

#[inline]
#[target_feature(enable = "neon")]
fn other_than_digits(block: &[u8]) -> u32 {
    // Counted from '0', digits are 0 to 9 and all else is above.
    let digit = vsubq_u8(load(block), vdupq_n_u8(b'0'));
    bits(vcgtq_u8(digit, vdupq_n_u8(9)))
}

#[inline]
#[target_feature(enable = "neon")]
fn load(block: &[u8]) -> uint8x16_t {
    assert!(block.len() == 16, "callers slice 16 bytes");
    // SAFETY: 16 bytes are readable; the load wants no alignment.
    unsafe { vld1q_u8(block.as_ptr()) }
}

#[inline]
#[target_feature(enable = "neon")]
fn equal(block: uint8x16_t, byte: u8) -> uint8x16_t {
    vceqq_u8(block, vdupq_n_u8(byte))
}

/// One bit a byte: NEON has no such instruction, so each lane keeps its own bit of a byte and
/// each half is added up.
#[inline]
#[target_feature(enable = "neon")]
fn bits(lanes: uint8x16_t) -> u32 {
    const WEIGHTS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    let weighed = vandq_u8(lanes, load(&WEIGHTS));
    let low = vaddv_u8(vget_low_u8(weighed));
    let high = vaddv_u8(vget_high_u8(weighed));
    u32::from(low) | u32::from(high) << 8
}
