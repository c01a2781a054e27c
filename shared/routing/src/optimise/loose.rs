//! Waybills that were taken off their trucks: how they come off, and in what order they are put
//! back. Never here: where to.

#![allow(
    clippy::indexing_slicing,
    reason = "waybill and route numbers are positions in the board's lists"
)]

use std::collections::BTreeMap;

use super::board::{Board, RouteIx, WaybillIx};
use crate::key::StopKey;

/// Takes everything off that is not fixed.
pub(super) fn unload_all(board: &mut Board<'_>, route: RouteIx, loose: &mut Vec<WaybillIx>) {
    let movable: Vec<WaybillIx> = board.routes[route].waybills.clone();
    for waybill in movable.into_iter().filter(|waybill| !board.waybills[*waybill].fixed) {
        board.take(waybill);
        loose.push(waybill);
    }
}

/// Takes the largest movable waybills off until the truck holds the rest.
pub(super) fn unload_until_fits(
    board: &mut Board<'_>,
    route: RouteIx,
    loose: &mut Vec<WaybillIx>,
) -> bool {
    let mut movable: Vec<WaybillIx> = board.routes[route].waybills.clone();
    movable.retain(|waybill| board.is_movable(*waybill));
    movable.sort_by_key(|waybill| volume(board, *waybill));
    while !board.fits(route) {
        let Some(largest) = movable.pop() else { return false };
        board.take(largest);
        loose.push(largest);
    }
    true
}

pub(super) fn volume(board: &Board<'_>, waybill: WaybillIx) -> u64 {
    let load = board.waybills[waybill].load;
    load.dry_ml.saturating_add(load.frozen_ml)
}

/// Waybills of one door and class together; cold goods first, since they have less choice, then
/// the largest.
pub(super) fn by_door(board: &Board<'_>, loose: &[WaybillIx]) -> Vec<Vec<WaybillIx>> {
    let mut doors: BTreeMap<(StopKey, bool), Vec<WaybillIx>> = BTreeMap::new();
    for waybill in loose {
        let wanted = &board.waybills[*waybill];
        let is_cold = wanted.load.frozen_ml > 0;
        doors.entry((wanted.stop, is_cold)).or_default().push(*waybill);
    }
    let mut doors: Vec<_> = doors.into_iter().collect();
    doors.sort_by_key(|((_, is_cold), waybills)| {
        let volume: u64 = waybills.iter().map(|waybill| volume(board, *waybill)).sum();
        std::cmp::Reverse((*is_cold, volume))
    });
    doors.into_iter().map(|(_, waybills)| waybills).collect()
}
