//! What can go wrong with the broker.

use lapin::ErrorKind;
use lapin::protocol::{AMQPErrorKind, AMQPSoftError};
use thiserror::Error;

/// A failed connection, channel or declaration.
#[derive(Debug, Clone, Error)]
pub enum BrokerError {
    /// No connection.
    #[error("cannot reach the broker at {address}: {detail}")]
    Connect {
        /// Host and port, never the password.
        address: String,
        /// What the client says.
        detail: String,
    },
    /// A queue that must be there is not.
    #[error("queue {queue:?} is missing: run `dray topology apply` ({detail})")]
    QueueMissing {
        /// Which queue.
        queue: String,
        /// What the broker says.
        detail: String,
    },
    /// This user may not do that.
    #[error("the broker refuses access: {detail}; run `dray topology apply` to set the rights")]
    AccessRefused {
        /// What the broker says.
        detail: String,
    },
    /// The broker holds something of that name with other arguments.
    #[error("the broker's topology differs: {detail}; `dray topology diff` shows how")]
    Mismatch {
        /// What the broker says.
        detail: String,
    },
    /// Everything else: the connection or channel is gone.
    #[error("the connection to the broker failed: {detail}")]
    Lost {
        /// What the client says.
        detail: String,
    },
}

impl BrokerError {
    pub(crate) fn from_lapin(error: &lapin::Error, queue: Option<&str>) -> Self {
        let detail = error.to_string();
        let ErrorKind::ProtocolError(protocol) = error.kind() else {
            return Self::Lost { detail };
        };
        match (protocol.kind(), queue) {
            (AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND), Some(queue)) => {
                Self::QueueMissing { queue: queue.to_owned(), detail }
            }
            (AMQPErrorKind::Soft(AMQPSoftError::ACCESSREFUSED), _) => {
                Self::AccessRefused { detail }
            }
            (AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED), _) => {
                Self::Mismatch { detail }
            }
            _ => Self::Lost { detail },
        }
    }

    /// A connection or channel that was in use and is gone, whatever the reason: connect again.
    pub(crate) fn lost(error: &lapin::Error) -> Self {
        Self::Lost { detail: error.to_string() }
    }

    /// True when waiting does not help: somebody has to change the broker or the settings.
    #[must_use]
    pub const fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::QueueMissing { .. } | Self::AccessRefused { .. } | Self::Mismatch { .. }
        )
    }
}

/// Why a message was not published, or may not have been.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PublishError {
    /// A queue is full: wait and send it again.
    #[error("the broker refused the message: a queue behind {exchange} is full")]
    Refused {
        /// Where it was published.
        exchange: String,
    },
    /// No queue takes messages with this key.
    #[error("no queue takes {routing_key:?} from {exchange}: run `dray topology diff`")]
    Unroutable {
        /// Where it was published.
        exchange: String,
        /// With which key.
        routing_key: String,
    },
    /// No answer: it may or may not have arrived. Send it again with the same id.
    #[error("the broker did not confirm: {detail}")]
    Unknown {
        /// What happened.
        detail: String,
    },
    /// Larger than the broker takes.
    #[error("the message has {bytes} bytes, at most {max} are allowed")]
    TooLarge {
        /// Its size.
        bytes: usize,
        /// The limit.
        max: usize,
    },
}
