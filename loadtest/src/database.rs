//! Reading the database from outside: one read-only transaction over one snapshot, plain SQL, no code
//! of the workers. Never writes.

use futures_util::TryStreamExt;
use sea_orm::sqlx;
use settings::Secret;
use sqlx::mysql::{MySqlConnectOptions, MySqlRow};
use sqlx::{AssertSqlSafe, ConnectOptions, MySqlConnection, Row};
use thiserror::Error;

/// One after the other: the first sets what every statement may rely on.
const BEGIN: [&str; 2] = [
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', \
     group_concat_max_len = 1000000",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
];

/// Why the database could not be read.
#[derive(Debug, Error)]
pub(crate) enum ReadError {
    /// The URL is none.
    #[error("DATABASE_URL is not a MySQL URL: {0}")]
    Url(sqlx::Error),
    /// The server cannot be reached or refuses.
    #[error("cannot open the database: {0}")]
    Connect(sqlx::Error),
    /// A statement fails: usually the schema is not migrated.
    #[error("cannot read {what}: {source}")]
    Statement {
        /// What was being read.
        what: &'static str,
        /// What the server said.
        source: sqlx::Error,
    },
}

/// One snapshot of the database.
pub(crate) struct Snapshot {
    connection: MySqlConnection,
}

impl Snapshot {
    /// Connects and begins the transaction that every later statement reads in.
    ///
    /// # Errors
    /// [`ReadError`] when the URL is none or the server cannot be reached.
    pub(crate) async fn open(url: &Secret) -> Result<Self, ReadError> {
        let options: MySqlConnectOptions = url.expose().parse().map_err(ReadError::Url)?;
        let options = options.charset("utf8mb4").disable_statement_logging();
        let mut connection = options.connect().await.map_err(ReadError::Connect)?;
        for statement in BEGIN {
            sqlx::raw_sql(statement).execute(&mut connection).await.map_err(ReadError::Connect)?;
        }
        Ok(Self { connection })
    }

    /// The one number that a statement gives.
    ///
    /// # Errors
    /// [`ReadError::Statement`].
    pub(crate) async fn number(&mut self, what: &'static str, sql: &str) -> Result<u64, ReadError> {
        let rows = self.rows(what, sql, |row| row.try_get_unchecked::<i64, _>(0)).await?;
        Ok(rows.first().and_then(|number| u64::try_from(*number).ok()).unwrap_or(0))
    }

    /// The rows of a statement, each of them read by `read`.
    ///
    /// # Errors
    /// [`ReadError::Statement`].
    pub(crate) async fn rows<T>(
        &mut self,
        what: &'static str,
        sql: &str,
        read: impl Fn(&MySqlRow) -> Result<T, sqlx::Error>,
    ) -> Result<Vec<T>, ReadError> {
        let mut rows = Vec::new();
        self.each(what, sql, |row| {
            rows.push(read(row)?);
            Ok(())
        })
        .await?;
        Ok(rows)
    }

    /// Hands every row to `take` as it arrives: memory does not grow with their number.
    ///
    /// # Errors
    /// [`ReadError::Statement`].
    pub(crate) async fn each(
        &mut self,
        what: &'static str,
        sql: &str,
        mut take: impl FnMut(&MySqlRow) -> Result<(), sqlx::Error>,
    ) -> Result<(), ReadError> {
        let failed = |source| ReadError::Statement { what, source };
        // The texts are this crate's own; ids inside them are hexadecimal digits.
        let mut rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch(&mut self.connection);
        while let Some(row) = rows.try_next().await.map_err(failed)? {
            take(&row).map_err(failed)?;
        }
        Ok(())
    }
}

/// A text column.
///
/// # Errors
/// When there is no such column.
pub(crate) fn text(row: &MySqlRow, column: usize) -> Result<String, sqlx::Error> {
    row.try_get_unchecked::<Option<String>, _>(column).map(Option::unwrap_or_default)
}

/// A whole number of zero or more.
///
/// # Errors
/// When there is no such column or no number in it.
pub(crate) fn number(row: &MySqlRow, column: usize) -> Result<u64, sqlx::Error> {
    row.try_get_unchecked::<u64, _>(column)
}
