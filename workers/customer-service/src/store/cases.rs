//! Cases and their stories.

use std::collections::BTreeSet;

use contracts::{CaseKind, Timestamp};
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex};
use uuid::Uuid;

use super::Items;
use crate::book::Book;
use crate::state::Case;

const SUBJECTS: &str = "SELECT c.subject FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
   STRAIGHT_JOIN service_case c FORCE INDEX (PRIMARY) ON c.id = UNHEX(r.id)";

const LOCK: &str = "SELECT HEX(c.id) id, c.subject, c.kind, c.live, c.assigned_to, c.version \
   FROM (SELECT r.* FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject' ERROR ON ERROR)) r) r \
   STRAIGHT_JOIN service_case c FORCE INDEX (service_case_open) ON c.subject = r.subject FOR UPDATE";

macro_rules! case_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
           subject VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.subject' ERROR ON ERROR, \
           kind VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
           live TINYINT UNSIGNED PATH '$.live' ERROR ON ERROR, \
           assigned_to VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.assigned_to' ERROR ON ERROR, \
           version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
           at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO service_case (id, subject, kind, live, assigned_to, version, created_at, updated_at) \
     SELECT UNHEX(r.id), r.subject, r.kind, r.live, r.assigned_to, r.version, r.at, r.at FROM ",
    case_rows!()
);

const UPDATE: &str = concat!(
    "UPDATE ",
    case_rows!(),
    " STRAIGHT_JOIN service_case c FORCE INDEX (PRIMARY) ON c.id = UNHEX(r.id) \
     SET c.live = r.live, c.assigned_to = r.assigned_to, c.version = r.version, c.updated_at = r.at"
);

const INSERT_NOTES: &str = "INSERT INTO service_case_entry (case_id, version, step, text, by_whom, \
     message_id, at) \
   SELECT UNHEX(r.case_id), r.version, r.step, r.text, r.by_whom, UNHEX(r.message_id), r.at \
   FROM JSON_TABLE(?, '$[*]' COLUMNS( \
     case_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.case_id' ERROR ON ERROR, \
     version BIGINT UNSIGNED PATH '$.version' ERROR ON ERROR, \
     step VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin PATH '$.step' ERROR ON ERROR, \
     text TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.text' ERROR ON ERROR, \
     by_whom VARCHAR(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.by_whom' ERROR ON ERROR, \
     message_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.message_id' ERROR ON ERROR, \
     at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r";

/// The longest name of somebody who did something to a case.
const WHO_CHARACTERS: usize = 128;

#[derive(FromQueryResult)]
struct SubjectRow {
    subject: String,
}

/// The subjects of these cases.
///
/// # Errors
/// [`StoreError`] when the statement fails.
pub(super) async fn subjects_of(tx: &Tx, ids: &BTreeSet<Uuid>) -> Result<Vec<String>, StoreError> {
    #[derive(Serialize)]
    struct Key {
        id: String,
    }
    let keys: Vec<Key> = ids.iter().map(|id| Key { id: hex(*id) }).collect();
    let rows: Vec<SubjectRow> = tx.select(SUBJECTS, &keys).await?;
    Ok(rows.into_iter().map(|row| row.subject).collect())
}

#[derive(FromQueryResult)]
struct CaseRow {
    id: String,
    subject: String,
    kind: String,
    live: Option<u8>,
    assigned_to: Option<String>,
    version: u64,
}

impl CaseRow {
    fn read(self) -> Result<Case, StoreError> {
        let kind = CaseKind::parse(&self.kind);
        Ok(Case {
            id: parse_hex(&self.id)?,
            subject: self.subject,
            kind: kind
                .ok_or_else(|| StoreError::decode(format!("service_case.kind {:?}", self.kind)))?,
            open: self.live.is_some(),
            assigned_to: self.assigned_to,
            version: self.version,
        })
    }
}

/// Locks all cases of these subjects, open and closed ones.
///
/// # Errors
/// [`StoreError`] when the statement fails or a row cannot be read.
pub(super) async fn lock(tx: &Tx, subjects: &BTreeSet<String>) -> Result<Vec<Case>, StoreError> {
    #[derive(Serialize)]
    struct Key<'a> {
        subject: &'a str,
    }
    if subjects.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<Key<'_>> = subjects.iter().map(|subject| Key { subject }).collect();
    let rows: Vec<CaseRow> = tx.select(LOCK, &keys).await?;
    rows.into_iter().map(CaseRow::read).collect()
}

#[derive(Serialize)]
struct CaseWrite<'a> {
    id: String,
    subject: &'a str,
    kind: &'static str,
    live: Option<u8>,
    assigned_to: Option<&'a str>,
    version: u64,
    at: String,
}

#[derive(Serialize)]
struct NoteWrite<'a> {
    case_id: String,
    version: u64,
    step: &'static str,
    text: &'a str,
    by_whom: String,
    message_id: String,
    at: String,
}

/// Writes the cases that changed, and what was written into them.
///
/// # Errors
/// [`StoreError`] when a statement fails.
pub(super) async fn write(
    tx: &Tx,
    book: &Book,
    items: &Items,
    now: Timestamp,
) -> Result<(), StoreError> {
    let changes = &book.changes;
    let row = |id: &Uuid| book.case(*id).map(|case| case_row(case, now));
    let new: Vec<CaseWrite<'_>> = changes.new_cases.iter().filter_map(row).collect();
    if !new.is_empty() {
        tx.execute(INSERT, &new).await?;
    }
    let changed = changes.cases.difference(&changes.new_cases);
    let changed: Vec<CaseWrite<'_>> = changed.filter_map(row).collect();
    if !changed.is_empty() {
        tx.execute(UPDATE, &changed).await?;
    }
    let notes = changes.notes.iter().filter_map(|note| {
        let envelope = &items.get(note.cause)?.envelope;
        Some(NoteWrite {
            case_id: hex(note.case_id),
            version: note.version,
            step: note.step,
            text: &note.text,
            by_whom: envelope.actor.subject.chars().take(WHO_CHARACTERS).collect(),
            message_id: hex(envelope.message_id.0),
            at: now.to_sql(),
        })
    });
    let notes: Vec<NoteWrite<'_>> = notes.collect();
    if !notes.is_empty() {
        tx.execute(INSERT_NOTES, &notes).await?;
    }
    Ok(())
}

fn case_row(case: &Case, now: Timestamp) -> CaseWrite<'_> {
    CaseWrite {
        id: hex(case.id),
        subject: &case.subject,
        kind: case.kind.as_str(),
        live: case.open.then_some(1),
        assigned_to: case.assigned_to.as_deref(),
        version: case.version,
        at: now.to_sql(),
    }
}
