//! What may be done to a waybill, in the compact form that a stub row keeps until the waybill exists, and
//! whether a sender may do it.
//!
//! The check knows what never changes of a waybill (kind, merchant, who packs) and never its state, so that
//! a message meets the same answer whenever it arrives.

use contracts::{
    Actor, Assigned, Contract, FulfilledBy, HoldHandle, HoldReason, Merchant, MessageId, PlaceHold,
    Refusal, ReleaseHold, ReportStatus, Role, Timestamp, WaybillKind, WaybillStatus,
};
use serde::{Deserialize, Serialize};

use crate::facts::Attempt;
use crate::lifecycle::{may_ever_report, may_hold, may_release_for_others, may_report};

/// The longest name of a sender that is kept (the column of a hold's owner).
const MAX_SUBJECT_BYTES: usize = 128;

/// One thing done to one waybill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(crate) enum Change {
    /// Something happened outside.
    Report {
        status: WaybillStatus,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        attempt: Option<Attempt>,
        occurred_at: Timestamp,
    },
    /// Hold it; the owner is the sender.
    PlaceHold { handle: HoldHandle, reason: HoldReason, occurred_at: Timestamp },
    /// Release a hold; without an owner the sender's own.
    ReleaseHold {
        handle: HoldHandle,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        owner: Option<String>,
        occurred_at: Timestamp,
    },
    /// ADRA gave it a place on a route.
    Place { attempt: Attempt, assigned_at: Timestamp },
}

impl Change {
    /// What a report does.
    ///
    /// # Errors
    /// A refusal when its attempt is out of range.
    pub(crate) fn report(report: &ReportStatus) -> Result<Self, Refusal> {
        Ok(Self::Report {
            status: report.status,
            attempt: report.attempt.map(attempt).transpose()?,
            occurred_at: report.occurred_at,
        })
    }

    /// What a hold does.
    pub(crate) fn place_hold(hold: &PlaceHold) -> Self {
        let PlaceHold { waybill_no: _, handle, reason, occurred_at } = hold;
        Self::PlaceHold { handle: handle.clone(), reason: *reason, occurred_at: *occurred_at }
    }

    /// What a release does.
    pub(crate) fn release_hold(release: &ReleaseHold) -> Self {
        let ReleaseHold { waybill_no: _, handle, owner, occurred_at } = release;
        let (handle, owner) = (handle.clone(), owner.clone());
        Self::ReleaseHold { handle, owner, occurred_at: *occurred_at }
    }

    /// What an assignment does, at the time when ADRA decided.
    ///
    /// # Errors
    /// A refusal when a waybill has had more places than are kept.
    pub(crate) fn place(assigned: &Assigned, assigned_at: Timestamp) -> Result<Self, Refusal> {
        Ok(Self::Place { attempt: attempt(assigned.place_no)?, assigned_at })
    }

    /// The wire name of the message it came in.
    pub(crate) const fn message_type(&self) -> &'static str {
        match self {
            Self::Report { .. } => ReportStatus::TYPE,
            Self::PlaceHold { .. } => PlaceHold::TYPE,
            Self::ReleaseHold { .. } => ReleaseHold::TYPE,
            Self::Place { .. } => Assigned::TYPE,
        }
    }

    /// The status it reports, if it is a report.
    pub(crate) const fn status(&self) -> Option<WaybillStatus> {
        match self {
            Self::Report { status, .. } => Some(*status),
            Self::PlaceHold { .. } | Self::ReleaseHold { .. } | Self::Place { .. } => None,
        }
    }

    /// When it happened or was decided.
    pub(crate) const fn occurred_at(&self) -> Timestamp {
        match self {
            Self::Report { occurred_at: at, .. }
            | Self::PlaceHold { occurred_at: at, .. }
            | Self::ReleaseHold { occurred_at: at, .. }
            | Self::Place { assigned_at: at, .. } => *at,
        }
    }
}

fn attempt(number: u16) -> Result<Attempt, Refusal> {
    Attempt::try_from(number)
        .map_err(|error| Refusal::new("ATTEMPT_OUT_OF_RANGE", error.to_string()))
}

/// Which message asked for a change, and on whose behalf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Cause {
    /// The message.
    pub message_id: MessageId,
    /// Who.
    pub actor: Actor,
}

/// What never changes of a waybill and decides who may touch it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Traits {
    /// Why it exists.
    pub kind: WaybillKind,
    /// Who packs it.
    pub fulfilled_by: FulfilledBy,
    /// Whose goods it carries.
    pub merchant: Merchant,
}

/// Whether this sender may do this. Without traits (the waybill does not exist yet): whether it could be
/// allowed for any waybill; the rest is checked when it exists.
///
/// # Errors
/// The refusal that the sender is told.
pub(crate) fn permit(
    change: &Change,
    actor: &Actor,
    traits: Option<&Traits>,
) -> Result<(), Refusal> {
    if actor.subject.len() > MAX_SUBJECT_BYTES {
        return Err(Refusal::new(
            "SUBJECT_TOO_LONG",
            format!("the sender's name is longer than {MAX_SUBJECT_BYTES} bytes"),
        ));
    }
    if traits.is_some_and(|traits| !sees(actor, traits)) {
        return Err(Refusal::new("UNKNOWN_WAYBILL", "there is no such waybill of yours"));
    }
    if allowed(change, actor, traits) {
        return Ok(());
    }
    Err(Refusal::new("NOT_ALLOWED", not_allowed(change, actor.role)))
}

fn allowed(change: &Change, actor: &Actor, traits: Option<&Traits>) -> bool {
    let role = actor.role;
    match change {
        Change::Report { status, .. } => match traits {
            Some(traits) => may_report(*status, role, traits.kind, traits.fulfilled_by),
            None => may_ever_report(*status, role),
        },
        Change::PlaceHold { .. } => may_hold(role),
        Change::ReleaseHold { owner, .. } => {
            let own = owner.as_ref().is_none_or(|owner| *owner == actor.subject);
            may_release_for_others(role) || (own && may_hold(role))
        }
        Change::Place { .. } => true,
    }
}

/// A merchant sees its own goods only; one that is limited to a merchant's goods, only those.
fn sees(actor: &Actor, traits: &Traits) -> bool {
    match &actor.merchant {
        Some(merchant) => merchant == traits.merchant.as_str(),
        None => actor.role != Role::Merchant,
    }
}

fn not_allowed(change: &Change, role: Role) -> String {
    match change {
        Change::Report { status, .. } => {
            format!("{role:?} may not report {} of this waybill", status.as_str())
        }
        Change::PlaceHold { .. } => format!("{role:?} may not hold a waybill"),
        Change::ReleaseHold { .. } => {
            "a hold is released by its owner or by a customer service supervisor".to_owned()
        }
        Change::Place { .. } => format!("{role:?} may not assign a waybill"),
    }
}
