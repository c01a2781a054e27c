//! The rows of wms-sync: which word was exchanged first when, by sales order.
//!
//! What lives here: the one statement; the only file of this worker that speaks to the database. What never
//! does: a decision, and anything that a decision depends on: the rows are for people and for reports.

use std::borrow::Cow;

use contracts::{MessageId, Timestamp};
use serde::Serialize;
use store::{StoreError, Tx, hex};

/// Who the partner is, in the table.
const PARTNER: &str = "wms";

/// Which way a word went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// They told us.
    In,
    /// We told them.
    Out,
}

/// A word that was exchanged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exchanged {
    /// The sales order's number.
    pub reference: String,
    pub direction: Direction,
    /// The partner's own word.
    pub step: Cow<'static, str>,
    /// The message that we consumed.
    pub message_id: MessageId,
}

const KEEP: &str =
    "INSERT INTO partner_delivery (partner, reference, direction, step, message_id, at)
  SELECT r.partner, r.reference, r.direction, r.step, UNHEX(r.message_id), r.at
  FROM JSON_TABLE(?, '$[*]' COLUMNS(
    partner VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.partner' ERROR ON ERROR,
    reference VARCHAR(120) CHARACTER SET ascii COLLATE ascii_bin PATH '$.reference' ERROR ON ERROR,
    direction VARCHAR(3) CHARACTER SET ascii COLLATE ascii_bin PATH '$.direction' ERROR ON ERROR,
    step VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.step' ERROR ON ERROR,
    message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR,
    at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r
  ON DUPLICATE KEY UPDATE message_id = partner_delivery.message_id";

#[derive(Serialize)]
struct Row<'a> {
    partner: &'static str,
    reference: &'a str,
    direction: &'static str,
    step: &'a str,
    message_id: String,
    at: String,
}

/// Notes what was exchanged, at our own time. A word that was exchanged before keeps its first row.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(crate) async fn keep(tx: &Tx, words: &[Exchanged], now: Timestamp) -> Result<(), StoreError> {
    if words.is_empty() {
        return Ok(());
    }
    let mut rows: Vec<Row<'_>> = words.iter().map(|word| row(word, now)).collect();
    // One order for everybody who writes the same keys: waiting, never a deadlock.
    rows.sort_by_key(|row| (row.reference, row.direction, row.step));
    tx.execute(KEEP, &rows).await?;
    Ok(())
}

fn row(word: &Exchanged, now: Timestamp) -> Row<'_> {
    Row {
        partner: PARTNER,
        reference: &word.reference,
        direction: match word.direction {
            Direction::In => "in",
            Direction::Out => "out",
        },
        step: &word.step,
        message_id: hex(word.message_id.0),
        at: now.to_sql(),
    }
}
