//! A clean start on the private services of a checkout. Never touches services of somebody else.

use std::path::Path;

use broker::Link;
use queue_topology::Topology;
use sea_orm::{ConnectionTrait as _, FromQueryResult};
use store::{Database, NONE};

use crate::error::{CommandError, Exit, Result};
use crate::fleet::refuse_running;
use crate::redis::Redis;
use crate::site::{Site, required};

/// Where everything of a quickstart lies below the state directory.
pub(super) const DIRECTORY: &str = "quickstart";

/// Refuses to empty what is not ours alone.
pub(super) fn refuse_foreign(site: &Site) -> Result<()> {
    refuse_running(site)?;
    if site.is_private()? {
        return Ok(());
    }
    let message = "a quickstart begins with empty queues and tables, and these services are not the \
                   private ones of this checkout: run with --keep to leave what is there";
    Err(CommandError::new(Exit::Usage, message))
}

/// Empties queues, tables, cache and the quickstart's own files.
pub(super) async fn empty(site: &Site) -> Result<()> {
    let connection = Link::new(&site.admin()?.url(), "dray").connect("purge").await?;
    for queue in Topology::all().queues {
        connection.purge(&queue.name).await?;
    }
    connection.close().await;
    empty_tables(site).await?;
    if let Some(redis) = Redis::parse(&required("REDIS_URL")?) {
        redis.flush().await?;
    }
    remove(&site.directory(DIRECTORY)?)
}

#[derive(Debug, FromQueryResult)]
struct Name {
    name: String,
}

const TABLES: &str = "SELECT table_name name FROM information_schema.tables \
     WHERE table_schema = DATABASE() AND table_type = 'BASE TABLE' AND table_name <> 'seaql_migrations'";

async fn empty_tables(site: &Site) -> Result<()> {
    let owner = Database::connect(site.owner_url()?.expose(), 1).await?;
    let tables: Vec<Name> = owner.select(TABLES, &NONE).await?;
    for table in tables {
        let sql = format!("TRUNCATE TABLE `{}`", table.name.replace('`', "``"));
        owner.connection().execute_unprepared(&sql).await.map_err(|error| {
            CommandError::new(Exit::Unavailable, format!("cannot empty {}: {error}", table.name))
        })?;
    }
    Ok(())
}

fn remove(directory: &Path) -> Result<()> {
    std::fs::remove_dir_all(directory)
        .map_err(|error| CommandError::file("empty", directory, &error))
}
