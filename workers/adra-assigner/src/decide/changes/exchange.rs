//! What carrying out a set of moves changes in the rows of routes, stops, quotas and trucks. Never here:
//! whether it may be carried out.

use routing::optimise::MoveSet;
use routing::{Load, RouteId, SlotDay, ZoneCode};

use super::{Changes, RouteRow, TouchedRoute};
use crate::assignment::Assignment;
use crate::state::Plan;

/// A waybill, as it was, with the routes that it leaves and joins.
#[derive(Debug)]
pub(in crate::decide) struct Step {
    pub(in crate::decide) waybill: Assignment,
    pub(in crate::decide) from: Option<RouteId>,
    pub(in crate::decide) to: Option<RouteId>,
}

/// A set that was carried out.
#[derive(Debug)]
pub(in crate::decide) struct Exchanged {
    /// With the names that its new routes have got.
    pub(in crate::decide) set: MoveSet,
    pub(in crate::decide) steps: Vec<Step>,
}

impl Changes {
    /// Takes over what carrying out a set did: `after` is `before` with it.
    pub(in crate::decide) fn exchange(
        &mut self,
        before: &Plan,
        after: &mut Plan,
        exchanged: &Exchanged,
    ) {
        let (set, key) = (&exchanged.set, after.day.key().clone());
        for (route, version) in &set.expected {
            self.touch(&key, *route, *version);
        }
        for opened in &set.opened {
            let touched = TouchedRoute { key: key.clone(), stored: None, closed: None };
            self.routes.insert(opened.route, touched);
        }
        for closed in &set.closed {
            let row = before.day.route(*closed).map(|route| RouteRow::of(&before.day, route));
            if let Some(touched) = self.routes.get_mut(closed) {
                touched.closed = row.map(RouteRow::closed);
            }
        }
        // first everything is given back, so that no prefix of a ledger is beyond its limit
        for Step { waybill, from, .. } in &exchanged.steps {
            if let Some((route, zone)) = located(&before.day, *from) {
                self.account(after, &waybill.waybill_no, route, &zone, waybill.load, false);
                self.stops.insert((route, waybill.stop));
            }
        }
        for Step { waybill, to, .. } in &exchanged.steps {
            if let Some((route, zone)) = located(&after.day, *to) {
                self.account(after, &waybill.waybill_no, route, &zone, waybill.load, true);
                self.stops.insert((route, waybill.stop));
            }
        }
        self.compare_buckets(before, after);
        self.compare_trucks(before, after);
    }

    /// A zone's limit counts where the set takes more of it: one that was cut below its use lets its
    /// waybills change routes.
    fn compare_buckets(&mut self, before: &Plan, after: &Plan) {
        for (zone, of_zone) in after.day.zones() {
            let was = before.day.zone(zone).map_or(Load::ZERO, routing::state::ZoneDay::used);
            let key = (after.day.key().clone(), zone.clone());
            if let Some(touched) = self.buckets.get_mut(&key) {
                touched.taken = of_zone.used().excess_over(was) != Load::ZERO;
            }
        }
    }

    fn compare_trucks(&mut self, before: &Plan, after: &Plan) {
        for (truck_type, pool) in after.day.pool() {
            let was = before.day.pool_of(truck_type).used;
            let trucks = self.trucks_of(after.day.key(), truck_type);
            trucks.taken = trucks.taken.saturating_add(pool.used.saturating_sub(was));
            trucks.returned = trucks.returned.saturating_add(was.saturating_sub(pool.used));
        }
    }
}

/// A route with the zone whose quota it uses.
fn located(day: &SlotDay, route: Option<RouteId>) -> Option<(RouteId, ZoneCode)> {
    let route = day.route(route?)?;
    Some((route.id(), route.template().zone.clone()))
}
