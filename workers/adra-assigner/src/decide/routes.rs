//! Routes that are locked for picking and routes that left, with everything aboard. Never here: a place for
//! anybody.

use std::collections::BTreeMap;

use contracts::{Refusal, Role, Timestamp, WaybillKind, WaybillNo};
use routing::{Reason, RouteId, RouteReference, RouteStatus, SlotDayKey, StateError};
use runtime::Outcome;
use serde::Serialize;

use super::changes::RouteRow;
use super::{PlanError, Planner, Verdict, news};
use crate::assignment::{Assignment, Standing, State};

/// Why a waybill left its route, as others are told.
const HELD_AT_LOCK: &str = "held when its route was locked";

/// A route by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KnownRoute {
    pub(crate) id: RouteId,
    pub(crate) key: SlotDayKey,
    pub(crate) version: u64,
}

/// What is done with a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RouteStep {
    /// It is being picked.
    Lock,
    /// It leaves, at this time.
    Dispatch(Timestamp),
}

/// Why a waybill has no place any more although it had one.
#[derive(Serialize)]
struct LeftBehind<'a> {
    reason: Reason,
    route: &'a RouteReference,
    left_at: Timestamp,
}

/// Who plans routes, and the road, which drives them.
pub(super) const fn may_move_routes(role: Role) -> bool {
    match role {
        Role::Dispatcher | Role::Road | Role::Operator | Role::Admin => true,
        Role::Customer
        | Role::Merchant
        | Role::CsAgent
        | Role::CsSupervisor
        | Role::Warehouse
        | Role::Sorting
        | Role::Shop
        | Role::Worker => false,
    }
}

pub(super) fn refused(code: &str, detail: impl Into<String>, version: u64) -> Verdict {
    Verdict::Settled(Outcome::Rejected(Refusal::new(code, detail)), version)
}

impl Planner<'_> {
    /// Locks a route or lets it go. `standings` says how the waybills aboard stand.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn move_route(
        &mut self,
        cause: usize,
        found: Option<&KnownRoute>,
        step: RouteStep,
        role: Role,
        standings: &BTreeMap<WaybillNo, Standing>,
    ) -> Result<Verdict, PlanError> {
        if !may_move_routes(role) {
            return Ok(refused("NOT_ALLOWED", format!("{role:?} may not move a route"), 0));
        }
        let Some(found) = found else {
            return Ok(refused("UNKNOWN_ROUTE", "there is no route of this name", 0));
        };
        let Some(before) = self.live_route(found)? else {
            let detail = "the route is closed: nothing is on it";
            return Ok(refused("ROUTE_CLOSED", detail, found.version));
        };
        let outcome = match (step, before.status) {
            (RouteStep::Lock, RouteStatus::Open) => {
                self.lock_route(cause, &before, standings)?;
                Outcome::Applied
            }
            (RouteStep::Dispatch(at), RouteStatus::Open | RouteStatus::Locked) => {
                self.dispatch_route(cause, &before, at, standings)?;
                Outcome::Applied
            }
            (RouteStep::Lock, RouteStatus::Locked)
            | (RouteStep::Dispatch(_), RouteStatus::Dispatched) => Outcome::Duplicate,
            (_, RouteStatus::Dispatched | RouteStatus::Closed) => Outcome::Stale,
        };
        let version = match self.live_route(found)? {
            Some(route) => route.version,
            None => self.changes.closed_at(found.id).unwrap_or(before.version),
        };
        Ok(Verdict::Settled(outcome, version))
    }

    fn live_route(&self, found: &KnownRoute) -> Result<Option<RouteRow>, PlanError> {
        let plan =
            self.plans.get(&found.key).ok_or_else(|| PlanError::NotLocked(found.key.clone()))?;
        Ok(plan.day.route(found.id).map(|route| RouteRow::of(&plan.day, route)))
    }

    /// Held waybills leave, the others are locked. A route that all of them leave is closed.
    fn lock_route(
        &mut self,
        cause: usize,
        route: &RouteRow,
        standings: &BTreeMap<WaybillNo, Standing>,
    ) -> Result<(), PlanError> {
        let mut stays = false;
        for mut waybill in self.aboard(route.id) {
            let standing = standing_of(&waybill, standings);
            waybill.see(standing);
            self.leave_if_it_must(cause, &mut waybill, standing)?;
            if standing.held {
                self.give_up(cause, &mut waybill, HELD_AT_LOCK)?;
            }
            if waybill.state.route().is_some() {
                waybill.state = State::Locked(route.id);
                stays = true;
            }
            self.put(waybill);
        }
        if stays { self.set_status(cause, route, RouteStatus::Locked) } else { Ok(()) }
    }

    /// What was not loaded is left behind; a pickup is loaded on the way. The truck is spent even when it
    /// drives empty.
    fn dispatch_route(
        &mut self,
        cause: usize,
        route: &RouteRow,
        left_at: Timestamp,
        standings: &BTreeMap<WaybillNo, Standing>,
    ) -> Result<(), PlanError> {
        self.set_status(cause, route, RouteStatus::Dispatched)?;
        for before in self.aboard(route.id) {
            let standing = standing_of(&before, standings);
            let mut waybill = before.clone();
            waybill.see(standing);
            self.leave_if_it_must(cause, &mut waybill, standing)?;
            if waybill.state.route().is_some() {
                if rides(&waybill, standing) {
                    waybill.state = State::Locked(route.id);
                } else {
                    self.miss(cause, &mut waybill, route, left_at)?;
                }
            }
            if waybill.state != before.state {
                self.put(waybill);
            }
        }
        Ok(())
    }

    fn miss(
        &mut self,
        cause: usize,
        waybill: &mut Assignment,
        route: &RouteRow,
        left_at: Timestamp,
    ) -> Result<(), PlanError> {
        let reason = Reason::Missed;
        self.vacate(cause, waybill, route.id)?;
        waybill.state = State::Unassignable(reason);
        waybill.pinned = false;
        self.tell(cause, waybill.version, news::unassignable(waybill, reason));
        let left = LeftBehind { reason, route: &route.reference, left_at };
        let (explanation, judged_at) = (serde_json::to_string(&left)?, self.judged_at(waybill));
        self.explain(waybill, explanation, judged_at);
        Ok(())
    }

    fn set_status(
        &mut self,
        cause: usize,
        route: &RouteRow,
        to: RouteStatus,
    ) -> Result<(), PlanError> {
        let key = &route.key;
        let plan = self.plans.get_mut(key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        let effect = plan.day.set_status(route.id, to)?;
        let live = plan.day.route(route.id).ok_or(StateError::UnknownRoute { route: route.id })?;
        let row = RouteRow::of(&plan.day, live);
        self.changes.note_status(key, &effect);
        if let Some(event) = news::route_changed(&[effect], &row)? {
            self.tell(cause, row.version, event);
        }
        Ok(())
    }

    /// Everything on a route, by number.
    fn aboard(&self, route: RouteId) -> Vec<Assignment> {
        let aboard = self.book.values().filter(|waybill| waybill.state.route() == Some(route));
        aboard.cloned().collect()
    }
}

fn standing_of(waybill: &Assignment, standings: &BTreeMap<WaybillNo, Standing>) -> Standing {
    standings.get(&waybill.waybill_no).copied().unwrap_or_else(|| waybill.standing())
}

fn rides(waybill: &Assignment, standing: Standing) -> bool {
    waybill.kind == WaybillKind::Return || standing.has_boarded(waybill.place_no, waybill.kind)
}
