//! The delivery network as it is loaded: rows of the tables that delivery-network owns.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Contract, DepotCode, DistrictCode, Exchange, SkuType, TimeslotCode, TravelRow, TruckTypeCode,
    WarehouseCode, ZoneCode,
};

macro_rules! row {
    ($(#[$doc:meta])* $name:ident { $($(#[$fdoc:meta])* $field:ident: $ty:ty),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$fdoc])* pub $field: $ty),+ }
    };
}

/// Where something lies, in millionths of a degree (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Coordinates {
    /// Latitude: -90,000,000 to 90,000,000, north is positive.
    pub lat_e6: i32,
    /// Longitude: -180,000,000 to 180,000,000, east is positive.
    pub lon_e6: i32,
}

row!(
    /// A fulfilment centre.
    DepotRow {
        /// Code.
        depot: DepotCode,
        /// Name.
        name: String,
        /// IANA time zone, for example `Europe/Istanbul`.
        timezone: String,
        /// Where it lies; absent: as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coordinates: Option<Coordinates>,
    }
);
row!(
    /// A delivery zone.
    ZoneRow {
        /// Code.
        zone: ZoneCode,
        /// The depot that serves it.
        depot: DepotCode,
        /// Name.
        name: String,
        /// Zones whose routes may take what does not fit here.
        neighbours: Vec<ZoneCode>,
    }
);
row!(
    /// A district belongs to a zone from a day on.
    DistrictRow {
        /// Code.
        district: DistrictCode,
        /// Its zone.
        zone: ZoneCode,
        /// First day; absent: since ever.
        valid_from: Option<NaiveDate>,
        /// Where the middle of its doors lies; absent: as it was.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        coordinates: Option<Coordinates>,
    }
);
row!(
    /// A delivery window.
    TimeslotRow {
        /// Code.
        timeslot: TimeslotCode,
        /// `HH:MM`, depot's time zone.
        start: String,
        /// `HH:MM`.
        end: String,
        /// `D-1 20:00`: 20:00 on the day before delivery.
        cutoff: String,
    }
);
row!(
    /// A kind of truck.
    TruckTypeRow {
        /// Code.
        truck_type: TruckTypeCode,
        /// Payload in kilograms.
        max_weight_kg: u32,
        /// Most stops of one route.
        max_stops: u32,
        /// Cost of one route.
        cost: u32,
        /// `dry=4500|dry=2600,frozen=1400`: litres; exactly one profile applies to a route.
        profiles: String,
    }
);
row!(
    /// A truck may be replaced by a larger one.
    UpgradeRow {
        /// Smaller.
        from_type: TruckTypeCode,
        /// Larger.
        to_type: TruckTypeCode,
    }
);
row!(
    /// How many trucks a depot has for each day's window.
    PoolRow {
        /// Depot.
        depot: DepotCode,
        /// Window.
        timeslot: TimeslotCode,
        /// Kind.
        truck_type: TruckTypeCode,
        /// How many.
        count: u32,
    }
);
row!(
    /// What a route of a zone and window looks like.
    RouteTemplateRow {
        /// Code.
        template: String,
        /// Depot.
        depot: DepotCode,
        /// Zone.
        zone: ZoneCode,
        /// Window.
        timeslot: TimeslotCode,
        /// `dry`, or `mixed` for everything that travels cold.
        sku_class: SkuType,
        /// The truck it starts with.
        default_truck_type: TruckTypeCode,
        /// Most waybills while that truck is on it.
        waybill_quota: u32,
    }
);
row!(
    /// How much a zone may take in a window of one day.
    QuotaRow {
        /// Zone.
        zone: ZoneCode,
        /// Window.
        timeslot: TimeslotCode,
        /// Waybills.
        waybills: u32,
        /// Litres of dry goods.
        dry_l: u64,
        /// Litres of cold goods.
        frozen_l: u64,
        /// Kilograms.
        weight_kg: u64,
    }
);
row!(
    /// A warehouse.
    WarehouseRow {
        /// Code.
        warehouse: WarehouseCode,
        /// Its depot.
        depot: DepotCode,
        /// Name.
        name: String,
        /// What it keeps.
        keeps: Vec<SkuType>,
    }
);
row!(
    /// How to pick: the first rule (by priority) that fits.
    PickFlowRow {
        /// Lower is tried first.
        priority: u32,
        /// Dry, frozen or mixed waybills.
        sku_class: SkuType,
        /// Fewest lines.
        min_lines: u32,
        /// Most lines; absent: no limit.
        max_lines: Option<u32>,
        /// For example `PICK_BY_ZONE`.
        pick_flow: String,
    }
);

