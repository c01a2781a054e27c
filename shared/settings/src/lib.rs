//! What a process is told at start: typed groups of settings, secrets, and the only place where
//! the environment is read.
//!
//! Each group is a clap `Args` struct that a binary flattens into its own parser; every setting is
//! an option *and* an environment variable, and the option wins. A worker flattens
//! [`WorkerSettings`], loads with [`load`] and validates with its `check`. [`effective`] lists what
//! is in force and where it came from, for `dray config show`.
//!
//! What an operator changes in a running fleet is not here: those settings are rows and control
//! messages, and these are what a process begins with.

mod effective;
mod environment;
mod groups;
mod instance;
mod load;
mod planning;
mod secret;
mod url;

#[cfg(test)]
mod tests;

pub use crate::effective::{Effective, Source, effective};
pub use crate::environment::var;
pub use crate::groups::{
    AdminSettings, BrokerSettings, CacheSettings, ClockMode, ClockSettings, DatabaseSettings,
    FrontSettings, InstanceSettings, LaneSettings, LogFormat, LogSettings, WorkerSettings,
};
pub use crate::instance::InstanceName;
pub use crate::load::{load, try_load};
pub use crate::planning::{PlanningSettings, Switch};
pub use crate::secret::Secret;

/// A setting that cannot be used. Never carries the value of a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    /// The variable is there and is not text.
    #[error("{variable} is not valid UTF-8: set it again as plain text")]
    NotUnicode {
        /// The environment variable.
        variable: String,
    },
    /// The value has another shape than the setting needs.
    #[error("{variable} does not look like {expected}: correct the variable")]
    NotAUrl {
        /// The environment variable.
        variable: &'static str,
        /// A sample of the right shape.
        expected: &'static str,
    },
    /// The password is one that documentation and samples use.
    #[error(
        "{variable} holds a sample password: create a password of your own for this account and put it in the variable"
    )]
    SampleSecret {
        /// The environment variable.
        variable: &'static str,
    },
    /// The password is missing, or a vendor's default, and the host is another machine.
    #[error(
        "{variable} reaches another machine without a password or with a vendor's default: create an account with its own password and put it in the variable"
    )]
    WeakSecret {
        /// The environment variable.
        variable: &'static str,
    },
    /// Two settings exclude each other.
    #[error(
        "{variable} is {value}, below the {least} that one batch needs: raise it or lower {other}"
    )]
    TooSmall {
        /// The environment variable.
        variable: &'static str,
        /// Its value.
        value: u16,
        /// The least that works.
        least: u16,
        /// The variable that asks for so much.
        other: &'static str,
    },
}
