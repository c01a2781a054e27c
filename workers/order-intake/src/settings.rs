//! What this worker is told at start, beyond what every worker is told.
//!
//! Never here: what the settings mean; that is the split's business.

use std::fmt;

use crate::decide::{Compartments, SplitPolicy};

/// Settings of order-intake.
#[derive(clap::Parser)]
#[command(
    name = "order-intake",
    version,
    about = "Takes orders in: checks them against the network, splits them into waybills"
)]
pub(crate) struct Settings {
    #[command(flatten)]
    worker: settings::WorkerSettings,

    /// mixed: dry and frozen goods of a merchant share a waybill; split: each has its own
    #[arg(
        long,
        env = "DRAY_SPLIT",
        value_name = "DRAY_SPLIT",
        value_enum,
        default_value = "mixed"
    )]
    split: Compartments,

    /// SKUs that stay on the order and make no parcel (postage, fees), separated by commas
    #[arg(
        long,
        env = "DRAY_NO_SHIP",
        value_name = "DRAY_NO_SHIP",
        value_delimiter = ',',
        default_value = ""
    )]
    no_ship: Vec<String>,
}

impl Settings {
    /// How orders are split.
    pub(crate) fn policy(&self) -> SplitPolicy {
        let skus = self.no_ship.iter().map(|sku| sku.trim());
        let no_ship = skus.filter(|sku| !sku.is_empty()).map(str::to_owned);
        SplitPolicy { compartments: self.split, no_ship: no_ship.collect() }
    }
}

impl AsRef<settings::WorkerSettings> for Settings {
    fn as_ref(&self) -> &settings::WorkerSettings {
        &self.worker
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("worker", &self.worker)
            .field("policy", &self.policy())
            .finish()
    }
}
