//! Places taken, given up and exchanged, in the planning state and in what is written and told. Never here:
//! which of these a message asks for.

use std::collections::BTreeSet;

use routing::{
    Effect, Origin, Outcome as Found, Reason, RouteId, SlotDayKey, StateError, ZoneCode,
};

use super::changes::{DecisionRow, RouteRow};
use super::seek::{Asked, Sought, Target, ask, target_of};
use super::{Clock, Freed, PlanError, Planner, news};
use crate::assignment::{Assignment, State};
use crate::state::Plan;

/// What came of asking for another place.
#[derive(Debug)]
pub(super) enum Relocated {
    /// It is there now; the version of its assignment.
    Moved(u64),
    /// Nothing changed: this stands in the way.
    Stays(Reason),
    /// Where it wants to go is not locked, because it was not known when the batch began. Nothing changed.
    NotLocked,
}

impl Planner<'_> {
    /// Asks the engine. A found place is taken in the planning state at once.
    pub(super) fn seek(
        &mut self,
        waybill: &Assignment,
        origin: Origin,
    ) -> Result<Sought, PlanError> {
        let judged_at = self.judged_at(waybill);
        let Some(target) = target_of(self.network, waybill) else {
            return Sought::unserved(waybill, judged_at);
        };
        let asked = Asked { origin, judged_at, demand: self.demands.get(&target.key) };
        let plan = self
            .plans
            .get_mut(&target.key)
            .ok_or_else(|| PlanError::NotLocked(target.key.clone()))?;
        ask(self.network, plan, waybill, &target, asked, &mut *self.new_id)
    }

    pub(super) const fn judged_at(&self, waybill: &Assignment) -> contracts::Timestamp {
        match self.clock {
            Clock::Wall(now) => now,
            Clock::Replay => waybill.ordered_at,
        }
    }

    /// Writes down what the engine found.
    pub(super) fn conclude(
        &mut self,
        cause: usize,
        waybill: &mut Assignment,
        sought: Sought,
    ) -> Result<(), PlanError> {
        let Sought { found, effects, target, explanation, judged_at } = sought;
        // a pin is of the place, not of the waybill
        waybill.pinned = false;
        (waybill.zone, waybill.depot) = match &target {
            Some((zone, key)) => (Some(zone.clone()), Some(key.depot.clone())),
            None => (None, None),
        };
        match (found, target) {
            (Found::Assigned(place), Some((_, key))) => {
                waybill.state = State::Assigned(place.route);
                waybill.place_no = waybill.place_no.saturating_add(1);
                self.occupy(cause, waybill, &key, place.route, &effects)?;
            }
            (Found::Assigned(_), None) => {}
            (Found::Unassignable(reason), _) => {
                waybill.state = State::Unassignable(reason);
                self.tell(cause, waybill.version, news::unassignable(waybill, reason));
            }
        }
        self.explain(waybill, explanation, judged_at);
        Ok(())
    }

    /// Keeps why a waybill is where it is.
    pub(super) fn explain(
        &mut self,
        waybill: &Assignment,
        explanation: String,
        judged_at: contracts::Timestamp,
    ) {
        self.changes.decisions.push(DecisionRow {
            waybill_no: waybill.waybill_no.clone(),
            version: waybill.version,
            reason: waybill.state.reason(),
            route: waybill.state.route(),
            explanation,
            judged_at,
        });
    }

    fn occupy(
        &mut self,
        cause: usize,
        waybill: &Assignment,
        key: &SlotDayKey,
        route: RouteId,
        effects: &[Effect],
    ) -> Result<(), PlanError> {
        let plan = self.plans.get_mut(key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        self.changes.absorb(plan, &waybill.waybill_no, route, None, effects);
        let live = plan.day.route(route).ok_or(StateError::UnknownRoute { route })?;
        let row = RouteRow::of(&plan.day, live);
        self.tell(cause, waybill.version, news::assigned(waybill, &row)?);
        self.tell_of_route(cause, effects, &row, row.version)
    }

    fn tell_of_route(
        &mut self,
        cause: usize,
        effects: &[Effect],
        route: &RouteRow,
        version: u64,
    ) -> Result<(), PlanError> {
        if let Some(event) = news::route_changed(effects, route)? {
            self.tell(cause, version, event);
        }
        Ok(())
    }

    /// Takes a waybill off its route for good: it seeks no other place by itself.
    pub(super) fn give_up(
        &mut self,
        cause: usize,
        waybill: &mut Assignment,
        why: &str,
    ) -> Result<(), PlanError> {
        let Some(route) = waybill.state.route() else {
            return Ok(());
        };
        self.tell(cause, waybill.version, news::unassigned(waybill, route, why));
        self.vacate(cause, waybill, route)?;
        waybill.state = State::Unassigned;
        waybill.pinned = false;
        Ok(())
    }

    /// Gives the place of a waybill back.
    pub(super) fn vacate(
        &mut self,
        cause: usize,
        waybill: &Assignment,
        route: RouteId,
    ) -> Result<(), PlanError> {
        let key = waybill.place_key().ok_or(StateError::UnknownRoute { route })?;
        let plan = self.plans.get_mut(&key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        let (row, effects) = release(plan, waybill, route)?;
        self.vacated(cause, waybill, &row, &effects)
    }

    /// Writes down what giving back a place on `route` (as it was before) did.
    pub(super) fn vacated(
        &mut self,
        cause: usize,
        waybill: &Assignment,
        route: &RouteRow,
        effects: &[Effect],
    ) -> Result<(), PlanError> {
        let key = &route.key;
        let plan = self.plans.get_mut(key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        self.changes.absorb(plan, &waybill.waybill_no, route.id, Some(route.clone()), effects);
        let is_closed = effects.iter().any(|effect| matches!(effect, Effect::RouteClosed { .. }));
        self.free(cause, route, is_closed);
        self.tell_of_route(cause, effects, route, route.version.saturating_add(1))
    }

    /// Notes whom a release may help: the zone itself and those that may overflow into it; a truck that
    /// came back helps every zone of the depot.
    pub(super) fn free(&mut self, cause: usize, route: &RouteRow, has_truck: bool) {
        let zones = self.network.zones_of(&route.key.depot).filter(|zone| {
            has_truck || zone.code == route.zone || zone.neighbours.contains(&route.zone)
        });
        let zones: BTreeSet<ZoneCode> = zones.map(|zone| zone.code.clone()).collect();
        let key = route.key.clone();
        let first = || Freed { key: key.clone(), zones: BTreeSet::new(), cause };
        self.freed.entry(key.clone()).or_insert_with(first).zones.extend(zones);
    }

    /// Brings a waybill to where `wanted` (its next version) says, if there is a place; its old one, as
    /// `known` has it, is given back only then.
    pub(super) fn relocate(
        &mut self,
        cause: usize,
        known: &Assignment,
        mut wanted: Assignment,
    ) -> Result<Relocated, PlanError> {
        let Some(target) = target_of(self.network, &wanted) else {
            return Ok(Relocated::Stays(Reason::NoTemplate));
        };
        if !self.plans.contains_key(&target.key) {
            return Ok(Relocated::NotLocked);
        }
        let old = known.state.route();
        let sought = match old {
            Some(route) if known.place_key().as_ref() == Some(&target.key) => {
                self.exchange(cause, known, route, &wanted, &target)?
            }
            Some(_) | None => self.seek(&wanted, Origin::Regular)?,
        };
        if let Found::Unassignable(reason) = sought.found {
            return Ok(Relocated::Stays(reason));
        }
        self.conclude(cause, &mut wanted, sought)?;
        match old {
            Some(route) if known.place_key().as_ref() != Some(&target.key) => {
                self.vacate(cause, known, route)?;
            }
            Some(_) | None => {}
        }
        let version = wanted.version;
        self.put(wanted);
        Ok(Relocated::Moved(version))
    }

    /// Another place in the same slot day. What the waybill itself has there is free for it, so that the
    /// old place is given up first, on a copy that counts only when there is a new one.
    fn exchange(
        &mut self,
        cause: usize,
        known: &Assignment,
        route: RouteId,
        wanted: &Assignment,
        target: &Target<'_>,
    ) -> Result<Sought, PlanError> {
        let not_locked = || PlanError::NotLocked(target.key.clone());
        let judged_at = self.judged_at(wanted);
        let mut copy = self.plans.get(&target.key).ok_or_else(not_locked)?.clone();
        let (row, effects) = release(&mut copy, known, route)?;
        let demand = self.demands.get(&target.key);
        let asked = Asked { origin: Origin::Regular, judged_at, demand };
        let sought = ask(self.network, &mut copy, wanted, target, asked, &mut *self.new_id)?;
        if matches!(sought.found, Found::Assigned(_)) {
            self.plans.insert(target.key.clone(), copy);
            self.vacated(cause, known, &row, &effects)?;
        }
        Ok(sought)
    }
}

/// Gives a place back in the planning state: the route as it was before, and what that did.
fn release(
    plan: &mut Plan,
    waybill: &Assignment,
    route: RouteId,
) -> Result<(RouteRow, Vec<Effect>), PlanError> {
    let live = plan.day.route(route).ok_or(StateError::UnknownRoute { route })?;
    let row = RouteRow::of(&plan.day, live);
    let effects = routing::release(&mut plan.day, &waybill.placement_on(route))?;
    Ok((row, effects))
}
