//! Numbers that look random and depend on nothing but their key: the same key gives the same stream
//! on every run and with every release of any library. No clock, no entropy of the machine.

use rust_decimal::prelude::ToPrimitive;

/// Odd constant of the SplitMix64 generator: the fractional part of the golden ratio.
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// A stream of numbers. Cheap to make, so every subject (an order, a customer, an article) has its own
/// and no subject's numbers depend on how many another one drew.
#[derive(Debug, Clone)]
pub(crate) struct Dice {
    state: u64,
}

/// The finaliser of SplitMix64: every input bit reaches every output bit.
fn scramble(value: u64) -> u64 {
    let value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

/// A hash that never changes: FNV-1a over the bytes, then scrambled.
pub(crate) fn fixed_hash(text: &str) -> u64 {
    let fnv = text.bytes().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3)
    });
    scramble(fnv)
}

impl Dice {
    /// The stream of one subject under one seed.
    pub(crate) fn new(seed: u64, subject: &str, number: u64) -> Self {
        let key = scramble(seed.wrapping_add(STEP)) ^ fixed_hash(subject);
        Self { state: scramble(key.wrapping_add(number.wrapping_mul(STEP))) }
    }

    /// The next 64 bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        scramble(self.state)
    }

    /// Even over [0, 1).
    pub(crate) fn unit(&mut self) -> f64 {
        let top = u32::try_from(self.bits() >> 32).unwrap_or(u32::MAX);
        f64::from(top) / 4_294_967_296.0
    }

    /// Even over 0..bound; 0 when bound is 0.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        let wide = (u128::from(self.bits()) * u128::from(bound)) >> 64;
        u64::try_from(wide).unwrap_or(0)
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a fixed list of words.
    pub(crate) fn word(&mut self, words: &[&'static str]) -> &'static str {
        let bound = u64::try_from(words.len()).unwrap_or(u64::MAX);
        let index = usize::try_from(self.below(bound)).unwrap_or(0);
        words.get(index).copied().unwrap_or("")
    }

    /// Log-normal with this median; `sigma` is the spread of the logarithm.
    pub(crate) fn log_normal(&mut self, median: f64, sigma: f64) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * self.unit()).cos();
        median * (sigma * normal).exp()
    }

    /// A rank in 0..count, falling like one over the rank (Zipf's law with exponent 1).
    pub(crate) fn zipf_rank(&mut self, count: u64) -> u64 {
        let top = count.to_f64().unwrap_or(1.0) + 1.0;
        let rank = top.powf(self.unit()).floor().to_u64().unwrap_or(1);
        rank.saturating_sub(1).min(count.saturating_sub(1))
    }
}

/// Rounds a non-negative measure to a whole number within bounds.
pub(crate) fn whole(value: f64, least: u32, most: u32) -> u32 {
    value.round().to_u32().unwrap_or(most).clamp(least, most)
}

/// A list to draw from by weight; never empty.
#[derive(Debug, Clone)]
pub(crate) struct Weighted<T> {
    entries: Vec<(f64, T)>,
    last: T,
}

impl<T> Weighted<T> {
    /// Weights need not sum to anything; `None` when there is no entry.
    pub(crate) fn new(mut entries: Vec<(T, f64)>) -> Option<Self> {
        let last = entries.pop()?;
        Some(Self::from_last(entries, last))
    }

    /// The same for a list that has at least one entry by construction.
    pub(crate) fn from_last(entries: Vec<(T, f64)>, last: (T, f64)) -> Self {
        let total = entries.iter().map(|(_, weight)| weight).sum::<f64>() + last.1;
        let mut sum = 0.0;
        let entries = entries
            .into_iter()
            .map(|(value, weight)| {
                sum += weight / total;
                (sum, value)
            })
            .collect();
        Self { entries, last: last.0 }
    }

    /// Draws one.
    pub(crate) fn draw(&self, dice: &mut Dice) -> &T {
        let point = dice.unit();
        let index = self.entries.partition_point(|(upper, _)| *upper <= point);
        self.entries.get(index).map_or(&self.last, |(_, value)| value)
    }
}
