//! The way of the operations to the broker: in bursts, some twice, some late, never more than the queues may hold; and
//! everybody else's queues, which are emptied unread. Never here: what happens next.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use broker::{Link, Outgoing, Publisher};
use contracts::UserId;
use futures_util::StreamExt;
use futures_util::stream::select_all;
use lapin::options::{BasicConsumeOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use lapin::{Channel, Connection, ConnectionProperties};
use queue_topology::{Topology, WorkQueue, WorkerKind};
use sea_orm::sqlx::{self, AssertSqlSafe, MySqlPool, Row};
use tokio::task::JoinSet;

use super::operations::{Operations, Seen};
use super::waybills::{insist, number};
use super::{Sent, StormArgs};
use crate::bench::BenchError;
use crate::bench::fleet::send;
use crate::bench::ground::Ground;
use crate::dice::Dice;

const KIND: WorkerKind = WorkerKind::AdraAssigner;
const BURST: u64 = 500;
/// More messages than this in adra-assigner's queues: it is waited.
const DEPTH_MAX: u32 = 3_000;
const LOOK: Duration = Duration::from_millis(20);
/// Without a place in the queues for so long, something is broken.
const STALL: Duration = Duration::from_secs(300);
const TWICE: f64 = 0.03;
const LATE: f64 = 0.02;
/// The last operations wait for so many kills.
const KILLS_MIN: u64 = 2;

/// Connections of one storm; the queues of others are emptied while it lives.
pub(super) struct Sending {
    publisher: Publisher,
    depths: Channel,
    pool: MySqlPool,
    dice: Dice,
    late: Vec<Outgoing>,
    sent: Sent,
    _tasks: JoinSet<()>,
}

impl Sending {
    /// Declares every queue, and empties those of everybody else from now on.
    pub(super) async fn open(ground: &Ground, args: &StormArgs) -> Result<Self, BenchError> {
        let link = Link::new(&ground.amqp_url, "loadtest");
        let lost = |error: broker::BrokerError| BenchError::Broker(error.to_string());
        let connection = link.connect("declare").await.map_err(lost)?;
        let topology = Topology::all();
        broker::declare(&connection, &topology).await.map_err(lost)?;
        let user = link.user().and_then(|user| UserId::new(user).ok());
        let user = user.ok_or(BenchError::Missing("AMQP_URL"))?;
        let (publisher, driver) = Publisher::new(link, user);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            if let Err(error) = driver.run(|_connected| {}).await {
                eprintln!("loadtest: {error}");
            }
        });
        let own = format!("{}.", KIND.name());
        let others = topology.queues.into_iter().map(|queue| queue.name);
        let others: Vec<String> = others.filter(|name| !name.starts_with(&own)).collect();
        tasks.spawn(empty(connect(ground).await?, others));
        Ok(Self {
            publisher,
            depths: connect(ground).await?,
            pool: MySqlPool::connect(&ground.database_url).await?,
            dice: Dice::new(args.seed, "storm sending", 0),
            late: Vec::new(),
            sent: Sent::default(),
            _tasks: tasks,
        })
    }

    /// Publishes all of it, and says what that was.
    pub(super) async fn run(
        &mut self,
        args: &StormArgs,
        kills: &AtomicU64,
    ) -> Result<Sent, BenchError> {
        let mut operations = Operations::new(args.seed, self.publisher.user().clone());
        let kills_min = if args.kill_every > 0.0 { KILLS_MIN } else { 0 };
        let mut has_changed = false;
        while operations.count() < args.operations {
            let left = args.operations - operations.count();
            if left <= BURST {
                wait("a process being killed", async || {
                    Ok(kills.load(Ordering::Relaxed) >= kills_min)
                })
                .await?;
            }
            self.room().await?;
            let seen = self.look(&operations).await?;
            operations.look(seen);
            let next = (0..left.min(BURST)).map(|_| operations.next());
            let mut burst = next.collect::<Result<Vec<_>, _>>()?;
            if !has_changed && operations.count() > args.operations / 10 {
                has_changed = true;
                let sql = "UPDATE network_revision SET revision = revision + 1";
                insist(&self.pool, sql).await?;
                burst.push(operations.network_changed(2)?);
            }
            operations.waybills.save(&self.pool).await?;
            self.publish(burst).await?;
        }
        self.publish_late().await?;
        // every question is answered long before its decision comes
        self.room_for(1).await?;
        let last = operations.last_words()?;
        send(&self.publisher, last.into_iter().map(Ok)).await?;
        self.sent.waybills = operations.waybills.count().into();
        self.sent.operations = operations.counts;
        Ok(std::mem::take(&mut self.sent))
    }

    /// A few are kept for the next burst, a few are published again at once or then.
    async fn publish(&mut self, burst: Vec<Outgoing>) -> Result<(), BenchError> {
        let mut now = Vec::new();
        let mut later = Vec::new();
        for message in burst {
            if self.dice.chance(TWICE) {
                self.sent.twice += 1;
                let copies = if self.dice.chance(0.5) { &mut now } else { &mut later };
                copies.push(message.clone());
            }
            if self.dice.chance(LATE) {
                self.sent.late += 1;
                later.push(message);
            } else {
                now.push(message);
            }
        }
        now.extend(std::mem::replace(&mut self.late, later));
        send(&self.publisher, now.into_iter().map(Ok)).await
    }

    async fn publish_late(&mut self) -> Result<(), BenchError> {
        let late = std::mem::take(&mut self.late);
        send(&self.publisher, late.into_iter().map(Ok)).await
    }

    /// The places of one slot day as they are now.
    async fn look(&mut self, operations: &Operations) -> Result<Vec<Seen>, BenchError> {
        let (depot, date, slot) = operations.waybills.slot_day(&mut self.dice);
        let sql = format!(
            "SELECT a.waybill_no, a.place_no, r.route_ref, r.status \
             FROM route r JOIN assignment a ON a.route_id = r.id \
             WHERE r.depot = '{depot}' AND r.delivery_date = '{date}' AND r.timeslot = '{slot}' \
               AND a.state IN ('ASSIGNED', 'LOCKED') LIMIT 200"
        );
        let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(&self.pool).await?;
        let mut seen = Vec::new();
        for row in rows {
            let name: String = row.try_get_unchecked(0)?;
            let Some(number) = number(&name) else { continue };
            let (place_no, route_ref) = (row.try_get_unchecked(1)?, row.try_get_unchecked(2)?);
            let route_status = row.try_get_unchecked(3)?;
            seen.push(Seen { number, place_no, route_ref, route_status });
        }
        Ok(seen)
    }

    async fn room(&self) -> Result<(), BenchError> {
        self.room_for(DEPTH_MAX).await
    }

    /// Waits until fewer messages than this wait for adra-assigner.
    async fn room_for(&self, most: u32) -> Result<(), BenchError> {
        wait("adra-assigner", async || {
            let mut waiting = 0;
            for queue in [WorkQueue::Events, WorkQueue::Commands] {
                let options =
                    QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
                let name = KIND.queue(queue).as_str().into();
                let declared = self.depths.queue_declare(name, options, FieldTable::default());
                waiting += declared.await?.message_count();
            }
            Ok(waiting < most)
        })
        .await
    }
}

