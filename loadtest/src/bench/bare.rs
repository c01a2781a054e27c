//! The bare parts: consume, one multi-row transaction over the same tables with as many rows, publish with
//! confirms, acknowledge. Straight on the client libraries; nothing of the fleet's own code runs here.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use futures_util::{FutureExt, StreamExt};
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, BasicQosOptions,
    ConfirmSelectOptions, QueueDeclareOptions,
};
use lapin::types::{AMQPValue, FieldTable};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use sea_orm::sqlx::mysql::MySqlPoolOptions;
use sea_orm::sqlx::{self, AssertSqlSafe, MySqlPool};
use tokio::task::JoinSet;

use super::cpu::Meter;
use super::ground::Ground;
use super::{BenchError, Limits, LimitsArgs, Rate};

const IN_QUEUE: &str = "loadtest.bare.in";
const OUT_QUEUE: &str = "loadtest.bare.out";
/// Rows that the updates hit, about as many as waybills are under way.
const WAYBILLS: u32 = 20_000;
/// About the size of a real status report or event.
const BODY_BYTES: usize = 300;
const STALL: Duration = Duration::from_secs(120);

pub(crate) async fn measure(ground: &Ground, args: &LimitsArgs) -> Result<Limits, BenchError> {
    let pool = MySqlPoolOptions::new().max_connections(u32::from(args.lanes) + 2);
    let pool = pool.connect(&ground.database_url).await?;
    seed(&pool).await?;
    let bare = Bare { ground, args, pool };
    bare.declare().await?;
    let full_queue = bare.full_queue().await?;
    let while_filling = bare.while_filling().await?;
    Ok(Limits { full_queue, while_filling })
}

async fn seed(pool: &MySqlPool) -> Result<(), BenchError> {
    for chunk in (0..WAYBILLS).collect::<Vec<_>>().chunks(500) {
        let mut sql = String::from(
            "INSERT INTO waybill (id, waybill_no, version, status, attempt, failed_attempts, open_holds, \
             parked, lifecycle, kind, first_seen_at, updated_at) VALUES ",
        );
        for (position, number) in chunk.iter().enumerate() {
            let comma = if position == 0 { "" } else { "," };
            // writing to a String cannot fail
            let _ = write!(
                sql,
                "{comma}(UNHEX('{:032x}'),'bare-{number}-1',1,'CREATED',0,0,0,0,'{{}}','FORWARD',NOW(6),NOW(6))",
                number + 1
            );
        }
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(pool).await?;
    }
    Ok(())
}

struct Bare<'a> {
    ground: &'a Ground,
    args: &'a LimitsArgs,
    pool: MySqlPool,
}

impl Bare<'_> {
    async fn connect(&self) -> Result<Connection, BenchError> {
        Ok(Connection::connect(&self.ground.amqp_url, ConnectionProperties::default()).await?)
    }

    async fn declare(&self) -> Result<(), BenchError> {
        let channel = self.connect().await?.create_channel().await?;
        for queue in [IN_QUEUE, OUT_QUEUE] {
            let mut arguments = FieldTable::default();
            arguments.insert("x-queue-type".into(), AMQPValue::LongString("quorum".into()));
            let options = QueueDeclareOptions { durable: true, ..QueueDeclareOptions::default() };
            channel.queue_declare(queue.into(), options, arguments).await?;
        }
        Ok(())
    }

    /// Fills the queue, then drains it.
    async fn full_queue(&self) -> Result<Rate, BenchError> {
        fill(self.connect().await?, self.args.messages).await?;
        let meter = Meter::start();
        let start = Instant::now();
        self.drain().await?;
        Ok(Rate::new(self.args.messages.into(), start.elapsed().as_secs_f64(), meter.read()))
    }

    /// Fills and drains at once.
    async fn while_filling(&self) -> Result<Rate, BenchError> {
        let filling = fill(self.connect().await?, self.args.messages);
        let meter = Meter::start();
        let start = Instant::now();
        let (filled, drained) = tokio::join!(filling, self.drain());
        filled?;
        drained?;
        Ok(Rate::new(self.args.messages.into(), start.elapsed().as_secs_f64(), meter.read()))
    }

    async fn drain(&self) -> Result<(), BenchError> {
        let done = Arc::new(AtomicU64::new(0));
        let consuming = self.connect().await?;
        let publishing = self.connect().await?;
        let mut lanes = JoinSet::new();
        for _ in 0..self.args.lanes {
            let lane = Lane {
                input: consuming.create_channel().await?,
                output: publishing.create_channel().await?,
                pool: self.pool.clone(),
                batch_max: usize::from(self.args.batch_max),
                target: self.args.messages.into(),
                done: Arc::clone(&done),
            };
            lanes.spawn(lane.run());
        }
        let all = async {
            while let Some(lane) = lanes.join_next().await {
                lane.map_err(|panic| BenchError::Broker(panic.to_string()))??;
            }
            Ok(())
        };
        let stalled = BenchError::Stalled { what: "the bare parts", seconds: STALL.as_secs() };
        tokio::time::timeout(STALL, all).await.unwrap_or(Err(stalled))
    }
}

/// Publishes with confirms, a thousand at a time on their way.
async fn fill(connection: Connection, messages: u32) -> Result<(), BenchError> {
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    let body = vec![b'x'; BODY_BYTES];
    for chunk in (0..messages).collect::<Vec<_>>().chunks(1_000) {
        let sent = chunk.iter().map(|number| publish(&channel, IN_QUEUE, *number, &body));
        for answer in join_all(sent).await {
            answer?;
        }
    }
    Ok(())
}

