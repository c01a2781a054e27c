//! Sets of moves that planning found: what a waybill looks like to it, and what carrying a set out changes
//! and tells. Never here: the search for them (`shared/routing`), or when there is one (see
//! [`crate::improve`]).

use std::collections::BTreeMap;

use contracts::{RouteChange, WaybillKind, WaybillNo};
use routing::optimise::{Move, MoveSet, Objective, Outdated, Planned};
use routing::{Network, Origin, Reason, RouteId, RouteReference, SlotDay, SlotDayKey, StateError};
use serde::Serialize;

use super::changes::{Exchanged, RouteRow, Step};
use super::seek::{route_name, target_of};
use super::{PlanError, Planner, news};
use crate::assignment::{Assignment, Standing, State, order_key};
use crate::state::Plan;

/// From its so many-th place on a waybill is moved by planning no more: everybody who follows it keeps 32
/// places, and those that customers ask for must fit, too.
const PLACES_MAX: u16 = 16;

/// Priorities: 0 is the most important.
const DELIVERY: u8 = 0;
const RETURN: u8 = 1;
const TRANSFER: u8 = 2;
/// It may not even leave.
const HELD: u8 = 3;

/// What came of a set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Replanned {
    /// It is carried out.
    Done,
    /// Nothing changed: the day has moved on.
    Outdated(String),
}

/// Why a waybill is on another route.
#[derive(Serialize)]
struct Replaced<'a> {
    planning: Reasons<'a>,
}

#[derive(Serialize)]
struct Reasons<'a> {
    from: Option<&'a RouteReference>,
    to: &'a RouteReference,
    /// Waybills that the same set moved.
    moved_together: usize,
    /// Of the slot day without the set and with it.
    before: Objective,
    after: Objective,
}

/// A waybill as planning sees it; `None` when it has no part in this slot day.
pub(crate) fn planned(
    network: &Network,
    key: &SlotDayKey,
    waybill: &Assignment,
    standing: Standing,
) -> Option<Planned> {
    let target = target_of(network, waybill).filter(|target| target.key == *key);
    let place = waybill.state.route();
    // its district may belong to another depot by now: it stays where it is
    let is_elsewhere = target.is_none();
    if place.is_none() && (is_elsewhere || !seeks(waybill, standing)) {
        return None;
    }
    let zone = target.map(|target| target.zone.code.clone()).or_else(|| waybill.zone.clone())?;
    Some(Planned {
        waybill_no: waybill.waybill_no.as_str().into(),
        order: order_key(&waybill.order),
        stop: waybill.stop,
        zone,
        sku_class: waybill.sku_class(),
        load: waybill.load,
        priority: priority(waybill.kind, standing.held),
        promised: waybill.place_no > 0,
        fixed: is_elsewhere || is_fixed(waybill, standing),
        place,
        excluded_routes: Vec::new(),
    })
}

/// Room would help it.
fn seeks(waybill: &Assignment, standing: Standing) -> bool {
    let lacks_room = match waybill.state {
        State::Unassignable(Reason::ZoneQuota | Reason::RouteQuota | Reason::PoolExhausted) => true,
        State::Unassignable(_) | State::Unassigned | State::Assigned(_) | State::Locked(_) => false,
    };
    lacks_room && !standing.is_cancelled() && !standing.has_left(waybill.kind)
}

/// Pinned, locked, loaded, gone, or moved often enough.
fn is_fixed(waybill: &Assignment, standing: Standing) -> bool {
    waybill.pinned
        || matches!(waybill.state, State::Locked(_))
        || standing.is_cancelled()
        || standing.is_over()
        || standing.has_left(waybill.kind)
        || waybill.place_no >= PLACES_MAX
}

const fn priority(kind: WaybillKind, held: bool) -> u8 {
    if held {
        return HELD;
    }
    match kind {
        WaybillKind::Forward | WaybillKind::Replacement => DELIVERY,
        WaybillKind::Return => RETURN,
        WaybillKind::Transfer => TRANSFER,
    }
}

