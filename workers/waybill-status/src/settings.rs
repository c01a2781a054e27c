//! What this worker is told at start: what every worker is, and how long it waits for waybills to exist.

use settings::WorkerSettings;

/// The settings of waybill-status.
#[derive(Debug, clap::Parser)]
#[command(name = "waybill-status", about = "Keeps the status and the holds of every waybill")]
pub(crate) struct Settings {
    #[command(flatten)]
    pub(crate) worker: WorkerSettings,
    #[command(flatten)]
    pub(crate) stubs: StubSettings,
}

/// How long messages wait for a waybill that does not exist.
#[derive(Debug, Clone, Copy, clap::Args)]
pub(crate) struct StubSettings {
    /// Seconds after which they become dead letters (UNKNOWN_WAYBILL)
    #[arg(
        long,
        env = "DRAY_STUB_SECONDS",
        value_name = "DRAY_STUB_SECONDS",
        default_value_t = 86_400
    )]
    pub(crate) stub_seconds: u32,
    /// Seconds between two looks
    #[arg(long, env = "DRAY_STUB_SWEEP_SECONDS", value_name = "DRAY_STUB_SWEEP_SECONDS", default_value_t = 60,
          value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) stub_sweep_seconds: u32,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}