/// Rows of one table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "table", content = "rows", rename_all = "snake_case", deny_unknown_fields)]
#[allow(missing_docs, reason = "the names are the tables")]
pub enum NetworkRows {
    Depots(Vec<DepotRow>),
    Zones(Vec<ZoneRow>),
    Districts(Vec<DistrictRow>),
    Timeslots(Vec<TimeslotRow>),
    TruckTypes(Vec<TruckTypeRow>),
    UpgradeLadder(Vec<UpgradeRow>),
    TruckPool(Vec<PoolRow>),
    RouteTemplates(Vec<RouteTemplateRow>),
    ZoneQuota(Vec<QuotaRow>),
    Warehouses(Vec<WarehouseRow>),
    PickFlow(Vec<PickFlowRow>),
    Travel(Vec<TravelRow>),
}

impl NetworkRows {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Self::Depots(rows) => rows.len(),
            Self::Zones(rows) => rows.len(),
            Self::Districts(rows) => rows.len(),
            Self::Timeslots(rows) => rows.len(),
            Self::TruckTypes(rows) => rows.len(),
            Self::UpgradeLadder(rows) => rows.len(),
            Self::TruckPool(rows) => rows.len(),
            Self::RouteTemplates(rows) => rows.len(),
            Self::ZoneQuota(rows) => rows.len(),
            Self::Warehouses(rows) => rows.len(),
            Self::PickFlow(rows) => rows.len(),
            Self::Travel(rows) => rows.len(),
        }
    }

    /// True when there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The table's name, as in the TSV file's name.
    #[must_use]
    pub const fn table(&self) -> &'static str {
        match self {
            Self::Depots(_) => "depots",
            Self::Zones(_) => "zones",
            Self::Districts(_) => "districts",
            Self::Timeslots(_) => "timeslots",
            Self::TruckTypes(_) => "truck_types",
            Self::UpgradeLadder(_) => "upgrade_ladder",
            Self::TruckPool(_) => "truck_pool",
            Self::RouteTemplates(_) => "route_templates",
            Self::ZoneQuota(_) => "zone_quota",
            Self::Warehouses(_) => "warehouses",
            Self::PickFlow(_) => "pick_flow",
            Self::Travel(_) => "travel",
        }
    }
}

/// Insert or replace rows of the network, one or more tables at once, all or nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpsertNetwork {
    /// The rows; at most 2,000 in all.
    pub tables: Vec<NetworkRows>,
}

impl Contract for UpsertNetwork {
    const TYPE: &'static str = "network.upsert.v1";
    const EXCHANGE: Exchange = Exchange::Commands;

    fn validate(&self) -> Result<(), String> {
        let rows: usize = self.tables.iter().map(NetworkRows::len).sum();
        if rows > 2_000 {
            return Err(format!("{rows} rows, at most 2000 are allowed in one command: split it"));
        }
        Ok(())
    }
}

/// The network changed: readers load it again when their revision is older.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NetworkChanged {
    /// Revision of the network after the change.
    pub revision: u64,
    /// Names of the tables that changed.
    pub tables: Vec<String>,
}

impl Contract for NetworkChanged {
    const TYPE: &'static str = "network.changed.v1";
    const EXCHANGE: Exchange = Exchange::Events;
}
