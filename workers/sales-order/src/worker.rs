//! One batch of sales-order: lock and load, decide each message in order, write, publish.
//!
//! What lives here: the order of these steps, and the network kept between batches. What never does: a
//! decision (`decide.rs`), a statement (`store.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use cache::Cache;
use contracts::{
    Actor, AmendmentReserved, Assigned, CancelWaybill, InvalidId, OrderCancellationRequested,
    ResubmitSalesOrder, Role, SalesOrderNo, SalesOrderStanding, SubmissionDue, Timestamp,
    TransferSalesOrder, WaybillNo,
};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Outcome, Settlement, Worker};
use store::{StoreError, Tx};

use crate::decide::{self, Decision, Event, Request, Wish, before_count, waybill_of};
use crate::desk::{Desk, Read};
use crate::history::Cause;
use crate::incoming::{Incoming, Stretch};
use crate::lifecycle::Fact;
use crate::network::Network;
use crate::settings::SubmitAt;
use crate::shown;
use crate::store as rows;

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
        let pages = pages(tx, batch).await?;
        let due: BTreeSet<&str> = pages.values().flatten().map(|(no, _)| no.as_str()).collect();
        let touched = numbers(batch, |_| true);
        let mut desk = Desk::new(rows::lock_sales_orders(tx, touched.union(&due).copied()).await?);
        let late = late(batch, &desk);
        desk.add_past(rows::lock_past(tx, late.iter().copied()).await?);

        let placed = numbers(batch, |message| matches!(message, Incoming::Assigned(_)));
        let moved = numbers(batch, |message| matches!(message, Incoming::Transfer(_)));
        let amended = numbers(batch, |message| matches!(message, Incoming::Amend(_)));
        let (known, new): (BTreeSet<&str>, BTreeSet<&str>) =
            placed.iter().partition(|waybill_no| desk.order(waybill_no).is_some());
        let late: BTreeSet<&str> = late.into_iter().map(before_count).collect();
        let mut with_lines = numbers(batch, Incoming::needs_lines);
        with_lines.extend(known.iter().chain(&due).chain(&late));
        let mut waybills = numbers(batch, Incoming::needs_waybill);
        waybills.extend(&late);
        let mut lines = rows::waybill_lines(tx, new).await?;
        lines.extend(rows::own_lines(tx, with_lines).await?);
        let chooses = !placed.is_empty() || !moved.is_empty();
        let read = Read {
            lines,
            waybills: rows::waybills(tx, waybills).await?,
            amendments: rows::decided_amendments(tx, amended).await?,
            locked: self.locked(tx, placed.union(&moved).copied()).await?,
            network: if chooses { self.network(tx).await? } else { Arc::default() },
            pages,
        };
        Ok(desk.with(read))
    }

    /// Which places are on locked routes; nobody asks where submission does not wait for the lock.
    async fn locked<'a>(
        &self,
        tx: &Tx,
        waybill_numbers: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, u32>, StoreError> {
        match self.submit_at {
            SubmitAt::Assigned => Ok(BTreeMap::new()),
            SubmitAt::Lock => rows::locked_places(tx, waybill_numbers).await,
        }
    }

    /// When a sales order with this place is submitted: what waits for the lock of its route waits no longer
    /// where that was.
    fn submit_at(&self, desk: &Desk, waybill_no: &str, place_no: u32) -> SubmitAt {
        if desk.is_locked(waybill_no, place_no) { SubmitAt::Assigned } else { self.submit_at }
    }

    fn decide(
        &self,
        desk: &Desk,
        item: &Item<Incoming>,
        now: Timestamp,
    ) -> Result<Decision, Failure> {
        let actor = &item.envelope.actor;
        let waybill_no = item.message.waybill_no().unwrap_or_default();
        let (order, waybill) = (desk.order(waybill_no), desk.waybill(waybill_no));
        let lines = || desk.lines(waybill_no).unwrap_or_default();
        let decision = match &item.message {
            Incoming::Assigned(assigned) => return self.assign(desk, assigned),
            Incoming::Answer(told) => {
                let (fact, reason) = (told.answer.into(), told.reason.as_deref());
                tell(desk, &told.sales_order_no, (fact, reason), actor.role, now)
            }
            Incoming::Progress(told) => {
                tell(desk, &told.sales_order_no, (told.progress.into(), None), actor.role, now)
            }
            Incoming::Cancel(command) => match decide::permit_request(actor, waybill) {
                Ok(()) => decide::request(order, waybill, asked_by(&actor.subject, command), now),
                Err(refusal) => Ok(Decision::refused(refusal)),
            },
            Incoming::CancelOfOrder(event) => decide::request(order, waybill, of_order(event), now),
            Incoming::CancellationAnswer(told) => {
                decide::answer(order, waybill, told, actor, (lines(), now))
            }
            Incoming::Amend(AmendmentReserved { amendment }) => {
                let is_decided = desk.is_amended(waybill_no, amendment.amendment_id);
                decide::amend(order, waybill, amendment, is_decided)
            }
            Incoming::Resubmit(wanted) => resubmit(desk, actor, wanted),
            Incoming::Transfer(wanted) => self.transfer(desk, actor, wanted, now),
            // one that is not locked yet, or not any more, has nothing to submit
            Incoming::Route(_) | Incoming::Due(_) => Ok(Decision::unchanged(Outcome::Stale)),
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
        let submit_at = self.submit_at(desk, waybill_no, assigned.place_no.into());
        decide::assign(current, assigned, lines, desk.network(), submit_at).map_err(permanent)
    }

    fn transfer(
        &self,
        desk: &Desk,
        actor: &Actor,
        wanted: &TransferSalesOrder,
        now: Timestamp,
    ) -> Result<Decision, InvalidId> {
        let waybill_no = waybill_of(&wanted.sales_order_no);
        let case = desk.case(waybill_no);
        if let Err(refusal) = decide::permit_wish(actor, case.waybill) {
            return Ok(Decision::refused(refusal));
        }
        let wish = Wish {
            number: &wanted.sales_order_no,
            by: &actor.subject,
            reason: wanted.reason.as_deref(),
            occurred_at: wanted.occurred_at,
        };
        let place_no = case.current.map_or(0, |order| order.revision);
        let submit_at = self.submit_at(desk, waybill_no, place_no);
        decide::transfer(case, wish, &wanted.warehouse, desk.network(), (submit_at, now))
    }
}

