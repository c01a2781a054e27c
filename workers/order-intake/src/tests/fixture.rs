//! Orders, actors and networks to begin a test with.

use std::collections::{BTreeSet, HashSet};

use contracts::{Actor, CreateOrder, OrderLine, Role, Timestamp, WaybillNo, WaybillStatus};
use serde_json::json;
use uuid::Uuid;

use crate::decide::{Asker, Circumstances, Compartments, Decision, Known, SplitPolicy, decide};
use crate::network::Network;
use crate::order::{Order, Parcel};

pub(super) const DISTRICT: &str = "D001";
pub(super) const TIMESLOT: &str = "0900-1300";

/// An order of one shop with these lines, as it comes off the wire.
pub(super) fn order(lines: Vec<OrderLine>) -> CreateOrder {
    serde_json::from_value(json!({
        "source": "uci",
        "order_ref": "536365",
        "ordered_at": "2010-12-01T08:26:00Z",
        "customer_ref": "17850",
        "district": DISTRICT,
        "delivery_date": "2010-12-03",
        "timeslot": TIMESLOT,
        "currency": "GBP",
        "recipient": "A. Person",
        "postcode": "SW1A 1AA",
        "address": "1 Some Street",
        "lines": lines,
    }))
    .unwrap()
}

/// A dry line of one unit.
pub(super) fn line(line_no: u32, merchant: &str, sku: &str) -> OrderLine {
    serde_json::from_value(json!({
        "line_no": line_no,
        "merchant": merchant,
        "sku": sku,
        "quantity": 1,
        "unit_price": "2.55",
        "sku_type": "dry",
        "volume_ml": 1_500,
        "weight_g": 700,
    }))
    .unwrap()
}

/// The shop that `order` names as its source.
pub(super) fn shop() -> Actor {
    actor("uci", Role::Shop)
}

pub(super) fn actor(subject: &str, role: Role) -> Actor {
    Actor { subject: subject.to_owned(), role, merchant: None, origin: None }
}

/// A network of one district and one timeslot.
pub(super) fn network() -> Network {
    Network {
        revision: 1,
        districts: HashSet::from([DISTRICT.to_owned()]),
        timeslots: HashSet::from([TIMESLOT.to_owned()]),
    }
}

pub(super) fn policy(compartments: Compartments, no_ship: &[&str]) -> SplitPolicy {
    let no_ship: BTreeSet<String> = no_ship.iter().map(|sku| (*sku).to_owned()).collect();
    SplitPolicy { compartments, no_ship }
}

/// Decides by the default policy about an order that `actor` sends.
pub(super) fn decided(order: &CreateOrder, actor: &Actor, known: Option<&Known>) -> Decision {
    decided_by(&policy(Compartments::Mixed, &[]), order, actor, known)
}

pub(super) fn decided_by(
    policy: &SplitPolicy,
    order: &CreateOrder,
    actor: &Actor,
    known: Option<&Known>,
) -> Decision {
    let (network, order_id) = (&network(), Uuid::from_u128(7));
    decide(order, &Circumstances { actor, known, network, policy, order_id })
}

/// The order as it is kept once it was taken; what makes no parcel is called `FEE`.
pub(super) fn taken(order: &CreateOrder) -> Order {
    let fees = policy(Compartments::Mixed, &["FEE"]);
    match decided_by(&fees, order, &shop(), None) {
        Decision::Accepted(accepted) => {
            let sums = (accepted.total.minor_units, accepted.personal.as_deref());
            Order::accepted(order, &accepted.event, sums)
        }
        Decision::Duplicate { .. } | Decision::Refused(_) => panic!("it is not taken"),
    }
}

/// Two merchants with a waybill each: five units on lines 1 and 2 of the first, four on line 3 of the
/// second. Line 4 is a fee.
pub(super) fn two_waybills() -> Order {
    let with = |quantity: u32, line: OrderLine| OrderLine { quantity, ..line };
    let lines = vec![
        with(3, line(1, "m1", "A")),
        with(2, line(2, "m1", "B")),
        with(4, line(3, "m2", "C")),
        line(4, "m1", "FEE"),
    ];
    taken(&order(lines))
}

pub(super) fn no(k: usize) -> WaybillNo {
    WaybillNo::new(format!("uci-536365-{k}")).unwrap()
}

/// Where a waybill stands at one of its versions.
pub(super) fn parcel(status: WaybillStatus, seq: u64) -> Parcel {
    Parcel { status, attempt: 1, seq }
}

/// Seconds after an arbitrary start.
pub(super) fn at(second: i64) -> Timestamp {
    chrono::DateTime::from_timestamp(1_291_104_000 + second, 0).unwrap().into()
}

/// Who asks, in the message of that number.
pub(super) fn asker(actor: &Actor, message: u128) -> Asker<'_> {
    Asker { actor, message_id: Uuid::from_u128(message), asked_at: at(0) }
}
