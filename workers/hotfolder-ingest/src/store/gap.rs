//! Passing a gap, inside the transaction of the command that asks for it.

use store::{StoreError, Tx};

use super::rows::{Place, RecordRow, first_standing, insert};
use super::sql;
use crate::decide::{FileState, Standing};
use crate::name::FileName;

/// Where a sequence stands, locked until the transaction ends.
///
/// # Errors
/// When the database fails.
pub async fn lock_standing(tx: &Tx, file: &FileName) -> Result<Option<Standing>, StoreError> {
    Ok(first_standing(tx.select(sql::LOCK_SEQUENCE, &[Place::of(file)]).await?))
}

/// True when the place of `file` has a record.
///
/// # Errors
/// When the database fails.
pub async fn has_record(tx: &Tx, file: &FileName) -> Result<bool, StoreError> {
    let rows: Vec<RecordRow> = tx.select(sql::FIND_FOR_UPDATE, &[Place::of(file)]).await?;
    Ok(!rows.is_empty())
}

/// Records that `file` was passed before it came, and lets the next sequence number run.
///
/// # Errors
/// When the database fails.
pub async fn pass(tx: &Tx, file: &FileName) -> Result<(), StoreError> {
    insert(tx, file, 0, FileState::Skipped).await?;
    tx.execute(sql::PASS_SEQUENCE, &[Place::of(file)]).await.map(drop)
}
