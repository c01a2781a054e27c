//! What the requests are about: an order and a waybill of the test's people, others of strangers, and none.
//!
//! Never here: an answer.

use contracts::Role;
use testkit::Stage;
use testkit::fixtures::order;

use crate::fleet::Fleet;
use crate::people::{CUSTOMER, MERCHANT};

const STRANGE_CUSTOMER: &str = "C-2002";
const STRANGE_MERCHANT: &str = "bolt";
const STORE: &str = "acme-1";

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

/// An order with one of its waybills.
#[derive(Debug, Clone)]
struct Thing {
    order_ref: String,
    waybill_no: String,
    file_name: String,
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
    /// Makes them. All stages share one cache: the names are no other test's.
    pub(crate) async fn make(fleet: &Fleet) -> Self {
        let source = source_of(&fleet.stage);
        let own = order(&source, &format!("own-{source}"))
            .customer(Some(CUSTOMER))
            .store_line(MERCHANT, STORE, "SKU-1", 2)
            .line(STRANGE_MERCHANT, "SKU-2", 1)
            .build();
        let foreign = order(&source, &format!("foreign-{source}"))
            .customer(Some(STRANGE_CUSTOMER))
            .line(STRANGE_MERCHANT, "SKU-2", 1)
            .build();
        let of = |waybills: Vec<(String, String)>, merchant: &str| {
            let found = waybills.into_iter().find(|(_, of)| of == merchant);
            found.expect("a waybill of the merchant").0
        };
        let own_waybill = of(fleet.accept(own, 2).await, MERCHANT);
        let foreign_waybill = of(fleet.accept(foreign, 1).await, STRANGE_MERCHANT);
        let thing = |order_ref: &str, waybill_no: String, sequence: u32| Thing {
            order_ref: format!("{order_ref}-{source}"),
            waybill_no,
            file_name: format!("order-{source}-{sequence:06}.tsv"),
        };
        let own = thing("own", own_waybill, 1);
        let foreign = thing("foreign", foreign_waybill, 2);
        let missing = thing("missing", format!("{source}-missing-{source}-1"), 3);
        Self { own, foreign, missing, source }
    }

    /// What stands in a path, query or body for a name; `None`: nothing of the test.
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
            _ => None,
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
