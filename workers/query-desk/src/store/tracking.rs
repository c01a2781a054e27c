//! What the public may know of a waybill besides where it stands.

use ::store::{Database, StoreError, timestamp};
use chrono::NaiveDateTime;
use contracts::{Timestamp, TrackingCode, WaybillNo, WaybillStatus};
use sea_orm::FromQueryResult;

use super::{WaybillKey, word};

/// A status, and when what led to it happened.
pub(crate) type Reached = (WaybillStatus, Timestamp);

macro_rules! of_waybill {
    ($select:literal, $joins:literal) => {
        concat!(
            $select,
            " FROM JSON_TABLE(?, '$[*]' COLUMNS(waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin \
               PATH '$.waybill_no' ERROR ON ERROR)) r \
             STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = r.waybill_no ",
            $joins
        )
    };
}

const CODE: &str = of_waybill!("SELECT w.tracking_code", "WHERE w.exists_since IS NOT NULL");

#[derive(FromQueryResult)]
struct CodeRow {
    tracking_code: Option<String>,
}

/// The code on its label; `None` where there is none, or no such waybill.
pub(crate) async fn code(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Option<TrackingCode>, StoreError> {
    let rows: Vec<CodeRow> = database.select(CODE, &[WaybillKey { waybill_no }]).await?;
    let code = rows.into_iter().find_map(|row| row.tracking_code);
    code.map(|code| word("waybill.tracking_code", code)).transpose()
}

const STATUSES: &str = of_waybill!(
    "SELECT e.status, e.occurred_at",
    "STRAIGHT_JOIN waybill_event e FORCE INDEX (PRIMARY) ON e.waybill_id = w.id \
     WHERE e.outcome = 'APPLIED' ORDER BY e.version LIMIT 500"
);

#[derive(FromQueryResult)]
struct StatusRow {
    status: String,
    occurred_at: NaiveDateTime,
}

/// The status after each change, in the order in which the exchange heard of them.
pub(crate) async fn statuses(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Vec<Reached>, StoreError> {
    let rows: Vec<StatusRow> = database.select(STATUSES, &[WaybillKey { waybill_no }]).await?;
    // what was said before there was a waybill left it without a status
    let known = rows.into_iter().filter_map(|row| {
        WaybillStatus::parse(&row.status).map(|status| (status, timestamp(row.occurred_at)))
    });
    Ok(known.collect())
}

const WINDOW: &str = of_waybill!(
    "SELECT t.start_time, t.end_time",
    "STRAIGHT_JOIN timeslot t FORCE INDEX (PRIMARY) ON t.timeslot = w.timeslot"
);

#[derive(FromQueryResult)]
struct WindowRow {
    start_time: String,
    end_time: String,
}

/// When its promised window begins and ends, `HH:MM`.
pub(crate) async fn window(
    database: &Database,
    waybill_no: &WaybillNo,
) -> Result<Option<(String, String)>, StoreError> {
    let rows: Vec<WindowRow> = database.select(WINDOW, &[WaybillKey { waybill_no }]).await?;
    Ok(rows.into_iter().next().map(|row| (row.start_time, row.end_time)))
}
