//! Rows about where and when: depots, zones, districts, timeslots, quotas, warehouses, picking.
//!
//! Each function checks one row and gives its key. Never here: trucks and their routes.

use chrono::{Datelike, NaiveTime};
use chrono_tz::Tz;
use contracts::{
    Coordinates, DepotRow, DistrictRow, PickFlowRow, QuotaRow, SkuType, TimeslotRow, WarehouseRow,
    ZoneCode, ZoneRow,
};
use routing::network::CutOff;

use super::findings::{RowFindings, shown};

/// Most characters of a name.
const NAME_CHARS: usize = 200;
/// Most bytes of a cut-off as it is written.
const CUTOFF_BYTES: usize = 16;
/// Most bytes of a code that has no type of its own.
const PICK_FLOW_BYTES: usize = 32;
/// Most bytes of a zone's neighbours, separated by commas.
const NEIGHBOURS_BYTES: usize = 65_535;
/// Most litres that still are 64 bits of millilitres, kilograms likewise.
const MOST_THOUSANDS: u64 = u64::MAX / 1_000;

pub(super) fn depot(row: &DepotRow, found: &mut RowFindings<'_>) -> String {
    name(&row.name, found);
    if row.timezone.parse::<Tz>().is_err() {
        let message = format!(
            "{} is no time zone: use an IANA name, for example Europe/Istanbul",
            shown(&row.timezone)
        );
        found.wrong("timezone", "UNKNOWN_TIMEZONE", message);
    }
    coordinates(row.coordinates, found);
    row.depot.to_string()
}

pub(super) fn zone(row: &ZoneRow, found: &mut RowFindings<'_>) -> String {
    name(&row.name, found);
    let mut neighbours: Vec<&ZoneCode> = row.neighbours.iter().collect();
    neighbours.sort_unstable();
    if let Some([twice, _]) = neighbours.array_windows().find(|[one, other]| one == other) {
        let message = format!("{twice} is named twice: name a neighbour once");
        found.wrong("neighbours", "DUPLICATE_NEIGHBOUR", message);
    }
    if neighbours.binary_search(&&row.zone).is_ok() {
        let message = "a zone is no neighbour of itself: remove it";
        found.wrong("neighbours", "OWN_NEIGHBOUR", message);
    }
    let bytes: usize = row.neighbours.iter().map(|zone| zone.as_str().len() + 1).sum();
    if bytes > NEIGHBOURS_BYTES {
        let message =
            format!("the neighbours take {bytes} bytes, at most {NEIGHBOURS_BYTES} are kept");
        found.wrong("neighbours", "TOO_LONG", message);
    }
    row.zone.to_string()
}

pub(super) fn district(row: &DistrictRow, found: &mut RowFindings<'_>) -> String {
    let since_ever = chrono::NaiveDate::from_ymd_opt(1, 1, 1);
    let from = row.valid_from.or(since_ever).unwrap_or_default();
    if !(1..=9999).contains(&from.year()) {
        found.wrong("valid_from", "OUT_OF_RANGE", "a year from 1 to 9999 is needed");
    }
    coordinates(row.coordinates, found);
    format!("{} from {from}", row.district)
}

fn coordinates(at: Option<Coordinates>, found: &mut RowFindings<'_>) {
    let Some(Coordinates { lat_e6, lon_e6 }) = at else { return };
    for (field, value, most) in [("lat", lat_e6, 90_u32), ("lon", lon_e6, 180)] {
        if value.unsigned_abs() > most * 1_000_000 {
            found.wrong(
                field,
                "OUT_OF_RANGE",
                format!("degrees from -{most} to {most} are needed"),
            );
        }
    }
}

pub(super) fn timeslot(row: &TimeslotRow, found: &mut RowFindings<'_>) -> String {
    let (start, end) = (time("start", &row.start, found), time("end", &row.end, found));
    if let (Some(start), Some(end)) = (start, end)
        && end <= start
    {
        let message = format!("{} is not after the start {}", row.end, row.start);
        found.wrong("end", "ENDS_BEFORE_START", message);
    }
    let cutoff = &row.cutoff;
    if cutoff.len() > CUTOFF_BYTES || !cutoff.is_ascii() || cutoff.parse::<CutOff>().is_err() {
        let message = format!(
            "{} is no cut-off: write 'D 07:00' or 'D-1 20:00' (days before delivery, local time)",
            shown(cutoff)
        );
        found.wrong("cutoff", "INVALID_CUTOFF", message);
    }
    row.timeslot.to_string()
}

/// `HH:MM`, exactly.
fn time(field: &str, text: &str, found: &mut RowFindings<'_>) -> Option<NaiveTime> {
    let time = NaiveTime::parse_from_str(text, "%H:%M").ok();
    let exact = time.filter(|time| time.format("%H:%M").to_string() == text);
    if exact.is_none() {
        let message = format!("{} is no time: write HH:MM, 00:00 to 23:59", shown(text));
        found.wrong(field, "INVALID_TIME", message);
    }
    exact
}

pub(super) fn zone_quota(row: &QuotaRow, found: &mut RowFindings<'_>) -> String {
    let sizes = [("dry_l", row.dry_l), ("frozen_l", row.frozen_l), ("weight_kg", row.weight_kg)];
    for (field, _) in sizes.iter().filter(|(_, size)| *size > MOST_THOUSANDS) {
        found.wrong(field, "OUT_OF_RANGE", format!("at most {MOST_THOUSANDS} is possible"));
    }
    format!("{} {}", row.zone, row.timeslot)
}

pub(super) fn warehouse(row: &WarehouseRow, found: &mut RowFindings<'_>) -> String {
    name(&row.name, found);
    let count = |kept: SkuType| row.keeps.iter().filter(|keeps| **keeps == kept).count();
    let (dry, frozen, mixed) = (count(SkuType::Dry), count(SkuType::Frozen), count(SkuType::Mixed));
    if mixed > 0 || dry + frozen == 0 || dry > 1 || frozen > 1 {
        let message = "a warehouse keeps dry, frozen, or both, each named once";
        found.wrong("keeps", "INVALID_KEEPS", message);
    }
    row.warehouse.to_string()
}

pub(super) fn pick_flow(row: &PickFlowRow, found: &mut RowFindings<'_>) -> String {
    if row.max_lines.is_some_and(|most| most < row.min_lines) {
        let message = format!("below min_lines {}: no waybill would ever fit", row.min_lines);
        found.wrong("max_lines", "OUT_OF_RANGE", message);
    }
    code("pick_flow", &row.pick_flow, PICK_FLOW_BYTES, found);
    row.priority.to_string()
}

fn name(name: &str, found: &mut RowFindings<'_>) {
    let unprintable = name.chars().any(char::is_control);
    if name.trim().is_empty() || unprintable || name.chars().count() > NAME_CHARS {
        let message = format!("a name of 1 to {NAME_CHARS} printable characters is needed");
        found.wrong("name", "INVALID_NAME", message);
    }
}

/// A code whose column is plain text: as strict as the codes that have a type.
pub(super) fn code(field: &str, text: &str, most_bytes: usize, found: &mut RowFindings<'_>) {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > most_bytes || !text.chars().all(allowed) {
        let message = format!(
            "{} is no code: 1 to {most_bytes} letters, digits, '-', '_' or '.'",
            shown(text)
        );
        found.wrong(field, "INVALID_CODE", message);
    }
}
