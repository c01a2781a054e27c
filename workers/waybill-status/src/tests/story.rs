//! A waybill and everybody who talks about it: what the other tests are written in.

use chrono::{DateTime, NaiveDate, TimeDelta};
use contracts::{
    Actor, AmendmentKind, DistrictCode, FulfilledBy, HoldHandle, HoldInstance, HoldReason,
    Merchant, MessageId, OrderAccepted, Role, SkuType, TimeslotCode, Timestamp, UserId,
    WaybillAmendment, WaybillDraft, WaybillDraftLine, WaybillKind, WaybillNo, WaybillStatus,
};
use runtime::Outcome;
use uuid::Uuid;

use crate::change::{Cause, Change, Promise};
use crate::decide::{Request, decide};
use crate::evidence::{Evidence, Place, Report};
use crate::facts::{Attempt, Fact, Standing};
use crate::history::{Decision, Detail};
use crate::state::{Body, Live, Waybill};

pub(super) const MERCHANT: &str = "acme";

/// Minutes after an arbitrary start.
pub(super) fn at(minute: i64) -> Timestamp {
    let start = DateTime::from_timestamp(1_291_104_000, 0).unwrap();
    (start + TimeDelta::minutes(minute)).into()
}

pub(super) fn attempt(number: u16) -> Attempt {
    Attempt::try_from(number).unwrap()
}

/// Somebody of that role; a merchant is the one whose goods are on the waybill.
pub(super) fn somebody(role: Role) -> Actor {
    let merchant = (role == Role::Merchant).then(|| MERCHANT.to_owned());
    Actor { subject: format!("{role:?}").to_lowercase(), role, merchant, origin: None }
}

/// One message about the waybill.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Said {
    Order,
    Change(Actor, Change),
}

/// Something that happened, on an attempt unless `on` is 0.
pub(super) fn happened(status: WaybillStatus, on: u16, minute: i64) -> Report {
    let attempt = (on > 0).then(|| attempt(on));
    Report { status, occurred_at: at(minute), attempt, route_ref: None }
}

pub(super) fn report(role: Role, status: WaybillStatus, on: u16, minute: i64) -> Said {
    let said = happened(status, on, minute);
    Said::Change(somebody(role), Change::Report { said, reason: None })
}

/// A report of the road that knows the route and no attempt.
pub(super) fn on_route(status: WaybillStatus, place: u16, minute: i64) -> Said {
    let said = Report { route_ref: Some(route(place)), ..happened(status, 0, minute) };
    Said::Change(somebody(Role::Road), Change::Report { said, reason: None })
}

pub(super) fn cancelled(minute: i64) -> Said {
    let change = Change::Cancel { reason: None, occurred_at: at(minute) };
    Said::Change(somebody(Role::Worker), change)
}

pub(super) fn corrected(role: Role, status: WaybillStatus, on: u16, minute: i64) -> Said {
    let (said, reason) = (happened(status, on, minute), "a wrong scan".to_owned());
    Said::Change(somebody(role), Change::Correct { said, reason })
}

/// The route of the n-th place.
pub(super) fn route(place: u16) -> String {
    format!("NORTH-20101202-0900-1300-Z01-{place:03}")
}

pub(super) fn place(number: u16, minute: i64) -> Place {
    Place { at: at(minute), route: route(number) }
}

/// The day that the n-th place is for.
pub(super) fn day(place: u16) -> NaiveDate {
    at(i64::from(place) * 24 * 60).date()
}

pub(super) fn window() -> TimeslotCode {
    TimeslotCode::new("0900-1300").unwrap()
}

pub(super) fn assigned(number: u16, minute: i64) -> Said {
    let promise = Some(Promise { delivery_date: day(number), timeslot: window() });
    let (attempt, place) = (attempt(number), place(number, minute));
    let change = Change::Place { attempt, place, promise };
    Said::Change(somebody(Role::Worker), change)
}