fn resubmit(
    desk: &Desk,
    actor: &Actor,
    wanted: &ResubmitSalesOrder,
) -> Result<Decision, InvalidId> {
    let case = desk.case(waybill_of(&wanted.sales_order_no));
    match decide::permit_wish(actor, case.waybill) {
        Ok(()) => decide::resubmit(case, &wanted.sales_order_no),
        Err(refusal) => Ok(Decision::refused(refusal)),
    }
}

/// A number that has no room for the suffix of a sales order never will.
fn permanent(error: InvalidId) -> Failure {
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
    messages.filter(|message| which(message)).filter_map(Incoming::waybill_no).collect()
}

/// The numbers of sales orders that the warehouse tells something of and that are not in force, sorted.
fn late<'a>(batch: &'a Batch<Incoming>, desk: &Desk) -> BTreeSet<&'a str> {
    let told = batch.iter().filter_map(|(_, item)| item.message.told_of());
    let is_late = |number: &&SalesOrderNo| {
        desk.order(waybill_of(number)).is_some_and(|order| order.number != **number)
    };
    told.filter(is_late).map(SalesOrderNo::as_str).collect()
}

/// The waybills that messages about locked routes submit, by the index of the message.
async fn pages(
    tx: &Tx,
    batch: &Batch<Incoming>,
) -> Result<BTreeMap<usize, BTreeMap<String, u32>>, StoreError> {
    let mut pages = BTreeMap::new();
    for (i, item) in batch.iter() {
        if let Some(Stretch { route_id, done, .. }) = item.message.stretch() {
            pages.insert(i, rows::page_of_route(tx, route_id, done).await?);
        }
    }
    Ok(pages)
}

