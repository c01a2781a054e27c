//! What ADRA decided: places on routes, and waybills that got none.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Contract, DepotCode, Exchange, FulfilledBy, RouteId, RoutingKey, SkuType, TimeslotCode,
    Timestamp, TruckTypeCode, WaybillNo, ZoneCode,
};

/// Why a waybill has no place (a closed list).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs, reason = "the names are the documentation")]
pub enum UnassignableReason {
    DatePast,
    CutOffPassed,
    NoTemplate,
    ExceedsLargestTruck,
    ZoneQuota,
    RouteQuota,
    PoolExhausted,
    ReleasedAfterCutoff,
    Missed,
}

/// A waybill has a place on a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assigned {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// The n-th place it ever had, from 1: the `attempt` of road reports.
    pub place_no: u16,
    /// The route.
    pub route_id: RouteId,
    /// Its readable name, for example `NORTH-20101202-0900-1300-Z01-007`.
    pub route_ref: String,
    /// Where it starts.
    pub depot: DepotCode,
    /// The zone it serves.
    pub zone: ZoneCode,
    /// The day.
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// The truck at this moment.
    pub truck_type: TruckTypeCode,
    /// Dry, frozen or both.
    pub sku_type: SkuType,
    /// Who picks.
    pub fulfilled_by: FulfilledBy,
    /// When it was decided. Absent in messages of publishers that did not say it yet: then the time of
    /// the message stands for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assigned_at: Option<Timestamp>,
}

impl Contract for Assigned {
    const TYPE: &'static str = "assignment.assigned.v1";
    const EXCHANGE: Exchange = Exchange::Events;

    fn key_form() -> String {
        RoutingKey::of_type(Self::TYPE).with("{fulfilled_by}").as_str().to_owned()
    }

    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE).with(self.fulfilled_by.as_str())
    }
}

/// A waybill could not be placed, or its truck left without it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unassignable {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// Why.
    pub reason: UnassignableReason,
}

impl Contract for Unassignable {
    const TYPE: &'static str = "assignment.unassignable.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// A waybill lost its place (cancelled, held at lock, failed on the road).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnassignedAgain {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// The place it lost.
    pub place_no: u16,
    /// The route it left.
    pub route_id: RouteId,
    /// Why, for people.
    pub cause: String,
}

impl Contract for UnassignedAgain {
    const TYPE: &'static str = "assignment.unassigned.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}

/// What happened to a route.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RouteChange {
    /// It was opened with its first waybill.
    Opened,
    /// It got a larger truck.
    Upgraded,
    /// It got another truck when the day was planned anew.
    TruckChanged,
    /// Its last waybill left; the truck is back in the pool.
    Closed,
    /// It is being picked.
    Locked,
    /// It left.
    Dispatched,
}

impl RouteChange {
    /// The word a topic binding filters on.
    #[must_use]
    pub const fn routing_word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Upgraded => "upgraded",
            Self::TruckChanged => "truck-changed",
            Self::Closed => "closed",
            Self::Locked => "locked",
            Self::Dispatched => "dispatched",
        }
    }
}

/// A route was opened, got another truck, was locked, dispatched or given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteChanged {
    /// The route.
    pub route_id: RouteId,
    /// Its readable name.
    pub route_ref: String,
    /// What happened.
    pub change: RouteChange,
    /// Where it starts.
    pub depot: DepotCode,
    /// The zone it serves.
    pub zone: ZoneCode,
    /// The day.
    #[serde(deserialize_with = "crate::time::date")]
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// The truck now.
    pub truck_type: TruckTypeCode,
}

impl Contract for RouteChanged {
    const TYPE: &'static str = "route.changed.v1";
    const EXCHANGE: Exchange = Exchange::Events;

    fn key_form() -> String {
        RoutingKey::of_type(Self::TYPE).with("{change}").as_str().to_owned()
    }

    fn routing_key(&self) -> RoutingKey {
        RoutingKey::of_type(Self::TYPE).with(self.change.routing_word())
    }
}

/// Give a waybill another day or window. A new place is found first, then the old one is given up; where
/// there is none, nothing changes. Refused while the place is locked or on the road.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RescheduleWaybill {
    /// Which waybill.
    pub waybill_no: WaybillNo,
    /// The day.
    #[serde(deserialize_with = "crate::time::date")]
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for RescheduleWaybill {
    const TYPE: &'static str = "assignment.reschedule.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        match &self.reason {
            Some(reason) if reason.len() > 500 => Err("reason is longer than 500 bytes".to_owned()),
            _ => Ok(()),
        }
    }
}

/// Lock a route: it is being picked, nothing is added or taken by planning any more. Held waybills leave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LockRoute {
    /// Its readable name.
    pub route_ref: String,
    /// When it was decided.
    pub occurred_at: Timestamp,
}

impl Contract for LockRoute {
    const TYPE: &'static str = "route.lock.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_route_ref(&self.route_ref)
    }
}

/// A truck left. What was not loaded missed it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DispatchRoute {
    /// The route's readable name.
    pub route_ref: String,
    /// When it left.
    pub occurred_at: Timestamp,
}

impl Contract for DispatchRoute {
    const TYPE: &'static str = "route.dispatch.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        check_route_ref(&self.route_ref)
    }
}

/// Names of routes are made of the network's codes.
pub(crate) fn check_route_ref(route_ref: &str) -> Result<(), String> {
    let is_name = (1..=128).contains(&route_ref.len())
        && route_ref.bytes().all(|byte| byte.is_ascii_graphic());
    if is_name {
        Ok(())
    } else {
        Err("route_ref has 1 to 128 printable ASCII characters and no space".to_owned())
    }
}
