//! The inbox: which messages had their effect, and how it ended.
//!
//! A transaction first asks what it has seen of its batch, and last inserts what it settled. The
//! primary key (consumer, sender, message id) is the guard: when two processes hold the same message,
//! the second INSERT fails with a duplicate key, its whole transaction is rolled back and run again,
//! and then the question answers "seen". No row is claimed before its effect, so nothing needs a token.

use contracts::{Envelope, ItemReply, MessageId, Refusal, Reply, ReplyOutcome, Timestamp};
use sea_orm::FromQueryResult;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{StoreError, Tx, hex, hex_bytes, parse_hex};

/// How a message ended, as it is kept and told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// What its sender is told.
    pub reply: Reply,
    /// Hash of the body that had the effect: the same id with another body is refused.
    pub body_hash: [u8; 32],
}

#[derive(Serialize)]
struct Key<'a> {
    consumer: &'a str,
    sender: &'a str,
    message_id: String,
}

#[derive(Debug, FromQueryResult)]
struct Row {
    sender: String,
    message_id: String,
    body_hash: String,
    outcome: String,
    code: String,
    aggregate: Option<String>,
    version: Option<u64>,
    refusal: Option<String>,
    items: Option<String>,
}

const SEEN: &str = "SELECT i.sender, HEX(i.message_id) message_id, HEX(i.body_hash) body_hash, i.outcome, \
     i.code, i.aggregate, i.version, i.refusal, i.items \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       consumer VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.consumer' ERROR ON ERROR, \
       sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sender' ERROR ON ERROR, \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN inbox i FORCE INDEX (PRIMARY) ON i.consumer = r.consumer AND i.sender = r.sender \
       AND i.message_id = UNHEX(r.message_id)";

/// What this consumer has already settled of these messages: (sender, id) and how it ended.
///
/// # Errors
/// [`StoreError`] when the question fails.
pub async fn seen(
    tx: &Tx,
    consumer: &str,
    messages: &[&Envelope],
) -> Result<Vec<((String, MessageId), Settled)>, StoreError> {
    let keys: Vec<Key<'_>> = messages
        .iter()
        .map(|envelope| Key {
            consumer,
            sender: envelope.user_id.as_str(),
            message_id: hex(envelope.message_id.0),
        })
        .collect();
    let rows: Vec<Row> = tx.select(SEEN, &keys).await?;
    rows.into_iter().map(read_row).collect()
}

/// How one message ended, outside a transaction; `None` when it did not (yet).
///
/// # Errors
/// [`StoreError`] when the question fails.
pub async fn outcome(
    database: &crate::Database,
    consumer: &str,
    sender: &str,
    message_id: MessageId,
) -> Result<Option<Reply>, StoreError> {
    let key = [Key { consumer, sender, message_id: hex(message_id.0) }];
    let rows: Vec<Row> = database.select(SEEN, &key).await?;
    let found = rows.into_iter().next().map(read_row).transpose()?;
    Ok(found.map(|(_, settled)| settled.reply))
}

fn read_row(row: Row) -> Result<((String, MessageId), Settled), StoreError> {
    let message_id = MessageId(parse_hex(&row.message_id)?);
    let body_hash = read_hash(&row.body_hash)?;
    let refusal: Option<Refusal> = read_json("refusal", row.refusal)?;
    let items: Option<Vec<ItemReply>> = read_json("items", row.items)?;
    let outcome = match row.outcome.as_str() {
        "applied" => ReplyOutcome::Applied,
        "duplicate" => ReplyOutcome::Duplicate,
        "rejected" => ReplyOutcome::Rejected,
        "accepted" => ReplyOutcome::Accepted,
        other => return Err(StoreError::decode(format!("inbox.outcome {other:?}"))),
    };
    let reply = Reply {
        message_id,
        outcome,
        code: row.code,
        refusal,
        items: items.unwrap_or_default(),
        aggregate: row.aggregate,
        version: row.version,
    };
    Ok(((row.sender, message_id), Settled { reply, body_hash }))
}

fn read_json<T: DeserializeOwned>(
    column: &str,
    text: Option<String>,
) -> Result<Option<T>, StoreError> {
    let unreadable = |error| StoreError::decode(format!("inbox.{column}: {error}"));
    text.map(|text| serde_json::from_str(&text).map_err(unreadable)).transpose()
}

fn read_hash(text: &str) -> Result<[u8; 32], StoreError> {
    let mut hash = [0_u8; 32];
    for (byte, pair) in hash.iter_mut().zip(text.as_bytes().chunks(2)) {
        let digits = std::str::from_utf8(pair).ok();
        *byte = digits
            .and_then(|digits| u8::from_str_radix(digits, 16).ok())
            .ok_or_else(|| StoreError::decode(format!("inbox.body_hash {text:?}")))?;
    }
    Ok(hash)
}

