//! What this worker is told at start: what every worker is, how much improving routes may take, and how long
//! proposals count. Never here: a limit of the network, which is data.

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

    /// Minutes for which a proposal of changes may be committed
    #[arg(
        long,
        env = "DRAY_PROPOSAL_MINUTES",
        value_name = "DRAY_PROPOSAL_MINUTES",
        default_value_t = 30,
        value_parser = clap::value_parser!(u32).range(1..=10_080)
    )]
    pub(crate) proposal_minutes: u32,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}
