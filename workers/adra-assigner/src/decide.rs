//! What becomes of messages and retries: each waybill's place, and everything that has to be written and
//! told because of it.
//!
//! Pure: assignments, planning states and the network come in, and so do the time and the ids of new
//! routes. The rules of assignment are `shared/routing`'s; here is when they are asked and what follows.

mod changes;
mod news;
mod seek;

use std::collections::{BTreeMap, BTreeSet};

use contracts::{InvalidId, Timestamp, WaybillCreated, WaybillNo};
use routing::{
    Effect, Network, Origin, Outcome as Found, RouteId, SlotDayKey, StateError, ZoneCode,
};
use runtime::Outcome;
use thiserror::Error;
use uuid::Uuid;

use crate::assignment::{Assignment, Standing, State};
use crate::state::Plan;

use self::changes::Changes;
pub(crate) use self::changes::{
    BucketRow, DecisionRow, LedgerRow, Replaced, RouteRow, SlotDayRow, StopRow, TruckRow, Writes,
};
pub(crate) use self::news::{Event, News, assigned_at};
use self::seek::{Sought, ask, target_of};
pub(crate) use self::seek::{slot_day_of, slot_days_of};

/// Why a waybill lost its place, as others are told.
const CANCELLED: &str = "cancelled";

/// What a message says about a waybill.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Notice<'a> {
    Created(&'a WaybillCreated),
    Held,
    Released,
    Cancelled,
}

/// The time at which lateness is judged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Clock {
    /// Now.
    Wall(Timestamp),
    /// When the waybill's order was placed: recorded days run again.
    Replay,
}

/// Nothing can be decided. The planning state may be half changed: drop it.
#[derive(Debug, Error)]
pub(crate) enum PlanError {
    #[error(transparent)]
    State(#[from] StateError),
    #[error(
        "the slot day {} {} {} was not locked for this batch: a defect of adra-assigner",
        .0.depot, .0.date, .0.timeslot
    )]
    NotLocked(SlotDayKey),
    #[error("a code of the network has no place in an event: {0}")]
    Code(#[from] InvalidId),
    #[error("an explanation does not serialise: {0}")]
    Explanation(#[from] serde_json::Error),
}

/// The waybills whose chances a release raised: those of these zones, in this slot day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Freed {
    pub(crate) key: SlotDayKey,
    pub(crate) zones: BTreeSet<ZoneCode>,
    /// Index of the first message that gave something back.
    pub(crate) cause: usize,
}

/// A finished transaction.
#[derive(Debug)]
pub(crate) struct Planned {
    pub(crate) writes: Writes,
    pub(crate) news: Vec<News>,
    /// The planning states after it, to be kept once it is committed.
    pub(crate) plans: Vec<Plan>,
}

/// Decides the messages of one transaction, one after another.
pub(crate) struct Planner<'a> {
    network: &'a Network,
    clock: Clock,
    new_id: Box<dyn FnMut() -> Uuid + Send>,
    plans: BTreeMap<SlotDayKey, Plan>,
    book: BTreeMap<WaybillNo, Assignment>,
    freed: BTreeMap<SlotDayKey, Freed>,
    changes: Changes,
    news: Vec<News>,
}

