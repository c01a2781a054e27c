//! I4, the part that SQL cannot say: one compartment profile of its truck holds a route's whole load.
//! Reads the profiles by itself, so that a mistake of the routing engine is not repeated here.

use super::Finding;
use crate::database::{ReadError, Snapshot, number, text};

const ROUTES: &str = "SELECT r.route_ref, r.dry_ml, r.frozen_ml, r.weight_g, r.stops, r.waybills, \
       COALESCE(t.max_weight_kg, 0), COALESCE(t.max_stops, 0), COALESCE(t.profiles, ''), \
       IF(r.truck_type = COALESCE(m.default_truck_type, ''), m.waybill_quota, COALESCE(t.max_stops, 0)) \
     FROM route r LEFT JOIN truck_type t ON t.truck_type = r.truck_type \
       LEFT JOIN route_template m ON m.template = r.template \
     WHERE r.waybills > 0 ORDER BY r.route_ref";

/// A route's load beside what its truck takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct LoadedRoute {
    pub(crate) route_ref: String,
    pub(crate) dry_ml: u64,
    pub(crate) frozen_ml: u64,
    pub(crate) weight_g: u64,
    pub(crate) stops: u64,
    pub(crate) waybills: u64,
    pub(crate) max_weight_kg: u64,
    pub(crate) max_stops: u64,
    pub(crate) profiles: String,
    pub(crate) max_waybills: u64,
}

/// Looks at every route with a load: how many there are, and what is wrong with which.
///
/// # Errors
/// [`ReadError`] when the database cannot be read.
pub(crate) async fn check(snapshot: &mut Snapshot) -> Result<(u64, Vec<Finding>), ReadError> {
    let routes = snapshot
        .rows("route", ROUTES, |row| {
            Ok(LoadedRoute {
                route_ref: text(row, 0)?,
                dry_ml: number(row, 1)?,
                frozen_ml: number(row, 2)?,
                weight_g: number(row, 3)?,
                stops: number(row, 4)?,
                waybills: number(row, 5)?,
                max_weight_kg: number(row, 6)?,
                max_stops: number(row, 7)?,
                profiles: text(row, 8)?,
                max_waybills: number(row, 9)?,
            })
        })
        .await?;
    let findings = routes.iter().filter_map(|route| {
        let detail = overload(route)?;
        Some(Finding { subject: route.route_ref.clone(), detail })
    });
    Ok((u64::try_from(routes.len()).unwrap_or(u64::MAX), findings.collect()))
}

/// What is too much, if anything is.
pub(crate) fn overload(route: &LoadedRoute) -> Option<String> {
    let limits = [
        ("g", route.weight_g, route.max_weight_kg * 1_000),
        ("stops", route.stops, route.max_stops),
        ("waybills", route.waybills, route.max_waybills),
    ];
    for (unit, load, limit) in limits {
        if load > limit {
            return Some(format!("{load} {unit}, at most {limit}"));
        }
    }
    let fits = |profile: &str| {
        let litres = profile_litres(profile);
        litres.is_some_and(|(dry, frozen)| {
            route.dry_ml <= dry * 1_000 && route.frozen_ml <= frozen * 1_000
        })
    };
    if route.profiles.split('|').any(fits) {
        return None;
    }
    let LoadedRoute { dry_ml, frozen_ml, profiles, .. } = route;
    Some(format!("{dry_ml} ml dry and {frozen_ml} ml frozen fit none of {profiles:?}"))
}

/// `dry=2600,frozen=1400` in litres; a compartment that is not named is not there.
fn profile_litres(profile: &str) -> Option<(u64, u64)> {
    let (mut dry, mut frozen) = (0, 0);
    for compartment in profile.split(',') {
        let (kind, litres) = compartment.trim().split_once('=')?;
        match kind {
            "dry" => dry = litres.parse().ok()?,
            "frozen" => frozen = litres.parse().ok()?,
            _ => return None,
        }
    }
    Some((dry, frozen))
}
