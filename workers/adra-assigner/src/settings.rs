//! What this worker is told at start: what every worker is, and nothing of its own. Never here: a limit of
//! the network, which is data.

use settings::WorkerSettings;

/// The settings of adra-assigner.
#[derive(Debug, clap::Parser)]
#[command(
    name = "adra-assigner",
    version,
    about = "Gives every waybill a place on a delivery route, or the reason why it has none"
)]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) worker: WorkerSettings,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}
