//! What is stored about amendments, and what others know of the waybills that they are about. Never here: a
//! change.

use std::collections::{BTreeMap, BTreeSet};

use contracts::{AmendmentKind, WaybillNo};
use routing::Load;
use sea_orm::FromQueryResult;
use store::{StoreError, Tx, parse_hex};
use uuid::Uuid;

use super::assignments::keys;
use super::columns::{ascii, rows};
use super::rows::{number, sku_type_of, unknown};
use crate::assignment::sku_class;
use crate::decide::{Amendment, AmendmentState, Goods, OrderFacts};

const OF_WAYBILLS: &str = concat!(
    "SELECT m.waybill_no, HEX(m.amendment_id) amendment_id, m.kind, m.state, m.code, m.sku_type_before, \
       m.dry_ml_before, m.frozen_ml_before, m.weight_g_before, m.sku_type, m.dry_ml, m.frozen_ml, m.weight_g \
     FROM ",
    rows!(ascii!("waybill_no", 112)),
    " STRAIGHT_JOIN assignment_amendment m FORCE INDEX (PRIMARY) ON m.waybill_no = r.waybill_no"
);

#[derive(FromQueryResult)]
struct AmendmentRow {
    waybill_no: String,
    amendment_id: String,
    kind: String,
    state: String,
    code: Option<String>,
    sku_type_before: String,
    dry_ml_before: u64,
    frozen_ml_before: u64,
    weight_g_before: u64,
    sku_type: String,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
}

/// The words of the kinds and states, as the columns have them.
pub(super) const KINDS: [(AmendmentKind, &str); 2] =
    [(AmendmentKind::Quantities, "QUANTITIES"), (AmendmentKind::Destination, "DESTINATION")];
pub(super) const STATES: [(AmendmentState, &str); 3] = [
    (AmendmentState::Reserved, "RESERVED"),
    (AmendmentState::Applied, "APPLIED"),
    (AmendmentState::Refused, "REFUSED"),
];

impl AmendmentRow {
    fn read(self) -> Result<Amendment, StoreError> {
        let no = self.waybill_no.as_str();
        let goods = |word: &str, load| {
            let sku_type = sku_type_of(word).ok_or_else(|| unknown(no, "sku_type", word))?;
            Ok::<_, StoreError>(Goods { class: sku_class(sku_type), load })
        };
        let before =
            Load::of_waybill(self.dry_ml_before, self.frozen_ml_before, self.weight_g_before);
        let after = Load::of_waybill(self.dry_ml, self.frozen_ml, self.weight_g);
        let kind = KINDS.iter().find(|(_, word)| *word == self.kind);
        let state = STATES.iter().find(|(_, word)| *word == self.state);
        Ok(Amendment {
            id: parse_hex(&self.amendment_id)?,
            kind: kind.ok_or_else(|| unknown(no, "kind", &self.kind))?.0,
            state: state.ok_or_else(|| unknown(no, "state", &self.state))?.0,
            before: goods(&self.sku_type_before, before)?,
            after: goods(&self.sku_type, after)?,
            code: self.code,
            waybill_no: number(self.waybill_no)?,
        })
    }
}

/// Every amendment of these waybills. Their rows of `assignment` are locked.
pub(crate) async fn amendments_of(
    tx: &Tx,
    numbers: &BTreeSet<WaybillNo>,
) -> Result<BTreeMap<(WaybillNo, Uuid), Amendment>, StoreError> {
    let rows: Vec<AmendmentRow> = tx.select(OF_WAYBILLS, &keys(numbers)).await?;
    let read = rows.into_iter().map(AmendmentRow::read);
    read.map(|row| row.map(|row| ((row.waybill_no.clone(), row.id), row))).collect()
}

const FACTS: &str = concat!(
    "SELECT r.waybill_no, w.customer_ref, s.status FROM ",
    rows!(ascii!("waybill_no", 112)),
    " LEFT JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no \
     LEFT JOIN sales_order s ON s.waybill_no = r.waybill_no AND s.live = 1"
);

/// The statuses of a sales order from the first goods in hand on.
const PICKING: [&str; 4] = ["PICKING", "PICKED", "PACKED", "HANDED_OVER"];

#[derive(FromQueryResult)]
struct FactsRow {
    waybill_no: String,
    customer_ref: Option<String>,
    status: Option<String>,
}

/// What others know of these waybills. Nothing is locked: who begins to pick at this very moment picks the
/// same goods for another door.
pub(crate) async fn order_facts(
    tx: &Tx,
    numbers: &BTreeSet<WaybillNo>,
) -> Result<BTreeMap<WaybillNo, OrderFacts>, StoreError> {
    let rows: Vec<FactsRow> = tx.select(FACTS, &keys(numbers)).await?;
    let read = rows.into_iter().map(|FactsRow { waybill_no, customer_ref, status }| {
        let is_being_picked = status.is_some_and(|status| PICKING.contains(&status.as_str()));
        Ok((number(waybill_no)?, OrderFacts { customer_ref, is_being_picked }))
    });
    read.collect()
}
