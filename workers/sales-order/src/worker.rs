//! One batch of sales-order: lock and load, decide each message in order, write, publish.
//!
//! What lives here: the order of these steps, and the network kept between batches. What never does: a
//! decision (`decide.rs`), a statement (`store.rs`).

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use cache::Cache;
use contracts::{
    AmendmentReserved, Assigned, CancelWaybill, OrderCancellationRequested,
    RecordCancellationAnswer, RecordWarehouseAnswer, RecordWarehouseProgress, Role, SalesOrderNo,
    SalesOrderStanding, Timestamp, WaybillNo,
};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Settlement, Worker};
use store::{StoreError, Tx};

use crate::decide::{self, Decision, Event, Request, waybill_of};
use crate::desk::{Desk, Read};
use crate::lifecycle::Fact;
use crate::network::Network;
use crate::settings::SubmitAt;
use crate::shown;
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
        /// Somebody wants a waybill cancelled.
        Cancel(CancelWaybill),
        /// A waybill of an order that is to be cancelled.
        CancelOfOrder(OrderCancellationRequested),
        /// Whoever picks says whether it can still be cancelled.
        CancellationAnswer(RecordCancellationAnswer),
        /// Other quantities, for which there is room.
        Amend(AmendmentReserved),
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

    /// Everything that the batch decides on, its sales orders locked. What only some messages need is read
    /// when there are such messages.
    async fn load(&self, tx: &Tx, batch: &Batch<Incoming>) -> Result<Desk, StoreError> {
        let touched = numbers(batch, |_| true);
        let desk = Desk::new(rows::lock_sales_orders(tx, touched).await?);
        let placed = numbers(batch, |message| matches!(message, Incoming::Assigned(_)));
        let (known, new): (BTreeSet<&str>, BTreeSet<&str>) =
            placed.iter().partition(|waybill_no| desk.order(waybill_no).is_some());
        let answered = numbers(batch, |message| matches!(message, Incoming::CancellationAnswer(_)));
        let amended = numbers(batch, |message| matches!(message, Incoming::Amend(_)));
        let mut lines = rows::waybill_lines(tx, new).await?;
        lines.extend(rows::own_lines(tx, known.union(&answered).copied()).await?);
        let network = if placed.is_empty() { Arc::default() } else { self.network(tx).await? };
        let read = Read {
            lines,
            waybills: rows::waybills(tx, numbers(batch, needs_waybill)).await?,
            amendments: rows::decided_amendments(tx, amended).await?,
            network,
        };
        Ok(desk.with(read))
    }

    fn decide(
        &self,
        desk: &Desk,
        item: &Item<Incoming>,
        now: Timestamp,
    ) -> Result<Decision, Failure> {
        let actor = &item.envelope.actor;
        let waybill_no = waybill_no(&item.message);
        let (order, waybill) = (desk.order(waybill_no), desk.waybill(waybill_no));
        let lines = || desk.lines(waybill_no).unwrap_or_default();
        let decision = match &item.message {
            Incoming::Assigned(assigned) => return self.assign(desk, assigned),
            Incoming::Answer(told) => {
                let (fact, reason) = (told.answer.into(), told.reason.as_deref());
                Ok(tell(desk, &told.sales_order_no, fact, reason, actor.role))
            }
            Incoming::Progress(told) => {
                Ok(tell(desk, &told.sales_order_no, told.progress.into(), None, actor.role))
            }
            Incoming::Cancel(command) => match decide::permit_request(actor, waybill) {
                Ok(()) => decide::request(order, waybill, asked_by(&actor.subject, command), now),
                Err(refusal) => Ok(Decision::refused(refusal)),
            },
            Incoming::CancelOfOrder(event) => decide::request(order, waybill, of_order(event), now),
            Incoming::CancellationAnswer(told) => {
                Ok(decide::answer(order, waybill, told, actor, (lines(), now)))
            }
            Incoming::Amend(AmendmentReserved { amendment }) => {
                let is_decided = desk.is_amended(waybill_no, amendment.amendment_id);
                decide::amend(order, waybill, amendment, is_decided)
            }
        };
        decision.map_err(permanent)
    }

    fn assign(&self, desk: &Desk, assigned: &Assigned) -> Result<Decision, Failure> {
        let waybill_no = assigned.waybill_no.as_str();
        let current = desk.order(waybill_no);
        let lines = match (current, desk.lines(waybill_no)) {
            (Some(_), lines) => lines.unwrap_or_default(),
            // ADRA learns of a waybill from an event that follows the commit of its lines, so this is a
            // replica that lags behind or an event that somebody made up: time tells which.
            (None, None) => {
                let cause = format!("waybill {waybill_no} has a place but no lines");
                return Err(Failure::Transient { cause, retry_after: None });
            }
            (None, Some([])) => return Ok(Decision::not_picked()),
            (None, Some(lines)) => lines,
        };
        decide::assign(current, assigned, lines, desk.network(), self.submit_at).map_err(permanent)
    }
}

