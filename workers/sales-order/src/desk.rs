//! What one batch decides on: its sales orders as they change, the lines and the network it reads.
//!
//! What lives here: lookup by waybill, and which rows are new or changed at the end. What never does: a
//! decision, anything that outlives the batch.

use std::collections::BTreeMap;
use std::sync::Arc;

use contracts::{SalesOrderLine, SalesOrderStanding, Timestamp, WaybillNo};
use store::{StoreError, Tx};
use uuid::Uuid;

use crate::decide::SalesOrder;
use crate::lifecycle::status_word;
use crate::network::Network;
use crate::store as rows;

/// A sales order of this batch.
struct Filed {
    /// None: it has no row yet.
    id: Option<Uuid>,
    order: SalesOrder,
    changed: bool,
}

/// Everything that one batch decides on, by waybill number.
pub(crate) struct Desk {
    orders: BTreeMap<String, Filed>,
    lines: BTreeMap<String, Vec<SalesOrderLine>>,
    network: Arc<Network>,
}

impl Desk {
    /// Stored sales orders, and what placing their waybills needs.
    pub(crate) fn new(
        stored: Vec<(Uuid, SalesOrder)>,
        lines: BTreeMap<String, Vec<SalesOrderLine>>,
        network: Arc<Network>,
    ) -> Self {
        let mut desk = Self { orders: BTreeMap::new(), lines, network };
        for (id, order) in stored {
            desk.put(Filed { id: Some(id), order, changed: false });
        }
        desk
    }

    /// The sales order in force of a waybill.
    pub(crate) fn order(&self, waybill_no: &str) -> Option<&SalesOrder> {
        self.orders.get(waybill_no).map(|filed| &filed.order)
    }

    /// The lines of a waybill that gets a place in this batch.
    pub(crate) fn lines(&self, waybill_no: &str) -> Option<&[SalesOrderLine]> {
        self.lines.get(waybill_no).map(Vec::as_slice)
    }

    /// The network.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// Replaces a sales order by what was decided, for the messages after this one.
    pub(crate) fn file(&mut self, order: SalesOrder) {
        let before = self.orders.get(order.waybill_no.as_str());
        let id = before.and_then(|filed| filed.id);
        self.put(Filed { id, order, changed: true });
    }

    fn put(&mut self, filed: Filed) {
        let waybill_no = filed.order.waybill_no.as_str().to_owned();
        self.orders.insert(waybill_no, filed);
    }

    /// What may be shown of the sales orders of the batch, as [`Desk::write`] leaves them.
    pub(crate) fn standings(&self) -> Vec<(WaybillNo, SalesOrderStanding)> {
        let shown = self.orders.values().map(|Filed { order, .. }| {
            let standing = SalesOrderStanding {
                sales_order_no: order.number.to_string(),
                status: status_word(order.standing.status()).to_owned(),
                version: order.version,
            };
            (order.waybill_no.clone(), standing)
        });
        shown.collect()
    }

    /// Writes what is new and what changed.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails.
    pub(crate) async fn write(&self, tx: &Tx, now: Timestamp) -> Result<(), StoreError> {
        let (mut new, mut known) = (Vec::new(), Vec::new());
        for Filed { id, order, .. } in self.orders.values().filter(|filed| filed.changed) {
            match id {
                Some(id) => known.push((*id, order)),
                None => {
                    new.push((order, self.lines(order.waybill_no.as_str()).unwrap_or_default()))
                }
            }
        }
        rows::insert(tx, &new, now).await?;
        rows::update(tx, &known, now).await
    }
}
