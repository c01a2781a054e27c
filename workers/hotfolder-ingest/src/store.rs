//! The tables of the hot folder: files, their errors, where each sequence stands. The only file
//! here that names sea-orm.
//!
//! Who works on a file holds the lease of its row, and every write carries the fence that it got
//! with the lease: a process that was asleep while its lease ran out changes nothing any more.

use contracts::Timestamp;
use pacing::Backoff;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, ErrorClass, StoreError, Tx, hex, hex_bytes, parse_hex};
use uuid::Uuid;

use crate::decide::{FileState, Standing};
use crate::name::FileName;
use crate::report::Rows;

/// Error rows in one statement.
const ROWS_A_STATEMENT: usize = 1_000;
/// Tries of a transaction that another one got in the way of.
const RACES_MAX: u32 = 10;

/// A file's place: no two files share one.
#[derive(Debug, Clone, Copy, Serialize)]
struct Place<'a> {
    kind: &'a str,
    source: &'a str,
    sequence: u64,
    repair: u32,
}

impl<'a> Place<'a> {
    fn of(file: &'a FileName) -> Self {
        let (kind, source) = (file.kind().as_str(), file.source().as_str());
        Self { kind, source, sequence: file.sequence(), repair: file.repair() }
    }
}

// Every join names its index: in a table of a few rows the optimizer prefers to scan, and a scan
// that locks waits for the rows of other files.
macro_rules! place_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
           source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
           sequence BIGINT UNSIGNED PATH '$.sequence' ERROR ON ERROR, \
           repair INT UNSIGNED PATH '$.repair' ERROR ON ERROR)) r"
    };
}
macro_rules! at_place {
    () => {
        " STRAIGHT_JOIN import_file f FORCE INDEX (import_file_place) \
          ON f.kind = r.kind AND f.source = r.source AND f.sequence = r.sequence AND f.repair = r.repair"
    };
}
macro_rules! record_columns {
    () => {
        "SELECT HEX(f.id) id, HEX(f.file_hash) file_hash, f.state, f.lease_owner, \
         CAST(COALESCE(f.lease_until > UTC_TIMESTAMP(6), 0) AS SIGNED) leased, f.fence, \
         f.offset_bytes, f.offset_lines, f.lines_total, f.orders_accepted, f.orders_duplicate, \
         f.orders_rejected, f.detail, f.started_at, f.finished_at FROM "
    };
}
macro_rules! id_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
           fence BIGINT UNSIGNED PATH '$.fence' ERROR ON ERROR)) r \
           STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id)"
    };
}

const FIND: &str = concat!(record_columns!(), place_rows!(), at_place!());
const FIND_FOR_UPDATE: &str = concat!(record_columns!(), place_rows!(), at_place!(), " FOR UPDATE");
const READ_FOR_UPDATE: &str = concat!(record_columns!(), id_rows!(), " FOR UPDATE");

const INSERT: &str = "INSERT INTO import_file (id, kind, source, sequence, repair, file_name, \
       size_bytes, state, fence, offset_bytes, offset_lines, lines_total, orders_accepted, \
       orders_duplicate, orders_rejected, started_at, finished_at) \
     SELECT UNHEX(r.id), r.kind, r.source, r.sequence, r.repair, r.file_name, r.size_bytes, r.state, \
       0, 0, 0, 0, 0, 0, 0, UTC_TIMESTAMP(6), IF(r.state = 'RUNNING', NULL, UTC_TIMESTAMP(6)) \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       sequence BIGINT UNSIGNED PATH '$.sequence' ERROR ON ERROR, \
       repair INT UNSIGNED PATH '$.repair' ERROR ON ERROR, \
       file_name VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin PATH '$.file_name' ERROR ON ERROR, \
       size_bytes BIGINT UNSIGNED PATH '$.size_bytes' ERROR ON ERROR, \
       state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.state' ERROR ON ERROR)) r";
const LEASE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       fence BIGINT UNSIGNED PATH '$.fence' ERROR ON ERROR, \
       owner VARCHAR(96) CHARACTER SET ascii COLLATE ascii_bin PATH '$.owner' ERROR ON ERROR, \
       seconds INT UNSIGNED PATH '$.seconds' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) \
     SET f.fence = r.fence, f.lease_owner = r.owner, \
       f.lease_until = UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND";
