//! The load vector: what a waybill weighs on a quota, a route or a truck.
//!
//! Never here: stops. They are counted by distinct doors and do not add up.

use serde::{Deserialize, Serialize};

/// Waybills, millilitres of dry and of frozen goods, grams. As a limit: the most of each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Load {
    pub waybills: u32,
    pub dry_ml: u64,
    pub frozen_ml: u64,
    pub weight_g: u64,
}

impl Load {
    pub const ZERO: Self = Self { waybills: 0, dry_ml: 0, frozen_ml: 0, weight_g: 0 };

    /// Load of a single waybill.
    #[must_use]
    pub fn of_waybill(dry_ml: u64, frozen_ml: u64, weight_g: u64) -> Self {
        Self { waybills: 1, dry_ml, frozen_ml, weight_g }
    }

    /// The sum, or `None` when a component overflows.
    #[must_use]
    pub fn checked_add(self, other: Self) -> Option<Self> {
        Some(Self {
            waybills: self.waybills.checked_add(other.waybills)?,
            dry_ml: self.dry_ml.checked_add(other.dry_ml)?,
            frozen_ml: self.frozen_ml.checked_add(other.frozen_ml)?,
            weight_g: self.weight_g.checked_add(other.weight_g)?,
        })
    }

    /// The difference, or `None` when a component would fall below zero.
    #[must_use]
    pub fn checked_sub(self, other: Self) -> Option<Self> {
        Some(Self {
            waybills: self.waybills.checked_sub(other.waybills)?,
            dry_ml: self.dry_ml.checked_sub(other.dry_ml)?,
            frozen_ml: self.frozen_ml.checked_sub(other.frozen_ml)?,
            weight_g: self.weight_g.checked_sub(other.weight_g)?,
        })
    }

    /// The larger of each component: what holds either.
    #[must_use]
    pub fn larger(self, other: Self) -> Self {
        Self {
            waybills: self.waybills.max(other.waybills),
            dry_ml: self.dry_ml.max(other.dry_ml),
            frozen_ml: self.frozen_ml.max(other.frozen_ml),
            weight_g: self.weight_g.max(other.weight_g),
        }
    }

    /// Whether every component is at most that of `limit`.
    #[must_use]
    pub fn fits(self, limit: Self) -> bool {
        limit.checked_sub(self).is_some()
    }

    /// How far each component lies above `limit`; zero where it does not. A quota that was cut
    /// below its use shows its deficit here.
    #[must_use]
    pub fn excess_over(self, limit: Self) -> Self {
        Self {
            waybills: self.waybills.saturating_sub(limit.waybills),
            dry_ml: self.dry_ml.saturating_sub(limit.dry_ml),
            frozen_ml: self.frozen_ml.saturating_sub(limit.frozen_ml),
            weight_g: self.weight_g.saturating_sub(limit.weight_g),
        }
    }
}

#[cfg(test)]
mod tests;
