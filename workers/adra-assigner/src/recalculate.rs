//! The books of a slot day compared: what its ledgers hold for each waybill, what its buckets say, and who has
//! a place. The places are right; the others are mended. Pure. Never here: how they are read or written.

use std::collections::{BTreeMap, BTreeSet};

use routing::{RouteId, TruckTypeCode, ZoneCode};

/// Waybills, dry ml, frozen ml, grams.
pub(crate) type Amounts = [i64; 4];

/// A waybill on a route, by the zone whose quota it uses.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Held {
    pub(crate) zone: ZoneCode,
    pub(crate) waybill_no: String,
    pub(crate) route: RouteId,
}

/// A bucket with its version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BookedBucket {
    pub(crate) version: u64,
    pub(crate) used: Amounts,
}

/// Everything that has to agree.
#[derive(Debug, Clone, Default)]
pub(crate) struct Books {
    /// Sums of the ledgers' entries.
    pub(crate) ledger: BTreeMap<Held, Amounts>,
    /// The last entry of each ledger.
    pub(crate) last_entries: BTreeMap<ZoneCode, u64>,
    pub(crate) buckets: BTreeMap<ZoneCode, BookedBucket>,
    pub(crate) places: BTreeMap<Held, Amounts>,
    /// What `truck_use` says.
    pub(crate) trucks: BTreeMap<TruckTypeCode, u32>,
    /// Routes that are not closed.
    pub(crate) routes: BTreeMap<TruckTypeCode, u32>,
}

/// An entry that makes a ledger say what is true of a waybill on a route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Correction {
    pub(crate) held: Held,
    /// Its number in the ledger.
    pub(crate) version: u64,
    pub(crate) amounts: Amounts,
}

/// What to write.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Mending {
    pub(crate) corrections: Vec<Correction>,
    pub(crate) buckets: BTreeMap<ZoneCode, BookedBucket>,
    pub(crate) trucks: BTreeMap<TruckTypeCode, u32>,
    /// The same for people, a line each; empty when everything agrees.
    pub(crate) says: Vec<String>,
}

/// What makes the books agree with the places; of one zone only, if one is named. Trucks are nobody's zone
/// and are compared in any case.
pub(crate) fn mend(books: &Books, only: Option<&str>) -> Mending {
    let mut mending = Mending::default();
    let zones: BTreeSet<&ZoneCode> = books
        .buckets
        .keys()
        .chain(books.last_entries.keys())
        .chain(books.places.keys().map(|held| &held.zone))
        .collect();
    for zone in zones.into_iter().filter(|zone| only.is_none_or(|only| zone.as_str() == only)) {
        mend_zone(books, zone, &mut mending);
    }
    mend_trucks(books, &mut mending);
    mending
}

fn mend_zone(books: &Books, zone: &ZoneCode, mending: &mut Mending) {
    let mut version = books.last_entries.get(zone).copied().unwrap_or(0);
    let held = books.ledger.keys().chain(books.places.keys()).filter(|held| held.zone == *zone);
    let (mut in_places, mut in_ledger, mut wrong) = ([0; 4], [0; 4], 0_u32);
    for held in held.collect::<BTreeSet<_>>() {
        let placed = books.places.get(held).copied().unwrap_or_default();
        let entered = books.ledger.get(held).copied().unwrap_or_default();
        in_places = sum(in_places, placed);
        in_ledger = sum(in_ledger, entered);
        if placed != entered {
            version = version.saturating_add(1);
            wrong = wrong.saturating_add(1);
            let amounts = difference(placed, entered);
            mending.corrections.push(Correction { held: held.clone(), version, amounts });
        }
    }
    let bucket = books.buckets.get(zone).copied();
    let right = BookedBucket { version, used: in_places };
    let is_new_and_empty = bucket.is_none() && version == 0;
    if wrong == 0 && (bucket == Some(right) || is_new_and_empty) {
        return;
    }
    mending.buckets.insert(zone.clone(), right);
    let was = bucket.map_or([0; 4], |bucket| bucket.used);
    mending.says.push(format!(
        "zone {zone}: places {}; bucket said {}; ledger said {} and was wrong about {wrong} waybills",
        amounts(in_places),
        amounts(was),
        amounts(in_ledger),
    ));
}

fn mend_trucks(books: &Books, mending: &mut Mending) {
    for truck_type in books.trucks.keys().chain(books.routes.keys()).collect::<BTreeSet<_>>() {
        let used = books.trucks.get(truck_type).copied().unwrap_or(0);
        let routes = books.routes.get(truck_type).copied().unwrap_or(0);
        if used != routes {
            mending.trucks.insert(truck_type.clone(), routes);
            mending.says.push(format!("{truck_type}: {routes} on routes; {used} were counted"));
        }
    }
}

fn sum(a: Amounts, b: Amounts) -> Amounts {
    combined(a, b, i64::saturating_add)
}

fn difference(a: Amounts, b: Amounts) -> Amounts {
    combined(a, b, i64::saturating_sub)
}

fn combined([a, b, c, d]: Amounts, [e, f, g, h]: Amounts, of: fn(i64, i64) -> i64) -> Amounts {
    [of(a, e), of(b, f), of(c, g), of(d, h)]
}

fn amounts([waybills, dry_ml, frozen_ml, weight_g]: Amounts) -> String {
    format!("{waybills} waybills, {dry_ml}+{frozen_ml} ml, {weight_g} g")
}
