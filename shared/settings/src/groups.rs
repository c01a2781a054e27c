//! The groups of settings, one struct a concern, and what [`WorkerSettings`] puts together.
//!
//! Adding a setting here gives it an option, a variable, a line in `--help` and one in
//! `dray config show`.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::url::{self, NoPassword};
use crate::{InstanceName, Secret, SettingsError};

/// Where the broker is.
#[derive(Debug, Clone, Args)]
pub struct BrokerSettings {
    /// Broker of this worker: amqp(s)://user:password@host:port/vhost
    #[arg(long, env = "AMQP_URL", value_name = "AMQP_URL", hide_env_values = true)]
    pub amqp_url: Secret,
}

impl BrokerSettings {
    /// Refuses what is no AMQP URL, and passwords that are no secret.
    ///
    /// # Errors
    /// Says which variable to change.
    pub fn check(&self) -> Result<(), SettingsError> {
        let expected = "amqp://user:password@host:5672/vhost";
        // Without user and password the client logs in as guest.
        url::check("AMQP_URL", &self.amqp_url, &["amqp", "amqps"], expected, NoPassword::IsWeak)
    }
}

/// Where the record is kept.
#[derive(Debug, Clone, Args)]
pub struct DatabaseSettings {
    /// Database of this worker: mysql://user:password@host/schema, or ?socket=PATH
    #[arg(long, env = "DATABASE_URL", value_name = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Secret,

    /// Database connections at most; lanes + 2 when not given
    #[arg(long, env = "DRAY_POOL_MAX", value_name = "DRAY_POOL_MAX", value_parser = clap::value_parser!(u32).range(1..=1_000))]
    pub pool_max: Option<u32>,
}

impl DatabaseSettings {
    /// Connections for a process with `lanes` lanes: one each, one for the outbox, one to spare.
    #[must_use]
    pub fn pool_size(&self, lanes: u16) -> u32 {
        self.pool_max.unwrap_or_else(|| u32::from(lanes) + 2)
    }

    /// Refuses what is no MySQL URL, and passwords that are no secret.
    ///
    /// # Errors
    /// Says which variable to change.
    pub fn check(&self) -> Result<(), SettingsError> {
        let expected = "mysql://user:password@host:3306/schema";
        url::check("DATABASE_URL", &self.database_url, &["mysql"], expected, NoPassword::IsWeak)
    }
}

/// Where copies are kept that may vanish at any time.
#[derive(Debug, Clone, Args)]
pub struct CacheSettings {
    /// Redis: redis(s)://:password@host:port/db; without it only the cache in the process is used
    #[arg(long, env = "REDIS_URL", value_name = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<Secret>,
}

impl CacheSettings {
    /// The URL itself, to connect with.
    #[must_use]
    pub fn url(&self) -> Option<&str> {
        self.redis_url.as_ref().map(Secret::expose)
    }

    /// Refuses what is no Redis URL, and sample passwords.
    ///
    /// # Errors
    /// Says which variable to change.
    pub fn check(&self) -> Result<(), SettingsError> {
        let expected = "redis://:password@host:6379/0";
        let schemes = ["redis", "rediss", "unix", "redis+unix"];
        match &self.redis_url {
            None => Ok(()),
            Some(secret) => url::check("REDIS_URL", secret, &schemes, expected, NoPassword::IsFine),
        }
    }
}

/// Which clock decides.
#[derive(Debug, Clone, Args)]
pub struct ClockSettings {
    /// wall: the time of day; replay: the time in the messages
    #[arg(long, env = "DRAY_CLOCK", value_name = "DRAY_CLOCK", value_enum, default_value = "wall")]
    pub clock: ClockMode,
}

/// Where "now" comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum ClockMode {
    /// The time of day.
    Wall,
    /// The latest timestamp seen in the messages, so that recorded days can be run again.
    Replay,
}

/// The port for metrics and probes.
#[derive(Debug, Clone, Args)]
pub struct AdminSettings {
    /// Address of /metrics, /live and /ready; port 0 takes a free one
    #[arg(
        long,
        env = "DRAY_ADMIN_ADDR",
        value_name = "DRAY_ADMIN_ADDR",
        default_value = "127.0.0.1:0"
    )]
    pub admin_addr: SocketAddr,

    /// File that receives the address in use, for those who asked for a free port
    #[arg(long, env = "DRAY_ADMIN_ADDR_FILE", value_name = "DRAY_ADMIN_ADDR_FILE")]
    pub admin_addr_file: Option<PathBuf>,
}

/// How much a worker takes on, until an operator's stored setting says otherwise.
#[derive(Debug, Clone, Args)]
pub struct LaneSettings {
    /// Lanes: batches in flight at the same time
    #[arg(long, env = "DRAY_CONCURRENCY", value_name = "DRAY_CONCURRENCY", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub concurrency: u16,

    /// Messages in one batch at most
    #[arg(long, env = "DRAY_BATCH_MAX", value_name = "DRAY_BATCH_MAX", default_value_t = 128, value_parser = clap::value_parser!(u16).range(1..=2_000))]
    pub batch_max: u16,

