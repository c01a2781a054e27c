//! Orders, actors and networks to begin a test with.

use std::collections::{BTreeSet, HashSet};

use contracts::{Actor, CreateOrder, OrderLine, Role};
use serde_json::json;
use uuid::Uuid;

use crate::decide::{Circumstances, Compartments, Decision, Known, SplitPolicy, decide};
use crate::network::Network;

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