impl Planner<'_> {
    /// Carries out a set that was found when the slot day's objective was `before`. The waybills that it
    /// moves are in the book; `standings` says how they stand.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn replan(
        &mut self,
        key: &SlotDayKey,
        set: &MoveSet,
        before: Objective,
        standings: &BTreeMap<WaybillNo, Standing>,
    ) -> Result<Replanned, PlanError> {
        let plan = self.plans.get(key).ok_or_else(|| PlanError::NotLocked(key.clone()))?.clone();
        let mut after = plan.clone();
        let set = named(self.network, set, &mut after)?;
        let movers = self.movers(key, &set, standings);
        let waybills: Vec<Planned> = movers.iter().map(|(_, planned)| planned.clone()).collect();
        match routing::optimise::carry_out(self.network, &mut after.day, &set, &waybills) {
            Ok(()) => {}
            Err(Outdated::State(error)) => return Err(error.into()),
            Err(
                outdated @ (Outdated::Route { .. }
                | Outdated::Waybill { .. }
                | Outdated::Quota { .. }
                | Outdated::Pool { .. }
                | Outdated::Load { .. }),
            ) => return Ok(Replanned::Outdated(outdated.to_string())),
        }
        let exchanged = Exchanged { steps: steps(&set, movers), set };
        self.changes.exchange(&plan, &mut after, &exchanged);
        self.plans.insert(key.clone(), after);
        self.tell_of_routes(&plan.day, key, &exchanged.set)?;
        self.move_all(&plan.day, key, exchanged, before, standings)?;
        Ok(Replanned::Done)
    }

    /// The waybills of a set that are known and have a part in the slot day.
    fn movers(
        &self,
        key: &SlotDayKey,
        set: &MoveSet,
        standings: &BTreeMap<WaybillNo, Standing>,
    ) -> Vec<(Assignment, Planned)> {
        let known = set.moves.iter().filter_map(|step| {
            let no = WaybillNo::new(step.waybill_no.as_str()).ok()?;
            let waybill = self.book.get(&no)?;
            let standing = standings.get(&no).copied().unwrap_or_else(|| waybill.standing());
            Some((waybill.clone(), planned(self.network, key, waybill, standing)?))
        });
        known.collect()
    }

    /// Gives every waybill of a set its new place, or a reason why it has none.
    fn move_all(
        &mut self,
        before_day: &SlotDay,
        key: &SlotDayKey,
        exchanged: Exchanged,
        before: Objective,
        standings: &BTreeMap<WaybillNo, Standing>,
    ) -> Result<(), PlanError> {
        let (moved_together, after) = (exchanged.steps.len(), exchanged.set.objective);
        for Step { mut waybill, from, to } in exchanged.steps {
            let no = waybill.waybill_no.clone();
            let standing = standings.get(&no).copied().unwrap_or_else(|| waybill.standing());
            waybill.see(standing);
            let Some(to) = to else {
                self.seek_elsewhere(&mut waybill)?;
                self.put(waybill);
                continue;
            };
            let row = self.row_of(key, to)?;
            waybill.state = State::Assigned(to);
            waybill.place_no = waybill.place_no.saturating_add(1);
            if let Some(target) = target_of(self.network, &waybill) {
                waybill.zone = Some(target.zone.code.clone());
            }
            waybill.depot = Some(key.depot.clone());
            self.tell(0, waybill.version, news::assigned(&waybill, &row)?);
            let from = from.and_then(|route| before_day.route(route));
            let from = from.map(routing::state::Route::reference);
            let planning = Reasons { from, to: &row.reference, moved_together, before, after };
            let explanation = serde_json::to_string(&Replaced { planning })?;
            let judged_at = self.judged_at(&waybill);
            self.explain(&waybill, explanation, judged_at);
            self.put(waybill);
        }
        Ok(())
    }

    /// A waybill lost its place because there is no room for all: by the online rules it gets another one,
    /// or is told what stands in the way.
    fn seek_elsewhere(&mut self, waybill: &mut Assignment) -> Result<(), PlanError> {
        waybill.state = State::Unassigned;
        let sought = self.seek(waybill, Origin::Regular)?;
        self.conclude(0, waybill, sought)
    }

    fn row_of(&self, key: &SlotDayKey, route: RouteId) -> Result<RouteRow, PlanError> {
        let plan = self.plans.get(key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        let live = plan.day.route(route).ok_or(StateError::UnknownRoute { route })?;
        Ok(RouteRow::of(&plan.day, live))
    }

    fn tell_of_routes(
        &mut self,
        before: &SlotDay,
        key: &SlotDayKey,
        set: &MoveSet,
    ) -> Result<(), PlanError> {
        for opened in &set.opened {
            let row = self.row_of(key, opened.route)?;
            self.tell(0, row.version, news::route_became(RouteChange::Opened, &row)?);
        }
        for change in &set.trucks {
            let row = self.row_of(key, change.route)?;
            self.tell(0, row.version, news::route_became(RouteChange::TruckChanged, &row)?);
        }
        for closed in &set.closed {
            let Some(route) = before.route(*closed) else { continue };
            let row = RouteRow::of(before, route).closed();
            self.tell(0, row.version, news::route_became(RouteChange::Closed, &row)?);
        }
        Ok(())
    }
}

/// The set with the names that its new routes get now: others may have been opened since it was found.
fn named(network: &Network, set: &MoveSet, plan: &mut Plan) -> Result<MoveSet, StateError> {
    let mut set = set.clone();
    for opened in &mut set.opened {
        let template = network.template(&opened.template);
        let unknown = || StateError::UnknownTemplate { template: opened.template.clone() };
        let zone = &template.ok_or_else(unknown)?.zone;
        plan.routes_opened = plan.routes_opened.saturating_add(1);
        opened.reference = route_name(plan.day.key(), zone, plan.routes_opened);
    }
    Ok(set)
}

fn steps(set: &MoveSet, movers: Vec<(Assignment, Planned)>) -> Vec<Step> {
    let moves: BTreeMap<&routing::WaybillNo, &Move> =
        set.moves.iter().map(|step| (&step.waybill_no, step)).collect();
    let step = |(waybill, planned): (Assignment, Planned)| {
        let found = moves.get(&planned.waybill_no)?;
        Some(Step { waybill, from: found.from, to: found.to })
    };
    movers.into_iter().filter_map(step).collect()
}
