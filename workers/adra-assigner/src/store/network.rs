//! The rows of the delivery network. Never here: whether they fit together.

use chrono::{NaiveDate, NaiveTime};
use routing::network::{
    Depot, DistrictZone, LadderStep, PoolCapacity, RouteTemplate, Timeslot, TruckType, Zone,
    ZoneQuota,
};
use routing::{Load, NetworkParts, RouteClass};
use sea_orm::FromQueryResult;
use store::{NONE, StoreError, Tx};

/// The table files say litres and kilograms; the engine counts millilitres and grams.
const THOUSAND: u64 = 1_000;

#[derive(FromQueryResult)]
struct Revision {
    revision: u64,
}

/// The revision of the network; `None` when none was ever loaded.
pub(crate) async fn revision(tx: &Tx) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT revision FROM network_revision WHERE id = 1";
    let rows: Vec<Revision> = tx.select(sql, &NONE).await?;
    Ok(rows.first().map(|row| row.revision))
}

/// All rows; inside, what is wrong with a value that cannot be read.
pub(crate) async fn parts(tx: &Tx) -> Result<Result<NetworkParts, String>, StoreError> {
    let depots = all(tx, DEPOTS, DepotRow::read).await?;
    let zones = all(tx, ZONES, ZoneRow::read).await?;
    let districts = all(tx, DISTRICTS, DistrictRow::read).await?;
    let timeslots = all(tx, TIMESLOTS, TimeslotRow::read).await?;
    let truck_types = all(tx, TRUCK_TYPES, TruckRow::read).await?;
    let ladder = all(tx, LADDER, StepRow::read).await?;
    let pool = all(tx, POOL, PoolRow::read).await?;
    let templates = all(tx, TEMPLATES, TemplateRow::read).await?;
    let zone_quotas = all(tx, QUOTAS, QuotaRow::read).await?;
    let together = || {
        Ok(NetworkParts {
            depots: depots?,
            zones: zones?,
            districts: districts?,
            timeslots: timeslots?,
            truck_types: truck_types?,
            ladder: ladder?,
            pool: pool?,
            templates: templates?,
            zone_quotas: zone_quotas?,
        })
    };
    Ok(together())
}

/// The rows of one table.
async fn all<T: FromQueryResult, R>(
    tx: &Tx,
    sql: &'static str,
    read: impl Fn(T) -> Result<R, String>,
) -> Result<Result<Vec<R>, String>, StoreError> {
    let rows: Vec<T> = tx.select(sql, &NONE).await?;
    Ok(rows.into_iter().map(read).collect())
}

const DEPOTS: &str = "SELECT depot, name, timezone FROM depot";

#[derive(FromQueryResult)]
struct DepotRow {
    depot: String,
    name: String,
    timezone: String,
}

impl DepotRow {
    fn read(self) -> Result<Depot, String> {
        let unknown = |_| format!("depot {}: {:?} is no IANA time zone", self.depot, self.timezone);
        let tz = self.timezone.parse().map_err(unknown)?;
        Ok(Depot { code: self.depot.into(), name: self.name, tz })
    }
}

const ZONES: &str = "SELECT zone, depot, name, neighbours FROM zone";

#[derive(FromQueryResult)]
struct ZoneRow {
    zone: String,
    depot: String,
    name: String,
    neighbours: String,
}

impl ZoneRow {
    fn read(self) -> Result<Zone, String> {
        let neighbours = self.neighbours.split(',').map(str::trim).filter(|code| !code.is_empty());
        let neighbours = neighbours.map(Into::into).collect();
        Ok(Zone { code: self.zone.into(), depot: self.depot.into(), name: self.name, neighbours })
    }
}

const DISTRICTS: &str = "SELECT district, valid_from, zone FROM district";

#[derive(FromQueryResult)]
struct DistrictRow {
    district: String,
    valid_from: NaiveDate,
    zone: String,
}

impl DistrictRow {
    /// A key column cannot be NULL: the first day there is stands for "since ever".
    fn read(self) -> Result<DistrictZone, String> {
        let ever = NaiveDate::from_ymd_opt(1, 1, 1);
        let valid_from = Some(self.valid_from).filter(|from| Some(*from) != ever);
        Ok(DistrictZone { district: self.district.into(), zone: self.zone.into(), valid_from })
    }
}

const TIMESLOTS: &str = "SELECT timeslot, start_time, end_time, cutoff FROM timeslot";

