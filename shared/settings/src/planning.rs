//! How much of a process the improvement of planned routes may take. Never here: what is improved.

use clap::{Args, ValueEnum};

/// The background lane of adra-assigner.
#[derive(Debug, Clone, Copy, Args)]
pub struct PlanningSettings {
    /// on: routes that are planned are improved in the background; off: only when an operator asks
    #[arg(
        long,
        env = "DRAY_PLANNING",
        value_name = "DRAY_PLANNING",
        value_enum,
        default_value = "on"
    )]
    pub planning: Switch,

    /// Seconds that one improvement of a depot's delivery slot may take
    #[arg(long, env = "DRAY_PLANNING_SECONDS", value_name = "DRAY_PLANNING_SECONDS", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=30))]
    pub planning_seconds: u16,

    /// Seconds that a depot's delivery slot is left alone after it was improved
    #[arg(long, env = "DRAY_PLANNING_PAUSE_SECONDS", value_name = "DRAY_PLANNING_PAUSE_SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u16).range(0..=3_600))]
    pub planning_pause_seconds: u16,

    /// Share of one processor, in percent, that improving may take while messages come without a pause; 0:
    /// it waits for one
    #[arg(long, env = "DRAY_PLANNING_PERCENT", value_name = "DRAY_PLANNING_PERCENT", default_value_t = 5, value_parser = clap::value_parser!(u8).range(0..=50))]
    pub planning_percent: u8,

    /// Number that the search begins with: equal days, numbers and steps give equal plans
    #[arg(
        long,
        env = "DRAY_PLANNING_SEED",
        value_name = "DRAY_PLANNING_SEED",
        default_value_t = 1
    )]
    pub planning_seed: u64,

    /// Minutes that a stop takes, for the order in which a route drives to its stops
    #[arg(long, env = "DRAY_SERVICE_MINUTES", value_name = "DRAY_SERVICE_MINUTES", default_value_t = 4, value_parser = clap::value_parser!(u8).range(0..=120))]
    pub service_minutes: u8,

    /// Speed of a truck from stop to stop, for the same
    #[arg(long, env = "DRAY_KILOMETRES_AN_HOUR", value_name = "DRAY_KILOMETRES_AN_HOUR", default_value_t = 30, value_parser = clap::value_parser!(u8).range(1..=130))]
    pub kilometres_an_hour: u8,
}

/// Whether something is done at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Switch {
    /// It is.
    On,
    /// It is not.
    Off,
}
