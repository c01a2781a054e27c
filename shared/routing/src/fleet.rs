//! Which trucks could carry a load at all: the integer cover.
//!
//! A demand has ten resources (dry and frozen volume, weight, stops, waybills, the stops and
//! waybills that need a cold route, and the waybills with goods of both kinds and their two volumes,
//! for which a truck has to be divided), and so has a truck on a route template with one compartment
//! profile. A fleet covers a demand when its sum is enough in every resource. Covering is easier than loading, since whole waybills and the choice of who
//! goes where are left out: the cheapest cover is a lower bound of the fleet cost, and the next
//! cheapest ones are the fleets worth trying to load. Never here: which waybill goes on which truck.

mod cover;
mod prices;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use self::cover::{Effort, Search};

use crate::class::RouteClass;
use crate::code::{TimeslotCode, TruckTypeCode, ZoneCode};
use crate::fit;
use crate::key::StopKey;
use crate::load::Load;
use crate::network::{Network, Profile, RouteTemplate, TruckType};

/// Dry ml, frozen ml, grams, cold stops, cold waybills, waybills of both kinds, their dry ml, their
/// frozen ml, stops, waybills.
type Resources = [u64; RESOURCES];
const RESOURCES: usize = 10;

/// Nodes of the search for the cheapest cover. When they run out, the bound falls back to the
/// fractional one.
const NODES_FOR_A_BOUND: u32 = 100_000;
/// Nodes of the search for fleets to try.
const NODES_FOR_FLEETS: u32 = 3_000;

/// What has to be carried: a load to a number of doors. `cold_*` count the waybills with frozen
/// goods and their doors: they only ride on mixed routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    pub load: Load,
    pub stops: u32,
    pub cold_waybills: u32,
    pub cold_stops: u32,
    /// Waybills with dry and frozen goods: they need a truck divided between both.
    pub of_both: Load,
}

/// A truck on a route template, set up in one way.
#[derive(Clone, Debug)]
pub struct FleetOption {
    pub template: Arc<RouteTemplate>,
    pub truck: Arc<TruckType>,
    set_up: Profile,
    room: Resources,
}

/// A multiset of trucks, each on its template, that covers a demand.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub cost: u64,
    pub trucks: Vec<(Arc<RouteTemplate>, Arc<TruckType>)>,
    /// How each of the trucks is set up.
    pub set_ups: Vec<Profile>,
}

impl Demand {
    /// Of these waybills together; each door counts once.
    pub fn of<'a>(waybills: impl IntoIterator<Item = (&'a Load, StopKey)>) -> Self {
        let (mut doors, mut cold_doors) = (BTreeSet::new(), BTreeSet::new());
        let (mut load, mut of_both, mut cold_waybills) = (Load::ZERO, Load::ZERO, 0_u32);
        for (one, stop) in waybills {
            load = load.checked_add(*one).unwrap_or(load);
            doors.insert(stop);
            if one.frozen_ml > 0 {
                cold_doors.insert(stop);
                cold_waybills = cold_waybills.saturating_add(1);
                if one.dry_ml > 0 {
                    of_both = of_both.checked_add(*one).unwrap_or(of_both);
                }
            }
        }
        let [stops, cold_stops] =
            [&doors, &cold_doors].map(|doors| u32::try_from(doors.len()).unwrap_or(u32::MAX));
        Self { load, stops, cold_waybills, cold_stops, of_both }
    }

    /// The same with so many thousandths more volume and weight.
    pub(crate) fn with_slack(self, per_mille: u64) -> Self {
        let more =
            |figure: u64| figure.saturating_add(figure.saturating_mul(per_mille).div_ceil(1_000));
        let raised = |load: Load| Load {
            waybills: load.waybills,
            dry_ml: more(load.dry_ml),
            frozen_ml: more(load.frozen_ml),
            weight_g: more(load.weight_g),
        };
        Self { load: raised(self.load), of_both: raised(self.of_both), ..self }
    }

    fn resources(self) -> Resources {
        let Self { load, of_both, .. } = self;
        let counts = [self.cold_stops, self.cold_waybills, of_both.waybills].map(u64::from);
        let [cold_stops, cold_waybills, waybills_of_both] = counts;
        [
            load.dry_ml,
            load.frozen_ml,
            load.weight_g,
            cold_stops,
            cold_waybills,
            waybills_of_both,
            of_both.dry_ml,
            of_both.frozen_ml,
            u64::from(self.stops),
            u64::from(load.waybills),
        ]
    }
}

/// Every truck that a route of the zone may drive with, in every set-up. A dry route takes no
/// frozen goods, whatever its truck could hold.
#[must_use]
pub fn options(network: &Network, zone: &ZoneCode, timeslot: &TimeslotCode) -> Vec<FleetOption> {
    let mut options = Vec::new();
    for class in [RouteClass::Dry, RouteClass::Mixed] {
        for template in network.templates(zone, timeslot, class) {
            let own = network.truck_type(&template.default_truck_type).into_iter();
            for truck in own.chain(network.upgrades(&template.default_truck_type)) {
                add_profiles(&mut options, template, truck);
            }
        }
    }
    options.sort_by(|a, b| density(b).total_cmp(&density(a)));
    options
}

