//! What this worker is told at start: what every worker is, and how much improving routes may take. Never
//! here: a limit of the network, which is data.

use settings::{PlanningSettings, WorkerSettings};

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
    #[command(flatten)]
    pub(crate) planning: PlanningSettings,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}
