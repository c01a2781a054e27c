//! Questions for cancellation: the record beside the sales orders, and what the sweep looks for in it.

use chrono::NaiveDateTime;
use contracts::{CancellationVerdict, Timestamp, WaybillNo, WaybillStatus};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, NONE, StoreError, Tx, timestamp};

use super::{clip, invalid, keys, write};
use crate::decide::{Asked, Decided, OpenQuestion, Purpose, TakenOver};
use crate::waybill::is_on_the_road;

/// The verdict as the column keeps it.
const fn verdict_word(verdict: CancellationVerdict) -> &'static str {
    match verdict {
        CancellationVerdict::Accepted => "ACCEPTED",
        CancellationVerdict::Rejected => "REJECTED",
    }
}

/// What a yes leads to, as the column keeps it.
const fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Cancel => "CANCEL",
        Purpose::Transfer => "TRANSFER",
    }
}

const INSERT: &str = "INSERT INTO sales_order_question (waybill_no, question, asked_by, reason, asked_at,
    verdict, decided_by, decided_reason, decided_at, purpose, correlation_id)
  SELECT r.waybill_no, r.question, r.asked_by, r.reason, r.at, r.verdict, r.decided_by, r.decided_reason,
    IF(r.verdict IS NULL, NULL, r.at), r.purpose, r.correlation_id
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR,
    question INT UNSIGNED PATH '$.question' ERROR ON ERROR,
    asked_by VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.asked_by' ERROR ON ERROR,
    reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR,
    at DATETIME(6) PATH '$.at' ERROR ON ERROR,
    verdict VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.verdict' ERROR ON ERROR,
    decided_by VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.decided_by' ERROR ON ERROR,
    decided_reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.decided_reason'
      ERROR ON ERROR,
    purpose VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.purpose' ERROR ON ERROR,
    correlation_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.correlation_id'
      ERROR ON ERROR)) r";

#[derive(Serialize)]
struct AskedWrite<'a> {
    waybill_no: &'a str,
    question: u32,
    asked_by: &'a str,
    reason: Option<&'a str>,
    at: String,
    verdict: Option<&'static str>,
    decided_by: Option<&'a str>,
    decided_reason: Option<&'a str>,
    purpose: &'static str,
    correlation_id: String,
}

/// Inserts questions that were asked now, and perhaps decided at once, each with its conversation. Give
/// them in key order.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn insert_questions(
    tx: &Tx,
    asked: &[(&Asked, &str)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = asked.iter().map(|(it, conversation)| {
        let decided = it.decided.as_ref();
        AskedWrite {
            waybill_no: it.waybill_no.as_str(),
            question: it.question,
            asked_by: &it.said.by,
            reason: it.said.reason.as_deref(),
            at: now.to_sql(),
            verdict: decided.map(|(verdict, _)| verdict_word(*verdict)),
            decided_by: decided.map(|(_, said)| said.by.as_str()),
            decided_reason: decided.and_then(|(_, said)| said.reason.as_deref()),
            purpose: purpose_word(it.purpose),
            correlation_id: clip(conversation, 128),
        }
    });
    write(tx, INSERT, &rows.collect::<Vec<_>>()).await
}

const TAKE_OVER: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR,
    question INT UNSIGNED PATH '$.question' ERROR ON ERROR,
    asked_by VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.asked_by' ERROR ON ERROR,
    reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reason' ERROR ON ERROR,
    correlation_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.correlation_id'
      ERROR ON ERROR)) r
  STRAIGHT_JOIN sales_order_question q FORCE INDEX (PRIMARY)
    ON q.waybill_no = r.waybill_no AND q.question = r.question
  SET q.purpose = 'CANCEL', q.asked_by = r.asked_by, q.reason = r.reason, q.correlation_id = r.correlation_id";

#[derive(Serialize)]
struct TakenOverWrite<'a> {
    waybill_no: &'a str,
    question: u32,
    asked_by: &'a str,
    reason: Option<&'a str>,
    correlation_id: String,
}

/// Notes that questions for a transfer decide a cancellation now; when they were asked stays. Give them in
/// key order.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn take_over_questions(
    tx: &Tx,
    taken_over: &[(&TakenOver, &str)],
) -> Result<(), StoreError> {
    let rows = taken_over.iter().map(|(it, conversation)| TakenOverWrite {
        waybill_no: it.waybill_no.as_str(),
        question: it.question,
        asked_by: &it.said.by,
        reason: it.said.reason.as_deref(),
        correlation_id: clip(conversation, 128),
    });
    write(tx, TAKE_OVER, &rows.collect::<Vec<_>>()).await
}

const DECIDE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR,
    question INT UNSIGNED PATH '$.question' ERROR ON ERROR,
    verdict VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin PATH '$.verdict' ERROR ON ERROR,
    decided_by VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.decided_by' ERROR ON ERROR,
    decided_reason VARCHAR(500) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.decided_reason'
      ERROR ON ERROR,
    at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r
  STRAIGHT_JOIN sales_order_question q FORCE INDEX (PRIMARY)
    ON q.waybill_no = r.waybill_no AND q.question = r.question
  SET q.verdict = r.verdict, q.decided_by = r.decided_by, q.decided_reason = r.decided_reason,
    q.decided_at = r.at";

#[derive(Serialize)]
struct DecidedWrite<'a> {
    waybill_no: &'a str,
    question: u32,
    verdict: &'static str,
    decided_by: &'a str,
    decided_reason: Option<&'a str>,
    at: String,
}

