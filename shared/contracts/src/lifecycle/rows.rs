//! The rows of the lifecycle table, lowest position first. Nothing but data.

use super::Level::{Above, Attempt, Base};
use super::Reporters::{Packer, Roles, Verdict};
use super::{PartnerNames, StatusRow};
use crate::Role;
use crate::WaybillStatus::{self as S};

const INTAKE_AND_CS: &[Role] = &[Role::Worker, Role::CsAgent, Role::CsSupervisor];
const ROAD: &[Role] = &[Role::Road];
const STATION_AND_ROAD: &[Role] = &[Role::Sorting, Role::Road];
const ROAD_AND_CS: &[Role] = &[Role::Road, Role::CsAgent, Role::CsSupervisor];
const ROAD_AND_WAREHOUSE: &[Role] = &[Role::Road, Role::Warehouse];
const WAREHOUSE: &[Role] = &[Role::Warehouse];

const HANDED_OVER: &[S] = &[S::Loaded, S::Dispatched];
const MOVING: &[S] = &[S::Dispatched, S::OutForDelivery];
const AT_THE_CUSTOMER: &[S] = &[S::Dispatched, S::OutForDelivery, S::ReadyForCollection];
const TAKEN_ALONG: &[S] =
    &[S::Loaded, S::Dispatched, S::OutForDelivery, S::ReadyForCollection, S::DeliveryFailed];
const ON_THE_ROAD: &[S] =
    &[S::Dispatched, S::OutForDelivery, S::ReadyForCollection, S::DeliveryFailed, S::Returning];
/// What a customer brings along itself was never dispatched.
const FETCHED: &[S] = &[S::Dispatched, S::OutForPickup, S::Collected];

/// To somebody.
#[rustfmt::skip]
pub(super) const OUTBOUND: &[StatusRow] = &[
    StatusRow {
        status: S::Created, level: Base, rank: 0, expected: true, anywhere: false, terminal: false,
        reporters: Roles(INTAKE_AND_CS), proofs: &[],
        names: PartnerNames { aftership: "Pending", easypost: "unknown", epcis: "" } },
    StatusRow {
        status: S::Acknowledged, level: Base, rank: 1, expected: true, anywhere: false, terminal: false,
        reporters: Packer, proofs: &[],
        names: PartnerNames { aftership: "InfoReceived", easypost: "pre_transit", epcis: "reserving" } },
    StatusRow {
        status: S::Picked, level: Base, rank: 2, expected: true, anywhere: false, terminal: false,
        reporters: Packer, proofs: &[],
        names: PartnerNames { aftership: "InfoReceived", easypost: "pre_transit", epcis: "picking" } },
    StatusRow {
        status: S::Packed, level: Base, rank: 3, expected: true, anywhere: false, terminal: false,
        reporters: Packer, proofs: &[],
        names: PartnerNames { aftership: "InfoReceived", easypost: "pre_transit", epcis: "packing" } },
    StatusRow {
        status: S::Cancelled, level: Base, rank: 4, expected: false, anywhere: true, terminal: true,
        reporters: Verdict, proofs: &[],
        names: PartnerNames { aftership: "", easypost: "cancelled", epcis: "void_shipping" } },
    StatusRow {
        status: S::Loaded, level: Attempt, rank: 0, expected: true, anywhere: false, terminal: false,
        reporters: Roles(STATION_AND_ROAD), proofs: &[],
        names: PartnerNames { aftership: "InTransit", easypost: "in_transit", epcis: "loading" } },
    StatusRow {
        status: S::Dispatched, level: Attempt, rank: 1, expected: true, anywhere: false, terminal: false,
        reporters: Roles(ROAD), proofs: &[],
        names: PartnerNames { aftership: "InTransit", easypost: "in_transit", epcis: "departing" } },
    StatusRow {
        status: S::OutForDelivery, level: Attempt, rank: 2, expected: true, anywhere: false, terminal: false,
        reporters: Roles(ROAD), proofs: HANDED_OVER,
        names: PartnerNames { aftership: "OutForDelivery", easypost: "out_for_delivery", epcis: "transporting" } },
    StatusRow {
        status: S::ReadyForCollection, level: Attempt, rank: 3, expected: false, anywhere: false, terminal: false,
        reporters: Roles(ROAD), proofs: MOVING,
        names: PartnerNames { aftership: "AvailableForPickup", easypost: "available_for_pickup", epcis: "arriving" } },
    StatusRow {
        status: S::DeliveryFailed, level: Attempt, rank: 4, expected: false, anywhere: false, terminal: false,
        reporters: Roles(ROAD), proofs: MOVING,
        names: PartnerNames { aftership: "AttemptFail", easypost: "failure", epcis: "transporting" } },
    StatusRow {
        status: S::Returning, level: Attempt, rank: 5, expected: false, anywhere: false, terminal: false,
        reporters: Roles(ROAD_AND_CS), proofs: TAKEN_ALONG,
        names: PartnerNames { aftership: "Exception", easypost: "return_to_sender", epcis: "transporting" } },
    StatusRow {
        status: S::Lost, level: Above, rank: 0, expected: false, anywhere: true, terminal: true,
        reporters: Roles(ROAD_AND_CS), proofs: &[],
        names: PartnerNames { aftership: "Exception", easypost: "failure", epcis: "" } },
    StatusRow {
        status: S::Damaged, level: Above, rank: 1, expected: false, anywhere: true, terminal: true,
        reporters: Roles(ROAD_AND_CS), proofs: &[],
        names: PartnerNames { aftership: "Exception", easypost: "failure", epcis: "" } },
    StatusRow {
        status: S::ReturnedToOrigin, level: Above, rank: 2, expected: false, anywhere: false, terminal: true,
        reporters: Roles(WAREHOUSE), proofs: ON_THE_ROAD,
        names: PartnerNames { aftership: "Exception", easypost: "return_to_sender", epcis: "receiving" } },
    StatusRow {
        status: S::Delivered, level: Above, rank: 3, expected: false, anywhere: false, terminal: true,
        reporters: Roles(ROAD), proofs: AT_THE_CUSTOMER,
        names: PartnerNames { aftership: "Delivered", easypost: "delivered", epcis: "accepting" } },
];

