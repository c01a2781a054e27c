//! What requests are about: the waybills and orders that the tables hold, the newest first, and what an order may
//! name.
//!
//! What lives here: reading. What never does: which of them is asked for.

use std::sync::Arc;
use std::time::Duration;

use chrono::NaiveDate;
use sea_orm::sqlx::{self, MySqlPool};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::say::WAY;

/// How old a picture of the world may be.
const WORLD_LASTS: Duration = Duration::from_secs(10);
/// Waybills and orders that one look shows.
const SHOWN: u32 = 10_000;

/// A waybill.
#[derive(Debug, Clone)]
pub(crate) struct SeenWaybill {
    pub(crate) waybill_no: String,
    /// How far it was on its way, as a step of [`WAY`]; `None` off it.
    pub(crate) step: Option<usize>,
    pub(crate) attempt: u16,
    pub(crate) delivery_date: NaiveDate,
}

/// An order.
#[derive(Debug, Clone)]
pub(crate) struct SeenOrder {
    pub(crate) source: String,
    pub(crate) order_ref: String,
    pub(crate) sku: String,
    pub(crate) quantity: u32,
}

/// Everything that was seen.
#[derive(Debug, Clone, Default)]
pub(crate) struct World {
    pub(crate) waybills: Vec<SeenWaybill>,
    pub(crate) orders: Vec<SeenOrder>,
    pub(crate) merchants: Vec<String>,
    pub(crate) districts: Vec<String>,
    pub(crate) timeslots: Vec<String>,
}

const WAYBILLS: &str = "SELECT waybill_no, status, attempt, delivery_date FROM waybill \
    WHERE exists_since IS NOT NULL AND kind = 'FORWARD' AND delivery_date IS NOT NULL \
    ORDER BY exists_since DESC LIMIT ?";
const ORDERS: &str = "SELECT o.source, o.order_ref, l.sku, l.quantity \
    FROM (SELECT * FROM orders ORDER BY created_at DESC LIMIT ?) o \
    JOIN order_line l ON l.order_id = o.id \
      AND l.line_no = (SELECT MIN(f.line_no) FROM order_line f WHERE f.order_id = o.id)";
const MERCHANTS: &str = "SELECT merchant FROM waybill WHERE merchant IS NOT NULL \
    GROUP BY merchant ORDER BY COUNT(*) DESC, merchant LIMIT 4";
const DISTRICTS: &str = "SELECT DISTINCT district FROM district ORDER BY district";
const TIMESLOTS: &str = "SELECT timeslot FROM timeslot ORDER BY timeslot";

impl World {
    /// Looks.
    pub(crate) async fn look(pool: &MySqlPool) -> Result<Self, sqlx::Error> {
        let waybills: Vec<(String, String, u16, NaiveDate)> =
            sqlx::query_as(WAYBILLS).bind(SHOWN).fetch_all(pool).await?;
        let orders: Vec<(String, String, String, u32)> =
            sqlx::query_as(ORDERS).bind(SHOWN).fetch_all(pool).await?;
        let waybill = |(waybill_no, status, attempt, delivery_date): (String, String, u16, _)| {
            let step = WAY.iter().position(|step| *step == status);
            SeenWaybill { waybill_no, step, attempt, delivery_date }
        };
        let order =
            |(source, order_ref, sku, quantity)| SeenOrder { source, order_ref, sku, quantity };
        Ok(Self {
            waybills: waybills.into_iter().map(waybill).collect(),
            orders: orders.into_iter().map(order).collect(),
            merchants: sqlx::query_scalar(MERCHANTS).fetch_all(pool).await?,
            districts: sqlx::query_scalar(DISTRICTS).fetch_all(pool).await?,
            timeslots: sqlx::query_scalar(TIMESLOTS).fetch_all(pool).await?,
        })
    }

    /// True when there is nothing to ask about.
    pub(crate) fn is_empty(&self) -> bool {
        self.waybills.is_empty() || self.orders.is_empty() || self.districts.is_empty()
    }
}

/// Somebody who looks again and again.
pub(crate) struct Looker {
    world: watch::Receiver<Arc<World>>,
    _looking: JoinSet<()>,
}

impl Looker {
    /// Begins with what was just seen.
    pub(crate) fn start(pool: MySqlPool, world: World) -> Self {
        let (seen, world) = watch::channel(Arc::new(world));
        let mut looking = JoinSet::new();
        looking.spawn(async move {
            loop {
                sleep(WORLD_LASTS).await;
                // a database that is away for a moment is part of what a fleet survives: the old picture stays
                if let Ok(world) = World::look(&pool).await
                    && seen.send(Arc::new(world)).is_err()
                {
                    return;
                }
            }
        });
        Self { world, _looking: looking }
    }

    /// The newest picture, now and later.
    pub(crate) fn world(&self) -> watch::Receiver<Arc<World>> {
        self.world.clone()
    }
}
