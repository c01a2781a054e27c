//! What can go wrong with the database, and whose fault it is.

use std::sync::Arc;

use sea_orm::{DbErr, RuntimeErr, sqlx};
use thiserror::Error;

/// Who has to deal with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorClass {
    /// The database is away, full or read-only: nothing of this lane can go on. Back off, spend no attempt.
    Lane,
    /// Deadlock, lock wait or a lost race for a unique key: roll back and run the same batch again.
    Retry,
    /// This statement with these rows: some message is to blame.
    Statement,
}

/// A failed statement, connection or conversion.
#[derive(Debug, Clone, Error)]
pub enum StoreError {
    /// The database answered with an error, or could not be reached.
    #[error("database: {source} (in: {statement})")]
    Database {
        /// The beginning of the statement.
        statement: String,
        /// What the driver says.
        source: Arc<DbErr>,
    },
    /// Rows could not be written as JSON, or a value does not fit its column.
    #[error("rows for the database could not be encoded: {0}")]
    Encode(String),
    /// A stored value does not read as what it should be.
    #[error("the database holds a value that cannot be read: {0}")]
    Decode(String),
}

impl StoreError {
    pub(crate) fn database(statement: &str, source: DbErr) -> Self {
        let statement = statement.split_whitespace().take(6).collect::<Vec<_>>().join(" ");
        Self::Database { statement, source: Arc::new(source) }
    }

    /// A stored value that cannot be read.
    #[must_use]
    pub fn decode(detail: impl Into<String>) -> Self {
        Self::Decode(detail.into())
    }

    /// Who has to deal with it.
    #[must_use]
    pub fn class(&self) -> ErrorClass {
        match self {
            Self::Database { source, .. } => classify(source),
            Self::Encode(_) | Self::Decode(_) => ErrorClass::Statement,
        }
    }

    /// The server's error number, when it answered with one.
    #[must_use]
    pub fn number(&self) -> Option<u16> {
        match self {
            Self::Database { source, .. } => server_error(source),
            Self::Encode(_) | Self::Decode(_) => None,
        }
    }
}

fn runtime_error(error: &DbErr) -> Option<&sqlx::Error> {
    #[allow(
        clippy::wildcard_enum_match_arm,
        reason = "every other variant carries no driver error"
    )]
    match error {
        DbErr::Conn(RuntimeErr::SqlxError(inner))
        | DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

fn server_error(error: &DbErr) -> Option<u16> {
    let sqlx::Error::Database(answer) = runtime_error(error)? else {
        return None;
    };
    answer.try_downcast_ref::<sqlx::mysql::MySqlDatabaseError>().map(|e| e.number())
}

fn classify(error: &DbErr) -> ErrorClass {
    match server_error(error) {
        // duplicate key (two processes raced for one new row), lock wait timeout, deadlock, record changed,
        // table changed by a migration meanwhile
        Some(1062 | 1205 | 1213 | 1020 | 1412 | 1615) => ErrorClass::Retry,
        // too many connections, access denied, out of memory/disk, shutdown, read-only, table full,
        // interrupted, statement timeout, no such schema
        Some(
            1021
            | 1037
            | 1038
            | 1040
            | 1041
            | 1044
            | 1045
            | 1049
            | 1053
            | 1114
            | 1142
            | 1158..=1161
            | 1152
            | 1184
            | 1203
            | 1226
            | 1290
            | 1317
            | 1792
            | 1836
            | 1927
            | 1969
            | 3024
            | 3032,
        ) => ErrorClass::Lane,
        Some(_) => ErrorClass::Statement,
        None => match runtime_error(error) {
            Some(
                sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Decode(_)
                | sqlx::Error::ColumnNotFound(_),
            ) => ErrorClass::Statement,
            // lost connection, pool timeout, TLS, protocol: the way to the database is broken
            _ => connection_class(error),
        },
    }
}

#[allow(clippy::wildcard_enum_match_arm, reason = "only conversions are a message's fault")]
fn connection_class(error: &DbErr) -> ErrorClass {
    match error {
        DbErr::Type(_) | DbErr::Json(_) | DbErr::TryIntoErr { .. } | DbErr::ConvertFromU64(_) => {
            ErrorClass::Statement
        }
        _ => ErrorClass::Lane,
    }
}
