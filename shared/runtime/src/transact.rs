//! One batch, one transaction: what was seen, the worker's own work, how it ended, what to publish.
//!
//! It runs on a task of its own and is never cancelled: a dropped transaction could stay open in the pool.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use contracts::{Envelope, MessageId, Refusal, Reply, ReplyOutcome, Timestamp};
use store::inbox::Settled;
use store::outbox::OutboxRow;
use store::{ErrorClass, StoreError, Tx};
use telemetry::Stage;

use crate::batch::Finished;
use crate::core::Core;
use crate::{Batch, Failure, Item, Worker};

/// A committed batch.
pub(crate) struct Committed<E> {
    /// For each message of the batch, in its order: what its sender is told.
    pub(crate) replies: Vec<(Reply, telemetry::Outcome)>,
    /// What to publish now; rows of the outbox.
    pub(crate) outbox: Vec<OutboxRow>,
    pub(crate) effects: E,
    /// What messages that had their effect before changed then: aggregate and version.
    pub(crate) doubled: Vec<(String, u64)>,
}

/// Why a batch was not committed, and whose trouble that is.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// The database is away: nobody's fault here. Wait.
    Lane(StoreError),
    /// A race was lost: run the same batch again.
    Race(StoreError),
    /// These messages (by index) cannot be done; the others can.
    Messages(Vec<(usize, Failure)>),
    /// Somebody in this batch is to blame.
    Unattributed(Failure),
    /// The worker panicked; somebody in this batch made it.
    Panic(String),
}

impl From<Failure> for Trouble {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Store(error) => match error.class() {
                ErrorClass::Lane => Self::Lane(error),
                ErrorClass::Retry => Self::Race(error),
                ErrorClass::Statement => Self::Unattributed(Failure::Store(error)),
            },
            other @ (Failure::Transient { .. } | Failure::Permanent { .. }) => {
                Self::Unattributed(other)
            }
        }
    }
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Failure::Store(error).into()
    }
}

/// A message id with its sender: the key of the inbox.
type Key = (String, MessageId);

fn key(envelope: &Envelope) -> Key {
    (envelope.user_id.to_string(), envelope.message_id)
}

/// Runs `items` as one transaction.
pub(crate) async fn transact<W: Worker>(
    core: &Core,
    worker: &W,
    items: &[Arc<Item<W::Message>>],
) -> Result<Committed<W::Effects>, Trouble> {
    let clock = Clock::start(core);
    let consumer = core.kind.name();
    let now = Timestamp::now();
    let tx = core.database.begin().await?;
    let mut known = seen(&tx, consumer, items).await?;
    let fresh = first_of_each(items, &known);
    let doubled = known.values().filter_map(|settled| changed(&settled.reply)).collect();
    clock.stage(Stage::Inbox);

    let mut batch = Batch::new(fresh, contracts::delegation_of(&core.user), now);
    let effects = if batch.is_empty() {
        W::Effects::default()
    } else {
        worker.handle(&tx, &mut batch, now).await?
    };
    clock.stage(Stage::Handle);

    let Finished { settled, failed, outbox } = batch.finish();
    if !failed.is_empty() {
        tx.rollback().await?;
        return Err(match nobodys_fault(&failed) {
            Some(error) => error.into(),
            None => Trouble::Messages(by_position(items, &known, failed)),
        });
    }
    let mut outcomes: HashMap<Key, telemetry::Outcome> = settled
        .iter()
        .map(|(item, settlement)| (key(&item.envelope), settlement.outcome.metric()))
        .collect();
    let records: Vec<(Arc<Item<W::Message>>, Settled)> = settled
        .into_iter()
        .map(|(item, settlement)| {
            let reply = settlement.reply(&item);
            let body_hash = item.body_hash;
            (item, Settled { reply, body_hash })
        })
        .collect();
    let rows: Vec<(&Envelope, &Settled)> =
        records.iter().map(|(item, settled)| (&item.envelope, settled)).collect();
    store::inbox::record(&tx, consumer, &rows, now).await?;
    store::outbox::insert(&tx, consumer, &outbox).await?;
    clock.stage(Stage::Write);

    tx.commit().await.map_err(Trouble::Lane)?;
    clock.stage(Stage::Commit);
    known.extend(records.iter().map(|(item, settled)| (key(&item.envelope), settled.clone())));
    let replies = items.iter().map(|item| answer(item, &known, &mut outcomes)).collect();
    clock.finish();
    Ok(Committed { replies, outbox, effects, doubled })
}

