//! The waybill lifecycle as one table: position, proofs, who may report, what partners call it.
//!
//! What lives here: the table, the questions that one row answers, and the drawing and document made
//! from it. What never does: the state of any one waybill.

use contracts::{FulfilledBy, Role, WaybillKind, WaybillStatus};

use Level::{Above, Attempt, Base};
use Reporters::{Always, Packer, Verdict};
use WaybillStatus as S;

/// Where in the life of a waybill a status belongs. The order is the order of positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Before the road: there is one.
    Base,
    /// On the road: once for each place on a route.
    Attempt,
    /// How it ended, whatever the attempt.
    Above,
}

/// Who may report a status. An administrator may report everything but a verdict.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Reporters {
    /// These roles.
    Always(&'static [Role]),
    /// Whoever packs the parcel: its merchant, or the warehouse.
    Packer,
    /// The fleet itself: the answer of the worker that decides it.
    Verdict,
}

/// One row of the lifecycle table.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the partners' names are read by the document, which a test makes")
)]
pub(crate) struct Row {
    /// Where it belongs.
    pub level: Level,
    /// Order within the level, from 0; also its bit in a fact set.
    pub rank: u8,
    /// True when every parcel that gets further passes through it: unreported, it is a gap.
    pub expected: bool,
    /// True when it may happen at any moment, so that it says nothing about earlier statuses.
    pub anywhere: bool,
    /// True when nothing is done with the waybill afterwards.
    pub terminal: bool,
    /// Who may report it.
    pub reporters: Reporters,
    /// One of these must count before it counts; none: it counts by itself. For an [`Level::Attempt`]
    /// the proof is of the same attempt, for [`Level::Above`] of any.
    pub proofs: &'static [WaybillStatus],
    /// AfterShip's tag; empty: it has none.
    pub aftership: &'static str,
    /// EasyPost's status.
    pub easypost: &'static str,
    /// EPCIS business step; empty: it has none.
    pub epcis: &'static str,
}

const INTAKE_AND_CS: &[Role] = &[Role::Worker, Role::CsAgent, Role::CsSupervisor];
const ROAD: &[Role] = &[Role::Road];
const STATION_AND_ROAD: &[Role] = &[Role::Sorting, Role::Road];
const ROAD_AND_CS: &[Role] = &[Role::Road, Role::CsAgent, Role::CsSupervisor];
const WAREHOUSE: &[Role] = &[Role::Warehouse];

const HANDED_OVER: &[S] = &[S::Loaded, S::Dispatched];
const MOVING: &[S] = &[S::Dispatched, S::OutForDelivery];
const AT_THE_CUSTOMER: &[S] = &[S::Dispatched, S::OutForDelivery, S::ReadyForCollection];
const TAKEN_ALONG: &[S] =
    &[S::Loaded, S::Dispatched, S::OutForDelivery, S::ReadyForCollection, S::DeliveryFailed];
const ON_THE_ROAD: &[S] =
    &[S::Dispatched, S::OutForDelivery, S::ReadyForCollection, S::DeliveryFailed, S::Returning];

