//! Who changed a sales order: for the record, never a reason for anything.
//!
//! What lives here: one entry and whence it comes. What never does: how it is written (`store/history.rs`).

use contracts::{Envelope, MessageId, Role, SalesOrderNo};
use queue_topology::WorkerKind;

/// The message behind a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    pub message_type: String,
    pub message_id: MessageId,
    /// On whose behalf.
    pub who: String,
    pub role: Role,
    /// Where it came in.
    pub origin: Option<String>,
    /// The broker user that published it.
    pub sender: String,
    /// The conversation; it begins with the message itself where that names none.
    pub correlation_id: String,
}

impl Cause {
    /// A message that came.
    pub(crate) fn of(envelope: &Envelope) -> Self {
        let begins = || envelope.message_id.to_string();
        Self {
            message_type: envelope.message_type.clone(),
            message_id: envelope.message_id,
            who: envelope.actor.subject.clone(),
            role: envelope.actor.role,
            origin: envelope.actor.origin.clone(),
            sender: envelope.user_id.to_string(),
            correlation_id: envelope.correlation_id.clone().unwrap_or_else(begins),
        }
    }

    /// What this worker does by itself, in a conversation that somebody else began.
    pub(crate) fn own(
        message_type: &str,
        message_id: MessageId,
        correlation_id: Option<&str>,
    ) -> Self {
        let user = WorkerKind::SalesOrder.user();
        let begins = || message_id.to_string();
        Self {
            message_type: message_type.to_owned(),
            message_id,
            who: user.clone(),
            role: Role::Worker,
            origin: None,
            sender: user,
            correlation_id: correlation_id.map_or_else(begins, str::to_owned),
        }
    }
}

/// One version of a sales order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Change {
    pub sales_order_no: SalesOrderNo,
    pub version: u64,
    /// The status before; None: it was made.
    pub from: Option<&'static str>,
    pub to: &'static str,
    pub cause: Cause,
}