fn changed(reply: &Reply) -> Option<(String, u64)> {
    Some((reply.aggregate.clone()?, reply.version?))
}

async fn seen<M>(
    tx: &Tx,
    consumer: &str,
    items: &[Arc<Item<M>>],
) -> Result<HashMap<Key, Settled>, Trouble> {
    let envelopes: Vec<&Envelope> = items.iter().map(|item| &item.envelope).collect();
    Ok(store::inbox::seen(tx, consumer, &envelopes).await?.into_iter().collect())
}

/// The items that are new, each id once.
fn first_of_each<M>(items: &[Arc<Item<M>>], known: &HashMap<Key, Settled>) -> Vec<Arc<Item<M>>> {
    let mut taken = std::collections::HashSet::new();
    items
        .iter()
        .filter(|item| {
            let key = key(&item.envelope);
            !known.contains_key(&key) && taken.insert(key)
        })
        .cloned()
        .collect()
}

/// The worker counts its own (new) items; the lane counts all of them. A failed message takes its
/// doubles in the same batch with it: they are the same message.
fn by_position<M>(
    items: &[Arc<Item<M>>],
    known: &HashMap<Key, Settled>,
    failed: Vec<(usize, Failure)>,
) -> Vec<(usize, Failure)> {
    let fresh = first_of_each(items, known);
    let mut positions = Vec::new();
    for (index, failure) in failed {
        let Some(culprit) = fresh.get(index).map(|item| key(&item.envelope)) else {
            continue;
        };
        let doubles = items.iter().enumerate().filter(|(_, item)| key(&item.envelope) == culprit);
        positions.extend(doubles.map(|(position, _)| (position, failure.clone())));
    }
    positions
}

/// A worker may pin on a message what is the database's trouble; that is nobody's fault all the same.
fn nobodys_fault(failed: &[(usize, Failure)]) -> Option<StoreError> {
    failed.iter().find_map(|(_, failure)| match failure {
        Failure::Store(error) if error.class() != ErrorClass::Statement => Some(error.clone()),
        Failure::Store(_) | Failure::Transient { .. } | Failure::Permanent { .. } => None,
    })
}

/// What the sender of `item` is told: the stored answer, or that its key was used for another body.
/// `outcomes` has what was settled just now; the first of equal messages takes it, the others are doubles.
fn answer<M>(
    item: &Item<M>,
    known: &HashMap<Key, Settled>,
    outcomes: &mut HashMap<Key, telemetry::Outcome>,
) -> (Reply, telemetry::Outcome) {
    let key = key(&item.envelope);
    let message_id = item.envelope.message_id;
    match known.get(&key) {
        Some(settled) if settled.body_hash == item.body_hash => {
            let outcome = outcomes.remove(&key).unwrap_or(telemetry::Outcome::Duplicate);
            (settled.reply.clone(), outcome)
        }
        Some(_) => {
            let refusal = Refusal::new(
                "KEY_REUSED",
                format!("message id {message_id} was used before with another body: take a new id"),
            );
            (rejected(message_id, refusal), telemetry::Outcome::Rejected)
        }
        None => {
            let refusal = Refusal::new("NOT_SETTLED", "this message was not settled: a defect");
            (rejected(message_id, refusal), telemetry::Outcome::Rejected)
        }
    }
}

fn rejected(message_id: MessageId, refusal: Refusal) -> Reply {
    Reply {
        message_id,
        outcome: ReplyOutcome::Rejected,
        code: refusal.code.clone(),
        refusal: Some(refusal),
        items: Vec::new(),
        aggregate: None,
        version: None,
    }
}

/// Times the stages of one batch.
struct Clock<'a> {
    core: &'a Core,
    start: Instant,
    last: std::sync::Mutex<Instant>,
}

impl<'a> Clock<'a> {
    fn start(core: &'a Core) -> Self {
        let start = Instant::now();
        Self { core, start, last: std::sync::Mutex::new(start) }
    }

    fn stage(&self, stage: Stage) {
        let now = Instant::now();
        if let Ok(mut last) = self.last.lock() {
            self.core.metrics.stage(stage, now.duration_since(*last));
            *last = now;
        }
    }

    fn finish(self) {
        self.core.metrics.stage(Stage::Total, self.start.elapsed());
    }
}
