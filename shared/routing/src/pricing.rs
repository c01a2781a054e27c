//! What capacity is worth: one measure, the *typical waybill*, for all resources.
//!
//! A route's spare capacity is how many more typical waybills it can take, which is decided by
//! the resource that runs out first (the binding one: stops for small parcels, volume or weight
//! for large ones). Best fit looks for the least spare capacity; a price is cost per typical
//! waybill of capacity bought. All numbers are integers: capacities in thousandths of a waybill.
//! Never here: a forecast made; the caller brings it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::class::RouteClass;
use crate::code::ZoneCode;
use crate::fit;
use crate::load::Load;
use crate::network::{Profile, RouteTemplate, TruckType};
use crate::state::SlotDay;

/// Thousandths in one waybill.
const MILLI: u64 = 1_000;

/// The waybill to be expected next. `stops_milli` is the number of new doors that a thousand
/// such waybills bring: 1,000 when every one has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typical {
    pub dry_ml: u64,
    pub frozen_ml: u64,
    pub weight_g: u64,
    pub stops_milli: u64,
}

/// What is still to come for the zone, slot and class of the waybill at hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    pub typical: Typical,
    /// Waybills expected after this one; `None` when there is no telling, which prices capacity
    /// as if all of it would be used.
    pub remaining_waybills: Option<u32>,
}

/// Cost for a number of typical waybills of capacity, of which no more count than are expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub cost: u64,
    pub units_milli: u64,
}

impl Forecast {
    /// Without any history: everything to come is like this load.
    #[must_use]
    pub fn like(load: Load) -> Self {
        let Load { waybills: _, dry_ml, frozen_ml, weight_g } = load;
        let typical = Typical { dry_ml, frozen_ml, weight_g, stops_milli: MILLI };
        Self { typical, remaining_waybills: None }
    }

    /// The mean of what the zone's routes of this class carry already. `expected_waybills` is the
    /// whole day's number, where known. `None` while the routes are empty.
    #[must_use]
    pub fn observed(
        day: &SlotDay,
        zone: &ZoneCode,
        class: RouteClass,
        expected_waybills: Option<u32>,
    ) -> Option<Self> {
        let (mut sum, mut stops) = (Load::ZERO, 0_u64);
        for route in day.zone(zone)?.routes(class) {
            sum = sum.checked_add(route.load())?;
            stops = stops.checked_add(u64::from(route.stop_count()))?;
        }
        let count = u64::from(sum.waybills);
        let typical = Typical {
            dry_ml: sum.dry_ml.checked_div(count)?,
            frozen_ml: sum.frozen_ml.checked_div(count)?,
            weight_g: sum.weight_g.checked_div(count)?,
            stops_milli: stops.saturating_mul(MILLI).checked_div(count)?,
        };
        let remaining_waybills =
            expected_waybills.map(|all| all.saturating_sub(sum.waybills).saturating_sub(1));
        Some(Self { typical, remaining_waybills })
    }

    /// Price of paying `cost` for `gained_milli` of capacity. Capacity beyond what is expected
    /// (this waybill included) is worth nothing.
    pub(crate) fn price(&self, cost: u64, gained_milli: u64) -> Price {
        let wanted_milli = self.remaining_waybills.map_or(u64::MAX, |remaining| {
            u64::from(remaining).saturating_add(1).saturating_mul(MILLI)
        });
        Price { cost, units_milli: gained_milli.min(wanted_milli).max(1) }
    }
}

impl Price {
    /// Cheaper per unit first; at the same price per unit, the smaller outlay first.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        let per_unit = |price: &Self, units: &Self| {
            u128::from(price.cost).saturating_mul(u128::from(units.units_milli))
        };
        per_unit(self, other).cmp(&per_unit(other, self)).then(self.cost.cmp(&other.cost))
    }
}

/// How many more typical waybills go onto a truck that carries `load` to `stops` doors, in
/// thousandths.
pub(crate) fn spare_milli(
    template: &RouteTemplate,
    truck: &TruckType,
    load: Load,
    stops: u32,
    typical: &Typical,
) -> u64 {
    let waybills = u64::from(fit::waybill_limit(template, truck).saturating_sub(load.waybills));
    let stops = u64::from(truck.max_stops.saturating_sub(stops));
    let weight_g = truck.max_weight_g.saturating_sub(load.weight_g);
    (waybills.saturating_mul(MILLI))
        .min(units_milli(stops.saturating_mul(MILLI), typical.stops_milli))
        .min(units_milli(weight_g, typical.weight_g))
        .min(volume_units_milli(truck, load, typical))
}

/// By the set-up that leaves most room, among those that hold what is loaded.
fn volume_units_milli(truck: &TruckType, load: Load, typical: &Typical) -> u64 {
    let room = |profile: &Profile| {
        let dry = profile.dry_ml.checked_sub(load.dry_ml)?;
        let frozen = profile.frozen_ml.checked_sub(load.frozen_ml)?;
        Some(units_milli(dry, typical.dry_ml).min(units_milli(frozen, typical.frozen_ml)))
    };
    truck.profiles.0.iter().filter_map(room).max().unwrap_or(0)
}

/// A resource that the typical waybill does not use never runs out.
fn units_milli(free: u64, each: u64) -> u64 {
    free.saturating_mul(MILLI).checked_div(each).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
