//! All chance of a world, from one seed: the same throws in the same order give the same world.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// A seeded source of chance.
pub(super) struct Dice(StdRng);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Self(StdRng::seed_from_u64(seed))
    }

    /// Another source, independent of how often this one is used from now on.
    pub(super) fn fork(&mut self) -> Self {
        Self::new(self.0.random())
    }

    /// A whole seed for someone else's generator.
    pub(super) fn seed(&mut self) -> [u8; 32] {
        self.0.random()
    }

    /// From zero to below `end`, which is not zero.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.0.random_range(0..end)
    }

    /// From `first` to `last`, both included.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        self.0.random_range(first..=last)
    }

    /// True so many times in a thousand.
    pub(super) fn chance(&mut self, permille: u32) -> bool {
        permille > 0 && self.below(1000) < u64::from(permille)
    }

    /// One of `all`.
    pub(super) fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }

    /// Puts `all` into any order.
    pub(super) fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.below(at as u64 + 1) as usize);
        }
    }
}
