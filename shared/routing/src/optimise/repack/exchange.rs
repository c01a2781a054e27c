//! The trucks of a group exchanged for those of a fleet: a route whose truck the fleet has keeps it
//! and its waybills as far as these fit; what is left over goes where it leaves the least room,
//! doors as a whole, largest first (best fit decreasing). Never here: which fleet.

use std::sync::Arc;

use super::Ground;
use crate::fit;
use crate::fleet::Fleet;
use crate::network::{RouteTemplate, TruckType};
use crate::optimise::board::{Board, RouteIx, WaybillIx};
use crate::optimise::loose::{by_door, unload_all, unload_until_fits};
use crate::optimise::repair;
use crate::pricing;

impl Ground {
    /// Puts the fleet in place of the group's trucks and everything back on board. With `keep`,
    /// waybills stay on routes that stay, as far as they fit.
    pub(super) fn load_anew(
        &self,
        board: &mut Board<'_>,
        group: &[RouteIx],
        fleet: &Fleet,
        keep: bool,
    ) -> bool {
        let Some(matched) = match_trucks(board, group, fleet) else { return false };
        let mut loose: Vec<WaybillIx> = Vec::new();
        for (route, truck) in group.iter().zip(&matched.trucks) {
            let Some(truck) = truck else {
                unload_all(board, *route, &mut loose);
                board.close(*route);
                continue;
            };
            if truck.code != board.routes[*route].truck.code {
                board.set_truck(*route, truck);
            }
            if !keep {
                unload_all(board, *route, &mut loose);
            }
            // What is fixed stays on board, and may be too much for a smaller truck.
            if !unload_until_fits(board, *route, &mut loose) {
                return false;
            }
        }
        let first_new = board.routes.len();
        for (template, truck) in &matched.new {
            board.open(template, truck);
        }
        let lent = fleet
            .trucks
            .iter()
            .map(|(_, truck)| truck)
            .all(|truck| board.pool(&truck.code).deficit() == 0);
        if !lent || !self.place_all(board, &loose) {
            return false;
        }
        // The rest of the zone may have taken so much that a truck of the fleet is not needed.
        for route in group.iter().copied().chain(first_new..board.routes.len()) {
            repair::close_if_empty(board, route);
        }
        true
    }

    fn place_all(&self, board: &mut Board<'_>, loose: &[WaybillIx]) -> bool {
        by_door(board, loose).iter().all(|door| {
            self.place(board, door)
                || (door.len() > 1 && door.iter().all(|one| self.place(board, &[*one])))
        })
    }

    /// All waybills of a door onto the route that has the least room left then; a route that
    /// drives there anyway goes first, dry goods keep out of cold routes if they can.
    fn place(&self, board: &mut Board<'_>, door: &[WaybillIx]) -> bool {
        let Some(first) = door.first().copied() else { return true };
        let stop = board.waybills[first].stop;
        let mut best: Option<((bool, bool, u64), RouteIx)> = None;
        for route in board.open_routes(&self.zone) {
            let Some(spare) = self.spare_after(board, route, door) else { continue };
            let knows = board.routes[route].doors.contains(stop);
            let key = (!knows, !board.prefers(first, route), spare);
            if best.is_none_or(|(least, _)| key < least) {
                best = Some((key, route));
            }
        }
        let Some((_, route)) = best else { return false };
        for (at, waybill) in door.iter().enumerate() {
            if !board.admits(route, *waybill) {
                door[..at].iter().for_each(|placed| board.take(*placed));
                return false;
            }
            board.put(*waybill, route);
        }
        true
    }

    fn spare_after(&self, board: &Board<'_>, route: RouteIx, door: &[WaybillIx]) -> Option<u64> {
        let line = &board.routes[route];
        let mut load = line.load;
        for waybill in door {
            load = load.checked_add(board.waybills[*waybill].load)?;
        }
        let first = *door.first()?;
        let stops = line.doors.len() + u32::from(!line.doors.contains(board.waybills[first].stop));
        let holds = load.waybills <= fit::waybill_limit(&line.template, &line.truck)
            && fit::check_truck(&line.truck, load, stops).is_ok();
        let admits = || door.iter().all(|waybill| board.admits(route, *waybill));
        (holds && admits())
            .then(|| pricing::spare_milli(&line.template, &line.truck, load, stops, &self.typical))
    }
}

/// The truck of each route of a group, `None` where it is given up, and the trucks left over.
struct Matched {
    trucks: Vec<Option<Arc<TruckType>>>,
    new: Vec<(Arc<RouteTemplate>, Arc<TruckType>)>,
}

/// Routes keep their trucks where the fleet has them, the fullest first; a route with a fixed
/// waybill must get some truck.
fn match_trucks(board: &Board<'_>, group: &[RouteIx], fleet: &Fleet) -> Option<Matched> {
    let mut left = fleet.trucks.clone();
    let mut trucks: Vec<Option<Arc<TruckType>>> = vec![None; group.len()];
    let is_bound = |route: RouteIx| {
        board.routes[route].waybills.iter().any(|waybill| !board.is_movable(*waybill))
    };
    let mut order: Vec<usize> = (0..group.len()).collect();
    order.sort_by_key(|at| {
        let route = group[*at];
        (!is_bound(route), std::cmp::Reverse(board.routes[route].load.waybills))
    });
    for exact in [true, false] {
        for at in &order {
            let line = &board.routes[group[*at]];
            let suits = |(template, truck): &(Arc<RouteTemplate>, Arc<TruckType>)| {
                template.code == line.template.code && (!exact || truck.code == line.truck.code)
            };
            if trucks[*at].is_none()
                && let Some(found) = left.iter().position(suits)
            {
                trucks[*at] = Some(left.swap_remove(found).1);
            }
        }
    }
    let bound_have_trucks =
        group.iter().zip(&trucks).all(|(route, truck)| truck.is_some() || !is_bound(*route));
    bound_have_trucks.then_some(Matched { trucks, new: left })
}
