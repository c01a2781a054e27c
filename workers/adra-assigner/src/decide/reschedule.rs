//! Another day, window or door for a waybill that is known: a new place first, the old one given up only
//! then. Never here: quantities (see [`super::amend`]).

use chrono::NaiveDate;
use contracts::{Refusal, RescheduleWaybill, Role};
use routing::{DistrictCode, Network, Reason, RouteStatus, SlotDayKey, StopKey, TimeslotCode};
use runtime::Outcome;

use super::places::Relocated;
use super::seek::target_of;
use super::{PlanError, Planner, Verdict};
use crate::assignment::{Assignment, Standing, named};

/// Where a waybill is to be from now on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wish {
    pub(super) district: DistrictCode,
    pub(super) delivery_date: NaiveDate,
    pub(super) timeslot: TimeslotCode,
    pub(super) stop: StopKey,
}

impl Wish {
    /// Where it is now.
    pub(super) fn of(waybill: &Assignment) -> Self {
        Self {
            district: waybill.district.clone(),
            delivery_date: waybill.delivery_date,
            timeslot: waybill.timeslot.clone(),
            stop: waybill.stop,
        }
    }

    /// The waybill with this wish instead of its present one.
    pub(super) fn made_by(self, waybill: &Assignment) -> Assignment {
        let Self { district, delivery_date, timeslot, stop } = self;
        Assignment { district, delivery_date, timeslot, stop, ..waybill.clone() }
    }
}

/// The slot day that a known waybill would be in with another day and window, and perhaps district.
pub(crate) fn wished_slot_day(
    network: &Network,
    known: &Assignment,
    district: Option<&str>,
    delivery_date: NaiveDate,
    timeslot: &str,
) -> Option<SlotDayKey> {
    let district = district.map_or_else(|| known.district.clone(), DistrictCode::from);
    let wish = Wish { district, delivery_date, timeslot: timeslot.into(), ..Wish::of(known) };
    target_of(network, &wish.made_by(known)).map(|target| target.key)
}

/// Who speaks for a waybill's day. Customers and merchants ask those.
const fn may_reschedule(role: Role) -> bool {
    match role {
        Role::CsAgent | Role::CsSupervisor | Role::Dispatcher | Role::Operator | Role::Admin => {
            true
        }
        Role::Customer
        | Role::Merchant
        | Role::Warehouse
        | Role::Sorting
        | Role::Road
        | Role::Shop
        | Role::Worker => false,
    }
}

impl Planner<'_> {
    /// Gives a waybill another day or window, or says why not and changes nothing.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn reschedule(
        &mut self,
        cause: usize,
        asked: &RescheduleWaybill,
        role: Role,
        stored: Option<Standing>,
    ) -> Result<Verdict, PlanError> {
        let refuse = |refusal, version| Ok(Verdict::Settled(Outcome::Rejected(refusal), version));
        if !may_reschedule(role) {
            let detail = format!("{role:?} may not reschedule a waybill: ask customer service");
            return refuse(Refusal::new("NOT_ALLOWED", detail), 0);
        }
        let Some(known) = self.book.get(&asked.waybill_no).cloned() else {
            let detail = format!("there is no waybill {} here yet", asked.waybill_no);
            return refuse(Refusal::new("UNKNOWN_WAYBILL", detail), 0);
        };
        let standing = stored.unwrap_or_else(|| known.standing());
        if let Some(refusal) = self.fixed(&known, standing)? {
            return refuse(refusal, known.version);
        }
        let timeslot = asked.timeslot.as_str().into();
        let wish = Wish { delivery_date: asked.delivery_date, timeslot, ..Wish::of(&known) };
        let is_there = known.state.route().is_some() && !standing.has_failed_at(known.place_no);
        if is_there && wish == Wish::of(&known) {
            return Ok(Verdict::Settled(Outcome::Duplicate, known.version));
        }
        let mut wanted = wish.made_by(&known);
        wanted.see(standing);
        Ok(match self.relocate(cause, &known, wanted)? {
            Relocated::Moved(version) => Verdict::Settled(Outcome::Applied, version),
            Relocated::Stays(reason) => {
                let refusal = no_place(asked, reason);
                Verdict::Settled(Outcome::Rejected(refusal), known.version)
            }
            Relocated::NotLocked => just_made(&known),
        })
    }

    /// Why a waybill stays where it is, whatever room there may be elsewhere.
    pub(super) fn fixed(
        &self,
        known: &Assignment,
        standing: Standing,
    ) -> Result<Option<Refusal>, PlanError> {
        let no = &known.waybill_no;
        if standing.is_cancelled() {
            let detail = format!("waybill {no} is cancelled");
            return Ok(Some(Refusal::new("WAYBILL_CANCELLED", detail)));
        }
        if standing.is_over() {
            let detail = format!("waybill {no} is {}", standing.status.as_str());
            return Ok(Some(Refusal::new("WAYBILL_ENDED", detail)));
        }
        // it may be on the next truck already
        if standing.has_failed_at(known.place_no) && standing.attempt <= known.place_no {
            return Ok(None);
        }
        let locked = || {
            let detail = format!("the route of waybill {no} is being picked");
            Refusal::new("PLACE_LOCKED", detail)
        };
        let dispatched = || {
            let detail = format!("waybill {no} is on a truck: wait for what comes of it");
            Refusal::new("PLACE_DISPATCHED", detail)
        };
        if standing.attempt >= known.place_no && standing.has_left(known.kind) {
            return Ok(Some(dispatched()));
        }
        Ok(match self.route_status(known)? {
            Some(RouteStatus::Locked) => Some(locked()),
            Some(RouteStatus::Dispatched | RouteStatus::Closed) => Some(dispatched()),
            Some(RouteStatus::Open) | None => None,
        })
    }

    /// Where the route of a waybill is in its life; `None` without a place.
    pub(super) fn route_status(
        &self,
        known: &Assignment,
    ) -> Result<Option<RouteStatus>, PlanError> {
        let Some((route, key)) = known.state.route().zip(known.place_key()) else {
            return Ok(None);
        };
        let plan = self.plans.get(&key).ok_or(PlanError::NotLocked(key))?;
        Ok(plan.day.route(route).map(routing::state::Route::status))
    }
}

/// The waybill was announced in this very batch, so that nobody knew where it would be.
pub(super) fn just_made(known: &Assignment) -> Verdict {
    Verdict::NotYet(format!("waybill {} was only just made", known.waybill_no))
}

fn no_place(asked: &RescheduleWaybill, reason: Reason) -> Refusal {
    let RescheduleWaybill { waybill_no, delivery_date, timeslot, .. } = asked;
    let detail = format!(
        "waybill {waybill_no} has no place on {delivery_date} {timeslot}; it stays where it is"
    );
    Refusal::new(named(reason).1, detail)
}
