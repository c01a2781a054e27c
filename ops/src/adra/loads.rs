//! How full a truck is: litres, kilograms and doors against what it may carry, by the compartment profile
//! that suits its load best. Pure. Never here: whether more fits; adra-assigner answers that.

use contracts::{RouteHead, TruckLimits};
use routing::network::{Profile, ProfileError, Profiles};
use serde::Serialize;

use super::thousands;

/// One resource of a truck.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Fill {
    pub(crate) used: u64,
    pub(crate) of: u64,
    /// Rounded up; absent where the truck has none of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) percent: Option<u64>,
}

/// A route's load against its truck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Loads {
    /// The compartment profile, as the truck type has it.
    pub(crate) profile: String,
    /// False when no profile holds the load, as after a change of the truck type.
    pub(crate) holds: bool,
    pub(crate) dry_l: Fill,
    pub(crate) frozen_l: Fill,
    pub(crate) weight_kg: Fill,
    pub(crate) doors: Fill,
}

impl Fill {
    fn new(used: u64, of: u64) -> Self {
        let percent = used.saturating_mul(100).checked_add(of.saturating_sub(1));
        let percent = percent.and_then(|sum| sum.checked_div(of));
        Self { used, of, percent }
    }

    /// `120 of 4500 l (3 %)`.
    pub(crate) fn text(self, unit: &str) -> String {
        let percent = self.percent.map(|percent| format!(" ({percent} %)")).unwrap_or_default();
        format!("{} of {} {unit}{percent}", self.used, self.of)
    }
}

/// The loads of a route on this truck; `None` for a truck type without a profile.
///
/// # Errors
/// The profiles do not read.
pub(crate) fn loads(head: &RouteHead, truck: &TruckLimits) -> Result<Option<Loads>, ProfileError> {
    let profiles: Profiles = truck.profiles.parse()?;
    let Some(best) = profiles.0.iter().min_by_key(|profile| fullness(head, profile)) else {
        return Ok(None);
    };
    Ok(Some(Loads {
        profile: best.to_string(),
        holds: best.holds(head.dry_ml, head.frozen_ml),
        dry_l: Fill::new(thousands(head.dry_ml), best.dry_ml / 1_000),
        frozen_l: Fill::new(thousands(head.frozen_ml), best.frozen_ml / 1_000),
        weight_kg: Fill::new(thousands(head.weight_g), truck.max_weight_kg.into()),
        doors: Fill::new(head.stops.into(), truck.max_stops.into()),
    }))
}

/// Whether the load is too much, then its largest share of a compartment in millionths: the least is best.
fn fullness(head: &RouteHead, profile: &Profile) -> (bool, u64) {
    let share = |used: u64, of: u64| match (used, of) {
        (0, _) => 0,
        (_, 0) => u64::MAX,
        (used, of) => used.saturating_mul(1_000_000) / of,
    };
    let dry = share(head.dry_ml, profile.dry_ml);
    let frozen = share(head.frozen_ml, profile.frozen_ml);
    (!profile.holds(head.dry_ml, head.frozen_ml), dry.max(frozen))
}

#[cfg(test)]
mod tests;
