//! All that a route carries to one place, moved as one: only when the last of them has left does the truck drive
//! less. Where the other truck is full, two bunches change places. Never here: anybody who is where it was at the
//! start.

#![allow(clippy::indexing_slicing, reason = "route numbers are positions in the board's list")]

use std::collections::BTreeSet;

use super::{away, fits_goods};
use crate::code::ZoneCode;
use crate::optimise::board::{Board, RouteIx, WaybillIx};

/// Routes of a zone and the places to which all that they carry was moved there.
pub(super) fn all(board: &Board<'_>, zone: &ZoneCode) -> BTreeSet<(RouteIx, usize)> {
    let moved = away(board, zone).into_iter();
    let spots = moved.filter_map(|waybill| board.at[waybill].zip(board.place(waybill)));
    spots.filter(|(route, place)| of(board, *route, *place).is_some()).collect()
}

/// Takes what a route carries to a place where all trucks drive less by it: onto another route, or in exchange for
/// another bunch. Answers whether it did.
pub(super) fn gather(board: &mut Board<'_>, zone: &ZoneCode, route: RouteIx, place: usize) -> bool {
    let Some(bunch) = of(board, route, place) else { return false };
    let now =
        |board: &Board<'_>, to| board.driving(route, None, None) + board.driving(to, None, None);
    let mut gains: Vec<(u64, RouteIx)> = Vec::new();
    for to in board.open_routes(zone).filter(|to| *to != route) {
        let then = board.driving(route, Some(place), None) + board.driving(to, None, Some(place));
        let gain = now(board, to).saturating_sub(then);
        gains.extend((gain > 0).then_some((gain, to)));
    }
    gains.sort_by_key(|(gain, to)| (std::cmp::Reverse(*gain), *to));
    // the last of a route stays: an empty route drives, too
    let leaves_some = board.routes[route].waybills.len() > bunch.len();
    if leaves_some && gains.iter().any(|(_, to)| shift(board, &bunch, route, *to)) {
        return true;
    }
    for (to, there) in all(board, zone) {
        if to == route || there == place {
            continue;
        }
        let then = board.driving(route, Some(place), Some(there))
            + board.driving(to, Some(there), Some(place));
        if then < now(board, to)
            && let Some(other) = of(board, to, there)
            && exchange(board, (&bunch, route), (&other, to))
        {
            return true;
        }
    }
    false
}

/// What a route carries to a place, if all of it may move and none of it is where it was at the start.
fn of(board: &Board<'_>, route: RouteIx, place: usize) -> Option<Vec<WaybillIx>> {
    let bunch = board.at_place(route, place);
    let may_go = |waybill: &WaybillIx| board.is_away(*waybill) && board.is_movable(*waybill);
    (!bunch.is_empty() && bunch.iter().all(may_go)).then_some(bunch)
}

/// Onto another route as a whole, or not at all.
fn shift(board: &mut Board<'_>, bunch: &[WaybillIx], from: RouteIx, to: RouteIx) -> bool {
    bunch.iter().for_each(|waybill| board.take(*waybill));
    let is_done = put_all(board, bunch, from, to);
    if !is_done {
        bunch.iter().for_each(|waybill| board.put(*waybill, from));
    }
    is_done
}

fn exchange(
    board: &mut Board<'_>,
    (one, from): (&[WaybillIx], RouteIx),
    (other, to): (&[WaybillIx], RouteIx),
) -> bool {
    one.iter().chain(other).for_each(|waybill| board.take(*waybill));
    if put_all(board, one, from, to) {
        if put_all(board, other, to, from) {
            return true;
        }
        one.iter().for_each(|waybill| board.take(*waybill));
    }
    one.iter().for_each(|waybill| board.put(*waybill, from));
    other.iter().for_each(|waybill| board.put(*waybill, to));
    false
}

/// Puts all that were taken off one route onto another, or none.
fn put_all(board: &mut Board<'_>, bunch: &[WaybillIx], from: RouteIx, to: RouteIx) -> bool {
    for (count, waybill) in bunch.iter().enumerate() {
        if !fits_goods(board, *waybill, from, to) || !board.admits(to, *waybill) {
            bunch.iter().take(count).for_each(|placed| board.take(*placed));
            return false;
        }
        board.put(*waybill, to);
    }
    true
}
