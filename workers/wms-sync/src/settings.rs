//! What this worker is told at start: the settings of every worker, and nothing of its own.

use clap::Parser;
use settings::WorkerSettings;

/// Settings of wms-sync.
#[derive(Debug, Parser)]
#[command(
    name = "wms-sync",
    version,
    about = "Translates between our words and the warehouse system's"
)]
pub(crate) struct Settings {
    /// What every worker needs.
    #[command(flatten)]
    pub worker: WorkerSettings,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}
