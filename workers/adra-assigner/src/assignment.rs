//! One waybill as ADRA keeps it: what it asks for and which place it has. Never here: who decides about it
//! (see [`crate::decide`]) or how it is stored (see [`crate::store`]).

use chrono::NaiveDate;
use contracts::{
    FulfilledBy, OrderRef, SkuType, Source, Timestamp, UnassignableReason, WaybillCreated,
    WaybillNo,
};
use routing::{
    DepotCode, DistrictCode, Load, OrderKey, Placement, Reason, RouteId, SkuClass, SlotDayKey,
    StopKey, TimeslotCode, ZoneCode,
};

/// Whether a waybill has a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It has none and wants none: cancelled, or taken off its route.
    Unassigned,
    /// It has a place on this route.
    Assigned(RouteId),
    /// The same, on a route that is being picked or is on the road.
    Locked(RouteId),
    /// It wants a place, and this is in the way.
    Unassignable(Reason),
}

impl State {
    /// The route it is on.
    pub(crate) const fn route(self) -> Option<RouteId> {
        match self {
            Self::Assigned(route) | Self::Locked(route) => Some(route),
            Self::Unassigned | Self::Unassignable(_) => None,
        }
    }

    /// What is in the way.
    pub(crate) const fn reason(self) -> Option<Reason> {
        match self {
            Self::Unassignable(reason) => Some(reason),
            Self::Unassigned | Self::Assigned(_) | Self::Locked(_) => None,
        }
    }

    /// The word in the column.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Unassigned => "UNASSIGNED",
            Self::Assigned(_) => "ASSIGNED",
            Self::Locked(_) => "LOCKED",
            Self::Unassignable(_) => "UNASSIGNABLE",
        }
    }
}

/// The engine's name for each reason, the contract's, and the word in the columns.
const REASONS: [(Reason, UnassignableReason, &str); 9] = [
    (Reason::DatePast, UnassignableReason::DatePast, "DATE_PAST"),
    (Reason::CutOffPassed, UnassignableReason::CutOffPassed, "CUT_OFF_PASSED"),
    (Reason::NoTemplate, UnassignableReason::NoTemplate, "NO_TEMPLATE"),
    (Reason::ExceedsLargestTruck, UnassignableReason::ExceedsLargestTruck, "EXCEEDS_LARGEST_TRUCK"),
    (Reason::ZoneQuota, UnassignableReason::ZoneQuota, "ZONE_QUOTA"),
    (Reason::RouteQuota, UnassignableReason::RouteQuota, "ROUTE_QUOTA"),
    (Reason::PoolExhausted, UnassignableReason::PoolExhausted, "POOL_EXHAUSTED"),
    (Reason::ReleasedAfterCutoff, UnassignableReason::ReleasedAfterCutoff, "RELEASED_AFTER_CUTOFF"),
    (Reason::Missed, UnassignableReason::Missed, "MISSED"),
];

/// A reason as other workers are told it, and its word.
pub(crate) fn named(reason: Reason) -> (UnassignableReason, &'static str) {
    let found = REASONS.iter().find(|(ours, ..)| *ours == reason);
    found.map_or((UnassignableReason::PoolExhausted, "POOL_EXHAUSTED"), |(_, told, word)| {
        (*told, *word)
    })
}

/// The reason of a word.
pub(crate) fn reason_of(word: &str) -> Option<Reason> {
    REASONS.iter().find(|(.., ours)| *ours == word).map(|(reason, ..)| *reason)
}

/// What the waybill's own row says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Version of the waybill.
    pub(crate) version: u64,
    /// A hold is open.
    pub(crate) held: bool,
    /// It is cancelled and takes nothing.
    pub(crate) cancelled: bool,
}

/// One waybill: a row of `assignment`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) waybill_no: WaybillNo,
    pub(crate) state: State,
    /// How many places it has had; the number of the present or last one.
    pub(crate) place_no: u16,
    /// Raised by every change; the `dray-seq` of its events.
    pub(crate) version: u64,
    /// The version of the waybill that this row knows of.
    pub(crate) waybill_version: u64,
    pub(crate) held: bool,
    pub(crate) pinned: bool,
    /// `source/order_ref`: a source has no slash in it.
    pub(crate) order: String,
    pub(crate) stop: StopKey,
    pub(crate) district: DistrictCode,
    /// The zone of its district when it was last judged; not always the one whose route serves it.
    pub(crate) zone: Option<ZoneCode>,
    pub(crate) depot: Option<DepotCode>,
    pub(crate) delivery_date: NaiveDate,
    pub(crate) timeslot: TimeslotCode,
    pub(crate) sku_type: SkuType,
    pub(crate) fulfilled_by: FulfilledBy,
    pub(crate) load: Load,
    pub(crate) ordered_at: Timestamp,
}

impl Assignment {
    /// A waybill that just came to be known.
    pub(crate) fn new(created: &WaybillCreated, standing: Standing) -> Self {
        Self {
            waybill_no: created.waybill_no.clone(),
            state: State::Unassigned,
            place_no: 0,
            version: 0,
            waybill_version: standing.version,
            held: standing.held,
            pinned: false,
            order: order_name(&created.source, &created.order_ref),
            stop: stop_of(created),
            district: created.district.as_str().into(),
            zone: None,
            depot: None,
            delivery_date: created.delivery_date,
            timeslot: created.timeslot.as_str().into(),
            sku_type: created.sku_type,
            fulfilled_by: created.fulfilled_by,
            load: Load::of_waybill(created.dry_ml, created.frozen_ml, created.weight_g),
            ordered_at: created.ordered_at,
        }
    }

    /// The slot day that it has its place in.
    pub(crate) fn place_key(&self) -> Option<SlotDayKey> {
        self.state.route()?;
        let (depot, date, timeslot) =
            (self.depot.clone()?, self.delivery_date, self.timeslot.clone());
        Some(SlotDayKey { depot, date, timeslot })
    }

    /// Its place on a route, as the engine wants it.
    pub(crate) fn placement_on(&self, route: RouteId) -> Placement {
        Placement { route, order: order_key(&self.order), stop: self.stop, load: self.load }
    }

    /// The class of its goods.
    pub(crate) const fn sku_class(&self) -> SkuClass {
        match self.sku_type {
            SkuType::Dry => SkuClass::Dry,
            SkuType::Frozen => SkuClass::Frozen,
            SkuType::Mixed => SkuClass::Mixed,
        }
    }
}

fn order_name(source: &Source, order_ref: &OrderRef) -> String {
    format!("{source}/{order_ref}")
}

/// The key of an order by the name it is stored under.
pub(crate) fn order_key(name: &str) -> OrderKey {
    let (source, order_ref) = name.split_once('/').unwrap_or((name, ""));
    OrderKey::derive(source, order_ref)
}

/// Customer numbers are their sender's. A guest who named no address cannot be told from the next one,
/// so that every such order is a door of its own.
fn stop_of(created: &WaybillCreated) -> StopKey {
    let source = &created.source;
    let customer = match &created.customer_ref {
        Some(customer) => format!("{source}/{customer}"),
        None if created.address_key.is_empty() => format!("guest {source}/{}", created.order_ref),
        None => "guest".to_owned(),
    };
    StopKey::derive(&customer, created.district.as_str(), &created.address_key)
}
