//! The settings of query-desk: those of every worker.

use clap::Parser;
use settings::WorkerSettings;

/// Answers questions about orders, waybills and commands.
#[derive(Debug, Parser)]
#[command(name = "query-desk", version)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) worker: WorkerSettings,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}
