//! Plays a day's waybills through the online engine and times every decision. Never here: a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use routing::network::RouteTemplate;
use routing::optimise::Planned;
use routing::{
    Forecast, Network, Outcome, Reason, RouteClass, RouteId, SkuClass, SlotDay, Typical, assign,
};
use uuid::Uuid;

use super::AdraError;
use super::scenario::{self, SLOTS, Wanted};
use crate::vrptw::cpu_seconds;

/// What was known beforehand of a zone, slot and class: the same day of another week.
#[derive(Debug, Clone, Copy, Default)]
struct Expected {
    waybills: u32,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
    doors: u64,
}

type Subject = (usize, u64, bool);

/// Forecasts by zone, slot and class.
#[derive(Debug, Clone)]
pub(crate) struct History(BTreeMap<Subject, Expected>);

fn subject(wanted: &Wanted) -> Subject {
    (wanted.slot, wanted.zone, class_of(wanted.request.sku_class) == RouteClass::Mixed)
}

fn class_of(goods: SkuClass) -> RouteClass {
    goods.route_classes().first().copied().unwrap_or(RouteClass::Mixed)
}

impl History {
    pub(crate) fn of(waybills: &[Wanted]) -> Self {
        let mut sums: BTreeMap<Subject, Expected> = BTreeMap::new();
        let mut doors = BTreeSet::new();
        for wanted in waybills {
            let is_new = doors.insert((subject(wanted), wanted.request.stop));
            let (sum, load) = (sums.entry(subject(wanted)).or_default(), wanted.request.load);
            sum.waybills += 1;
            sum.dry_ml += load.dry_ml;
            sum.frozen_ml += load.frozen_ml;
            sum.weight_g += load.weight_g;
            sum.doors += u64::from(is_new);
        }
        Self(sums)
    }

    /// Of the next waybill, when `seen` have come.
    fn forecast(&self, wanted: &Wanted, seen: u32) -> Forecast {
        let Some(expected) = self.0.get(&subject(wanted)) else {
            return Forecast::like(wanted.request.load);
        };
        let count = u64::from(expected.waybills.max(1));
        let typical = Typical {
            dry_ml: expected.dry_ml / count,
            frozen_ml: expected.frozen_ml / count,
            weight_g: expected.weight_g / count,
            stops_milli: expected.doors * 1_000 / count,
        };
        Forecast { typical, remaining_waybills: Some(expected.waybills.saturating_sub(seen)) }
    }
}

/// A day after its last waybill.
#[derive(Debug)]
pub(crate) struct Played {
    /// By number of the slot.
    pub(crate) days: Vec<SlotDay>,
    /// The waybills of each slot with their places.
    pub(crate) planned: Vec<Vec<Planned>>,
    pub(crate) unassigned: BTreeMap<String, u64>,
    pub(crate) cpu_seconds: f64,
    /// Of each decision, sorted.
    pub(crate) latencies_ns: Vec<u64>,
}

/// Numbers new routes.
#[derive(Debug, Default)]
pub(crate) struct Ids(u128);

impl Ids {
    /// Out of the way of all ids given before.
    pub(crate) fn from(first: u128) -> Self {
        Self(first)
    }
}

impl routing::RouteIds for Ids {
    fn next(&mut self, _template: &RouteTemplate) -> (RouteId, routing::RouteReference) {
        self.0 += 1;
        (RouteId(Uuid::from_u128(self.0)), format!("R{}", self.0).into())
    }
}

/// Asks the engine about every waybill in turn.
pub(crate) fn play(
    network: &Network,
    history: &History,
    waybills: &[Wanted],
) -> Result<Played, AdraError> {
    let days = (0..SLOTS.len()).map(|slot| SlotDay::new(network, scenario::key(slot)));
    let mut days = days.collect::<Result<Vec<_>, _>>()?;
    let mut planned = vec![Vec::new(); SLOTS.len()];
    let mut unassigned = BTreeMap::new();
    let mut seen: BTreeMap<Subject, u32> = BTreeMap::new();
    let (mut ids, judged_at) = (Ids::default(), scenario::judged_at());
    let mut latencies_ns = Vec::with_capacity(waybills.len());
    let before = cpu_seconds().ok_or(AdraError::NoProcessorTime)?;
    for wanted in waybills {
        let seen = seen.entry(subject(wanted)).or_default();
        *seen += 1;
        let forecast = history.forecast(wanted, *seen);
        let Some(day) = days.get_mut(wanted.slot) else { continue };
        let start = Instant::now();
        let decision = assign(network, day, &wanted.request, judged_at, &forecast, &mut ids)?;
        latencies_ns.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
        let place = match decision.outcome {
            Outcome::Assigned(assignment) => Some(assignment.route),
            Outcome::Unassignable(reason) => {
                *unassigned.entry(name(reason)).or_insert(0) += 1;
                None
            }
        };
        if let Some(planned) = planned.get_mut(wanted.slot) {
            planned.push(Planned::of(&wanted.request, place));
        }
    }
    let cpu_seconds = cpu_seconds().ok_or(AdraError::NoProcessorTime)? - before;
    latencies_ns.sort_unstable();
    Ok(Played { days, planned, unassigned, cpu_seconds, latencies_ns })
}

fn name(reason: Reason) -> String {
    serde_json::to_value(reason)
        .ok()
        .and_then(|v| v.as_str().map(str::to_owned))
        .unwrap_or_default()
}

/// What the day's trucks really cost.
pub(crate) fn fleet_cost(days: &[SlotDay]) -> u64 {
    let routes = days.iter().flat_map(SlotDay::routes);
    routes.map(|route| scenario::cost_of(route.truck().code.as_str())).sum()
}
