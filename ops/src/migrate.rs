//! `dray migrate`: brings the database schema up to date, or says how far it is.

use clap::Args;
use migrations::Migrator;
use sea_orm::ConnectionTrait as _;
use sea_orm_migration::{MigrationStatus, MigratorTrait as _};
use serde::Serialize;
use store::Database;

use crate::error::{CommandError, Exit, Result};
use crate::output::{Output, Table};
use crate::site::Site;

/// Arguments of `dray migrate`.
#[derive(Debug, Args)]
pub(crate) struct MigrateArgs {
    /// Change nothing, only show which migrations are applied
    #[arg(long)]
    status: bool,
}

/// One migration.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Step {
    /// Its name.
    pub(crate) name: String,
    /// True when it is in the database.
    pub(crate) applied: bool,
}

/// Runs the command.
pub(crate) async fn run(args: &MigrateArgs, site: &Site, output: Output) -> Result<()> {
    if args.status {
        let database = Database::connect(site.owner_url()?.expose(), 1).await?;
        let steps = status(&database).await?;
        return output.result(&steps, || table(&steps, output));
    }
    let new = up(site).await?;
    output.result(&new, || match new.len() {
        0 => "the schema is up to date".to_owned(),
        _ => {
            let names: Vec<&str> = new.iter().map(|step| step.name.as_str()).collect();
            format!("applied {}", names.join(", "))
        }
    })
}

/// Applies what is not applied yet and gives it. Of two at the same time, one waits for the other.
pub(crate) async fn up(site: &Site) -> Result<Vec<Step>> {
    // one connection: the lock belongs to its session and ends with it
    let database = Database::connect(site.owner_url()?.expose(), 1).await?;
    let locked = database.connection().execute_unprepared("DO GET_LOCK('dray-migrate', 120)").await;
    locked.map_err(|error| failed(&error))?;
    let before = status(&database).await?;
    Migrator::up(database.connection(), None).await.map_err(|error| failed(&error))?;
    Ok(before.into_iter().filter(|step| !step.applied).collect())
}

/// Every migration of this program and whether the database has it. Needs no right to change it.
pub(crate) async fn status(database: &Database) -> Result<Vec<Step>> {
    let all = Migrator::get_migration_with_status_read_only(database.connection()).await;
    let all = all.map_err(|error| failed(&error))?;
    let step = |migration: &sea_orm_migration::Migration| Step {
        name: migration.name().to_owned(),
        applied: migration.status() == MigrationStatus::Applied,
    };
    Ok(all.iter().map(step).collect())
}

fn failed(error: &sea_orm::DbErr) -> CommandError {
    let advice =
        "MySQL and MariaDB keep what a broken migration has done so far: look, then run it again";
    CommandError::new(Exit::Unavailable, format!("the migration failed: {error}; {advice}"))
}

fn table(steps: &[Step], output: Output) -> String {
    let mut table = Table::new(&["migration", "applied"]);
    for step in steps {
        table.row([step.name.clone(), if step.applied { "yes" } else { "no" }.to_owned()]);
    }
    table.render(output)
}
