//! How many waybills wait too long for a proof: one indexed count that stops early.

use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, StoreError};

const OVERDUE: &str = "SELECT CAST(COUNT(*) AS SIGNED) overdue FROM (
    SELECT w.id
    FROM JSON_TABLE(?, '$[*]' COLUMNS(minutes INT UNSIGNED PATH '$.minutes' ERROR ON ERROR)) r
    STRAIGHT_JOIN waybill w FORCE INDEX (waybill_parked)
    WHERE w.parked_since < UTC_TIMESTAMP(6) - INTERVAL r.minutes MINUTE
    LIMIT 10000) w";

/// A proof that has not come after so long is missing.
const PATIENCE: Patience = Patience { minutes: 15 };

#[derive(Serialize)]
struct Patience {
    minutes: u32,
}

#[derive(FromQueryResult)]
struct Row {
    overdue: i64,
}

/// Waybills with a report parked for over 15 minutes; 10,000 stands for any more.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn overdue(database: &Database) -> Result<i64, StoreError> {
    let rows: Vec<Row> = database.select(OVERDUE, &[PATIENCE]).await?;
    Ok(rows.first().map_or(0, |row| row.overdue))
}
