//! The worker: load the waybills of a batch, decide each message in order, write everything back.
//!
//! Nothing is decided here (see [`crate::decide`]) and no SQL is written here (see [`crate::store`]).

use std::collections::BTreeSet;

use cache::{Cache, Key, Kind};
use contracts::{
    Assigned, Envelope, OrderAccepted, PlaceHold, Refusal, ReleaseHold, ReportStatus, Timestamp,
    WaybillNo, WaybillStanding,
};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Outcome, Settlement, Worker};
use store::Tx;

use crate::change::{Cause, Change};
use crate::decide::{Request, decide};
use crate::history::{Decision, Event, News};
use crate::state::Body;
use crate::store::Waybills;

contracts::inbound! {
    /// Everything that is said about waybills.
    pub(crate) enum Incoming {
        /// An order was cut into waybills: they shall exist.
        Order(OrderAccepted),
        /// ADRA gave a waybill a place.
        Assigned(Assigned),
        /// Something happened outside.
        Report(ReportStatus),
        /// Hold it.
        PlaceHold(PlaceHold),
        /// Release a hold.
        ReleaseHold(ReleaseHold),
    }
}

impl Incoming {
    /// The waybills it is about: one, or all those of an order.
    fn waybill_nos(&self) -> Vec<&WaybillNo> {
        match self {
            Self::Order(order) => order.waybills.iter().map(|draft| &draft.waybill_no).collect(),
            Self::Assigned(assigned) => vec![&assigned.waybill_no],
            Self::Report(report) => vec![&report.waybill_no],
            Self::PlaceHold(hold) => vec![&hold.waybill_no],
            Self::ReleaseHold(release) => vec![&release.waybill_no],
        }
    }
}

/// The worker. It keeps nothing between batches.
#[derive(Debug)]
pub(crate) struct WaybillStatus {
    cache: Cache,
}

impl WaybillStatus {
    /// A worker that shows where waybills stand in `cache`.
    pub(crate) const fn new(cache: Cache) -> Self {
        Self { cache }
    }
}

impl Worker for WaybillStatus {
    type Message = Incoming;
    type Effects = Vec<WaybillStanding>;
    const KIND: WorkerKind = WorkerKind::WaybillStatus;

    /// All waybills of one order go through one lane: the part of their numbers that they share.
    fn lane_key(message: &Incoming) -> LaneKey {
        match message {
            Incoming::Order(order) => {
                LaneKey::of(WaybillNo::order_prefix(&order.source, &order.order_ref).as_str())
            }
            Incoming::Assigned(Assigned { waybill_no, .. })
            | Incoming::Report(ReportStatus { waybill_no, .. })
            | Incoming::PlaceHold(PlaceHold { waybill_no, .. })
            | Incoming::ReleaseHold(ReleaseHold { waybill_no, .. }) => {
                LaneKey::of(waybill_no.order_part())
            }
        }
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<Vec<WaybillStanding>, Failure> {
        let numbers: BTreeSet<WaybillNo> =
            batch.iter().flat_map(|(_, item)| item.message.waybill_nos()).cloned().collect();
        let mut work = Work { waybills: Waybills::load(tx, numbers).await?, now };
        for (index, item) in batch.items().iter().enumerate() {
            let (settlement, events) = work.settle(item)?;
            batch.settle(index, settlement);
            for event in events {
                publish(batch, index, &event)?;
            }
        }
        work.waybills.save(tx, now).await?;
        Ok(work.waybills.standings(now))
    }

    async fn committed(&self, standings: Vec<WaybillStanding>) {
        let entries: Vec<_> = standings.iter().filter_map(cached).collect();
        self.cache.put_if_newer(&entries).await;
    }
}

/// The cache entry of a waybill.
fn cached(standing: &WaybillStanding) -> Option<(Key, u64, Vec<u8>)> {
    let key = Key::new(Kind::WaybillStatus, standing.waybill_no.as_str());
    // it has a JSON form; without an entry queries ask the database
    let body = serde_json::to_vec(standing).ok()?;
    Some((key, standing.version, body))
}

/// What a message comes to.
type Settled = (Settlement, Vec<Event>);

/// A batch while it is decided.
struct Work {
    waybills: Waybills,
    now: Timestamp,
}

impl Work {
    fn settle(&mut self, item: &Item<Incoming>) -> Result<Settled, Failure> {
        let envelope = &item.envelope;
        match &item.message {
            Incoming::Order(order) => self.settle_order(order, envelope),
            Incoming::Assigned(assigned) => {
                let assigned_at = assigned.assigned_at.unwrap_or(envelope.timestamp);
                let change = Change::place(assigned, assigned_at);
                self.settle_change(&assigned.waybill_no, change, envelope)
            }
            Incoming::Report(report) => {
                self.settle_change(&report.waybill_no, Change::report(report), envelope)
            }
            Incoming::PlaceHold(hold) => {
                self.settle_change(&hold.waybill_no, Ok(Change::place_hold(hold)), envelope)
            }
            Incoming::ReleaseHold(release) => {
                let change = Change::release_hold(release);
                self.settle_change(&release.waybill_no, Ok(change), envelope)
            }
        }
    }

