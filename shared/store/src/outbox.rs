//! The outbox: what a transaction wants published, as rows of that very transaction.
//!
//! After the commit the process publishes its rows from memory and deletes them; the sweep publishes
//! what a crash left behind. A row may go out twice: its message id makes that harmless.

use contracts::{Actor, Envelope, MessageId, Timestamp, TraceContext, UserId};
use sea_orm::FromQueryResult;
use serde::Serialize;

use crate::{Database, StoreError, Tx, hex, parse_hex, timestamp};

/// One message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its id, given when it was written: the same however often it is published.
    pub message_id: MessageId,
    /// The exchange's name.
    pub exchange: String,
    /// The routing key.
    pub routing_key: String,
    /// Wire name.
    pub message_type: String,
    /// Version of the aggregate, on events.
    pub seq: Option<u64>,
    /// What it is a consequence of.
    pub correlation_id: Option<String>,
    /// On whose behalf it happened.
    pub actor: Option<Actor>,
    /// W3C trace context.
    pub traceparent: Option<String>,
    /// The payload, JSON.
    pub body: String,
    /// When it was written.
    pub created_at: Timestamp,
}

impl OutboxRow {
    /// The envelope it is published with.
    #[must_use]
    pub fn envelope(&self, app_id: &str, user: &UserId) -> Envelope {
        Envelope {
            message_id: self.message_id,
            message_type: self.message_type.clone(),
            timestamp: self.created_at,
            app_id: app_id.to_owned(),
            user_id: user.clone(),
            actor: self.actor.clone().unwrap_or_else(|| Actor::itself(user)),
            correlation_id: self.correlation_id.clone(),
            reply_to: None,
            trace: TraceContext { traceparent: self.traceparent.clone(), tracestate: None },
            attempt: 0,
            seq: self.seq,
        }
    }
}

#[derive(Serialize)]
struct NewRow<'a> {
    message_id: String,
    worker: &'a str,
    exchange: &'a str,
    routing_key: &'a str,
    message_type: &'a str,
    seq: Option<u64>,
    correlation_id: Option<&'a str>,
    traceparent: Option<&'a str>,
    created_at: String,
    actor: Option<String>,
    body: &'a str,
}

/// A new row is its writer's for 5 s by the database's clock (`created_at` is the worker's, which may be
/// wrong, or years back in a replay).
const INSERT: &str = "INSERT INTO outbox (message_id, worker, exchange, routing_key, message_type, seq, \
       correlation_id, actor, traceparent, body, created_at, claimed_until) \
     SELECT UNHEX(r.message_id), r.worker, r.exchange, r.routing_key, r.message_type, r.seq, \
       r.correlation_id, r.actor, r.traceparent, r.body, r.created_at, \
       UTC_TIMESTAMP(6) + INTERVAL 5 SECOND \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
       worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR, \
       exchange VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.exchange' ERROR ON ERROR, \
       routing_key VARCHAR(200) CHARACTER SET ascii COLLATE ascii_bin PATH '$.routing_key' ERROR ON ERROR, \
       message_type VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_type' ERROR ON ERROR, \
       seq BIGINT UNSIGNED PATH '$.seq' ERROR ON ERROR, \
       correlation_id VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.correlation_id' ERROR ON ERROR, \
       traceparent VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.traceparent' ERROR ON ERROR, \
       created_at DATETIME(6) PATH '$.created_at' ERROR ON ERROR, \
       actor TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.actor' ERROR ON ERROR, \
       body MEDIUMTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.body' ERROR ON ERROR)) r";

/// Writes rows of one worker kind.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub async fn insert(tx: &Tx, worker: &str, rows: &[OutboxRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let mut new = Vec::with_capacity(rows.len());
    for row in rows {
        let actor = row.actor.as_ref().map(serde_json::to_string).transpose();
        new.push(NewRow {
            message_id: hex(row.message_id.0),
            worker,
            exchange: &row.exchange,
            routing_key: &row.routing_key,
            message_type: &row.message_type,
            seq: row.seq,
            correlation_id: row.correlation_id.as_deref(),
            actor: actor.map_err(|error| StoreError::Encode(error.to_string()))?,
            traceparent: row.traceparent.as_deref(),
            body: &row.body,
            created_at: row.created_at.to_sql(),
        });
    }
    tx.execute(INSERT, &new).await.map(|_| ())
}

