//! One batch of sales-order: lock and load, decide each message in order, write, publish.
//!
//! What lives here: the order of these steps, and the network kept between batches. What never does: a
//! decision (`decide.rs`), a statement (`store.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use cache::{Cache, Key, Kind};
use contracts::{
    Assigned, RecordWarehouseAnswer, RecordWarehouseProgress, Role, SalesOrderNo,
    SalesOrderStanding, Timestamp, WaybillNo,
};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Settlement, Worker};
use store::{StoreError, Tx};

use crate::decide::{self, Decision, Event, waybill_of};
use crate::desk::Desk;
use crate::lifecycle::Fact;
use crate::network::Network;
use crate::settings::SubmitAt;
use crate::store as rows;

contracts::inbound! {
    /// What this worker consumes.
    pub(crate) enum Incoming {
        /// A waybill got a place on a route.
        Assigned(Assigned),
        /// The warehouse says yes or no.
        Answer(RecordWarehouseAnswer),
        /// The warehouse says how far it is.
        Progress(RecordWarehouseProgress),
    }
}

/// Asks warehouses to prepare waybills and keeps what they answer.
#[derive(Debug)]
pub(crate) struct SalesOrders {
    submit_at: SubmitAt,
    network: Mutex<Arc<Network>>,
    cache: Cache,
}

impl SalesOrders {
    /// A worker that has not loaded the network yet and shows sales orders in `cache`.
    pub(crate) fn new(submit_at: SubmitAt, cache: Cache) -> Self {
        Self { submit_at, network: Mutex::default(), cache }
    }

    /// The network as this transaction sees it: the kept one, unless its revision has passed.
    async fn network(&self, tx: &Tx) -> Result<Arc<Network>, StoreError> {
        let revision = rows::network_revision(tx).await?;
        let kept = Arc::clone(&self.network.lock().unwrap_or_else(PoisonError::into_inner));
        if kept.revision == revision {
            return Ok(kept);
        }
        let loaded = Arc::new(rows::load_network(tx, revision).await?);
        *self.network.lock().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&loaded);
        Ok(loaded)
    }

    /// Everything that the batch decides on, its sales orders locked.
    async fn load(&self, tx: &Tx, batch: &Batch<Incoming>) -> Result<Desk, StoreError> {
        let messages = || batch.iter().map(|(_, item)| &item.message);
        let touched: BTreeSet<&str> = messages().map(waybill_no).collect();
        let placed: BTreeSet<&str> = messages()
            .filter(|message| matches!(message, Incoming::Assigned(_)))
            .map(waybill_no)
            .collect();
        let orders = rows::lock_sales_orders(tx, touched).await?;
        if placed.is_empty() {
            return Ok(Desk::new(orders, BTreeMap::new(), Arc::default()));
        }
        let lines = rows::waybill_lines(tx, placed).await?;
        Ok(Desk::new(orders, lines, self.network(tx).await?))
    }

    fn decide(&self, desk: &Desk, item: &Item<Incoming>) -> Result<Decision, Failure> {
        let role = item.envelope.actor.role;
        match &item.message {
            Incoming::Assigned(assigned) => self.assign(desk, assigned),
            Incoming::Answer(told) => {
                let (fact, reason) = (told.answer.into(), told.reason.as_deref());
                Ok(tell(desk, &told.sales_order_no, fact, reason, role))
            }
            Incoming::Progress(told) => {
                Ok(tell(desk, &told.sales_order_no, told.progress.into(), None, role))
            }
        }
    }

    fn assign(&self, desk: &Desk, assigned: &Assigned) -> Result<Decision, Failure> {
        let waybill_no = assigned.waybill_no.as_str();
        // ADRA learns of a waybill from an event that follows the commit of its lines, so this is a
        // replica that lags behind or an event that somebody made up: time tells which.
        let Some(lines) = desk.lines(waybill_no) else {
            let cause = format!("waybill {waybill_no} has a place but no lines");
            let retry_after = None;
            return Err(Failure::Transient { cause, retry_after });
        };
        let current = desk.order(waybill_no);
        decide::assign(current, assigned, lines, desk.network(), self.submit_at).map_err(|error| {
            let cause = error.to_string();
            Failure::Permanent { cause }
        })
    }
}

impl Worker for SalesOrders {
    type Message = Incoming;
    type Effects = Vec<(WaybillNo, SalesOrderStanding)>;
    const KIND: WorkerKind = WorkerKind::SalesOrder;

    fn lane_key(message: &Incoming) -> LaneKey {
        LaneKey::of(waybill_no(message))
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<Self::Effects, Failure> {
        let mut desk = self.load(tx, batch).await?;
        for (i, item) in batch.items().iter().enumerate() {
            let settled =
                self.decide(&desk, item).and_then(|decision| settle(batch, i, &mut desk, decision));
            if let Err(failure) = settled {
                batch.fail(i, failure);
            }
        }
        desk.write(tx, now).await?;
        Ok(desk.standings())
    }

    async fn committed(&self, standings: Self::Effects) {
        let entries: Vec<_> = standings.iter().filter_map(cached).collect();
        self.cache.put_if_newer(&entries).await;
    }
}

/// The cache entry of a sales order: queries know it by its waybill.
fn cached((waybill_no, standing): &(WaybillNo, SalesOrderStanding)) -> Option<(Key, u64, Vec<u8>)> {
    let key = Key::new(Kind::SalesOrder, waybill_no.as_str());
    // it has a JSON form; without an entry queries ask the database
    let body = serde_json::to_vec(standing).ok()?;
    Some((key, standing.version, body))
}

/// The waybill that a message is about: its place in the order of things.
fn waybill_no(message: &Incoming) -> &str {
    match message {
        Incoming::Assigned(assigned) => assigned.waybill_no.as_str(),
        Incoming::Answer(answer) => waybill_of(&answer.sales_order_no),
        Incoming::Progress(progress) => waybill_of(&progress.sales_order_no),
    }
}

/// The warehouse told something of the sales order of this very number.
fn tell(
    desk: &Desk,
    number: &SalesOrderNo,
    fact: Fact,
    reason: Option<&str>,
    role: Role,
) -> Decision {
    let known = desk.order(waybill_of(number));
    match known.filter(|order| order.number == *number) {
        Some(order) => decide::record(order, fact, reason, role),
        None => Decision::unknown(number),
    }
}

/// Publishes and files what was decided on message `i`.
fn settle(
    batch: &mut Batch<Incoming>,
    i: usize,
    desk: &mut Desk,
    decision: Decision,
) -> Result<(), Failure> {
    let Decision { outcome, changed, event } = decision;
    let mut settlement = Settlement::new(outcome);
    if let Some(order) = changed {
        let version = order.version;
        match &event {
            Some(Event::Submitted(event)) => batch.publish(i, event, Some(version))?,
            Some(Event::Answered(event)) => batch.publish(i, event, Some(version))?,
            Some(Event::Progressed(event)) => batch.publish(i, event, Some(version))?,
            None => {}
        }
        settlement = settlement.of(order.number.as_str(), version);
        desk.file(order);
    }
    batch.settle(i, settlement);
    Ok(())
}
