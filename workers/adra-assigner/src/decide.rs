//! What becomes of messages and retries: each waybill's place, and everything that has to be written and
//! told because of it.
//!
//! Pure: assignments, planning states and the network come in, and so do the time and the ids of new
//! routes. The rules of assignment are `shared/routing`'s; here is when they are asked and what follows:
//! waybills in this file, the other subjects in the files of this folder.

mod amend;
mod breakdown;
mod by_hand;
mod changes;
mod news;
mod places;
mod propose;
mod replan;
mod reschedule;
mod routes;
mod seek;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use contracts::{InvalidId, Timestamp, WaybillCreated, WaybillKind, WaybillNo, WaybillStatus};
use routing::{Network, Origin, Outcome as Found, Reason, SlotDayKey, StateError, ZoneCode};
use runtime::Outcome;
use thiserror::Error;
use uuid::Uuid;

use crate::assignment::{Assignment, FailedPlaces, Standing, State};
use crate::demand::Demand;
use crate::state::Plan;

pub(crate) use self::amend::{Amending, Amendment, AmendmentState, Goods, OrderFacts};
pub(crate) use self::breakdown::{broken_slot_day, may_plan};
pub(crate) use self::by_hand::Facts;
use self::changes::Changes;
pub(crate) use self::changes::{
    BucketRow, DecisionRow, LedgerRow, OutageRow, Replaced, RouteRow, SlotDayRow, StopRow,
    TruckRow, Writes,
};
pub(crate) use self::news::{Event, News, assigned_at};
pub(crate) use self::propose::{Proposal, Proposing};
pub(crate) use self::replan::{Replanned, planned};
pub(crate) use self::reschedule::wished_slot_day;
pub(crate) use self::routes::{KnownRoute, RouteStep};
pub(crate) use self::seek::{both_of, slot_day_of, slot_days_of};

/// Why a waybill lost its place, as others are told.
const CANCELLED: &str = "cancelled";
const FAILED: &str = "nobody took it at the door";

/// What a message says about a waybill.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Notice<'a> {
    Created(&'a WaybillCreated),
    Held,
    Released,
    /// It stands elsewhere: a report or a correction. The attempt is the route place that it belongs to.
    Moved {
        to: WaybillStatus,
        attempt: u16,
    },
    /// Its n-th place came to nothing. True for good, whatever the row says meanwhile.
    Failed {
        place_no: u16,
    },
}

