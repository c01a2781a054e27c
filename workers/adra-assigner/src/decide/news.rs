//! What other workers are told. Never here: when; see [`crate::decide`].

use contracts::{
    AmendmentDecided, AmendmentReserved, Assigned, InvalidId, RouteChange, RouteChanged, Timestamp,
    Unassignable, UnassignedAgain,
};
use routing::{Effect, Reason, RouteId, RouteStatus};

use super::changes::RouteRow;
use crate::assignment::{Assignment, named};

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Event {
    Assigned(Assigned),
    Unassignable(Unassignable),
    Unassigned(UnassignedAgain),
    Route(RouteChanged),
    Reserved(AmendmentReserved),
    Decided(AmendmentDecided),
}

/// An event with the message that caused it and the version of its aggregate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    /// Index of the message.
    pub(crate) cause: usize,
    /// `dray-seq`.
    pub(crate) seq: u64,
    pub(crate) event: Event,
}

/// The event with the time of its transaction: a decision has no clock.
pub(crate) fn assigned_at(event: &Assigned, now: Timestamp) -> Assigned {
    Assigned { assigned_at: Some(now), ..event.clone() }
}

/// A waybill has a place on `route`.
pub(super) fn assigned(of: &Assignment, route: &RouteRow) -> Result<Event, InvalidId> {
    Ok(Event::Assigned(Assigned {
        waybill_no: of.waybill_no.clone(),
        place_no: of.place_no,
        route_id: contracts::RouteId(route.id.0),
        route_ref: route.reference.to_string(),
        depot: contracts::DepotCode::new(route.key.depot.as_str())?,
        zone: contracts::ZoneCode::new(route.zone.as_str())?,
        delivery_date: route.key.date,
        timeslot: contracts::TimeslotCode::new(route.key.timeslot.as_str())?,
        truck_type: contracts::TruckTypeCode::new(route.truck_type.as_str())?,
        sku_type: of.sku_type,
        fulfilled_by: of.fulfilled_by,
        assigned_at: None,
    }))
}

/// It has none.
pub(super) fn unassignable(of: &Assignment, reason: Reason) -> Event {
    let (reason, _) = named(reason);
    Event::Unassignable(Unassignable { waybill_no: of.waybill_no.clone(), reason })
}

/// It lost the one on `route`.
pub(super) fn unassigned(of: &Assignment, route: RouteId, cause: &str) -> Event {
    Event::Unassigned(UnassignedAgain {
        waybill_no: of.waybill_no.clone(),
        place_no: of.place_no,
        route_id: contracts::RouteId(route.0),
        cause: cause.to_owned(),
    })
}

/// What the effects did to `route`, if it is worth telling: `None` when it only carries more or less.
pub(super) fn route_changed(
    effects: &[Effect],
    route: &RouteRow,
) -> Result<Option<Event>, InvalidId> {
    let change = effects.iter().find_map(|effect| match effect {
        Effect::RouteOpened { .. } => Some(RouteChange::Opened),
        Effect::RouteUpgraded { .. } => Some(RouteChange::Upgraded),
        Effect::RouteClosed { .. } => Some(RouteChange::Closed),
        Effect::RouteStatusChanged { to, .. } => match to {
            RouteStatus::Locked => Some(RouteChange::Locked),
            RouteStatus::Dispatched => Some(RouteChange::Dispatched),
            RouteStatus::Closed => Some(RouteChange::Closed),
            RouteStatus::Open => None,
        },
        Effect::PoolTaken { .. }
        | Effect::PoolReturned { .. }
        | Effect::ZoneTaken { .. }
        | Effect::ZoneReturned { .. }
        | Effect::RouteFilled { .. }
        | Effect::RouteFreed { .. }
        | Effect::RouteResized { .. } => None,
    });
    change.map(|change| route_became(change, route)).transpose()
}

/// What happened to `route`, as it is after it.
pub(super) fn route_became(change: RouteChange, route: &RouteRow) -> Result<Event, InvalidId> {
    Ok(Event::Route(RouteChanged {
        route_id: contracts::RouteId(route.id.0),
        route_ref: route.reference.to_string(),
        change,
        depot: contracts::DepotCode::new(route.key.depot.as_str())?,
        zone: contracts::ZoneCode::new(route.zone.as_str())?,
        delivery_date: route.key.date,
        timeslot: contracts::TimeslotCode::new(route.key.timeslot.as_str())?,
        truck_type: contracts::TruckTypeCode::new(route.truck_type.as_str())?,
    }))
}
