//! Loads a few routes of a zone anew onto a cheaper fleet.
//!
//! The cheapest fleets that cover what the routes carry come from [`crate::fleet`]. Where many
//! waybills may move, such a fleet is loaded from scratch (`load`), first for whole zones, then for
//! small groups. Otherwise trucks that are there already stay with their routes and keep their
//! waybills as far as these fit (`exchange`). Never here: a set of moves that does not lower the
//! objective.

#![allow(
    clippy::indexing_slicing,
    reason = "waybill and route numbers are positions in the board's lists"
)]

mod exchange;

use std::sync::Arc;

use super::board::{Board, RouteIx, WaybillIx};
use super::{Bounds, MoveSet, load, repair};
use crate::assign::RouteIds;
use crate::code::{TruckTypeCode, ZoneCode};
use crate::fleet::{self, Demand, Fleet, FleetOption};
use crate::pricing::{self, Typical};
use crate::random::Random;

/// Fleets tried for one group of routes, or for one with so much slack.
const FLEETS: usize = 6;
/// By so many thousandths the volume and weight that a fleet has to cover are raised when it is to
/// be loaded from scratch: the more slack, the easier. For a whole zone and for a group.
const SLACKS: [u64; 7] = [0, 8, 16, 30, 50, 80, 120];
const GROUP_SLACKS: [u64; 2] = [0, 30];
/// A group is loaded from scratch when so many times its waybills may still move.
const MOVES_TO_SPARE: u32 = 4;
/// Groups of each size tried in a row without success before a larger size has its turn.
const PATIENCE: usize = 12;
/// Routes of a group, in the order in which they have their turn.
const SIZES: [usize; 7] = [1, 2, 3, 4, 6, 8, 12];

/// Goes through the zones, with larger and larger groups, again and again until nothing helps or
/// time is up.
pub(super) fn run(
    board: &mut Board<'_>,
    bounds: Bounds,
    random: &mut Random,
    ids: &mut dyn RouteIds,
    sets: &mut Vec<MoveSet>,
    keep_going: &mut dyn FnMut() -> bool,
) {
    let mut zones: Vec<Ground> = board.zones().iter().map(|zone| Ground::of(board, zone)).collect();
    for zone in &zones {
        if !keep_going() {
            return;
        }
        if zone.reload_all(board, bounds, random) {
            sets.extend(board.commit(ids));
        }
    }
    loop {
        let before = sets.len();
        for size in SIZES.into_iter().filter(|size| *size <= bounds.most_routes) {
            // also beyond the zone whose routes were loaded anew: a neighbour, or a truck given back
            let waiting = repair::waiting(board);
            repair::seat(board, waiting, ids, sets, keep_going);
            random.shuffle(&mut zones);
            for zone in &zones {
                if !zone.try_groups(board, size, bounds, random, ids, sets, keep_going) {
                    return;
                }
            }
        }
        if sets.len() == before {
            return;
        }
    }
}

/// A zone, the trucks that may drive there, and what a waybill there is like.
struct Ground {
    zone: ZoneCode,
    options: Vec<FleetOption>,
    bound: u64,
    typical: Typical,
}

impl Ground {
    fn of(board: &Board<'_>, zone: &ZoneCode) -> Self {
        let options = fleet::options(board.network, zone, &board.timeslot);
        let routes: Vec<RouteIx> = board.open_routes(zone).collect();
        let demand = demand_of(board, &routes);
        let bound = fleet::lower_bound(demand, &options).unwrap_or(0);
        let count = u64::from(demand.load.waybills).max(1);
        let typical = Typical {
            dry_ml: demand.load.dry_ml / count,
            frozen_ml: demand.load.frozen_ml / count,
            weight_g: demand.load.weight_g / count,
            stops_milli: u64::from(demand.stops) * 1_000 / count,
        };
        Self { zone: zone.clone(), options, bound, typical }
    }

    /// Groups of one size until a number of them in a row did not help; answers whether there is
    /// time left.
    #[allow(clippy::too_many_arguments, reason = "the loop's whole surroundings, passed on")]
    fn try_groups(
        &self,
        board: &mut Board<'_>,
        size: usize,
        bounds: Bounds,
        random: &mut Random,
        ids: &mut dyn RouteIds,
        sets: &mut Vec<MoveSet>,
        keep_going: &mut dyn FnMut() -> bool,
    ) -> bool {
        let mut failures = 0;
        while failures < PATIENCE {
            if !keep_going() {
                return false;
            }
            let group = self.group(board, size, random);
            if group.len() < size || self.is_at_bound(board) {
                break;
            }
            if self.improve(board, &group, bounds) {
                sets.extend(board.commit(ids));
                // who waits may have room where these goods were
                let waiting = board.waiting(&self.zone);
                repair::seat(board, waiting, ids, sets, keep_going);
                failures = 0;
            } else {
                failures += 1;
            }
        }
        true
    }

    /// All of the zone, as far as one set of moves may reach, with the waybills that wait there.
    fn reload_all(&self, board: &mut Board<'_>, bounds: Bounds, random: &mut Random) -> bool {
        let group = self.group(board, bounds.most_routes, random);
        let mut waiting = board.waiting(&self.zone);
        while !waiting.is_empty() {
            if self.reload(board, &group, &waiting, u64::MAX, &SLACKS, bounds) {
                return true;
            }
            waiting.truncate(waiting.len() / 2);
        }
        let cost = cost_of(board, group.iter().copied());
        !self.is_at_bound(board) && self.reload(board, &group, &[], cost, &SLACKS, bounds)
    }

