//! The delivery network as data, and the indexes by which the engine reads it.
//!
//! [`NetworkParts`] is what the caller read, row by row; [`Network::build`] checks it as a whole
//! and reports everything that does not fit together. A built network is immutable. Never here:
//! files, tables, or anything that has a delivery date.

mod index;
mod timeslot;
mod truck;
mod validate;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::NaiveDate;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

pub use self::timeslot::{CutOff, CutOffError, Timeslot};
pub use self::truck::{Profile, ProfileError, Profiles, TruckType};
pub use self::validate::{Inconsistency, NetworkError};

use crate::class::{ByClass, RouteClass};
use crate::code::{DepotCode, DistrictCode, TemplateCode, TimeslotCode, TruckTypeCode, ZoneCode};
use crate::load::Load;

/// Where trucks start, and the time zone in which its cut-offs are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Depot {
    pub code: DepotCode,
    pub name: String,
    #[serde(with = "tz_name")]
    pub tz: Tz,
}

/// A zone of one depot. Its overflow may go to `neighbours`, in that order of preference; the
/// permission is one-way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    pub code: ZoneCode,
    pub depot: DepotCode,
    pub name: String,
    pub neighbours: Vec<ZoneCode>,
}

/// From `valid_from` on (`None`: since ever) deliveries to `district` belong to `zone`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DistrictZone {
    pub district: DistrictCode,
    pub zone: ZoneCode,
    pub valid_from: Option<NaiveDate>,
}

/// A truck of type `from` may be exchanged for one of type `to`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LadderStep {
    pub from: TruckTypeCode,
    pub to: TruckTypeCode,
}

/// Trucks of one type that a depot has in each dated slot. The slots' pools are independent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolCapacity {
    pub depot: DepotCode,
    pub timeslot: TimeslotCode,
    pub truck_type: TruckTypeCode,
    pub count: u32,
}

/// What a route of a zone and slot is like. `waybill_quota` bounds each route while
/// `default_truck_type` is on it; with any other truck that truck's `max_stops` does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RouteTemplate {
    pub code: TemplateCode,
    pub depot: DepotCode,
    pub zone: ZoneCode,
    pub timeslot: TimeslotCode,
    pub class: RouteClass,
    pub default_truck_type: TruckTypeCode,
    pub waybill_quota: u32,
}

/// The most that the routes of a zone may carry in each dated slot.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneQuota {
    pub zone: ZoneCode,
    pub timeslot: TimeslotCode,
    pub limit: Load,
}

/// All rows of a network, in any order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkParts {
    pub depots: Vec<Depot>,
    pub zones: Vec<Zone>,
    pub districts: Vec<DistrictZone>,
    pub timeslots: Vec<Timeslot>,
    pub truck_types: Vec<TruckType>,
    pub ladder: Vec<LadderStep>,
    pub pool: Vec<PoolCapacity>,
    pub templates: Vec<RouteTemplate>,
    pub zone_quotas: Vec<ZoneQuota>,
}

type TemplatesByClass = ByClass<Vec<Arc<RouteTemplate>>>;

/// A checked network. Lookups only; every listing has a fixed order.
#[derive(Clone, Debug)]
pub struct Network {
    depots: BTreeMap<DepotCode, Depot>,
    zones: BTreeMap<ZoneCode, Zone>,
    /// Sorted by start; "since ever" comes first.
    districts: BTreeMap<DistrictCode, Vec<(Option<NaiveDate>, ZoneCode)>>,
    timeslots: BTreeMap<TimeslotCode, Timeslot>,
    truck_types: BTreeMap<TruckTypeCode, Arc<TruckType>>,
    /// All types reachable from the key in one step or more, cheapest first.
    upgrades: BTreeMap<TruckTypeCode, Vec<Arc<TruckType>>>,
    pool: BTreeMap<DepotCode, BTreeMap<TimeslotCode, BTreeMap<TruckTypeCode, u32>>>,
    templates: BTreeMap<TemplateCode, Arc<RouteTemplate>>,
    served: BTreeMap<ZoneCode, BTreeMap<TimeslotCode, TemplatesByClass>>,
    zone_quotas: BTreeMap<ZoneCode, BTreeMap<TimeslotCode, Load>>,
}

