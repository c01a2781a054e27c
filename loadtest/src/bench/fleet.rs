//! The fleet's side: the real waybill-status binary on the measurement's own virtual host and schema.

use std::process::Stdio;
use std::time::{Duration, Instant};

use broker::{FailureNote, Link, Outgoing, PublishError, Publisher};
use chrono::NaiveDate;
use contracts::{
    Actor, Contract, DistrictCode, Envelope, FulfilledBy, Merchant, MessageId, OrderAccepted,
    OrderRef, ReportStatus, ReportStatuses, Role, Sku, SkuType, Source, TimeslotCode, Timestamp,
    TraceContext, UserId, WaybillDraft, WaybillDraftLine, WaybillKind, WaybillNo, WaybillStatus,
};
use queue_topology::Topology;
use sea_orm::sqlx::{self, MySqlPool};

use super::cpu::Meter;
use super::ground::Ground;
use super::program::beside_us;
use super::{BenchError, LimitsArgs, Rate};

/// What the road of a waybill reports, with who reports it.
const REPORTS: [(WaybillStatus, Role); 6] = [
    (WaybillStatus::Acknowledged, Role::Warehouse),
    (WaybillStatus::Picked, Role::Warehouse),
    (WaybillStatus::Packed, Role::Warehouse),
    (WaybillStatus::Dispatched, Role::Road),
    (WaybillStatus::OutForDelivery, Role::Road),
    (WaybillStatus::Delivered, Role::Road),
];
const STALL: Duration = Duration::from_secs(180);
/// Counting the effects costs the database: seldom enough to leave it to the worker.
const LOOKED_AT_EVERY: Duration = Duration::from_millis(250);
/// Publications on their way at once.
const AT_ONCE: usize = 1_000;

/// Single reports, or batches of so many.
pub(crate) async fn measure(
    ground: &Ground,
    args: &LimitsArgs,
    batch: Option<u16>,
) -> Result<Rate, BenchError> {
    let link = Link::new(&ground.amqp_url, "loadtest");
    let lost = |error: broker::BrokerError| BenchError::Broker(error.to_string());
    let connection = link.connect("declare").await.map_err(lost)?;
    // every listener's queue: an event that its queue does not take is published again and again
    broker::declare(&connection, &Topology::all()).await.map_err(lost)?;
    let user = link.user().and_then(|user| UserId::new(user).ok());
    let user = user.ok_or(BenchError::Missing("AMQP_URL"))?;
    let (publisher, driver) = Publisher::new(link, user);
    let mut driving = tokio::task::JoinSet::new();
    driving.spawn(driver.run(|_connected| {}));
    let worker = Child::start(ground, args)?;
    let pool = MySqlPool::connect(&ground.database_url).await?;
    let waybills = args.messages / u32::try_from(REPORTS.len()).unwrap_or(1);
    let measured = run(&publisher, &pool, waybills, batch).await;
    worker.stop();
    measured
}

async fn run(
    publisher: &Publisher,
    pool: &MySqlPool,
    waybills: u32,
    batch: Option<u16>,
) -> Result<Rate, BenchError> {
    let orders = (0..waybills)
        .map(|number| order(number).and_then(|o| outgoing(publisher.user(), &o, Role::Admin)));
    send(publisher, orders).await?;
    settled(pool, waybills.into()).await?;
    let reports = REPORTS
        .into_iter()
        .flat_map(|(status, role)| (0..waybills).map(move |number| (number, status, role)));
    let reports = reports.map(|(number, status, role)| Ok((report(number, status)?, role)));
    let count = u64::from(waybills) * u64::try_from(REPORTS.len()).unwrap_or(0);
    let meter = Meter::start();
    let start = Instant::now();
    let messages = match batch {
        None => {
            let singles = reports.map(|report| {
                report.and_then(|(report, role)| outgoing(publisher.user(), &report, role))
            });
            send(publisher, singles).await?;
            count
        }
        Some(batch) => {
            let batches = batches(reports, batch.into())?;
            let messages = u64::try_from(batches.len()).unwrap_or(0);
            let batches =
                batches.iter().map(|(batch, role)| outgoing(publisher.user(), batch, *role));
            send(publisher, batches).await?;
            messages
        }
    };
    settled(pool, messages + u64::from(waybills)).await?;
    Ok(Rate::new(count, start.elapsed().as_secs_f64(), meter.read()))
}

/// The reports of each role, so many in a message.
fn batches(
    reports: impl Iterator<Item = Result<(ReportStatus, Role), BenchError>>,
    batch: usize,
) -> Result<Vec<(ReportStatuses, Role)>, BenchError> {
    let mut batches: Vec<(ReportStatuses, Role)> = Vec::new();
    for report in reports {
        let (report, role) = report?;
        match batches.last_mut() {
            Some((open, of)) if *of == role && open.reports.len() < batch => {
                open.reports.push(report);
            }
            Some(_) | None => {
                batches.push((ReportStatuses { reports: vec![report], whole: None }, role))
            }
        }
    }
    Ok(batches)
}

fn invalid(error: impl std::fmt::Display) -> BenchError {
    BenchError::Worker(format!("the sample is not valid: {error}"))
}

