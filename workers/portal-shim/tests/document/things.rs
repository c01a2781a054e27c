//! What the requests are about: an order, a waybill, a return, a case and a route of the test's people, others of
//! strangers, and none.
//!
//! Never here: an answer.

use contracts::Role;
use testkit::Stage;
use testkit::fixtures::{OrderBuilder, order};
use uuid::Uuid;

use crate::fleet::Fleet;
use crate::people::{CUSTOMER, MERCHANT};
use crate::service;

const STRANGE_CUSTOMER: &str = "C-2002";
const STRANGE_MERCHANT: &str = "bolt";
const STORE: &str = "acme-1";
/// What merchants sell: the test's own, and the strange one.
const SKU: &str = "SKU-1";
const STRANGE_SKU: &str = "SKU-2";
/// What was delivered had another window, so that nothing that is done to its route is done to the rest.
const DELIVERED_IN: &str = "1300-1800";
/// Where the strange one of it went: another zone has another route.
const STRANGE_DISTRICT: &str = "D003";

/// Which of its things a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose {
    Own,
    Foreign,
    Missing,
}

impl Whose {
    pub(crate) const ALL: [Self; 3] = [Self::Own, Self::Foreign, Self::Missing];
}

/// An order with one of its waybills, and what came of another order of the same people: it was delivered, somebody
/// asked about it, and gave something back.
#[derive(Debug, Clone)]
struct Thing {
    order_ref: String,
    waybill_no: String,
    file_name: String,
    return_ref: String,
    case_id: String,
    route_ref: String,
}

/// All of them.
pub(crate) struct Things {
    source: String,
    own: Thing,
    foreign: Thing,
    missing: Thing,
}

/// Who sends the orders, and files: a name of this stage's own.
pub(crate) fn source_of(stage: &Stage) -> String {
    let name = stage.name();
    format!("d{}", &name[name.len() - 12..])
}

impl Things {
    /// What things are called by in paths.
    pub(crate) const NAMES: [&str; 5] =
        ["waybill_no", "order_ref", "return_ref", "case_id", "route_ref"];

    /// Makes them. All stages share one cache: the names are no other test's.
    pub(crate) async fn make(fleet: &Fleet) -> Self {
        let source = source_of(&fleet.stage);
        let of = |whose: &str, customer: &str| {
            order(&source, &format!("{whose}-{source}")).customer(Some(customer))
        };
        let own = Wanted {
            number: 1,
            order: of("own", CUSTOMER).store_line(MERCHANT, STORE, SKU, 2).line(
                STRANGE_MERCHANT,
                STRANGE_SKU,
                1,
            ),
            waybills: 2,
            merchant: MERCHANT,
            before: of("own-before", CUSTOMER).line(MERCHANT, SKU, 1),
            sku: SKU,
        };
        let foreign = Wanted {
            number: 2,
            order: of("foreign", STRANGE_CUSTOMER).line(STRANGE_MERCHANT, STRANGE_SKU, 1),
            waybills: 1,
            merchant: STRANGE_MERCHANT,
            before: of("foreign-before", STRANGE_CUSTOMER).district(STRANGE_DISTRICT).line(
                STRANGE_MERCHANT,
                STRANGE_SKU,
                1,
            ),
            sku: STRANGE_SKU,
        };
        Self {
            own: own.made(fleet, &source).await,
            foreign: foreign.made(fleet, &source).await,
            missing: missing(&source),
            source,
        }
    }

    /// What stands in a path or query for a name; `None`: nothing of the test.
    pub(crate) fn value(&self, name: &str, whose: Whose) -> Option<&str> {
        let thing = match whose {
            Whose::Own => &self.own,
            Whose::Foreign => &self.foreign,
            Whose::Missing => &self.missing,
        };
        match name {
            "source" => Some(&self.source),
            "order_ref" => Some(&thing.order_ref),
            "waybill_no" => Some(&thing.waybill_no),
            "file_name" => Some(&thing.file_name),
            "return_ref" => Some(&thing.return_ref),
            "case_id" => Some(&thing.case_id),
            "route_ref" => Some(&thing.route_ref),
            _ => None,
        }
    }

    /// What stands in a body for a name; a return is named there by whoever makes it.
    pub(crate) fn value_in_body(&self, name: &str, whose: Whose) -> Option<&str> {
        match name {
            "return_ref" | "case_id" | "route_ref" => None,
            _ => self.value(name, whose),
        }
    }

    /// Whether the thing is there for this role.
    pub(crate) fn are_seen(role: Role, whose: Whose) -> bool {
        let owns_a_part = matches!(role, Role::Customer | Role::Merchant);
        match whose {
            Whose::Own => true,
            Whose::Foreign => !owns_a_part,
            Whose::Missing => false,
        }
    }
}

/// Two orders of the same people.
struct Wanted {
    number: u32,
    order: OrderBuilder,
    /// So many come of the order, one of the merchant's among them.
    waybills: i64,
    merchant: &'static str,
    /// The one that was delivered, with one waybill.
    before: OrderBuilder,
    sku: &'static str,
}

impl Wanted {
    async fn made(self, fleet: &Fleet, source: &str) -> Thing {
        let Self { number, order, waybills, merchant, before, sku } = self;
        let order = order.build();
        let order_ref = order.order_ref.to_string();
        let waybill = fleet.accept(order, waybills).await.into_iter().find(|it| it.1 == merchant);
        let before = before.timeslot(DELIVERED_IN).build();
        let before_ref = before.order_ref.to_string();
        let (delivered, _) = fleet.accept(before, 1).await.remove(0);
        let stage = &fleet.stage;
        let route_ref = service::route_of(stage, &delivered).await;
        service::deliver(stage, &delivered).await;
        let return_ref = format!("R{number}-{source}");
        service::give_back(stage, (source, &before_ref), sku, &return_ref).await;
        Thing {
            case_id: service::ask_about(stage, source, &before_ref).await,
            order_ref,
            waybill_no: waybill.expect("a waybill of the merchant").0,
            file_name: file_name(source, number),
            return_ref,
            route_ref,
        }
    }
}

/// Names of nothing.
fn missing(source: &str) -> Thing {
    Thing {
        order_ref: format!("missing-{source}"),
        waybill_no: format!("{source}-missing-{source}-1"),
        file_name: file_name(source, 3),
        return_ref: format!("R3-{source}"),
        case_id: Uuid::new_v4().to_string(),
        route_ref: format!("missing-{source}"),
    }
}

fn file_name(source: &str, sequence: u32) -> String {
    format!("order-{source}-{sequence:06}.tsv")
}
