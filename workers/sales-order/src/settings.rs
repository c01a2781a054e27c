//! What this worker is told at start: the settings of every worker, and when a sales order is submitted.

use clap::{Parser, ValueEnum};
use settings::WorkerSettings;

/// Settings of sales-order.
#[derive(Debug, Parser)]
#[command(
    name = "sales-order",
    version,
    about = "Asks warehouses to prepare waybills and keeps what they answer"
)]
pub(crate) struct Settings {
    /// What every worker needs.
    #[command(flatten)]
    pub worker: WorkerSettings,

    /// When a warehouse is asked: as soon as the waybill has a place, or when its route is locked
    #[arg(
        long,
        env = "DRAY_SUBMIT_AT",
        value_name = "DRAY_SUBMIT_AT",
        value_enum,
        default_value = "assigned"
    )]
    pub submit_at: SubmitAt,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}

/// When a warehouse is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SubmitAt {
    /// At once.
    Assigned,
    /// When the route is locked; until then the sales order stays CREATED.
    Lock,
}
