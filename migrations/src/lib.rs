//! The database schema, one migration a subject, plain SQL that runs on MariaDB 10.11+ and MySQL 8.4+.
//!
//! What lives here: tables, keys, and the order in which they came to be. What never does: data, queries.
//! A table has one writer (a worker); the comment above each table names it.

use sea_orm_migration::prelude::*;

mod m0001_runtime;
mod m0002_network;
mod m0003_orders;
mod m0004_waybills;
mod m0005_adra;
mod m0006_sales_orders;
mod m0007_hotfolder;
mod m0008_lifecycles;
mod m0009_sales_order_changes;
mod m0010_order_changes;
mod m0011_customer_service;
mod m0012_places;
mod m0013_attempts;
mod m0014_sales_order_lifecycle;
mod m0015_planning;
mod m0016_dispatching;
mod m0017_identity;
mod m0018_reading;
mod m0019_uploads;
mod m0020_planning_inputs;
mod m0021_outcomes;

/// All migrations in order.
#[derive(Debug)]
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_runtime::Migration),
            Box::new(m0002_network::Migration),
            Box::new(m0003_orders::Migration),
            Box::new(m0004_waybills::Migration),
            Box::new(m0005_adra::Migration),
            Box::new(m0006_sales_orders::Migration),
            Box::new(m0007_hotfolder::Migration),
            Box::new(m0008_lifecycles::Migration),
            Box::new(m0009_sales_order_changes::Migration),
            Box::new(m0010_order_changes::Migration),
            Box::new(m0011_customer_service::Migration),
            Box::new(m0012_places::Migration),
            Box::new(m0013_attempts::Migration),
            Box::new(m0014_sales_order_lifecycle::Migration),
            Box::new(m0015_planning::Migration),
            Box::new(m0016_dispatching::Migration),
            Box::new(m0017_identity::Migration),
            Box::new(m0018_reading::Migration),
            Box::new(m0019_uploads::Migration),
            Box::new(m0020_planning_inputs::Migration),
            Box::new(m0021_outcomes::Migration),
        ]
    }
}

/// Declares a migration that creates tables (and drops them again, last first).
macro_rules! tables {
    ($($name:literal => $sql:literal),+ $(,)?) => {
        use sea_orm_migration::prelude::*;

        #[derive(Debug, DeriveMigrationName)]
        pub(crate) struct Migration;

        #[async_trait::async_trait]
        impl MigrationTrait for Migration {
            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                for sql in [$($sql),+] {
                    manager.get_connection().execute_unprepared(sql).await?;
                }
                Ok(())
            }

            async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                let mut names = [$($name),+];
                names.reverse();
                for name in names {
                    let sql = format!("DROP TABLE IF EXISTS {name}");
                    manager.get_connection().execute_unprepared(&sql).await?;
                }
                Ok(())
            }
        }
    };
}
use tables;

/// Declares a migration that changes tables: each change with what undoes it.
macro_rules! changes {
    ($($change:literal undone by $undo:literal),+ $(,)?) => {
        use sea_orm_migration::prelude::*;

        #[derive(Debug, DeriveMigrationName)]
        pub(crate) struct Migration;

        #[async_trait::async_trait]
        impl MigrationTrait for Migration {
            async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                for sql in [$($change),+] {
                    manager.get_connection().execute_unprepared(sql).await?;
                }
                Ok(())
            }

            async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
                let mut undo = [$($undo),+];
                undo.reverse();
                for sql in undo {
                    manager.get_connection().execute_unprepared(sql).await?;
                }
                Ok(())
            }
        }
    };
}
use changes;
