//! The worker: load the waybills of a batch, decide each message in order, write everything back.
//!
//! Nothing is decided here (see [`crate::decide`]) and no SQL is written here (see [`crate::store`]).

use std::collections::BTreeSet;

use cache::{Cache, Key, Kind};
use contracts::{
    AmendmentDecided, Assigned, CancellationDecided, CancellationVerdict, CorrectWaybill, Envelope,
    ItemReply, OrderAccepted, PlaceHold, Refusal, ReleaseHold, ReportStatus, ReportStatuses,
    Timestamp, WaybillEntry, WaybillNo, WaybillsRequested,
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
        /// Further waybills of an order shall exist.
        More(WaybillsRequested),
        /// ADRA gave a waybill a place.
        Assigned(Assigned),
        /// sales-order decided a cancellation.
        Cancellation(CancellationDecided),
        /// An amendment of its order was decided.
        Amendment(AmendmentDecided),
        /// Something happened outside.
        Report(ReportStatus),
        /// Many things happened outside.
        Reports(ReportStatuses),
        /// Set it right.
        Correct(CorrectWaybill),
        /// Hold it.
        PlaceHold(PlaceHold),
        /// Release a hold.
        ReleaseHold(ReleaseHold),
    }
}

impl Incoming {
    /// The waybills it is about.
    fn waybill_nos(&self) -> Vec<&WaybillNo> {
        match self {
            Self::Order(order) | Self::More(WaybillsRequested { order, .. }) => {
                order.waybills.iter().map(|draft| &draft.waybill_no).collect()
            }
            Self::Reports(batch) => batch.reports.iter().map(|report| &report.waybill_no).collect(),
            Self::Amendment(AmendmentDecided { amendment, .. }) => vec![&amendment.waybill_no],
            Self::Assigned(Assigned { waybill_no, .. })
            | Self::Cancellation(CancellationDecided { waybill_no, .. })
            | Self::Report(ReportStatus { waybill_no, .. })
            | Self::Correct(CorrectWaybill { waybill_no, .. })
            | Self::PlaceHold(PlaceHold { waybill_no, .. })
            | Self::ReleaseHold(ReleaseHold { waybill_no, .. }) => vec![waybill_no],
        }
    }

