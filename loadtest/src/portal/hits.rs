//! How many questions query-desk answered without the database, by its own counts before and after.
//!
//! What lives here: reading its metrics. What never does: a count of our own.

use std::collections::BTreeMap;

use sea_orm::sqlx::{self, MySqlPool};
use serde::Serialize;

/// An instance whose row is older is not there any more.
const LIVING: &str = "SELECT admin_addr FROM worker_instance \
    WHERE worker = 'query-desk' AND admin_addr IS NOT NULL \
      AND seen_at > UTC_TIMESTAMP(6) - INTERVAL 10 SECOND";
const REQUESTS: &str = "dray_cache_requests_total{";

/// Who answered, between two looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Answered {
    /// Parts of answers from the process of query-desk.
    pub(crate) by_process: u64,
    /// From Redis.
    pub(crate) by_redis: u64,
    /// From the database.
    pub(crate) by_database: u64,
}

impl Answered {
    /// Of 100, those without the database.
    pub(crate) fn percent_without_database(self) -> f64 {
        let without = small(self.by_process.saturating_add(self.by_redis));
        let all = without + small(self.by_database);
        if all > 0.0 { 100.0 * without / all } else { 0.0 }
    }

    fn since(self, before: Self) -> Self {
        Self {
            by_process: self.by_process.saturating_sub(before.by_process),
            by_redis: self.by_redis.saturating_sub(before.by_redis),
            by_database: self.by_database.saturating_sub(before.by_database),
        }
    }
}

fn small(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}

/// The counts of every living instance at one moment.
#[derive(Debug, Default)]
pub(crate) struct Counts(BTreeMap<String, Answered>);

impl Counts {
    /// Asks every living instance; one that does not answer is left out.
    pub(crate) async fn read(pool: &MySqlPool) -> Result<Self, sqlx::Error> {
        let addresses: Vec<String> = sqlx::query_scalar(LIVING).fetch_all(pool).await?;
        let read = tokio::task::spawn_blocking(move || {
            let counts = addresses.into_iter().filter_map(|address| {
                let mut answer = ureq::get(format!("http://{address}/metrics")).call().ok()?;
                let text = answer.body_mut().read_to_string().ok()?;
                Some((address, parse(&text)))
            });
            counts.collect()
        });
        Ok(Self(read.await.unwrap_or_default()))
    }

    /// What was counted since `before`, by instances that were there both times; `None`: there was none.
    pub(crate) fn since(&self, before: &Self) -> Option<Answered> {
        let mut both =
            self.0.iter().filter_map(|(address, now)| Some((now, before.0.get(address)?)));
        let first = both.next().map(|(now, before)| now.since(*before))?;
        Some(both.fold(first, |sum, (now, before)| {
            let more = now.since(*before);
            Answered {
                by_process: sum.by_process + more.by_process,
                by_redis: sum.by_redis + more.by_redis,
                by_database: sum.by_database + more.by_database,
            }
        }))
    }
}

/// Reads `dray_cache_requests_total{worker="query-desk",result="load"} 12`.
pub(super) fn parse(metrics: &str) -> Answered {
    let mut answered = Answered::default();
    for line in metrics.lines().filter_map(|line| line.strip_prefix(REQUESTS)) {
        let Some((labels, value)) = line.rsplit_once("} ") else { continue };
        let value: u64 = value.trim().parse().unwrap_or(0);
        match labels.split("result=\"").nth(1).and_then(|rest| rest.split('"').next()) {
            Some("process_hit") => answered.by_process += value,
            Some("redis_hit") => answered.by_redis += value,
            Some("load") => answered.by_database += value,
            Some(_) | None => {}
        }
    }
    answered
}
