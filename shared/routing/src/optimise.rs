//! Background work on a planned slot-day: repairs what a cut or a breakdown left impossible, then
//! lowers the fleet cost, in small sets of moves.
//!
//! Each [`MoveSet`] touches a few routes of one neighbourhood, keeps every hard rule by itself and
//! makes the [`Objective`] better by itself, so the caller commits them one after the other by
//! compare-and-swap on the route versions, and drops the rest of the list when one no longer
//! applies. `board` is the working copy with undo, `repair` starts from an impossible day, `rescue`
//! has others make room for who is left without a place, `repack` loads routes anew onto a cheaper
//! fleet, `load` says how, `loose` takes waybills off their trucks, `settle` sees to what stands
//! behind the cost, `drives` knows how far it is. `carry_out` does what a set says on a day that may
//! have moved on. Never here: a clock, or the online rules for a single waybill.

mod board;
mod bound;
mod carry_out;
mod drives;
mod load;
mod loose;
mod moves;
mod repack;
mod repair;
mod rescue;
mod settle;

use serde::{Deserialize, Serialize};

pub use self::bound::lower_bound;
pub use self::carry_out::{Outdated, carry_out};
pub use self::drives::Drives;
pub use self::moves::{Move, MoveSet, OpenedRoute, TruckChange};

use self::board::Board;
use crate::assign::{Request, RouteIds};
use crate::class::SkuClass;
use crate::code::{WaybillNo, ZoneCode};
use crate::key::{OrderKey, RouteId, StopKey};
use crate::load::Load;
use crate::network::Network;
use crate::random::Random;
use crate::state::{SlotDay, StateError};

/// Priorities that are told apart; a larger number counts as the last.
pub const PRIORITIES: usize = 4;

/// A waybill of the slot-day, placed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Planned {
    pub waybill_no: WaybillNo,
    pub order: OrderKey,
    pub stop: StopKey,
    /// The zone of its district.
    pub zone: ZoneCode,
    pub sku_class: SkuClass,
    pub load: Load,
    /// 0 is the most important.
    pub priority: u8,
    /// The customer was promised this slot.
    pub promised: bool,
    /// Pinned by a dispatcher or loaded: it stays where it is, come what may.
    pub fixed: bool,
    pub place: Option<RouteId>,
    pub excluded_routes: Vec<RouteId>,
}

impl Planned {
    /// A waybill as it was asked for, with its place if it got one: promised, of ordinary priority, free to
    /// be moved anywhere.
    #[must_use]
    pub fn of(request: &Request, place: Option<RouteId>) -> Self {
        Self {
            waybill_no: request.waybill_no.clone(),
            order: request.order,
            stop: request.stop,
            zone: request.zone.clone(),
            sku_class: request.sku_class,
            load: request.load,
            priority: 1,
            promised: true,
            fixed: false,
            place,
            excluded_routes: Vec::new(),
        }
    }
}

/// A slot-day with its waybills, as it is planned at the start.
#[derive(Clone, Copy, Debug)]
pub struct SlotPlan<'a> {
    pub network: &'a Network,
    /// It is not changed.
    pub day: &'a SlotDay,
    /// All of the slot-day, those without a place included.
    pub waybills: &'a [Planned],
    pub drives: &'a Drives,
}

/// What a plan is judged by, in this order; less is better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Objective {
    /// What cannot be allowed to stay: waybills beyond a quota, trucks beyond the pool, routes
    /// that their truck does not hold.
    pub violations: u64,
    /// Waybills without a place, by priority.
    pub unassigned: [u32; PRIORITIES],
    pub promises_broken: u32,
    pub fleet_cost: u64,
    /// Waybills on another route than at the start.
    pub disturbance: u32,
    /// At least so many all trucks drive, as far as driving times are known (see [`Drives`]).
    pub driving_seconds: u64,
    /// The stops of each route squared, and summed: least where all routes have equally many.
    pub imbalance: u64,
}

/// How far the work may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Waybills that may change their route, besides those that a repair has to move.
    pub most_moved: u32,
    /// Routes that one set of moves may touch, new ones included.
    pub most_routes: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { most_moved: u32::MAX, most_routes: 32 }
    }
}

/// The sets in the order in which to commit them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Improvement {
    pub before: Objective,
    pub after: Objective,
    pub move_sets: Vec<MoveSet>,
}

/// Repairs and improves until `keep_going` answers no. The same inputs, seed and number of answers
/// give the same sets.
///
/// # Errors
/// [`StateError`] when the waybills' places do not add up to what the day's routes carry. Load
/// both again.
pub fn improve(
    plan: SlotPlan<'_>,
    bounds: Bounds,
    seed: u64,
    ids: &mut dyn RouteIds,
    keep_going: &mut dyn FnMut() -> bool,
) -> Result<Improvement, StateError> {
    let mut board = Board::set(plan)?;
    let mut random = Random::new(seed);
    let before = board.objective();
    let mut move_sets = Vec::new();
    repair::run(&mut board, ids, &mut move_sets, keep_going);
    let most_moved = bounds.most_moved.saturating_add(board.disturbance());
    let bounds = Bounds { most_moved, ..bounds };
    rescue::run(&mut board, bounds, ids, &mut move_sets, keep_going);
    repack::run(&mut board, bounds, &mut random, ids, &mut move_sets, keep_going);
    settle::run(&mut board, bounds, ids, &mut move_sets, keep_going);
    Ok(Improvement { before, after: board.objective(), move_sets })
}

#[cfg(test)]
mod tests;
