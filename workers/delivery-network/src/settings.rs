//! What this worker is told at start: what every worker is told, and nothing more.

/// Settings of delivery-network.
#[derive(Debug, clap::Parser)]
#[command(
    name = "delivery-network",
    version,
    about = "Keeps the delivery network: depots, zones, districts, timeslots, trucks, warehouses"
)]
pub(crate) struct Settings {
    #[command(flatten)]
    worker: settings::WorkerSettings,
}

impl AsRef<settings::WorkerSettings> for Settings {
    fn as_ref(&self) -> &settings::WorkerSettings {
        &self.worker
    }
}