/// Looks again and again until it is so.
async fn wait(
    what: &'static str,
    is_so: impl AsyncFn() -> Result<bool, BenchError>,
) -> Result<(), BenchError> {
    let deadline = Instant::now() + STALL;
    let mut ticks = tokio::time::interval(LOOK);
    while Instant::now() < deadline {
        ticks.tick().await;
        if is_so().await? {
            return Ok(());
        }
    }
    Err(BenchError::Stalled { what, seconds: STALL.as_secs() })
}

async fn connect(ground: &Ground) -> Result<Channel, BenchError> {
    let connection = Connection::connect(&ground.amqp_url, ConnectionProperties::default()).await?;
    Ok(connection.create_channel().await?)
}

/// Takes whatever comes into these queues, until the connection ends.
async fn empty(channel: Channel, queues: Vec<String>) {
    let mut all = Vec::new();
    for queue in queues {
        let options = BasicConsumeOptions { no_ack: true, ..BasicConsumeOptions::default() };
        let queue = queue.as_str().into();
        match channel.basic_consume(queue, "".into(), options, FieldTable::default()).await {
            Ok(consumer) => all.push(consumer),
            Err(error) => eprintln!("loadtest: a queue of others is not emptied: {error}"),
        }
    }
    let mut all = select_all(all);
    while let Some(Ok(_nobody_reads_it)) = all.next().await {}
}
