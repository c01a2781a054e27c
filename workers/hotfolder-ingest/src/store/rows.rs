//! Rows as they travel to the database and back.

use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex, parse_hex};
use uuid::Uuid;

use super::{ErrorRow, FileRecord, Progress, sql};
use crate::decide::{FileState, Standing};
use crate::name::FileName;

/// Error rows in one statement.
const ROWS_A_STATEMENT: usize = 1_000;

/// A file's place: no two files share one.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Place<'a> {
    pub(super) kind: &'a str,
    pub(super) source: &'a str,
    pub(super) sequence: u64,
    pub(super) repair: u32,
}

impl<'a> Place<'a> {
    pub(super) fn of(file: &'a FileName) -> Self {
        let (kind, source) = (file.kind().as_str(), file.source().as_str());
        Self { kind, source, sequence: file.sequence(), repair: file.repair() }
    }
}

#[derive(Serialize)]
pub(super) struct Id {
    pub(super) id: String,
    pub(super) fence: u64,
}

#[derive(FromQueryResult)]
pub(super) struct RecordRow {
    pub(super) id: String,
    pub(super) file_hash: Option<String>,
    pub(super) state: String,
    pub(super) lease_owner: Option<String>,
    pub(super) leased: i64,
    pub(super) fence: u64,
    pub(super) offset_bytes: u64,
    pub(super) offset_lines: u64,
    pub(super) lines_total: u64,
    pub(super) orders_accepted: u64,
    pub(super) orders_duplicate: u64,
    pub(super) orders_rejected: u64,
    pub(super) detail: Option<String>,
    pub(super) started_at: chrono::NaiveDateTime,
    pub(super) finished_at: Option<chrono::NaiveDateTime>,
}

impl RecordRow {
    pub(super) fn record(self) -> Result<FileRecord, StoreError> {
        let state = FileState::parse(&self.state);
        Ok(FileRecord {
            id: parse_hex(&self.id)?,
            fence: self.fence,
            state: state.ok_or_else(|| StoreError::decode(format!("state {:?}", self.state)))?,
            hash: self.file_hash.as_deref().map(hash_of).transpose()?,
            progress: Progress {
                offset_bytes: self.offset_bytes,
                offset_lines: self.offset_lines,
                lines: self.lines_total,
                accepted: self.orders_accepted,
                duplicate: self.orders_duplicate,
                rejected: self.orders_rejected,
            },
            detail: self.detail,
            started_at: store::timestamp(self.started_at),
            finished_at: self.finished_at.map(store::timestamp),
        })
    }
}

fn hash_of(text: &str) -> Result<[u8; 32], StoreError> {
    let wrong = || StoreError::decode(format!("file hash {text:?}"));
    let (high, low) = text.split_at_checked(32).ok_or_else(wrong)?;
    let halves = [parse_hex(high)?.into_bytes(), parse_hex(low)?.into_bytes()];
    halves.concat().try_into().map_err(|_any| wrong())
}

#[derive(Serialize)]
struct NewFile<'a> {
    #[serde(flatten)]
    place: Place<'a>,
    id: String,
    file_name: &'a str,
    size_bytes: u64,
    state: &'a str,
}

#[derive(FromQueryResult)]
pub(super) struct StandingRow {
    first_sequence: u64,
    next_sequence: u64,
}

pub(super) fn first_standing(rows: Vec<StandingRow>) -> Option<Standing> {
    let row = rows.into_iter().next()?;
    Some(Standing { first: row.first_sequence, next: row.next_sequence })
}

pub(super) async fn insert(
    tx: &Tx,
    file: &FileName,
    size_bytes: u64,
    state: FileState,
) -> Result<(), StoreError> {
    let new = NewFile {
        place: Place::of(file),
        id: hex(Uuid::now_v7()),
        file_name: file.as_str(),
        size_bytes,
        state: state.as_str(),
    };
    tx.execute(sql::INSERT, &[new]).await.map(drop)
}

pub(super) async fn read_for_update(tx: &Tx, id: Uuid) -> Result<FileRecord, StoreError> {
    let rows: Vec<RecordRow> =
        tx.select(sql::READ_FOR_UPDATE, &[Id { id: hex(id), fence: 0 }]).await?;
    let row = rows.into_iter().next();
    row.ok_or_else(|| StoreError::decode("the record of a file is gone"))?.record()
}

pub(super) async fn insert_errors(
    tx: &Tx,
    file: Uuid,
    errors: &[ErrorRow],
) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Line<'a> {
        file_id: &'a str,
        line: u64,
        entry: u32,
        order_ref: Option<String>,
        column_name: Option<String>,
        code: String,
        message: &'a str,
        first_line: u64,
        last_line: u64,
        offset_bytes: u64,
        length_bytes: u64,
    }
    let file_id = hex(file);
    for chunk in errors.chunks(ROWS_A_STATEMENT) {
        let lines: Vec<Line<'_>> = chunk
            .iter()
            .map(|error| Line {
                file_id: &file_id,
                line: error.line,
                entry: error.entry,
                order_ref: error.order_ref.as_deref().map(|text| clipped(text, 255)),
                column_name: error.column.as_deref().map(|text| clipped(text, 64)),
                code: clipped(&error.code, 64),
                message: &error.message,
                first_line: error.order_lines.0,
                last_line: error.order_lines.1,
                offset_bytes: error.order_rows.start,
                length_bytes: error.order_rows.length,
            })
            .collect();
        tx.execute(sql::INSERT_LINES, &lines).await?;
    }
    Ok(())
}

/// Foreign text in the width of its column, without control characters.
pub(super) fn clipped(text: &str, characters_max: usize) -> String {
    text.chars().take(characters_max).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
