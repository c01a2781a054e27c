//! The sender's journal: one JSON object a line, what was sent to whom and what the broker said to it.
//! Senders append, `loadtest verify` reads.

use contracts::MessageId;
use serde::{Deserialize, Serialize};

/// What a sender knows of one of its messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SendState {
    /// The broker took it over: it must have its effect or lie in the dead letters.
    Confirmed,
    /// No answer came: it may have had its effect or not.
    Unknown,
    /// The broker refused it: it must have no effect, unless it was sent again.
    Refused,
}

/// One line of a journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct JournalEntry {
    /// The worker kind that consumes it: the inbox's consumer.
    pub(crate) consumer: String,
    /// The broker user that sent it: the inbox's sender.
    pub(crate) sender: String,
    /// Its id.
    pub(crate) message_id: MessageId,
    /// What the broker said.
    pub(crate) state: SendState,
}
