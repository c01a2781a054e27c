//! Whether a sender may do something to a waybill.
//!
//! The check knows what never changes of a waybill (kind, merchant, who packs) and never its state, so
//! that a message meets the same answer whenever it arrives.

use contracts::{Actor, FulfilledBy, Merchant, Refusal, Role, Way, WaybillKind};

use crate::change::Change;
use crate::lifecycle::{
    may_be_corrected_to, may_correct, may_ever_report, may_hold, may_release_for_others, may_report,
};

/// The longest name of a sender that is kept (the column of a hold's owner).
const MAX_SUBJECT_BYTES: usize = 128;

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

impl Traits {
    /// Which part of the lifecycle table is its own.
    pub(crate) const fn way(&self) -> Way {
        Way::of(self.kind)
    }
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
        Change::Report { said, .. } => match traits {
            Some(traits) => may_report(said.status, role, traits.kind, traits.fulfilled_by),
            None => may_ever_report(said.status, role),
        },
        Change::Correct { said, .. } => {
            let fits = |kind| may_be_corrected_to(said.status, kind);
            let fits = match traits {
                Some(traits) => fits(traits.kind),
                None => WaybillKind::ALL.into_iter().any(fits),
            };
            fits && may_correct(role)
        }
        Change::PlaceHold { .. } => may_hold(role),
        Change::ReleaseHold { owner, .. } => {
            let own = owner.as_ref().is_none_or(|owner| *owner == actor.subject);
            may_release_for_others(role) || (own && may_hold(role))
        }
        // the broker lets nobody publish these but the workers that decide them
        Change::Cancel { .. } | Change::Place { .. } | Change::Amend { .. } => true,
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
        Change::Report { said, .. } => {
            format!("{role:?} may not report {} of this waybill", said.status.as_str())
        }
        Change::Correct { said, .. } => {
            let status = said.status.as_str();
            format!("{role:?} may not correct this waybill to {status}")
        }
        Change::PlaceHold { .. } => format!("{role:?} may not hold a waybill"),
        Change::ReleaseHold { .. } => {
            "a hold is released by its owner or by a customer service supervisor".to_owned()
        }
        Change::Cancel { .. } | Change::Place { .. } | Change::Amend { .. } => {
            format!("{role:?} may not decide this of a waybill")
        }
    }
}
