//! A waybill and everybody who talks about it: what the other tests are written in.

use chrono::{DateTime, TimeDelta};
use contracts::{
    Actor, FulfilledBy, HoldHandle, HoldReason, Merchant, MessageId, OrderAccepted, Role, SkuType,
    Timestamp, WaybillDraft, WaybillDraftLine, WaybillNo, WaybillStatus,
};
use runtime::Outcome;
use uuid::Uuid;

use crate::change::{Cause, Change};
use crate::decide::{Request, decide};
use crate::evidence::Evidence;
use crate::facts::{Attempt, Fact};
use crate::history::Decision;
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

pub(super) fn report(role: Role, status: WaybillStatus, on: u16, minute: i64) -> Said {
    let attempt = (on > 0).then(|| attempt(on));
    Said::Change(somebody(role), Change::Report { status, attempt, occurred_at: at(minute) })
}

pub(super) fn assigned(place: u16, minute: i64) -> Said {
    let change = Change::Place { attempt: attempt(place), assigned_at: at(minute) };
    Said::Change(somebody(Role::Worker), change)
}

pub(super) fn hold(role: Role, handle: &str, minute: i64) -> Said {
    let (handle, reason) = (HoldHandle::new(handle).unwrap(), HoldReason::HighRiskOfFraud);
    Said::Change(somebody(role), Change::PlaceHold { handle, reason, occurred_at: at(minute) })
}

pub(super) fn release(role: Role, handle: &str, owner: Option<Role>, minute: i64) -> Said {
    let owner = owner.map(|role| somebody(role).subject);
    let handle = HoldHandle::new(handle).unwrap();
    Said::Change(somebody(role), Change::ReleaseHold { handle, owner, occurred_at: at(minute) })
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
    messages: u128,
}

impl Story {
    /// Nobody has said anything yet.
    pub(super) fn new(fulfilled_by: FulfilledBy) -> Self {
        let order = order(fulfilled_by);
        let waybill = Waybill::unheard_of(Uuid::from_u128(7), order.waybills[0].waybill_no.clone());
        Self { order, waybill, messages: 0 }
    }

    /// A story in which the waybill exists.
    pub(super) fn created() -> Self {
        let mut story = Self::new(FulfilledBy::Warehouse);
        story.hear(&Said::Order);
        story
    }

    /// Everything said, in that order.
    pub(super) fn of(said: &[Said]) -> Self {
        let mut story = Self::new(FulfilledBy::Warehouse);
        for said in said {
            story.hear(said);
        }
        story
    }

    /// One more message; the state goes through its stored form each time.
    pub(super) fn hear(&mut self, said: &Said) -> Decision {
        self.messages += 1;
        let message_id = MessageId(Uuid::from_u128(self.messages));
        let (request, actor) = match said {
            Said::Order => {
                let draft = &self.order.waybills[0];
                (Request::Create { order: &self.order, draft }, somebody(Role::Worker))
            }
            Said::Change(actor, change) => (Request::Change(change), actor.clone()),
        };
        let cause = Cause { message_id, actor };
        let decision = decide(self.waybill.clone(), request, &cause, at(1_000));
        self.waybill = stored_and_loaded(decision.waybill.clone());
        assert_eq!(self.waybill, decision.waybill, "the stored form keeps everything");
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
            failed_attempts: standing.as_ref().map_or(0, |standing| standing.failed_attempts),
            open_holds: self.waybill.open_holds(),
            parked: standing.map(|standing| standing.parked).unwrap_or_default(),
            evidence: live.map(|live| live.evidence.clone()),
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
}

fn stored_and_loaded(waybill: Waybill) -> Waybill {
    let traits = match &waybill.body {
        Body::Stub(_) => None,
        Body::Live(live) => Some(live.traits.clone()),
    };
    let text = waybill.body.to_text().unwrap();
    Waybill { body: Body::parse(&text, traits).unwrap(), ..waybill }
}
