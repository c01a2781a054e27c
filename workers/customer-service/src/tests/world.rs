//! A small world in memory: orders, their lines, and whoever sends messages.

use std::collections::BTreeMap;

use contracts::{
    Actor, ApproveReturn, CancelReturn, CloseReturn, CustomerRef, FulfilledBy, InspectionLine,
    MessageId, OrderRef, ReceiptLine, RecordReturnInspection, RecordReturnReceipt, RejectReturn,
    RequestReturn, ReturnLine, ReturnRef, ReturnStatus, Role, Sku, SkuType, Source, Timestamp,
    WaybillAttemptFailed, WaybillKind, WaybillNo, WaybillStatus, WaybillStatusChanged,
};
use runtime::Outcome;
use uuid::Uuid;

use crate::book::Book;
use crate::decide::{Cause, Decision, decide};
use crate::message::Incoming;
use crate::settings::{AtOnce, Policy};
use crate::state::{LineKey, Order, OrderLine, Return, ReturnKey};

pub(super) fn time(text: &str) -> Timestamp {
    serde_json::from_str(&format!("{text:?}")).unwrap()
}

pub(super) fn source() -> Source {
    Source::new("shop").unwrap()
}

pub(super) fn actor(role: Role, subject: &str) -> Actor {
    Actor { subject: subject.to_owned(), role, merchant: None, origin: None }
}

/// The shop's own files.
pub(super) fn shop() -> Actor {
    actor(Role::Shop, "shop")
}

/// Somebody of customer service.
pub(super) fn anna() -> Actor {
    actor(Role::CsAgent, "anna")
}

pub(super) fn order_id(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub(super) fn line(number: u128, line_no: u32) -> LineKey {
    LineKey { order_id: order_id(number), line_no }
}

/// Number, day, and for each line its SKU, units and status.
pub(super) type SomeOrder<'a> = (u128, &'a str, &'a [(&'a str, u32, WaybillStatus)]);

/// The world.
pub(super) struct World {
    pub(super) book: Book,
    policy: Policy,
    messages: u128,
}

