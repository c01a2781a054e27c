//! Why a command ends badly: a sentence for the operator and an exit code after sysexits(3).
//!
//! Never here: how it is printed.

use std::fmt;
use std::io;
use std::path::Path;

use broker::{BrokerError, PublishError};
use settings::SettingsError;
use store::StoreError;

/// How a command ends when it does not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    /// It did its work, and what it found is not as it should be.
    NotAsItShouldBe,
    /// The command line asks for something that makes no sense.
    Usage,
    /// Input data are wrong.
    Data,
    /// Input is not there.
    NoInput,
    /// A service or an instance does not answer.
    Unavailable,
    /// A defect of this program.
    Software,
    /// The operating system refuses.
    System,
    /// A file cannot be written.
    Io,
    /// It may work later.
    Temporary,
    /// The other side says no.
    NoPermission,
    /// The set-up is wrong.
    Config,
}

impl Exit {
    /// The number a shell sees.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::NotAsItShouldBe => 1,
            Self::Usage => 64,
            Self::Data => 65,
            Self::NoInput => 66,
            Self::Unavailable => 69,
            Self::Software => 70,
            Self::System => 71,
            Self::Io => 74,
            Self::Temporary => 75,
            Self::NoPermission => 77,
            Self::Config => 78,
        }
    }
}

/// A command failed.
#[derive(Debug)]
pub(crate) struct CommandError {
    exit: Exit,
    message: String,
}

/// What every command gives.
pub(crate) type Result<T> = std::result::Result<T, CommandError>;

impl CommandError {
    /// `message` says what happened, where, and what to do.
    pub(crate) fn new(exit: Exit, message: impl Into<String>) -> Self {
        Self { exit, message: message.into() }
    }

    /// A file that cannot be used.
    pub(crate) fn file(action: &str, path: &Path, error: &io::Error) -> Self {
        let exit = if error.kind() == io::ErrorKind::NotFound { Exit::NoInput } else { Exit::Io };
        Self::new(exit, format!("cannot {action} {}: {error}", path.display()))
    }

    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        self.exit
    }
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for CommandError {}

impl From<BrokerError> for CommandError {
    fn from(error: BrokerError) -> Self {
        let exit = match &error {
            BrokerError::Connect { .. } | BrokerError::Lost { .. } => Exit::Unavailable,
            BrokerError::QueueMissing { .. } | BrokerError::Mismatch { .. } => Exit::Config,
            BrokerError::AccessRefused { .. } => Exit::NoPermission,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<PublishError> for CommandError {
    fn from(error: PublishError) -> Self {
        let exit = match &error {
            PublishError::Refused { .. } | PublishError::Unknown { .. } => Exit::Temporary,
            PublishError::Unroutable { .. } => Exit::Config,
            PublishError::TooLarge { .. } => Exit::Data,
        };
        Self::new(exit, error.to_string())
    }
}

impl From<StoreError> for CommandError {
    fn from(error: StoreError) -> Self {
        // 1146: no such table
        let message = match error.number() {
            Some(1146) => format!("{error}; the schema is not there yet: run `dray migrate`"),
            _ => error.to_string(),
        };
        Self::new(Exit::Unavailable, message)
    }
}

impl From<SettingsError> for CommandError {
    fn from(error: SettingsError) -> Self {
        Self::new(Exit::Config, error.to_string())
    }
}

impl From<serde_json::Error> for CommandError {
    fn from(error: serde_json::Error) -> Self {
        Self::new(Exit::Software, format!("a value does not serialise: {error}"))
    }
}

impl From<tokio::task::JoinError> for CommandError {
    fn from(error: tokio::task::JoinError) -> Self {
        Self::new(Exit::Software, format!("a task of this program ended early: {error}"))
    }
}
