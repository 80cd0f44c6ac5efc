//! A parser: the memory that is used again for each text, and the order of the checks.

use super::backend::{Alternate, Backend};
use super::error::JsonError;
use super::padded::{Padded, PaddedBuf};
use super::simd;
use super::tape::Tape;
use super::value::Value;

/// Parses one text after another into the same tape memory.
///
/// The memory grows with the largest text and shrinks to
/// [`JSON_TAPE_NODES_KEPT`](crate::limits::JSON_TAPE_NODES_KEPT) nodes once smaller ones follow.
pub struct Parser {
    tape: Tape,
    alternate: Alternate,
    disagreements: u64,
}

impl Parser {
    /// A parser over `backend`; no memory is taken until the first text.
    pub fn new(backend: Backend) -> Self {
        Self { tape: Tape::default(), alternate: Alternate::new(backend), disagreements: 0 }
    }

    /// Parses the whole of `text` as one value and gives it.
    pub fn parse<'p>(&'p mut self, text: Padded<'p>) -> Result<Value<'p>, JsonError> {
        let checked = simd::checked(text.text())?;
        let verdict = self.alternate.accepts(checked);
        let scanned = (self.alternate.kernels().scan)(text, &mut self.tape);
        if verdict.is_some_and(|accepted| accepted != scanned.is_ok()) {
            self.disagreements += 1;
        }
        if let Err(fault) = scanned {
            // What stands on the tape is half a text.
            self.tape.reset();
            return Err(fault);
        }
        Ok(Value::root(checked, self.tape.nodes()))
    }

    /// The value at place `index` of the text parsed last, for who keeps places instead of values;
    /// none when there is no such place, or when that text was refused.
    ///
    /// `text` must be that text: read from another, values are nonsense or panic.
    #[inline]
    pub fn value<'p>(&'p self, text: &'p str, index: u32) -> Option<Value<'p>> {
        let nodes = self.tape.nodes();
        ((index as usize) < nodes.len()).then(|| Value::root(text, nodes).at(index))
    }

    /// Texts on which an alternate backend and the scan did not agree; the scan was followed.
    pub fn disagreements(&self) -> u64 {
        self.disagreements
    }
}

impl Default for Parser {
    fn default() -> Self {
        Self::new(Backend::default())
    }
}

impl std::fmt::Debug for Parser {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parser").field("disagreements", &self.disagreements).finish_non_exhaustive()
    }
}

/// Whether `json` is one JSON value by the rules of [`Parser::parse`].
pub fn is_valid(json: &[u8]) -> bool {
    Parser::default().parse(PaddedBuf::copy(json).padded()).is_ok()
}