    /// Makes every waybill of an order; it is a duplicate when all were there.
    fn settle_order(
        &mut self,
        order: &OrderAccepted,
        envelope: &Envelope,
    ) -> Result<Settled, Failure> {
        let mut outcome = Outcome::Duplicate;
        let mut events = Vec::new();
        for draft in &order.waybills {
            let request = Request::Create { order, draft };
            let decision = self.decide(&draft.waybill_no, request, envelope)?;
            if let (Outcome::Applied, Body::Live(live)) =
                (&decision.outcome, &decision.waybill.body)
            {
                let (id, kind) = (decision.waybill.id, live.traits.kind);
                self.waybills.create(id, kind, order, draft, self.now);
                outcome = Outcome::Applied;
            }
            events.extend(decision.events);
        }
        Ok((Settlement::new(outcome), events))
    }

    /// Does one thing to one waybill, unless it makes no sense for any.
    fn settle_change(
        &mut self,
        no: &WaybillNo,
        change: Result<Change, Refusal>,
        envelope: &Envelope,
    ) -> Result<Settled, Failure> {
        let change = match change {
            Ok(change) => change,
            Err(refusal) => return Ok((Settlement::new(Outcome::Rejected(refusal)), Vec::new())),
        };
        let decision = self.decide(no, Request::Change(&change), envelope)?;
        let version = self.waybills.get(no).map_or(0, |waybill| waybill.version);
        Ok((Settlement::new(decision.outcome).of(no.as_str(), version), decision.events))
    }

    fn decide(
        &mut self,
        no: &WaybillNo,
        request: Request<'_>,
        envelope: &Envelope,
    ) -> Result<Decision, Failure> {
        let Some(waybill) = self.waybills.get(no) else {
            let cause =
                format!("waybill {no} was not loaded with its batch: a defect of waybill-status");
            return Err(Failure::Permanent { cause });
        };
        let Envelope { message_id, actor, correlation_id, .. } = envelope;
        let cause = Cause { message_id: *message_id, actor: actor.clone() };
        let decision = decide(waybill.clone(), request, &cause, self.now);
        self.waybills.record(&decision, correlation_id.as_deref(), self.now)?;
        Ok(decision)
    }
}

fn publish(batch: &mut Batch<Incoming>, cause: usize, event: &Event) -> Result<(), Failure> {
    let seq = Some(event.seq);
    match &event.news {
        News::Created(created) => batch.publish(cause, created.as_ref(), seq),
        News::StatusChanged(changed) => batch.publish(cause, changed, seq),
        News::Held(held) => batch.publish(cause, held, seq),
        News::Released(released) => batch.publish(cause, released, seq),
    }
}
