//! Turns checked rows into the lookups of [`Network`]. Never here: checks; rows that name nothing
//! known have been refused before.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::{LadderStep, Network, NetworkParts, TruckType};
use crate::code::TruckTypeCode;

pub(super) fn index(parts: NetworkParts) -> Network {
    let truck_types: BTreeMap<_, _> =
        parts.truck_types.into_iter().map(|truck| (truck.code.clone(), Arc::new(truck))).collect();
    let mut network = Network {
        depots: parts.depots.into_iter().map(|depot| (depot.code.clone(), depot)).collect(),
        zones: parts.zones.into_iter().map(|zone| (zone.code.clone(), zone)).collect(),
        districts: BTreeMap::new(),
        timeslots: parts.timeslots.into_iter().map(|slot| (slot.code.clone(), slot)).collect(),
        upgrades: upgrades(&truck_types, &parts.ladder),
        truck_types,
        pool: BTreeMap::new(),
        templates: BTreeMap::new(),
        served: BTreeMap::new(),
        zone_quotas: BTreeMap::new(),
    };
    for row in parts.districts {
        network.districts.entry(row.district).or_default().push((row.valid_from, row.zone));
    }
    for history in network.districts.values_mut() {
        history.sort();
    }
    for row in parts.pool {
        let depot = network.pool.entry(row.depot).or_default();
        depot.entry(row.timeslot).or_default().insert(row.truck_type, row.count);
    }
    for row in parts.zone_quotas {
        network.zone_quotas.entry(row.zone).or_default().insert(row.timeslot, row.limit);
    }
    for template in parts.templates {
        network.templates.insert(template.code.clone(), Arc::new(template));
    }
    // By way of the map, so that each list is in the order of its codes.
    for template in network.templates.values() {
        let slots = network.served.entry(template.zone.clone()).or_default();
        let by_class = slots.entry(template.timeslot.clone()).or_default();
        by_class.get_mut(template.class).push(Arc::clone(template));
    }
    network
}

fn upgrades(
    truck_types: &BTreeMap<TruckTypeCode, Arc<TruckType>>,
    ladder: &[LadderStep],
) -> BTreeMap<TruckTypeCode, Vec<Arc<TruckType>>> {
    let reach = |from: &TruckTypeCode| {
        let mut reached: Vec<_> = reachable(ladder, from)
            .iter()
            .filter_map(|code| truck_types.get(code).map(Arc::clone))
            .collect();
        reached.sort_by(|a, b| (a.cost, &a.code).cmp(&(b.cost, &b.code)));
        reached
    };
    truck_types.keys().map(|code| (code.clone(), reach(code))).collect()
}

/// Everything the ladder leads to from `from`, in one step or more. On a cyclic ladder that
/// includes `from` itself.
pub(super) fn reachable(ladder: &[LadderStep], from: &TruckTypeCode) -> BTreeSet<TruckTypeCode> {
    let mut reached = BTreeSet::new();
    let mut frontier = vec![from.clone()];
    while let Some(at) = frontier.pop() {
        for step in ladder.iter().filter(|step| step.from == at) {
            if reached.insert(step.to.clone()) {
                frontier.push(step.to.clone());
            }
        }
    }
    reached
}