impl std::fmt::Debug for Planner<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Planner").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl<'a> Planner<'a> {
    /// A planner for waybills and slot days that this transaction has locked.
    pub(crate) fn new(
        network: &'a Network,
        clock: Clock,
        new_id: impl FnMut() -> Uuid + Send + 'static,
        plans: BTreeMap<SlotDayKey, Plan>,
        book: BTreeMap<WaybillNo, Assignment>,
    ) -> Self {
        Self {
            network,
            clock,
            new_id: Box::new(new_id),
            plans,
            book,
            freed: BTreeMap::new(),
            changes: Changes::default(),
            news: Vec::new(),
        }
    }

    /// Decides one message: how it ends, and the version of the assignment after it.
    ///
    /// `stored` is what the waybill's own row says. It is the truth and the message only its herald, so
    /// that the order in which messages arrive cannot matter. `seq` is the version that the message is of.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn decide(
        &mut self,
        cause: usize,
        waybill_no: &WaybillNo,
        notice: Notice<'_>,
        seq: u64,
        stored: Option<Standing>,
    ) -> Result<(Outcome, u64), PlanError> {
        let known = self.book.get(waybill_no);
        let standing = stored
            .filter(|stored| stored.version >= seq)
            .unwrap_or_else(|| told_by(notice, seq, known));
        match (notice, known) {
            (Notice::Created(created), None) => {
                self.admit(cause, Assignment::new(created, standing), standing)?;
                Ok((Outcome::Applied, 1))
            }
            (Notice::Created(_), Some(known)) => Ok((Outcome::Duplicate, known.version)),
            // the row of the waybill keeps it until the waybill is announced
            (Notice::Held | Notice::Released | Notice::Cancelled, None) => Ok((Outcome::Parked, 0)),
            (_, Some(known)) if standing.version <= known.waybill_version => {
                Ok((Outcome::Stale, known.version))
            }
            (_, Some(known)) => {
                let known = known.clone();
                let version = self.follow(cause, known, notice, standing)?;
                Ok((Outcome::Applied, version))
            }
        }
    }

    /// A waybill that nobody has heard of here. A hold does not keep it from a place: it gates the lock.
    fn admit(
        &mut self,
        cause: usize,
        mut waybill: Assignment,
        standing: Standing,
    ) -> Result<(), PlanError> {
        waybill.version = 1;
        self.changes.new.insert(waybill.waybill_no.clone());
        if !standing.cancelled {
            let sought = self.seek(&waybill, Origin::Regular)?;
            self.conclude(cause, &mut waybill, sought)?;
        }
        self.book.insert(waybill.waybill_no.clone(), waybill);
        Ok(())
    }

    /// Brings a known waybill to where it stands now.
    fn follow(
        &mut self,
        cause: usize,
        mut waybill: Assignment,
        notice: Notice<'_>,
        standing: Standing,
    ) -> Result<u64, PlanError> {
        waybill.version = waybill.version.saturating_add(1);
        waybill.waybill_version = standing.version;
        waybill.held = standing.held;
        let released = matches!(notice, Notice::Released) && !standing.held;
        match (waybill.state, standing.cancelled) {
            (State::Assigned(route) | State::Locked(route), true) => {
                self.give_up(cause, &mut waybill, route)?;
            }
            (State::Unassignable(_), true) => waybill.state = State::Unassigned,
            (State::Unassignable(_), false) if released => {
                let sought = self.seek(&waybill, Origin::Regular)?;
                self.conclude(cause, &mut waybill, sought)?;
            }
            // it left its route at the lock because it was held
            (State::Unassigned, false) if released => {
                let sought = self.seek(&waybill, Origin::ReleasedFromHold)?;
                self.conclude(cause, &mut waybill, sought)?;
            }
            (
                State::Unassigned | State::Assigned(_) | State::Locked(_) | State::Unassignable(_),
                _,
            ) => {}
        }
        let version = waybill.version;
        self.put(waybill);
        Ok(version)
    }

    /// Tries a waybill without a place once more, after capacity came free; true when it got one.
    ///
    /// It changes only when the answer does; that it was tried is written down in any case. A cut-off that has passed meanwhile is no new answer: what
    /// kept it from its place in time remains the reason.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn retry(
        &mut self,
        cause: usize,
        mut waybill: Assignment,
    ) -> Result<bool, PlanError> {
        let key = slot_day_of(self.network, &waybill);
        let is_locked = key.is_none_or(|key| self.plans.contains_key(&key));
        let State::Unassignable(reason) = waybill.state else {
            return Ok(false);
        };
        if self.book.contains_key(&waybill.waybill_no) {
            return Ok(false);
        }
        if !is_locked {
            self.put(waybill);
            return Ok(false);
        }
        let sought = self.seek(&waybill, Origin::Regular)?;
        let is_placed = matches!(sought.found, Found::Assigned(_));
        if !sought.repeats(reason) {
            waybill.version = waybill.version.saturating_add(1);
            self.conclude(cause, &mut waybill, sought)?;
        }
        self.put(waybill);
        Ok(is_placed)
    }

    /// What releases have given back so far, slot day by slot day.
    pub(crate) fn freed(&self) -> Vec<Freed> {
        self.freed.values().cloned().collect()
    }

    /// Everything to write, to tell and to keep.
    pub(crate) fn finish(self) -> Planned {
        let Self { mut plans, book, changes, news, .. } = self;
        let writes = changes.into_writes(&mut plans, book);
        Planned { writes, news, plans: plans.into_values().collect() }
    }

    fn put(&mut self, waybill: Assignment) {
        if !self.changes.new.contains(&waybill.waybill_no) {
            self.changes.changed.insert(waybill.waybill_no.clone());
        }
        self.book.insert(waybill.waybill_no.clone(), waybill);
    }

    /// Asks the engine. A found place is taken in the planning state at once.
    fn seek(&mut self, waybill: &Assignment, origin: Origin) -> Result<Sought, PlanError> {
        let judged_at = match self.clock {
            Clock::Wall(now) => now,
            Clock::Replay => waybill.ordered_at,
        };
        let Some(target) = target_of(self.network, waybill) else {
            return Sought::unserved(waybill, judged_at);
        };
        let plan = self
            .plans
            .get_mut(&target.key)
            .ok_or_else(|| PlanError::NotLocked(target.key.clone()))?;
        ask(self.network, plan, waybill, &target, origin, judged_at, &mut *self.new_id)
    }

    /// Writes down what the engine found.
    fn conclude(
        &mut self,
        cause: usize,
        waybill: &mut Assignment,
        sought: Sought,
    ) -> Result<(), PlanError> {
        let Sought { found, effects, target, explanation, judged_at } = sought;
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
        self.changes.decisions.push(DecisionRow {
            waybill_no: waybill.waybill_no.clone(),
            version: waybill.version,
            reason: waybill.state.reason(),
            route: waybill.state.route(),
            explanation,
            judged_at,
        });
        Ok(())
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
        if let Some(event) = news::route_changed(effects, &row)? {
            self.tell(cause, row.version, event);
        }
        Ok(())
    }

    fn give_up(
        &mut self,
        cause: usize,
        waybill: &mut Assignment,
        route: RouteId,
    ) -> Result<(), PlanError> {
        let unknown = StateError::UnknownRoute { route };
        let key = waybill.place_key().ok_or_else(|| unknown.clone())?;
        let plan = self.plans.get_mut(&key).ok_or_else(|| PlanError::NotLocked(key.clone()))?;
        let live = plan.day.route(route).ok_or(unknown)?;
        let row = RouteRow::of(&plan.day, live);
        let effects = routing::release(&mut plan.day, &waybill.placement_on(route))?;
        self.changes.absorb(plan, &waybill.waybill_no, route, Some(row.clone()), &effects);
        waybill.state = State::Unassigned;
        self.tell(cause, waybill.version, news::unassigned(waybill, route, CANCELLED));
        let is_closed = effects.iter().any(|effect| matches!(effect, Effect::RouteClosed { .. }));
        self.free(cause, &row, is_closed);
        if let Some(event) = news::route_changed(&effects, &row)? {
            self.tell(cause, row.version.saturating_add(1), event);
        }
        Ok(())
    }

    /// Notes whom a release may help: the zone itself and those that may overflow into it; a truck that came back helps every zone of the depot.
    fn free(&mut self, cause: usize, route: &RouteRow, has_truck: bool) {
        let zones = self.network.zones_of(&route.key.depot).filter(|zone| {
            has_truck || zone.code == route.zone || zone.neighbours.contains(&route.zone)
        });
        let zones: BTreeSet<ZoneCode> = zones.map(|zone| zone.code.clone()).collect();
        let key = route.key.clone();
        let first = || Freed { key: key.clone(), zones: BTreeSet::new(), cause };
        self.freed.entry(key.clone()).or_insert_with(first).zones.extend(zones);
    }

    fn tell(&mut self, cause: usize, seq: u64, event: Event) {
        self.news.push(News { cause, seq, event });
    }
}

/// How a waybill stands by the message alone, when its row is not there to ask.
fn told_by(notice: Notice<'_>, seq: u64, known: Option<&Assignment>) -> Standing {
    let held = known.is_some_and(|known| known.held);
    let (held, cancelled) = match notice {
        Notice::Created(created) => (created.held, false),
        Notice::Held => (true, false),
        Notice::Released => (false, false),
        Notice::Cancelled => (held, true),
    };
    Standing { version: seq, held, cancelled }
}