/// Back from a customer. It is fetched, or dropped off, or given up before it was collected.
#[rustfmt::skip]
pub(super) const RETURN: &[StatusRow] = &[
    StatusRow {
        status: S::Created, level: Base, rank: 0, expected: true, anywhere: false, terminal: false,
        reporters: Roles(INTAKE_AND_CS), proofs: &[],
        names: PartnerNames { aftership: "Pending", easypost: "unknown", epcis: "" } },
    StatusRow {
        status: S::Dispatched, level: Attempt, rank: 0, expected: false, anywhere: false, terminal: false,
        reporters: Roles(ROAD), proofs: &[],
        names: PartnerNames { aftership: "InTransit", easypost: "in_transit", epcis: "departing" } },
    StatusRow {
        status: S::OutForPickup, level: Attempt, rank: 1, expected: false, anywhere: false, terminal: false,
        reporters: Roles(ROAD), proofs: &[],
        names: PartnerNames { aftership: "InTransit", easypost: "in_transit", epcis: "transporting" } },
    StatusRow {
        status: S::PickupFailed, level: Attempt, rank: 2, expected: false, anywhere: false, terminal: false,
        reporters: Roles(ROAD), proofs: &[],
        names: PartnerNames { aftership: "AttemptFail", easypost: "failure", epcis: "transporting" } },
    StatusRow {
        status: S::Cancelled, level: Above, rank: 0, expected: false, anywhere: true, terminal: true,
        reporters: Verdict, proofs: &[],
        names: PartnerNames { aftership: "", easypost: "cancelled", epcis: "void_shipping" } },
    StatusRow {
        status: S::Collected, level: Above, rank: 1, expected: true, anywhere: false, terminal: false,
        reporters: Roles(ROAD_AND_CS), proofs: &[],
        names: PartnerNames { aftership: "InTransit", easypost: "in_transit", epcis: "collecting" } },
    StatusRow {
        status: S::Lost, level: Above, rank: 2, expected: false, anywhere: true, terminal: true,
        reporters: Roles(ROAD_AND_CS), proofs: &[],
        names: PartnerNames { aftership: "Exception", easypost: "failure", epcis: "" } },
    StatusRow {
        status: S::Delivered, level: Above, rank: 3, expected: false, anywhere: false, terminal: true,
        reporters: Roles(ROAD_AND_WAREHOUSE), proofs: FETCHED,
        names: PartnerNames { aftership: "Delivered", easypost: "delivered", epcis: "receiving" } },
];
