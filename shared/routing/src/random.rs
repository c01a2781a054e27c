//! A seeded stream of numbers: xoshiro256++ (Blackman and Vigna 2019) of the crate `rand`, by its
//! name rather than as "the usual generator", so that the same seed gives the same search on every
//! machine and with every release. What is drawn from it is written here, for the same reason.
//! Never here: entropy.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{Rng, SeedableRng};

/// The generator's state.
#[derive(Clone, Debug)]
pub(crate) struct Random(Xoshiro256PlusPlus);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Xoshiro256PlusPlus::seed_from_u64(seed))
    }

    #[inline]
    pub(crate) fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Even over [0, 1), in steps of 2^-53.
    #[inline]
    #[allow(clippy::as_conversions, reason = "53 bits are exact in a double")]
    pub(crate) fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Even over `0..bound`; 0 when `bound` is 0.
    #[inline]
    #[allow(clippy::as_conversions, reason = "the product's upper half is below the bound")]
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let other = self.below(last.saturating_add(1));
            items.swap(last, other);
        }
    }
}

#[cfg(test)]
mod tests;
