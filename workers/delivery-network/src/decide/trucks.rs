//! Rows about trucks and the routes they drive.
//!
//! Each function checks one row and gives its key. Never here: places and times.

use contracts::{PoolRow, RouteTemplateRow, SkuType, TruckTypeRow, UpgradeRow};
use routing::network::{Profile, Profiles};

use super::findings::{RowFindings, shown};
use super::places::code;

/// Most bytes of compartment profiles as they are written.
const PROFILES_BYTES: usize = 500;
/// Most bytes of a template's code.
const TEMPLATE_BYTES: usize = 64;

pub(super) fn truck_type(row: &TruckTypeRow, found: &mut RowFindings<'_>) -> String {
    for (field, value) in [("max_weight_kg", row.max_weight_kg), ("max_stops", row.max_stops)] {
        if value == 0 {
            found.wrong(
                field,
                "OUT_OF_RANGE",
                "a truck that can carry nothing: at least 1 is needed",
            );
        }
    }
    profiles(&row.profiles, found);
    row.truck_type.to_string()
}

fn profiles(text: &str, found: &mut RowFindings<'_>) {
    if text.len() > PROFILES_BYTES || !text.is_ascii() {
        let message = format!("more than {PROFILES_BYTES} bytes, or characters that are not ASCII");
        found.wrong("profiles", "INVALID_PROFILES", message);
        return;
    }
    match text.parse::<Profiles>() {
        Ok(profiles) if profiles.0.iter().all(has_volume) => {}
        Ok(_) => {
            let message = "a profile without any volume: leave it out";
            found.wrong("profiles", "INVALID_PROFILES", message);
        }
        Err(error) => {
            let message = format!(
                "{} is no profile: write 'dry=9000,frozen=4500' in whole litres, alternatives separated by '|'",
                shown(&error.part)
            );
            found.wrong("profiles", "INVALID_PROFILES", message);
        }
    }
}

fn has_volume(profile: &Profile) -> bool {
    profile.dry_ml > 0 || profile.frozen_ml > 0
}

pub(super) fn upgrade(row: &UpgradeRow, found: &mut RowFindings<'_>) -> String {
    if row.from_type == row.to_type {
        found.wrong("to_type", "OWN_UPGRADE", "a truck is no upgrade of itself: remove the row");
    }
    format!("{} to {}", row.from_type, row.to_type)
}

/// Any number of trucks will do, none included: that is how a pool is closed.
pub(super) fn pool(row: &PoolRow, _found: &mut RowFindings<'_>) -> String {
    format!("{} {} {}", row.depot, row.timeslot, row.truck_type)
}

pub(super) fn route_template(row: &RouteTemplateRow, found: &mut RowFindings<'_>) -> String {
    code("template", &row.template, TEMPLATE_BYTES, found);
    match row.sku_class {
        SkuType::Dry | SkuType::Mixed => {}
        SkuType::Frozen => {
            let message = "a route is dry or mixed; what is frozen travels on mixed ones";
            found.wrong("sku_class", "INVALID_SKU_CLASS", message);
        }
    }
    row.template.clone()
}
