//! What the fleet is expected to cost yet, given the room that there is: the measure by which a
//! cross-purpose place, a larger truck and a new route are compared.
//!
//! The number still to come of each class of goods is known up to its spread, so eight equally
//! likely numbers stand for it. For each of them, what exceeds the room on the routes has to be
//! bought: the cheapest trucks for so many typical waybills (an integer knapsack cover, solved once
//! by dynamic programming). This prices a truck by what it saves later, the last trucks of the day
//! as whole trucks included. Never here: which places there are.

use super::search::{Search, Server};
use crate::class::{ByGoods, RouteClass, SkuClass};
use crate::load::Load;
use crate::network::{RouteTemplate, TruckType};
use crate::pricing::{Forecast, MILLI, Outlook, spare_milli};
use crate::state::{Route, RouteStatus};

/// Midpoints of eight equally likely parts of a normal distribution, in thousandths of its spread.
const POINTS_MILLI: [i64; POINTS] = [-1_534, -887, -489, -157, 157, 489, 887, 1_534];
const POINTS: usize = 8;
/// Waybills come in orders, so that their number varies more than that of single ones would: the
/// variance is so many times the mean.
const VARIANCE_OF_MEAN: u64 = 3;
/// Stands for "no end in sight".
const ENDLESS_MILLI: u64 = 1_000_000_000;
/// Room that one class of goods leaves over serves another, but not as well.
const LENT_MILLI: u64 = 700;
/// The larger truck that is bought is the one that seemed to save most of all that could be had, so it saves less
/// than it seemed to (the optimizer's curse: Smith, Winkler 2006). So many thousandths of its outlay are taken off.
const OVERRATED_MILLI: u64 = 80;
/// Whole waybills for which the cover is exact; beyond, the cheapest truck's price goes on. Twice
/// the largest truck is enough, within this bound.
const LONGEST_TABLE: u64 = 400;

/// The class of goods that a route has most room for, and how much, in typical waybills; on a mixed
/// route, beside it, how many dry ones it would take instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    pub(super) goods: SkuClass,
    pub(super) spare_milli: u64,
    dry_instead_milli: u64,
}

/// The sums over a zone's routes.
#[derive(Clone, Copy, Debug, Default)]
struct Room {
    spare_milli: ByGoods<u64>,
    dry_instead_milli: u64,
}

/// What a route of the template is good for with `truck` on it, `load` and `stops` on board. Dry
/// goods do not count on a mixed route. `None` where nothing is known of the goods it is meant for.
pub(super) fn best_use(
    forecast: &Forecast,
    template: &RouteTemplate,
    truck: &TruckType,
    load: Load,
    stops: u32,
) -> Option<Use> {
    let room = |goods: SkuClass| {
        let outlook = forecast.of(goods)?;
        Some((outlook, spare_milli(template, truck, load, stops, &outlook.typical)))
    };
    let dry = room(SkuClass::Dry).map(|(_, spare_milli)| spare_milli);
    match template.class {
        RouteClass::Dry => {
            dry.map(|spare_milli| Use { goods: SkuClass::Dry, spare_milli, dry_instead_milli: 0 })
        }
        RouteClass::Mixed => {
            let of = |goods: SkuClass| {
                let (outlook, spare_milli) = room(goods)?;
                let best = Use { goods, spare_milli, dry_instead_milli: dry.unwrap_or(0) };
                Some((outlook.remaining_waybills != Some(0), best))
            };
            let uses = [of(SkuClass::Mixed), of(SkuClass::Frozen)].into_iter().flatten();
            uses.max_by_key(|(is_to_come, best)| (*is_to_come, best.spare_milli))
                .map(|(_, best)| best)
        }
    }
}

/// Of a route as it is.
pub(super) fn use_of(forecast: &Forecast, route: &Route) -> Option<Use> {
    best_use(forecast, &route.template, &route.truck, route.load, route.stop_count())
}

/// One zone with its routes and what is still to come for it.
#[derive(Debug)]
pub(super) struct Worth {
    curves: ByGoods<Option<Curve>>,
    room: Room,
    later_milli: u64,
    /// How many are to come was estimated.
    is_estimate: bool,
}

