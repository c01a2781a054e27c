//! A database schema of one stage: made, migrated and dropped. All 37 tables take about 0.1 s, so
//! nothing is cached.

use std::time::Duration;

use migrations::Migrator;
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, Statement};
use sea_orm_migration::MigratorTrait;
use store::Database;

use crate::environment::{required, with_path};

/// How long closing a pool waits for connections that are in use.
const CLOSE_WAIT: Duration = Duration::from_secs(1);
/// Connections of one stage's pool.
const POOL: u32 = 16;
/// Seconds that dropping a schema waits for a transaction that a failed test left open.
const DROP_WAIT_S: u32 = 5;

/// The owner's URL, pointing at `schema`.
pub(crate) fn url(schema: &str) -> String {
    with_path(&required("DATABASE_OWNER_URL"), schema)
}

/// Creates the schema with every migration applied and opens its pool.
pub(crate) async fn create(schema: &str) -> Database {
    let owner = open(&required("DATABASE_OWNER_URL"), 1).await;
    let sql = format!("CREATE DATABASE {schema}");
    let made = owner.connection().execute_unprepared(&sql).await;
    made.unwrap_or_else(|error| panic!("{sql} as the owner: {error}"));
    close(owner).await;
    let database = open(&url(schema), POOL).await;
    let migrated = Migrator::up(database.connection(), None).await;
    migrated.unwrap_or_else(|error| panic!("the migrations of {schema}: {error}"));
    database
}

async fn open(url: &str, connections: u32) -> Database {
    let database = Database::connect(url, connections).await;
    database.unwrap_or_else(|error| panic!("DATABASE_OWNER_URL: {error}"))
}

pub(crate) async fn close(database: Database) {
    // it waits for every connection to come back, and a test may still hold a transaction: that one is
    // ended when its schema is dropped
    let _ = tokio::time::timeout(CLOSE_WAIT, database.connection().close_by_ref()).await;
}

/// Drops schemas.
pub(crate) async fn drop_all(schemas: &[String]) -> Result<(), DbErr> {
    let owner = open(&required("DATABASE_OWNER_URL"), 1).await;
    let connection = owner.connection();
    connection
        .execute_unprepared(&format!("SET SESSION lock_wait_timeout = {DROP_WAIT_S}"))
        .await?;
    for schema in schemas {
        end_connections(connection, schema).await?;
        connection.execute_unprepared(&format!("DROP DATABASE IF EXISTS {schema}")).await?;
    }
    close(owner).await;
    Ok(())
}

/// Who is connected to a schema. MySQL's list of that name also converts what each one runs, and fails over
/// a statement with an emoji; MariaDB does not have the other one.
const CONNECTED_MARIADB: &str =
    "SELECT CAST(id AS SIGNED) FROM information_schema.processlist WHERE db = ?";
const CONNECTED_MYSQL: &str =
    "SELECT CAST(id AS SIGNED) FROM performance_schema.processlist WHERE db = ?";

/// A test that failed in a transaction leaves it open, and a worker of its may still run: either would
/// keep the schema from being dropped.
async fn end_connections(owner: &DatabaseConnection, schema: &str) -> Result<(), DbErr> {
    let version = Statement::from_string(DbBackend::MySql, "SELECT VERSION()");
    let version = owner.query_one_raw(version).await?;
    let version = version.map(|row| row.try_get_by_index::<String>(0)).transpose()?;
    let is_mariadb = version.is_some_and(|version| version.contains("MariaDB"));
    let sql = if is_mariadb { CONNECTED_MARIADB } else { CONNECTED_MYSQL };
    let question = Statement::from_sql_and_values(DbBackend::MySql, sql, [schema.into()]);
    for row in owner.query_all_raw(question).await? {
        let id: i64 = row.try_get_by_index(0)?;
        // it may have ended by itself
        let _ = owner.execute_unprepared(&format!("KILL {id}")).await;
    }
    Ok(())
}
