//! What a set of moves tells the caller to do. Never here: how it was found.

use serde::{Deserialize, Serialize};

use super::Objective;
use crate::code::{RouteReference, TemplateCode, TruckTypeCode, WaybillNo};
use crate::key::RouteId;

/// A waybill changes its place. `to` is `None` when no place is left for it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Move {
    pub waybill_no: WaybillNo,
    pub from: Option<RouteId>,
    pub to: Option<RouteId>,
}

/// A route drives with another truck.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TruckChange {
    pub route: RouteId,
    pub from: TruckTypeCode,
    pub to: TruckTypeCode,
}

/// A route that the set opens, at version 1 once the set is committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedRoute {
    pub route: RouteId,
    pub reference: RouteReference,
    pub template: TemplateCode,
    pub truck_type: TruckTypeCode,
}

/// To be committed as a whole: on condition that each route in `expected` still has the version
/// beside it, which then becomes one higher.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveSet {
    pub expected: Vec<(RouteId, u64)>,
    pub opened: Vec<OpenedRoute>,
    pub trucks: Vec<TruckChange>,
    pub moves: Vec<Move>,
    /// Routes that carry nothing any more; their trucks are back in the pool.
    pub closed: Vec<RouteId>,
    /// Of the whole slot-day once this set and all before it are committed.
    pub objective: Objective,
}