/// The table.
#[rustfmt::skip]
pub(crate) const fn row(status: WaybillStatus) -> &'static Row {
    match status {
        S::Created => &Row {
            level: Base, rank: 0, expected: true, anywhere: false, terminal: false, proofs: &[],
            reporters: Always(INTAKE_AND_CS), aftership: "Pending", easypost: "unknown", epcis: "" },
        S::Acknowledged => &Row {
            level: Base, rank: 1, expected: true, anywhere: false, terminal: false, proofs: &[],
            reporters: Packer, aftership: "InfoReceived", easypost: "pre_transit", epcis: "reserving" },
        S::Picked => &Row {
            level: Base, rank: 2, expected: true, anywhere: false, terminal: false, proofs: &[],
            reporters: Packer, aftership: "InfoReceived", easypost: "pre_transit", epcis: "picking" },
        S::Packed => &Row {
            level: Base, rank: 3, expected: true, anywhere: false, terminal: false, proofs: &[],
            reporters: Packer, aftership: "InfoReceived", easypost: "pre_transit", epcis: "packing" },
        S::Cancelled => &Row {
            level: Base, rank: 4, expected: false, anywhere: true, terminal: true, proofs: &[],
            reporters: Verdict, aftership: "", easypost: "cancelled", epcis: "void_shipping" },
        S::Loaded => &Row {
            level: Attempt, rank: 0, expected: true, anywhere: false, terminal: false, proofs: &[],
            reporters: Always(STATION_AND_ROAD), aftership: "InTransit", easypost: "in_transit", epcis: "loading" },
        S::Dispatched => &Row {
            level: Attempt, rank: 1, expected: true, anywhere: false, terminal: false, proofs: &[],
            reporters: Always(ROAD), aftership: "InTransit", easypost: "in_transit", epcis: "departing" },
        S::OutForDelivery => &Row {
            level: Attempt, rank: 2, expected: true, anywhere: false, terminal: false, proofs: HANDED_OVER,
            reporters: Always(ROAD), aftership: "OutForDelivery", easypost: "out_for_delivery", epcis: "transporting" },
        S::ReadyForCollection => &Row {
            level: Attempt, rank: 3, expected: false, anywhere: false, terminal: false, proofs: MOVING,
            reporters: Always(ROAD), aftership: "AvailableForPickup", easypost: "available_for_pickup", epcis: "arriving" },
        S::DeliveryFailed => &Row {
            level: Attempt, rank: 4, expected: false, anywhere: false, terminal: false, proofs: MOVING,
            reporters: Always(ROAD), aftership: "AttemptFail", easypost: "failure", epcis: "transporting" },
        S::Returning => &Row {
            level: Attempt, rank: 5, expected: false, anywhere: false, terminal: false, proofs: TAKEN_ALONG,
            reporters: Always(ROAD_AND_CS), aftership: "Exception", easypost: "return_to_sender", epcis: "transporting" },
        S::Lost => &Row {
            level: Above, rank: 0, expected: false, anywhere: true, terminal: true, proofs: &[],
            reporters: Always(ROAD_AND_CS), aftership: "Exception", easypost: "failure", epcis: "" },
        S::Damaged => &Row {
            level: Above, rank: 1, expected: false, anywhere: true, terminal: true, proofs: &[],
            reporters: Always(ROAD_AND_CS), aftership: "Exception", easypost: "failure", epcis: "" },
        S::ReturnedToOrigin => &Row {
            level: Above, rank: 2, expected: false, anywhere: false, terminal: true, proofs: ON_THE_ROAD,
            reporters: Always(WAREHOUSE), aftership: "Exception", easypost: "return_to_sender", epcis: "receiving" },
        S::Delivered => &Row {
            level: Above, rank: 3, expected: false, anywhere: false, terminal: true, proofs: AT_THE_CUSTOMER,
            reporters: Always(ROAD), aftership: "Delivered", easypost: "delivered", epcis: "accepting" },
    }
}

impl Row {
    /// Its bit in the fact set of its level.
    pub(crate) const fn bit(&self) -> u8 {
        1 << self.rank
    }
}

/// The statuses of one level, lowest rank first.
pub(crate) const fn statuses_of(level: Level) -> &'static [WaybillStatus] {
    match level {
        Base => &[S::Created, S::Acknowledged, S::Picked, S::Packed, S::Cancelled],
        Attempt => &[
            S::Loaded,
            S::Dispatched,
            S::OutForDelivery,
            S::ReadyForCollection,
            S::DeliveryFailed,
            S::Returning,
        ],
        Above => &[S::Lost, S::Damaged, S::ReturnedToOrigin, S::Delivered],
    }
}

/// True when a waybill of this kind can have this status at all. What is fetched from a customer is
/// never packed by us and never waits to be collected.
const fn fits_kind(status: WaybillStatus, kind: WaybillKind) -> bool {
    match kind {
        WaybillKind::Forward | WaybillKind::Replacement | WaybillKind::Transfer => true,
        WaybillKind::Return => {
            matches!(status, S::Created | S::Dispatched | S::Delivered | S::Lost | S::Cancelled)
        }
    }
}

/// The role check. It knows nothing of the current state, so that its answer is the same whenever a
/// report arrives.
pub(crate) fn may_report(
    status: WaybillStatus,
    role: Role,
    kind: WaybillKind,
    fulfilled_by: FulfilledBy,
) -> bool {
    let permitted = match (row(status).reporters, fulfilled_by) {
        (Verdict, _) => role == Role::Worker,
        (_, _) if role == Role::Admin => true,
        (Always(roles), _) => roles.contains(&role),
        (Packer, FulfilledBy::Merchant) => role == Role::Merchant,
        (Packer, FulfilledBy::Warehouse) => role == Role::Warehouse,
    };
    permitted && fits_kind(status, kind)
}

/// The role check while nothing is known of the waybill but its number: could any waybill pass it?
pub(crate) fn may_ever_report(status: WaybillStatus, role: Role) -> bool {
    [FulfilledBy::Warehouse, FulfilledBy::Merchant]
        .into_iter()
        .any(|fulfilled_by| may_report(status, role, WaybillKind::Forward, fulfilled_by))
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
