//! The sweep of questions for cancellation that wait: the road decides those of parcels that left, and
//! others are told once of those that nobody answers. One instance does it at a time, under a lease.
//!
//! Each question is looked at again under the lock of its sales order, in a transaction of its own: a lost
//! lease or a second instance changes nothing. What never happens here: a decision (see [`crate::decide`]).

use std::time::Duration;

use cache::Cache;
use chrono::TimeDelta;
use contracts::{Contract, SalesOrderStanding, Timestamp, WaybillNo, derive_message_id};
use queue_topology::WorkerKind;
use runtime::Context;
use store::outbox::{self, OutboxRow};
use store::{StoreError, Tx};
use telemetry::{Counter, Gauge};
use thiserror::Error;

use crate::decide::{self, Decision, Event, Look, OpenQuestion};
use crate::desk::Desk;
use crate::history::Cause;
use crate::settings::QuestionSettings;
use crate::{shown, store as rows};

/// Who sweeps, by name.
const LEASE: &str = "cancellations/sales-order";
/// Longer than a round takes.
const LEASE_SECONDS: u32 = 60;
/// Who publishes.
const SELF: &str = WorkerKind::SalesOrder.name();

/// Starts the sweep beside the worker.
pub(crate) fn start(settings: QuestionSettings, context: &Context, cache: Cache) {
    let registry = &context.registry;
    let sweep = Sweep {
        patience: TimeDelta::minutes(settings.cancellation_overdue_minutes.into()),
        every: Duration::from_secs(settings.cancellation_sweep_seconds.into()),
        context: context.clone(),
        cache,
        open: registry
            .gauge("dray_cancellations_open", "Questions for cancellation that wait for an answer"),
        overdue: registry.counter(
            "dray_cancellations_overdue",
            "Questions for cancellation that waited too long for an answer",
        ),
    };
    context.spawn("questions", sweep.run());
}

/// Why a question waits on for now.
#[derive(Debug, Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("an event has no JSON form: {0}")]
    Encode(#[from] serde_json::Error),
}

struct Sweep {
    patience: TimeDelta,
    every: Duration,
    context: Context,
    cache: Cache,
    open: Gauge,
    overdue: Counter,
}

/// What came of one look, once it is committed.
#[derive(Default)]
struct Looked {
    outbox: Vec<OutboxRow>,
    standings: Vec<(WaybillNo, SalesOrderStanding)>,
    is_overdue: bool,
}

impl Sweep {
    async fn run(self) -> Result<(), String> {
        let shutdown = self.context.shutdown();
        let mut ticks = tokio::time::interval(self.every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = shutdown.begun() => return Ok(()),
            }
            if let Err(error) = self.round().await {
                tracing::debug!(%error, "open questions wait on for now");
            }
        }
    }

    async fn round(&self) -> Result<(), SweepError> {
        let Context { database, instance, .. } = &self.context;
        if store::lease::take(database, LEASE, instance, LEASE_SECONDS).await?.is_none() {
            self.open.set(0);
            return Ok(());
        }
        self.open.set(rows::count_open(database).await?);
        let mut waybills = rows::on_the_road(database).await?;
        let asked_before = (Timestamp::now().as_datetime() - self.patience).into();
        waybills.extend(rows::waiting_since_before(database, asked_before).await?);
        for waybill_no in waybills {
            if self.context.shutdown().has_begun() {
                return Ok(());
            }
            if let Err(error) = self.look_at(&waybill_no).await {
                tracing::warn!(%error, %waybill_no, "an open question waits on for now");
            }
        }
        Ok(())
    }

    async fn look_at(&self, waybill_no: &WaybillNo) -> Result<(), SweepError> {
        let tx = self.context.database.begin().await?;
        let looked = self.look_again(&tx, waybill_no, Timestamp::now()).await?;
        outbox::insert(&tx, SELF, &looked.outbox).await?;
        tx.commit().await?;
        if looked.is_overdue {
            self.overdue.inc();
            tracing::warn!(%waybill_no, "nobody answers a question for cancellation");
        }
        self.context.publish(looked.outbox);
        shown::put(&self.cache, &looked.standings).await;
        Ok(())
    }

    async fn look_again(
        &self,
        tx: &Tx,
        waybill_no: &WaybillNo,
        now: Timestamp,
    ) -> Result<Looked, SweepError> {
        let no = waybill_no.as_str();
        let desk = Desk::new(rows::lock_sales_orders(tx, [no]).await?);
        let waybills = rows::waybills(tx, [no]).await?;
        let question = rows::open_question(tx, waybill_no).await?;
        let (Some(order), Some(question)) = (desk.order(no), question) else {
            return Ok(Looked::default());
        };
        match decide::look_again(order, waybills.get(no), &question, self.patience, now) {
            Look::Waits => Ok(Looked::default()),
            Look::Decided(decision) => close(tx, desk, *decision, &question, now).await,
            Look::Overdue(event) => {
                rows::mark_overdue(tx, waybill_no, question.number, now).await?;
                let key = format!("overdue {waybill_no} {}", question.number);
                let outbox = vec![outbox_row(&event, &key, (None, &question), now)?];
                Ok(Looked { outbox, is_overdue: true, ..Looked::default() })
            }
        }
    }
}

