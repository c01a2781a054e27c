//! Free slots: what adra-assigner would answer if the basket came now. The engine and its rules are the
//! same (`routing::assign`), asked on a copy that nobody keeps; the place is taken, or not, when the order
//! comes.
//!
//! Network and slot days are kept in the process as long as their versions in the database stay what they
//! were. Never here: a statement, a quota that is changed.

mod kept;
mod offer;

use std::ops::RangeInclusive;
use std::sync::Arc;

use ::store::{Database, StoreError};
use chrono::{Datelike as _, NaiveDate};
use contracts::{Basket, DistrictCode, QueryAnswer, SlotList, Timestamp, ZoneCode};
use routing::{Network, NetworkParts, RouteClass, SlotDay, SlotDayKey, StateError};

pub(crate) use self::kept::SlotDesk;
use self::offer::{Sought, offer};
use crate::scope::Scope;
use crate::store::slots::{self as rows, StoredDay};

/// The years that the database knows.
const YEARS: RangeInclusive<i32> = 1..=9_999;

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) district: DistrictCode,
    pub(crate) basket: Basket,
    pub(crate) from: Option<NaiveDate>,
    pub(crate) days: u16,
    pub(crate) at: Timestamp,
}

/// A network that fits together, with the windows that it has by their beginning.
#[derive(Debug)]
pub(crate) struct Served {
    pub(crate) revision: u64,
    pub(crate) network: Network,
    pub(crate) timeslots: Vec<routing::TimeslotCode>,
}

impl Served {
    /// # Errors
    /// A sentence about the rows that do not fit together.
    pub(crate) fn build(revision: u64, parts: NetworkParts) -> Result<Self, String> {
        let mut timeslots: Vec<_> =
            parts.timeslots.iter().map(|slot| (slot.start, slot.end, slot.code.clone())).collect();
        timeslots.sort();
        let timeslots = timeslots.into_iter().map(|(_, _, code)| code).collect();
        let network = Network::build(parts).map_err(|error| error.to_string())?;
        Ok(Self { revision, network, timeslots })
    }

    /// Every slot of the days that the district's zone serves at all.
    fn slots_of(&self, district: &routing::DistrictCode, asked: &Asked) -> Vec<Slot> {
        let mut slots = Vec::new();
        for date in self.days(district, asked) {
            let Some(zone) = self.network.zone_of(district, date) else {
                continue;
            };
            for timeslot in self.timeslots.iter().filter(|slot| self.serves(&zone.code, slot)) {
                let (depot, timeslot) = (zone.depot.clone(), timeslot.clone());
                let key = SlotDayKey { depot, date, timeslot };
                let mut zones = vec![zone.code.clone()];
                zones.extend(zone.neighbours.iter().cloned());
                slots.push(Slot { key, zones });
            }
        }
        slots
    }

    /// From the first day on; without one from today at the depot, as it is at that time.
    fn days(&self, district: &routing::DistrictCode, asked: &Asked) -> Vec<NaiveDate> {
        let at = asked.at.as_datetime();
        let today = || {
            let zone = self.network.zone_of(district, at.date_naive())?;
            let depot = self.network.depot(&zone.depot)?;
            Some(at.with_timezone(&depot.tz).date_naive())
        };
        let first = asked.from.or_else(today).unwrap_or_else(|| at.date_naive());
        let days = first.iter_days().take(asked.days.into());
        days.filter(|day| YEARS.contains(&day.year())).collect()
    }

    fn serves(&self, zone: &routing::ZoneCode, timeslot: &routing::TimeslotCode) -> bool {
        let any = |class| !self.network.templates(zone, timeslot, class).is_empty();
        any(RouteClass::Dry) || any(RouteClass::Mixed)
    }
}

/// A slot day, and the zones that matter there: the district's own first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) key: SlotDayKey,
    pub(crate) zones: Vec<routing::ZoneCode>,
}

/// Answers a question about free slots; asks for the database only where it needs it.
pub(crate) async fn slots<'a>(
    database: impl Fn() -> &'a Database,
    desk: &SlotDesk,
    scope: &Scope,
    asked: Asked,
) -> Result<QueryAnswer, StoreError> {
    if *scope == Scope::Nothing {
        return Ok(QueryAnswer::NotFound);
    }
    let Some(served) = desk.network(&database).await? else {
        return Ok(QueryAnswer::NotFound);
    };
    let district = routing::DistrictCode::from(asked.district.as_str());
    let slots = served.slots_of(&district, &asked);
    let Some(own) = slots.first().and_then(|slot| slot.zones.first()) else {
        return Ok(QueryAnswer::NotFound);
    };
    let shows_quota = matches!(scope, Scope::All | Scope::Source(_));
    let zone = ZoneCode::new(own.as_str()).ok().filter(|_| shows_quota);
    let days = desk.days(&database, &served, &slots).await?;
    let mut offers = Vec::with_capacity(slots.len());
    for (slot, day) in slots.iter().zip(days) {
        let Some(day) = day else { continue };
        let sought = Sought { network: &served.network, slot, basket: &asked.basket, at: asked.at };
        match offer(&sought, &day, shows_quota) {
            Ok(found) => offers.push(found),
            Err(error) => tracing::warn!(%error, ?slot, "this slot cannot be judged"),
        }
    }
    let Asked { district, at, .. } = asked;
    let list = SlotList { district, zone, judged_at: at, slots: offers };
    Ok(QueryAnswer::Slots(Box::new(list)))
}

/// Puts the stored rows of a slot day together.
fn restored(network: &Network, slot: &Slot, stored: StoredDay) -> Result<SlotDay, StateError> {
    let mut day = SlotDay::new(network, slot.key.clone())?;
    for (truck_type, broken) in &stored.outages {
        let limit = day.pool_of(truck_type).limit;
        day.set_pool_limit(truck_type, limit.saturating_sub(*broken));
    }
    for route in stored.routes {
        day.restore_route(network, route)?;
    }
    for placement in &stored.placements {
        // a route that was opened after the routes were read counts from the next reading on
        if day.route(placement.route).is_some() {
            day.restore_placement(placement)?;
        }
    }
    Ok(day)
}

/// Reads what is not kept of the slots, in their order; `None` where the rows contradict the network.
async fn read(
    database: &Database,
    network: &Network,
    slots: &[Slot],
) -> Result<Vec<Option<Arc<SlotDay>>>, StoreError> {
    let wanted: Vec<_> = slots.iter().map(|slot| (slot.key.clone(), slot.zones.clone())).collect();
    let stored = rows::stored_days(database, &wanted).await?;
    let days = slots.iter().zip(stored).map(|(slot, stored)| {
        let day = restored(network, slot, stored);
        day.inspect_err(|error| tracing::warn!(%error, ?slot, "a slot day cannot be put together"))
            .ok()
            .map(Arc::new)
    });
    Ok(days.collect())
}