    /// Messages of each queue that the broker may hand over unacknowledged; 2 x lanes x batch when not given
    #[arg(long, env = "DRAY_PREFETCH", value_name = "DRAY_PREFETCH", value_parser = clap::value_parser!(u16).range(1..))]
    pub prefetch: Option<u16>,

    /// Messages a second at most; no limit when not given
    #[arg(long, env = "DRAY_RATE", value_name = "DRAY_RATE")]
    pub rate: Option<NonZeroU32>,

    /// Seconds that a stopping worker may take to finish what it holds
    #[arg(long, env = "DRAY_DRAIN_SECONDS", value_name = "DRAY_DRAIN_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub drain_seconds: u16,

    /// Share of the last messages, in percent, that may become dead letters before the worker stops
    /// taking more and tries one now and then; 0 for never
    #[arg(long, env = "DRAY_KILL_SWITCH_PERCENT", value_name = "DRAY_KILL_SWITCH_PERCENT", default_value_t = 50, value_parser = clap::value_parser!(u8).range(0..=100))]
    pub kill_switch_percent: u8,
}

impl LaneSettings {
    /// The prefetch in force: one batch a lane in flight and one behind it, unless it was given.
    #[must_use]
    pub fn prefetch(&self) -> u16 {
        let two_batches_a_lane = self.concurrency.saturating_mul(self.batch_max).saturating_mul(2);
        self.prefetch.unwrap_or(two_batches_a_lane)
    }

    /// Refuses a prefetch that could never fill one batch.
    ///
    /// # Errors
    /// Says which variable to change.
    pub fn check(&self) -> Result<(), SettingsError> {
        let (value, least) = (self.prefetch(), self.batch_max);
        if value < least {
            let (variable, other) = ("DRAY_PREFETCH", "DRAY_BATCH_MAX");
            return Err(SettingsError::TooSmall { variable, value, least, other });
        }
        Ok(())
    }
}

/// Who this process is.
#[derive(Debug, Clone, Args)]
pub struct InstanceSettings {
    /// Name of this process among its kind, a-z, 0-9 and '-'; host, pid and a suffix by default
    #[arg(long, env = "DRAY_INSTANCE", value_name = "DRAY_INSTANCE", default_value_t = InstanceName::generate())]
    pub instance: InstanceName,
}

/// What is written to standard error.
#[derive(Debug, Clone, Args)]
pub struct LogSettings {
    /// Filter, for example: info,runtime=debug
    #[arg(long, env = "DRAY_LOG", value_name = "DRAY_LOG", default_value = "info")]
    pub log: String,

    /// text for people, json for collectors
    #[arg(
        long,
        env = "DRAY_LOG_FORMAT",
        value_name = "DRAY_LOG_FORMAT",
        value_enum,
        default_value = "text"
    )]
    pub log_format: LogFormat,
}

impl LogSettings {
    /// Whether lines are JSON objects.
    #[must_use]
    pub const fn is_json(&self) -> bool {
        matches!(self.log_format, LogFormat::Json)
    }
}

/// The shape of a log line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// One readable line an event.
    Text,
    /// One JSON object an event.
    Json,
}

/// Everything that every worker needs.
#[derive(Debug, Clone, Args)]
pub struct WorkerSettings {
    /// The broker.
    #[command(flatten)]
    pub broker: BrokerSettings,
    /// The database.
    #[command(flatten)]
    pub database: DatabaseSettings,
    /// The cache.
    #[command(flatten)]
    pub cache: CacheSettings,
    /// The clock.
    #[command(flatten)]
    pub clock: ClockSettings,
    /// The admin port.
    #[command(flatten)]
    pub admin: AdminSettings,
    /// Concurrency and limits.
    #[command(flatten)]
    pub lanes: LaneSettings,
    /// The name of the process.
    #[command(flatten)]
    pub instance: InstanceSettings,
    /// The log.
    #[command(flatten)]
    pub log: LogSettings,
}

impl WorkerSettings {
    /// Checks every group. Call it before connecting to anything.
    ///
    /// # Errors
    /// The first setting that cannot be used, and what to do about it.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.broker.check()?;
        self.database.check()?;
        self.cache.check()?;
        self.lanes.check()
    }
}

/// What a process needs that stands in front of the fleet and has neither database nor cache.
#[derive(Debug, Clone, Args)]
pub struct FrontSettings {
    /// The broker.
    #[command(flatten)]
    pub broker: BrokerSettings,
    /// The admin port.
    #[command(flatten)]
    pub admin: AdminSettings,
    /// The name of the process.
    #[command(flatten)]
    pub instance: InstanceSettings,
    /// The log.
    #[command(flatten)]
    pub log: LogSettings,

    /// Seconds that a stopping process may take to finish what it holds
    #[arg(long, env = "DRAY_DRAIN_SECONDS", value_name = "DRAY_DRAIN_SECONDS", default_value_t = 10, value_parser = clap::value_parser!(u16).range(1..=600))]
    pub drain_seconds: u16,
}

impl FrontSettings {
    /// Checks every group. Call it before connecting to anything.
    ///
    /// # Errors
    /// The first setting that cannot be used, and what to do about it.
    pub fn check(&self) -> Result<(), SettingsError> {
        self.broker.check()
    }
}
