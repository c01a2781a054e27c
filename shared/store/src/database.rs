//! The pool and transactions. Every session is READ COMMITTED and strict; a transaction that is
//! dropped is rolled back before its connection is used again.

use std::time::Duration;

use sea_orm::sqlx::Executor;
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr,
    FromQueryResult, Statement, TransactionTrait, Value,
};
use serde::Serialize;

use crate::{StoreError, fit};

/// What every session runs first. 3 s: a lock that takes longer is given up and tried again.
const SESSION: &str = "SET SESSION transaction_isolation = 'READ-COMMITTED', \
     innodb_lock_wait_timeout = 3, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'";
/// MariaDB before 11.1 knows the isolation level under its older name only.
const SESSION_MARIADB: &str = "SET SESSION tx_isolation = 'READ-COMMITTED', \
     innodb_lock_wait_timeout = 3, sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'";
/// How long a caller waits for a free connection.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// More than all statement texts of the largest worker, so that none is ever prepared twice.
const STATEMENT_CACHE: usize = 256;

/// Rows of a statement that takes no parameter.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct NoRows;

/// Pass this to a statement without `?`.
pub const NONE: NoRows = NoRows;

/// The pool. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    pool: DatabaseConnection,
}

impl Database {
    /// Opens a pool; connections are made when they are needed.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the URL cannot be read.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self, StoreError> {
        let mut options = ConnectOptions::new(url);
        options
            .max_connections(max_connections)
            .min_connections(0)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            .connect_lazy(true)
            .test_before_acquire(false)
            .sqlx_logging(false)
            .map_sqlx_mysql_opts(|mysql| {
                mysql.statement_cache_capacity(STATEMENT_CACHE).charset("utf8mb4")
            })
            .map_sqlx_mysql_pool_opts(|pool| {
                pool.after_connect(|connection, _| {
                    Box::pin(async move {
                        match connection.execute(SESSION).await {
                            Ok(_) => Ok(()),
                            Err(_) => connection.execute(SESSION_MARIADB).await.map(|_| ()),
                        }
                    })
                })
            });
        let pool = sea_orm::Database::connect(options)
            .await
            .map_err(|error| StoreError::database("connect", error))?;
        Ok(Self { pool })
    }

    /// Begins a transaction. Whoever stops waiting for it leaves no open one behind.
    ///
    /// # Errors
    /// [`StoreError::Database`] when no connection is to be had.
    #[expect(
        clippy::disallowed_methods,
        reason = "it ends by itself: sqlx 0.9 counts a transaction only once BEGIN is answered, so that a \
                  connection whose BEGIN was dropped half-way would go back to the pool inside of one"
    )]
    pub async fn begin(&self) -> Result<Tx, StoreError> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin().await });
        let begun = begun.await.unwrap_or_else(|ended| Err(DbErr::Custom(ended.to_string())));
        let inner = begun.map_err(|error| StoreError::database("BEGIN", error))?;
        Ok(Tx { inner })
    }

    /// Runs a SELECT outside a transaction. `rows` serialises to the JSON array of the one parameter.
    ///
    /// # Errors
    /// [`StoreError`] when the statement fails or a row does not read as `T`.
    pub async fn select<T, R>(&self, sql: &'static str, rows: &R) -> Result<Vec<T>, StoreError>
    where
        T: FromQueryResult,
        R: Serialize + ?Sized + Sync,
    {
        select(&self.pool, sql, rows).await
    }

    /// Runs a SELECT outside a transaction with plain values, one a `?`: for the few that read an index in its
    /// order and stop. Behind a `JSON_TABLE` the server sorts everything first.
    ///
    /// # Errors
    /// [`StoreError`] when the statement fails or a row does not read as `T`.
    pub async fn select_values<T>(
        &self,
        sql: &'static str,
        values: Vec<Value>,
    ) -> Result<Vec<T>, StoreError>
    where
        T: FromQueryResult,
    {
        let statement = Statement::from_sql_and_values(DbBackend::MySql, sql, values);
        read_all(&self.pool, sql, statement).await
    }

    /// Runs a statement in a transaction of its own; gives the number of rows it matched.
    ///
    /// # Errors
    /// [`StoreError`] when the statement fails.
    pub async fn execute<R>(&self, sql: &'static str, rows: &R) -> Result<u64, StoreError>
    where
        R: Serialize + ?Sized + Sync,
    {
        execute(&self.pool, sql, rows).await
    }

    /// The pool itself, for migrations and for reports that build their own statements.
    #[must_use]
    pub fn connection(&self) -> &DatabaseConnection {
        &self.pool
    }
}

/// A transaction. Dropping it rolls it back.
#[derive(Debug)]
pub struct Tx {
    inner: DatabaseTransaction,
}

impl Tx {
    /// Runs a SELECT. `rows` serialises to the JSON array of the one parameter.
    ///
    /// # Errors
    /// [`StoreError`] when the statement fails or a row does not read as `T`.
    pub async fn select<T, R>(&self, sql: &'static str, rows: &R) -> Result<Vec<T>, StoreError>
    where
        T: FromQueryResult,
        R: Serialize + ?Sized + Sync,
    {
        select(&self.inner, sql, rows).await
    }

    /// Runs a statement; gives the number of rows it matched.
    ///
    /// # Errors
    /// [`StoreError`] when the statement fails.
    pub async fn execute<R>(&self, sql: &'static str, rows: &R) -> Result<u64, StoreError>
    where
        R: Serialize + ?Sized + Sync,
    {
        execute(&self.inner, sql, rows).await
    }

    /// Makes it durable. After an error nobody knows whether it was: run the batch again, the inbox tells.
    ///
    /// # Errors
    /// [`StoreError`] when the answer to COMMIT did not come.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.inner.commit().await.map_err(|error| StoreError::database("COMMIT", error))
    }

    /// Gives it up.
    ///
    /// # Errors
    /// [`StoreError`] when the connection is lost (the server then rolls back by itself).
    pub async fn rollback(self) -> Result<(), StoreError> {
        self.inner.rollback().await.map_err(|error| StoreError::database("ROLLBACK", error))
    }
}

fn statement<R: Serialize + ?Sized>(sql: &'static str, rows: &R) -> Result<Statement, StoreError> {
    let json =
        serde_json::to_string(rows).map_err(|error| StoreError::Encode(error.to_string()))?;
    // `NONE` serialises to null: a statement without a parameter
    let values = if json == "null" {
        Vec::new()
    } else {
        fit::check(sql, &json).map_err(StoreError::Encode)?;
        vec![Value::from(json)]
    };
    Ok(Statement::from_sql_and_values(DbBackend::MySql, sql, values))
}

async fn select<C, T, R>(on: &C, sql: &'static str, rows: &R) -> Result<Vec<T>, StoreError>
where
    C: ConnectionTrait,
    T: FromQueryResult,
    R: Serialize + ?Sized + Sync,
{
    read_all(on, sql, statement(sql, rows)?).await
}

async fn read_all<C, T>(
    on: &C,
    sql: &'static str,
    statement: Statement,
) -> Result<Vec<T>, StoreError>
where
    C: ConnectionTrait,
    T: FromQueryResult,
{
    let found = on.query_all_raw(statement).await;
    let found = found.map_err(|error| StoreError::database(sql, error))?;
    let read = found.iter().map(|row| T::from_query_result(row, ""));
    read.collect::<Result<Vec<T>, _>>().map_err(|error| StoreError::database(sql, error))
}

async fn execute<C, R>(on: &C, sql: &'static str, rows: &R) -> Result<u64, StoreError>
where
    C: ConnectionTrait,
    R: Serialize + ?Sized + Sync,
{
    let result = on.execute_raw(statement(sql, rows)?).await;
    result.map(|done| done.rows_affected()).map_err(|error| StoreError::database(sql, error))
}