impl Network {
    /// Checks the rows against one another and indexes them.
    ///
    /// # Errors
    /// [`NetworkError`] lists every inconsistency found, not just the first.
    pub fn build(parts: NetworkParts) -> Result<Self, NetworkError> {
        validate::check(&parts)?;
        Ok(index::index(parts))
    }

    #[must_use]
    pub fn depot(&self, code: &DepotCode) -> Option<&Depot> {
        self.depots.get(code)
    }

    #[must_use]
    pub fn zone(&self, code: &ZoneCode) -> Option<&Zone> {
        self.zones.get(code)
    }

    /// The zones of a depot, by code.
    pub fn zones_of<'a>(&'a self, depot: &'a DepotCode) -> impl Iterator<Item = &'a Zone> {
        self.zones.values().filter(move |zone| zone.depot == *depot)
    }

    /// The zone that serves `district` for a delivery on `date`.
    #[must_use]
    pub fn zone_of(&self, district: &DistrictCode, date: NaiveDate) -> Option<&Zone> {
        let history = self.districts.get(district)?;
        let (_, zone) = history.iter().rfind(|(from, _)| from.is_none_or(|from| from <= date))?;
        self.zones.get(zone)
    }

    #[must_use]
    pub fn timeslot(&self, code: &TimeslotCode) -> Option<&Timeslot> {
        self.timeslots.get(code)
    }

    #[must_use]
    pub fn truck_type(&self, code: &TruckTypeCode) -> Option<&Arc<TruckType>> {
        self.truck_types.get(code)
    }

    /// All truck types, by code.
    pub fn truck_types(&self) -> impl Iterator<Item = &Arc<TruckType>> {
        self.truck_types.values()
    }

    #[must_use]
    pub fn template(&self, code: &TemplateCode) -> Option<&Arc<RouteTemplate>> {
        self.templates.get(code)
    }

    /// Every type that the ladder allows in place of `truck_type`, over any number of steps,
    /// cheapest first; the type itself is not among them.
    #[must_use]
    pub fn upgrades(&self, truck_type: &TruckTypeCode) -> &[Arc<TruckType>] {
        self.upgrades.get(truck_type).map_or(&[], Vec::as_slice)
    }

    /// The templates of a zone, slot and class, by code.
    #[must_use]
    pub fn templates(
        &self,
        zone: &ZoneCode,
        timeslot: &TimeslotCode,
        class: RouteClass,
    ) -> &[Arc<RouteTemplate>] {
        let served = self.served.get(zone).and_then(|slots| slots.get(timeslot));
        served.map_or(&[], |by_class| by_class.get(class).as_slice())
    }

    /// The trucks that a depot has in each dated slot, by type. A type without a row has none.
    pub fn pool<'a>(
        &'a self,
        depot: &DepotCode,
        timeslot: &TimeslotCode,
    ) -> impl Iterator<Item = (&'a TruckTypeCode, u32)> {
        let pool = self.pool.get(depot).and_then(|slots| slots.get(timeslot));
        pool.into_iter().flatten().map(|(truck_type, count)| (truck_type, *count))
    }

    #[must_use]
    pub fn zone_quota(&self, zone: &ZoneCode, timeslot: &TimeslotCode) -> Option<Load> {
        self.zone_quotas.get(zone)?.get(timeslot).copied()
    }
}

/// A time zone travels as its IANA name.
mod tz_name {
    use chrono_tz::Tz;
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(tz: &Tz, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(tz.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Tz, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(|_unknown| {
            D::Error::custom(format!(
                "unknown time zone '{name}': use an IANA name, as Europe/London"
            ))
        })
    }
}

#[cfg(test)]
mod tests;
