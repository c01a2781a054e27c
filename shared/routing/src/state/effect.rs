//! What a change to a [`SlotDay`](super::SlotDay) asks the caller to persist, and what can be
//! wrong with a state. Never here: how it is persisted.

use serde::{Deserialize, Serialize};

use super::{RouteStatus, SlotDayKey};
use crate::code::{TemplateCode, TruckTypeCode, ZoneCode};
use crate::key::{RouteId, StopKey};
use crate::load::Load;

/// One change, in the order in which to persist it. `expected_version` is the version that the
/// stored route must still have; the change makes it one higher. The other effects on a route in
/// the same list belong to that same version step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case")]
pub enum Effect {
    /// A truck left the pool.
    PoolTaken { truck_type: TruckTypeCode },
    /// A truck came back to the pool.
    PoolReturned { truck_type: TruckTypeCode },
    /// Store a new route with version 0; [`SlotDay::route`](super::SlotDay::route) has its details.
    RouteOpened { route: RouteId, template: TemplateCode, truck_type: TruckTypeCode },
    /// The route drives with another truck.
    RouteUpgraded { route: RouteId, from: TruckTypeCode, to: TruckTypeCode },
    /// The zone's bucket gave `load`.
    ZoneTaken { zone: ZoneCode, load: Load },
    /// The zone's bucket got `load` back.
    ZoneReturned { zone: ZoneCode, load: Load },
    /// A waybill came onto the route.
    RouteFilled { route: RouteId, expected_version: u64, load: Load, stop: StopKey, new_stop: bool },
    /// A waybill left the route; `stop_left` when it was the last one of its stop.
    RouteFreed { route: RouteId, expected_version: u64, load: Load, stop: StopKey, stop_left: bool },
    /// A waybill of the route has another load; its place is the same.
    RouteResized { route: RouteId, expected_version: u64, from: Load, to: Load },
    /// The route carries nothing any more and is gone from the state.
    RouteClosed { route: RouteId },
    /// The route moved through its life.
    RouteStatusChanged { route: RouteId, expected_version: u64, from: RouteStatus, to: RouteStatus },
}

/// The state, the network and what the caller brought do not agree. Nothing was decided; drop the
/// cached state and fill it again from storage before another attempt.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StateError {
    #[error("depot '{}' or timeslot '{}' is not in the network: reload the network", key.depot, key.timeslot)]
    UnknownSlot { key: SlotDayKey },
    #[error("zone '{zone}' does not belong to depot '{}': resolve the district again", key.depot)]
    UnknownZone { zone: ZoneCode, key: SlotDayKey },
    #[error("route {} is not in the planning state: reload it", route.0)]
    UnknownRoute { route: RouteId },
    #[error("route {} is in the planning state already: bring each route once", route.0)]
    DuplicateRoute { route: RouteId },
    #[error("route template '{template}' is not in the network: reload the network")]
    UnknownTemplate { template: TemplateCode },
    #[error("truck type '{truck_type}' is not in the network: reload the network")]
    UnknownTruckType { truck_type: TruckTypeCode },
    #[error("route template '{template}' is not of depot '{}' and timeslot '{}'", key.depot, key.timeslot)]
    ForeignTemplate { template: TemplateCode, key: SlotDayKey },
    #[error("route {} does not hold the placement to be released: reload the planning state", route.0)]
    Drift { route: RouteId },
    #[error(
        "truck type '{truck_type}' is returned to a pool that lent none: reload the planning state"
    )]
    PoolDrift { truck_type: TruckTypeCode },
    #[error("the load of route {} or of its zone overflows: check the waybill's volumes and weight", route.0)]
    Overflow { route: RouteId },
    #[error("a request asks for {waybills} waybills: ask for one at a time")]
    NotOneWaybill { waybills: u32 },
}
