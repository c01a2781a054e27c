//! What the hot folder is told at start.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use settings::WorkerSettings;

use crate::content::Caps;
use crate::reporters::Reporters;

/// Plain bytes from which on a compressed file's ratio is looked at.
const GZIP_RATIO_FROM_BYTES: u64 = 16 * 1024 * 1024;

/// Every setting of the process.
#[derive(Debug, Clone, Parser)]
#[command(name = "hotfolder-ingest", about = "Turns files of a hot folder into commands")]
pub struct Settings {
    /// What every worker has.
    #[command(flatten)]
    pub worker: WorkerSettings,
    /// The hot folder's own.
    #[command(flatten)]
    pub folder: FolderSettings,
}

impl AsRef<WorkerSettings> for Settings {
    fn as_ref(&self) -> &WorkerSettings {
        &self.worker
    }
}

/// Where the files lie and how they are treated.
#[derive(Debug, Clone, Args)]
pub struct FolderSettings {
    /// The root: one folder a source, which must exist
    #[arg(long, env = "DRAY_HOTFOLDER", value_name = "DRAY_HOTFOLDER")]
    pub hotfolder: PathBuf,

    /// What one bad order does to its file
    #[arg(
        long,
        env = "DRAY_HOTFOLDER_POLICY",
        value_name = "DRAY_HOTFOLDER_POLICY",
        value_enum,
        default_value = "reject-orders"
    )]
    pub policy: Policy,

    /// In whose name the status files of a source speak; others speak as a shop, which reports nothing
    #[arg(
        long,
        env = "DRAY_HOTFOLDER_REPORTERS",
        value_name = "DRAY_HOTFOLDER_REPORTERS",
        default_value = "wms=warehouse,pss=sorting,ods=road"
    )]
    pub reporters: Reporters,

    /// Commands without an answer yet at most, over all files
    #[arg(long, env = "DRAY_HOTFOLDER_WINDOW", value_name = "DRAY_HOTFOLDER_WINDOW", default_value_t = 400, value_parser = clap::value_parser!(u16).range(1..=400))]
    pub window: u16,

    /// Ready messages of the deepest queue at which nothing more is sent
    #[arg(long, env = "DRAY_HOTFOLDER_DEPTH", value_name = "DRAY_HOTFOLDER_DEPTH", default_value_t = 60, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub depth: u32,

    /// Files that are worked on at the same time (of different sources)
    #[arg(long, env = "DRAY_HOTFOLDER_FILES", value_name = "DRAY_HOTFOLDER_FILES", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=64))]
    pub files: u16,

    /// Milliseconds between two scans; a file that is unchanged for so long is complete
    #[arg(long, env = "DRAY_HOTFOLDER_SCAN_MS", value_name = "DRAY_HOTFOLDER_SCAN_MS", default_value_t = 2_000, value_parser = clap::value_parser!(u64).range(50..=600_000))]
    pub scan_ms: u64,

    /// Seconds after which an upload that never ended is set aside
    #[arg(
        long,
        env = "DRAY_HOTFOLDER_STALE_SECONDS",
        value_name = "DRAY_HOTFOLDER_STALE_SECONDS",
        default_value_t = 3_600
    )]
    pub stale_seconds: u64,

    /// Seconds for which a file belongs to this process after it last said so
    #[arg(long, env = "DRAY_HOTFOLDER_LEASE_SECONDS", value_name = "DRAY_HOTFOLDER_LEASE_SECONDS", default_value_t = 15, value_parser = clap::value_parser!(u32).range(2..=3_600))]
    pub lease_seconds: u32,

    /// Seconds after which a command without an answer is sent again for the first time
    #[arg(long, env = "DRAY_HOTFOLDER_ANSWER_SECONDS", value_name = "DRAY_HOTFOLDER_ANSWER_SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    pub answer_seconds: u64,

    /// Free bytes below which no file is taken
    #[arg(
        long,
        env = "DRAY_HOTFOLDER_FREE_BYTES",
        value_name = "DRAY_HOTFOLDER_FREE_BYTES",
        default_value_t = 1_048_576
    )]
    pub free_bytes: u64,

    /// Bytes of plain text in one file at most
    #[arg(
        long,
        env = "DRAY_HOTFOLDER_CONTENT_BYTES",
        value_name = "DRAY_HOTFOLDER_CONTENT_BYTES",
        default_value_t = 68_719_476_736
    )]
    pub content_bytes: u64,

    /// Plain bytes per compressed byte at most
    #[arg(
        long,
        env = "DRAY_HOTFOLDER_GZIP_RATIO",
        value_name = "DRAY_HOTFOLDER_GZIP_RATIO",
        default_value_t = 100
    )]
    pub gzip_ratio: u64,
}

impl FolderSettings {
    /// The time between two scans.
    #[must_use]
    pub const fn scan_interval(&self) -> Duration {
        Duration::from_millis(self.scan_ms)
    }

    /// How much a file may unpack to.
    #[must_use]
    pub const fn caps(&self) -> Caps {
        Caps {
            content_bytes_max: self.content_bytes,
            gzip_ratio_max: self.gzip_ratio,
            gzip_ratio_from_bytes: GZIP_RATIO_FROM_BYTES,
        }
    }
}

/// What one bad order does to its file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Policy {
    /// The bad orders are rejected, the others are sent.
    RejectOrders,
    /// Nothing of the file is sent.
    RejectFile,
    /// Nothing is ever sent: every file is checked, reported and archived.
    DryRun,
}

impl Policy {
    /// The word in settings and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RejectOrders => "reject-orders",
            Self::RejectFile => "reject-file",
            Self::DryRun => "dry-run",
        }
    }
}
