//! Every change that was asked for, and what the shim said to it: the journal that the tables are compared with.
//!
//! What lives here: reading an answer. What never does: the tables.

use contracts::MessageId;
use queue_topology::WorkerKind;
use serde::Deserialize;
use uuid::Uuid;

use super::class::Class;
use super::client::{Answer, Ask};
use super::samples::Kind;
use super::tokens::By;

/// The code of a request whose key is taken by one that is not answered yet.
const IN_PROGRESS: &str = "IN_PROGRESS";
/// The code of a request that the broker may have or not.
const OUTCOME_UNKNOWN: &str = "OUTCOME_UNKNOWN";

/// One change that was asked for and not turned away.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// What it is.
    pub(crate) class: Class,
    /// Who asked.
    pub(crate) by: By,
    /// What, with its key: the same again is the same request.
    pub(crate) ask: Ask,
    /// What came back, if anything did.
    pub(crate) told: Option<Told>,
}

impl Said {
    /// Whose inbox it comes to.
    pub(crate) const fn consumer(&self) -> Option<WorkerKind> {
        self.class.consumer()
    }

    /// True for the same request made again.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.by == other.by && self.ask.idempotency_key == other.ask.idempotency_key
    }

    /// True when nobody knows whether it had its effect: no answer, a failure, or an earlier request with the same
    /// key was still on its way.
    pub(crate) fn is_open(&self) -> bool {
        let is_open = |told: &Told| told.status >= 500 || told.code.as_deref() == Some(IN_PROGRESS);
        self.told.as_ref().is_none_or(is_open)
    }

    /// True when the shim answered for it: it must have exactly one effect.
    pub(crate) fn is_accepted(&self) -> bool {
        self.told.as_ref().is_some_and(|told| matches!(told.status, 200..=202))
    }
}

/// What the answer to a change says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Told {
    pub(crate) status: u16,
    /// The message that the request became; absent where it became none.
    pub(crate) message_id: Option<MessageId>,
    /// Stable code of a refusal.
    pub(crate) code: Option<String>,
    /// The version after the change.
    pub(crate) version: Option<u64>,
}

/// As much of a body as is compared, of a change and of a problem.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    operation: Option<String>,
    code: Option<String>,
    version: Option<u64>,
}

impl Told {
    /// True when nothing was done and it is worth coming back.
    pub(crate) fn is_turned_away(&self) -> bool {
        let is_open = self.code.as_deref() == Some(OUTCOME_UNKNOWN);
        Kind::of(self.status) == Kind::TurnedAway && !is_open
    }

    /// Reads an answer; a body that is none of ours says nothing.
    pub(crate) fn of(answer: &Answer) -> Self {
        let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
        let last = |operation: &String| operation.rsplit('/').next().map(str::to_owned);
        let id = body.operation.as_ref().and_then(last);
        let message_id = id.and_then(|id| Uuid::try_parse(&id).ok()).map(MessageId);
        Self { status: answer.status, message_id, code: body.code, version: body.version }
    }
}
