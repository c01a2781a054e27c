//! The delivery network as the sample data needs it: which districts, windows, cut-offs and how heavy
//! a truck may be. Reads the same TSV tables that `dray network load` takes; decides no route.

pub(crate) mod sample;
mod tables;

use std::path::Path;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::Tz;

pub(crate) use tables::{NetworkError, Table, Tables};

use crate::dice::Weighted;

/// A place to deliver to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct District {
    /// Its code.
    pub(crate) code: String,
    /// The time zone of the depot that serves it: cut-offs are read in it.
    pub(crate) timezone: Tz,
}

/// A delivery window and its cut-off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Timeslot {
    /// Its code.
    pub(crate) code: String,
    /// Days before delivery (`D-1` = 1).
    days_before: u64,
    /// Local time on that day.
    cutoff: NaiveTime,
}

impl Timeslot {
    fn parse(code: &str, cutoff: &str) -> Option<Self> {
        let (day, time) = cutoff.strip_prefix('D')?.split_once(' ')?;
        let days_before = if day.is_empty() { 0 } else { day.strip_prefix('-')?.parse().ok()? };
        let cutoff = NaiveTime::parse_from_str(time, "%H:%M").ok()?;
        Some(Self { code: code.to_owned(), days_before, cutoff })
    }

    /// The last moment at which an order for this day and window is in time.
    pub(crate) fn cutoff_at(&self, delivery: NaiveDate, timezone: Tz) -> DateTime<Utc> {
        let day = delivery.checked_sub_days(Days::new(self.days_before)).unwrap_or(delivery);
        let local = day.and_time(self.cutoff);
        // A cut-off inside the hour that a clock change skips does not exist: read it as UTC.
        timezone
            .from_local_datetime(&local)
            .earliest()
            .map_or_else(|| local.and_utc(), |time| time.to_utc())
    }
}

/// What a day of orders must fit into.
#[derive(Debug, Clone)]
pub(crate) struct Network {
    /// Districts with how many customers live there, relative to each other.
    pub(crate) districts: Weighted<District>,
    /// Windows; at least one.
    pub(crate) timeslots: Weighted<Timeslot>,
    /// The window with the earliest cut-off.
    pub(crate) earliest_cutoff: Timeslot,
    /// Payload of the strongest truck in kilograms.
    pub(crate) heaviest_truck_kg: u32,
}

/// How much of the demand the n-th district has: big ones first, with a long tail.
pub(crate) fn district_weight(position: u32) -> f64 {
    1.0 / (1.0 + f64::from(position)).powf(0.35)
}

impl Network {
    /// Reads a network directory.
    ///
    /// # Errors
    /// [`NetworkError`] when a file or column is missing or says nothing usable.
    pub(crate) fn load(directory: &Path) -> Result<Self, NetworkError> {
        Self::from_tables(&Tables::load(directory)?)
    }

    /// Takes what the sample data needs out of the tables.
    ///
    /// # Errors
    /// [`NetworkError`] when a table is missing, empty or contradicts another.
    pub(crate) fn from_tables(tables: &Tables) -> Result<Self, NetworkError> {
        let districts = read_districts(tables)?;
        let weighted = districts
            .into_iter()
            .zip(0_u32..)
            .map(|(district, position)| (district, district_weight(position)))
            .collect();
        let mut timeslots = read_timeslots(tables)?;
        timeslots.sort_by_key(|slot| (std::cmp::Reverse(slot.days_before), slot.cutoff));
        let empty = |table: &str| NetworkError::Empty { table: table.to_owned() };
        Ok(Self {
            districts: Weighted::new(weighted).ok_or_else(|| empty("districts"))?,
            earliest_cutoff: timeslots.first().cloned().ok_or_else(|| empty("timeslots"))?,
            timeslots: Weighted::new(timeslots.into_iter().map(|slot| (slot, 1.0)).collect())
                .ok_or_else(|| empty("timeslots"))?,
            heaviest_truck_kg: read_heaviest(tables)?,
        })
    }
}

fn read_districts(tables: &Tables) -> Result<Vec<District>, NetworkError> {
    let depots = tables.get("depots")?.pairs("depot", "timezone")?;
    let zones = tables.get("zones")?.pairs("zone", "depot")?;
    let find =
        |pairs: &[(String, String)], table: &str, key: &str| {
            pairs.iter().find(|(name, _)| name == key).map(|(_, value)| value.clone()).ok_or_else(
                || NetworkError::Unknown { table: table.to_owned(), code: key.to_owned() },
            )
        };
    let mut districts: Vec<District> = Vec::new();
    for (code, zone) in tables.get("districts")?.pairs("district", "zone")? {
        let depot = find(&zones, "zones", &zone)?;
        let timezone = find(&depots, "depots", &depot)?;
        let timezone = timezone.parse().map_err(|_unknown| NetworkError::Value {
            table: "depots".to_owned(),
            value: timezone,
            expected: "an IANA time zone, for example Europe/Istanbul",
        })?;
        // A district that moves to another zone on some day has several rows.
        if districts.last().is_none_or(|last| last.code != code) {
            districts.push(District { code, timezone });
        }
    }
    Ok(districts)
}

fn read_timeslots(tables: &Tables) -> Result<Vec<Timeslot>, NetworkError> {
    let pairs = tables.get("timeslots")?.pairs("timeslot", "cutoff")?;
    pairs
        .into_iter()
        .map(|(code, cutoff)| {
            Timeslot::parse(&code, &cutoff).ok_or_else(|| NetworkError::Value {
                table: "timeslots".to_owned(),
                value: cutoff,
                expected: "a cut-off like `D-1 20:00` or `D 07:00`",
            })
        })
        .collect()
}

fn read_heaviest(tables: &Tables) -> Result<u32, NetworkError> {
    let pairs = tables.get("truck_types")?.pairs("truck_type", "max_weight_kg")?;
    let mut heaviest = 0;
    for (_, kilograms) in pairs {
        let number = kilograms.parse::<u32>().map_err(|_not_a_number| NetworkError::Value {
            table: "truck_types".to_owned(),
            value: kilograms,
            expected: "max_weight_kg as a whole number",
        })?;
        heaviest = heaviest.max(number);
    }
    Ok(heaviest)
}
