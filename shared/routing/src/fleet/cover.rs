//! The cheapest whole trucks that cover a load: branch and bound over how many of each option.
//!
//! The bound of what is left is its worth at the dual prices of the options that are left
//! (`prices`), and at least its dearest single resource; fleets cost a multiple of the costs'
//! common divisor. The branch with the least bound goes first. Never here: which waybill goes where.

use std::collections::BTreeMap;

use super::prices::Prices;
use super::{FleetOption, RESOURCES, Resources};
use crate::code::TruckTypeCode;

/// A fleet found: its cost, and how many of each option.
pub(super) type Found = (u64, Vec<u64>);

/// What the search may spend and deliver.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Only fleets that cost less.
    pub(super) below: u64,
    /// At most so many of them, the cheapest.
    pub(super) most: usize,
    pub(super) nodes: u32,
}

#[derive(Debug)]
pub(super) struct Search<'a> {
    options: &'a [&'a FleetOption],
    /// Of the options from each position on: what a load is worth, and what a unit of each resource
    /// costs at least (infinite where it is not to be had).
    prices: Vec<Prices>,
    dearest: Vec<[f64; RESOURCES]>,
    /// Every fleet costs a multiple of it.
    divisor: u64,
    effort: Effort,
    nodes: u32,
    /// Trucks of each type that are still to be had; types that are not named are ample.
    left: BTreeMap<&'a TruckTypeCode, u64>,
    found: Vec<Found>,
    counts: Vec<u64>,
}

impl<'a> Search<'a> {
    pub(super) fn new(
        need: &Resources,
        options: &'a [&'a FleetOption],
        left: BTreeMap<&'a TruckTypeCode, u64>,
        effort: Effort,
    ) -> Self {
        let rest = |first: usize| options.get(first..).unwrap_or_default();
        let prices = (0..options.len()).map(|first| Prices::of(need, rest(first)));
        let divisor = options.iter().fold(0, |divisor, option| gcd(divisor, option.truck.cost));
        Self {
            options,
            prices: prices.collect(),
            dearest: (0..=options.len()).map(|first| unit_costs(rest(first))).collect(),
            divisor: divisor.max(1),
            effort,
            nodes: 0,
            left,
            found: Vec::new(),
            counts: Vec::new(),
        }
    }

    /// No fleet of all options that covers the load costs less. `None` when none covers it.
    pub(super) fn bound(&self, need: &Resources) -> Option<u64> {
        self.bound_from(need, 0)
    }

    /// The fleets found, cheapest first; `true` when the search went to its end.
    pub(super) fn run(mut self, need: &Resources) -> (Vec<Found>, bool) {
        self.extend(need, 0, 0);
        let is_complete = self.nodes < self.effort.nodes;
        (self.found, is_complete)
    }

    fn limit(&self) -> u64 {
        let last = self.found.last().filter(|_| self.found.len() >= self.effort.most);
        last.map_or(self.effort.below, |(cost, _)| self.effort.below.min(*cost))
    }

    fn extend(&mut self, need: &Resources, at: usize, cost: u64) {
        self.nodes = self.nodes.saturating_add(1);
        if need.iter().all(|need| *need == 0) {
            self.record(cost);
            return;
        }
        let Some(option) = self.options.get(at).copied() else { return };
        for (bound, count, rest) in self.branches(option, need, at, cost) {
            if self.nodes >= self.effort.nodes {
                return;
            }
            if bound >= self.limit() {
                continue;
            }
            let spent = option.truck.cost.saturating_mul(count);
            self.counts.push(count);
            self.take(&option.truck.code, count);
            self.extend(&rest, at.saturating_add(1), cost.saturating_add(spent));
            self.give_back(&option.truck.code, count);
            self.counts.pop();
        }
    }

    /// How many of an option, with the bound of the whole fleet and what is left to cover; the most
    /// promising first, of equals the larger number.
    fn branches(
        &self,
        option: &FleetOption,
        need: &Resources,
        at: usize,
        cost: u64,
    ) -> Vec<(u64, u64, Resources)> {
        let to_be_had = self.left.get(&option.truck.code).copied().unwrap_or(u64::MAX);
        let most = useful(need, &option.room).min(to_be_had);
        let mut branches = Vec::new();
        for count in (0..=most).rev() {
            let rest = less(need, &option.room, count);
            let spent = cost.saturating_add(option.truck.cost.saturating_mul(count));
            let Some(bound) = self.bound_from(&rest, at.saturating_add(1)) else { continue };
            let bound = bound.saturating_add(spent);
            if bound < self.limit() {
                branches.push((bound, count, rest));
            }
        }
        branches.sort_by_key(|(bound, ..)| *bound);
        branches
    }

    fn bound_from(&self, need: &Resources, first: usize) -> Option<u64> {
        if need.iter().all(|need| *need == 0) {
            return Some(0);
        }
        let dearest = dearest_resource(need, self.dearest.get(first)?)?;
        let worth = self.prices.get(first).map_or(0.0, |prices| prices.of_load(need));
        Some(whole(worth.max(dearest)).div_ceil(self.divisor).saturating_mul(self.divisor))
    }

    fn take(&mut self, truck_type: &TruckTypeCode, count: u64) {
        if let Some(left) = self.left.get_mut(truck_type) {
            *left = left.saturating_sub(count);
        }
    }

    fn give_back(&mut self, truck_type: &TruckTypeCode, count: u64) {
        if let Some(left) = self.left.get_mut(truck_type) {
            *left = left.saturating_add(count);
        }
    }

    fn record(&mut self, cost: u64) {
        if cost >= self.limit() {
            return;
        }
        let at = self.found.partition_point(|(other, _)| *other <= cost);
        self.found.insert(at, (cost, self.counts.clone()));
        self.found.truncate(self.effort.most);
    }
}

/// Rounded up, but for what may be rounding error.
#[allow(
    clippy::as_conversions,
    reason = "costs are far below what a double holds exactly; a negative figure becomes zero"
)]
fn whole(worth: f64) -> u64 {
    (worth - 1e-6 * worth.max(1.0)).ceil() as u64
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a.checked_rem(b).unwrap_or(0)) }
}

/// What a unit of each resource costs on the truck that offers it cheapest.
#[allow(
    clippy::as_conversions,
    reason = "costs and room are far below what a double holds exactly"
)]
fn unit_costs(options: &[&FleetOption]) -> [f64; RESOURCES] {
    let mut least = [f64::INFINITY; RESOURCES];
    for option in options {
        for (least, room) in least.iter_mut().zip(&option.room).filter(|(_, room)| **room > 0) {
            *least = least.min(option.truck.cost as f64 / *room as f64);
        }
    }
    least
}

/// The most expensive single resource when trucks may be cut into parts. `None` when a needed
/// resource is not to be had.
#[allow(clippy::as_conversions, reason = "resources are far below what a double holds exactly")]
fn dearest_resource(need: &Resources, unit_costs: &[f64; RESOURCES]) -> Option<f64> {
    let needed = need.iter().zip(unit_costs).filter(|(need, _)| **need > 0);
    let dearest = needed.map(|(need, cost)| *need as f64 * cost).fold(0.0, f64::max);
    dearest.is_finite().then_some(dearest)
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
