//! What this worker is told at start: what every worker is, and nothing of its own.

use settings::WorkerSettings;

/// The settings of waybill-status.
#[derive(Debug, clap::Parser)]
#[command(name = "waybill-status", about = "Keeps the status and the holds of every waybill")]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) worker: WorkerSettings,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}
