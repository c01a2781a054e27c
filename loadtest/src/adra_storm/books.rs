//! What must hold after a storm, asked of the database in one snapshot: the checks of `loadtest verify` on quota and
//! trucks, and some that only a storm can have. The work is the server's: memory here does not grow.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use sea_orm::sqlx::{self, MySqlPool};
use settings::Secret;

use super::StormError;
use crate::bench::BenchError;
use crate::bench::ground::Ground;
use crate::database::{Snapshot, number, text};
use crate::verify::{
    Check, CheckResult, Invariant, OUTBOX, ask, dead_letters, depths, drained, never_oversold,
};

/// The check whose examples are the prefixes of the ledger.
pub(super) const PREFIXES: &str = "ledger-stays-within-quota";
/// A retry may wait ten minutes.
const STALL: Duration = Duration::from_secs(720);
const LOOK: Duration = Duration::from_secs(1);

const CHECKS: [Check; 3] = [
    Check {
        invariant: Invariant::NothingLost,
        name: "announced-is-decided",
        says: "every waybill that was announced has a place, or the reason why it has none",
        examined: "SELECT COUNT(*) FROM waybill",
        violations: "SELECT w.waybill_no AS subject, COALESCE(a.state, 'no assignment') AS detail \
             FROM waybill w LEFT JOIN assignment a ON a.waybill_no = w.waybill_no \
             WHERE a.waybill_no IS NULL \
               OR (a.state = 'UNASSIGNED' AND w.status = 'CREATED' AND a.place_no = 0)",
    },
    Check {
        invariant: Invariant::OneEffect,
        name: "every-prefix-has-one-entry",
        says: "the versions of a ledger run from 1 without a gap",
        examined: "SELECT COUNT(*) FROM quota_ledger",
        violations: "SELECT CONCAT_WS(' ', v.zone, v.delivery_date, v.timeslot) AS subject, \
               CONCAT('version ', v.version, ' is entry ', v.entry) AS detail \
             FROM (SELECT zone, delivery_date, timeslot, version, ROW_NUMBER() OVER \
                     (PARTITION BY zone, delivery_date, timeslot ORDER BY version) AS entry \
                   FROM quota_ledger) v WHERE v.version <> v.entry",
    },
    Check {
        invariant: Invariant::NeverOversold,
        name: "cancelled-holds-no-place",
        says: "a cancelled waybill holds no place",
        examined: "SELECT COUNT(*) FROM waybill WHERE status = 'CANCELLED'",
        violations: "SELECT w.waybill_no AS subject, CONCAT(a.state, ', place ', a.place_no) AS detail \
             FROM waybill w JOIN assignment a ON a.waybill_no = w.waybill_no \
             WHERE w.status = 'CANCELLED' AND a.state IN ('ASSIGNED', 'LOCKED')",
    },
];

/// Every check of the database.
pub(super) async fn audit(database_url: &Secret) -> Result<Vec<CheckResult>, StormError> {
    let mut snapshot = Snapshot::open(database_url).await?;
    let mut checks = never_oversold(&mut snapshot).await?;
    for check in CHECKS.into_iter().chain([OUTBOX]) {
        checks.push(ask(&mut snapshot, check).await?);
    }
    Ok(checks)
}

/// The checks of the queues: nothing waits, nothing was given up.
pub(super) async fn queues(amqp_url: &Secret) -> Result<[CheckResult; 2], StormError> {
    let depths = depths(amqp_url).await?;
    Ok([drained(&depths), dead_letters(&depths, 0)])
}

/// How the operations ended, by outcome, and how many decisions were explained.
pub(super) async fn outcomes(
    database_url: &Secret,
) -> Result<(BTreeMap<String, u64>, u64), StormError> {
    let mut snapshot = Snapshot::open(database_url).await?;
    let sql =
        "SELECT outcome, COUNT(*) FROM inbox WHERE consumer = 'adra-assigner' GROUP BY outcome";
    let read = |row: &_| Ok((text(row, 0)?, number(row, 1)?));
    let outcomes = snapshot.rows("inbox", sql, read).await?;
    let decisions = snapshot.number("adra_decision", "SELECT COUNT(*) FROM adra_decision").await?;
    Ok((outcomes.into_iter().collect(), decisions))
}

/// Waits until so many operations are settled or dead letters, and everybody else was told.
pub(super) async fn settled(ground: &Ground, operations: u64) -> Result<(), StormError> {
    let pool = MySqlPool::connect(&ground.database_url).await.map_err(BenchError::from)?;
    let amqp_url = Secret::new(&ground.amqp_url);
    let (mut before, mut changed_at) = (0, Instant::now());
    let mut ticks = tokio::time::interval(LOOK);
    while changed_at.elapsed() < STALL {
        ticks.tick().await;
        let (inbox, outbox): (i64, i64) = sqlx::query_as(
            "SELECT (SELECT COUNT(*) FROM inbox WHERE consumer = 'adra-assigner'), \
               (SELECT COUNT(*) FROM outbox)",
        )
        .fetch_one(&pool)
        .await
        .map_err(BenchError::from)?;
        let [waiting, dead] = queues(&amqp_url).await?;
        let done = u64::try_from(inbox).unwrap_or(0) + dead.examined;
        if done >= operations && outbox == 0 && waiting.violations == 0 {
            return Ok(());
        }
        if done > before {
            (before, changed_at) = (done, Instant::now());
        }
    }
    Err(BenchError::Stalled { what: "adra-assigner", seconds: STALL.as_secs() }.into())
}