#[derive(Serialize)]
struct NewRow<'a> {
    consumer: &'a str,
    sender: &'a str,
    message_id: String,
    body_hash: String,
    outcome: &'static str,
    code: &'a str,
    aggregate: Option<&'a str>,
    version: Option<u64>,
    settled_at: String,
    actor: Option<&'a str>,
    refusal: Option<String>,
    items: Option<String>,
}

/// Characters of a subject that is kept: as many as the name of an account has.
const ACTOR_MAX: usize = 64;

/// The subject as the column takes it. One that does not fit is no account of ours, and nobody asks for it.
fn actor_of(envelope: &Envelope) -> Option<&str> {
    let subject = envelope.actor.subject.as_str();
    ((1..=ACTOR_MAX).contains(&subject.len()) && subject.is_ascii()).then_some(subject)
}

const RECORD: &str = "INSERT INTO inbox (consumer, sender, message_id, body_hash, outcome, code, aggregate, \
       version, refusal, items, settled_at, actor) \
     SELECT r.consumer, r.sender, UNHEX(r.message_id), UNHEX(r.body_hash), r.outcome, r.code, r.aggregate, \
       r.version, r.refusal, r.items, r.settled_at, r.actor \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       consumer VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.consumer' ERROR ON ERROR, \
       sender VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.sender' ERROR ON ERROR, \
       message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
       body_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.body_hash' ERROR ON ERROR, \
       outcome VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.outcome' ERROR ON ERROR, \
       code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code' ERROR ON ERROR, \
       aggregate VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.aggregate' ERROR ON ERROR, \
       version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
       refusal MEDIUMTEXT PATH '$.refusal' ERROR ON ERROR, \
       items MEDIUMTEXT PATH '$.items' ERROR ON ERROR, \
       settled_at DATETIME(6) PATH '$.settled_at' ERROR ON ERROR, \
       actor VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.actor' ERROR ON ERROR)) r";

/// The word an outcome is stored as.
fn outcome_word(outcome: ReplyOutcome) -> &'static str {
    match outcome {
        ReplyOutcome::Applied => "applied",
        ReplyOutcome::Duplicate => "duplicate",
        ReplyOutcome::Rejected => "rejected",
        ReplyOutcome::Accepted => "accepted",
    }
}

/// Keeps how these messages ended, and for whom they were sent, in key order, in the transaction of their
/// effects.
///
/// # Errors
/// [`StoreError`]; class `Retry` when another process settled one of them meanwhile.
pub async fn record(
    tx: &Tx,
    consumer: &str,
    settled: &[(&Envelope, &Settled)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(settled.len());
    for (envelope, settled) in settled {
        let encode = |error: serde_json::Error| StoreError::Encode(error.to_string());
        let items = Some(&settled.reply.items).filter(|items| !items.is_empty());
        let refusal = settled.reply.refusal.as_ref().map(serde_json::to_string).transpose();
        rows.push(NewRow {
            consumer,
            sender: envelope.user_id.as_str(),
            message_id: hex(envelope.message_id.0),
            body_hash: hex_bytes(&settled.body_hash),
            outcome: outcome_word(settled.reply.outcome),
            code: &settled.reply.code,
            aggregate: settled.reply.aggregate.as_deref(),
            version: settled.reply.version,
            refusal: refusal.map_err(encode)?,
            items: items.map(serde_json::to_string).transpose().map_err(encode)?,
            settled_at: now.to_sql(),
            actor: actor_of(envelope),
        });
    }
    rows.sort_by(|a, b| (a.sender, &a.message_id).cmp(&(b.sender, &b.message_id)));
    if !rows.is_empty() {
        tx.execute(RECORD, &rows).await?;
    }
    Ok(())
}

#[derive(Serialize)]
struct Older {
    older_than_days: u32,
}

const FORGET: &str = "DELETE FROM inbox WHERE settled_at < \
     (SELECT UTC_TIMESTAMP(6) - INTERVAL r.days DAY FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       days INT PATH '$.older_than_days' ERROR ON ERROR)) r) LIMIT 5000";

/// Deletes one chunk of rows older than the retention; gives how many. Call again until it gives none.
///
/// # Errors
/// [`StoreError`] when the deletion fails.
pub async fn forget(database: &crate::Database, older_than_days: u32) -> Result<u64, StoreError> {
    database.execute(FORGET, &[Older { older_than_days }]).await
}
