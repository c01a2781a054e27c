//! Places for waybills that a repair left without one: one other makes room, or two do, each going where there
//! is room for it (ejection chains, Glover 1996). Nobody loses a place by it. Never here: another truck.

#![allow(
    clippy::indexing_slicing,
    reason = "waybill and route numbers are positions in the board's lists"
)]

use std::collections::BTreeMap;

use super::board::{Board, RouteIx, WaybillIx};
use super::loose::volume;
use super::{Bounds, MoveSet, repair};
use crate::assign::RouteIds;
use crate::code::ZoneCode;
use crate::fit;

/// Others that a waybill may move.
const LONGEST: usize = 2;
/// Where two others have to move, so many of each route are tried.
const FEW: usize = 4;
/// Others that are asked for one waybill before it is given up.
const MOST_TRIALS: u32 = 3_000;
/// Waybills of one zone that are given up in a row before the rest of it is, too.
const PATIENCE: u32 = 8;

/// Each set brings one waybill aboard: the most important first, of these the smallest.
pub(super) fn run(
    board: &mut Board<'_>,
    bounds: Bounds,
    ids: &mut dyn RouteIds,
    sets: &mut Vec<MoveSet>,
    keep_going: &mut dyn FnMut() -> bool,
) {
    let wanted = board.waybills;
    let mut waiting = repair::waiting(board);
    waiting.sort_by_key(|waybill| (wanted[*waybill].priority, volume(board, *waybill)));
    let mut given_up: BTreeMap<&ZoneCode, u32> = BTreeMap::new();
    for waybill in waiting {
        let given_up = given_up.entry(&wanted[waybill].zone).or_default();
        if *given_up >= PATIENCE {
            continue;
        }
        if !keep_going() {
            return;
        }
        let may_move = bounds.most_moved.saturating_sub(board.disturbance());
        let longest = usize::try_from(may_move).unwrap_or(LONGEST).min(LONGEST);
        // a chain of one touches two routes, a chain of two touches three
        let longest = longest.min(bounds.most_routes.saturating_sub(1));
        if rescue(board, waybill, longest) {
            sets.extend(board.commit(ids));
            *given_up = 0;
        } else {
            board.rollback();
            *given_up += 1;
        }
    }
}

/// Shorter chains first, its own zone before the neighbours.
fn rescue(board: &mut Board<'_>, waybill: WaybillIx, longest: usize) -> bool {
    let load = board.waybills[waybill].load;
    for zone in repair::zones_for(board, waybill) {
        // every chain ends on a route that may take one more
        if !board.has_quota(&zone, load) || !takes_one_more(board, &zone) {
            continue;
        }
        for length in 1..=longest {
            let of_each = if length == 1 { usize::MAX } else { FEW };
            let mut chain = Chain { zone: &zone, of_each, left: MOST_TRIALS, moved: Vec::new() };
            if chain.insert(board, waybill, length) {
                return true;
            }
        }
    }
    false
}

fn takes_one_more(board: &Board<'_>, zone: &ZoneCode) -> bool {
    board.open_routes(zone).any(|route| {
        let line = &board.routes[route];
        line.load.waybills < fit::waybill_limit(&line.template, &line.truck)
    })
}

/// One waybill after the other takes the place of the next.
struct Chain<'z> {
    zone: &'z ZoneCode,
    /// So many waybills of each route are asked to make room.
    of_each: usize,
    /// Trials that are left.
    left: u32,
    /// Those that have a new place already.
    moved: Vec<WaybillIx>,
}

impl Chain<'_> {
    /// Brings a waybill aboard while `length` others may still move. When it answers no the board is as before.
    fn insert(&mut self, board: &mut Board<'_>, waybill: WaybillIx, length: usize) -> bool {
        if length == 0 {
            return repair::join(board, waybill, self.zone);
        }
        let routes: Vec<RouteIx> = board.open_routes(self.zone).collect();
        routes.into_iter().any(|route| self.displace(board, waybill, route, length))
    }

    fn displace(
        &mut self,
        board: &mut Board<'_>,
        waybill: WaybillIx,
        route: RouteIx,
        length: usize,
    ) -> bool {
        for other in self.candidates(board, route, length) {
            let Some(left) = self.left.checked_sub(1) else { return false };
            self.left = left;
            board.take(other);
            if board.admits(route, waybill) {
                board.put(waybill, route);
                self.moved.push(waybill);
                if self.insert(board, other, length - 1) {
                    return true;
                }
                self.moved.pop();
                board.take(waybill);
            }
            board.put(other, route);
        }
        false
    }

    /// Who may make room. The last of a chain has to find room itself, so that the smallest are asked first;
    /// before that, the largest leave most.
    fn candidates(&self, board: &Board<'_>, route: RouteIx, length: usize) -> Vec<WaybillIx> {
        let aboard = board.routes[route].waybills.iter().copied();
        let mut others: Vec<WaybillIx> =
            aboard.filter(|one| board.is_movable(*one) && !self.moved.contains(one)).collect();
        others.sort_by_key(|one| (volume(board, *one), *one));
        if length > 1 {
            others.reverse();
        }
        others.truncate(self.of_each);
        others
    }
}

#[cfg(test)]
mod tests;
