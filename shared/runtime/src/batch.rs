//! A batch: messages that share one transaction, and what became of each.

use std::sync::Arc;

use contracts::{Actor, Contract, Delegation, Envelope, MAX_MESSAGE_BYTES, MessageId, Timestamp};
use store::outbox::OutboxRow;

use crate::{Failure, Settlement};

/// A decoded message with its envelope.
#[derive(Debug)]
pub struct Item<M> {
    /// Who sent it, when, on whose behalf.
    pub envelope: Envelope,
    /// What it says.
    pub message: M,
    pub(crate) body: Vec<u8>,
    pub(crate) body_hash: [u8; 32],
    pub(crate) type_name: &'static str,
    pub(crate) note: broker::FailureNote,
}

#[derive(Debug)]
enum State {
    Open,
    Settled(Settlement),
    Failed(Failure),
}

/// The messages of one transaction, each to be settled or failed by the worker.
#[derive(Debug)]
pub struct Batch<M> {
    items: Vec<Arc<Item<M>>>,
    states: Vec<State>,
    outbox: Vec<OutboxRow>,
    /// For whom this worker may speak.
    delegation: Delegation,
    now: Timestamp,
}

impl<M> Batch<M> {
    pub(crate) fn new(items: Vec<Arc<Item<M>>>, delegation: Delegation, now: Timestamp) -> Self {
        let states = items.iter().map(|_| State::Open).collect();
        Self { items, states, outbox: Vec::new(), delegation, now }
    }

    /// Number of messages.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// True when there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The messages in order of arrival, with their index.
    pub fn iter(&self) -> impl Iterator<Item = (usize, &Item<M>)> {
        self.items.iter().map(AsRef::as_ref).enumerate()
    }

    /// The messages as shared pointers, to walk over while the batch is being settled.
    #[must_use]
    pub fn items(&self) -> Vec<Arc<Item<M>>> {
        self.items.clone()
    }

    /// Says how message `index` ended. The last word counts.
    pub fn settle(&mut self, index: usize, settlement: Settlement) {
        if let Some(state) = self.states.get_mut(index) {
            *state = State::Settled(settlement);
        }
    }

    /// Says that message `index` had no effect: the transaction is rolled back and runs again without it.
    pub fn fail(&mut self, index: usize, failure: Failure) {
        if let Some(state) = self.states.get_mut(index) {
            *state = State::Failed(failure);
        }
    }

    /// Publishes an event or command as a consequence of message `cause`, from the outbox of this very
    /// transaction. `seq` is the version of the aggregate after the change. The worker acts as itself,
    /// and on behalf of the cause's actor only where contracts let it speak for that role: no reader
    /// believes more.
    ///
    /// # Errors
    /// [`Failure::Permanent`] when it does not fit into a message.
    pub fn publish<C: Contract>(
        &mut self,
        cause: usize,
        message: &C,
        seq: Option<u64>,
    ) -> Result<(), Failure> {
        let body = serde_json::to_string(message).map_err(|error| Failure::Permanent {
            cause: format!("{} does not serialise: {error}", C::TYPE),
        })?;
        if body.len() > MAX_MESSAGE_BYTES {
            let cause =
                format!("{} would have {} bytes, more than a message may", C::TYPE, body.len());
            return Err(Failure::Permanent { cause });
        }
        let envelope = self.items.get(cause).map(|item| &item.envelope);
        let actor = envelope.and_then(|envelope| self.speaks_for(&envelope.actor));
        self.outbox.push(OutboxRow {
            message_id: MessageId::generate(),
            exchange: C::EXCHANGE.name().to_owned(),
            routing_key: message.routing_key().as_str().to_owned(),
            message_type: C::TYPE.to_owned(),
            seq,
            correlation_id: envelope.map(correlation),
            actor,
            traceparent: envelope.and_then(|e| e.trace.traceparent.clone()),
            body,
            created_at: self.now,
        });
        Ok(())
    }

    /// The actor, where readers believe this worker that it speaks for it.
    pub(crate) fn speaks_for(&self, actor: &Actor) -> Option<Actor> {
        self.delegation.covers(actor.role).then(|| actor.clone())
    }

    pub(crate) fn finish(self) -> Finished<M> {
        let mut failed = Vec::new();
        let mut settled = Vec::new();
        for (index, (item, state)) in self.items.into_iter().zip(self.states).enumerate() {
            match state {
                State::Settled(settlement) => settled.push((item, settlement)),
                State::Failed(failure) => failed.push((index, failure)),
                State::Open => failed.push((index, forgotten())),
            }
        }
        Finished { settled, failed, outbox: self.outbox }
    }
}

/// What the worker made of its batch.
pub(crate) struct Finished<M> {
    pub(crate) settled: Vec<(Arc<Item<M>>, Settlement)>,
    pub(crate) failed: Vec<(usize, Failure)>,
    pub(crate) outbox: Vec<OutboxRow>,
}

fn forgotten() -> Failure {
    Failure::Permanent {
        cause: "the worker neither settled nor failed this message: a defect".to_owned(),
    }
}

/// A consequence carries its cause's correlation id, or its cause's id when it began with it.
fn correlation(envelope: &Envelope) -> String {
    envelope.correlation_id.clone().unwrap_or_else(|| envelope.message_id.to_string())
}
