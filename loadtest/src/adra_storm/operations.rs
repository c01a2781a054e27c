//! What happens next, by seed: one message after the other, with the row that it is the herald of. Pure but for
//! message ids. Never here: the broker.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;
use contracts::{
    AmendmentDecided, AmendmentDecider, AmendmentKind, AmendmentRequested, Broken, Contract,
    CustomerRef, DepotCode, DispatchRoute, DistrictCode, HoldReason, LockRoute, Merchant,
    MoveWaybill, NetworkChanged, OrderRef, PinWaybill, ReportBreakdown, RescheduleWaybill, Role,
    Sku, Source, TimeslotCode, Timestamp, TruckTypeCode, UnpinWaybill, UserId, WaybillAmendment,
    WaybillAttemptFailed, WaybillCreated, WaybillDraftLine, WaybillHeld, WaybillKind, WaybillNo,
    WaybillReleased, WaybillStatus, WaybillStatusChanged,
};
use rust_decimal::prelude::ToPrimitive;
use uuid::Uuid;

use super::waybills::{Parcel, Standing, Waybills, name};
use crate::bench::BenchError;
use crate::bench::fleet::outgoing;
use crate::dice::Dice;

/// An amendment is decided so many operations after it was asked for: the answer never comes before the question.
const DECIDED_AFTER: u64 = 5_000;

/// What can happen, and how often in a thousand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Create,
    Hold,
    Release,
    Cancel,
    Fail,
    Reschedule,
    Amend,
    Decide,
    Pin,
    Unpin,
    Move,
    Lock,
    Dispatch,
    Breakdown,
}

const MIX: [(Kind, u64); 14] = [
    (Kind::Create, 430),
    (Kind::Hold, 100),
    (Kind::Release, 90),
    (Kind::Cancel, 140),
    (Kind::Fail, 40),
    (Kind::Reschedule, 70),
    (Kind::Amend, 35),
    (Kind::Decide, 35),
    (Kind::Pin, 20),
    (Kind::Unpin, 10),
    (Kind::Move, 20),
    (Kind::Lock, 5),
    (Kind::Dispatch, 4),
    (Kind::Breakdown, 1),
];

/// A place as it was a moment ago.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) number: u32,
    pub(super) place_no: u16,
    pub(super) route_ref: String,
    pub(super) route_status: String,
}

