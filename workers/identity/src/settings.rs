//! What this worker is told at start: the settings of every worker, the secret that private keys are
//! sealed with, and whom tokens are from and for.

use ::settings::{Secret, WorkerSettings};
use clap::Parser;

/// Settings of identity.
#[derive(Debug, Parser)]
#[command(
    name = "identity",
    version,
    about = "Keeps accounts, begins sessions, signs access tokens"
)]
pub(crate) struct Settings {
    /// What every worker needs.
    #[command(flatten)]
    pub worker: WorkerSettings,

    /// What private keys are sealed with: 32 random characters or more, the same for every process of
    /// this worker and kept outside the database
    #[arg(
        long,
        env = "DRAY_IDENTITY_SECRET",
        value_name = "DRAY_IDENTITY_SECRET",
        hide_env_values = true
    )]
    pub identity_secret: Secret,

    /// Who issues tokens (iss)
    #[arg(
        long,
        env = "DRAY_TOKEN_ISSUER",
        value_name = "DRAY_TOKEN_ISSUER",
        default_value = "dray"
    )]
    pub token_issuer: String,

    /// For whom tokens are (aud)
    #[arg(
        long,
        env = "DRAY_TOKEN_AUDIENCE",
        value_name = "DRAY_TOKEN_AUDIENCE",
        default_value = "dray-portal"
    )]
    pub token_audience: String,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}
