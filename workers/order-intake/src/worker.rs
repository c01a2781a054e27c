//! One batch: lock what is there, decide order by order, write what is new, tell everybody.
//!
//! Never here: a rule about orders (see `decide.rs`) or a statement (see `store.rs`).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use contracts::{CreateOrder, Timestamp};
use queue_topology::WorkerKind;
use runtime::{Batch, Failure, Item, LaneKey, Outcome, Settlement, Worker};
use store::Tx;
use uuid::Uuid;

use crate::decide::{Circumstances, Decision, FIRST_VERSION, Known, SplitPolicy, decide};
use crate::network::{Network, NetworkCopy};
use crate::store::{NewOrder, OrderKey, insert_orders, lock_known};

/// How long orders wait for a network that was never loaded.
const NO_NETWORK_RETRY: Duration = Duration::from_secs(60);

contracts::inbound! {
    /// What this worker consumes.
    pub(crate) enum Incoming {
        /// Create an order.
        Create(CreateOrder),
    }
}

impl Incoming {
    fn order(&self) -> &CreateOrder {
        let Self::Create(order) = self;
        order
    }
}

/// Takes orders in.
#[derive(Debug)]
pub(crate) struct OrderIntake {
    policy: SplitPolicy,
    network: NetworkCopy,
}

impl OrderIntake {
    /// A worker that splits by `policy`.
    pub(crate) fn new(policy: SplitPolicy) -> Self {
        Self { policy, network: NetworkCopy::default() }
    }

    /// Decides about one order. What it accepts is known to the orders behind it in the batch.
    fn judge(
        &self,
        item: &Item<Incoming>,
        network: &Network,
        known: &mut BTreeMap<OrderKey, Known>,
    ) -> Decision {
        let order = item.message.order();
        let key = OrderKey::of(order);
        let decision = decide(
            order,
            &Circumstances {
                actor: &item.envelope.actor,
                known: known.get(&key),
                network,
                policy: &self.policy,
                order_id: Uuid::now_v7(),
            },
        );
        if let Decision::Accepted(accepted) = &decision {
            let content_hash = accepted.content_hash;
            known.insert(key, Known { content_hash, version: FIRST_VERSION });
        }
        decision
    }
}

impl Worker for OrderIntake {
    type Message = Incoming;
    type Effects = ();
    const KIND: WorkerKind = WorkerKind::OrderIntake;

    fn lane_key(message: &Incoming) -> LaneKey {
        LaneKey::of(reference(message.order()))
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<(), Failure> {
        let Some(network) = self.network.current(tx).await? else {
            postpone(batch);
            return Ok(());
        };
        let items = batch.items();
        let keys: BTreeSet<OrderKey> =
            items.iter().map(|item| OrderKey::of(item.message.order())).collect();
        let mut known = lock_known(tx, &keys).await?;
        let decisions: Vec<Decision> =
            items.iter().map(|item| self.judge(item, &network, &mut known)).collect();
        insert_orders(tx, accepted_in(&items, &decisions), now).await?;
        for (i, (item, decision)) in items.iter().zip(decisions).enumerate() {
            if let Err(failure) = conclude(batch, i, item.message.order(), decision) {
                batch.fail(i, failure);
            }
        }
        Ok(())
    }
}

/// Without any network every order would be refused for its district: better to wait for one.
fn postpone(batch: &mut Batch<Incoming>) {
    for i in 0..batch.len() {
        batch.fail(
            i,
            Failure::Transient {
                cause: "no delivery network was ever loaded: load one with `dray network load`"
                    .to_owned(),
                retry_after: Some(NO_NETWORK_RETRY),
            },
        );
    }
}

fn accepted_in<'a>(
    items: &'a [Arc<Item<Incoming>>],
    decisions: &'a [Decision],
) -> Vec<NewOrder<'a>> {
    let new = items.iter().zip(decisions).filter_map(|(item, decision)| match decision {
        Decision::Accepted(accepted) => {
            Some(NewOrder { order: item.message.order(), accepted, actor: &item.envelope.actor })
        }
        Decision::Duplicate { .. } | Decision::Refused(_) => None,
    });
    new.collect()
}

fn conclude(
    batch: &mut Batch<Incoming>,
    i: usize,
    order: &CreateOrder,
    decision: Decision,
) -> Result<(), Failure> {
    let reference = reference(order);
    let settlement = match decision {
        Decision::Accepted(accepted) => {
            batch.publish(i, &accepted.event, Some(FIRST_VERSION))?;
            Settlement::new(Outcome::Applied).of(reference, FIRST_VERSION)
        }
        Decision::Duplicate { version } => {
            Settlement::new(Outcome::Duplicate).of(reference, version)
        }
        Decision::Refused(refusal) => {
            Settlement { aggregate: Some(reference), ..Settlement::new(Outcome::Rejected(refusal)) }
        }
    };
    batch.settle(i, settlement);
    Ok(())
}

/// How people name an order: `source/order_ref`.
fn reference(order: &CreateOrder) -> String {
    format!("{}/{}", order.source, order.order_ref)
}