    /// Loads the cheapest fleet below a cost that can be loaded from scratch. When it answers yes the
    /// board stands changed; every waybill has a place, those that wait too.
    fn reload(
        &self,
        board: &mut Board<'_>,
        group: &[RouteIx],
        waiting: &[WaybillIx],
        below: u64,
        slacks: &[u64],
        bounds: Bounds,
    ) -> bool {
        let doors = load::doors(board, group, waiting);
        let carried = group.iter().flat_map(|route| &board.routes[*route].waybills);
        let demand = demand_of_waybills(board, carried.chain(waiting));
        let may_move = bounds.most_moved.saturating_sub(board.disturbance());
        if demand.load.waybills.saturating_mul(MOVES_TO_SPARE) > may_move {
            return false;
        }
        for slack in slacks {
            let fleets = self.fleets_within(board, group, demand.with_slack(*slack), below);
            if fleets.is_empty() {
                break;
            }
            for fleet in fleets {
                let plan = load::plan(board, group, &doors, &fleet, &self.typical);
                let is_done = plan.is_some_and(|plan| load::carry_out(board, group, &plan));
                if is_done && board.disturbance() <= bounds.most_moved {
                    return true;
                }
                board.rollback();
            }
        }
        false
    }

    /// With the trucks that the group has and those that are free.
    fn fleets_within(
        &self,
        board: &Board<'_>,
        group: &[RouteIx],
        demand: Demand,
        below: u64,
    ) -> Vec<Fleet> {
        let to_be_had = |code: &TruckTypeCode| {
            let pool = board.pool(code);
            let own = group.iter().filter(|route| board.routes[**route].truck.code == *code);
            let own = u32::try_from(own.count()).unwrap_or(u32::MAX);
            pool.limit.saturating_sub(pool.used).saturating_add(own)
        };
        fleet::cheapest_within(demand, &self.options, to_be_had, below, FLEETS)
    }

    fn is_at_bound(&self, board: &Board<'_>) -> bool {
        cost_of(board, board.open_routes(&self.zone)) <= self.bound
    }

    /// Some of the zone's open routes; emptier ones are likelier.
    fn group(&self, board: &Board<'_>, size: usize, random: &mut Random) -> Vec<RouteIx> {
        let mut routes: Vec<RouteIx> = board.open_routes(&self.zone).collect();
        random.shuffle(&mut routes);
        let half = size.div_ceil(2);
        if routes.len() > size {
            routes.sort_by_cached_key(|route| {
                let line = &board.routes[*route];
                let (load, stops) = (line.load, line.doors.len());
                let spare =
                    pricing::spare_milli(&line.template, &line.truck, load, stops, &self.typical);
                // Blurred, so that the same group does not come each time.
                std::cmp::Reverse(spare / 1_000 + u64::from(random.below(8) > 3) * 4)
            });
            let (empty, rest) = routes.split_at_mut(half);
            random.shuffle(rest);
            return empty.iter().chain(rest.iter()).take(size).copied().collect();
        }
        routes
    }

    /// Tries cheaper fleets for the group. When one can be loaded the board stands changed: it
    /// costs less, and every waybill has a place as before.
    fn improve(&self, board: &mut Board<'_>, group: &[RouteIx], bounds: Bounds) -> bool {
        let cost = cost_of(board, group.iter().copied());
        if group.len() > 1 && self.reload(board, group, &[], cost, &GROUP_SLACKS, bounds) {
            return true;
        }
        let fleets = if let [route] = group {
            self.cheaper_trucks(board, *route)
        } else {
            fleet::cheapest(demand_of(board, group), &self.options, cost, FLEETS)
        };
        for fleet in fleets {
            for keep in [true, false] {
                if self.load_anew(board, group, &fleet, keep)
                    && board.disturbance() <= bounds.most_moved
                {
                    return true;
                }
                board.rollback();
            }
        }
        false
    }

    /// For a single route: no truck at all, or a cheaper one; the rest of the zone takes what is
    /// left over.
    fn cheaper_trucks(&self, board: &Board<'_>, route: RouteIx) -> Vec<Fleet> {
        let line = &board.routes[route];
        let mut fleets = vec![Fleet { cost: 0, trucks: Vec::new(), set_ups: Vec::new() }];
        let code = &line.template.default_truck_type;
        let own = board.network.truck_type(code).into_iter().chain(board.network.upgrades(code));
        for truck in own.filter(|truck| truck.cost < line.truck.cost) {
            let trucks = vec![(Arc::clone(&line.template), Arc::clone(truck))];
            fleets.push(Fleet { cost: truck.cost, trucks, set_ups: Vec::new() });
        }
        fleets
    }
}

/// What the routes carry together.
fn demand_of(board: &Board<'_>, routes: &[RouteIx]) -> Demand {
    demand_of_waybills(board, routes.iter().flat_map(|route| &board.routes[*route].waybills))
}

fn demand_of_waybills<'b>(
    board: &Board<'_>,
    waybills: impl Iterator<Item = &'b WaybillIx>,
) -> Demand {
    Demand::of(waybills.map(|number| {
        let waybill = &board.waybills[*number];
        (&waybill.load, waybill.stop)
    }))
}

fn cost_of(board: &Board<'_>, routes: impl Iterator<Item = RouteIx>) -> u64 {
    routes.map(|route| board.routes[route].truck.cost).sum()
}