const RENEW: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       fence BIGINT UNSIGNED PATH '$.fence' ERROR ON ERROR, \
       seconds INT UNSIGNED PATH '$.seconds' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) AND f.fence = r.fence \
     SET f.lease_until = UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND";
const RELEASE: &str = concat!(
    "UPDATE ",
    id_rows!(),
    " AND f.fence = r.fence SET f.lease_owner = NULL, f.lease_until = NULL"
);
const SET_HASH: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       fence BIGINT UNSIGNED PATH '$.fence' ERROR ON ERROR, \
       hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.hash' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) AND f.fence = r.fence \
     SET f.file_hash = UNHEX(r.hash)";
const SAME_CONTENT: &str = "SELECT f.file_name FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
       hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.hash' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (import_file_hash) \
       ON f.source = r.source AND f.file_hash = UNHEX(r.hash) \
     WHERE f.id <> UNHEX(r.id) AND f.state IN ('RUNNING', 'DONE') ORDER BY f.started_at LIMIT 1";
const ADVANCE_FILE: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       seconds INT UNSIGNED PATH '$.seconds' ERROR ON ERROR, \
       offset_bytes BIGINT UNSIGNED PATH '$.offset_bytes' ERROR ON ERROR, \
       offset_lines BIGINT UNSIGNED PATH '$.offset_lines' ERROR ON ERROR, \
       lines_total BIGINT UNSIGNED PATH '$.lines_total' ERROR ON ERROR, \
       accepted BIGINT UNSIGNED PATH '$.accepted' ERROR ON ERROR, \
       duplicate BIGINT UNSIGNED PATH '$.duplicate' ERROR ON ERROR, \
       rejected BIGINT UNSIGNED PATH '$.rejected' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) \
     SET f.offset_bytes = r.offset_bytes, f.offset_lines = r.offset_lines, \
       f.lines_total = r.lines_total, f.orders_accepted = r.accepted, \
       f.orders_duplicate = r.duplicate, f.orders_rejected = r.rejected, \
       f.lease_until = UTC_TIMESTAMP(6) + INTERVAL r.seconds SECOND";
const FINISH: &str = "UPDATE JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.state' ERROR ON ERROR, \
       detail TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.detail' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_file f FORCE INDEX (PRIMARY) ON f.id = UNHEX(r.id) \
     SET f.state = r.state, f.detail = r.detail, f.finished_at = UTC_TIMESTAMP(6)";
const INSERT_LINES: &str = "INSERT INTO import_line (file_id, line, entry, order_ref, column_name, \
       code, message, first_line, last_line, offset_bytes, length_bytes) \
     SELECT UNHEX(r.file_id), r.line, r.entry, r.order_ref, r.column_name, r.code, r.message, \
       r.first_line, r.last_line, r.offset_bytes, r.length_bytes FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       file_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.file_id' ERROR ON ERROR, \
       line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR, \
       entry INT UNSIGNED PATH '$.entry' ERROR ON ERROR, \
       order_ref VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.order_ref' ERROR ON ERROR, \
       column_name VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.column_name' ERROR ON ERROR, \
       code VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.code' ERROR ON ERROR, \
       message TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.message' ERROR ON ERROR, \
       first_line BIGINT UNSIGNED PATH '$.first_line' ERROR ON ERROR, \
       last_line BIGINT UNSIGNED PATH '$.last_line' ERROR ON ERROR, \
       offset_bytes BIGINT UNSIGNED PATH '$.offset_bytes' ERROR ON ERROR, \
       length_bytes BIGINT UNSIGNED PATH '$.length_bytes' ERROR ON ERROR)) r";
const ERRORS_AFTER: &str = "SELECT l.line, l.entry, l.order_ref, l.column_name, l.code, l.message \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR, \
       entry INT UNSIGNED PATH '$.entry' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_line l FORCE INDEX (PRIMARY) ON l.file_id = UNHEX(r.id) AND l.line >= r.line \
     WHERE l.line > r.line OR l.entry > r.entry ORDER BY l.line, l.entry LIMIT 1000";
