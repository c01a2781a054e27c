//! Which trucks could carry a load at all: the integer cover.
//!
//! A demand has seven resources (dry and frozen volume, weight, stops, waybills, and the stops and
//! waybills that need a cold route), and so has a truck on a route template with one compartment
//! profile. A fleet covers a demand when its sum is enough
//! in every resource. Covering is easier than loading, since whole waybills and the choice of who
//! goes where are left out: the cheapest cover is a lower bound of the fleet cost, and the next
//! cheapest ones are the fleets worth trying to load. Never here: which waybill goes on which truck.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::class::RouteClass;
use crate::code::{TimeslotCode, ZoneCode};
use crate::fit;
use crate::key::StopKey;
use crate::load::Load;
use crate::network::{Network, RouteTemplate, TruckType};

/// Dry ml, frozen ml, grams, cold stops, cold waybills, stops, waybills.
type Resources = [u64; 7];

/// Nodes of the search for covers. When they run out, the bound falls back to the fractional one.
const MOST_NODES: u32 = 40_000;

/// What has to be carried: a load to a number of doors. `cold_*` count the waybills with frozen
/// goods and their doors: they only ride on mixed routes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    pub load: Load,
    pub stops: u32,
    pub cold_waybills: u32,
    pub cold_stops: u32,
}

/// A truck on a route template, set up in one way.
#[derive(Clone, Debug)]
pub struct FleetOption {
    pub template: Arc<RouteTemplate>,
    pub truck: Arc<TruckType>,
    room: Resources,
}

/// A multiset of trucks, each on its template, that covers a demand.
#[derive(Clone, Debug)]
pub struct Fleet {
    pub cost: u64,
    pub trucks: Vec<(Arc<RouteTemplate>, Arc<TruckType>)>,
}

impl Demand {
    /// Of these waybills together; each door counts once.
    pub fn of<'a>(waybills: impl IntoIterator<Item = (&'a Load, StopKey)>) -> Self {
        let (mut doors, mut cold_doors) = (BTreeSet::new(), BTreeSet::new());
        let (mut load, mut cold_waybills) = (Load::ZERO, 0_u32);
        for (one, stop) in waybills {
            load = load.checked_add(*one).unwrap_or(load);
            doors.insert(stop);
            if one.frozen_ml > 0 {
                cold_doors.insert(stop);
                cold_waybills = cold_waybills.saturating_add(1);
            }
        }
        let [stops, cold_stops] =
            [&doors, &cold_doors].map(|doors| u32::try_from(doors.len()).unwrap_or(u32::MAX));
        Self { load, stops, cold_waybills, cold_stops }
    }

    fn resources(self) -> Resources {
        let Load { waybills, dry_ml, frozen_ml, weight_g } = self.load;
        let [cold_stops, cold_waybills, stops, waybills] =
            [self.cold_stops, self.cold_waybills, self.stops, waybills].map(u64::from);
        [dry_ml, frozen_ml, weight_g, cold_stops, cold_waybills, stops, waybills]
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
        let cold = match template.class {
            RouteClass::Dry => [0; 3],
            RouteClass::Mixed => [profile.frozen_ml, stops, waybills],
        };
        let [frozen_ml, cold_stops, cold_waybills] = cold;
        let (dry_ml, weight_g) = (profile.dry_ml, truck.max_weight_g);
        let room = [dry_ml, frozen_ml, weight_g, cold_stops, cold_waybills, stops, waybills];
        let (template, truck) = (Arc::clone(template), Arc::clone(truck));
        options.push(FleetOption { template, truck, room });
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
    let options = undominated(options);
    let fractional = fractional_bound(&demand.resources(), &options)?;
    let mut search = Search::new(u64::MAX, 1);
    search.extend(&demand.resources(), &options, 0);
    match search.found.first() {
        Some((cost, _)) if search.nodes < MOST_NODES => Some(*cost),
        _ => Some(fractional),
    }
}