fn add_profiles(
    options: &mut Vec<FleetOption>,
    template: &Arc<RouteTemplate>,
    truck: &Arc<TruckType>,
) {
    for profile in &truck.profiles.0 {
        let stops = u64::from(truck.max_stops);
        let waybills = u64::from(fit::waybill_limit(template, truck));
        let (dry_ml, weight_g) = (profile.dry_ml, truck.max_weight_g);
        let [frozen_ml, cold_stops, cold_waybills] = match template.class {
            RouteClass::Dry => [0; 3],
            RouteClass::Mixed => [profile.frozen_ml, stops, waybills],
        };
        let is_divided = dry_ml > 0 && frozen_ml > 0;
        let [of_both, both_dry_ml, both_frozen_ml] =
            if is_divided { [waybills, dry_ml, frozen_ml] } else { [0; 3] };
        let room = [
            dry_ml,
            frozen_ml,
            weight_g,
            cold_stops,
            cold_waybills,
            of_both,
            both_dry_ml,
            both_frozen_ml,
            stops,
            waybills,
        ];
        let (template, truck) = (Arc::clone(template), Arc::clone(truck));
        options.push(FleetOption { template, truck, set_up: *profile, room });
    }
}

/// Waybills a unit of cost: only orders the search, so rounding does no harm.
#[allow(clippy::as_conversions, reason = "orders the search; a rounded figure does no harm")]
fn density(option: &FleetOption) -> f64 {
    let [.., stops, waybills] = option.room;
    stops.min(waybills) as f64 / option.truck.cost.max(1) as f64
}

/// No fleet of these options that carries the demand costs less. `None` when none covers it.
#[must_use]
pub fn lower_bound(demand: Demand, options: &[FleetOption]) -> Option<u64> {
    let (need, options) = (demand.resources(), undominated(options));
    let effort = Effort { below: u64::MAX, most: 1, nodes: NODES_FOR_A_BOUND };
    let search = Search::new(&need, &options, BTreeMap::new(), effort);
    let fractional = search.bound(&need)?;
    let (found, is_complete) = search.run(&need);
    match found.first() {
        Some((cost, _)) if is_complete => Some(*cost),
        _ => Some(fractional),
    }
}

/// The cheapest fleets that cover the demand for less than `below`, at most `most` of them,
/// cheapest first.
#[must_use]
pub fn cheapest(demand: Demand, options: &[FleetOption], below: u64, most: usize) -> Vec<Fleet> {
    let (need, options) = (demand.resources(), undominated(options));
    let effort = Effort { below, most, nodes: NODES_FOR_FLEETS };
    let (found, _) = Search::new(&need, &options, BTreeMap::new(), effort).run(&need);
    found.into_iter().map(|(cost, counts)| fleet(cost, &counts, &options)).collect()
}

/// The same with no more trucks of a type than `to_be_had` says.
pub(crate) fn cheapest_within(
    demand: Demand,
    options: &[FleetOption],
    to_be_had: impl Fn(&TruckTypeCode) -> u32,
    below: u64,
    most: usize,
) -> Vec<Fleet> {
    let need = demand.resources();
    // A better truck that is not there replaces nothing, so only equals are left out.
    let options: Vec<&FleetOption> = options.iter().collect();
    let left = options.iter().map(|option| {
        let code = &option.truck.code;
        (code, u64::from(to_be_had(code)))
    });
    let left = left.collect();
    let effort = Effort { below, most, nodes: NODES_FOR_FLEETS };
    let (found, _) = Search::new(&need, &options, left, effort).run(&need);
    found.into_iter().map(|(cost, counts)| fleet(cost, &counts, &options)).collect()
}

fn fleet(cost: u64, counts: &[u64], options: &[&FleetOption]) -> Fleet {
    let (mut trucks, mut set_ups) = (Vec::new(), Vec::new());
    for (option, count) in options.iter().zip(counts) {
        for _ in 0..*count {
            trucks.push((Arc::clone(&option.template), Arc::clone(&option.truck)));
            set_ups.push(option.set_up);
        }
    }
    Fleet { cost, trucks, set_ups }
}

/// Leaves out what another option does at least as well for no more. Of equals the first stays.
fn undominated(options: &[FleetOption]) -> Vec<&FleetOption> {
    let beats = |a: &FleetOption, b: &FleetOption| {
        a.truck.cost <= b.truck.cost && a.room.iter().zip(&b.room).all(|(a, b)| a >= b)
    };
    let is_kept = |(at, option): &(usize, &FleetOption)| {
        !options.iter().enumerate().any(|(other_at, other)| {
            beats(other, option) && (!beats(option, other) || other_at < *at)
        })
    };
    options.iter().enumerate().filter(is_kept).map(|(_, option)| option).collect()
}

#[cfg(test)]
mod tests;