#[derive(FromQueryResult)]
struct TimeslotRow {
    timeslot: String,
    start_time: String,
    end_time: String,
    cutoff: String,
}

impl TimeslotRow {
    fn read(self) -> Result<Timeslot, String> {
        let code = &self.timeslot;
        let time = |text: &str| {
            NaiveTime::parse_from_str(text, "%H:%M")
                .map_err(|error| format!("timeslot {code}: time {text:?}: {error}"))
        };
        let (start, end) = (time(&self.start_time)?, time(&self.end_time)?);
        let cutoff = self.cutoff.parse().map_err(|error| format!("timeslot {code}: {error}"))?;
        Ok(Timeslot { code: self.timeslot.into(), start, end, cutoff })
    }
}

const TRUCK_TYPES: &str =
    "SELECT truck_type, max_weight_kg, max_stops, cost, profiles FROM truck_type";

#[derive(FromQueryResult)]
struct TruckRow {
    truck_type: String,
    max_weight_kg: u32,
    max_stops: u32,
    cost: u32,
    profiles: String,
}

impl TruckRow {
    fn read(self) -> Result<TruckType, String> {
        let profiles = self.profiles.parse();
        let profiles =
            profiles.map_err(|error| format!("truck type {}: {error}", self.truck_type))?;
        Ok(TruckType {
            code: self.truck_type.into(),
            max_weight_g: u64::from(self.max_weight_kg).saturating_mul(THOUSAND),
            max_stops: self.max_stops,
            cost: self.cost.into(),
            profiles,
        })
    }
}

const LADDER: &str = "SELECT from_type, to_type FROM truck_upgrade";

#[derive(FromQueryResult)]
struct StepRow {
    from_type: String,
    to_type: String,
}

impl StepRow {
    fn read(self) -> Result<LadderStep, String> {
        Ok(LadderStep { from: self.from_type.into(), to: self.to_type.into() })
    }
}

const POOL: &str = "SELECT depot, timeslot, truck_type, trucks FROM truck_pool";

#[derive(FromQueryResult)]
struct PoolRow {
    depot: String,
    timeslot: String,
    truck_type: String,
    trucks: u32,
}

impl PoolRow {
    fn read(self) -> Result<PoolCapacity, String> {
        Ok(PoolCapacity {
            depot: self.depot.into(),
            timeslot: self.timeslot.into(),
            truck_type: self.truck_type.into(),
            count: self.trucks,
        })
    }
}

const TEMPLATES: &str = "SELECT template, depot, zone, timeslot, sku_class, default_truck_type, \
       waybill_quota FROM route_template";

#[derive(FromQueryResult)]
struct TemplateRow {
    template: String,
    depot: String,
    zone: String,
    timeslot: String,
    sku_class: String,
    default_truck_type: String,
    waybill_quota: u32,
}

impl TemplateRow {
    /// Whatever is not `dry` travels cold, and so on a `mixed` route.
    fn read(self) -> Result<RouteTemplate, String> {
        let class = match self.sku_class.as_str() {
            "dry" => RouteClass::Dry,
            "mixed" | "frozen" => RouteClass::Mixed,
            other => return Err(format!("route template {}: class {other:?}", self.template)),
        };
        Ok(RouteTemplate {
            code: self.template.into(),
            depot: self.depot.into(),
            zone: self.zone.into(),
            timeslot: self.timeslot.into(),
            class,
            default_truck_type: self.default_truck_type.into(),
            waybill_quota: self.waybill_quota,
        })
    }
}

const QUOTAS: &str = "SELECT zone, timeslot, waybills, dry_l, frozen_l, weight_kg FROM zone_quota";

#[derive(FromQueryResult)]
struct QuotaRow {
    zone: String,
    timeslot: String,
    waybills: u32,
    dry_l: u64,
    frozen_l: u64,
    weight_kg: u64,
}

impl QuotaRow {
    fn read(self) -> Result<ZoneQuota, String> {
        let limit = Load {
            waybills: self.waybills,
            dry_ml: self.dry_l.saturating_mul(THOUSAND),
            frozen_ml: self.frozen_l.saturating_mul(THOUSAND),
            weight_g: self.weight_kg.saturating_mul(THOUSAND),
        };
        Ok(ZoneQuota { zone: self.zone.into(), timeslot: self.timeslot.into(), limit })
    }
}