#[derive(Serialize)]
struct Id {
    message_id: String,
}

const DELETE: &str = "DELETE o FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY) ON o.message_id = UNHEX(r.message_id)";

/// Deletes rows that the broker confirmed, in key order.
///
/// # Errors
/// [`StoreError`] when the statement fails; the rows are then published again by the sweep.
pub async fn delete(database: &Database, ids: &[MessageId]) -> Result<(), StoreError> {
    let mut ids: Vec<Id> = ids.iter().map(|id| Id { message_id: hex(id.0) }).collect();
    ids.sort_by(|a, b| a.message_id.cmp(&b.message_id));
    if ids.is_empty() {
        return Ok(());
    }
    database.execute(DELETE, &ids).await.map(|_| ())
}

#[derive(Serialize)]
struct Claim<'a> {
    worker: &'a str,
}

const CLAIMABLE: &str = "SELECT HEX(o.message_id) message_id FROM outbox o WHERE o.worker = \
       (SELECT r.worker FROM JSON_TABLE(?, '$[*]' COLUMNS( \
         worker VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.worker' ERROR ON ERROR)) r) \
       AND (o.claimed_until IS NULL OR o.claimed_until < UTC_TIMESTAMP(6)) \
     ORDER BY o.message_id LIMIT 500 FOR UPDATE SKIP LOCKED";

const MARK: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY) ON o.message_id = UNHEX(r.message_id) \
     SET o.claimed_until = UTC_TIMESTAMP(6) + INTERVAL 10 SECOND";

const READ: &str = "SELECT HEX(o.message_id) message_id, o.exchange, o.routing_key, o.message_type, o.seq, \
       o.correlation_id, o.actor, o.traceparent, o.body, o.created_at \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN outbox o FORCE INDEX (PRIMARY) ON o.message_id = UNHEX(r.message_id) ORDER BY o.message_id";

#[derive(Debug, FromQueryResult, Serialize)]
struct Claimed {
    message_id: String,
}

#[derive(Debug, FromQueryResult)]
struct Stored {
    message_id: String,
    exchange: String,
    routing_key: String,
    message_type: String,
    seq: Option<u64>,
    correlation_id: Option<String>,
    actor: Option<String>,
    traceparent: Option<String>,
    body: String,
    created_at: chrono::NaiveDateTime,
}

/// Claims for 10 s up to 500 rows of a worker kind that were written more than 5 s ago and are claimed by
/// nobody, by the database's clock.
/// The transaction ends before anything is published.
///
/// # Errors
/// [`StoreError`] when a statement fails.
pub async fn claim_left_behind(
    database: &Database,
    worker: &str,
) -> Result<Vec<OutboxRow>, StoreError> {
    let tx = database.begin().await?;
    let claim = [Claim { worker }];
    let claimed: Vec<Claimed> = tx.select(CLAIMABLE, &claim).await?;
    if claimed.is_empty() {
        tx.rollback().await?;
        return Ok(Vec::new());
    }
    tx.execute(MARK, &claimed).await?;
    let stored: Vec<Stored> = tx.select(READ, &claimed).await?;
    tx.commit().await?;
    stored.into_iter().map(read_row).collect()
}

fn read_row(row: Stored) -> Result<OutboxRow, StoreError> {
    let actor = row.actor.as_deref().map(serde_json::from_str).transpose();
    Ok(OutboxRow {
        message_id: MessageId(parse_hex(&row.message_id)?),
        exchange: row.exchange,
        routing_key: row.routing_key,
        message_type: row.message_type,
        seq: row.seq,
        correlation_id: row.correlation_id,
        actor: actor.map_err(|error| StoreError::decode(format!("outbox.actor: {error}")))?,
        traceparent: row.traceparent,
        body: row.body,
        created_at: timestamp(row.created_at),
    })
}