/// Writes a question that was decided without an answer. It belongs to the conversation of who asked.
async fn close(
    tx: &Tx,
    mut desk: Desk,
    decision: Decision,
    question: &OpenQuestion,
    now: Timestamp,
) -> Result<Looked, SweepError> {
    let mut looked = Looked::default();
    let version = decision.changed.as_ref().map(|order| order.version);
    for event in &decision.events {
        looked.outbox.extend(told(event, (version, question), now)?);
    }
    if let Some(row) = looked.outbox.first() {
        let correlation_id = row.correlation_id.as_deref();
        desk.file(decision, &Cause::own(&row.message_type, row.message_id, correlation_id));
    }
    desk.write(tx, now).await?;
    looked.standings = desk.standings();
    Ok(looked)
}

/// The events of a question that is closed without an answer; there are no others.
fn told(
    event: &Event,
    of: (Option<u64>, &OpenQuestion),
    now: Timestamp,
) -> Result<Option<OutboxRow>, serde_json::Error> {
    let key = |waybill_no: &WaybillNo| format!("decided {waybill_no} {}", of.1.number);
    match event {
        Event::CancellationDecided(event) => {
            outbox_row(event, &key(&event.waybill_no), of, now).map(Some)
        }
        Event::TransferDecided(event) => {
            outbox_row(event, &key(&event.waybill_no), of, now).map(Some)
        }
        Event::Submitted(_)
        | Event::Answered(_)
        | Event::Progressed(_)
        | Event::CancellationAsked(_)
        | Event::AmendmentDecided(_)
        | Event::WaybillsWanted(_) => Ok(None),
    }
}

/// An event without a message that caused it; its id follows from `key`. It goes on with the conversation
/// of who asked the question, or begins one.
fn outbox_row<C: Contract>(
    event: &C,
    key: &str,
    (seq, question): (Option<u64>, &OpenQuestion),
    now: Timestamp,
) -> Result<OutboxRow, serde_json::Error> {
    let message_id = derive_message_id(SELF, key);
    let begins = || message_id.to_string();
    Ok(OutboxRow {
        message_id,
        exchange: C::EXCHANGE.name().to_owned(),
        routing_key: event.routing_key().as_str().to_owned(),
        message_type: C::TYPE.to_owned(),
        seq,
        correlation_id: Some(question.correlation_id.clone().unwrap_or_else(begins)),
        actor: None,
        traceparent: None,
        body: serde_json::to_string(event)?,
        created_at: now,
    })
}