impl Worker for SalesOrders {
    type Message = Incoming;
    type Effects = Vec<(WaybillNo, SalesOrderStanding)>;
    const KIND: WorkerKind = WorkerKind::SalesOrder;

    fn lane_key(message: &Incoming) -> LaneKey {
        LaneKey::of(match message.stretch() {
            Some(stretch) => stretch.route_ref,
            None => message.waybill_no().unwrap_or_default(),
        })
    }

    fn weight(message: &Incoming) -> usize {
        if message.stretch().is_some() { rows::PAGE } else { 1 }
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<Self::Effects, Failure> {
        let mut desk = self.load(tx, batch).await?;
        for (i, item) in batch.items().iter().enumerate() {
            let cause = Cause::of(&item.envelope);
            let settled = match item.message.stretch() {
                Some(stretch) => submit(batch, i, &mut desk, stretch, &cause),
                None => self
                    .decide(&desk, item, now)
                    .and_then(|it| settle(batch, i, &mut desk, it, &cause)),
            };
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

/// The warehouse told something of the sales order of this very number.
fn tell(
    desk: &Desk,
    number: &SalesOrderNo,
    (fact, reason): (Fact, Option<&str>),
    role: Role,
    now: Timestamp,
) -> Result<Decision, InvalidId> {
    let case = desk.case(waybill_of(number));
    match (case.current.filter(|order| order.number == *number), desk.past(number.as_str())) {
        (Some(order), _) => Ok(decide::record(order, fact, reason, role)),
        (None, Some(past)) => decide::record_late(past, (fact, reason), role, case, now),
        (None, None) => Ok(Decision::unknown(number)),
    }
}

/// Publishes and files what was decided on message `i`.
fn settle(
    batch: &mut Batch<Incoming>,
    i: usize,
    desk: &mut Desk,
    decision: Decision,
    cause: &Cause,
) -> Result<(), Failure> {
    let mut settlement = Settlement::new(decision.outcome.clone());
    if let Some(order) = decision.changed.as_ref().or(decision.past.as_ref()) {
        settlement = settlement.of(order.number.as_str(), order.version);
    }
    carry_out(batch, i, desk, decision, cause)?;
    batch.settle(i, settlement);
    Ok(())
}

/// Submits the next sales orders of a locked route; where there may be more, the rest is the business of
/// another message.
fn submit(
    batch: &mut Batch<Incoming>,
    i: usize,
    desk: &mut Desk,
    stretch: Stretch<'_>,
    cause: &Cause,
) -> Result<(), Failure> {
    let page = desk.page(i);
    let mut outcome = Outcome::Duplicate;
    for (waybill_no, place_no) in &page {
        let lines = desk.lines(waybill_no).unwrap_or_default();
        let order = desk.order(waybill_no);
        if let Some(decision) = order.and_then(|it| decide::submit_locked(it, *place_no, lines)) {
            outcome = Outcome::Applied;
            carry_out(batch, i, desk, decision, cause)?;
        }
    }
    if let Some((last, _)) = page.last().filter(|_| page.len() >= rows::PAGE) {
        let after = WaybillNo::new(last.as_str()).map_err(permanent)?;
        let (route_id, route_ref) = (stretch.route_id, stretch.route_ref.to_owned());
        batch.publish(i, &SubmissionDue { route_id, route_ref, after }, None)?;
    }
    batch.settle(i, Settlement::new(outcome));
    Ok(())
}

fn carry_out(
    batch: &mut Batch<Incoming>,
    i: usize,
    desk: &mut Desk,
    decision: Decision,
    cause: &Cause,
) -> Result<(), Failure> {
    let version = decision.changed.as_ref().map(|order| order.version);
    for event in &decision.events {
        publish(batch, i, event, version)?;
    }
    desk.file(decision, cause);
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
        Event::TransferDecided(event) => batch.publish(cause, event, seq),
        Event::WaybillsWanted(event) => batch.publish(cause, &**event, None),
    }
}