/// A number that has no room for the suffix of a sales order never will.
fn permanent(error: contracts::InvalidId) -> Failure {
    Failure::Permanent { cause: error.to_string() }
}

fn asked_by<'a>(by: &'a str, command: &'a CancelWaybill) -> Request<'a> {
    Request {
        waybill_no: &command.waybill_no,
        by,
        reason: command.reason.as_deref(),
        occurred_at: command.occurred_at,
    }
}

/// order-intake has checked who asks.
fn of_order(event: &OrderCancellationRequested) -> Request<'_> {
    Request {
        waybill_no: &event.waybill_no,
        by: &event.requested_by,
        reason: event.reason.as_deref(),
        occurred_at: event.occurred_at,
    }
}

/// The waybills of some messages, sorted.
fn numbers(batch: &Batch<Incoming>, which: impl Fn(&Incoming) -> bool) -> BTreeSet<&str> {
    let messages = batch.iter().map(|(_, item)| &item.message);
    messages.filter(|message| which(message)).map(waybill_no).collect()
}

/// Whether the waybill's own row has a say in it.
const fn needs_waybill(message: &Incoming) -> bool {
    match message {
        Incoming::Assigned(_) | Incoming::Answer(_) | Incoming::Progress(_) => false,
        Incoming::Cancel(_)
        | Incoming::CancelOfOrder(_)
        | Incoming::CancellationAnswer(_)
        | Incoming::Amend(_) => true,
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
                self.decide(&desk, item, now).and_then(|it| settle(batch, i, &mut desk, it));
            if let Err(failure) = settled {
                batch.fail(i, failure);
            }
        }
        desk.write(tx, now).await?;
        Ok(desk.standings())
    }

    async fn committed(&self, standings: Self::Effects) {
        shown::put(&self.cache, &standings).await;
    }

    async fn doubled(&self, sales_orders: Vec<(String, u64)>) {
        shown::drop_older(&self.cache, sales_orders).await;
    }
}

/// The waybill that a message is about: its place in the order of things.
fn waybill_no(message: &Incoming) -> &str {
    match message {
        Incoming::Assigned(assigned) => assigned.waybill_no.as_str(),
        Incoming::Answer(answer) => waybill_of(&answer.sales_order_no),
        Incoming::Progress(progress) => waybill_of(&progress.sales_order_no),
        Incoming::Cancel(command) => command.waybill_no.as_str(),
        Incoming::CancelOfOrder(event) => event.waybill_no.as_str(),
        Incoming::CancellationAnswer(told) => told.waybill_no.as_str(),
        Incoming::Amend(reserved) => reserved.amendment.waybill_no.as_str(),
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
    let Decision { outcome, changed, lines, note, events } = decision;
    let version = changed.as_ref().map(|order| order.version);
    for event in &events {
        publish(batch, i, event, version)?;
    }
    let mut settlement = Settlement::new(outcome);
    if let Some(order) = changed {
        settlement = settlement.of(order.number.as_str(), order.version);
        desk.file(order, lines);
    }
    if let Some(note) = note {
        desk.note(note);
    }
    batch.settle(i, settlement);
    Ok(())
}

fn publish(
    batch: &mut Batch<Incoming>,
    cause: usize,
    event: &Event,
    seq: Option<u64>,
) -> Result<(), Failure> {
    match event {
        Event::Submitted(event) => batch.publish(cause, event, seq),
        Event::Answered(event) => batch.publish(cause, event, seq),
        Event::Progressed(event) => batch.publish(cause, event, seq),
        Event::CancellationAsked(event) => batch.publish(cause, event, seq),
        Event::CancellationDecided(event) => batch.publish(cause, event, seq),
        Event::AmendmentDecided(event) => batch.publish(cause, &**event, seq),
    }
}
