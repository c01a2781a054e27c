//! Routes and their stops, written. Never here: which of them change.

use chrono::NaiveDate;
use routing::{Load, RouteClass, RouteStatus, SlotDayKey};
use serde::Serialize;
use store::hex;

use crate::decide::{RouteRow, StopRow};
use crate::store::columns::{ascii, id, load, number, plain, rows, slot_day};

macro_rules! route_state {
    () => {
        concat!(
            id!("id"),
            ", ",
            ascii!("truck_type", 32),
            ", ",
            ascii!("status", 12),
            ", ",
            number!("expected"),
            ", ",
            number!("version"),
            ", ",
            load!(),
            ", ",
            plain!("stops", "INT UNSIGNED"),
            ", ",
            plain!("at", "DATETIME(6)")
        )
    };
}

pub(super) const NEW_ROUTES: &str = concat!(
    "INSERT INTO route (id, route_ref, depot, delivery_date, timeslot, zone, template, sku_class, truck_type, \
       status, version, waybills, dry_ml, frozen_ml, weight_g, stops, created_at, updated_at) \
     SELECT UNHEX(r.id), r.route_ref, r.depot, r.delivery_date, r.timeslot, r.zone, r.template, r.sku_class, \
       r.truck_type, r.status, r.version, r.waybills, r.dry_ml, r.frozen_ml, r.weight_g, r.stops, r.at, r.at \
     FROM ",
    rows!(
        route_state!(),
        slot_day!(),
        ascii!("route_ref", 128),
        ascii!("zone", 32),
        ascii!("template", 64),
        ascii!("sku_class", 8)
    )
);

pub(super) const ROUTES: &str = concat!(
    "UPDATE ",
    rows!(route_state!()),
    " STRAIGHT_JOIN route t FORCE INDEX (PRIMARY) ON t.id = UNHEX(r.id) \
     SET t.truck_type = r.truck_type, t.status = r.status, t.version = r.version, t.waybills = r.waybills, \
       t.dry_ml = r.dry_ml, t.frozen_ml = r.frozen_ml, t.weight_g = r.weight_g, t.stops = r.stops, \
       t.to_sequence = IF(r.status IN ('LOCKED', 'DISPATCHED'), 1, 0), t.updated_at = r.at \
     WHERE t.version = r.expected"
);

#[derive(Serialize)]
pub(super) struct Route<'a> {
    id: String,
    route_ref: &'a str,
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    zone: &'a str,
    template: &'a str,
    sku_class: &'static str,
    truck_type: &'a str,
    status: &'static str,
    expected: u64,
    version: u64,
    #[serde(flatten)]
    load: Load,
    stops: u32,
    at: &'a str,
}

impl<'a> Route<'a> {
    pub(super) fn of(row: &'a RouteRow, expected: u64, at: &'a str) -> Self {
        let SlotDayKey { depot, date, timeslot } = &row.key;
        Self {
            id: hex(row.id.0),
            route_ref: row.reference.as_str(),
            depot: depot.as_str(),
            delivery_date: *date,
            timeslot: timeslot.as_str(),
            zone: row.zone.as_str(),
            template: row.template.as_str(),
            sku_class: match row.class {
                RouteClass::Dry => "dry",
                RouteClass::Mixed => "mixed",
            },
            truck_type: row.truck_type.as_str(),
            status: match row.status {
                RouteStatus::Open => "OPEN",
                RouteStatus::Locked => "LOCKED",
                RouteStatus::Dispatched => "DISPATCHED",
                RouteStatus::Closed => "CLOSED",
            },
            expected,
            version: row.version,
            load: row.load,
            stops: row.stops,
            at,
        }
    }
}

pub(super) const STOPS: &str = concat!(
    "INSERT INTO route_stop (route_id, stop_key, waybills) \
     SELECT UNHEX(r.route_id), UNHEX(r.stop_key), r.waybills FROM ",
    rows!(id!("route_id"), id!("stop_key"), plain!("waybills", "INT UNSIGNED")),
    " ON DUPLICATE KEY UPDATE waybills = VALUES(waybills)"
);

pub(super) const STOPS_LEFT: &str = concat!(
    "DELETE s FROM ",
    rows!(id!("route_id"), id!("stop_key")),
    " STRAIGHT_JOIN route_stop s FORCE INDEX (PRIMARY) ON s.route_id = UNHEX(r.route_id) \
       AND s.stop_key = UNHEX(r.stop_key)"
);

#[derive(Serialize)]
pub(super) struct Stop {
    route_id: String,
    stop_key: String,
    waybills: u32,
}

impl Stop {
    pub(super) fn of(row: &StopRow) -> Self {
        let StopRow { route, stop, waybills } = row;
        Self { route_id: hex(route.0), stop_key: hex(stop.0), waybills: *waybills }
    }
}