/// How a message ended, and the version of what it is about; or why it has to wait.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is settled.
    Settled(Outcome, u64),
    /// What it needs is not there yet. Nothing changed.
    NotYet(String),
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
    #[error(
        "waybill {0} cannot give back what it reserved for an amendment: a defect of adra-assigner"
    )]
    Unreserved(WaybillNo),
    #[error("proposal {0} was not read for this batch: a defect of adra-assigner")]
    NotRead(Uuid),
    #[error(
        "proposal {0} was worked out once more and could then not be made: a defect of adra-assigner"
    )]
    Rehearsed(Uuid),
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
    /// What former days say of slot days, where there were any.
    pub(crate) demands: Arc<BTreeMap<SlotDayKey, Demand>>,
    /// What is known about amendments, where messages are about any.
    pub(crate) amending: Amending,
    /// The proposals that messages are about, where any are.
    pub(crate) proposing: Option<Proposing>,
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
            demands: Arc::default(),
            amending: Amending::default(),
            proposing: None,
            freed: BTreeMap::new(),
            changes: Changes::default(),
            news: Vec::new(),
        }
    }

    /// Why a message about a waybill has to wait. A failed place of a waybill that is not announced yet is
    /// kept by nobody: a correction may have taken it out of the waybill's row again.
    pub(crate) fn waits(&self, waybill_no: &WaybillNo, notice: Notice<'_>) -> Option<String> {
        let is_early =
            matches!(notice, Notice::Failed { .. }) && !self.book.contains_key(waybill_no);
        is_early.then(|| format!("waybill {waybill_no} is not known here yet"))
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
            (
                Notice::Held | Notice::Released | Notice::Moved { .. } | Notice::Failed { .. },
                None,
            ) => Ok((Outcome::Parked, 0)),
            (Notice::Failed { place_no }, Some(known))
                if known.place_no == place_no && known.state.route().is_some() =>
            {
                let (known, failed) = (known.clone(), standing.failed.with(place_no));
                let standing = Standing { failed, ..standing };
                let version = self.follow(cause, known, notice, standing)?;
                Ok((Outcome::Applied, version))
            }
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

    /// A waybill that nobody has heard of here. A hold does not keep it from a place: it gates the lock. A
    /// transfer between warehouses drives with the others only where the network serves its district.
    fn admit(
        &mut self,
        cause: usize,
        mut waybill: Assignment,
        standing: Standing,
    ) -> Result<(), PlanError> {
        waybill.version = 1;
        self.changes.new.insert(waybill.waybill_no.clone());
        let drives_elsewhere =
            waybill.kind == WaybillKind::Transfer && slot_day_of(self.network, &waybill).is_none();
        if !standing.is_cancelled() && !drives_elsewhere {
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
        let released = !standing.held && (matches!(notice, Notice::Released) || waybill.held);
        waybill.see(standing);
        match waybill.state {
            State::Assigned(_) | State::Locked(_) => {
                self.leave_if_it_must(cause, &mut waybill, standing)?;
            }
            State::Unassignable(_) if standing.is_cancelled() => waybill.state = State::Unassigned,
            State::Unassignable(reason) if released && !standing.has_left(waybill.kind) => {
                let sought = self.seek(&waybill, origin_after(reason))?;
                self.conclude(cause, &mut waybill, sought)?;
            }
            // it left its route at the lock because it was held
            State::Unassigned
                if released && !standing.is_cancelled() && !standing.has_left(waybill.kind) =>
            {
                let sought = self.seek(&waybill, Origin::ReleasedFromHold)?;
                self.conclude(cause, &mut waybill, sought)?;
            }
            State::Unassigned | State::Unassignable(_) => {}
        }
        let version = waybill.version;
        self.put(waybill);
        Ok(version)
    }

    /// Takes the place of a waybill that is cancelled, or whose place came to nothing. What is delivered,
    /// lost or on its way keeps the row of its place.
    fn leave_if_it_must(
        &mut self,
        cause: usize,
        waybill: &mut Assignment,
        standing: Standing,
    ) -> Result<(), PlanError> {
        if standing.is_cancelled() {
            self.give_up(cause, waybill, CANCELLED)
        } else if standing.has_failed_at(waybill.place_no) {
            self.give_up(cause, waybill, FAILED)
        } else {
            Ok(())
        }
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

    fn tell(&mut self, cause: usize, seq: u64, event: Event) {
        self.news.push(News { cause, seq, event });
    }
}

/// Who missed a truck stays one that missed it, unless there is another.
const fn origin_after(reason: Reason) -> Origin {
    match reason {
        Reason::Missed => Origin::Missed,
        Reason::ReleasedAfterCutoff => Origin::ReleasedFromHold,
        Reason::DatePast
        | Reason::CutOffPassed
        | Reason::NoTemplate
        | Reason::ExceedsLargestTruck
        | Reason::ZoneQuota
        | Reason::RouteQuota
        | Reason::PoolExhausted => Origin::Regular,
    }
}

/// How a waybill stands by the message alone, when its row is not there to ask.
fn told_by(notice: Notice<'_>, seq: u64, known: Option<&Assignment>) -> Standing {
    let held = known.is_some_and(|known| known.held);
    let (held, status, attempt) = match notice {
        Notice::Created(created) => (created.held, WaybillStatus::Created, 0),
        Notice::Held => (true, WaybillStatus::Created, 0),
        Notice::Released => (false, WaybillStatus::Created, 0),
        Notice::Moved { to, attempt } => (held, to, attempt),
        Notice::Failed { place_no } => (held, WaybillStatus::DeliveryFailed, place_no),
    };
    Standing { version: seq, held, status, attempt, failed: FailedPlaces::NONE }
}
