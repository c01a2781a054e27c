//! What everybody who plays somebody at work on a running fleet is told, and what may stop them. Never here:
//! what any of them does.

use std::path::PathBuf;

use clap::Args;
use sea_orm::sqlx;
use settings::Secret;
use thiserror::Error;

use crate::partner::PartnerError;
use crate::sending::SendError;

/// What every player is told.
#[derive(Debug, Clone, Args)]
pub(crate) struct PlayerArgs {
    /// Database, read only: mysql://user:password@host/schema, or ?socket=PATH
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub(crate) database_url: Secret,
    /// Decides everything that is left open: the same seed does the same
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Append every confirmed message to this file, for `loadtest verify --journal`
    #[arg(long)]
    pub(crate) journal: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Why a player stopped early.
#[derive(Debug, Error)]
pub(crate) enum PlayerError {
    /// Something could not be said.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The database.
    #[error("the database: {0}")]
    Database(#[from] sqlx::Error),
    /// The journal.
    #[error(transparent)]
    Journal(#[from] PartnerError),
    /// The keys of a wave have no JSON form.
    #[error("the keys of a wave cannot be encoded: {0}")]
    Encode(#[from] serde_json::Error),
    /// Nobody to serve.
    #[error("there is no waybill yet: bring some orders into the fleet first")]
    Nothing,
    /// Nothing moves.
    #[error(
        "{what} after {seconds} s without progress: are all workers up? Are there dead letters?"
    )]
    Stalled {
        /// What is still missing.
        what: String,
        /// How long.
        seconds: u64,
    },
}
