//! The rows of the delivery network, as ADRA reads them. Never here: whether they fit together.

use ::store::{Database, NONE, StoreError};
use chrono::{NaiveDate, NaiveTime};
use routing::network::{
    Depot, DistrictZone, LadderStep, PoolCapacity, RouteTemplate, Timeslot, TruckType, Zone,
    ZoneQuota,
};
use routing::{Load, NetworkParts, RouteClass};
use sea_orm::FromQueryResult;

use super::unreadable;

/// The tables say litres and kilograms; the engine counts millilitres and grams.
const THOUSAND: u64 = 1_000;

/// Reads a whole table: its statement, the columns with their types, and what becomes of a row.
macro_rules! table {
    ($database:expr, $sql:literal, { $($column:ident: $kind:ty),+ $(,)? } => $made:expr) => {{
        #[derive(FromQueryResult)]
        struct Row {
            $($column: $kind),+
        }
        let rows: Vec<Row> = $database.select($sql, &NONE).await?;
        let made = rows.into_iter().map(|Row { $($column),+ }| -> Result<_, StoreError> { $made });
        made.collect::<Result<Vec<_>, StoreError>>()?
    }};
}

#[derive(FromQueryResult)]
struct Revision {
    revision: u64,
}

/// The revision of the network; `None` when none was ever loaded.
pub(crate) async fn revision(database: &Database) -> Result<Option<u64>, StoreError> {
    let sql = "SELECT revision FROM network_revision WHERE id = 1";
    let rows: Vec<Revision> = database.select(sql, &NONE).await?;
    Ok(rows.first().map(|row| row.revision))
}

/// All rows.
pub(crate) async fn parts(database: &Database) -> Result<NetworkParts, StoreError> {
    Ok(NetworkParts {
        depots: depots(database).await?,
        zones: zones(database).await?,
        districts: districts(database).await?,
        timeslots: timeslots(database).await?,
        truck_types: truck_types(database).await?,
        ladder: ladder(database).await?,
        pool: pool(database).await?,
        templates: templates(database).await?,
        zone_quotas: zone_quotas(database).await?,
    })
}

async fn depots(database: &Database) -> Result<Vec<Depot>, StoreError> {
    let depots = table!(database, "SELECT depot, name, timezone FROM depot", {
        depot: String, name: String, timezone: String
    } => {
        let tz = timezone.parse().map_err(|error| unreadable("depot.timezone", error))?;
        Ok(Depot { code: depot.into(), name, tz })
    });
    Ok(depots)
}

async fn zones(database: &Database) -> Result<Vec<Zone>, StoreError> {
    let zones = table!(database, "SELECT zone, depot, name, neighbours FROM zone", {
        zone: String, depot: String, name: String, neighbours: String
    } => {
        let codes = neighbours.split(',').map(str::trim).filter(|code| !code.is_empty());
        let neighbours = codes.map(Into::into).collect();
        Ok(Zone { code: zone.into(), depot: depot.into(), name, neighbours })
    });
    Ok(zones)
}

/// A key column cannot be NULL: the first day there is stands for "since ever".
async fn districts(database: &Database) -> Result<Vec<DistrictZone>, StoreError> {
    let ever = NaiveDate::from_ymd_opt(1, 1, 1);
    let districts = table!(database, "SELECT district, valid_from, zone FROM district", {
        district: String, valid_from: NaiveDate, zone: String
    } => {
        let valid_from = Some(valid_from).filter(|from| Some(*from) != ever);
        Ok(DistrictZone { district: district.into(), zone: zone.into(), valid_from })
    });
    Ok(districts)
}

async fn timeslots(database: &Database) -> Result<Vec<Timeslot>, StoreError> {
    let time = |text: &str| {
        NaiveTime::parse_from_str(text, "%H:%M").map_err(|error| unreadable("timeslot", error))
    };
    let timeslots = table!(database, "SELECT timeslot, start_time, end_time, cutoff FROM timeslot", {
        timeslot: String, start_time: String, end_time: String, cutoff: String
    } => {
        let cutoff = cutoff.parse().map_err(|error| unreadable("timeslot.cutoff", error))?;
        let (start, end) = (time(&start_time)?, time(&end_time)?);
        Ok(Timeslot { code: timeslot.into(), start, end, cutoff })
    });
    Ok(timeslots)
}

async fn truck_types(database: &Database) -> Result<Vec<TruckType>, StoreError> {
    let types = table!(
        database,
        "SELECT truck_type, max_weight_kg, max_stops, cost, profiles FROM truck_type",
        { truck_type: String, max_weight_kg: u32, max_stops: u32, cost: u32, profiles: String } => {
            let profiles =
                profiles.parse().map_err(|error| unreadable("truck_type.profiles", error))?;
            Ok(TruckType {
                code: truck_type.into(),
                max_weight_g: u64::from(max_weight_kg).saturating_mul(THOUSAND),
                max_stops,
                cost: cost.into(),
                profiles,
            })
        }
    );
    Ok(types)
}

async fn ladder(database: &Database) -> Result<Vec<LadderStep>, StoreError> {
    let steps = table!(database, "SELECT from_type, to_type FROM truck_upgrade", {
        from_type: String, to_type: String
    } => Ok(LadderStep { from: from_type.into(), to: to_type.into() }));
    Ok(steps)
}

async fn pool(database: &Database) -> Result<Vec<PoolCapacity>, StoreError> {
    let pool = table!(database, "SELECT depot, timeslot, truck_type, trucks FROM truck_pool", {
        depot: String, timeslot: String, truck_type: String, trucks: u32
    } => Ok(PoolCapacity {
        depot: depot.into(),
        timeslot: timeslot.into(),
        truck_type: truck_type.into(),
        count: trucks,
    }));
    Ok(pool)
}

async fn templates(database: &Database) -> Result<Vec<RouteTemplate>, StoreError> {
    let templates = table!(
        database,
        "SELECT template, depot, zone, timeslot, sku_class, default_truck_type, waybill_quota \
         FROM route_template",
        {
            template: String, depot: String, zone: String, timeslot: String, sku_class: String,
            default_truck_type: String, waybill_quota: u32
        } => Ok(RouteTemplate {
            code: template.into(),
            depot: depot.into(),
            zone: zone.into(),
            timeslot: timeslot.into(),
            class: class_of(&sku_class)?,
            default_truck_type: default_truck_type.into(),
            waybill_quota,
        })
    );
    Ok(templates)
}

/// Whatever is not dry travels cold, and so on a mixed route.
fn class_of(word: &str) -> Result<RouteClass, StoreError> {
    match word {
        "dry" => Ok(RouteClass::Dry),
        "mixed" | "frozen" => Ok(RouteClass::Mixed),
        other => Err(unreadable("route_template.sku_class", other)),
    }
}

async fn zone_quotas(database: &Database) -> Result<Vec<ZoneQuota>, StoreError> {
    let quotas = table!(
        database,
        "SELECT zone, timeslot, waybills, dry_l, frozen_l, weight_kg FROM zone_quota",
        {
            zone: String, timeslot: String, waybills: u32, dry_l: u64, frozen_l: u64, weight_kg: u64
        } => Ok(ZoneQuota {
            zone: zone.into(),
            timeslot: timeslot.into(),
            limit: Load {
                waybills,
                dry_ml: dry_l.saturating_mul(THOUSAND),
                frozen_ml: frozen_l.saturating_mul(THOUSAND),
                weight_g: weight_kg.saturating_mul(THOUSAND),
            },
        })
    );
    Ok(quotas)
}
