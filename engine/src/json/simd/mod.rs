//! The instruction sets: one table of kernels, chosen once at run time.
//!
//! The loops themselves (`scan`, `escape`) are written once over [`Lanes`], a token that exists
//! only where its instructions do. Each file here gives such a token and instantiates the loops
//! inside functions compiled for its set, because a wide instruction is only inlined into a
//! function that is compiled for it. `scalar` is the oracle the others are tested against.
//!
//! What this folder does *not* hold: any knowledge of JSON beyond which bytes end a plain run.

#[cfg(target_arch = "x86_64")]
mod avx2;
#[cfg(target_arch = "aarch64")]
mod neon;
mod scalar;
#[cfg(target_arch = "x86_64")]
mod sse2;
#[cfg(test)]
mod tests;
mod utf8;

use std::sync::OnceLock;

use super::error::JsonError;
use super::padded::Padded;
use super::tape::Tape;

pub(crate) use scalar::KERNELS as SCALAR;
pub(crate) use utf8::checked;

/// Questions about the [`WIDTH`](Self::WIDTH) bytes at an offset; bit i answers for byte `at + i`.
///
/// Each answer has no bits at or above `WIDTH`. Each question panics when the block does not lie
/// in `bytes`; the slack behind a text is there so that it does.
pub(crate) trait Lanes: Copy {
    /// Bytes of one block, at most 32.
    const WIDTH: usize;

    /// Bytes that end a plain run inside a string: quote, backslash, control characters.
    fn string_stops(self, bytes: &[u8], at: usize) -> u32;

    /// Whether neither this block nor the next has a byte that ends a plain run.
    fn is_plain_pair(self, bytes: &[u8], at: usize) -> bool;

    /// Bytes other than the four kinds of white space.
    fn other_than_space(self, bytes: &[u8], at: usize) -> u32;

    /// Bytes other than the ten digits.
    fn other_than_digits(self, bytes: &[u8], at: usize) -> u32;
}

/// The loops, compiled for one instruction set.
pub(crate) struct Kernels {
    /// The set's name, for the start-up line and test failures.
    pub(crate) name: &'static str,
    /// Checks a text and writes its tape.
    pub(crate) scan: fn(Padded<'_>, &mut Tape) -> Result<(), JsonError>,
    /// Appends a text as a JSON string, quotes included.
    pub(crate) escape: fn(&mut Vec<u8>, &str),
}

/// The widest kernels this processor has.
pub(crate) fn kernels() -> &'static Kernels {
    static CHOSEN: OnceLock<&'static Kernels> = OnceLock::new();
    CHOSEN.get_or_init(|| available().next().unwrap_or(&SCALAR))
}

/// All kernels this processor has, the widest first, the oracle last.
pub(crate) fn available() -> impl Iterator<Item = &'static Kernels> {
    #[cfg(target_arch = "x86_64")]
    let wide = [avx2::kernels(), Some(&sse2::KERNELS)];
    #[cfg(target_arch = "aarch64")]
    let wide = [neon::kernels()];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let wide: [Option<&'static Kernels>; 0] = [];
    wide.into_iter().flatten().chain([&SCALAR])
}
