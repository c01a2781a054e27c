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
/// Where parts of answers were found.
const PARTS: &str = "dray_cache_requests_total";
/// Answers, and those of them that the database was not asked for.
const ANSWERS: &str = "dray_query_answers_total";
const WITHOUT_DATABASE: &str = "dray_query_answers_without_database_total";
/// What reads are about.
const STATUS_QUESTIONS: [&str; 2] = ["waybill", "order"];

/// Who answered, between two looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub(crate) struct Answered {
    /// Answers about waybills and orders.
    pub(crate) answers: u64,
    /// Of these, those that the database was not asked for.
    pub(crate) without_database: u64,
    /// Parts of answers from the process of query-desk.
    pub(crate) parts_by_process: u64,
    /// From Redis.
    pub(crate) parts_by_redis: u64,
    /// From the database.
    pub(crate) parts_by_database: u64,
}

impl Answered {
    /// Of 100 answers, those without the database.
    pub(crate) fn percent_without_database(self) -> f64 {
        if self.answers == 0 {
            return 0.0;
        }
        100.0 * small(self.without_database) / small(self.answers)
    }

    fn since(self, before: Self) -> Self {
        Self {
            answers: self.answers.saturating_sub(before.answers),
            without_database: self.without_database.saturating_sub(before.without_database),
            parts_by_process: self.parts_by_process.saturating_sub(before.parts_by_process),
            parts_by_redis: self.parts_by_redis.saturating_sub(before.parts_by_redis),
            parts_by_database: self.parts_by_database.saturating_sub(before.parts_by_database),
        }
    }

    fn and(self, other: Self) -> Self {
        Self {
            answers: self.answers + other.answers,
            without_database: self.without_database + other.without_database,
            parts_by_process: self.parts_by_process + other.parts_by_process,
            parts_by_redis: self.parts_by_redis + other.parts_by_redis,
            parts_by_database: self.parts_by_database + other.parts_by_database,
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
        let both = self.0.iter().filter_map(|(address, now)| Some((now, before.0.get(address)?)));
        both.map(|(now, before)| now.since(*before)).reduce(Answered::and)
    }
}

/// Reads lines like `dray_cache_requests_total{worker="query-desk",result="load"} 12`.
pub(super) fn parse(metrics: &str) -> Answered {
    let mut answered = Answered::default();
    for (name, label, value) in metrics.lines().filter_map(series) {
        let count = match (name, label) {
            (PARTS, "process_hit") => &mut answered.parts_by_process,
            (PARTS, "redis_hit") => &mut answered.parts_by_redis,
            (PARTS, "load") => &mut answered.parts_by_database,
            (ANSWERS, about) if STATUS_QUESTIONS.contains(&about) => &mut answered.answers,
            (WITHOUT_DATABASE, about) if STATUS_QUESTIONS.contains(&about) => {
                &mut answered.without_database
            }
            _ => continue,
        };
        *count += value;
    }
    answered
}

/// Name, the value of the last label, and the count of one line.
fn series(line: &str) -> Option<(&str, &str, u64)> {
    let (name, rest) = line.split_once('{')?;
    let (labels, value) = rest.rsplit_once("} ")?;
    let label = labels.strip_suffix('"')?.rsplit('"').next()?;
    Some((name, label, value.trim().parse().ok()?))
}
