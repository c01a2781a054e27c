//! Trucks that are out of order, written. Never here: which of them are.

use chrono::NaiveDate;
use routing::SlotDayKey;
use serde::Serialize;

use crate::decide::OutageRow;
use crate::store::columns::{ascii, plain, rows, slot_day};

pub(super) const OUTAGES: &str = concat!(
    "INSERT INTO truck_outage (depot, delivery_date, timeslot, truck_type, trucks, updated_at) \
     SELECT r.depot, r.delivery_date, r.timeslot, r.truck_type, r.trucks, r.at FROM ",
    rows!(
        slot_day!(),
        ascii!("truck_type", 32),
        plain!("trucks", "INT UNSIGNED"),
        plain!("at", "DATETIME(6)")
    ),
    " ON DUPLICATE KEY UPDATE trucks = VALUES(trucks), updated_at = VALUES(updated_at)"
);

// What broke is mended before anything is improved.
pub(super) const TO_BE_MENDED: &str = concat!(
    "UPDATE ",
    rows!(slot_day!()),
    " STRAIGHT_JOIN slot_day s FORCE INDEX (PRIMARY) ON s.depot = r.depot \
       AND s.delivery_date = r.delivery_date AND s.timeslot = r.timeslot SET s.improved_at = NULL"
);

#[derive(Serialize)]
pub(super) struct Outage<'a> {
    depot: &'a str,
    delivery_date: NaiveDate,
    timeslot: &'a str,
    truck_type: &'a str,
    trucks: u32,
    at: &'a str,
}

impl<'a> Outage<'a> {
    pub(super) fn of(row: &'a OutageRow, at: &'a str) -> Self {
        let SlotDayKey { depot, date, timeslot } = &row.key;
        Self {
            depot: depot.as_str(),
            delivery_date: *date,
            timeslot: timeslot.as_str(),
            truck_type: row.truck_type.as_str(),
            trucks: row.trucks,
            at,
        }
    }
}