impl World {
    /// These orders, all of customer C-1.
    pub(super) fn of(orders: &[SomeOrder<'_>]) -> Self {
        let (mut known, mut lines) = (BTreeMap::new(), BTreeMap::new());
        for (number, ordered_at, of_it) in orders {
            known.insert(order_id(*number), order(*number, ordered_at));
            for (line_no, (sku, quantity, status)) in (1..).zip(*of_it) {
                lines.insert(line(*number, line_no), order_line(sku, *quantity, *status));
            }
        }
        Self {
            book: Book::new(known, lines, BTreeMap::new(), BTreeMap::new()),
            policy: Policy { approve_at_once: AtOnce::All, max_attempts: 3 },
            messages: 0,
        }
    }

    /// One order with five delivered units of one SKU.
    pub(super) fn with_five() -> Self {
        Self::of(&[(1, "2026-03-01T08:00:00Z", &[("A", 5, WaybillStatus::Delivered)])])
    }

    pub(super) fn policy(mut self, approve_at_once: AtOnce) -> Self {
        self.policy.approve_at_once = approve_at_once;
        self
    }

    pub(super) fn tell(&mut self, actor: &Actor, message: &Incoming) -> Decision {
        self.messages += 1;
        let cause = Cause {
            index: 0,
            message_id: MessageId(Uuid::from_u128(1_000_000 + self.messages)),
            actor: actor.clone(),
            fresh: Uuid::from_u128(2_000_000 + self.messages),
            now: time("2026-03-10T00:00:00Z"),
        };
        decide(&mut self.book, message, &cause, &self.policy).unwrap()
    }

    /// The code of the outcome.
    pub(super) fn code(&mut self, actor: &Actor, message: &Incoming) -> String {
        self.tell(actor, message).outcome.code().to_owned()
    }

    /// What must be applied.
    pub(super) fn done(&mut self, actor: &Actor, message: &Incoming) -> Decision {
        let decision = self.tell(actor, message);
        assert_eq!(decision.outcome, Outcome::Applied, "{message:?}");
        decision
    }

    pub(super) fn the_return(&self, number: &str) -> &Return {
        self.book.get_return(&key(number)).expect("the return is there")
    }

    pub(super) fn status(&self, number: &str) -> ReturnStatus {
        self.the_return(number).status
    }

    /// Units of the first line of the first order that returns have.
    pub(super) fn claimed(&self) -> u32 {
        self.book.claim(line(1, 1)).claimed
    }
}

pub(super) fn key(number: &str) -> ReturnKey {
    ReturnKey { source: source(), return_ref: ReturnRef::new(number).unwrap() }
}

pub(super) fn order(number: u128, ordered_at: &str) -> Order {
    Order {
        source: source(),
        order_ref: OrderRef::new(format!("O{number}")).unwrap(),
        customer_ref: Some(CustomerRef::new("C-1").unwrap()),
        ordered_at: time(ordered_at),
        district: contracts::DistrictCode::new("D1").unwrap(),
        address_key: "a1".to_owned(),
        timeslot: contracts::TimeslotCode::new("0900-1300").unwrap(),
    }
}

pub(super) fn order_line(sku: &str, quantity: u32, status: WaybillStatus) -> OrderLine {
    OrderLine {
        merchant: contracts::Merchant::new("M1").unwrap(),
        store: None,
        sku: Sku::new(sku).unwrap(),
        quantity,
        sku_type: SkuType::Dry,
        volume_ml: 100,
        weight_g: 10,
        fulfilled_by: FulfilledBy::Warehouse,
        status: Some(status),
    }
}

/// A request of customer C-1 for these SKUs and units.
pub(super) fn asked(number: &str, lines: &[(&str, u32)]) -> RequestReturn {
    RequestReturn {
        source: source(),
        return_ref: ReturnRef::new(number).unwrap(),
        requested_at: time("2026-03-05T10:00:00Z"),
        order_ref: None,
        customer_ref: Some(CustomerRef::new("C-1").unwrap()),
        currency: None,
        lines: (1..)
            .zip(lines)
            .map(|(line_no, (sku, quantity))| ReturnLine {
                line_no,
                sku: Sku::new(*sku).unwrap(),
                description: None,
                quantity: *quantity,
                unit_price: None,
                reason: None,
            })
            .collect(),
    }
}

pub(super) fn request(number: &str, lines: &[(&str, u32)]) -> Incoming {
    Incoming::Request(asked(number, lines))
}

fn now() -> Timestamp {
    time("2026-03-06T10:00:00Z")
}

pub(super) fn approve(number: &str) -> Incoming {
    let ReturnKey { source, return_ref } = key(number);
    let (pickup_date, timeslot) = (None, None);
    Incoming::Approve(ApproveReturn {
        source,
        return_ref,
        pickup_date,
        timeslot,
        expected_version: None,
        occurred_at: now(),
    })
}

pub(super) fn reject(number: &str) -> Incoming {
    let ReturnKey { source, return_ref } = key(number);
    let reason = "worn".to_owned();
    Incoming::Reject(RejectReturn {
        source,
        return_ref,
        reason,
        expected_version: None,
        occurred_at: now(),
    })
}

pub(super) fn cancel(number: &str) -> Incoming {
    let ReturnKey { source, return_ref } = key(number);
    Incoming::Cancel(CancelReturn {
        source,
        return_ref,
        reason: None,
        expected_version: None,
        occurred_at: now(),
    })
}

/// A receipt of these lines: number, received, damaged.
pub(super) fn receipt(number: &str, lines: &[(u32, u32, u32)], complete: bool) -> Incoming {
    let ReturnKey { source, return_ref } = key(number);
    let line = |&(line_no, received, damaged): &(u32, u32, u32)| ReceiptLine {
        line_no,
        received,
        damaged,
    };
    let lines = lines.iter().map(line).collect();
    Incoming::Receipt(RecordReturnReceipt {
        source,
        return_ref,
        lines,
        complete,
        expected_version: None,
        occurred_at: now(),
    })
}

/// An inspection of these lines: number, restocked, written off, refused.
pub(super) fn inspection(number: &str, lines: &[(u32, u32, u32, u32)]) -> Incoming {
    let ReturnKey { source, return_ref } = key(number);
    let line = |&(line_no, restocked, written_off, refused): &(u32, u32, u32, u32)| {
        InspectionLine { line_no, restocked, written_off, refused }
    };
    let lines = lines.iter().map(line).collect();
    Incoming::Inspection(RecordReturnInspection {
        source,
        return_ref,
        lines,
        expected_version: None,
        occurred_at: now(),
    })
}

pub(super) fn close(number: &str) -> Incoming {
    let ReturnKey { source, return_ref } = key(number);
    Incoming::Close(CloseReturn { source, return_ref, expected_version: None, occurred_at: now() })
}

/// The same step by somebody who saw a version of the return.
pub(super) fn for_version(step: Incoming, version: u64) -> Incoming {
    let expected_version = Some(version);
    match step {
        Incoming::Approve(told) => Incoming::Approve(ApproveReturn { expected_version, ..told }),
        Incoming::Reject(told) => Incoming::Reject(RejectReturn { expected_version, ..told }),
        Incoming::Cancel(told) => Incoming::Cancel(CancelReturn { expected_version, ..told }),
        Incoming::Receipt(told) => {
            Incoming::Receipt(RecordReturnReceipt { expected_version, ..told })
        }
        Incoming::Inspection(told) => {
            Incoming::Inspection(RecordReturnInspection { expected_version, ..told })
        }
        Incoming::Close(told) => Incoming::Close(CloseReturn { expected_version, ..told }),
        other => panic!("{other:?} names no version"),
    }
}

/// A waybill of this kind moved.
pub(super) fn moved(waybill_no: &str, kind: WaybillKind, to: WaybillStatus) -> Incoming {
    Incoming::Moved(changed(waybill_no, kind, to, 0))
}

/// An attempt of a waybill came to nothing, and that is where it stands; as many failed as it had.
pub(super) fn failed(waybill_no: &str, kind: WaybillKind, attempt: u16) -> WaybillAttemptFailed {
    let status = match kind {
        WaybillKind::Return => WaybillStatus::PickupFailed,
        WaybillKind::Forward | WaybillKind::Replacement | WaybillKind::Transfer => {
            WaybillStatus::DeliveryFailed
        }
    };
    WaybillAttemptFailed {
        waybill_id: Uuid::nil(),
        waybill_no: WaybillNo::new(waybill_no).unwrap(),
        kind,
        attempt,
        occurred_at: now(),
        reason: Some("nobody at home".to_owned()),
        failed_attempts: attempt,
        status,
        status_attempt: attempt,
    }
}

pub(super) fn changed(
    waybill_no: &str,
    kind: WaybillKind,
    to: WaybillStatus,
    failed_attempts: u16,
) -> WaybillStatusChanged {
    WaybillStatusChanged {
        waybill_id: Uuid::nil(),
        waybill_no: WaybillNo::new(waybill_no).unwrap(),
        from: WaybillStatus::Created,
        to,
        attempt: failed_attempts,
        occurred_at: now(),
        failed_attempts,
        fulfilled_by: FulfilledBy::Warehouse,
        kind,
        held: false,
    }
}