    /// The version of its one waybill that its sender saw, if it says which.
    const fn seen(&self) -> Option<u64> {
        match self {
            Self::Report(ReportStatus { expected_version, .. })
            | Self::PlaceHold(PlaceHold { expected_version, .. })
            | Self::ReleaseHold(ReleaseHold { expected_version, .. }) => *expected_version,
            Self::Order(_)
            | Self::More(_)
            | Self::Assigned(_)
            | Self::Cancellation(_)
            | Self::Amendment(_)
            | Self::Reports(_)
            | Self::Correct(_) => None,
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
    type Effects = Vec<WaybillEntry>;
    const KIND: WorkerKind = WorkerKind::WaybillStatus;

    /// All waybills of one order go through one lane: the part of their numbers that they share. A batch
    /// of reports goes where its first one would; the row locks keep it apart from the other lanes.
    fn lane_key(message: &Incoming) -> LaneKey {
        let first = message.waybill_nos().first().map(|no| no.order_part().to_owned());
        LaneKey::of(first.unwrap_or_default().as_str())
    }

    fn weight(message: &Incoming) -> usize {
        message.waybill_nos().len()
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<Vec<WaybillEntry>, Failure> {
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
        Ok(work.waybills.entries(now))
    }

    async fn committed(&self, shown: Vec<WaybillEntry>) {
        let entries: Vec<_> = shown.iter().filter_map(cached).collect();
        self.cache.put_if_newer(&entries).await;
    }

    async fn doubled(&self, waybills: Vec<(String, u64)>) {
        let keys: Vec<_> =
            waybills.into_iter().map(|(no, v)| (Key::new(Kind::Waybill, no), v)).collect();
        self.cache.drop_older(&keys).await;
    }
}

/// The cache entry of a waybill.
fn cached(shown: &WaybillEntry) -> Option<(Key, u64, Vec<u8>)> {
    let key = Key::new(Kind::Waybill, shown.standing.waybill_no.as_str());
    // it has a JSON form; without an entry queries ask the database
    let body = serde_json::to_vec(shown).ok()?;
    Some((key, shown.standing.version, body))
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
        let (no, change) = match &item.message {
            Incoming::Order(order) | Incoming::More(WaybillsRequested { order, .. }) => {
                return self.settle_order(order, envelope);
            }
            Incoming::Reports(batch) => return self.settle_reports(batch, envelope),
            Incoming::Cancellation(decided) => match decided.verdict {
                CancellationVerdict::Accepted => (&decided.waybill_no, Ok(Change::cancel(decided))),
                // nothing happens to the waybill: its owner keeps the verdict
                CancellationVerdict::Rejected => {
                    return Ok((Settlement::new(Outcome::Stale), Vec::new()));
                }
            },
            Incoming::Amendment(decided) => match decided.refused {
                None => (&decided.amendment.waybill_no, Ok(Change::amend(decided))),
                // the waybill stays what it is
                Some(_) => return Ok((Settlement::new(Outcome::Stale), Vec::new())),
            },
            Incoming::Assigned(assigned) => {
                let assigned_at = assigned.assigned_at.unwrap_or(envelope.timestamp);
                (&assigned.waybill_no, Change::place(assigned, assigned_at))
            }
            Incoming::Report(report) => (&report.waybill_no, Change::report(report)),
            Incoming::Correct(correct) => (&correct.waybill_no, Change::correct(correct)),
            Incoming::PlaceHold(hold) => (&hold.waybill_no, Ok(Change::place_hold(hold))),
            Incoming::ReleaseHold(release) => {
                (&release.waybill_no, Ok(Change::release_hold(release)))
            }
        };
        let seen = item.message.seen();
        let (outcome, events) = self.settle_change(no, change, seen, &cause_of(envelope))?;
        let version = self.waybills.get(no).map_or(0, |waybill| waybill.version);
        Ok((Settlement::new(outcome).of(no.as_str(), version), events))
    }

    /// Makes every waybill of an order; it is a duplicate when all were there.
    fn settle_order(
        &mut self,
        order: &OrderAccepted,
        envelope: &Envelope,
    ) -> Result<Settled, Failure> {
        let cause = cause_of(envelope);
        let mut outcome = Outcome::Duplicate;
        let mut events = Vec::new();
        for draft in &order.waybills {
            let request = Request::Create { order, draft };
            let decision = self.decide(&draft.waybill_no, request, &cause)?;
            if let (Outcome::Applied, Body::Live(_)) = (&decision.outcome, &decision.waybill.body) {
                self.waybills.create(decision.waybill.id, order, draft, self.now);
                self.waybills.set(decision.waybill.id, &decision.details);
                outcome = Outcome::Applied;
            }
            events.extend(decision.events);
        }
        Ok((Settlement::new(outcome), events))
    }

    /// Takes each report of a batch by itself, under an id of its own.
    fn settle_reports(
        &mut self,
        batch: &ReportStatuses,
        envelope: &Envelope,
    ) -> Result<Settled, Failure> {
        let cause = cause_of(envelope);
        let mut outcomes = Vec::with_capacity(batch.reports.len());
        let mut events = Vec::new();
        for (index, report) in batch.reports.iter().enumerate() {
            let batch_id = Some(cause.message_id);
            let message_id = cause.message_id.of_item(index);
            let cause = Cause { message_id, batch_id, ..cause.clone() };
            let change = Change::report(report);
            let seen = report.expected_version;
            let (outcome, more) = self.settle_change(&report.waybill_no, change, seen, &cause)?;
            outcomes.push(outcome);
            events.extend(more);
        }
        let items = (0..).zip(&outcomes).map(|(item, outcome)| answer(item, outcome)).collect();
        Ok((Settlement::new(of_all(&outcomes)).with_items(items), events))
    }

    /// Does one thing to one waybill, unless it makes no sense for any.
    fn settle_change(
        &mut self,
        no: &WaybillNo,
        change: Result<Change, Refusal>,
        seen: Option<u64>,
        cause: &Cause,
    ) -> Result<(Outcome, Vec<Event>), Failure> {
        let change = match change {
            Ok(change) => change,
            Err(refusal) => return Ok((Outcome::Rejected(refusal), Vec::new())),
        };
        let decision = self.decide(no, Request::Change { change: &change, seen }, cause)?;
        self.waybills.set(decision.waybill.id, &decision.details);
        Ok((decision.outcome, decision.events))
    }

    fn decide(
        &mut self,
        no: &WaybillNo,
        request: Request<'_>,
        cause: &Cause,
    ) -> Result<Decision, Failure> {
        let Some(waybill) = self.waybills.get(no) else {
            let cause =
                format!("waybill {no} was not loaded with its batch: a defect of waybill-status");
            return Err(Failure::Permanent { cause });
        };
        let decision = decide(waybill.clone(), request, cause, self.now);
        self.waybills.record(&decision, self.now)?;
        Ok(decision)
    }
}

fn cause_of(envelope: &Envelope) -> Cause {
    let Envelope { message_id, user_id, actor, correlation_id, .. } = envelope;
    Cause {
        message_id: *message_id,
        batch_id: None,
        sender: user_id.clone(),
        actor: actor.clone(),
        correlation_id: correlation_id.clone(),
    }
}

fn answer(item: u32, outcome: &Outcome) -> ItemReply {
    let detail = match outcome {
        Outcome::Rejected(refusal) => Some(refusal.detail.clone()),
        Outcome::Applied | Outcome::Duplicate | Outcome::Stale | Outcome::Parked => None,
    };
    ItemReply { item, code: outcome.code().to_owned(), detail }
}

/// What a batch comes to as a whole: the most that one of its items came to.
fn of_all(outcomes: &[Outcome]) -> Outcome {
    let some = |wanted: &Outcome| outcomes.contains(wanted).then(|| wanted.clone());
    [Outcome::Applied, Outcome::Parked, Outcome::Stale, Outcome::Duplicate]
        .iter()
        .find_map(some)
        .unwrap_or_else(|| {
            Outcome::Rejected(Refusal::new("NO_REPORT_TAKEN", "see what became of each item"))
        })
}

fn publish(batch: &mut Batch<Incoming>, cause: usize, event: &Event) -> Result<(), Failure> {
    let seq = Some(event.seq);
    match &event.news {
        News::Created(created) => batch.publish(cause, created.as_ref(), seq),
        News::StatusChanged(changed) => batch.publish(cause, changed, seq),
        News::AttemptFailed(failed) => batch.publish(cause, failed, seq),
        News::CancelledButMoved(moved) => batch.publish(cause, moved, seq),
        News::Corrected(corrected) => batch.publish(cause, corrected, seq),
        News::Held(held) => batch.publish(cause, held, seq),
        News::Released(released) => batch.publish(cause, released, seq),
    }
}
