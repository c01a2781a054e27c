//! Routes and decisions as queries show them.
//!
//! Never here: what changes them.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    DepotCode, RouteId, SkuType, TimeslotCode, Timestamp, TruckTypeCode, WaybillKind, WaybillNo,
    WaybillStatus, ZoneCode,
};

/// Where a route is in its life.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum RouteState {
    /// It takes waybills.
    Open,
    /// It is being picked.
    Locked,
    /// It is on the road.
    Dispatched,
    /// It is empty, its truck is back.
    Closed,
}

impl RouteState {
    /// All of them, in the order of a route's life.
    pub const ALL: [Self; 4] = [Self::Open, Self::Locked, Self::Dispatched, Self::Closed];

    /// The word in messages and columns.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "OPEN",
            Self::Locked => "LOCKED",
            Self::Dispatched => "DISPATCHED",
            Self::Closed => "CLOSED",
        }
    }

    /// The state of a word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// One decision about a waybill's place, as it was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct StoredDecision {
    /// The assignment's version after it.
    pub version: u64,
    /// `ASSIGNED` or `UNASSIGNABLE`.
    pub outcome: String,
    /// Why it has no place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The route's readable name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub route_ref: Option<String>,
    /// The time by which lateness was judged.
    pub judged_at: Timestamp,
    /// When it was taken.
    pub decided_at: Timestamp,
    /// Candidates, rules, prices, quota and route before and after: JSON, as adra-assigner wrote it.
    pub explanation: String,
}

/// The readable name of a route that explanations mention by its id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteName {
    /// Its id.
    pub route_id: RouteId,
    /// Its name.
    pub route_ref: String,
}

/// The decisions about one waybill.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DecisionHistory {
    /// The waybill.
    pub waybill_no: WaybillNo,
    /// In the order in which they were taken; at most 50 at once.
    pub decisions: Vec<StoredDecision>,
    /// The routes that they mention.
    pub routes: Vec<RouteName>,
    /// There are more: ask for those after this version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<u64>,
}

/// A route without what is on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteHead {
    /// Its id.
    pub route_id: RouteId,
    /// Its readable name.
    pub route_ref: String,
    /// Where it starts.
    pub depot: DepotCode,
    /// The day.
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// The zone it serves.
    pub zone: ZoneCode,
    /// The template it was made from.
    pub template: String,
    /// `dry`, or `mixed` for what travels cold.
    pub sku_class: SkuType,
    /// Its truck.
    pub truck_type: TruckTypeCode,
    /// Where it is in its life.
    pub status: RouteState,
    /// Version of the row.
    pub version: u64,
    /// Waybills.
    pub waybills: u32,
    /// Doors.
    pub stops: u32,
    /// Millilitres of dry goods.
    pub dry_ml: u64,
    /// Millilitres of cold goods.
    pub frozen_ml: u64,
    /// Grams.
    pub weight_g: u64,
}

/// Routes by their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteList {
    /// As many as were asked for.
    pub routes: Vec<RouteHead>,
    /// There are more: ask for those after this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

/// What a truck may carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TruckLimits {
    /// Payload in kilograms.
    pub max_weight_kg: u32,
    /// Doors.
    pub max_stops: u32,
    /// Cost of one route.
    pub cost: u32,
    /// `dry=4500|dry=2600,frozen=1400`: litres; one profile applies to a route.
    pub profiles: String,
}

/// A place on earth, in millionths of a degree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Position {
    /// North of the equator.
    pub lat_e6: i32,
    /// East of Greenwich.
    pub lon_e6: i32,
}

/// A waybill on a route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Aboard {
    /// Its number.
    pub waybill_no: WaybillNo,
    /// Why it exists.
    pub kind: WaybillKind,
    /// Where it stands; absent before waybill-status wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<WaybillStatus>,
    /// A hold is open.
    pub held: bool,
    /// Planning does not move it.
    pub pinned: bool,
    /// Millilitres of dry goods.
    pub dry_ml: u64,
    /// Millilitres of cold goods.
    pub frozen_ml: u64,
    /// Grams.
    pub weight_g: u64,
}

/// A door that a route drives to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteStop {
    /// Its key: a hash of customer, district and address.
    pub stop: Uuid,
    /// Its place in the tour, from 1; absent while the route has no order of driving.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<u32>,
    /// The district.
    pub district: String,
    /// Where the district lies, if anybody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// What goes there.
    pub waybills: Vec<Aboard>,
}

/// A route with everything on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RouteView {
    /// The route itself.
    #[serde(flatten)]
    pub head: RouteHead,
    /// What its truck may carry; absent when the network does not know the type any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truck: Option<TruckLimits>,
    /// Where the depot lies, if anybody knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub depot_position: Option<Position>,
    /// Its doors in the order of driving, or by district.
    pub tour: Vec<RouteStop>,
    /// Waybills that are not shown because there are more than 2,000.
    pub omitted: u32,
}
