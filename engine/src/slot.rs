//! The name of one connection inside one shard, open to every module like the limits.
//!
//! A slot is an index into dense tables and a generation that changes each time the index is used
//! again, so an answer that arrives late can never reach the connection that came after.

/// A connection's place in its shard: a dense index and the generation of its present user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot {
    /// Place in the shard's tables; given out by the driver, small and dense.
    pub index: u32,
    /// Which user of that place is meant; wraps after 2^24 users.
    pub generation: u32,
}

impl Slot {
    /// Generations use this many bits, so that a slot and an operation kind fit one `u64` token.
    pub const GENERATION_BITS: u32 = 24;

    /// Names the place `index` in its `generation`-th use.
    pub const fn new(index: u32, generation: u32) -> Self {
        Self { index, generation: generation & ((1 << Self::GENERATION_BITS) - 1) }
    }

    /// The same place for its next user.
    pub const fn next(self) -> Self {
        Self::new(self.index, self.generation + 1)
    }
}
