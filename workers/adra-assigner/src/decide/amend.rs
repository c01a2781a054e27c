//! Amendments. New quantities keep the place and reserve the larger of the old and the new load until
//! sales-order has decided; a new destination is decided here. Never here: the lines of a waybill.

use std::collections::BTreeMap;

use contracts::{
    AmendmentDecided, AmendmentDecider, AmendmentKind, AmendmentReserved, WaybillAmendment,
    WaybillNo,
};
use routing::explain::Rule;
use routing::{Effect, Load, Origin, Reason, Resized, RouteStatus, SkuClass, StateError};
use runtime::Outcome;
use serde::Serialize;
use uuid::Uuid;

use super::changes::RouteRow;
use super::places::Relocated;
use super::reschedule::{Wish, just_made};
use super::{Event, PlanError, Planner, Verdict, news, slot_day_of};
use crate::assignment::{Assignment, Door, Standing, State, sku_class, sku_type};

/// There is no room for it.
const NO_CAPACITY: &str = "AMEND_NO_CAPACITY";
/// It is being picked, or farther.
const TOO_LATE: &str = "AMEND_TOO_LATE";

/// How far an amendment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AmendmentState {
    /// The place holds the larger of both loads; sales-order decides.
    Reserved,
    Applied,
    Refused,
}

/// What a waybill carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) struct Goods {
    pub(crate) class: SkuClass,
    pub(crate) load: Load,
}

/// One amendment of one waybill: a row of `assignment_amendment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Amendment {
    pub(crate) waybill_no: WaybillNo,
    pub(crate) id: Uuid,
    pub(crate) kind: AmendmentKind,
    pub(crate) state: AmendmentState,
    /// Why it was refused.
    pub(crate) code: Option<String>,
    pub(crate) before: Goods,
    pub(crate) after: Goods,
}

/// What others know of a waybill whose destination is to change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct OrderFacts {
    pub(crate) customer_ref: Option<String>,
    /// A warehouse has begun to pick it.
    pub(crate) is_being_picked: bool,
}

/// What is known about the amendments of a batch.
#[derive(Debug, Default)]
pub(crate) struct Amending {
    pub(crate) stored: BTreeMap<(WaybillNo, Uuid), Amendment>,
    pub(crate) facts: BTreeMap<WaybillNo, OrderFacts>,
}

impl Amending {
    /// The amendment of a waybill that waits for sales-order.
    fn open_of(&self, waybill_no: &WaybillNo) -> Option<&Amendment> {
        let of_waybill = self.stored.values().filter(|row| row.waybill_no == *waybill_no);
        of_waybill.into_iter().find(|row| row.state == AmendmentState::Reserved)
    }
}

impl Goods {
    fn of(waybill: &Assignment) -> Self {
        Self { class: waybill.sku_class(), load: waybill.load }
    }

    fn asked(amendment: &WaybillAmendment) -> Self {
        let WaybillAmendment { dry_ml, frozen_ml, weight_g, .. } = amendment;
        let load = Load::of_waybill(*dry_ml, *frozen_ml, *weight_g);
        Self { class: sku_class(amendment.sku_type), load }
    }

    /// What has room for either.
    fn or(self, other: Self) -> Self {
        Self { class: self.class.with(other.class), load: self.load.larger(other.load) }
    }
}

/// Why a place holds another load.
#[derive(Serialize)]
struct Amended {
    amendment: Uuid,
    before: Goods,
    after: Goods,
}

