//! One waybill as ADRA keeps it: what it asks for and which place it has. Never here: who decides about it
//! (see [`crate::decide`]) or how it is stored (see [`crate::store`]).

use chrono::NaiveDate;
use contracts::{
    FulfilledBy, Level, OrderRef, SkuType, Source, Timestamp, UnassignableReason, Way,
    WaybillCreated, WaybillKind, WaybillNo, WaybillStatus,
};
use routing::{
    DepotCode, DistrictCode, Load, OrderKey, Placement, Reason, RouteId, SkuClass, SlotDayKey,
    StopKey, TimeslotCode, ZoneCode,
};

/// Whether a waybill has a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It has none and seeks none: cancelled, taken off its route at the lock because it was held, or back
    /// from a door that did not open.
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

/// The places of a waybill that came to nothing; bit n-1 is the n-th.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FailedPlaces(pub(crate) u32);

impl FailedPlaces {
    pub(crate) const NONE: Self = Self(0);

    /// These, and the n-th.
    pub(crate) fn with(self, place_no: u16) -> Self {
        Self(self.0 | Self::bit(place_no))
    }

    pub(crate) fn has(self, place_no: u16) -> bool {
        self.0 & Self::bit(place_no) != 0
    }

    /// No bit for what is no place.
    fn bit(place_no: u16) -> u32 {
        let shift = place_no.checked_sub(1).map(u32::from);
        shift.and_then(|shift| 1_u32.checked_shl(shift)).unwrap_or(0)
    }
}

/// What the waybill's own row says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Version of the waybill.
    pub(crate) version: u64,
    /// A hold is open.
    pub(crate) held: bool,
    /// Where it is.
    pub(crate) status: WaybillStatus,
    /// The route place that the status belongs to; 0 before the first.
    pub(crate) attempt: u16,
    /// The attempts whose failure counts, whatever came after them.
    pub(crate) failed: FailedPlaces,
}

impl Standing {
    /// It takes nothing.
    pub(crate) fn is_cancelled(self) -> bool {
        self.status == WaybillStatus::Cancelled
    }

    /// There is nothing left to be driven.
    pub(crate) fn is_over(self) -> bool {
        use WaybillStatus as S;
        matches!(
            self.status,
            S::Delivered | S::ReturnedToOrigin | S::Lost | S::Damaged | S::Returning | S::Collected
        )
    }

    /// Its n-th place came to nothing: nobody opened.
    pub(crate) fn has_failed_at(self, place_no: u16) -> bool {
        self.failed.has(place_no)
    }

    /// It was loaded for its n-th place, or got further.
    pub(crate) fn has_boarded(self, place_no: u16, kind: WaybillKind) -> bool {
        match Way::of(kind).row(self.status).map(|row| row.level) {
            Some(Level::Attempt) => self.attempt == place_no,
            Some(Level::Above) => !self.is_cancelled(),
            Some(Level::Base) | None => false,
        }
    }

    /// It is out of the warehouse, whatever the place.
    pub(crate) fn has_left(self, kind: WaybillKind) -> bool {
        let level = Way::of(kind).row(self.status).map(|row| row.level);
        matches!(level, Some(Level::Attempt | Level::Above)) && !self.is_cancelled()
    }

    /// Its goods are in somebody's hands, so that they do not change any more.
    pub(crate) fn is_picked(self, kind: WaybillKind) -> bool {
        matches!(self.status, WaybillStatus::Picked | WaybillStatus::Packed) || self.has_left(kind)
    }
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
    pub(crate) kind: WaybillKind,
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
            kind: created.kind,
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

    /// Notes how the waybill stands now: a new version of this row.
    pub(crate) fn see(&mut self, standing: Standing) {
        self.version = self.version.saturating_add(1);
        self.waybill_version = self.waybill_version.max(standing.version);
        self.held = standing.held;
    }

    /// How it stands as far as this row knows.
    pub(crate) const fn standing(&self) -> Standing {
        let (version, held) = (self.waybill_version, self.held);
        let (status, failed) = (WaybillStatus::Created, FailedPlaces::NONE);
        Standing { version, held, status, attempt: 0, failed }
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
        sku_class(self.sku_type)
    }
}

/// The engine's word for the class of goods.
pub(crate) const fn sku_class(sku_type: SkuType) -> SkuClass {
    match sku_type {
        SkuType::Dry => SkuClass::Dry,
        SkuType::Frozen => SkuClass::Frozen,
        SkuType::Mixed => SkuClass::Mixed,
    }
}

/// The contract's word for it.
pub(crate) const fn sku_type(class: SkuClass) -> SkuType {
    match class {
        SkuClass::Dry => SkuType::Dry,
        SkuClass::Frozen => SkuType::Frozen,
        SkuClass::Mixed => SkuType::Mixed,
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

fn stop_of(created: &WaybillCreated) -> StopKey {
    Door {
        source: &created.source,
        order_ref: &created.order_ref,
        customer: created.customer_ref.as_ref().map(|customer| customer.as_str()),
        district: created.district.as_str(),
        address_key: &created.address_key,
    }
    .key()
}

/// What makes a door.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Door<'a> {
    pub(crate) source: &'a Source,
    pub(crate) order_ref: &'a OrderRef,
    pub(crate) customer: Option<&'a str>,
    pub(crate) district: &'a str,
    pub(crate) address_key: &'a str,
}

impl Door<'_> {
    /// Customer numbers are their sender's. A guest who named no address cannot be told from the next one,
    /// so that every such order is a door of its own.
    pub(crate) fn key(self) -> StopKey {
        let Self { source, order_ref, customer, district, address_key } = self;
        let customer = match customer {
            Some(customer) => format!("{source}/{customer}"),
            None if address_key.is_empty() => format!("guest {source}/{order_ref}"),
            None => "guest".to_owned(),
        };
        StopKey::derive(&customer, district, address_key)
    }
}
