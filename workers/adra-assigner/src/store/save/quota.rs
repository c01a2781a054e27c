//! Quota buckets with their ledger, and trucks in use: taken on condition of the limits in force. Never here:
//! what is taken.

use chrono::NaiveDate;
use routing::{Load, SlotDayKey};
use serde::Serialize;
use store::hex;

use crate::decide::{BucketRow, LedgerRow, Replaced, TruckRow};
use crate::store::columns::{ascii, id, load, number, plain, rows, slot_day};

// A limit that was cut since the decision is noticed here; one that was cut below its use before it does not
// keep anything from being given back.
pub(super) const BUCKETS: &str = concat!(
    "UPDATE ",
    rows!(
        ascii!("zone", 32),
        plain!("delivery_date", "DATE"),
        ascii!("timeslot", 32),
        number!("expected"),
        number!("version"),
        plain!("taken", "TINYINT UNSIGNED"),
        load!()
    ),
    " STRAIGHT_JOIN quota_bucket b FORCE INDEX (PRIMARY) ON b.zone = r.zone \
       AND b.delivery_date = r.delivery_date AND b.timeslot = r.timeslot \
     LEFT JOIN zone_quota q ON q.zone = b.zone AND q.timeslot = b.timeslot \
     SET b.version = r.version, b.waybills = r.waybills, b.dry_ml = r.dry_ml, b.frozen_ml = r.frozen_ml, \
       b.weight_g = r.weight_g \
     WHERE b.version = r.expected AND (r.taken = 0 OR (r.waybills <= q.waybills \
       AND r.dry_ml <= q.dry_l * 1000 AND r.frozen_ml <= q.frozen_l * 1000 \
       AND r.weight_g <= q.weight_kg * 1000))"
);

#[derive(Serialize)]
pub(super) struct Bucket<'a> {
    zone: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    expected: u64,
    version: u64,
    taken: u8,
    #[serde(flatten)]
    used: Load,
}

impl<'a> Bucket<'a> {
    pub(super) fn of(Replaced { expected, row }: &'a Replaced<BucketRow>) -> Self {
        Self {
            zone: row.zone.as_str(),
            delivery_date: row.key.date,
            timeslot: row.key.timeslot.as_str(),
            expected: *expected,
            version: row.version,
            taken: row.taken.into(),
            used: row.used,
        }
    }
}

pub(in crate::store) const LEDGER: &str = concat!(
    "INSERT INTO quota_ledger (zone, delivery_date, timeslot, version, waybill_no, route_id, waybills, dry_ml, \
       frozen_ml, weight_g, at) \
     SELECT r.zone, r.delivery_date, r.timeslot, r.version, r.waybill_no, UNHEX(r.route_id), r.waybills, \
       r.dry_ml, r.frozen_ml, r.weight_g, r.at FROM ",
    rows!(
        ascii!("zone", 32),
        plain!("delivery_date", "DATE"),
        ascii!("timeslot", 32),
        number!("version"),
        ascii!("waybill_no", 112),
        id!("route_id"),
        plain!("waybills", "BIGINT"),
        plain!("dry_ml", "BIGINT"),
        plain!("frozen_ml", "BIGINT"),
        plain!("weight_g", "BIGINT"),
        plain!("at", "DATETIME(6)")
    )
);

#[derive(Serialize)]
pub(super) struct Entry<'a> {
    zone: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    version: u64,
    waybill_no: &'a str,
    route_id: String,
    waybills: i128,
    dry_ml: i128,
    frozen_ml: i128,
    weight_g: i128,
    at: &'a str,
}

impl<'a> Entry<'a> {
    pub(super) fn of(row: &'a LedgerRow, at: &'a str) -> Self {
        let sign = if row.reserved { 1 } else { -1 };
        Self {
            zone: row.zone.as_str(),
            delivery_date: row.key.date,
            timeslot: row.key.timeslot.as_str(),
            version: row.version,
            waybill_no: row.waybill_no.as_str(),
            route_id: hex(row.route.0),
            waybills: sign * i128::from(row.load.waybills),
            dry_ml: sign * i128::from(row.load.dry_ml),
            frozen_ml: sign * i128::from(row.load.frozen_ml),
            weight_g: sign * i128::from(row.load.weight_g),
            at,
        }
    }
}

pub(super) const TRUCKS: &str = concat!(
    "UPDATE ",
    rows!(
        slot_day!(),
        ascii!("truck_type", 32),
        number!("expected"),
        plain!("used", "INT UNSIGNED"),
        plain!("taken", "TINYINT UNSIGNED")
    ),
    " STRAIGHT_JOIN truck_use u FORCE INDEX (PRIMARY) ON u.depot = r.depot \
       AND u.delivery_date = r.delivery_date AND u.timeslot = r.timeslot AND u.truck_type = r.truck_type \
     LEFT JOIN truck_pool p ON p.depot = u.depot AND p.timeslot = u.timeslot \
       AND p.truck_type = u.truck_type \
     LEFT JOIN truck_outage o ON o.depot = u.depot AND o.delivery_date = u.delivery_date \
       AND o.timeslot = u.timeslot AND o.truck_type = u.truck_type \
     SET u.used = r.used \
     WHERE u.used = r.expected AND (r.taken = 0 OR r.used + COALESCE(o.trucks, 0) <= p.trucks)"
);

#[derive(Serialize)]
pub(super) struct Trucks<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    truck_type: &'a str,
    expected: u64,
    used: u32,
    taken: u8,
}

impl<'a> Trucks<'a> {
    pub(super) fn of(Replaced { expected, row }: &'a Replaced<TruckRow>) -> Self {
        let SlotDayKey { depot, date, timeslot } = &row.key;
        Self {
            depot: depot.as_str(),
            delivery_date: *date,
            timeslot: timeslot.as_str(),
            truck_type: row.truck_type.as_str(),
            expected: *expected,
            used: row.used,
            taken: row.taken.into(),
        }
    }
}