const ROWS_AFTER: &str = "SELECT DISTINCT l.first_line, l.offset_bytes, l.length_bytes \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_line l FORCE INDEX (PRIMARY) ON l.file_id = UNHEX(r.id) AND l.line >= r.line \
     WHERE l.first_line > r.line AND l.length_bytes > 0 ORDER BY l.offset_bytes LIMIT 1000";

macro_rules! sequence_rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin PATH '$.kind' ERROR ON ERROR, \
           source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.source' ERROR ON ERROR, \
           sequence BIGINT UNSIGNED PATH '$.sequence' ERROR ON ERROR)) r"
    };
}
macro_rules! read_sequence {
    () => {
        concat!(
            "SELECT s.first_sequence, s.next_sequence FROM ",
            sequence_rows!(),
            " STRAIGHT_JOIN import_sequence s FORCE INDEX (PRIMARY) ON s.kind = r.kind AND s.source = r.source"
        )
    };
}
const READ_SEQUENCE: &str = read_sequence!();
const LOCK_SEQUENCE: &str = concat!(read_sequence!(), " FOR UPDATE");
/// Whoever is first says where the sequence begins.
const OPEN_SEQUENCE: &str = concat!(
    "INSERT INTO import_sequence (kind, source, first_sequence, next_sequence, updated_at) \
     SELECT r.kind, r.source, r.sequence, r.sequence, UTC_TIMESTAMP(6) FROM ",
    sequence_rows!(),
    " ON DUPLICATE KEY UPDATE next_sequence = next_sequence"
);
const PASS_SEQUENCE: &str = concat!(
    "UPDATE ",
    sequence_rows!(),
    " STRAIGHT_JOIN import_sequence s FORCE INDEX (PRIMARY) ON s.kind = r.kind AND s.source = r.source \
     SET s.next_sequence = GREATEST(s.next_sequence, r.sequence + 1), s.updated_at = UTC_TIMESTAMP(6)"
);

/// How far a file is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Bytes of plain text before which everything is answered.
    pub offset_bytes: u64,
    /// Lines before which everything is answered.
    pub offset_lines: u64,
    /// Lines of orders.
    pub lines: u64,
    /// Orders taken on.
    pub accepted: u64,
    /// Orders that were there before.
    pub duplicate: u64,
    /// Orders with an error, or refused.
    pub rejected: u64,
}

/// The record of a file.
#[derive(Debug, Clone)]
pub struct FileRecord {
    /// Its id, also the correlation id of its commands.
    pub id: Uuid,
    /// What the holder of its lease writes with.
    pub fence: u64,
    /// Where it stands.
    pub state: FileState,
    /// SHA-256 of its plain text, once that is known.
    pub hash: Option<[u8; 32]>,
    /// How far it is answered.
    pub progress: Progress,
    /// A sentence about the file as a whole.
    pub detail: Option<String>,
    /// When its work began.
    pub started_at: Timestamp,
    /// When its last order was answered.
    pub finished_at: Option<Timestamp>,
}

/// One error of a file, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorRow {
    /// Line of the file.
    pub line: u64,
    /// Number among the errors of its order: with the line it is unique.
    pub entry: u32,
    /// The order, where it is known.
    pub order_ref: Option<String>,
    /// The column, where one is at fault.
    pub column: Option<String>,
    /// Stable code.
    pub code: String,
    /// A sentence for a person.
    pub message: String,
    /// First and last line of its order.
    pub order_lines: (u64, u64),
    /// Where the order stands in the file; empty when no row is rejected.
    pub order_rows: Rows,
}

/// How a file ends.
#[derive(Debug, Clone, Copy)]
pub struct End<'a> {
    /// Its last state.
    pub state: FileState,
    /// A sentence about the file as a whole.
    pub detail: Option<&'a str>,
    /// Errors of the file as a whole.
    pub errors: &'a [ErrorRow],
}

/// Deadlocks and races for a new row, which the next try wins.
struct Races {
    left: u32,
    backoff: Backoff,
}

