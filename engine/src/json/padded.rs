//! A text with readable bytes behind it, so that a SIMD load near the end needs no special case.
//!
//! What stands in those bytes is arbitrary (often the next frame); the scan never believes it.

use super::SLACK;

/// A text followed by at least [`SLACK`] readable bytes.
#[derive(Clone, Copy, Debug)]
pub struct Padded<'a> {
    // INVARIANT: len + SLACK <= bytes.len()
    bytes: &'a [u8],
    len: usize,
}

impl<'a> Padded<'a> {
    /// The first `len` of `bytes`, if enough bytes follow them.
    pub fn new(bytes: &'a [u8], len: usize) -> Option<Self> {
        (len.checked_add(SLACK)? <= bytes.len()).then_some(Self { bytes, len })
    }

    /// All of `bytes` but the last [`SLACK`], which are the slack.
    pub(crate) fn with_slack(bytes: &'a [u8]) -> Self {
        Self { bytes, len: bytes.len() - SLACK }
    }

    /// The text alone.
    pub fn text(self) -> &'a [u8] {
        &self.bytes[..self.len]
    }

    /// The text and what follows it.
    pub(crate) fn bytes(self) -> &'a [u8] {
        self.bytes
    }
}

/// An owned copy of a text with zero bytes behind it, for texts that came without slack.
#[derive(Clone, Debug)]
pub struct PaddedBuf {
    bytes: Vec<u8>,
}

impl PaddedBuf {
    /// Copies `text`.
    pub fn copy(text: &[u8]) -> Self {
        let mut bytes = Vec::with_capacity(text.len() + SLACK);
        bytes.extend_from_slice(text);
        bytes.resize(text.len() + SLACK, 0);
        Self { bytes }
    }

    /// Copies another text into the same memory.
    pub fn replace(&mut self, text: &[u8]) {
        self.bytes.clear();
        self.bytes.reserve_exact(text.len() + SLACK);
        self.bytes.extend_from_slice(text);
        self.bytes.resize(text.len() + SLACK, 0);
    }

    /// Bytes of memory the copy takes or could take without more.
    pub fn capacity(&self) -> usize {
        self.bytes.capacity()
    }

    /// The copy, as the parser wants it.
    pub fn padded(&self) -> Padded<'_> {
        Padded::with_slack(&self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slack_is_demanded() {
        let bytes = vec![b' '; 4 + SLACK];
        for (len, fits) in [(0, true), (4, true), (5, false), (usize::MAX, false)] {
            assert_eq!(Padded::new(&bytes, len).is_some(), fits, "{len}");
        }
        assert_eq!(Padded::new(&bytes, 3).map(Padded::text), Some(&b"   "[..]));
        let mut copy = PaddedBuf::copy(b"[1]");
        assert_eq!(copy.padded().text(), b"[1]");
        let capacity = copy.capacity();
        copy.replace(b"2");
        assert_eq!((copy.padded().text(), copy.capacity()), (&b"2"[..], capacity));
    }
}
