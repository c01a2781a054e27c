//! Changes the arguments of a queue that exists: the broker cannot, so its messages move to a shelter,
//! the queue is made anew, and they move back.
//!
//! Nothing is lost at any point, and an interrupted run is continued by the next: the shelter is bound
//! like the queue before the queue is unbound, a message is acknowledged only after the broker
//! confirmed its copy, and a queue is deleted only when it is empty. A message may be there twice for
//! an instant; its id makes that harmless.

use broker::{Delivery, Outgoing, Settler, Subscription};
use contracts::RoutingKey;
use queue_topology::{Queue, RETURN, Topology, User};
use serde_json::json;
use tokio::time::{Duration, Instant};

use super::apply::grant;
use super::diff;
use super::live::{Live, LiveBinding};
use crate::error::{CommandError, Exit, Result};
use crate::management::{Management, path};
use crate::operator::Operator;
use crate::site::{OPERATOR, Site};

/// Messages on their way at once.
const WINDOW: u16 = 500;
/// A queue tells its counts every 5 s, and the management API gathers what was told every 5 s.
const STATISTICS_DELAY: Duration = Duration::from_secs(11);
/// No delivery for this long: the queue may be empty, so it is asked.
const QUIET: Duration = Duration::from_millis(300);

/// Where a queue's messages wait meanwhile. Named like a queue of the same worker, so that the worker's
/// own retry copies in it are believed about their first sender.
pub(super) fn shelter(queue: &str) -> String {
    format!("{queue}.migration")
}

/// The key that brings messages back to a queue, whatever it is bound to otherwise.
fn way_back(queue: &str) -> String {
    format!("{queue}.migrated")
}

/// Gives queues the arguments of the topology, or goes on where an earlier run was cut short.
pub(super) async fn rebuild(
    management: &Management,
    site: &Site,
    topology: &Topology,
    queues: &[&Queue],
) -> Result<()> {
    let vhost = site.admin()?.vhost;
    let operator = topology.users.iter().find(|user| user.name == OPERATOR);
    let operator = operator.ok_or_else(|| {
        CommandError::new(Exit::Software, format!("the topology has no user {OPERATOR}"))
    })?;
    let rebuild = Rebuild { management, site, vhost: &vhost };
    let live = rebuild.settled().await?;
    let differs = |queue: &&&Queue| {
        live.queues
            .get(&queue.name)
            .is_some_and(|q| !diff::different_arguments(queue, q).is_empty())
    };
    let old: Vec<&Queue> = queues.iter().filter(differs).copied().collect();
    for queue in &old {
        refuse_consumers(&live, &queue.name)?;
    }
    rebuild.let_read(operator, queues).await?;
    for queue in queues {
        rebuild.make_shelter(queue, &live).await?;
    }
    for queue in &old {
        rebuild.unbind_all(&queue.name, &live).await?;
        rebuild.move_all(&queue.name, &shelter(&queue.name)).await?;
    }
    rebuild.delete_emptied(&old).await?;
    for queue in queues {
        rebuild.make_anew(queue).await?;
        rebuild.move_all(&shelter(&queue.name), &way_back(&queue.name)).await?;
        rebuild.delete(&shelter(&queue.name)).await?;
    }
    grant(management, &vhost, operator, &operator.read).await
}

fn refuse_consumers(live: &Live, queue: &str) -> Result<()> {
    match live.queues.get(queue).and_then(|queue| queue.consumers).unwrap_or(0) {
        0 => Ok(()),
        count => {
            let message = format!(
                "{queue} has {count} consumers, and its arguments can only be changed without: stop them \
                 (`dray fleet down`, or `dray drain` of that worker) and run this again"
            );
            Err(CommandError::new(Exit::Temporary, message))
        }
    }
}

/// Where the rebuilding happens.
struct Rebuild<'a> {
    management: &'a Management,
    site: &'a Site,
    vhost: &'a str,
}