impl Default for Races {
    fn default() -> Self {
        Self { left: RACES_MAX, backoff: Backoff::lane() }
    }
}

impl Races {
    fn lost(&mut self, error: &StoreError) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0 && error.class() == ErrorClass::Retry
    }

    async fn wait(&mut self) {
        self.backoff.wait().await;
    }
}

/// The database of the hot folder. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Store {
    database: Database,
    /// Who this process is, in leases.
    owner: String,
    lease_seconds: u32,
}

#[derive(Serialize)]
struct Id {
    id: String,
    fence: u64,
}

#[derive(FromQueryResult)]
struct RecordRow {
    id: String,
    file_hash: Option<String>,
    state: String,
    lease_owner: Option<String>,
    leased: i64,
    fence: u64,
    offset_bytes: u64,
    offset_lines: u64,
    lines_total: u64,
    orders_accepted: u64,
    orders_duplicate: u64,
    orders_rejected: u64,
    detail: Option<String>,
    started_at: chrono::NaiveDateTime,
    finished_at: Option<chrono::NaiveDateTime>,
}

impl RecordRow {
    fn record(self) -> Result<FileRecord, StoreError> {
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

impl Store {
    /// The tables as `owner` writes them.
    #[must_use]
    pub const fn new(database: Database, owner: String, lease_seconds: u32) -> Self {
        Self { database, owner, lease_seconds }
    }

    /// For how long a lease holds without being renewed.
    #[must_use]
    pub const fn lease_seconds(&self) -> u32 {
        self.lease_seconds
    }

    /// Where the files of `file`'s kind and source stand.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn standing(&self, file: &FileName) -> Result<Option<Standing>, StoreError> {
        let rows = self.database.select(READ_SEQUENCE, &[Place::of(file)]).await?;
        Ok(first_standing(rows))
    }

    /// Begins the sequence of `file`'s kind and source at `lowest`, unless it has begun.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_sequence(&self, file: &FileName, lowest: u64) -> Result<Standing, StoreError> {
        let place = [Place { sequence: lowest, ..Place::of(file) }];
        self.database.execute(OPEN_SEQUENCE, &place).await?;
        let begun = self.standing(file).await?;
        begun.ok_or_else(|| StoreError::decode("a sequence that was just begun is not there"))
    }

