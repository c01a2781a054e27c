//! Trying waybills without a place again when there may be more capacity: after a start and whenever the
//! network is another one. In the background and in small transactions, so that new waybills do not wait.
//!
//! A round offers a place to every waybill that was last tried before the round began, and each try is
//! written down. So a round ends by itself, a crash loses nothing (the next start begins one), and instances
//! that run rounds at the same time share the work. Never here: a rule of assignment.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{Days, NaiveDate};
use contracts::{Contract, MessageId, Timestamp};
use pacing::Backoff;
use queue_topology::WorkerKind;
use routing::SlotDayKey;
use runtime::{Failure, Shutdown};
use store::outbox::{self, OutboxRow};
use store::{Database, Tx};
use thiserror::Error;
use uuid::Uuid;

use crate::assignment::Assignment;
use crate::decide::{Event, News, Planned, Planner, assigned_at, slot_day_of};
use crate::network::Served;
use crate::planning::{Opened, open};
use crate::state::Plan;
use crate::store::{lock_unassignable, save, unassignable_before};
use crate::worker::{Effects, Shared};

/// A round stopped; the next one goes on.
#[derive(Debug, Error)]
pub(crate) enum RetryError {
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error("an event does not serialise: {0}")]
    Event(#[from] serde_json::Error),
}

/// Takes committed outbox rows to be published.
type Publish = Box<dyn Fn(Vec<OutboxRow>) + Send + Sync>;

/// The background task.
pub(crate) struct Retries {
    shared: Arc<Shared>,
    database: Database,
    publish: Publish,
}

impl Retries {
    /// Retries that hand what they have committed to `publish`; what it loses, the outbox sweep finds.
    pub(crate) fn new(
        shared: Arc<Shared>,
        database: Database,
        publish: impl Fn(Vec<OutboxRow>) + Send + Sync + 'static,
    ) -> Self {
        let publish = Box::new(publish);
        Self { shared, database, publish }
    }

    /// Runs rounds until shutdown: one now, one after each change of the network.
    pub(crate) async fn run(self, shutdown: Shutdown) -> Result<(), String> {
        let mut backoff = Backoff::lane();
        let mut began_at = Timestamp::now();
        while !shutdown.has_begun() {
            match self.round(began_at, &shutdown).await {
                Ok(placed) => {
                    backoff.reset();
                    if placed > 0 {
                        tracing::info!(placed, "waybills found a place after all");
                    }
                    tokio::select! {
                        () = self.shared.more_capacity.notified() => {}
                        () = shutdown.begun() => {}
                    }
                    began_at = Timestamp::now();
                }
                Err(error) => {
                    tracing::warn!(%error, "trying waybills again stopped; going on soon");
                    backoff.wait().await;
                }
            }
        }
        Ok(())
    }

    /// Tries every waybill once that was last tried before the round began; gives how many got a place.
    ///
    /// # Errors
    /// [`RetryError`]; what was tried before it is committed.
    pub(crate) async fn round(
        &self,
        began_at: Timestamp,
        shutdown: &Shutdown,
    ) -> Result<u64, RetryError> {
        let mut placed = 0;
        while !shutdown.has_begun() {
            let tx = self.database.begin().await?;
            let step = match self.step(&tx, began_at).await {
                Ok(step) => step,
                Err(error) => {
                    tx.rollback().await?;
                    return Err(error);
                }
            };
            tx.commit().await?;
            (self.publish)(step.outbox);
            self.shared.committed(step.effects).await;
            placed += step.placed;
            if step.tried == 0 {
                break;
            }
        }
        Ok(placed)
    }

    async fn step(&self, tx: &Tx, before: Timestamp) -> Result<Step, RetryError> {
        let now = Timestamp::now();
        // no network, no capacity: nothing to try
        let Ok(current) = self.shared.networks.current(tx).await? else {
            return Ok(Step::default());
        };
        if current.is_new {
            self.shared.more_capacity.notify_one();
        }
        let served = current.served;
        let numbers = unassignable_before(tx, self.first_date(now), before).await?;
        let waybills = lock_unassignable(tx, &numbers).await?;
        let keys = waybills.iter().filter_map(|waybill| slot_day_of(&served.network, waybill));
        let Opened { plans, broken } = open(tx, &self.shared.kept, &served, keys.collect()).await?;
        for contradiction in broken.values() {
            tracing::error!(%contradiction, "a slot day is left out");
        }
        self.offer(tx, &served, plans, waybills, now).await
    }

    async fn offer(
        &self,
        tx: &Tx,
        served: &Served,
        plans: BTreeMap<SlotDayKey, Plan>,
        waybills: Vec<Assignment>,
        now: Timestamp,
    ) -> Result<Step, RetryError> {
        let (tried, mut placed) = (waybills.len(), 0);
        let clock = self.shared.clock(now);
        let mut planner =
            Planner::new(&served.network, clock, Uuid::now_v7, plans, BTreeMap::new());
        planner.demands = self.shared.forecasts.get();
        for waybill in waybills {
            let is_placed = planner.retry(0, waybill).map_err(Failure::from)?;
            placed += u64::from(is_placed);
        }
        let Planned { writes, news, plans } = planner.finish();
        save(tx, &writes, now).await.map_err(Failure::from)?;
        let rows = news.iter().map(|news| outbox_row(news, now)).collect::<Result<Vec<_>, _>>()?;
        outbox::insert(tx, WorkerKind::AdraAssigner.name(), &rows).await?;
        Ok(Step { tried, placed, outbox: rows, effects: Effects::of(&writes, plans) })
    }

    /// Earlier delivery dates are past in every time zone.
    fn first_date(&self, now: Timestamp) -> NaiveDate {
        if self.shared.is_replay {
            return NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default();
        }
        let today = now.date();
        today.checked_sub_days(Days::new(1)).unwrap_or(today)
    }
}

/// One transaction of a round.
#[derive(Debug, Default)]
struct Step {
    tried: usize,
    placed: u64,
    outbox: Vec<OutboxRow>,
    effects: Effects,
}

/// An event without a message that caused it.
pub(crate) fn outbox_row(news: &News, now: Timestamp) -> Result<OutboxRow, serde_json::Error> {
    match &news.event {
        Event::Assigned(event) => row_of(&assigned_at(event, now), news.seq, now),
        Event::Unassignable(event) => row_of(event, news.seq, now),
        Event::Unassigned(event) => row_of(event, news.seq, now),
        Event::Route(event) => row_of(event, news.seq, now),
        Event::Reserved(event) => row_of(event, news.seq, now),
        Event::Decided(event) => row_of(event, news.seq, now),
    }
}

/// An event as it is published, without a message that caused it.
pub(crate) fn row_of<C: Contract>(
    event: &C,
    seq: u64,
    now: Timestamp,
) -> Result<OutboxRow, serde_json::Error> {
    Ok(OutboxRow {
        message_id: MessageId::generate(),
        exchange: C::EXCHANGE.name().to_owned(),
        routing_key: event.routing_key().as_str().to_owned(),
        message_type: C::TYPE.to_owned(),
        seq: Some(seq),
        correlation_id: None,
        actor: None,
        traceparent: None,
        body: serde_json::to_string(event)?,
        created_at: now,
    })
}