impl Worth {
    pub(super) fn of(search: &Search<'_>, server: &Server<'_>) -> Self {
        let curve = |goods: SkuClass| {
            search.forecast.of(goods).map(|outlook| Curve::of(search, server, goods, outlook))
        };
        let curves = ByGoods {
            dry: curve(SkuClass::Dry),
            frozen: curve(SkuClass::Frozen),
            mixed: curve(SkuClass::Mixed),
        };
        let outlooks = [SkuClass::Dry, SkuClass::Frozen, SkuClass::Mixed].into_iter();
        let mut outlooks = outlooks.filter_map(|goods| search.forecast.of(goods));
        let is_estimate = outlooks.any(|outlook| outlook.remaining_waybills.is_some());
        let mut worth = Self { curves, room: Room::default(), later_milli: 0, is_estimate };
        for class in [RouteClass::Dry, RouteClass::Mixed] {
            let routes = server.day.routes(class).iter();
            for route in routes.filter(|route| route.status == RouteStatus::Open) {
                worth.room = worth.room.with(use_of(search.forecast, route));
            }
        }
        worth.later_milli = worth.later(&worth.room);
        worth
    }

    /// What it saves of the trucks to be bought later, that one use takes the place of another.
    pub(super) fn saves_milli(&self, before: Option<Use>, after: Option<Use>) -> i64 {
        let later = self.later(&self.room.without(before).with(after));
        let signed = |cost: u64| i64::try_from(cost).unwrap_or(i64::MAX);
        signed(self.later_milli).saturating_sub(signed(later))
    }

    /// The same for a larger truck on an open route, for which so much is paid.
    pub(super) fn upgrade_saves_milli(
        &self,
        before: Option<Use>,
        after: Option<Use>,
        cost: u64,
    ) -> i64 {
        let overrated = if self.is_estimate { cost.saturating_mul(OVERRATED_MILLI) } else { 0 };
        let overrated = i64::try_from(overrated).unwrap_or(i64::MAX);
        self.saves_milli(before, after).saturating_sub(overrated)
    }

    /// The mean over the points.
    fn later(&self, room: &Room) -> u64 {
        let sum: u64 = (0..POINTS).map(|point| self.later_at(point, room)).sum();
        sum / 8
    }

    /// Goods of both kinds use what there is for them, then frozen goods; what the first leave over
    /// helps the second, and what both leave over, dry goods.
    fn later_at(&self, point: usize, room: &Room) -> u64 {
        let (mut cost, mut over, mut all, mut to_come_cold) = (0_u64, 0_u64, 0_u64, 0_u64);
        for goods in [SkuClass::Mixed, SkuClass::Frozen] {
            let Some(curve) = self.curves.get(goods) else { continue };
            let (to_come, spare) = (curve.to_come_at(point), *room.spare_milli.get(goods));
            let lacking = to_come.saturating_sub(spare);
            let lent = lacking.min(over.saturating_mul(LENT_MILLI) / MILLI);
            cost = cost.saturating_add(curve.cost_milli(lacking.saturating_sub(lent)));
            over = over
                .saturating_sub(lent.saturating_mul(MILLI) / LENT_MILLI)
                .saturating_add(spare.saturating_sub(to_come));
            all = all.saturating_add(spare);
            to_come_cold = to_come_cold.saturating_add(to_come);
        }
        let Some(curve) = &self.curves.dry else { return cost };
        let share_milli = match over.saturating_mul(MILLI).checked_div(all) {
            Some(share) => share,
            None if to_come_cold == 0 => MILLI,
            None => 0,
        };
        let free = room.dry_instead_milli.saturating_mul(share_milli) / MILLI;
        let spare = room.spare_milli.dry.saturating_add(free.saturating_mul(LENT_MILLI) / MILLI);
        cost.saturating_add(curve.cost_milli(curve.to_come_at(point).saturating_sub(spare)))
    }
}

impl Room {
    fn with(mut self, one: Option<Use>) -> Self {
        if let Some(Use { goods, spare_milli, dry_instead_milli }) = one {
            let sum = self.spare_milli.get_mut(goods);
            *sum = sum.saturating_add(spare_milli);
            self.dry_instead_milli = self.dry_instead_milli.saturating_add(dry_instead_milli);
        }
        self
    }

    fn without(mut self, one: Option<Use>) -> Self {
        if let Some(Use { goods, spare_milli, dry_instead_milli }) = one {
            let sum = self.spare_milli.get_mut(goods);
            *sum = sum.saturating_sub(spare_milli);
            self.dry_instead_milli = self.dry_instead_milli.saturating_sub(dry_instead_milli);
        }
        self
    }
}