/// The message of an operation, and what it is called in the report.
type Said = (&'static str, broker::Outgoing);

/// The operations of a storm.
pub(super) struct Operations {
    user: UserId,
    dice: Dice,
    /// Every waybill so far.
    pub(super) waybills: Waybills,
    seen: Vec<Seen>,
    /// Amendments that wait for their decision, with the operation that asked.
    undecided: VecDeque<(u64, WaybillAmendment)>,
    /// How many of each there were.
    pub(super) counts: BTreeMap<&'static str, u64>,
}

fn invalid(error: impl std::fmt::Display) -> BenchError {
    BenchError::Worker(format!("the sample is not valid: {error}"))
}

fn waybill_no(number: u32) -> Result<WaybillNo, BenchError> {
    WaybillNo::new(name(number)).map_err(invalid)
}

fn waybill_id(number: u32) -> Uuid {
    Uuid::from_u128(u128::from(number) + 1)
}

fn timeslot(code: &str) -> Result<TimeslotCode, BenchError> {
    TimeslotCode::new(code).map_err(invalid)
}

/// Days before any delivery: nothing is late on the replay clock.
fn some_time() -> Timestamp {
    let day = NaiveDate::from_ymd_opt(2034, 12, 20).unwrap_or_default();
    day.and_time(chrono::NaiveTime::MIN).and_utc().into()
}

impl Operations {
    /// The operations of this seed, published by this broker user.
    pub(super) fn new(seed: u64, user: UserId) -> Self {
        Self {
            user,
            dice: Dice::new(seed, "storm operations", 0),
            waybills: Waybills::new(seed),
            seen: Vec::new(),
            undecided: VecDeque::new(),
            counts: BTreeMap::new(),
        }
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.counts.values().sum()
    }

    /// What dispatchers and drivers see of one slot day from now on.
    pub(super) fn look(&mut self, seen: Vec<Seen>) {
        self.seen = seen;
    }

    /// The next operation. Where nobody is there to whom it could happen, a waybill is announced.
    pub(super) fn next(&mut self) -> Result<broker::Outgoing, BenchError> {
        let kind = self.draw();
        let said = match kind {
            Kind::Create => None,
            Kind::Hold => self.hold()?,
            Kind::Release => self.release()?,
            Kind::Cancel => self.cancel()?,
            Kind::Fail => self.fail()?,
            Kind::Reschedule => self.reschedule()?,
            Kind::Amend => self.amend()?,
            Kind::Decide => self.decide_one(DECIDED_AFTER)?,
            Kind::Pin | Kind::Unpin => self.pin(kind == Kind::Pin)?,
            Kind::Move => self.shift()?,
            Kind::Lock => self.lock()?,
            Kind::Dispatch => self.dispatch()?,
            Kind::Breakdown => self.breakdown()?,
        };
        let (what, message) = match said {
            Some(said) => said,
            None => self.create()?,
        };
        *self.counts.entry(what).or_insert(0) += 1;
        Ok(message)
    }

    /// The decisions that are still owed.
    pub(super) fn last_words(&mut self) -> Result<Vec<broker::Outgoing>, BenchError> {
        let mut messages = Vec::new();
        while let Some((what, message)) = self.decide_one(0)? {
            *self.counts.entry(what).or_insert(0) += 1;
            messages.push(message);
        }
        Ok(messages)
    }

    /// Tells of another revision of the network.
    pub(super) fn network_changed(
        &mut self,
        revision: u64,
    ) -> Result<broker::Outgoing, BenchError> {
        let changed = NetworkChanged { revision, tables: vec!["zone_quota".to_owned()] };
        let (what, message) = self.event("network changed", revision, &changed)?;
        *self.counts.entry(what).or_insert(0) += 1;
        Ok(message)
    }

    fn draw(&mut self) -> Kind {
        let mut point = self.dice.below(MIX.iter().map(|(_, share)| share).sum());
        for (kind, share) in MIX {
            match point.checked_sub(share) {
                Some(rest) => point = rest,
                None => return kind,
            }
        }
        Kind::Create
    }

    fn event<C: Contract>(
        &self,
        what: &'static str,
        seq: u64,
        event: &C,
    ) -> Result<Said, BenchError> {
        let mut message = outgoing(&self.user, event, Role::Admin)?;
        message.envelope.seq = Some(seq);
        Ok((what, message))
    }

    fn command<C: Contract>(
        &self,
        what: &'static str,
        command: &C,
    ) -> Result<Option<Said>, BenchError> {
        Ok(Some((what, outgoing(&self.user, command, Role::Dispatcher)?)))
    }

    fn create(&mut self) -> Result<Said, BenchError> {
        let number = self.waybills.create();
        let parcel = self.waybills.parcel(number);
        let created = WaybillCreated {
            waybill_id: waybill_id(number),
            waybill_no: waybill_no(number)?,
            kind: parcel.kind,
            source: Source::new("storm").map_err(invalid)?,
            order_ref: OrderRef::new(parcel.order.to_string()).map_err(invalid)?,
            ordered_at: some_time(),
            customer_ref: Some(CustomerRef::new(format!("C-{}", parcel.order)).map_err(invalid)?),
            district: DistrictCode::new(parcel.district).map_err(invalid)?,
            address_key: "door".to_owned(),
            delivery_date: parcel.date,
            timeslot: timeslot(parcel.slot)?,
            merchant: Merchant::new("M01").map_err(invalid)?,
            store: None,
            sku_type: parcel.sku_type,
            fulfilled_by: parcel.fulfilled_by,
            dry_ml: parcel.dry_ml,
            frozen_ml: parcel.frozen_ml,
            weight_g: parcel.weight_g,
            line_count: 1,
            held: false,
        };
        self.event("created", 1, &created)
    }

    fn hold(&mut self) -> Result<Option<Said>, BenchError> {
        let free = self.waybills.recent(&mut self.dice).filter(|(_, standing)| !standing.is_held);
        let Some((number, _)) = free else { return Ok(None) };
        let Some(now) = self.waybills.change(number, |it| it.is_held = true) else {
            return Ok(None);
        };
        let (waybill_id, waybill_no) = (waybill_id(number), waybill_no(number)?);
        let held = WaybillHeld { waybill_id, waybill_no, reason: HoldReason::CustomerRequest };
        self.event("held", now.version, &held).map(Some)
    }

    fn release(&mut self) -> Result<Option<Said>, BenchError> {
        let mut held = None;
        // few are held: some looks find one
        for _ in 0..8 {
            let found = self.waybills.recent(&mut self.dice);
            held = held.or(found.filter(|(_, standing)| standing.is_held));
        }
        let Some((number, _)) = held else { return Ok(None) };
        let Some(now) = self.waybills.change(number, |it| it.is_held = false) else {
            return Ok(None);
        };
        let released =
            WaybillReleased { waybill_id: waybill_id(number), waybill_no: waybill_no(number)? };
        self.event("released", now.version, &released).map(Some)
    }

    fn cancel(&mut self) -> Result<Option<Said>, BenchError> {
        let Some((number, before)) = self.waybills.recent(&mut self.dice) else {
            return Ok(None);
        };
        let change = |it: &mut Standing| it.status = WaybillStatus::Cancelled;
        let Some(now) = self.waybills.change(number, change) else { return Ok(None) };
        let Parcel { kind, fulfilled_by, .. } = self.waybills.parcel(number);
        let cancelled = WaybillStatusChanged {
            waybill_id: waybill_id(number),
            waybill_no: waybill_no(number)?,
            from: before.status,
            to: WaybillStatus::Cancelled,
            attempt: now.attempt,
            occurred_at: some_time(),
            failed_attempts: now.failed_attempts,
            fulfilled_by,
            kind,
            held: now.is_held,
        };
        self.event("cancelled", now.version, &cancelled).map(Some)
    }

    fn fail(&mut self) -> Result<Option<Said>, BenchError> {
        let Some(Seen { number, place_no, .. }) = self.any(|_| true) else { return Ok(None) };
        let kind = self.waybills.parcel(number).kind;
        let status = match kind {
            WaybillKind::Return => WaybillStatus::PickupFailed,
            WaybillKind::Forward | WaybillKind::Replacement | WaybillKind::Transfer => {
                WaybillStatus::DeliveryFailed
            }
        };
        let bit = u32::from(place_no).checked_sub(1).and_then(|shift| 1_u32.checked_shl(shift));
        let is_over =
            self.waybills.get(number).is_none_or(|it| it.status == WaybillStatus::Cancelled);
        let Some(bit) = bit.filter(|_| !is_over) else { return Ok(None) };
        let change = |it: &mut Standing| {
            (it.status, it.attempt) = (status, place_no);
            it.failed_places |= bit;
            it.failed_attempts += 1;
        };
        let Some(now) = self.waybills.change(number, change) else { return Ok(None) };
        let failed = WaybillAttemptFailed {
            waybill_id: waybill_id(number),
            waybill_no: waybill_no(number)?,
            kind,
            attempt: place_no,
            occurred_at: some_time(),
            reason: None,
            failed_attempts: now.failed_attempts,
            status,
            status_attempt: place_no,
        };
        self.event("attempt failed", now.version, &failed).map(Some)
    }

    fn reschedule(&mut self) -> Result<Option<Said>, BenchError> {
        let Some((number, _)) = self.waybills.recent(&mut self.dice) else { return Ok(None) };
        let (_, delivery_date, slot) = self.waybills.slot_day(&mut self.dice);
        let asked = RescheduleWaybill {
            waybill_no: waybill_no(number)?,
            delivery_date,
            timeslot: timeslot(slot)?,
            reason: None,
            occurred_at: some_time(),
        };
        self.command("rescheduled", &asked)
    }

    fn amend(&mut self) -> Result<Option<Said>, BenchError> {
        let fresh = self.waybills.recent(&mut self.dice).filter(|(_, it)| !it.is_amended);
        let Some((number, _)) = fresh else { return Ok(None) };
        let Some(now) = self.waybills.change(number, |it| it.is_amended = true) else {
            return Ok(None);
        };
        let parcel = self.waybills.parcel(number);
        let percent = 50 + self.dice.below(150);
        let scaled = |amount: u64| amount * percent / 100;
        let line = WaybillDraftLine {
            line_no: 1,
            sku: Sku::new("SKU-1").map_err(invalid)?,
            quantity: 1,
            sku_type: parcel.sku_type,
        };
        let amendment = WaybillAmendment {
            amendment_id: waybill_id(number),
            kind: AmendmentKind::Quantities,
            order_id: Uuid::from_u128(u128::from(parcel.order) + 1),
            source: Source::new("storm").map_err(invalid)?,
            order_ref: OrderRef::new(parcel.order.to_string()).map_err(invalid)?,
            waybill_no: waybill_no(number)?,
            lines: vec![line],
            sku_type: parcel.sku_type,
            dry_ml: scaled(parcel.dry_ml),
            frozen_ml: scaled(parcel.frozen_ml),
            weight_g: scaled(parcel.weight_g),
            district: DistrictCode::new(parcel.district).map_err(invalid)?,
            address_key: "door".to_owned(),
            delivery_date: parcel.date,
            timeslot: timeslot(parcel.slot)?,
            occurred_at: some_time(),
        };
        self.undecided.push_back((self.count(), amendment.clone()));
        self.event("amendment asked", now.version, &AmendmentRequested { amendment }).map(Some)
    }

    /// What sales-order answers to the oldest amendment, once it was asked for so long ago.
    fn decide_one(&mut self, after: u64) -> Result<Option<Said>, BenchError> {
        let count = self.count();
        let is_due = |(asked_at, _): &mut (u64, WaybillAmendment)| *asked_at + after <= count;
        let Some((_, amendment)) = self.undecided.pop_front_if(is_due) else { return Ok(None) };
        let refused = self.dice.chance(0.3).then(|| "AMEND_TOO_LATE".to_owned());
        let decided = AmendmentDecided { by: AmendmentDecider::SalesOrder, refused, amendment };
        self.event("amendment decided", 1, &decided).map(Some)
    }

    fn pin(&mut self, is_pin: bool) -> Result<Option<Said>, BenchError> {
        let Some(seen) = self.any(|_| true) else { return Ok(None) };
        let (waybill_no, occurred_at) = (waybill_no(seen.number)?, some_time());
        if is_pin {
            let reason = "wished".to_owned();
            self.command("pinned", &PinWaybill { waybill_no, reason, occurred_at })
        } else {
            self.command("unpinned", &UnpinWaybill { waybill_no, reason: None, occurred_at })
        }
    }

    fn shift(&mut self) -> Result<Option<Said>, BenchError> {
        let is_open = |seen: &Seen| seen.route_status == "OPEN";
        let Some((from, to)) = self.any(is_open).zip(self.any(is_open)) else { return Ok(None) };
        let moved = MoveWaybill {
            waybill_no: waybill_no(from.number)?,
            route_ref: to.route_ref,
            expected_route_version: None,
            upgrade: self.dice.chance(0.3),
            override_cut_off: false,
            reason: "wished".to_owned(),
            occurred_at: some_time(),
        };
        self.command("moved", &moved)
    }

    fn lock(&mut self) -> Result<Option<Said>, BenchError> {
        let Some(seen) = self.any(|seen| seen.route_status == "OPEN") else { return Ok(None) };
        let route_ref = seen.route_ref;
        self.command("route locked", &LockRoute { route_ref, occurred_at: some_time() })
    }

    /// Most of those aboard are loaded; the others miss the truck.
    fn dispatch(&mut self) -> Result<Option<Said>, BenchError> {
        let Some(seen) = self.any(|seen| seen.route_status == "LOCKED") else { return Ok(None) };
        let route_ref = seen.route_ref;
        let aboard: Vec<Seen> =
            self.seen.iter().filter(|seen| seen.route_ref == route_ref).cloned().collect();
        for Seen { number, place_no, .. } in aboard {
            let is_open = self.waybills.get(number).is_some_and(|it| it.is_open() && !it.is_held);
            if is_open && self.dice.chance(0.75) {
                self.waybills.change(number, |it| {
                    (it.status, it.attempt) = (WaybillStatus::Loaded, place_no);
                });
            }
        }
        self.command("route dispatched", &DispatchRoute { route_ref, occurred_at: some_time() })
    }

    fn breakdown(&mut self) -> Result<Option<Said>, BenchError> {
        let (depot, delivery_date, slot) = self.waybills.slot_day(&mut self.dice);
        let broken = Broken::Trucks {
            depot: DepotCode::new(depot).map_err(invalid)?,
            delivery_date,
            timeslot: timeslot(slot)?,
            truck_type: TruckTypeCode::new("VAN").map_err(invalid)?,
            out_of_order: u32::from(self.dice.chance(0.6)),
        };
        let told = ReportBreakdown { broken, reason: None, occurred_at: some_time() };
        self.command("breakdown", &told)
    }

    /// One of the places that are seen, if it is like this.
    fn any(&mut self, is_wanted: impl Fn(&Seen) -> bool) -> Option<Seen> {
        let wanted: Vec<&Seen> = self.seen.iter().filter(|seen| is_wanted(seen)).collect();
        let index = self.dice.below(u64::try_from(wanted.len()).ok()?).to_usize()?;
        wanted.get(index).map(|seen| (*seen).clone())
    }
}
