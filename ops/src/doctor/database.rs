//! The database: reachable, new enough, migrated, durable, in UTC, with the right clock; and who lives.

use contracts::Timestamp;
use queue_topology::WorkerKind;
use sea_orm::FromQueryResult;
use store::{Database, NONE};

use super::Findings;
use crate::error::Result;
use crate::migrate;
use crate::site::Site;

/// Leases and the outbox sweep go by the database's clock, the rest by each machine's.
const SKEW_SECONDS_MOST: f64 = 2.0;

#[derive(Debug, FromQueryResult)]
struct Server {
    version: String,
    sql_mode: String,
    max_connections: i64,
    flush_at_commit: i64,
    utc_offset_seconds: i64,
    now: chrono::NaiveDateTime,
}

const SERVER: &str = "SELECT VERSION() version, CONVERT(@@SESSION.sql_mode USING utf8mb4) sql_mode, \
     CAST(@@GLOBAL.max_connections AS SIGNED) max_connections, \
     CAST(@@GLOBAL.innodb_flush_log_at_trx_commit AS SIGNED) flush_at_commit, \
     CAST(TIMESTAMPDIFF(SECOND, UTC_TIMESTAMP(), NOW()) AS SIGNED) utc_offset_seconds, UTC_TIMESTAMP(6) now";

pub(super) async fn look(site: &Site, findings: &mut Findings) {
    let database = match site.database().await {
        Ok(database) => database,
        Err(error) => return findings.failed("database", &error),
    };
    match server(&database).await {
        Ok(server) => judge_server(&server, findings),
        Err(error) => return findings.failed("database", &error),
    }
    isolation(&database, findings).await;
    match migrate::status(&database).await {
        Ok(steps) => match steps.iter().filter(|step| !step.applied).count() {
            0 => findings.ok("schema", format!("{} migrations applied", steps.len())),
            missing => {
                let advice = "run `dray migrate`";
                return findings.wrong(
                    "schema",
                    format!("{missing} migrations are missing"),
                    advice,
                );
            }
        },
        Err(error) => return findings.failed("schema", &error),
    }
    if let Err(error) = instances(&database, findings).await {
        findings.failed("instances", &error);
    }
}

async fn server(database: &Database) -> Result<Server> {
    let mut rows: Vec<Server> = database.select(SERVER, &NONE).await?;
    let missing = || store::StoreError::decode("the server says nothing about itself");
    Ok(rows.pop().ok_or_else(missing)?)
}

fn judge_server(server: &Server, findings: &mut Findings) {
    if is_new_enough(&server.version) {
        findings.ok("database", format!("version {}", server.version));
    } else {
        let advice = "MariaDB 10.11 or MySQL 8.4 is the oldest that works: upgrade";
        findings.wrong("database", format!("version {}", server.version), advice);
    }
    if server.flush_at_commit == 1 {
        findings.ok("durability", "a commit is on disk before it is answered");
    } else {
        let found = format!("innodb_flush_log_at_trx_commit = {}", server.flush_at_commit);
        findings.wrong(
            "durability",
            found,
            "set it to 1: otherwise a power cut loses what was answered",
        );
    }
    if !server.sql_mode.contains("STRICT_ALL_TABLES") {
        findings.wrong(
            "database",
            "the session is not strict",
            "a proxy in between changes sql_mode: take it out",
        );
    }
    if server.utc_offset_seconds != 0 {
        let found = format!("the server's local time is {} s from UTC", server.utc_offset_seconds);
        findings.warn(
            "time zone",
            found,
            "harmless for the fleet, which asks for UTC; confusing for people",
        );
    } else {
        findings.ok("time zone", "UTC");
    }
    if server.max_connections < 150 {
        let found = format!("max_connections = {}", server.max_connections);
        findings.warn(
            "database",
            found,
            "a fleet of eight workers opens up to about 100: raise it",
        );
    }
    let skew = (server.now.and_utc() - Timestamp::now().as_datetime()).as_seconds_f64();
    let found = format!("the database's clock is {skew:+.3} s from this machine's");
    if skew.abs() > SKEW_SECONDS_MOST {
        findings.wrong("clock", found, "synchronise both with NTP");
    } else {
        findings.ok("clock", found);
    }
}

/// `10.11.6-MariaDB-0+deb12u1` or `8.4.2`.
fn is_new_enough(version: &str) -> bool {
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let least = if version.contains("MariaDB") { (10, 11) } else { (8, 4) };
    (major, minor) >= least
}

#[derive(Debug, FromQueryResult)]
struct Isolation {
    level: String,
}

/// The variable has two names; each server knows at least one.
const ISOLATION: [&str; 2] = [
    "SELECT CONVERT(@@SESSION.transaction_isolation USING utf8mb4) level",
    "SELECT CONVERT(@@SESSION.tx_isolation USING utf8mb4) level",
];

async fn isolation(database: &Database, findings: &mut Findings) {
    for sql in ISOLATION {
        let Ok(rows) = database.select::<Isolation, _>(sql, &NONE).await else {
            continue;
        };
        match rows.first().map(|row| row.level.as_str()) {
            Some("READ-COMMITTED") => findings.ok("isolation", "READ COMMITTED in our sessions"),
            level => {
                let found = format!("our sessions run with {}", level.unwrap_or("?"));
                findings.wrong("isolation", found, "a proxy in between changes it: take it out");
            }
        }
        return;
    }
    findings.warn("isolation", "cannot be asked", "check transaction_isolation by hand");
}

async fn instances(database: &Database, findings: &mut Findings) -> Result<()> {
    let living = store::instances::alive(database).await?;
    for kind in WorkerKind::ALL.into_iter().filter(|kind| kind.has_database()) {
        let of_kind: Vec<_> = living.iter().filter(|i| i.report.worker == kind.name()).collect();
        let paused = of_kind.iter().filter(|i| i.report.paused).count();
        let unready = of_kind.iter().filter(|i| !i.report.ready && !i.report.paused).count();
        let tripped = of_kind.iter().filter(|i| i.report.tripped).count();
        let found = format!("{} of {} live", of_kind.len(), kind.name());
        if tripped > 0 {
            let found = format!("{found}, {tripped} stopped by the kill switch");
            let name = kind.name();
            let remedy = format!("`dray dlq show {name}`; mended: `dray kill-switch reset {name}`");
            findings.wrong("instances", found, remedy);
            continue;
        }
        match (of_kind.len(), paused, unready) {
            (0, _, _) => findings.warn("instances", found, "start it: `dray fleet up`"),
            (_, 0, 0) => findings.ok("instances", found),
            (_, 0, _) => {
                let found = format!("{found}, {unready} not ready");
                findings.wrong("instances", found, "see /ready on its admin port and its log");
            }
            (_, _, _) => {
                let found = format!("{found}, {paused} paused");
                findings.warn(
                    "instances",
                    found,
                    format!("`dray resume {}` when it may go on", kind.name()),
                );
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_oldest_versions_that_work() {
        let cases = [
            ("10.11.6-MariaDB-0+deb12u1", true),
            ("11.4.2-MariaDB", true),
            ("10.6.18-MariaDB", false),
            ("8.4.2", true),
            ("9.1.0", true),
            ("8.0.40", false),
        ];
        for (version, expected) in cases {
            assert_eq!(super::is_new_enough(version), expected, "{version}");
        }
    }
}
