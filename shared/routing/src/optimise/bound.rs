//! What the fleet of a slot-day must cost at least. Never here: a fleet that reaches it.

use std::collections::BTreeMap;

use super::Planned;
use crate::code::ZoneCode;
use crate::fleet::{self, Demand};
use crate::key::{RouteId, StopKey};
use crate::load::Load;
use crate::network::Network;
use crate::state::{RouteStatus, SlotDay};

/// No fleet that keeps every waybill in the zone that serves it now costs less: locked and
/// dispatched routes as they are, and for each zone the cheapest cover of what its open routes
/// carry. `None` when no fleet that the network knows covers a zone.
#[must_use]
pub fn lower_bound(network: &Network, day: &SlotDay, waybills: &[Planned]) -> Option<u64> {
    let mut bound = 0_u64;
    let mut open: BTreeMap<RouteId, &ZoneCode> = BTreeMap::new();
    for route in day.routes() {
        if route.status() == RouteStatus::Open {
            open.insert(route.id(), &route.template().zone);
        } else {
            bound = bound.saturating_add(route.truck().cost);
        }
    }
    let mut carried: BTreeMap<&ZoneCode, Vec<(&Load, StopKey)>> = BTreeMap::new();
    for waybill in waybills {
        if let Some(zone) = waybill.place.and_then(|route| open.get(&route)) {
            carried.entry(zone).or_default().push((&waybill.load, waybill.stop));
        }
    }
    for (zone, waybills) in carried {
        let options = fleet::options(network, zone, &day.key().timeslot);
        bound = bound.saturating_add(fleet::lower_bound(Demand::of(waybills), &options)?);
    }
    Some(bound)
}