/// Notes the verdicts of questions that waited. Give them in key order.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn decide_questions(
    tx: &Tx,
    decided: &[&Decided],
    now: Timestamp,
) -> Result<(), StoreError> {
    let rows = decided.iter().map(|it| DecidedWrite {
        waybill_no: it.waybill_no.as_str(),
        question: it.question,
        verdict: verdict_word(it.verdict),
        decided_by: &it.said.by,
        decided_reason: it.said.reason.as_deref(),
        at: now.to_sql(),
    });
    write(tx, DECIDE, &rows.collect::<Vec<_>>()).await
}

// -- what the sweep looks for ------------------------------------------------------------------------

const OPEN: &str = "SELECT q.question, q.asked_at, q.overdue_at, q.correlation_id
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR)) r
  STRAIGHT_JOIN sales_order_question q FORCE INDEX (PRIMARY) ON q.waybill_no = r.waybill_no
  WHERE q.verdict IS NULL";

#[derive(FromQueryResult)]
struct OpenRow {
    question: u32,
    asked_at: NaiveDateTime,
    overdue_at: Option<NaiveDateTime>,
    correlation_id: Option<String>,
}

/// The question about a waybill that waits for an answer. Lock its sales order before.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn open_question(
    tx: &Tx,
    waybill_no: &WaybillNo,
) -> Result<Option<OpenQuestion>, StoreError> {
    let rows: Vec<OpenRow> = tx.select(OPEN, &keys([waybill_no.as_str()])).await?;
    Ok(rows.into_iter().next().map(|row| OpenQuestion {
        number: row.question,
        asked_at: timestamp(row.asked_at),
        is_told: row.overdue_at.is_some(),
        correlation_id: row.correlation_id,
    }))
}

const ON_THE_ROAD: &str = "SELECT q.waybill_no
  FROM sales_order_question q FORCE INDEX (sales_order_question_open)
  STRAIGHT_JOIN waybill w FORCE INDEX (waybill_number) ON w.waybill_no = q.waybill_no
  WHERE q.verdict IS NULL AND w.status IN (SELECT r.status FROM JSON_TABLE(?, '$[*]' COLUMNS(
    status VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.status' ERROR ON ERROR)) r)
  ORDER BY q.waybill_no LIMIT 500";

const OVERDUE: &str = "SELECT q.waybill_no
  FROM sales_order_question q FORCE INDEX (sales_order_question_open)
  WHERE q.verdict IS NULL AND q.overdue_at IS NULL AND q.asked_at <=
    (SELECT r.asked_before FROM JSON_TABLE(?, '$[*]' COLUMNS(
      asked_before DATETIME(6) PATH '$.asked_before' ERROR ON ERROR)) r)
  ORDER BY q.waybill_no LIMIT 500";

#[derive(FromQueryResult)]
struct WaybillRow {
    waybill_no: String,
}

fn numbers(rows: Vec<WaybillRow>) -> Result<Vec<WaybillNo>, StoreError> {
    rows.into_iter().map(|row| WaybillNo::new(row.waybill_no).map_err(invalid)).collect()
}

/// Up to 500 waybills on the road with an open question.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn on_the_road(database: &Database) -> Result<Vec<WaybillNo>, StoreError> {
    #[derive(Serialize)]
    struct Status {
        status: &'static str,
    }
    let statuses = WaybillStatus::ALL.into_iter().filter(|status| is_on_the_road(*status));
    let rows: Vec<Status> = statuses.map(|it| Status { status: it.as_str() }).collect();
    numbers(database.select(ON_THE_ROAD, &rows).await?)
}

/// Up to 500 waybills with a question that was open by then and that nobody was told of.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn waiting_since_before(
    database: &Database,
    time: Timestamp,
) -> Result<Vec<WaybillNo>, StoreError> {
    #[derive(Serialize)]
    struct Before {
        asked_before: String,
    }
    numbers(database.select(OVERDUE, &[Before { asked_before: time.to_sql() }]).await?)
}

const COUNT: &str = "SELECT CAST(COUNT(*) AS SIGNED) questions
  FROM sales_order_question q FORCE INDEX (sales_order_question_open) WHERE q.verdict IS NULL";

#[derive(FromQueryResult)]
struct CountRow {
    questions: i64,
}

/// How many questions are open.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn count_open(database: &Database) -> Result<i64, StoreError> {
    let rows: Vec<CountRow> = database.select(COUNT, &NONE).await?;
    Ok(rows.first().map_or(0, |row| row.questions))
}

const MARK: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS(
    waybill_no VARCHAR(112) CHARACTER SET ascii COLLATE ascii_bin PATH '$.waybill_no' ERROR ON ERROR,
    question INT UNSIGNED PATH '$.question' ERROR ON ERROR,
    at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r
  STRAIGHT_JOIN sales_order_question q FORCE INDEX (PRIMARY)
    ON q.waybill_no = r.waybill_no AND q.question = r.question
  SET q.overdue_at = r.at";

/// Notes that others were told that nobody answers.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn mark_overdue(
    tx: &Tx,
    waybill_no: &WaybillNo,
    question: u32,
    now: Timestamp,
) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Mark<'a> {
        waybill_no: &'a str,
        question: u32,
        at: String,
    }
    let mark = Mark { waybill_no: waybill_no.as_str(), question, at: now.to_sql() };
    write(tx, MARK, &[mark]).await
}
