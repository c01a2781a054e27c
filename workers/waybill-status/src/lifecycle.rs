//! Who may do what to a waybill, whatever its state is: reports by the rows of [`contracts::Way`], holds
//! and corrections by role.
//!
//! What never lives here: the state of any one waybill.

use contracts::{FulfilledBy, Role, Way, WaybillKind, WaybillStatus};

/// Whether a role may report a status of a waybill of this kind.
pub(crate) fn may_report(
    status: WaybillStatus,
    role: Role,
    kind: WaybillKind,
    fulfilled_by: FulfilledBy,
) -> bool {
    Way::of(kind).row(status).is_some_and(|row| row.may_report(role, fulfilled_by))
}

/// The role check while nothing is known of the waybill but its number: could any waybill pass it?
pub(crate) fn may_ever_report(status: WaybillStatus, role: Role) -> bool {
    let rows = Way::ALL.into_iter().filter_map(|way| way.row(status));
    rows.into_iter().any(|row| {
        [FulfilledBy::Warehouse, FulfilledBy::Merchant]
            .into_iter()
            .any(|fulfilled_by| row.may_report(role, fulfilled_by))
    })
}

/// Who may place a hold. The road and the sorting station report facts; customers ask customer service.
pub(crate) const fn may_hold(role: Role) -> bool {
    match role {
        Role::Merchant
        | Role::CsAgent
        | Role::CsSupervisor
        | Role::Dispatcher
        | Role::Warehouse
        | Role::Shop
        | Role::Worker
        | Role::Admin => true,
        Role::Customer | Role::Sorting | Role::Road | Role::Operator => false,
    }
}

/// Who may release a hold of somebody else.
pub(crate) const fn may_release_for_others(role: Role) -> bool {
    matches!(role, Role::CsSupervisor | Role::Admin)
}

/// Who may set a waybill right.
pub(crate) const fn may_correct(role: Role) -> bool {
    matches!(role, Role::CsSupervisor | Role::Admin)
}

/// The statuses that a correction may set: all of its way but a verdict, which has effects elsewhere.
pub(crate) fn may_be_corrected_to(status: WaybillStatus, kind: WaybillKind) -> bool {
    Way::of(kind).row(status).is_some() && status != WaybillStatus::Cancelled
}
