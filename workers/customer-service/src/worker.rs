//! One batch of customer-service: lock and load, decide each message in order, write, publish.
//!
//! What lives here: the order of these steps. What never does: a decision (`decide.rs`), a statement
//! (`store.rs`).

use contracts::{OpenCase, Timestamp};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Settlement, Worker};
use store::Tx;
use uuid::Uuid;

use crate::decide::{Cause, Decision, Notice, decide};
use crate::message::Incoming;
use crate::settings::Policy;
use crate::store as rows;

/// Keeps returns, replacements and cases. It remembers nothing between batches.
#[derive(Debug)]
pub(crate) struct CustomerService {
    policy: Policy,
}

impl CustomerService {
    /// A worker that decides by `policy`.
    pub(crate) const fn new(policy: Policy) -> Self {
        Self { policy }
    }
}

impl Worker for CustomerService {
    type Message = Incoming;
    type Effects = ();
    const KIND: WorkerKind = WorkerKind::CustomerService;

    fn lane_key(message: &Incoming) -> LaneKey {
        if let Some(key) = message.return_key() {
            return LaneKey::of((key.source.as_str(), key.return_ref.as_str()));
        }
        if let Some(waybill_no) = message.waybill_no() {
            return LaneKey::of(waybill_no.as_str());
        }
        match message {
            Incoming::Replace(asked) => {
                LaneKey::of((asked.source.as_str(), asked.order_ref.as_str()))
            }
            Incoming::OpenCase(OpenCase { subject, .. }) => LaneKey::of(subject.name().as_str()),
            Incoming::UpdateCase(told) => LaneKey::of(told.case_id.as_bytes()),
            Incoming::Request(_)
            | Incoming::Approve(_)
            | Incoming::Reject(_)
            | Incoming::Cancel(_)
            | Incoming::Receipt(_)
            | Incoming::Inspection(_)
            | Incoming::Close(_)
            | Incoming::Moved(_)
            | Incoming::AttemptFailed(_)
            | Incoming::MovedCancelled(_)
            | Incoming::Overdue(_)
            | Incoming::Decided(_) => LaneKey::of(""),
        }
    }

    fn weight(message: &Incoming) -> usize {
        match message {
            Incoming::Request(asked) => asked.lines.len(),
            Incoming::Replace(asked) => asked.lines.len(),
            Incoming::Approve(_)
            | Incoming::Reject(_)
            | Incoming::Cancel(_)
            | Incoming::Receipt(_)
            | Incoming::Inspection(_)
            | Incoming::Close(_)
            | Incoming::OpenCase(_)
            | Incoming::UpdateCase(_)
            | Incoming::Moved(_)
            | Incoming::AttemptFailed(_)
            | Incoming::MovedCancelled(_)
            | Incoming::Overdue(_)
            | Incoming::Decided(_) => 1,
        }
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let items = batch.items();
        let mut book = rows::load(tx, &items).await?;
        for (index, item) in items.iter().enumerate() {
            let decided = decide(&mut book, &item.message, &cause(item, index, now), &self.policy);
            let settled = match decided {
                Ok(decision) => conclude(batch, index, decision),
                Err(error) => Err(Failure::Permanent { cause: error.to_string() }),
            };
            if let Err(failure) = settled {
                batch.fail(index, failure);
            }
        }
        rows::write(tx, &book, &items, now).await?;
        Ok(())
    }
}

fn cause(item: &Item<Incoming>, index: usize, now: Timestamp) -> Cause {
    Cause {
        index,
        message_id: item.envelope.message_id,
        actor: item.envelope.actor.clone(),
        fresh: Uuid::now_v7(),
        now,
    }
}

/// Publishes and settles what was decided on message `index`.
fn conclude(batch: &mut Batch<Incoming>, index: usize, decision: Decision) -> Result<(), Failure> {
    let Decision { outcome, items, aggregate, notices } = decision;
    for notice in &notices {
        match notice {
            Notice::Return(changed) => {
                batch.publish(index, &**changed, Some(changed.standing.version))?;
            }
            Notice::Case(changed, version) => batch.publish(index, changed, Some(*version))?,
            Notice::Waybills(wanted) => batch.publish(index, &**wanted, None)?,
            Notice::Release(release) => batch.publish(index, release, None)?,
            Notice::Cancel(cancel) => batch.publish(index, cancel, None)?,
            Notice::Report(report) => batch.publish(index, report, None)?,
        }
    }
    let mut settlement = Settlement::new(outcome).with_items(items);
    if let Some((name, version)) = aggregate {
        settlement = settlement.of(name, version);
    }
    batch.settle(index, settlement);
    Ok(())
}
