//! What this worker is told at start: the settings of every worker, whose returns are approved at once,
//! and how often a delivery is tried.

use std::collections::BTreeSet;
use std::str::FromStr;

use clap::Parser;
use contracts::{InvalidId, Source};
use settings::WorkerSettings;

/// Settings of customer-service.
#[derive(Debug, Parser)]
#[command(
    name = "customer-service",
    version,
    about = "Keeps returns, replacements and the cases of customer service"
)]
pub(crate) struct Settings {
    /// What every worker needs.
    #[command(flatten)]
    pub worker: WorkerSettings,

    /// Whose returns are approved without a person, when the shop itself sends them (its files): all,
    /// none, or sources separated by commas
    #[arg(
        long,
        env = "DRAY_APPROVE_AT_ONCE",
        value_name = "DRAY_APPROVE_AT_ONCE",
        default_value = "all"
    )]
    pub approve_at_once: AtOnce,

    /// Failed attempts after which a parcel goes back
    #[arg(long, env = "DRAY_MAX_ATTEMPTS", value_name = "DRAY_MAX_ATTEMPTS", default_value_t = 3,
          value_parser = clap::value_parser!(u16).range(1..=32))]
    pub max_attempts: u16,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}

impl Settings {
    /// What decisions have to know of the settings.
    pub(crate) fn policy(&self) -> Policy {
        Policy { approve_at_once: self.approve_at_once.clone(), max_attempts: self.max_attempts }
    }
}

/// What decisions depend on besides what is stored.
#[derive(Debug, Clone)]
pub(crate) struct Policy {
    /// Whose returns need no person.
    pub approve_at_once: AtOnce,
    /// Failed attempts after which a parcel goes back.
    pub max_attempts: u16,
}

/// Whose returns are approved at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum AtOnce {
    /// Everybody's.
    All,
    /// Nobody's.
    None,
    /// Of these.
    Sources(BTreeSet<Source>),
}

impl AtOnce {
    /// Whether those of this source are.
    pub(crate) fn covers(&self, source: &Source) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Sources(sources) => sources.contains(source),
        }
    }
}

impl FromStr for AtOnce {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text {
            "all" => Ok(Self::All),
            "none" => Ok(Self::None),
            sources => {
                sources.split(',').map(Source::new).collect::<Result<_, _>>().map(Self::Sources)
            }
        }
    }
}
