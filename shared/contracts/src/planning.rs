//! Planning of whole slot days: what dispatchers ask of ADRA, and what it tells when it planned one.
//!
//! Never here: the place of a single waybill (see [`crate::Assigned`]).

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::assignment::check_route_ref;
use crate::{Contract, DepotCode, Exchange, TimeslotCode, Timestamp, TruckTypeCode, ZoneCode};

/// The most trucks of one type that can be out of order.
const TRUCKS_MAX: u32 = 10_000;
/// The longest that planning a slot day may take, in seconds.
const SECONDS_MAX: u16 = 30;

/// What broke down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Broken {
    /// So many trucks of a type, of those that a depot has in one window of one day. It replaces what was
    /// said before; 0: all of them drive again.
    Trucks {
        /// Depot.
        depot: DepotCode,
        /// The day.
        #[serde(deserialize_with = "crate::time::date")]
        delivery_date: NaiveDate,
        /// The window.
        timeslot: TimeslotCode,
        /// The type.
        truck_type: TruckTypeCode,
        /// How many.
        out_of_order: u32,
    },
    /// The truck of one route that has not left: one more of its type is out of order. The route gets
    /// another one, or gives way.
    TruckOf {
        /// The route's readable name.
        route_ref: String,
    },
}

/// Trucks cannot drive: planning finds others for their routes, or other places for what they carry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportBreakdown {
    /// Which.
    pub broken: Broken,
    /// Why, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// When it was noticed.
    pub occurred_at: Timestamp,
}

impl Contract for ReportBreakdown {
    const TYPE: &'static str = "adra.report-breakdown.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if self.reason.as_ref().is_some_and(|reason| reason.len() > 500) {
            return Err("reason is longer than 500 bytes".to_owned());
        }
        match &self.broken {
            Broken::Trucks { out_of_order, .. } if *out_of_order > TRUCKS_MAX => {
                Err(format!("out_of_order is more than {TRUCKS_MAX}"))
            }
            Broken::Trucks { .. } => Ok(()),
            Broken::TruckOf { route_ref } => check_route_ref(route_ref),
        }
    }
}

/// Compare the ledger of quotas with the buckets and both with the places on routes, and make them agree
/// with the places. Without a zone, date or window: all of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Recalculate {
    /// Only this zone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zone: Option<ZoneCode>,
    /// Only this day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[serde(deserialize_with = "crate::time::optional_date")]
    pub delivery_date: Option<NaiveDate>,
    /// Only this window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeslot: Option<TimeslotCode>,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for Recalculate {
    const TYPE: &'static str = "adra.recalculate.v1";
    const EXCHANGE: Exchange = Exchange::Commands;
}

/// Improve the routes of a depot's day now, window by window.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanDay {
    /// Depot.
    pub depot: DepotCode,
    /// The day.
    pub delivery_date: NaiveDate,
    /// Only this window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeslot: Option<TimeslotCode>,
    /// The longest that each window may take, in seconds.
    pub seconds: u16,
    /// When it was asked for.
    pub occurred_at: Timestamp,
}

impl Contract for PlanDay {
    const TYPE: &'static str = "adra.day-plan.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        if (1..=SECONDS_MAX).contains(&self.seconds) {
            Ok(())
        } else {
            Err(format!("seconds is from 1 to {SECONDS_MAX}"))
        }
    }
}

/// What a plan is judged by, the weightier first; less is better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PlanFigures {
    /// What cannot stay: waybills beyond a quota, trucks beyond the pool, routes that their truck does not
    /// hold.
    pub violations: u64,
    /// Waybills without a place that more room would help.
    pub unassigned: u64,
    /// Sum of the costs of the routes' trucks.
    pub fleet_cost: u64,
}

/// The routes of a slot day were planned anew: fewer or cheaper trucks, or a breakdown or cut mended. Each
/// waybill that changed its route is told by an event of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct DayPlanned {
    /// Depot.
    pub depot: DepotCode,
    /// The day.
    pub delivery_date: NaiveDate,
    /// The window.
    pub timeslot: TimeslotCode,
    /// As it was.
    pub before: PlanFigures,
    /// As it is.
    pub after: PlanFigures,
    /// No fleet that carries these waybills costs less; absent where no fleet was found that could.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lower_bound: Option<u64>,
    /// Sets of moves that were carried out.
    pub move_sets: u32,
    /// Waybills that changed their route, counted once for each time.
    pub waybills_moved: u32,
}

impl Contract for DayPlanned {
    const TYPE: &'static str = "adra.day-planned.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}
