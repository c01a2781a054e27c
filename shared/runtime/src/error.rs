//! Why a process ends, and why a command could not be sent.

use broker::{BrokerError, PublishError};
use store::StoreError;
use thiserror::Error;

/// A worker process cannot start or go on.
#[derive(Debug, Error)]
pub enum RuntimeError {
    /// A setting is wrong.
    #[error(transparent)]
    Settings(#[from] settings::SettingsError),
    /// The log cannot be set up.
    #[error(transparent)]
    Log(#[from] telemetry::LogError),
    /// The admin port is not to be had.
    #[error(transparent)]
    Admin(#[from] telemetry::admin::AdminError),
    /// The broker lacks something that waiting does not bring.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// The database URL cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The worker itself could not be built.
    #[error("the worker could not start: {0}")]
    Build(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A front could not serve, or did not finish in time.
    #[error("serving ended: {0}")]
    Serve(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A file could not be written.
    #[error("cannot write {path}: {source}")]
    File {
        /// Which.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The operating system gave no thread or signal handler.
    #[error("the process could not be set up: {0}")]
    System(#[source] std::io::Error),
    /// A task ended that never should.
    #[error("the task {task} ended: {detail}")]
    TaskEnded {
        /// Which.
        task: &'static str,
        /// How.
        detail: String,
    },
    /// Not everything was finished in time; what was left goes back to its queues.
    #[error("not drained within {seconds} s; what was left goes back to its queues")]
    NotDrained {
        /// The limit.
        seconds: u16,
    },
}

impl RuntimeError {
    /// Exit code after sysexits(3).
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Settings(_) | Self::Log(_) => 78,
            Self::Admin(_) | Self::Broker(_) | Self::Store(_) => 69,
            Self::Build(_) | Self::Serve(_) | Self::File { .. } | Self::System(_) => 71,
            Self::TaskEnded { .. } => 70,
            Self::NotDrained { .. } => 75,
        }
    }
}

/// A command could not be sent.
#[derive(Debug, Clone, Error)]
pub enum SendError {
    /// The broker did not take it; after `Unknown` send it again with the same id.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// A queue could not be asked.
    #[error(transparent)]
    Broker(#[from] BrokerError),
    /// It does not serialise.
    #[error("the command does not serialise: {0}")]
    Encode(String),
    /// No connection at this moment.
    #[error("not connected to the broker")]
    Disconnected,
}

/// What a failed sending means for its sender.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unsent {
    /// A queue is full: nothing was taken, the same may be sent later.
    Full,
    /// It may have been taken or not: send it again with the same id.
    Unknown,
    /// There is no connection: nothing was sent.
    Away,
    /// No message may be so large: it has to be split.
    TooLarge,
    /// No sending again helps: the topology lacks its place, or it has no JSON form.
    Broken,
}

impl SendError {
    /// What to do about it.
    #[must_use]
    pub const fn unsent(&self) -> Unsent {
        match self {
            Self::Publish(PublishError::Refused { .. }) => Unsent::Full,
            Self::Publish(PublishError::Unknown { .. }) => Unsent::Unknown,
            Self::Publish(PublishError::TooLarge { .. }) => Unsent::TooLarge,
            Self::Publish(PublishError::Unroutable { .. }) | Self::Encode(_) => Unsent::Broken,
            Self::Broker(_) | Self::Disconnected => Unsent::Away,
        }
    }
}