/// The cheapest fleets that cover the demand for less than `below`, at most `most` of them,
/// cheapest first.
#[must_use]
pub fn cheapest(demand: Demand, options: &[FleetOption], below: u64, most: usize) -> Vec<Fleet> {
    let options = undominated(options);
    let mut search = Search::new(below, most);
    search.extend(&demand.resources(), &options, 0);
    search.found.into_iter().map(|(cost, counts)| fleet(cost, &counts, &options)).collect()
}

fn fleet(cost: u64, counts: &[u64], options: &[&FleetOption]) -> Fleet {
    let mut trucks = Vec::new();
    for (option, count) in options.iter().zip(counts) {
        for _ in 0..*count {
            trucks.push((Arc::clone(&option.template), Arc::clone(&option.truck)));
        }
    }
    Fleet { cost, trucks }
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

/// The most expensive single resource when trucks may be cut into parts. `None` when a needed
/// resource is not to be had.
fn fractional_bound(need: &Resources, options: &[&FleetOption]) -> Option<u64> {
    let mut bound = 0;
    for (resource, need) in need.iter().enumerate().filter(|(_, need)| **need > 0) {
        let part = |option: &&FleetOption| {
            let room = option.room.get(resource).copied().filter(|room| *room > 0)?;
            let cost = u128::from(*need) * u128::from(option.truck.cost);
            u64::try_from(cost.div_ceil(u128::from(room))).ok()
        };
        bound = bound.max(options.iter().filter_map(part).min()?);
    }
    Some(bound)
}

/// Depth first over the options; each takes as many trucks as could be of use, then fewer.
struct Search {
    below: u64,
    most: usize,
    nodes: u32,
    /// By cost; counts run along the options.
    found: Vec<(u64, Vec<u64>)>,
    counts: Vec<u64>,
}

impl Search {
    fn new(below: u64, most: usize) -> Self {
        Self { below, most, nodes: 0, found: Vec::new(), counts: Vec::new() }
    }

    fn limit(&self) -> u64 {
        let last = self.found.last().filter(|_| self.found.len() >= self.most);
        last.map_or(self.below, |(cost, _)| self.below.min(*cost))
    }

    fn extend(&mut self, need: &Resources, options: &[&FleetOption], cost: u64) {
        self.nodes = self.nodes.saturating_add(1);
        if need.iter().all(|need| *need == 0) {
            self.record(cost);
            return;
        }
        let Some((option, rest)) = options.split_first() else { return };
        if self.nodes >= MOST_NODES {
            return;
        }
        let within = |bound: Option<u64>, limit: u64| {
            bound.is_some_and(|bound| cost.saturating_add(bound) < limit)
        };
        if !within(fractional_bound(need, options), self.limit()) {
            return;
        }
        for count in (0..=useful(need, &option.room)).rev() {
            let spent = option.truck.cost.saturating_mul(count);
            self.counts.push(count);
            self.extend(&less(need, &option.room, count), rest, cost.saturating_add(spent));
            self.counts.pop();
        }
    }

    fn record(&mut self, cost: u64) {
        if cost >= self.limit() {
            return;
        }
        let at = self.found.partition_point(|(other, _)| *other <= cost);
        self.found.insert(at, (cost, self.counts.clone()));
        self.found.truncate(self.most);
    }
}

/// More trucks than this of one kind cover nothing more.
fn useful(need: &Resources, room: &Resources) -> u64 {
    let each = need.iter().zip(room).filter(|(_, room)| **room > 0);
    each.map(|(need, room)| need.div_ceil(*room)).max().unwrap_or(0)
}

fn less(need: &Resources, room: &Resources, count: u64) -> Resources {
    let mut left = *need;
    for (left, room) in left.iter_mut().zip(room) {
        *left = left.saturating_sub(room.saturating_mul(count));
    }
    left
}

#[cfg(test)]
mod tests;
