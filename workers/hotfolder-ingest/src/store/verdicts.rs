//! The verdicts of rows: kept with the checkpoint, read back for the report.

use std::collections::BTreeMap;

use sea_orm::FromQueryResult;
use serde::Serialize;
use store::{StoreError, Tx, hex};
use uuid::Uuid;

use super::Store;
use super::rows::{Id, clipped};
use crate::verdict::VerdictRow;

/// Verdicts in one statement.
const ROWS_A_STATEMENT: usize = 2_000;

const INSERT: &str = "INSERT INTO import_verdict (file_id, line, reference, verdict, detail) \
     SELECT UNHEX(r.file_id), r.line, r.reference, r.verdict, r.detail FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       file_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.file_id' ERROR ON ERROR, \
       line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR, \
       reference VARCHAR(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.reference' ERROR ON ERROR, \
       verdict VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.verdict' ERROR ON ERROR, \
       detail TEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PATH '$.detail' ERROR ON ERROR)) r";

const AFTER: &str = "SELECT v.line, v.reference, v.verdict, v.detail \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
       line BIGINT UNSIGNED PATH '$.line' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_verdict v FORCE INDEX (PRIMARY) ON v.file_id = UNHEX(r.id) AND v.line > r.line \
     ORDER BY v.line LIMIT 1000";

const COUNTS: &str = "SELECT v.verdict, CAST(COUNT(*) AS UNSIGNED INTEGER) `rows` \
     FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR)) r \
     STRAIGHT_JOIN import_verdict v FORCE INDEX (PRIMARY) ON v.file_id = UNHEX(r.id) GROUP BY v.verdict";

/// A verdict as it is read back.
#[derive(Debug, FromQueryResult)]
#[allow(missing_docs, reason = "the columns of import_verdict")]
pub struct KeptVerdict {
    pub line: u64,
    pub reference: Option<String>,
    pub verdict: String,
    pub detail: Option<String>,
}

pub(super) async fn insert_verdicts(
    tx: &Tx,
    file: Uuid,
    verdicts: &[VerdictRow],
) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Row<'a> {
        file_id: &'a str,
        line: u64,
        reference: Option<String>,
        verdict: String,
        detail: Option<&'a str>,
    }
    let file_id = hex(file);
    for chunk in verdicts.chunks(ROWS_A_STATEMENT) {
        let rows = chunk.iter().map(|verdict| Row {
            file_id: &file_id,
            line: verdict.line,
            reference: verdict.reference.as_deref().map(|text| clipped(text, 255)),
            verdict: clipped(&verdict.verdict, 64),
            detail: verdict.detail.as_deref(),
        });
        let rows: Vec<Row<'_>> = rows.collect();
        tx.execute(INSERT, &rows).await?;
    }
    Ok(())
}

impl Store {
    /// The next verdicts of a file after `line`, at most 1,000.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verdicts_after(
        &self,
        file: Uuid,
        line: u64,
    ) -> Result<Vec<KeptVerdict>, StoreError> {
        #[derive(Serialize)]
        struct After {
            id: String,
            line: u64,
        }
        self.database.select(AFTER, &[After { id: hex(file), line }]).await
    }

    /// How many rows of a file had each verdict.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn verdict_counts(&self, file: Uuid) -> Result<BTreeMap<String, u64>, StoreError> {
        #[derive(FromQueryResult)]
        struct Count {
            verdict: String,
            rows: u64,
        }
        let counts: Vec<Count> =
            self.database.select(COUNTS, &[Id { id: hex(file), fence: 0 }]).await?;
        Ok(counts.into_iter().map(|count| (count.verdict, count.rows)).collect())
    }
}
