//! What a dispatcher does with one waybill: pins it to its route, lets it go, or moves it to a route by name.
//! Never here: a choice among routes, or several changes at once (see [`super::propose`]).

use std::collections::BTreeMap;

use contracts::{Actor, ProposedStep, Refusal, Role, WaybillKind, WaybillNo};
use routing::explain::Rule;
use routing::{
    Decision, Explanation, Network, Obstacle, Origin, Request, RouteId, RouteStatus, Shifted,
    StateError,
};
use runtime::Outcome;
use serde::Serialize;

use super::changes::RouteRow;
use super::reschedule::just_made;
use super::routes::may_move_routes;
use super::seek::{Sought, Target, target_of};
use super::{KnownRoute, PlanError, Planner, Verdict};
use crate::assignment::{Assignment, Standing, named, order_key};
use crate::dispatch::Dispatch;

/// What a command needs beside the planning states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    /// What the waybills' own rows say.
    pub(crate) standings: &'a BTreeMap<WaybillNo, Standing>,
    /// Routes that commands name as where to go.
    pub(crate) named: &'a BTreeMap<String, KnownRoute>,
}

/// One change of one waybill.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'a> {
    Pin,
    Unpin,
    Move { route_ref: &'a str, upgrade: bool, expected_version: Option<u64> },
}

/// Who wants it, and why: a part of the explanation.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct By<'a> {
    step: &'static str,
    by: &'a str,
    role: Role,
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'a str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    override_cut_off: bool,
}

/// What a step came to.
#[derive(Debug)]
pub(super) enum Done {
    /// It is so now; the version of the assignment.
    Changed(u64),
    /// It was so before.
    Unchanged(u64),
    /// Nothing changed: this stands in the way.
    Refused(Refusal),
    /// The waybill was announced in this very batch. Nothing changed.
    NotYet,
}

/// The explanation of a pin.
#[derive(Serialize)]
struct Pinned<'a> {
    by_hand: By<'a>,
}

/// The explanation of a move: the engine's, and whose will it was.
#[derive(Serialize)]
struct Moved<'a> {
    by_hand: By<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    service: Option<&'static str>,
    #[serde(flatten)]
    explanation: &'a Explanation,
}

/// A move whose waybill and route are known and may take part in one.
struct Ready<'a> {
    target: Target<'a>,
    to: RouteId,
    /// Its place in the same slot day, and that route as it is.
    old: Option<(RouteId, RouteRow)>,
}

/// After the cut-off it takes a supervisor.
const fn may_override(role: Role) -> bool {
    matches!(role, Role::CsSupervisor | Role::Admin)
}

impl<'a> Step<'a> {
    pub(super) fn of(step: &'a ProposedStep) -> Self {
        match step {
            ProposedStep::Pin { .. } => Self::Pin,
            ProposedStep::Unpin { .. } => Self::Unpin,
            ProposedStep::Move { route_ref, upgrade, .. } => {
                Self::Move { route_ref, upgrade: *upgrade, expected_version: None }
            }
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Unpin => "unpin",
            Self::Move { .. } => "move",
        }
    }
}

impl<'a> By<'a> {
    pub(super) fn new(step: Step<'_>, actor: &'a Actor, why: Option<&'a str>) -> Self {
        let (by, role) = (actor.subject.as_str(), actor.role);
        Self { step: step.word(), by, role, why, override_cut_off: false }
    }
}

/// Who does not move routes does not move what is on them.
pub(super) fn refuse_role(role: Role) -> Option<Refusal> {
    let refusal = || Refusal::new("NOT_ALLOWED", format!("{role:?} may not plan routes"));
    (!may_move_routes(role)).then(refusal)
}

pub(super) fn no(code: &str, detail: impl Into<String>) -> Done {
    Done::Refused(Refusal::new(code, detail))
}

