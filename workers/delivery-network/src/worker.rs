//! One batch of changes, carried out one after another in the order in which they came.
//!
//! Never here: a rule about rows (see `decide.rs`) or a statement (see `store.rs`).

use contracts::{NetworkChanged, Timestamp, UpsertNetwork};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Outcome, Settlement, Worker};
use store::Tx;

use crate::decide::{changed_tables, check};
use crate::store::{next_revision, upsert};

/// There is one network: all its changes go through one lane, and this is its name.
const NETWORK: &str = "network";

contracts::inbound! {
    /// What this worker consumes.
    pub(crate) enum Incoming {
        /// Insert or replace rows.
        Upsert(UpsertNetwork),
    }
}

impl Incoming {
    fn upsert(&self) -> &UpsertNetwork {
        let Self::Upsert(command) = self;
        command
    }
}

/// Keeps the delivery network.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeliveryNetwork;

impl Worker for DeliveryNetwork {
    type Message = Incoming;
    type Effects = ();
    const KIND: WorkerKind = WorkerKind::DeliveryNetwork;

    fn lane_key(_message: &Incoming) -> LaneKey {
        LaneKey::of(NETWORK)
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        for (i, item) in batch.items().iter().enumerate() {
            change(tx, batch, i, item, now).await?;
        }
        Ok(())
    }
}

async fn change(
    tx: &Tx,
    batch: &mut Batch<Incoming>,
    i: usize,
    item: &Item<Incoming>,
    now: Timestamp,
) -> Result<(), Failure> {
    let command = item.message.upsert();
    if let Err(refusal) = check(command, &item.envelope.actor) {
        batch.settle(i, Settlement::new(Outcome::Rejected(refusal)));
        return Ok(());
    }
    let revision = next_revision(tx, now).await?;
    for rows in &command.tables {
        upsert(tx, rows).await?;
    }
    let tables = changed_tables(command);
    batch.publish(i, &NetworkChanged { revision, tables }, Some(revision))?;
    batch.settle(i, Settlement::new(Outcome::Applied).of(NETWORK, revision));
    Ok(())
}
