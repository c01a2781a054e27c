//! Files that were handed in and what the hot folder made of them, as hotfolder-ingest keeps them.

use std::collections::BTreeMap;

use ::store::{Database, StoreError, hex, parse_hex, timestamp};
use chrono::NaiveDateTime;
use contracts::{AfterError, ImportStanding, Merchant, Source, UploadError, UploadStanding};
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use super::{unreadable, word};

/// A file with whose it is, and the record of its import.
pub(crate) struct Found {
    pub(crate) standing: UploadStanding,
    pub(crate) merchant: Option<Merchant>,
    pub(crate) file: Option<Uuid>,
}

/// Whose files are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whose<'a> {
    /// All files.
    Everybody,
    /// Those in this folder.
    Source(&'a Source),
    /// Those that this merchant handed in, perhaps in one folder only.
    Merchant(&'a Merchant, Option<&'a Source>),
}

macro_rules! ascii {
    ($name:literal, $length:literal) => {
        concat!(
            $name,
            " VARCHAR(",
            $length,
            ") CHARACTER SET ascii COLLATE ascii_bin PATH '$.",
            $name,
            "' ERROR ON ERROR"
        )
    };
}

macro_rules! id {
    () => {
        "id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR"
    };
}

/// The record of a file that was handed in is the one of its place that came under its name.
macro_rules! upload {
    ($columns:expr, $join:literal) => {
        concat!(
            "SELECT HEX(u.id) id, u.source, u.file_name, u.state, HEX(u.sha256) sha256, u.size_bytes, u.parts, \
               u.received, u.uploaded_by, u.merchant, u.version, u.started_at, u.stored_at, HEX(f.id) file_id, \
               f.state file_state, f.detail, f.lines_total, f.orders_accepted, f.orders_duplicate, \
               f.orders_rejected, f.started_at file_started_at, f.finished_at FROM JSON_TABLE(?, '$[*]' COLUMNS(",
            $columns,
            ")) r STRAIGHT_JOIN upload u ",
            $join,
            " LEFT JOIN import_file f FORCE INDEX (import_file_place) ON u.state = 'STORED' AND f.kind = u.kind \
               AND f.source = u.source AND f.sequence = u.sequence AND f.repair = u.repair \
               AND f.file_name = u.file_name"
        )
    };
}

const BY_NAME: &str = upload!(
    concat!(ascii!("source", 32), ", ", ascii!("file_name", 128)),
    "FORCE INDEX (upload_name) ON u.source = r.source AND u.file_name = r.file_name"
);

// one more than a list holds says that there are more
const EVERYBODY: &str = concat!(
    upload!(id!(), "FORCE INDEX (PRIMARY) ON u.id < UNHEX(r.id)"),
    " ORDER BY u.id DESC LIMIT 201"
);

const OF_SOURCE: &str = concat!(
    upload!(
        concat!(id!(), ", ", ascii!("source", 32)),
        "FORCE INDEX (upload_source) ON u.source = r.source AND u.id < UNHEX(r.id)"
    ),
    " ORDER BY u.id DESC LIMIT 201"
);

const OF_MERCHANT: &str = concat!(
    upload!(
        concat!(id!(), ", ", ascii!("source", 32), ", ", ascii!("merchant", 32)),
        "FORCE INDEX (upload_merchant) ON u.merchant = r.merchant AND u.id < UNHEX(r.id) \
           AND (r.source IS NULL OR u.source = r.source)"
    ),
    " ORDER BY u.id DESC LIMIT 201"
);

#[derive(Serialize)]
struct Name<'a> {
    source: &'a Source,
    file_name: &'a str,
}

#[derive(Serialize)]
struct Page<'a> {
    id: String,
    source: Option<&'a Source>,
    merchant: Option<&'a Merchant>,
}

#[derive(FromQueryResult)]
struct Row {
    id: String,
    source: String,
    file_name: String,
    state: String,
    sha256: String,
    size_bytes: u64,
    parts: u32,
    received: u32,
    uploaded_by: String,
    merchant: Option<String>,
    version: u64,
    started_at: NaiveDateTime,
    stored_at: Option<NaiveDateTime>,
    file_id: Option<String>,
    file_state: Option<String>,
    detail: Option<String>,
    lines_total: Option<u64>,
    orders_accepted: Option<u64>,
    orders_duplicate: Option<u64>,
    orders_rejected: Option<u64>,
    file_started_at: Option<NaiveDateTime>,
    finished_at: Option<NaiveDateTime>,
}

