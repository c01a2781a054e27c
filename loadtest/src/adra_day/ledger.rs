//! Commits sets of moves the way the database would, checking versions and pins with each, and names
//! every hard rule that the whole then breaks: compartments, weight, stops, waybills, quotas, pool.
//! Shares no arithmetic with the engine.
//! Never here: leniency.

use std::collections::{BTreeMap, BTreeSet};

use routing::network::{RouteTemplate, TruckType};
use routing::optimise::{MoveSet, Planned};
use routing::{
    Network, Placement, RouteId, RouteRecord, RouteReference, RouteStatus, SlotDay, StateError,
    WaybillNo,
};

struct Truck {
    reference: RouteReference,
    status: RouteStatus,
    template: RouteTemplate,
    truck: TruckType,
    version: u64,
    waybills: BTreeSet<usize>,
}

/// The slot-day as tables.
pub(crate) struct Ledger<'a> {
    network: &'a Network,
    day: &'a SlotDay,
    waybills: &'a [Planned],
    numbers: BTreeMap<WaybillNo, usize>,
    routes: BTreeMap<RouteId, Truck>,
    pub(crate) places: Vec<Option<RouteId>>,
}

impl<'a> Ledger<'a> {
    pub(crate) fn of(network: &'a Network, day: &'a SlotDay, waybills: &'a [Planned]) -> Self {
        let mut routes: BTreeMap<RouteId, Truck> = day
            .routes()
            .map(|route| {
                let truck = Truck {
                    reference: route.reference().clone(),
                    status: route.status(),
                    template: route.template().clone(),
                    truck: route.truck().clone(),
                    version: route.version(),
                    waybills: BTreeSet::new(),
                };
                (route.id(), truck)
            })
            .collect();
        for (number, waybill) in waybills.iter().enumerate() {
            if let Some(route) = waybill.place.and_then(|id| routes.get_mut(&id)) {
                route.waybills.insert(number);
            }
        }
        let numbers =
            waybills.iter().enumerate().map(|(at, w)| (w.waybill_no.clone(), at)).collect();
        let places = waybills.iter().map(|waybill| waybill.place).collect();
        Self { network, day, waybills, numbers, routes, places }
    }

    /// The slot-day as it would be read back from storage.
    pub(crate) fn day(&self) -> Result<SlotDay, StateError> {
        let mut day = SlotDay::new(self.network, self.day.key().clone())?;
        for (id, route) in &self.routes {
            let record = RouteRecord {
                id: *id,
                reference: route.reference.clone(),
                template: route.template.code.clone(),
                truck_type: route.truck.code.clone(),
                status: route.status,
                version: route.version,
            };
            day.restore_route(self.network, record)?;
        }
        for (waybill, place) in self.waybills.iter().zip(&self.places) {
            let Some(route) = *place else { continue };
            let (order, stop, load) = (waybill.order, waybill.stop, waybill.load);
            day.restore_placement(&Placement { route, order, stop, load })?;
        }
        Ok(day)
    }

    /// What the trucks cost.
    pub(crate) fn fleet_cost(&self) -> u64 {
        self.routes.values().map(|route| route.truck.cost).sum()
    }

    /// Commits a set as a whole.
    pub(crate) fn commit(&mut self, set: &MoveSet) -> Result<(), String> {
        for (id, version) in &set.expected {
            let route = self.routes.get_mut(id).ok_or(format!("route {} is unknown", id.0))?;
            if route.version != *version || route.status != RouteStatus::Open {
                return Err(format!(
                    "route {} is at version {} or closed to changes",
                    id.0, route.version
                ));
            }
            route.version += 1;
        }
        for opened in &set.opened {
            let template = self.network.template(&opened.template).ok_or("unknown template")?;
            let truck = self.network.truck_type(&opened.truck_type).ok_or("unknown truck type")?;
            let truck = Truck {
                reference: opened.reference.clone(),
                status: RouteStatus::Open,
                template: template.as_ref().clone(),
                truck: truck.as_ref().clone(),
                version: 1,
                waybills: BTreeSet::new(),
            };
            self.routes.insert(opened.route, truck);
        }
        for change in &set.trucks {
            let route = self.routes.get_mut(&change.route).ok_or("unknown route")?;
            let truck = self.network.truck_type(&change.to).ok_or("unknown truck type")?;
            route.truck = truck.as_ref().clone();
        }
        self.move_waybills(set)?;
        for id in &set.closed {
            match self.routes.remove(id) {
                Some(route) if route.waybills.is_empty() => {}
                _ => return Err(format!("route {} is closed with waybills on it", id.0)),
            }
        }
        Ok(())
    }