async fn publish(
    channel: &Channel,
    queue: &str,
    number: u32,
    body: &[u8],
) -> Result<(), BenchError> {
    let properties = BasicProperties::default()
        .with_delivery_mode(2)
        .with_message_id(format!("{number}").into());
    let options = BasicPublishOptions { mandatory: true, immediate: false };
    channel.basic_publish("".into(), queue.into(), options, body, properties).await?.await?;
    Ok(())
}

struct Lane {
    input: Channel,
    output: Channel,
    pool: MySqlPool,
    batch_max: usize,
    target: u64,
    done: Arc<AtomicU64>,
}

impl Lane {
    async fn run(self) -> Result<(), BenchError> {
        let prefetch = u16::try_from(self.batch_max * 2).unwrap_or(u16::MAX);
        self.input.basic_qos(prefetch, BasicQosOptions::default()).await?;
        self.output.confirm_select(ConfirmSelectOptions::default()).await?;
        let mut consumer = self
            .input
            .basic_consume(
                IN_QUEUE.into(),
                "".into(),
                BasicConsumeOptions::default(),
                FieldTable::default(),
            )
            .await?;
        while self.done.load(Ordering::Relaxed) < self.target {
            let first = tokio::time::timeout(Duration::from_millis(50), consumer.next()).await;
            let Ok(Some(first)) = first else { continue };
            let mut last = first?.delivery_tag;
            let mut count = 1;
            while count < self.batch_max {
                let Some(Some(next)) = consumer.next().now_or_never() else {
                    break;
                };
                last = next?.delivery_tag;
                count += 1;
            }
            self.transaction(count).await?;
            self.input.basic_ack(last, BasicAckOptions { multiple: true }).await?;
            self.done.fetch_add(u64::try_from(count).unwrap_or(0), Ordering::Relaxed);
        }
        Ok(())
    }

    /// As many rows as a status report costs: inbox, locked read, history, update, outbox; then publish
    /// and delete the outbox rows.
    async fn transaction(&self, count: usize) -> Result<(), BenchError> {
        let rows = rows(count);
        let mut tx = self.pool.begin().await?;
        sqlx::query(LOCK).bind(&rows).fetch_all(&mut *tx).await?;
        for statement in [INBOX, HISTORY, UPDATE, OUTBOX] {
            sqlx::query(statement).bind(&rows).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        let body = vec![b'y'; BODY_BYTES];
        let sent = (0..count).map(|_| publish(&self.output, OUT_QUEUE, 0, &body));
        for answer in join_all(sent).await {
            answer?;
        }
        sqlx::query(DELETE).bind(&rows).execute(&self.pool).await?;
        Ok(())
    }
}

/// A row of a batch; its long field stands last, as the fleet's do.
#[derive(serde::Serialize)]
struct Row<'a> {
    id: String,
    waybill: String,
    body: &'a str,
}

/// The rows of a batch as the one JSON parameter: id, waybill (sorted), a body.
fn rows(count: usize) -> String {
    let body = "z".repeat(BODY_BYTES);
    let mut waybills: Vec<u64> = (0..count).map(|_| u64::from(random_waybill())).collect();
    waybills.sort_unstable();
    waybills.dedup();
    let rows: Vec<Row<'_>> = (0..count)
        .map(|position| {
            let waybill = waybills.get(position % waybills.len()).copied().unwrap_or(1);
            let id = uuid::Uuid::now_v7().simple().to_string();
            Row { id, waybill: format!("{waybill:032x}"), body: &body }
        })
        .collect();
    // texts always have a JSON form
    serde_json::to_string(&rows).unwrap_or_default()
}

fn random_waybill() -> u32 {
    let (low, _) = uuid::Uuid::new_v4().as_u64_pair();
    u32::try_from(low % u64::from(WAYBILLS)).unwrap_or(0) + 1
}

macro_rules! rows_table {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS(id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id', \
         waybill CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill', \
         body TEXT PATH '$.body')) r"
    };
}

const LOCK: &str = concat!(
    "SELECT w.waybill_no, w.version, w.lifecycle FROM (SELECT r.waybill FROM ",
    rows_table!(),
    ") r STRAIGHT_JOIN waybill w FORCE INDEX (PRIMARY) ON w.id = UNHEX(r.waybill) FOR UPDATE"
);
const INBOX: &str = concat!(
    "INSERT INTO inbox (consumer, sender, message_id, body_hash, outcome, code, settled_at) \
     SELECT 'bare', 'bare', UNHEX(r.id), UNHEX(SHA2(r.id, 256)), 'applied', 'APPLIED', NOW(6) FROM ",
    rows_table!()
);
const HISTORY: &str = concat!(
    "INSERT INTO waybill_event (waybill_id, version, message_id, message_type, outcome, status, actor, \
     occurred_at, received_at) SELECT UNHEX(r.id), 1, UNHEX(r.id), 'bare', 'APPLIED', 'CREATED', '{}', \
     NOW(6), NOW(6) FROM ",
    rows_table!()
);
const UPDATE: &str = concat!(
    "UPDATE ",
    rows_table!(),
    " STRAIGHT_JOIN waybill w FORCE INDEX (PRIMARY) ON w.id = UNHEX(r.waybill) \
     SET w.version = w.version + 1, w.lifecycle = r.body, w.updated_at = NOW(6)"
);
const OUTBOX: &str = concat!(
    "INSERT INTO outbox (message_id, worker, exchange, routing_key, message_type, body, created_at) \
     SELECT UNHEX(r.id), 'bare', 'x', 'x', 'x', r.body, NOW(6) FROM ",
    rows_table!()
);
const DELETE: &str = concat!(
    "DELETE o FROM ",
    rows_table!(),
    " STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY) ON o.message_id = UNHEX(r.id)"
);
