//! What stands behind the fleet's cost: whoever was moved goes home where there is room again, else to a route
//! that makes all trucks drive less, or that has fewer stops (`bunch`: those of one place together). Only waybills
//! that are not where they were at the start move here, since disturbance stands before driving and balance. Never
//! here: another truck, or a route more or less.

#![allow(
    clippy::indexing_slicing,
    reason = "waybill and route numbers are positions in the board's lists"
)]

mod bunch;

use std::collections::BTreeSet;

use super::board::{Board, RouteIx, WaybillIx};
use super::{Bounds, MoveSet};
use crate::assign::RouteIds;
use crate::code::ZoneCode;

/// One set for a zone, or for each waybill where more routes are concerned than a set may touch.
pub(super) fn run(
    board: &mut Board<'_>,
    bounds: Bounds,
    ids: &mut dyn RouteIds,
    sets: &mut Vec<MoveSet>,
    keep_going: &mut dyn FnMut() -> bool,
) {
    for zone in board.zones() {
        let in_one_set = concerned(board, &zone) <= bounds.most_routes;
        let mut has_settled = true;
        while has_settled && keep_going() {
            has_settled = false;
            for waybill in away(board, &zone) {
                if settle(board, &zone, waybill) {
                    has_settled = true;
                    if !in_one_set {
                        sets.extend(board.commit(ids));
                    }
                }
            }
            for (route, place) in bunch::all(board, &zone) {
                if !keep_going() {
                    break;
                }
                if bunch::gather(board, &zone, route, place) {
                    has_settled = true;
                    if !in_one_set {
                        sets.extend(board.commit(ids));
                    }
                }
            }
        }
        sets.extend(board.commit(ids));
    }
}

/// The routes of the zone, and those of other zones that somebody may go home to.
fn concerned(board: &Board<'_>, zone: &ZoneCode) -> usize {
    let homes = away(board, zone).into_iter().filter_map(|waybill| board.home(waybill));
    board.open_routes(zone).chain(homes).collect::<BTreeSet<RouteIx>>().len()
}

/// Who is on a route of the zone and was not there at the start.
fn away(board: &Board<'_>, zone: &ZoneCode) -> Vec<WaybillIx> {
    let aboard = board.open_routes(zone).flat_map(|route| board.routes[route].waybills.clone());
    aboard.filter(|waybill| board.is_away(*waybill) && board.is_movable(*waybill)).collect()
}

/// Moves a waybill if that makes the plan better. The last one of a route stays: an empty route drives, too.
fn settle(board: &mut Board<'_>, zone: &ZoneCode, waybill: WaybillIx) -> bool {
    let Some(from) = board.at[waybill] else { return false };
    if board.routes[from].waybills.len() == 1 {
        return false;
    }
    board.take(waybill);
    let home = board.home(waybill).filter(|home| board.admits(*home, waybill));
    let to = home.or_else(|| better(board, zone, waybill, from));
    board.put(waybill, to.unwrap_or(from));
    to.is_some()
}

/// The best route for a waybill that was taken off `from`, if one is better than that: by it all trucks drive less,
/// or as much and the stops of both routes squared are less. Dry goods that ride on a dry route do not go onto a
/// cold one.
fn better(
    board: &Board<'_>,
    zone: &ZoneCode,
    waybill: WaybillIx,
    from: RouteIx,
) -> Option<RouteIx> {
    let stop = board.waybills[waybill].stop;
    let stops = |route: RouteIx| u64::from(board.routes[route].doors.len());
    let with_it =
        |route: RouteIx| stops(route) + u64::from(!board.routes[route].doors.contains(stop));
    let driving = |route: RouteIx, with: Option<usize>| {
        i64::try_from(board.driving(route, None, with)).unwrap_or(i64::MAX)
    };
    // less than nothing where it lies between others that had to be reached by a detour
    let longer = |route: RouteIx| driving(route, board.place(waybill)) - driving(route, None);
    let squares = |one: u64, other: u64| one.pow(2) + other.pow(2);
    let is_better = |to: &RouteIx| {
        let stays = (longer(from), squares(with_it(from), stops(*to)));
        let goes = (longer(*to), squares(stops(from), with_it(*to)));
        *to != from
            && fits_goods(board, waybill, from, *to)
            && goes < stays
            && board.admits(*to, waybill)
    };
    board.open_routes(zone).filter(is_better).min_by_key(|to| (longer(*to), with_it(*to)))
}

/// Another route suits a waybill's goods as well as its own does.
fn fits_goods(board: &Board<'_>, waybill: WaybillIx, from: RouteIx, to: RouteIx) -> bool {
    board.prefers(waybill, to) || !board.prefers(waybill, from)
}

#[cfg(test)]
mod tests;
