//! Which parser judges a text: the own scan, simd-json or serde, chosen at run time.
//!
//! All three give identical answers, because MCP needs what only the scan has: source spans, a
//! depth limit, no lone surrogates, integers of any size. An alternate backend really parses the
//! text with its parser; then the scan walks the same text for the spans and for the rules the
//! other does not know. Behind `serde` that walk is the scalar one, so nothing of this crate's
//! SIMD runs; behind `simd-json` it is the fast one. Where the two verdicts differ the scan's
//! counts, and the difference is counted.

use std::fmt;
use std::str::FromStr;

use simd_json::{Buffers, INPUT_PADDING, Tape};

use super::simd::{self, Kernels};
use crate::limits::JSON_TAPE_NODES_KEPT;

/// The parser behind [`Parser`](super::Parser).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backend {
    /// The own one-pass scan.
    #[default]
    Scan,
    /// simd-json on a copy (it rewrites its input), then the scan for the spans.
    SimdJson,
    /// `serde_json`, then the scalar scan for the spans.
    Serde,
}

impl Backend {
    /// All backends, in the order of their names' documentation.
    pub const ALL: [Self; 3] = [Self::Scan, Self::SimdJson, Self::Serde];

    fn name(self) -> &'static str {
        match self {
            Self::Scan => "scan",
            Self::SimdJson => "simd-json",
            Self::Serde => "serde",
        }
    }
}

impl fmt::Display for Backend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Backend {
    type Err = UnknownBackend;

    fn from_str(name: &str) -> Result<Self, UnknownBackend> {
        Self::ALL.into_iter().find(|backend| backend.name() == name).ok_or(UnknownBackend)
    }
}

/// A name that is no backend's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownBackend;

impl fmt::Display for UnknownBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("unknown JSON backend: expected scan, simd-json or serde")
    }
}

impl std::error::Error for UnknownBackend {}

/// The foreign parser that has a say before the scan, with its memory.
pub(crate) enum Alternate {
    None,
    // Boxed: its buffers are far larger than all else a parser holds.
    SimdJson(Box<SimdJson>),
    Serde,
}

impl Alternate {
    pub(crate) fn new(backend: Backend) -> Self {
        match backend {
            Backend::Scan => Self::None,
            Backend::SimdJson => Self::SimdJson(Box::default()),
            Backend::Serde => Self::Serde,
        }
    }

    /// The foreign verdict; none when there is no foreign parser.
    pub(crate) fn accepts(&mut self, text: &str) -> Option<bool> {
        match self {
            Self::None => None,
            Self::SimdJson(parser) => Some(parser.accepts(text)),
            Self::Serde => Some(serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok()),
        }
    }

    pub(crate) fn kernels(&self) -> &'static Kernels {
        match self {
            Self::None | Self::SimdJson(_) => simd::kernels(),
            Self::Serde => &simd::SCALAR,
        }
    }
}

/// simd-json's memory, kept between texts unless one was huge.
#[derive(Default)]
pub(crate) struct SimdJson {
    copy: Vec<u8>,
    buffers: Buffers,
    tape: Option<Tape<'static>>,
}

impl SimdJson {
    fn accepts(&mut self, text: &str) -> bool {
        if self.copy.capacity() > JSON_TAPE_NODES_KEPT && text.len() < JSON_TAPE_NODES_KEPT {
            *self = Self::default();
        }
        self.copy.clear();
        self.copy.extend_from_slice(text.as_bytes());
        self.copy.resize(text.len() + INPUT_PADDING, 0);
        let mut tape = self.tape.take().unwrap_or_else(Tape::null).reset();
        let parsed =
            simd_json::fill_tape_padded(&mut self.copy, text.len(), &mut self.buffers, &mut tape);
        let accepted = parsed.is_ok();
        self.tape = Some(tape.reset());
        accepted
    }
}
