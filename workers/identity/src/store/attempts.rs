//! Attempts to sign in that have not turned out good.

use ::store::{Database, StoreError, hex, hex_bytes, timestamp};
use chrono::NaiveDateTime;
use contracts::Timestamp;
use sea_orm::FromQueryResult;
use serde::Serialize;
use uuid::Uuid;

use crate::decide::{Attempts, LimitedBy};
use crate::policy::ATTEMPT_WINDOW;

macro_rules! rows {
    () => {
        "JSON_TABLE(?, '$[*]' COLUMNS( \
           bucket CHAR(64) CHARACTER SET ascii COLLATE ascii_bin PATH '$.bucket' ERROR ON ERROR, \
           id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin PATH '$.id' ERROR ON ERROR, \
           at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO login_attempt (bucket, id, at) SELECT UNHEX(r.bucket), UNHEX(r.id), r.at FROM ",
    rows!()
);

const COUNT: &str = concat!(
    "SELECT r.bucket, COUNT(*) attempts, MIN(a.at) oldest FROM ",
    rows!(),
    " STRAIGHT_JOIN login_attempt a FORCE INDEX (PRIMARY) ON a.bucket = UNHEX(r.bucket) AND a.at > r.at \
     GROUP BY r.bucket"
);

const TAKE_BACK: &str = concat!(
    "DELETE a FROM ",
    rows!(),
    " STRAIGHT_JOIN login_attempt a FORCE INDEX (PRIMARY) \
       ON a.bucket = UNHEX(r.bucket) AND a.id = UNHEX(r.id)"
);

const FORGIVE: &str = concat!(
    "DELETE a FROM ",
    rows!(),
    " STRAIGHT_JOIN login_attempt a FORCE INDEX (PRIMARY) ON a.bucket = UNHEX(r.bucket)"
);

const FORGET: &str = "DELETE FROM login_attempt WHERE at < \
     (SELECT r.at FROM JSON_TABLE(?, '$[*]' COLUMNS( \
       at DATETIME(6) PATH '$.at' ERROR ON ERROR)) r) LIMIT 1000";

/// One attempt, under everything that it is counted by.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// Its id.
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Under which keyed hashes.
    pub buckets: Vec<(LimitedBy, Vec<u8>)>,
}

#[derive(Serialize)]
struct AttemptRow {
    bucket: String,
    id: String,
    at: String,
}

#[derive(FromQueryResult)]
struct CountRow {
    bucket: String,
    attempts: i64,
    oldest: NaiveDateTime,
}

impl Attempt {
    fn rows(&self, at: Timestamp) -> Vec<AttemptRow> {
        let row = |bucket: &[u8]| AttemptRow {
            bucket: hex_bytes(bucket),
            id: hex(self.id),
            at: at.to_sql(),
        };
        self.buckets.iter().map(|(_, bucket)| row(bucket)).collect()
    }

    /// Writes it down, then counts all within the window. In this order: of many at once, none overlooks
    /// the others.
    pub(crate) async fn record(&self, database: &Database) -> Result<Vec<Attempts>, StoreError> {
        let since: Timestamp = (self.at.as_datetime() - ATTEMPT_WINDOW).into();
        let window = self.rows(since);
        database.execute(FORGET, window.get(..1).unwrap_or_default()).await?;
        database.execute(INSERT, &self.rows(self.at)).await?;
        let counted: Vec<CountRow> = database.select(COUNT, &window).await?;
        let by = |bucket: &str| {
            self.buckets.iter().find(|(_, own)| hex_bytes(own) == bucket).map(|(by, _)| *by)
        };
        Ok(counted
            .into_iter()
            .filter_map(|row| {
                let count = u64::try_from(row.attempts).unwrap_or(0);
                Some(Attempts { by: by(&row.bucket)?, count, oldest: timestamp(row.oldest) })
            })
            .collect())
    }

    /// It was refused unseen, or good: it does not count.
    pub(crate) async fn take_back(&self, database: &Database) -> Result<(), StoreError> {
        database.execute(TAKE_BACK, &self.rows(self.at)).await.map(|_| ())
    }
}

/// All attempts of a bucket are forgotten.
pub(crate) async fn forgive(database: &Database, bucket: &[u8]) -> Result<(), StoreError> {
    #[derive(Serialize)]
    struct Bucket {
        bucket: String,
    }
    database.execute(FORGIVE, &[Bucket { bucket: hex_bytes(bucket) }]).await.map(|_| ())
}