    /// The record of a file's place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, file: &FileName) -> Result<Option<FileRecord>, StoreError> {
        let rows: Vec<RecordRow> = self.database.select(FIND, &[Place::of(file)]).await?;
        rows.into_iter().next().map(RecordRow::record).transpose()
    }

    /// Takes the lease of a file's place; makes its record if there is none. `None`: somebody else
    /// works on it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn hold(
        &self,
        file: &FileName,
        size_bytes: u64,
    ) -> Result<Option<FileRecord>, StoreError> {
        let mut races = Races::default();
        loop {
            match self.try_hold(file, size_bytes).await {
                Err(error) if races.lost(&error) => races.wait().await,
                result => return result,
            }
        }
    }

    async fn try_hold(
        &self,
        file: &FileName,
        size_bytes: u64,
    ) -> Result<Option<FileRecord>, StoreError> {
        let place = [Place::of(file)];
        let tx = self.database.begin().await?;
        let mut found: Vec<RecordRow> = tx.select(FIND_FOR_UPDATE, &place).await?;
        if found.is_empty() {
            insert(&tx, file, size_bytes, FileState::Running).await?;
            found = tx.select(FIND_FOR_UPDATE, &place).await?;
        }
        let row = found.into_iter().next();
        let row = row.ok_or_else(|| StoreError::decode("a file that was just recorded is not there"))?;
        if row.leased != 0 && row.lease_owner.as_deref() != Some(&self.owner) {
            tx.rollback().await?;
            return Ok(None);
        }
        #[derive(Serialize)]
        struct Lease<'a> {
            id: &'a str,
            fence: u64,
            owner: &'a str,
            seconds: u32,
        }
        let (fence, seconds) = (row.fence + 1, self.lease_seconds);
        tx.execute(LEASE, &[Lease { id: &row.id, fence, owner: &self.owner, seconds }]).await?;
        tx.commit().await?;
        RecordRow { fence, ..row }.record().map(Some)
    }

    /// Keeps the lease. False: it is lost.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn renew(&self, id: Uuid, fence: u64) -> Result<bool, StoreError> {
        #[derive(Serialize)]
        struct Renewal {
            id: String,
            fence: u64,
            seconds: u32,
        }
        let renewal = [Renewal { id: hex(id), fence, seconds: self.lease_seconds }];
        Ok(self.database.execute(RENEW, &renewal).await? > 0)
    }

    /// Gives the lease up, so that the next process need not wait for its end.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn release(&self, id: Uuid, fence: u64) -> Result<(), StoreError> {
        self.database.execute(RELEASE, &[Id { id: hex(id), fence }]).await.map(drop)
    }

    /// Records what a file hashes to, and answers the name of another file of the same source and
    /// content that was imported before.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn set_hash(
        &self,
        file: &FileName,
        record: &FileRecord,
        sha256: &[u8; 32],
    ) -> Result<Option<String>, StoreError> {
        #[derive(Serialize)]
        struct Hash<'a> {
            id: String,
            fence: u64,
            source: &'a str,
            hash: String,
        }
        #[derive(FromQueryResult)]
        struct Earlier {
            file_name: String,
        }
        let hash = [Hash {
            id: hex(record.id),
            fence: record.fence,
            source: file.source().as_str(),
            hash: hex_bytes(sha256),
        }];
        self.database.execute(SET_HASH, &hash).await?;
        let earlier: Vec<Earlier> = self.database.select(SAME_CONTENT, &hash).await?;
        Ok(earlier.into_iter().next().map(|earlier| earlier.file_name))
    }

    /// Moves the checkpoint to `progress` and keeps the errors before it, in one transaction.
    /// Doing it twice does it once. False: the lease is lost and nothing was written.
    ///
    /// # Errors
    /// When the database fails; then do it again.
    pub async fn checkpoint(
        &self,
        record: &FileRecord,
        progress: Progress,
        errors: &[ErrorRow],
    ) -> Result<bool, StoreError> {
        let tx = self.database.begin().await?;
        let current = read_for_update(&tx, record.id).await?;
        if current.fence != record.fence {
            tx.rollback().await?;
            return Ok(false);
        }
        if current.progress.offset_bytes >= progress.offset_bytes {
            tx.rollback().await?;
            return Ok(true);
        }
        insert_errors(&tx, record.id, errors).await?;
        #[derive(Serialize)]
        struct Advance {
            id: String,
            seconds: u32,
            offset_bytes: u64,
            offset_lines: u64,
            lines_total: u64,
            accepted: u64,
            duplicate: u64,
            rejected: u64,
        }
        let advance = Advance {
            id: hex(record.id),
            seconds: self.lease_seconds,
            offset_bytes: progress.offset_bytes,
            offset_lines: progress.offset_lines,
            lines_total: progress.lines,
            accepted: progress.accepted,
            duplicate: progress.duplicate,
            rejected: progress.rejected,
        };
        tx.execute(ADVANCE_FILE, &[advance]).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Everything in the file is answered: records how it ended and lets the next sequence number
    /// run. Answers the record as it is then; `None`: the lease is lost.
    ///
    /// # Errors
    /// When the database fails; then do it again.
    pub async fn finish(
        &self,
        file: &FileName,
        record: &FileRecord,
        end: &End<'_>,
    ) -> Result<Option<FileRecord>, StoreError> {
        let mut races = Races::default();
        loop {
            match self.try_finish(file, record, end).await {
                Err(error) if races.lost(&error) => races.wait().await,
                result => return result,
            }
        }
    }

    async fn try_finish(
        &self,
        file: &FileName,
        record: &FileRecord,
        end: &End<'_>,
    ) -> Result<Option<FileRecord>, StoreError> {
        let tx = self.database.begin().await?;
        let current = read_for_update(&tx, record.id).await?;
        if current.fence != record.fence {
            tx.rollback().await?;
            return Ok(None);
        }
        if current.state == FileState::Running {
            insert_errors(&tx, record.id, end.errors).await?;
            #[derive(Serialize)]
            struct Ended<'a> {
                id: String,
                state: &'a str,
                detail: Option<&'a str>,
            }
            let (id, state) = (hex(record.id), end.state.as_str());
            tx.execute(FINISH, &[Ended { id, state, detail: end.detail }]).await?;
            if file.repair() == 0 {
                tx.execute(PASS_SEQUENCE, &[Place::of(file)]).await?;
            }
        }
        let finished = read_for_update(&tx, record.id).await?;
        tx.commit().await?;
        Ok(Some(finished))
    }

    /// The next errors of a file after (line, entry), at most 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn errors_after(
        &self,
        file: Uuid,
        (line, entry): (u64, u32),
    ) -> Result<Vec<KeptError>, StoreError> {
        #[derive(Serialize)]
        struct After {
            id: String,
            line: u64,
            entry: u32,
        }
        self.database.select(ERRORS_AFTER, &[After { id: hex(file), line, entry }]).await
    }

    /// The rows of the next rejected orders, which begin after `line`, at most 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn rows_after(&self, file: Uuid, line: u64) -> Result<Vec<KeptRows>, StoreError> {
        #[derive(Serialize)]
        struct After {
            id: String,
            line: u64,
        }
        self.database.select(ROWS_AFTER, &[After { id: hex(file), line }]).await
    }
}