fn order(number: u32) -> Result<OrderAccepted, BenchError> {
    let line = WaybillDraftLine {
        line_no: 1,
        sku: Sku::new("SKU-1").map_err(invalid)?,
        quantity: 1,
        sku_type: SkuType::Dry,
    };
    let draft = WaybillDraft {
        waybill_no: waybill_no(number)?,
        kind: WaybillKind::Forward,
        hold: None,
        merchant: Merchant::new("M01").map_err(invalid)?,
        store: None,
        sku_type: SkuType::Dry,
        fulfilled_by: FulfilledBy::Warehouse,
        dry_ml: 1_500,
        frozen_ml: 0,
        weight_g: 700,
        lines: vec![line],
    };
    Ok(OrderAccepted {
        order_id: uuid::Uuid::now_v7(),
        source: Source::new("bench").map_err(invalid)?,
        order_ref: OrderRef::new(number.to_string()).map_err(invalid)?,
        ordered_at: Timestamp::now(),
        customer_ref: None,
        district: DistrictCode::new("D001").map_err(invalid)?,
        delivery_date: NaiveDate::from_ymd_opt(2030, 1, 1).unwrap_or_default(),
        timeslot: TimeslotCode::new("0900-1300").map_err(invalid)?,
        address_key: String::new(),
        waybills: vec![draft],
    })
}

fn waybill_no(number: u32) -> Result<WaybillNo, BenchError> {
    WaybillNo::new(format!("bench-{number}-1")).map_err(invalid)
}

fn report(number: u32, status: WaybillStatus) -> Result<ReportStatus, BenchError> {
    Ok(ReportStatus {
        waybill_no: waybill_no(number)?,
        status,
        attempt: matches!(status, WaybillStatus::Dispatched | WaybillStatus::OutForDelivery)
            .then_some(1),
        route_ref: None,
        expected_version: None,
        occurred_at: Timestamp::now(),
        reason: None,
    })
}

/// A message of this broker user, on behalf of somebody in that role.
pub(crate) fn outgoing<C: Contract>(
    user: &UserId,
    message: &C,
    role: Role,
) -> Result<Outgoing, BenchError> {
    let actor = Actor { subject: "loadtest".to_owned(), role, merchant: None, origin: None };
    Ok(Outgoing {
        exchange: C::EXCHANGE.name().to_owned(),
        routing_key: message.routing_key(),
        mandatory: true,
        envelope: Envelope {
            message_id: MessageId::generate(),
            message_type: C::TYPE.to_owned(),
            timestamp: Timestamp::now(),
            app_id: "loadtest".to_owned(),
            user_id: user.clone(),
            actor,
            correlation_id: None,
            reply_to: None,
            trace: TraceContext::default(),
            attempt: 0,
            seq: None,
        },
        note: FailureNote::default(),
        body: serde_json::to_vec(message).map_err(invalid)?,
        expiration_ms: None,
    })
}

/// Publishes all, as the bare parts do: so many at once, then the next. A full queue is waited for.
pub(crate) async fn send(
    publisher: &Publisher,
    messages: impl Iterator<Item = Result<Outgoing, BenchError>>,
) -> Result<(), BenchError> {
    let mut messages = messages.peekable();
    while messages.peek().is_some() {
        let mut burst = messages.by_ref().take(AT_ONCE).collect::<Result<Vec<_>, _>>()?;
        let mut backoff = pacing::Backoff::lane();
        loop {
            let answers = publisher.publish_all(&burst).await;
            let mut refused = Vec::new();
            for (message, answer) in burst.into_iter().zip(answers) {
                match answer {
                    Ok(()) => {}
                    Err(PublishError::Refused { .. } | PublishError::Unknown { .. }) => {
                        refused.push(message);
                    }
                    Err(error) => return Err(BenchError::Broker(error.to_string())),
                }
            }
            if refused.is_empty() {
                break;
            }
            burst = refused;
            backoff.wait().await;
        }
    }
    Ok(())
}

/// Waits until so many messages had their effect.
async fn settled(pool: &MySqlPool, count: u64) -> Result<(), BenchError> {
    let deadline = Instant::now() + STALL;
    let mut ticks = tokio::time::interval(LOOKED_AT_EVERY);
    while Instant::now() < deadline {
        ticks.tick().await;
        let (now,): (i64,) =
            sqlx::query_as("SELECT COUNT(*) FROM inbox WHERE consumer = 'waybill-status'")
                .fetch_one(pool)
                .await?;
        if u64::try_from(now).unwrap_or(0) >= count {
            return Ok(());
        }
    }
    Err(BenchError::Stalled { what: "waybill-status", seconds: STALL.as_secs() })
}

/// The worker process.
struct Child {
    process: std::process::Child,
}

impl Child {
    fn start(ground: &Ground, args: &LimitsArgs) -> Result<Self, BenchError> {
        let process = std::process::Command::new(beside_us("waybill-status")?)
            .env("AMQP_URL", &ground.amqp_url)
            .env("DATABASE_URL", &ground.database_url)
            .env("DRAY_CONCURRENCY", args.lanes.to_string())
            .env("DRAY_BATCH_MAX", args.batch_max.to_string())
            .env("DRAY_LOG", "warn")
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| BenchError::Worker(error.to_string()))?;
        Ok(Self { process })
    }

    fn stop(mut self) {
        // the ground it stands on goes away: there is nothing to drain
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
