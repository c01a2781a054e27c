//! Another chance: copies to the queues that the messages came from, confirmed before the dead letters
//! are acknowledged.

use std::collections::HashSet;

use broker::{Delivery, Outgoing, Settler, Subscription};
use contracts::{Envelope, MessageId, RoutingKey, Timestamp};
use queue_topology::{RETURN, WorkerKind, topic_matches};

use super::Filter;
use super::letters::{Letter, QUIET};
use crate::error::Result;
use crate::operator::Operator;

/// Copies on their way at once.
const WINDOW: usize = 200;
/// Unlimited by us: with a prefetch of its own the consumer would acknowledge late, behind those that
/// the filter leaves. A quorum queue then hands out 2,000 at a time.
const PREFETCH: u16 = 0;

/// What was done.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) matching: usize,
    pub(super) retried: usize,
    pub(super) unreadable: usize,
}

/// Tries everything again that the filter takes, at most `limit`.
pub(super) async fn retry(operator: &Operator, filter: &Filter, limit: usize) -> Result<Done> {
    let queue = filter.worker.dead_letter_queue();
    let now = Timestamp::now();
    let mut done = Done::default();
    let mut source =
        Subscription::open(operator.connection(), &queue, PREFETCH, operator.user().clone())
            .await?;
    let settler = source.settler();
    let mut chosen: Vec<Delivery> = Vec::new();
    // one that fails again at once comes back here: it had its chance
    let mut tried: HashSet<MessageId> = HashSet::new();
    while done.matching < limit {
        let Ok(next) = tokio::time::timeout(QUIET, source.next()).await else {
            if chosen.is_empty() {
                break;
            }
            done.retried += publish(operator, &settler, filter.worker, &mut chosen).await?;
            continue;
        };
        match next {
            Some(Ok(Ok(delivery))) => {
                let wanted = filter.takes(&Letter::of(&delivery), now);
                if wanted && tried.insert(delivery.envelope.message_id) {
                    done.matching += 1;
                    chosen.push(delivery);
                }
            }
            Some(Ok(Err(_unreadable))) => done.unreadable += 1,
            Some(Err(error)) => return Err(error.into()),
            None => break,
        }
        if chosen.len() >= WINDOW {
            done.retried += publish(operator, &settler, filter.worker, &mut chosen).await?;
        }
    }
    done.retried += publish(operator, &settler, filter.worker, &mut chosen).await?;
    settler.close().await;
    Ok(done)
}

async fn publish(
    operator: &Operator,
    settler: &Settler,
    kind: WorkerKind,
    chosen: &mut Vec<Delivery>,
) -> Result<usize> {
    let (tags, copies): (Vec<u64>, Vec<Outgoing>) = std::mem::take(chosen)
        .into_iter()
        .map(|delivery| (delivery.tag, copy(kind, delivery)))
        .unzip();
    let answers = operator.publisher().publish_all(&copies).await;
    let confirmed: Vec<u64> = tags
        .iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.is_ok())
        .map(|(tag, _)| *tag)
        .collect();
    settler.settle(&confirmed).await;
    // what was not confirmed stays a dead letter; the first error tells why
    for answer in answers {
        answer?;
    }
    Ok(confirmed.len())
}

fn copy(kind: WorkerKind, delivery: Delivery) -> Outgoing {
    let queue = delivery.note.origin.clone().filter(|origin| is_work_queue(kind, origin));
    let queue = queue.unwrap_or_else(|| home_of(kind, &delivery.envelope.message_type));
    Outgoing {
        exchange: RETURN.to_owned(),
        routing_key: RoutingKey::to_queue(queue),
        mandatory: true,
        envelope: Envelope { attempt: 0, ..delivery.envelope },
        note: delivery.note,
        body: delivery.body,
        expiration_ms: None,
    }
}

fn is_work_queue(kind: WorkerKind, name: &str) -> bool {
    kind.work_queues().iter().any(|queue| kind.queue(*queue) == name)
}

/// The work queue that messages of a type come to; the first one when none says so.
pub(super) fn home_of(kind: WorkerKind, message_type: &str) -> String {
    let key = RoutingKey::of_type(message_type);
    let with_word = RoutingKey::of_type(message_type).with("word");
    let queues = kind.work_queues();
    let takes = |pattern: &str| {
        topic_matches(pattern, key.as_str())
            || topic_matches(pattern, with_word.as_str())
            || pattern.strip_prefix(key.as_str()).is_some_and(|rest| rest.starts_with('.'))
    };
    let of_type = queues
        .iter()
        .find(|queue| kind.bindings(**queue).iter().any(|(_, pattern)| takes(pattern)));
    of_type.or_else(|| queues.first()).map(|queue| kind.queue(*queue)).unwrap_or_default()
}