impl<'a> Planner<'a> {
    /// Carries out a command of a dispatcher.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn dispatch(
        &mut self,
        cause: usize,
        asked: Dispatch<'_>,
        actor: &Actor,
        facts: Facts<'_>,
    ) -> Result<Verdict, PlanError> {
        let (waybill_no, step, why, overrides) = match asked {
            Dispatch::Propose(asked) => return self.propose(asked, actor, facts),
            Dispatch::Commit(asked) => return self.commit(cause, asked.proposal_id, actor, facts),
            Dispatch::Discard(asked) => return self.discard(asked.proposal_id, actor),
            Dispatch::Pin(asked) => (&asked.waybill_no, Step::Pin, Some(&asked.reason), false),
            Dispatch::Unpin(asked) => {
                (&asked.waybill_no, Step::Unpin, asked.reason.as_ref(), false)
            }
            Dispatch::Move(asked) => {
                let (upgrade, expected_version) = (asked.upgrade, asked.expected_route_version);
                let step = Step::Move { route_ref: &asked.route_ref, upgrade, expected_version };
                (&asked.waybill_no, step, Some(&asked.reason), asked.override_cut_off)
            }
        };
        let refusal = if overrides {
            let detail = "a cut-off is overridden by a supervisor";
            (!may_override(actor.role)).then(|| Refusal::new("NOT_ALLOWED", detail))
        } else {
            refuse_role(actor.role)
        };
        if let Some(refusal) = refusal {
            return Ok(Verdict::Settled(Outcome::Rejected(refusal), 0));
        }
        let Some(known) = self.book.get(waybill_no).cloned() else {
            let detail = format!("there is no waybill {waybill_no} here yet");
            let refusal = Refusal::new("UNKNOWN_WAYBILL", detail);
            return Ok(Verdict::Settled(Outcome::Rejected(refusal), 0));
        };
        let why = why.map(String::as_str);
        let by = By { override_cut_off: overrides, ..By::new(step, actor, why) };
        Ok(match self.take_step(cause, &known, step, by, facts)? {
            Done::Changed(version) => Verdict::Settled(Outcome::Applied, version),
            Done::Unchanged(version) => Verdict::Settled(Outcome::Duplicate, version),
            Done::Refused(refusal) => Verdict::Settled(Outcome::Rejected(refusal), known.version),
            Done::NotYet => just_made(&known),
        })
    }

    /// Carries out one step. A refused one changes nothing.
    pub(super) fn take_step(
        &mut self,
        cause: usize,
        known: &Assignment,
        step: Step<'_>,
        by: By<'_>,
        facts: Facts<'_>,
    ) -> Result<Done, PlanError> {
        let stored = facts.standings.get(&known.waybill_no).copied();
        let standing = stored.unwrap_or_else(|| known.standing());
        if let Some(refusal) = self.fixed(known, standing)? {
            return Ok(Done::Refused(refusal));
        }
        match step {
            Step::Pin => self.set_pin(known, standing, true, by),
            Step::Unpin => self.set_pin(known, standing, false, by),
            Step::Move { route_ref, upgrade, expected_version } => {
                let found = facts.named.get(route_ref);
                match self.ready(known, standing, found, expected_version)? {
                    Ok(ready) => self.shift(cause, known, standing, ready, (upgrade, by)),
                    Err(done) => Ok(done),
                }
            }
        }
    }

    /// Pins a waybill to its route, or lets it go. The route gets a version of its own for that: what was
    /// worked out before does not apply any more.
    fn set_pin(
        &mut self,
        known: &Assignment,
        standing: Standing,
        pinned: bool,
        by: By<'_>,
    ) -> Result<Done, PlanError> {
        let place = known.state.route().zip(known.place_key());
        let Some((route, key)) = place.filter(|_| !standing.has_failed_at(known.place_no)) else {
            let detail = format!("waybill {} is on no route", known.waybill_no);
            return Ok(no("NO_PLACE", detail));
        };
        if known.pinned == pinned {
            return Ok(Done::Unchanged(known.version));
        }
        let plan = self.plans.get_mut(&key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        let effect = plan.day.set_status(route, RouteStatus::Open)?;
        self.changes.note_status(&key, &effect);
        let mut waybill = known.clone();
        waybill.see(standing);
        waybill.pinned = pinned;
        let explanation = serde_json::to_string(&Pinned { by_hand: by })?;
        let judged_at = self.judged_at(&waybill);
        self.explain(&waybill, explanation, judged_at);
        let version = waybill.version;
        self.put(waybill);
        Ok(Done::Changed(version))
    }

    /// Whether a waybill may be moved to the route that was found by its name, and what the move needs.
    fn ready(
        &self,
        known: &Assignment,
        standing: Standing,
        found: Option<&KnownRoute>,
        expected_version: Option<u64>,
    ) -> Result<Result<Ready<'a>, Done>, PlanError> {
        let number = &known.waybill_no;
        let place = known.state.route().filter(|_| !standing.has_failed_at(known.place_no));
        if known.pinned && place.is_some() {
            let detail = format!("waybill {number} is pinned to its route: unpin it first");
            return Ok(Err(no("PINNED", detail)));
        }
        let Some(found) = found else {
            return Ok(Err(no("UNKNOWN_ROUTE", "there is no route of this name")));
        };
        let network: &'a Network = self.network;
        let Some(target) = target_of(network, known) else {
            let detail = format!("the network serves waybill {number} on that day by no zone");
            return Ok(Err(no("NO_TEMPLATE", detail)));
        };
        if target.key != found.key {
            let detail = format!("the route is not of waybill {number}'s depot, day and window");
            return Ok(Err(no("OTHER_SLOT_DAY", detail)));
        }
        let Some(plan) = self.plans.get(&target.key) else {
            return Ok(Err(Done::NotYet));
        };
        let Some(live) = plan.day.route(found.id) else {
            return Ok(Err(no("ROUTE_CLOSED", "the route is closed: nothing is on it")));
        };
        if expected_version.is_some_and(|expected| expected != live.version()) {
            let detail = format!("the route has version {} by now: look again", live.version());
            return Ok(Err(no("ROUTE_CHANGED", detail)));
        }
        if place == Some(found.id) {
            return Ok(Err(Done::Unchanged(known.version)));
        }
        let old = known.state.route().filter(|_| known.place_key().as_ref() == Some(&target.key));
        let before = |route| {
            let live = plan.day.route(route).ok_or(StateError::UnknownRoute { route })?;
            Ok::<_, PlanError>((route, RouteRow::of(&plan.day, live)))
        };
        let old = old.map(before).transpose()?;
        Ok(Ok(Ready { target, to: found.id, old }))
    }

    fn shift(
        &mut self,
        cause: usize,
        known: &Assignment,
        standing: Standing,
        ready: Ready<'_>,
        (upgrade, by): (bool, By<'_>),
    ) -> Result<Done, PlanError> {
        let Ready { target, to, old } = ready;
        let mut moved = known.clone();
        moved.see(standing);
        let judged_at = self.judged_at(&moved);
        let origin = if by.override_cut_off { Origin::Override } else { Origin::Regular };
        let request = request_of(&moved, &target, origin);
        let from = old.as_ref().map(|(route, _)| known.placement_on(*route));
        let (network, key) = (self.network, &target.key);
        let plan = self.plans.get_mut(key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        let (day, at) = (&mut plan.day, judged_at.as_datetime());
        let shifted = routing::shift(network, day, from.as_ref(), &request, to, upgrade, at)?;
        let (freed, decision) = match shifted {
            Shifted::Refused(obstacle) => return Ok(Done::Refused(refusal_of(known, obstacle))),
            Shifted::Done { freed, decision } => (freed, *decision),
        };
        let is_elsewhere = old.is_none();
        if let Some((_, before)) = old {
            self.vacated(cause, known, &before, &freed)?;
        }
        let sought = Sought {
            explanation: explained(&moved, &decision, by)?,
            target: Some((target.zone.code.clone(), target.key.clone())),
            found: decision.outcome,
            effects: decision.effects,
            judged_at,
        };
        self.conclude(cause, &mut moved, sought)?;
        moved.pinned = true;
        if let Some(route) = known.state.route().filter(|_| is_elsewhere) {
            self.vacate(cause, known, route)?;
        }
        let version = moved.version;
        self.put(moved);
        Ok(Done::Changed(version))
    }
}

fn request_of(waybill: &Assignment, target: &Target<'_>, origin: Origin) -> Request {
    Request {
        waybill_no: waybill.waybill_no.as_str().into(),
        order: order_key(&waybill.order),
        stop: waybill.stop,
        zone: target.zone.code.clone(),
        sku_class: waybill.sku_class(),
        load: waybill.load,
        origin,
        excluded_routes: Vec::new(),
    }
}

fn explained(
    waybill: &Assignment,
    decision: &Decision,
    by_hand: By<'_>,
) -> Result<String, serde_json::Error> {
    let service = (waybill.kind == WaybillKind::Return).then_some("pickup");
    serde_json::to_string(&Moved { by_hand, service, explanation: &decision.explanation })
}

/// Every rule that may stand in the way of a move: its code, and how it is told.
const RULES: [(Rule, &str, &str); 10] = [
    (Rule::NotOpen, "NOT_OPEN", "the route is being picked or has left"),
    (Rule::Excluded, "EXCLUDED", "it is on that route"),
    (Rule::ZoneQuota, "ZONE_QUOTA", "the quota of the route's zone has no room for it"),
    (Rule::WaybillQuota, "WAYBILL_QUOTA", "the route takes no more waybills"),
    (Rule::Stops, "STOPS", "the route's truck drives to no more doors"),
    (Rule::Weight, "WEIGHT", "the route's truck would be too heavy"),
    (Rule::Compartments, "COMPARTMENTS", "no compartment profile of the truck holds the load"),
    (Rule::Pool, "POOL", "a larger truck would do, and none is left"),
    (
        Rule::ForeignZone,
        "FOREIGN_ZONE",
        "the route is of a zone that its own may not overflow into",
    ),
    (Rule::RouteClass, "ROUTE_CLASS", "the route is not meant for its class of goods"),
];

fn refusal_of(known: &Assignment, obstacle: Obstacle) -> Refusal {
    let number = &known.waybill_no;
    let (code, why) = match obstacle {
        Obstacle::Late(reason) => (named(reason).1, "it is too late for it"),
        Obstacle::Rule(rule) => {
            let told = RULES.iter().find(|(of, ..)| *of == rule);
            told.map_or(("NOT_POSSIBLE", "a rule says no"), |(_, code, why)| (*code, *why))
        }
    };
    Refusal::new(code, format!("waybill {number} stays where it is: {why}"))
}