/// What the waybill of [`order`] is to be after the amendment that was asked for at that minute.
pub(super) fn amendment(kind: AmendmentKind, minute: i64) -> WaybillAmendment {
    let order = order(FulfilledBy::Warehouse);
    let draft = order.waybills[0].clone();
    let quantity = u32::try_from(minute).unwrap();
    let lines = draft.lines.iter().map(|line| WaybillDraftLine { quantity, ..line.clone() });
    WaybillAmendment {
        amendment_id: Uuid::from_u128(u128::from(quantity)),
        kind,
        order_id: order.order_id,
        source: order.source,
        order_ref: order.order_ref,
        waybill_no: draft.waybill_no,
        lines: lines.collect(),
        sku_type: draft.sku_type,
        dry_ml: u64::from(quantity) * 1_300,
        frozen_ml: 0,
        weight_g: u64::from(quantity) * 400,
        district: DistrictCode::new(format!("D-{minute}")).unwrap(),
        address_key: "01".to_owned(),
        delivery_date: at(-24 * 60 * minute).date(),
        timeslot: window(),
        occurred_at: at(minute),
    }
}

pub(super) fn amended(kind: AmendmentKind, minute: i64) -> Said {
    let amendment = Box::new(amendment(kind, minute));
    Said::Change(somebody(Role::Worker), Change::Amend { amendment })
}

pub(super) fn hold(role: Role, handle: &str, minute: i64) -> Said {
    let (handle, reason) = (HoldHandle::new(handle).unwrap(), HoldReason::HighRiskOfFraud);
    let (instance, occurred_at) = (HoldInstance::default(), at(minute));
    let change = Change::PlaceHold { handle, instance, reason, occurred_at };
    Said::Change(somebody(role), change)
}

pub(super) fn release(role: Role, handle: &str, owner: Option<Role>, minute: i64) -> Said {
    let owner = owner.map(|role| somebody(role).subject);
    let (handle, instance) = (HoldHandle::new(handle).unwrap(), HoldInstance::default());
    let change = Change::ReleaseHold { handle, instance, owner, occurred_at: at(minute) };
    Said::Change(somebody(role), change)
}

/// The order that the waybill is part of.
pub(super) fn order(fulfilled_by: FulfilledBy) -> OrderAccepted {
    let line = WaybillDraftLine {
        line_no: 1,
        sku: contracts::Sku::new("85123A").unwrap(),
        quantity: 6,
        sku_type: SkuType::Dry,
    };
    let draft = WaybillDraft {
        waybill_no: WaybillNo::new("uci-536365-1").unwrap(),
        kind: WaybillKind::Forward,
        hold: None,
        merchant: Merchant::new(MERCHANT).unwrap(),
        store: None,
        sku_type: SkuType::Dry,
        fulfilled_by,
        dry_ml: 7_800,
        frozen_ml: 0,
        weight_g: 2_400,
        lines: vec![line],
    };
    OrderAccepted {
        order_id: Uuid::from_u128(1),
        source: contracts::Source::new("uci").unwrap(),
        order_ref: contracts::OrderRef::new("536365").unwrap(),
        ordered_at: at(0),
        customer_ref: None,
        district: contracts::DistrictCode::new("D-101").unwrap(),
        delivery_date: at(0).date(),
        timeslot: contracts::TimeslotCode::new("0900-1300").unwrap(),
        address_key: "00".to_owned(),
        waybills: vec![draft],
    }
}

/// A waybill being talked about.
#[derive(Debug)]
pub(super) struct Story {
    pub order: OrderAccepted,
    pub waybill: Waybill,
    /// What it is besides its state, as the tables would have it.
    pub details: Details,
    messages: u128,
}

/// What a waybill is besides its state.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Details {
    pub promise: Option<Promise>,
    pub district: Option<DistrictCode>,
    pub goods: Option<Box<WaybillAmendment>>,
}

impl Details {
    fn set(&mut self, detail: Detail) {
        match detail {
            Detail::Promise(promise) => self.promise = Some(promise),
            Detail::District(district) => self.district = Some(district),
            Detail::Goods(goods) => self.goods = Some(goods),
        }
    }
}

