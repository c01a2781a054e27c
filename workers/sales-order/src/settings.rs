//! What this worker is told at start: the settings of every worker, when a sales order is submitted, and how
//! long a question for cancellation may wait.

use clap::{Args, Parser, ValueEnum};
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

    /// How long whoever picks may think about a cancellation.
    #[command(flatten)]
    pub questions: QuestionSettings,
}

/// Questions for cancellation that wait for an answer.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct QuestionSettings {
    /// Minutes after which others are told that nobody answers a question for cancellation
    #[arg(
        long,
        env = "DRAY_CANCELLATION_OVERDUE_MINUTES",
        value_name = "DRAY_CANCELLATION_OVERDUE_MINUTES",
        default_value_t = 15
    )]
    pub cancellation_overdue_minutes: u32,

    /// Seconds between two looks at open questions for cancellation
    #[arg(
        long,
        env = "DRAY_CANCELLATION_SWEEP_SECONDS",
        value_name = "DRAY_CANCELLATION_SWEEP_SECONDS",
        default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    pub cancellation_sweep_seconds: u32,
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