/// An error as it is read back.
#[derive(Debug, FromQueryResult)]
#[allow(missing_docs, reason = "the columns of import_line")]
pub struct KeptError {
    pub line: u64,
    pub entry: u32,
    pub order_ref: Option<String>,
    pub column_name: Option<String>,
    pub code: String,
    pub message: String,
}

/// The rows of a rejected order as they are read back.
#[derive(Debug, FromQueryResult)]
#[allow(missing_docs, reason = "the columns of import_line")]
pub struct KeptRows {
    pub first_line: u64,
    pub offset_bytes: u64,
    pub length_bytes: u64,
}

/// Where a sequence stands, locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock_standing(tx: &Tx, file: &FileName) -> Result<Option<Standing>, StoreError> {
    Ok(first_standing(tx.select(LOCK_SEQUENCE, &[Place::of(file)]).await?))
}

/// True when the place of `file` has a record.
///
/// # Errors
/// When the database fails.
pub async fn has_record(tx: &Tx, file: &FileName) -> Result<bool, StoreError> {
    let rows: Vec<RecordRow> = tx.select(FIND_FOR_UPDATE, &[Place::of(file)]).await?;
    Ok(!rows.is_empty())
}

/// Records that `file` was passed before it came, and lets the next sequence number run.
///
/// # Errors
/// When the database fails.
pub async fn pass(tx: &Tx, file: &FileName) -> Result<(), StoreError> {
    insert(tx, file, 0, FileState::Skipped).await?;
    tx.execute(PASS_SEQUENCE, &[Place::of(file)]).await.map(drop)
}

#[derive(FromQueryResult)]
struct StandingRow {
    first_sequence: u64,
    next_sequence: u64,
}

fn first_standing(rows: Vec<StandingRow>) -> Option<Standing> {
    let row = rows.into_iter().next()?;
    Some(Standing { first: row.first_sequence, next: row.next_sequence })
}

async fn insert(
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
    tx.execute(INSERT, &[new]).await.map(drop)
}

async fn read_for_update(tx: &Tx, id: Uuid) -> Result<FileRecord, StoreError> {
    let rows: Vec<RecordRow> = tx.select(READ_FOR_UPDATE, &[Id { id: hex(id), fence: 0 }]).await?;
    let row = rows.into_iter().next();
    row.ok_or_else(|| StoreError::decode("the record of a file is gone"))?.record()
}

async fn insert_errors(tx: &Tx, file: Uuid, errors: &[ErrorRow]) -> Result<(), StoreError> {
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
        tx.execute(INSERT_LINES, &lines).await?;
    }
    Ok(())
}

/// Foreign text in the width of its column, without control characters.
fn clipped(text: &str, characters_max: usize) -> String {
    text.chars().take(characters_max).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}
