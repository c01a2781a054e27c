//! The tables of the hot folder: files, their errors, where each sequence stands. The only
//! module here that names sea-orm.
//!
//! Who works on a file holds the lease of its row, and every write carries the fence that it got
//! with the lease: a process that was asleep while its lease ran out changes nothing any more.

mod gap;
mod lease;
mod rows;
mod sql;
mod uploads;
mod verdicts;

use contracts::Timestamp;
use pacing::Backoff;
use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{Database, ErrorClass, StoreError, hex, hex_bytes};
use uuid::Uuid;

pub use self::gap::{has_record, lock_standing, pass};
use self::rows::{Place, RecordRow, first_standing, insert_errors, read_for_update};
use self::uploads::stored_upload;
pub use self::uploads::{imported, lock_upload, put_upload, remove_upload};
pub use self::verdicts::KeptVerdict;
use self::verdicts::insert_verdicts;
use crate::decide::{FileState, Standing};
use crate::name::FileName;
use crate::report::Rows;
use crate::verdict::VerdictRow;

/// Tries of a transaction that another one got in the way of.
const RACES_MAX: u32 = 10;

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

impl Store {
    /// The tables as `owner` writes them.
    #[must_use]
    pub const fn new(database: Database, owner: String, lease_seconds: u32) -> Self {
        Self { database, owner, lease_seconds }
    }

    /// The hash of an upload of which the whole was taken, for good.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn stored_upload(&self, file: &FileName) -> Result<Option<String>, StoreError> {
        stored_upload(&self.database, file).await
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
        let rows = self.database.select(sql::READ_SEQUENCE, &[Place::of(file)]).await?;
        Ok(first_standing(rows))
    }

    /// Begins the sequence of `file`'s kind and source at `lowest`, unless it has begun.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn open_sequence(
        &self,
        file: &FileName,
        lowest: u64,
    ) -> Result<Standing, StoreError> {
        let place = [Place { sequence: lowest, ..Place::of(file) }];
        self.database.execute(sql::OPEN_SEQUENCE, &place).await?;
        let begun = self.standing(file).await?;
        begun.ok_or_else(|| StoreError::decode("a sequence that was just begun is not there"))
    }

    /// The record of a file's place.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn find(&self, file: &FileName) -> Result<Option<FileRecord>, StoreError> {
        let rows: Vec<RecordRow> = self.database.select(sql::FIND, &[Place::of(file)]).await?;
        rows.into_iter().next().map(RecordRow::record).transpose()
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
        self.database.execute(sql::SET_HASH, &hash).await?;
        let earlier: Vec<Earlier> = self.database.select(sql::SAME_CONTENT, &hash).await?;
        Ok(earlier.into_iter().next().map(|earlier| earlier.file_name))
    }

    /// Moves the checkpoint to `progress` and keeps the errors and verdicts before it, in one transaction.
    /// Doing it twice does it once. False: the lease is lost and nothing was written.
    ///
    /// # Errors
    /// When the database fails; then do it again.
    pub async fn checkpoint(
        &self,
        record: &FileRecord,
        progress: Progress,
        errors: &[ErrorRow],
        verdicts: &[VerdictRow],
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
        insert_verdicts(&tx, record.id, verdicts).await?;
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
        tx.execute(sql::ADVANCE_FILE, &[advance]).await?;
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
            tx.execute(sql::FINISH, &[Ended { id, state, detail: end.detail }]).await?;
            if file.repair() == 0 {
                tx.execute(sql::PASS_SEQUENCE, &[Place::of(file)]).await?;
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
        self.database.select(sql::ERRORS_AFTER, &[After { id: hex(file), line, entry }]).await
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
        self.database.select(sql::ROWS_AFTER, &[After { id: hex(file), line }]).await
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