/// For one class of goods: what may be to come, and the cheapest trucks for so many waybills.
#[derive(Debug)]
struct Curve {
    to_come_milli: [u64; POINTS],
    /// In thousandths of the unit of cost, by whole waybills.
    table: Vec<u64>,
    /// Of each waybill beyond the table.
    slope_milli: u64,
}

impl Curve {
    fn of(search: &Search<'_>, server: &Server<'_>, goods: SkuClass, outlook: &Outlook) -> Self {
        let trucks = trucks_for(search, server, goods, outlook);
        let largest = trucks.iter().map(|(_, units)| units / MILLI).max().unwrap_or(0);
        let slope = trucks.iter().map(|(cost, units)| {
            cost.saturating_mul(MILLI).saturating_mul(MILLI).checked_div(*units).unwrap_or(u64::MAX)
        });
        Self {
            to_come_milli: to_come_milli(outlook.remaining_waybills),
            table: table(&trucks, largest.saturating_mul(2).min(LONGEST_TABLE)),
            slope_milli: slope.min().unwrap_or(0),
        }
    }

    fn to_come_at(&self, point: usize) -> u64 {
        self.to_come_milli.get(point).copied().unwrap_or(0)
    }

    /// Between whole waybills in a straight line.
    fn cost_milli(&self, waybills_milli: u64) -> u64 {
        let (whole, part) = (waybills_milli / MILLI, waybills_milli % MILLI);
        let at = |number: u64| {
            usize::try_from(number).ok().and_then(|number| self.table.get(number)).copied()
        };
        if let (Some(floor), Some(next)) = (at(whole), at(whole.saturating_add(1))) {
            return floor.saturating_add(next.saturating_sub(floor).saturating_mul(part) / MILLI);
        }
        let last = u64::try_from(self.table.len()).unwrap_or(u64::MAX).saturating_sub(1);
        let beyond = waybills_milli.saturating_sub(last.saturating_mul(MILLI));
        let exact = self.table.last().copied().unwrap_or(0);
        exact.saturating_add(beyond.saturating_mul(self.slope_milli) / MILLI)
    }
}

/// Cost and typical waybills of each truck that a new route of the zone may come to drive with:
/// those that are in the pool, or all, when there is none left.
fn trucks_for(
    search: &Search<'_>,
    server: &Server<'_>,
    goods: SkuClass,
    outlook: &Outlook,
) -> Vec<(u64, u64)> {
    let class = goods.route_classes().first().copied().unwrap_or(RouteClass::Mixed);
    let (mut there, mut all) = (Vec::new(), Vec::new());
    for template in search.network.templates(server.code, &search.day.key().timeslot, class) {
        for truck in search.trucks_of(template) {
            let units = spare_milli(template, truck, Load::ZERO, 0, &outlook.typical);
            if units == 0 {
                continue;
            }
            all.push((truck.cost, units));
            if search.take_from_pool(truck).is_ok() {
                there.push((truck.cost, units));
            }
        }
    }
    if there.is_empty() { all } else { there }
}

/// Eight equally likely numbers, in thousandths.
fn to_come_milli(remaining: Option<u32>) -> [u64; POINTS] {
    let Some(remaining) = remaining.map(u64::from) else { return [ENDLESS_MILLI; POINTS] };
    let mean = remaining.saturating_mul(MILLI);
    let variance = remaining.saturating_mul(VARIANCE_OF_MEAN).saturating_mul(MILLI * MILLI);
    let spread = i64::try_from(variance.isqrt()).unwrap_or(i64::MAX);
    POINTS_MILLI.map(|point| {
        let shift = point.saturating_mul(spread) / 1_000;
        mean.saturating_add_signed(shift)
    })
}

/// The least cost of trucks for 0, 1, 2... waybills, in thousandths.
fn table(trucks: &[(u64, u64)], length: u64) -> Vec<u64> {
    let trucks: Vec<(u64, usize)> = trucks
        .iter()
        .map(|(cost, units)| {
            let whole = usize::try_from((units / MILLI).max(1)).unwrap_or(usize::MAX);
            (cost.saturating_mul(MILLI), whole)
        })
        .collect();
    let mut table = vec![0_u64];
    if trucks.is_empty() {
        return table;
    }
    for _ in 0..length {
        let waybills = table.len();
        let with = |(cost, whole): &(u64, usize)| {
            let rest = table.get(waybills.saturating_sub(*whole)).copied().unwrap_or(0);
            rest.saturating_add(*cost)
        };
        let least = trucks.iter().map(with).min().unwrap_or(0);
        table.push(least);
    }
    table
}

#[cfg(test)]
mod tests;
