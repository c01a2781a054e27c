//! The sweep of stubs: what was said of a waybill that did not come to exist for a day becomes dead
//! letters. One instance does it at a time, under a lease.
//!
//! A message is a dead letter first and forgotten by the stub then: a crash in between makes the same
//! dead letters again, under the same ids. What never happens here: a decision (see [`crate::decide`]).

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use contracts::{Envelope, Timestamp, TraceContext, WaybillNo, derive_message_id};
use queue_topology::{WorkQueue, WorkerKind};
use runtime::{Context, DeadLetter, SendError};
use store::StoreError;
use telemetry::{Counter, Gauge};
use thiserror::Error;

use crate::decide::{UNKNOWN_WAYBILL, give_up};
use crate::settings::StubSettings;
use crate::state::{Early, Waybill};
use crate::store::{Waybills, count_waiting_since_before, stubs_waiting_since_before};

/// Who sweeps, by name.
const LEASE: &str = "stubs/waybill-status";
/// Longer than a round takes.
const LEASE_SECONDS: u32 = 60;
/// Reports that wait longer than this for their proof are counted.
const LONG_PARKED: TimeDelta = TimeDelta::minutes(15);

/// Starts the sweep beside the worker.
pub(crate) fn start(settings: StubSettings, context: &Context) {
    let registry = &context.registry;
    let sweep = Sweep {
        settings,
        context: context.clone(),
        given_up: registry.counter(
            "dray_waybill_messages_given_up",
            "Messages for waybills that never came to exist, now dead letters",
        ),
        parked: registry.gauge(
            "dray_waybills_parked",
            "Waybills with a report that has waited for its proof for more than 15 minutes",
        ),
    };
    context.spawn("stubs", sweep.run());
}

/// Why a stub stays for now.
#[derive(Debug, Error)]
enum SweepError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Send(#[from] SendError),
    #[error("a message has no JSON form: {0}")]
    Encode(#[from] serde_json::Error),
}

struct Sweep {
    settings: StubSettings,
    context: Context,
    given_up: Counter,
    parked: Gauge,
}

impl Sweep {
    async fn run(self) -> Result<(), String> {
        let shutdown = self.context.shutdown();
        let every = Duration::from_secs(self.settings.stub_sweep_seconds.into());
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = shutdown.begun() => return Ok(()),
            }
            if let Err(error) = self.round().await {
                tracing::debug!(%error, "stubs stay for now");
            }
        }
    }

    async fn round(&self) -> Result<(), SweepError> {
        let Context { database, instance, .. } = &self.context;
        if store::lease::take(database, LEASE, instance, LEASE_SECONDS).await?.is_none() {
            self.parked.set(0);
            return Ok(());
        }
        let now = Timestamp::now();
        self.parked.set(count_waiting_since_before(database, earlier(now, LONG_PARKED)).await?);
        let age = TimeDelta::seconds(self.settings.stub_seconds.into());
        for no in stubs_waiting_since_before(database, earlier(now, age)).await? {
            if self.context.shutdown().has_begun() {
                return Ok(());
            }
            if let Err(error) = self.give_up_on(&no, now).await {
                tracing::warn!(%error, waybill_no = %no, "a stub stays for now");
            }
        }
        Ok(())
    }

    async fn give_up_on(&self, no: &WaybillNo, now: Timestamp) -> Result<(), SweepError> {
        let Some(seen) = self.read(no).await? else { return Ok(()) };
        let (_, given_up) = give_up(seen.clone(), now);
        for early in &given_up {
            if let Some(letter) = letter(no, early)? {
                self.context.dead_letter(letter).await?;
            }
        }
        if self.forget(&seen, now).await? {
            let count = u64::try_from(given_up.len()).unwrap_or(0);
            self.given_up.inc_by(count);
            tracing::warn!(waybill_no = %no, messages = count, "no such waybill: dead letters");
        }
        Ok(())
    }

    /// The waybill as it is, without holding on to it.
    async fn read(&self, no: &WaybillNo) -> Result<Option<Waybill>, StoreError> {
        let tx = self.context.database.begin().await?;
        let waybills = Waybills::load(&tx, BTreeSet::from([no.clone()])).await?;
        tx.rollback().await?;
        Ok(waybills.get(no).filter(|waybill| waybill.version > 0).cloned())
    }

    /// Takes what was given up out of the stub, if nothing happened to it meanwhile.
    async fn forget(&self, seen: &Waybill, now: Timestamp) -> Result<bool, StoreError> {
        let tx = self.context.database.begin().await?;
        let mut waybills = Waybills::load(&tx, BTreeSet::from([seen.no.clone()])).await?;
        if waybills.get(&seen.no) != Some(seen) {
            tx.rollback().await?;
            return Ok(false);
        }
        let (decision, _) = give_up(seen.clone(), now);
        waybills.record(&decision, now)?;
        waybills.save(&tx, now).await?;
        tx.commit().await?;
        Ok(true)
    }
}

fn earlier(now: Timestamp, by: TimeDelta) -> Timestamp {
    (now.as_datetime() - by).into()
}

/// The dead letter of a message. It had its effect (it was kept), so that trying it again needs an id
/// of its own.
fn letter(no: &WaybillNo, early: &Early) -> Result<Option<DeadLetter>, serde_json::Error> {
    let Some(body) = early.change.body(no).transpose()? else { return Ok(None) };
    let cause = &early.cause;
    let envelope = Envelope {
        message_id: derive_message_id(UNKNOWN_WAYBILL, &cause.message_id.to_string()),
        message_type: early.change.message_type().to_owned(),
        timestamp: Timestamp::now(),
        app_id: WorkerKind::WaybillStatus.name().to_owned(),
        user_id: cause.sender.clone(),
        actor: cause.actor.clone(),
        correlation_id: cause.correlation_id.clone(),
        reply_to: None,
        trace: TraceContext::default(),
        attempt: 0,
        seq: None,
    };
    let detail = format!(
        "waybill {no} does not exist: mend the number, or try this again once its order has come"
    );
    let (queue, reason) = (WorkQueue::Commands, UNKNOWN_WAYBILL);
    Ok(Some(DeadLetter { envelope, body, queue, reason, detail }))
}