impl Rebuild<'_> {
    /// What the broker holds, with counts of messages and consumers that are no older than this call.
    async fn settled(&self) -> Result<Live> {
        tokio::time::sleep(STATISTICS_DELAY).await;
        Live::read(self.management, self.vhost).await
    }

    /// Bound like the queue is and shall be, so that nothing published meanwhile is lost.
    async fn make_shelter(&self, queue: &Queue, live: &Live) -> Result<()> {
        let name = shelter(&queue.name);
        self.declare(&name, json!({"x-queue-type": "quorum"})).await?;
        for binding in live.bindings.iter().filter(|b| b.destination == queue.name) {
            self.bind(&binding.source, &name, &binding.routing_key).await?;
        }
        for binding in &queue.bindings {
            self.bind(&binding.exchange, &name, &binding.key).await?;
        }
        self.bind(RETURN, &name, &name).await
    }

    /// Deletes queues that hold nothing, not even unacknowledged messages of a late consumer.
    async fn delete_emptied(&self, queues: &[&Queue]) -> Result<()> {
        if queues.is_empty() {
            return Ok(());
        }
        let live = self.settled().await?;
        for queue in queues {
            refuse_consumers(&live, &queue.name)?;
            let left = live.queues.get(&queue.name).and_then(|queue| queue.messages).unwrap_or(0);
            if left > 0 {
                let message = format!("{} still holds {left} messages: run this again", queue.name);
                return Err(CommandError::new(Exit::Temporary, message));
            }
            self.delete(&queue.name).await?;
        }
        Ok(())
    }

    /// The queue with its new arguments; from here on it takes what is published.
    async fn make_anew(&self, queue: &Queue) -> Result<()> {
        self.declare(&queue.name, json!(diff::arguments(queue))).await?;
        for binding in &queue.bindings {
            self.bind(&binding.exchange, &queue.name, &binding.key).await?;
        }
        self.bind(RETURN, &queue.name, &way_back(&queue.name)).await?;
        let live = Live::read(self.management, self.vhost).await?;
        self.unbind_all(&shelter(&queue.name), &live).await
    }

    /// The operator is believed about the first sender of a copy, so it does the moving.
    async fn let_read(&self, operator: &User, queues: &[&Queue]) -> Result<()> {
        let names: Vec<String> =
            queues.iter().map(|queue| queue.name.replace('.', "\\.")).collect();
        let read = format!("{}|^({})(\\.migration)?$", operator.read, names.join("|"));
        grant(self.management, self.vhost, operator, &read).await
    }

    async fn declare(&self, name: &str, arguments: serde_json::Value) -> Result<()> {
        let body = json!({"durable": true, "auto_delete": false, "arguments": arguments});
        self.management.put(&path(&["queues", self.vhost, name]), body).await
    }

    async fn bind(&self, exchange: &str, queue: &str, key: &str) -> Result<()> {
        let place = path(&["bindings", self.vhost, "e", exchange, "q", queue]);
        self.management.post(&place, json!({"routing_key": key, "arguments": {}})).await
    }

    async fn unbind_all(&self, queue: &str, live: &Live) -> Result<()> {
        for binding in live.bindings.iter().filter(|b| b.destination == queue) {
            unbind(self.management, self.vhost, binding).await?;
        }
        Ok(())
    }

    async fn delete(&self, queue: &str) -> Result<()> {
        self.management.delete(&path(&["queues", self.vhost, queue])).await
    }

    async fn move_all(&self, from: &str, to_key: &str) -> Result<()> {
        let operator = Operator::connect(self.site).await?;
        let moved = move_messages(&operator, from, to_key).await;
        operator.close().await;
        moved
    }
}

/// Removes one binding.
pub(super) async fn unbind(
    management: &Management,
    vhost: &str,
    binding: &LiveBinding,
) -> Result<()> {
    let parts = [
        "bindings",
        vhost,
        "e",
        &binding.source,
        "q",
        &binding.destination,
        &binding.properties_key,
    ];
    management.delete(&path(&parts)).await
}

/// Moves everything from a queue to the one behind `to_key` on the return exchange.
async fn move_messages(operator: &Operator, from: &str, to_key: &str) -> Result<()> {
    let user = operator.user().clone();
    let mut source = Subscription::open(operator.connection(), from, WINDOW, user).await?;
    let settler = source.settler();
    loop {
        let batch = next_batch(&mut source, from).await?;
        if batch.is_empty() {
            if operator.connection().depth(from).await? == 0 {
                settler.close().await;
                return Ok(());
            }
            continue;
        }
        pass_on(operator, &settler, batch, to_key).await?;
    }
}

/// Whatever comes until nothing does for a moment.
async fn next_batch(source: &mut Subscription, from: &str) -> Result<Vec<Delivery>> {
    let mut batch = Vec::new();
    while batch.len() < usize::from(WINDOW) {
        let Ok(next) = tokio::time::timeout_at(Instant::now() + QUIET, source.next()).await else {
            break;
        };
        match next {
            Some(Ok(Ok(delivery))) => batch.push(delivery),
            Some(Ok(Err(foreign))) => {
                let message = format!(
                    "{from} holds a message that is none of ours (id {:?}): {}; consume or delete it, \
                     then run this again",
                    foreign.message_id, foreign.error
                );
                return Err(CommandError::new(Exit::Data, message));
            }
            Some(Err(error)) => return Err(error.into()),
            None => {
                let message =
                    format!("the broker cancelled the consumer of {from}: run this again");
                return Err(CommandError::new(Exit::Unavailable, message));
            }
        }
    }
    Ok(batch)
}

/// Copies are confirmed first, the originals acknowledged then.
async fn pass_on(
    operator: &Operator,
    settler: &Settler,
    batch: Vec<Delivery>,
    key: &str,
) -> Result<()> {
    let tags: Vec<u64> = batch.iter().map(|delivery| delivery.tag).collect();
    let copies: Vec<Outgoing> = batch
        .into_iter()
        .map(|delivery| Outgoing {
            exchange: RETURN.to_owned(),
            routing_key: RoutingKey::to_queue(key),
            mandatory: true,
            envelope: delivery.envelope,
            note: delivery.note,
            body: delivery.body,
            expiration_ms: None,
        })
        .collect();
    for confirmed in operator.publisher().publish_all(&copies).await {
        confirmed?;
    }
    settler.settle(&tags).await;
    Ok(())
}