impl Planner<'_> {
    /// Decides what order-intake asks for.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn amend(
        &mut self,
        cause: usize,
        asked: &WaybillAmendment,
        stored: Option<Standing>,
    ) -> Result<Verdict, PlanError> {
        let no = &asked.waybill_no;
        let Some(known) = self.book.get(no).cloned() else {
            return Ok(Verdict::NotYet(format!("waybill {no} is not known here yet")));
        };
        if self.amending.stored.contains_key(&(no.clone(), asked.amendment_id)) {
            return Ok(Verdict::Settled(Outcome::Duplicate, known.version));
        }
        let standing = stored.unwrap_or_else(|| known.standing());
        match asked.kind {
            AmendmentKind::Quantities => self.reserve(cause, asked, known, standing),
            AmendmentKind::Destination => self.redirect(cause, asked, &known, standing),
        }
    }

    /// Makes room for the larger of what a waybill carries and what it is to carry.
    fn reserve(
        &mut self,
        cause: usize,
        asked: &WaybillAmendment,
        mut waybill: Assignment,
        standing: Standing,
    ) -> Result<Verdict, PlanError> {
        if let Some(open) = self.amending.open_of(&waybill.waybill_no) {
            let (no, id) = (&waybill.waybill_no, open.id);
            let waits = format!("amendment {id} of waybill {no} is not decided yet");
            return Ok(Verdict::NotYet(waits));
        }
        let (before, after) = (Goods::of(&waybill), Goods::asked(asked));
        let larger = before.or(after);
        let refused = self.too_late(&waybill, standing, larger.load != before.load)?;
        let refused = match refused {
            None if larger != before => self.hold(cause, &mut waybill, larger)?,
            None => None,
            Some(code) => Some(code),
        };
        let version = waybill.version;
        if larger != before && refused.is_none() {
            let amended = Amended { amendment: asked.amendment_id, before, after };
            if waybill.state.route().is_some() {
                let judged_at = self.judged_at(&waybill);
                self.explain(&waybill, serde_json::to_string(&amended)?, judged_at);
            }
            self.put(waybill);
        }
        let state = refused.map_or(AmendmentState::Reserved, |_| AmendmentState::Refused);
        self.file(asked, state, refused, before, after);
        let event = match refused {
            None => Event::Reserved(AmendmentReserved { amendment: asked.clone() }),
            Some(code) => decided(asked, Some(code)),
        };
        self.tell(cause, version, event);
        Ok(Verdict::Settled(Outcome::Applied, version))
    }

    /// Too late for ADRA; sales-order may find it too late all the same.
    fn too_late(
        &self,
        waybill: &Assignment,
        standing: Standing,
        grows: bool,
    ) -> Result<Option<&'static str>, PlanError> {
        let is_fixed = match self.route_status(waybill)? {
            Some(RouteStatus::Dispatched) => true,
            Some(RouteStatus::Locked) => grows,
            Some(RouteStatus::Open | RouteStatus::Closed) | None => false,
        };
        let is_late = standing.is_cancelled() || standing.has_left(waybill.kind) || is_fixed;
        Ok(is_late.then_some(TOO_LATE))
    }

    /// Gives a waybill these goods, in its place if it has one; the code when there is no room.
    fn hold(
        &mut self,
        cause: usize,
        waybill: &mut Assignment,
        goods: Goods,
    ) -> Result<Option<&'static str>, PlanError> {
        if self.resize(cause, waybill, goods)?.is_some() {
            return Ok(Some(NO_CAPACITY));
        }
        waybill.version = waybill.version.saturating_add(1);
        (waybill.load, waybill.sku_type) = (goods.load, sku_type(goods.class));
        Ok(None)
    }

    /// Changes what the place of a waybill holds; the rule that stands in the way, and then nothing
    /// changed. Without a place nothing does.
    fn resize(
        &mut self,
        cause: usize,
        waybill: &Assignment,
        goods: Goods,
    ) -> Result<Option<Rule>, PlanError> {
        let Some((route, key)) = waybill.state.route().zip(waybill.place_key()) else {
            return Ok(None);
        };
        let plan = self.plans.get_mut(&key).ok_or(PlanError::NotLocked(key))?;
        let (placement, network) = (waybill.placement_on(route), self.network);
        let Goods { class, load } = goods;
        let effects = match routing::resize(network, &mut plan.day, &placement, load, class)? {
            Resized::Done(effects) => effects,
            Resized::Refused(rule) => return Ok(Some(rule)),
        };
        self.changes.absorb(plan, &waybill.waybill_no, route, None, &effects);
        let live = plan.day.route(route).ok_or(StateError::UnknownRoute { route })?;
        let row = RouteRow::of(&plan.day, live);
        if effects.iter().any(|effect| matches!(effect, Effect::ZoneReturned { .. })) {
            self.free(cause, &row, false);
        }
        if let Some(event) = news::route_changed(&effects, &row)? {
            self.tell(cause, row.version, event);
        }
        Ok(None)
    }

    /// sales-order has decided about new quantities: the place holds what the waybill carries from now on.
    /// A waybill without a place seeks one with what it carries now.
    ///
    /// # Errors
    /// [`PlanError`]: the transaction has to be rolled back.
    pub(crate) fn amended(
        &mut self,
        cause: usize,
        decision: &AmendmentDecided,
        stored: Option<Standing>,
    ) -> Result<Verdict, PlanError> {
        let asked = &decision.amendment;
        let key = (asked.waybill_no.clone(), asked.amendment_id);
        let known = self.book.get(&asked.waybill_no).cloned();
        let Some((mut waybill, row)) = known.zip(self.amending.stored.get(&key).cloned()) else {
            // nothing was reserved for it here
            return Ok(Verdict::Settled(Outcome::Stale, 0));
        };
        if row.state != AmendmentState::Reserved {
            return Ok(Verdict::Settled(Outcome::Duplicate, waybill.version));
        }
        let (state, goods) = match decision.refused {
            None => (AmendmentState::Applied, row.after),
            Some(_) => (AmendmentState::Refused, row.before),
        };
        if goods != Goods::of(&waybill) {
            if self.hold(cause, &mut waybill, goods)?.is_some() {
                return Err(PlanError::Unreserved(waybill.waybill_no));
            }
            let standing = stored.unwrap_or_else(|| waybill.standing());
            self.seek_again(cause, &mut waybill, standing)?;
            self.put(waybill.clone());
        }
        let row = Amendment { state, code: decision.refused.clone(), ..row };
        self.amending.stored.insert(key.clone(), row.clone());
        self.changes.amendments.insert(key, row);
        Ok(Verdict::Settled(Outcome::Applied, waybill.version))
    }

    /// Less may fit where more did not.
    fn seek_again(
        &mut self,
        cause: usize,
        waybill: &mut Assignment,
        standing: Standing,
    ) -> Result<(), PlanError> {
        let State::Unassignable(reason) = waybill.state else {
            return Ok(());
        };
        let lacks_room = matches!(
            reason,
            Reason::ZoneQuota
                | Reason::RouteQuota
                | Reason::PoolExhausted
                | Reason::ExceedsLargestTruck
        );
        let is_locked =
            slot_day_of(self.network, waybill).is_some_and(|key| self.plans.contains_key(&key));
        if !lacks_room || !is_locked || standing.is_cancelled() {
            return Ok(());
        }
        let sought = self.seek(waybill, Origin::Regular)?;
        if sought.repeats(reason) { Ok(()) } else { self.conclude(cause, waybill, sought) }
    }

    /// Another door, day or window: a new place, or nothing changes.
    fn redirect(
        &mut self,
        cause: usize,
        asked: &WaybillAmendment,
        known: &Assignment,
        standing: Standing,
    ) -> Result<Verdict, PlanError> {
        let facts = self.amending.facts.get(&asked.waybill_no).cloned().unwrap_or_default();
        let is_fixed = self.fixed(known, standing)?.is_some();
        let is_late = is_fixed || facts.is_being_picked || standing.is_picked(known.kind);
        let wish = wish_of(asked, &facts);
        let (version, refused) = if is_late {
            (known.version, Some(TOO_LATE))
        } else if wish == Wish::of(known) {
            // a name or a phone number: the place is the same
            (known.version, None)
        } else {
            let mut wanted = wish.made_by(known);
            wanted.see(standing);
            match self.relocate(cause, known, wanted)? {
                Relocated::Moved(version) => (version, None),
                Relocated::Stays(_) => (known.version, Some(NO_CAPACITY)),
                Relocated::NotLocked => return Ok(just_made(known)),
            }
        };
        let state = refused.map_or(AmendmentState::Applied, |_| AmendmentState::Refused);
        let goods = Goods::of(known);
        self.file(asked, state, refused, goods, goods);
        self.tell(cause, version, decided(asked, refused));
        Ok(Verdict::Settled(Outcome::Applied, version))
    }

    fn file(
        &mut self,
        asked: &WaybillAmendment,
        state: AmendmentState,
        refused: Option<&str>,
        before: Goods,
        after: Goods,
    ) {
        let (waybill_no, id) = (asked.waybill_no.clone(), asked.amendment_id);
        let (key, code) = ((waybill_no.clone(), id), refused.map(str::to_owned));
        let row = Amendment { waybill_no, id, kind: asked.kind, state, code, before, after };
        self.amending.stored.insert(key.clone(), row.clone());
        self.changes.amendments.insert(key, row);
    }
}

fn wish_of(asked: &WaybillAmendment, facts: &OrderFacts) -> Wish {
    let door = Door {
        source: &asked.source,
        order_ref: &asked.order_ref,
        customer: facts.customer_ref.as_deref(),
        district: asked.district.as_str(),
        address_key: &asked.address_key,
    };
    Wish {
        district: asked.district.as_str().into(),
        delivery_date: asked.delivery_date,
        timeslot: asked.timeslot.as_str().into(),
        stop: door.key(),
    }
}

fn decided(asked: &WaybillAmendment, refused: Option<&str>) -> Event {
    Event::Decided(AmendmentDecided {
        by: AmendmentDecider::AdraAssigner,
        refused: refused.map(str::to_owned),
        amendment: asked.clone(),
    })
}