impl Row {
    fn read(self) -> Result<Found, StoreError> {
        let import = self.import();
        let merchant = self.merchant.map(Merchant::new).transpose();
        let count = |count| u16::try_from(count).map_err(|e| unreadable("upload.parts", e));
        let standing = UploadStanding {
            upload_id: parse_hex(&self.id)?,
            source: word("upload.source", self.source)?,
            file_name: self.file_name,
            state: word("upload.state", self.state)?,
            sha256: self.sha256.to_ascii_lowercase(),
            size_bytes: self.size_bytes,
            parts: count(self.parts)?,
            received: count(self.received)?,
            uploaded_by: self.uploaded_by,
            started_at: timestamp(self.started_at),
            stored_at: self.stored_at.map(timestamp),
            import,
            version: self.version,
        };
        Ok(Found {
            standing,
            merchant: merchant.map_err(|e| unreadable("upload.merchant", e))?,
            file: self.file_id.as_deref().map(parse_hex).transpose()?,
        })
    }

    fn import(&self) -> Option<ImportStanding> {
        Some(ImportStanding {
            state: self.file_state.clone()?,
            detail: self.detail.clone(),
            lines: self.lines_total?,
            accepted: self.orders_accepted?,
            duplicate: self.orders_duplicate?,
            rejected: self.orders_rejected?,
            started_at: timestamp(self.file_started_at?),
            finished_at: self.finished_at.map(timestamp),
        })
    }
}

/// Up to 201 files before one of them, the newest first.
pub(crate) async fn uploads(
    database: &Database,
    whose: Whose<'_>,
    before: Option<Uuid>,
) -> Result<Vec<Found>, StoreError> {
    let (sql, source, merchant) = match whose {
        Whose::Everybody => (EVERYBODY, None, None),
        Whose::Source(source) => (OF_SOURCE, Some(source), None),
        Whose::Merchant(merchant, source) => (OF_MERCHANT, source, Some(merchant)),
    };
    let id = hex(before.unwrap_or(Uuid::max()));
    let rows: Vec<Row> = database.select(sql, &[Page { id, source, merchant }]).await?;
    rows.into_iter().map(Row::read).collect()
}

/// A file by its name.
pub(crate) async fn upload(
    database: &Database,
    source: &Source,
    file_name: &str,
) -> Result<Option<Found>, StoreError> {
    let rows: Vec<Row> = database.select(BY_NAME, &[Name { source, file_name }]).await?;
    rows.into_iter().next().map(Row::read).transpose()
}

// one more than an answer holds says that there are more
const ERRORS: &str = concat!(
    "SELECT l.line, l.entry, l.order_ref, l.column_name, l.code, l.message \
     FROM JSON_TABLE(?, '$[*]' COLUMNS(",
    id!(),
    ", line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR, entry INT UNSIGNED PATH '$.entry' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_line l FORCE INDEX (PRIMARY) ON l.file_id = UNHEX(r.id) AND l.line >= r.line \
     WHERE l.line > r.line OR l.entry > r.entry ORDER BY l.line, l.entry LIMIT 201"
);

#[derive(Serialize)]
struct AfterRow {
    id: String,
    line: u64,
    entry: u32,
}

#[derive(FromQueryResult)]
struct ErrorRow {
    line: u64,
    entry: u32,
    order_ref: Option<String>,
    column_name: Option<String>,
    code: String,
    message: String,
}

/// Up to 201 errors of an imported file after one of them.
pub(crate) async fn errors(
    database: &Database,
    file: Uuid,
    after: Option<AfterError>,
) -> Result<Vec<UploadError>, StoreError> {
    // no error has line 0
    let AfterError { line, entry } = after.unwrap_or_default();
    let rows: Vec<ErrorRow> =
        database.select(ERRORS, &[AfterRow { id: hex(file), line, entry }]).await?;
    let errors = rows.into_iter().map(|row| UploadError {
        line: row.line,
        entry: row.entry,
        column: row.column_name,
        code: row.code,
        message: row.message,
        order_ref: row.order_ref,
    });
    Ok(errors.collect())
}

const VERDICTS: &str = concat!(
    "SELECT v.verdict, CAST(COUNT(*) AS UNSIGNED INTEGER) counted FROM JSON_TABLE(?, '$[*]' COLUMNS(",
    id!(),
    ")) r STRAIGHT_JOIN import_verdict v FORCE INDEX (PRIMARY) ON v.file_id = UNHEX(r.id) GROUP BY v.verdict"
);

#[derive(Serialize)]
struct Id {
    id: String,
}

#[derive(FromQueryResult)]
struct VerdictRow {
    verdict: String,
    counted: u64,
}

/// How many rows of an imported file had each verdict.
pub(crate) async fn verdicts(
    database: &Database,
    file: Uuid,
) -> Result<BTreeMap<String, u64>, StoreError> {
    let rows: Vec<VerdictRow> = database.select(VERDICTS, &[Id { id: hex(file) }]).await?;
    Ok(rows.into_iter().map(|row| (row.verdict, row.counted)).collect())
}
