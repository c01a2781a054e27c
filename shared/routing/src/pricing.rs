//! What capacity is worth: one measure, the *typical waybill*, for all resources.
//!
//! A route's spare capacity is how many more typical waybills it can take, which is decided by
//! the resource that runs out first (the binding one: stops for small parcels, volume or weight
//! for large ones). A waybill goes where it takes the least of it; a price is an outlay, and what
//! the capacity bought is expected to save later. All numbers are integers: capacities in
//! thousandths of a waybill. Never here: a forecast made; the caller brings it.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::class::{RouteClass, SkuClass};
use crate::code::ZoneCode;
use crate::fit;
use crate::load::Load;
use crate::network::{Profile, RouteTemplate, TruckType};
use crate::state::{SlotDay, ZoneDay};

/// Thousandths in one waybill.
pub(crate) const MILLI: u64 = 1_000;

/// The waybill to be expected next. `stops_milli` is the number of new doors that a thousand
/// such waybills bring: 1,000 when every one has its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Typical {
    pub dry_ml: u64,
    pub frozen_ml: u64,
    pub weight_g: u64,
    pub stops_milli: u64,
}

/// What is still to come of one class of goods.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outlook {
    pub typical: Typical,
    /// Waybills expected after the one at hand; `None` when there is no telling, which prices
    /// capacity as if all of it would be used.
    pub remaining_waybills: Option<u32>,
}

/// What is still to come for the zone and slot of the waybill at hand, by class of goods. `None`:
/// nothing is known of that class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    pub dry: Option<Outlook>,
    pub frozen: Option<Outlook>,
    pub mixed: Option<Outlook>,
}

/// What it costs to take a waybill in a certain way: the outlay now, for a number of typical
/// waybills of capacity, and what that is expected to save of the cost of trucks bought later.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    pub cost: u64,
    pub units_milli: u64,
    /// In thousandths of the unit of cost; negative when more has to be bought later. Of a larger truck on an open
    /// route, less what such savings are overrated by.
    #[serde(default)]
    pub saves_milli: i64,
}

impl Forecast {
    /// Without any history: everything to come is like this load.
    #[must_use]
    pub fn like(load: Load) -> Self {
        let Load { waybills: _, dry_ml, frozen_ml, weight_g } = load;
        let typical = Typical { dry_ml, frozen_ml, weight_g, stops_milli: MILLI };
        let outlook = Outlook { typical, remaining_waybills: None };
        Self::default().with(SkuClass::of(load), outlook)
    }

    /// The same, with the outlook of one class of goods.
    #[must_use]
    pub fn with(mut self, goods: SkuClass, outlook: Outlook) -> Self {
        match goods {
            SkuClass::Dry => self.dry = Some(outlook),
            SkuClass::Frozen => self.frozen = Some(outlook),
            SkuClass::Mixed => self.mixed = Some(outlook),
        }
        self
    }

    /// Of one class of goods.
    #[must_use]
    pub fn of(&self, goods: SkuClass) -> Option<&Outlook> {
        match goods {
            SkuClass::Dry => self.dry.as_ref(),
            SkuClass::Frozen => self.frozen.as_ref(),
            SkuClass::Mixed => self.mixed.as_ref(),
        }
    }

    /// The mean of what the zone's routes carry already, by class of goods. `expected_waybills` is
    /// the whole day's number for routes of this class, where known. `None` while the zone's routes
    /// of this class are empty.
    #[must_use]
    pub fn observed(
        day: &SlotDay,
        zone: &ZoneCode,
        class: RouteClass,
        expected_waybills: Option<u32>,
    ) -> Option<Self> {
        let zone = day.zone(zone)?;
        let seen: u32 = zone.routes(class).iter().map(|route| route.load().waybills).sum();
        let to_come = expected_waybills.map(|all| all.saturating_sub(seen).saturating_sub(1));
        let mut forecast = Self::default();
        for goods in [SkuClass::Dry, SkuClass::Frozen, SkuClass::Mixed] {
            let usual = goods.route_classes().first().copied().unwrap_or(class);
            let Some(typical) = typical_of(zone, goods, usual) else { continue };
            let share = |all: u32| {
                let part = u64::from(all).saturating_mul(zone.used_by(goods).waybills.into());
                u32::try_from(part.div_ceil(u64::from(seen.max(1)))).unwrap_or(all).min(all)
            };
            let remaining_waybills = to_come.filter(|_| usual == class).map(share);
            forecast = forecast.with(goods, Outlook { typical, remaining_waybills });
        }
        (seen > 0).then_some(forecast)
    }
}

/// The mean waybill of a class of goods in the zone, with as many doors as the routes have that are
/// meant for them.
fn typical_of(zone: &ZoneDay, goods: SkuClass, class: RouteClass) -> Option<Typical> {
    let sum = zone.used_by(goods);
    let count = u64::from(sum.waybills);
    let routes = zone.routes(class);
    let stops: u64 = routes.iter().map(|route| u64::from(route.stop_count())).sum();
    let carried: u64 = routes.iter().map(|route| u64::from(route.load().waybills)).sum();
    Some(Typical {
        dry_ml: sum.dry_ml.checked_div(count)?,
        frozen_ml: sum.frozen_ml.checked_div(count)?,
        weight_g: sum.weight_g.checked_div(count)?,
        stops_milli: stops.saturating_mul(MILLI).checked_div(carried).unwrap_or(MILLI),
    })
}

impl Price {
    /// The outlay less what it saves later, in thousandths.
    fn net_milli(&self) -> i128 {
        i128::from(self.cost).saturating_mul(MILLI.into()).saturating_sub(self.saves_milli.into())
    }

    /// What costs less in the end first; of equals, the smaller outlay.
    #[must_use]
    pub fn compare(&self, other: &Self) -> Ordering {
        self.net_milli().cmp(&other.net_milli()).then(self.cost.cmp(&other.cost))
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