impl Story {
    /// Nobody has said anything yet.
    pub(super) fn new(fulfilled_by: FulfilledBy) -> Self {
        let order = order(fulfilled_by);
        let waybill = Waybill::unheard_of(Uuid::from_u128(7), order.waybills[0].waybill_no.clone());
        Self { order, waybill, details: Details::default(), messages: 0 }
    }

    /// Nobody has said anything yet about what will be fetched from a customer.
    pub(super) fn of_return() -> Self {
        let mut story = Self::new(FulfilledBy::Warehouse);
        story.order.waybills[0].kind = WaybillKind::Return;
        story
    }

    /// A story in which the waybill exists.
    pub(super) fn created() -> Self {
        let mut story = Self::new(FulfilledBy::Warehouse);
        story.hear(&Said::Order);
        story
    }

    /// Everything said, in that order.
    pub(super) fn of(said: &[Said]) -> Self {
        Self::new(FulfilledBy::Warehouse).after(said)
    }

    /// The same after all this.
    pub(super) fn after(mut self, said: &[Said]) -> Self {
        for said in said {
            self.hear(said);
        }
        self
    }

    /// One more message; the state goes through its stored form each time.
    pub(super) fn hear(&mut self, said: &Said) -> Decision {
        self.hear_for(said, None)
    }

    /// The same from one who saw a version.
    pub(super) fn hear_for(&mut self, said: &Said, seen: Option<u64>) -> Decision {
        self.messages += 1;
        let message_id = MessageId(Uuid::from_u128(self.messages));
        let (request, actor) = match said {
            Said::Order => {
                let draft = &self.order.waybills[0];
                (Request::Create { order: &self.order, draft }, somebody(Role::Worker))
            }
            Said::Change(actor, change) => (Request::Change { change, seen }, actor.clone()),
        };
        let sender = UserId::new("partner-ods").unwrap();
        let (batch_id, correlation_id) = (None, None);
        let cause = Cause { message_id, batch_id, sender, actor, correlation_id };
        let decision = decide(self.waybill.clone(), request, &cause, at(1_000));
        self.waybill = stored_and_loaded(decision.waybill.clone());
        assert_eq!(self.waybill, decision.waybill, "the stored form keeps everything");
        decision.details.iter().cloned().for_each(|detail| self.details.set(detail));
        decision
    }

    pub(super) fn outcome(&mut self, said: &Said) -> Outcome {
        self.hear(said).outcome
    }

    pub(super) fn live(&self) -> &Live {
        match &self.waybill.body {
            Body::Live(live) => live,
            Body::Stub(early) => panic!("only a stub with {early:?}"),
        }
    }

    pub(super) fn status(&self) -> WaybillStatus {
        self.waybill.standing().unwrap().status
    }

    /// What must be equal whatever the order of arrival was.
    pub(super) fn ending(&self) -> Ending {
        let standing = self.waybill.standing();
        let live = standing.as_ref().map(|_| self.live());
        Ending {
            status: standing.as_ref().map(|standing| standing.status),
            attempt: standing.as_ref().map_or(0, |standing| standing.attempt),
            failed_attempts: standing.as_ref().map_or(0, Standing::failed_attempts),
            open_holds: self.waybill.open_holds(),
            parked: standing.map(|standing| standing.parked).unwrap_or_default(),
            evidence: live.map(|live| live.evidence.clone()),
            details: self.details.clone(),
        }
    }
}

/// The part of a state that must not depend on the order of arrival.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Ending {
    pub status: Option<WaybillStatus>,
    pub attempt: u16,
    pub failed_attempts: u16,
    pub open_holds: usize,
    pub parked: Vec<Fact>,
    pub evidence: Option<Evidence>,
    pub details: Details,
}

fn stored_and_loaded(waybill: Waybill) -> Waybill {
    let traits = match &waybill.body {
        Body::Stub(_) => None,
        Body::Live(live) => Some(live.traits.clone()),
    };
    let text = waybill.body.to_text().unwrap();
    Waybill { body: Body::parse(&text, traits).unwrap(), ..waybill }
}
