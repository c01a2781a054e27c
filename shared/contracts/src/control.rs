//! What operators tell running workers, and what instances answer.

use std::num::{NonZeroU16, NonZeroU32};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Contract, Exchange};

/// Issued by the database, growing: a command with an older version than the one in force is stale.
pub type SettingsVersion = u64;

/// What an operator tunes while a worker runs. Absent: the instance's own default.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LaneSettings {
    /// Lanes that work at once.
    #[serde(default)]
    pub concurrency: Option<NonZeroU16>,
    /// Most messages of one transaction.
    #[serde(default)]
    pub batch_max: Option<NonZeroU16>,
    /// Messages in process; absent: 2 x lanes x batch_max.
    #[serde(default)]
    pub prefetch: Option<NonZeroU16>,
    /// Messages a second; absent: no limit.
    #[serde(default)]
    pub rate_per_second: Option<NonZeroU32>,
    /// True: consume nothing.
    #[serde(default)]
    pub paused: bool,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum ControlRequest {
    /// Take these settings, if their version is not older than what is in force.
    Apply {
        /// Version of the stored row.
        version: SettingsVersion,
        /// The settings, whole.
        settings: LaneSettings,
    },
    /// Finish what is in process and exit with 0.
    Drain,
    /// Take messages again, though most of the last ones failed.
    ResetKillSwitch,
    /// Just answer.
    Report,
}

/// A control message to every instance of a worker kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ControlCommand {
    /// The worker kind.
    pub worker: String,
    /// What to do.
    pub request: ControlRequest,
}

impl Contract for ControlCommand {
    const TYPE: &'static str = "control.command.v1";
    const EXCHANGE: Exchange = Exchange::Control;

    fn key_form() -> String {
        crate::RoutingKey::of_type("control.v1").with("{worker}").as_str().to_owned()
    }

    fn routing_key(&self) -> crate::RoutingKey {
        crate::RoutingKey::of_type("control.v1").with(&self.worker)
    }
}

/// What an instance runs now.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InstanceReport {
    /// The worker kind.
    pub worker: String,
    /// The instance's name.
    pub instance: String,
    /// Version of the settings in force.
    pub version: SettingsVersion,
    /// Lanes at work.
    pub concurrency: u16,
    /// Most messages of one transaction.
    pub batch_max: u16,
    /// Messages in process at most.
    pub prefetch: u16,
    /// Messages a second; absent: no limit.
    pub rate_per_second: Option<u32>,
    /// Consuming nothing.
    pub paused: bool,
    /// The kill switch stopped it: it tries one message now and then.
    #[serde(default)]
    pub tripped: bool,
    /// Draining.
    pub draining: bool,
    /// Ready.
    pub ready: bool,
    /// Messages in process.
    pub in_flight: u64,
    /// Settled since start.
    pub settled_total: u64,
    /// Outbox rows not yet confirmed.
    pub outbox_pending: u64,
    /// Median seconds from publication to commit.
    pub latency_p50_seconds: Option<f64>,
    /// 99th percentile of the same.
    pub latency_p99_seconds: Option<f64>,
}

/// The answer to a control command.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ControlAnswer {
    /// True when the command was taken (false: stale).
    pub taken: bool,
    /// What is in force now.
    pub report: InstanceReport,
}
