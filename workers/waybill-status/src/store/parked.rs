//! How many waybills wait too long for a proof: one indexed count that stops early.

use sea_orm::FromQueryResult;
use store::{Database, StoreError};

/// The one row of the parameter is there because every statement has one.
const OVERDUE: &str = "SELECT CAST(COUNT(*) AS SIGNED) overdue FROM (
    SELECT w.id
    FROM JSON_TABLE(?, '$[*]' COLUMNS(n FOR ORDINALITY)) r
    STRAIGHT_JOIN waybill w FORCE INDEX (waybill_parked)
    WHERE w.parked_since < UTC_TIMESTAMP(6) - INTERVAL 15 MINUTE
    LIMIT 10000) w";

#[derive(FromQueryResult)]
struct Row {
    overdue: i64,
}

/// Waybills with a report parked for over 15 minutes; 10,000 stands for any more.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn overdue(database: &Database) -> Result<i64, StoreError> {
    let rows: Vec<Row> = database.select(OVERDUE, &[()]).await?;
    Ok(rows.first().map_or(0, |row| row.overdue))
}