    fn move_waybills(&mut self, set: &MoveSet) -> Result<(), String> {
        for one in &set.moves {
            let number = *self.numbers.get(&one.waybill_no).ok_or("unknown waybill")?;
            let place = self.places.get_mut(number).ok_or("unknown waybill")?;
            if *place != one.from || self.waybills.get(number).is_none_or(|waybill| waybill.fixed) {
                return Err(format!("{} is elsewhere or fixed", one.waybill_no));
            }
            *place = one.to;
            for (id, is_there) in [(one.from, false), (one.to, true)] {
                let Some(id) = id else { continue };
                let route = self.routes.get_mut(&id).ok_or("a waybill moves from or to nowhere")?;
                if is_there {
                    route.waybills.insert(number)
                } else {
                    route.waybills.remove(&number)
                };
            }
        }
        Ok(())
    }

    /// Every broken hard rule.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut trucks: BTreeMap<&str, u32> = BTreeMap::new();
        let mut zones: BTreeMap<&str, u32> = BTreeMap::new();
        for (id, route) in &self.routes {
            *trucks.entry(route.truck.code.as_str()).or_default() += 1;
            *zones.entry(route.template.zone.as_str()).or_default() += count(route.waybills.len());
            if let Some(fault) = self.fault_of(route) {
                faults.push(format!("route {}: {fault}", id.0));
            }
        }
        for (code, pool) in self.day.pool() {
            if trucks.get(code.as_str()).is_some_and(|used| *used > pool.limit) {
                faults.push(format!("more {code} out than there are"));
            }
        }
        for (code, zone) in self.day.zones() {
            if zones.get(code.as_str()).is_some_and(|used| *used > zone.limit().waybills) {
                faults.push(format!("zone {code} is oversold"));
            }
        }
        faults
    }

    fn fault_of(&self, route: &Truck) -> Option<&'static str> {
        let carried = || route.waybills.iter().filter_map(|number| self.waybills.get(*number));
        let dry: u64 = carried().map(|waybill| waybill.load.dry_ml).sum();
        let frozen: u64 = carried().map(|waybill| waybill.load.frozen_ml).sum();
        let grams: u64 = carried().map(|waybill| waybill.load.weight_g).sum();
        let doors: BTreeSet<_> = carried().map(|waybill| waybill.stop).collect();
        let own_truck = route.truck.code == route.template.default_truck_type;
        let most = if own_truck { route.template.waybill_quota } else { route.truck.max_stops };
        let holds = route.truck.profiles.0.iter().any(|p| dry <= p.dry_ml && frozen <= p.frozen_ml);
        let on_ladder = self.network.upgrades(&route.template.default_truck_type);
        if !own_truck && !on_ladder.iter().any(|truck| truck.code == route.truck.code) {
            Some("its truck is not on the template's ladder")
        } else if !holds {
            Some("no profile holds its load")
        } else if grams > route.truck.max_weight_g {
            Some("it is too heavy")
        } else if count(doors.len()) > route.truck.max_stops {
            Some("it has too many stops")
        } else if count(route.waybills.len()) > most {
            Some("it has too many waybills")
        } else if carried().any(|waybill| waybill.zone != route.template.zone) {
            Some("it carries another zone's waybills")
        } else if carried().any(|w| !w.sku_class.route_classes().contains(&route.template.class)) {
            Some("it carries goods of another class")
        } else {
            None
        }
    }
}

fn count(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}
