//! Cases of customer service: something about an order, a waybill or a return that a person sees to.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Contract, Exchange, OrderRef, ReturnRef, Source, Timestamp, WaybillNo};

/// What a case is about.
#[derive(
    Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "about", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseSubject {
    /// An order.
    Order {
        /// Who sent it.
        source: Source,
        /// Its number there.
        order_ref: OrderRef,
    },
    /// A waybill.
    Waybill {
        /// Its number.
        waybill_no: WaybillNo,
    },
    /// A return.
    Return {
        /// Who sent it.
        source: Source,
        /// Its number there.
        return_ref: ReturnRef,
    },
}

impl CaseSubject {
    /// How people name it: `order shop/1000234`, `waybill shop-1000234-1`, `return shop/R-17`.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Order { source, order_ref } => format!("order {source}/{order_ref}"),
            Self::Waybill { waybill_no } => format!("waybill {waybill_no}"),
            Self::Return { source, return_ref } => format!("return {source}/{return_ref}"),
        }
    }
}

/// Why there is a case.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum CaseKind {
    /// A waybill was cancelled and moved all the same.
    CancelledButMoved,
    /// Nobody answers a request for cancellation.
    CancellationOverdue,
    /// A cancellation was refused: the customer is offered a return.
    CancellationRejected,
    /// Delivery failed as often as it is tried; the parcel goes back.
    DeliveryFailed,
    /// A parcel is lost.
    Lost,
    /// A parcel is damaged.
    Damaged,
    /// Less of a return arrived than was announced, or it arrived damaged.
    ReturnDiffers,
    /// Opened by a person.
    Question,
}

impl CaseKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::CancelledButMoved,
        Self::CancellationOverdue,
        Self::CancellationRejected,
        Self::DeliveryFailed,
        Self::Lost,
        Self::Damaged,
        Self::ReturnDiffers,
        Self::Question,
    ];

    /// The name in messages and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CancelledButMoved => "CANCELLED_BUT_MOVED",
            Self::CancellationOverdue => "CANCELLATION_OVERDUE",
            Self::CancellationRejected => "CANCELLATION_REJECTED",
            Self::DeliveryFailed => "DELIVERY_FAILED",
            Self::Lost => "LOST",
            Self::Damaged => "DAMAGED",
            Self::ReturnDiffers => "RETURN_DIFFERS",
            Self::Question => "QUESTION",
        }
    }

    /// The kind of that name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == name)
    }
}

/// The longest text of a case entry, in bytes.
pub const MAX_CASE_TEXT_BYTES: usize = 4_000;

fn check_text(text: &str) -> Result<(), String> {
    if (1..=MAX_CASE_TEXT_BYTES).contains(&text.len()) {
        return Ok(());
    }
    Err(format!("a text of {} bytes: it must have 1 to {MAX_CASE_TEXT_BYTES}", text.len()))
}

/// Open a case. Its id is the message's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenCase {
    /// About what.
    pub subject: CaseSubject,
    /// The first entry.
    pub text: String,
    /// When.
    pub occurred_at: Timestamp,
}

impl Contract for OpenCase {
    const TYPE: &'static str = "case.open.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_text(&self.text)
    }
}

/// What is done with a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "step", rename_all = "snake_case", deny_unknown_fields)]
pub enum CaseStep {
    /// Somebody writes something down.
    Note {
        /// What.
        text: String,
    },
    /// Somebody takes it, or is given it.
    Assign {
        /// The account.
        to: String,
    },
    /// It is done.
    Close {
        /// How it ended.
        text: String,
    },
    /// It is not done after all.
    Reopen {
        /// Why.
        text: String,
    },
}

/// Do something with a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCase {
    /// Which.
    pub case_id: Uuid,
    /// What is done.
    pub step: CaseStep,
    /// The version that the sender saw: refused when the case has a newer one; absent: any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expected_version: Option<u64>,
    /// When.
    pub occurred_at: Timestamp,
}

impl Contract for UpdateCase {
    const TYPE: &'static str = "case.update.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        match &self.step {
            CaseStep::Note { text } | CaseStep::Close { text } | CaseStep::Reopen { text } => {
                check_text(text)
            }
            CaseStep::Assign { to } => match to.len() {
                1..=128 => Ok(()),
                bytes => Err(format!("an account of {bytes} bytes: it must have 1 to 128")),
            },
        }
    }
}

/// A case was opened or went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseChanged {
    /// Which.
    pub case_id: Uuid,
    /// Why it is there.
    pub kind: CaseKind,
    /// About what, as [`CaseSubject::name`] has it.
    pub subject: String,
    /// True until it is closed.
    pub open: bool,
    /// Who sees to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_to: Option<String>,
}

impl Contract for CaseChanged {
    const TYPE: &'static str = "case.changed.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// One line of the story of a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseEntry {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: String,
    /// What was done: `OPENED`, `NOTED`, `ASSIGNED`, `CLOSED`, `REOPENED`, or `EVENT` for what happened to
    /// the subject.
    pub step: String,
    /// What was said.
    pub text: String,
}

/// A case as queries show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CaseView {
    /// The case.
    #[serde(flatten)]
    pub case: CaseChanged,
    /// When it was opened.
    pub created_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Version of the row.
    pub version: u64,
    /// What happened, in the order in which it was written down.
    pub entries: Vec<CaseEntry>,
}
