//! Plays a day's waybills through the online engine and times every decision. Never here: a rule.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

use routing::network::RouteTemplate;
use routing::optimise::Planned;
use routing::{
    Forecast, Network, Outcome, Outlook, Reason, RouteId, SkuClass, SlotDay, Typical, assign,
};
use uuid::Uuid;

use super::scenario::{self, SLOTS, Wanted};
use super::{AdraError, count};
use crate::vrptw::cpu_seconds;

/// What former days brought of one class of goods for one zone and slot, all days together.
#[derive(Debug, Clone, Copy, Default)]
struct Seen {
    waybills: u32,
    dry_ml: u64,
    frozen_ml: u64,
    weight_g: u64,
    doors: u64,
}

/// Zone and slot by number, and the class of goods.
type Subject = (usize, u64, SkuClass);

const GOODS: [SkuClass; 3] = [SkuClass::Dry, SkuClass::Frozen, SkuClass::Mixed];

/// What is known beforehand: the mean of former days, by zone, slot and class of goods. Of the day
/// itself nothing but the time of day is used.
#[derive(Debug, Clone)]
pub(crate) struct History {
    sums: BTreeMap<Subject, Seen>,
    days: u32,
}

fn subject(wanted: &Wanted) -> Subject {
    (wanted.slot, wanted.zone, wanted.request.sku_class)
}

/// Former days beside a day, and their waybills in percent of its own: it is a little busier than
/// they were.
const FORMER_DAYS_PERCENT: [u64; 4] = [92, 96, 100, 104];

impl History {
    /// Of four days with seeds of their own.
    pub(crate) fn before(waybills: u64, median_litres: f64, seed: u64) -> Self {
        let mut history = Self { sums: BTreeMap::new(), days: 0 };
        for (number, percent) in (1_u64..).zip(FORMER_DAYS_PERCENT) {
            let day_seed = seed.wrapping_add(number.wrapping_mul(1_000_003));
            history.add(&scenario::waybills(waybills * percent / 100, median_litres, day_seed));
        }
        history
    }

    fn add(&mut self, waybills: &[Wanted]) {
        let mut doors = BTreeSet::new();
        for wanted in waybills {
            let is_new = doors.insert((subject(wanted), wanted.request.stop));
            let (sum, load) = (self.sums.entry(subject(wanted)).or_default(), wanted.request.load);
            sum.waybills += 1;
            sum.dry_ml += load.dry_ml;
            sum.frozen_ml += load.frozen_ml;
            sum.weight_g += load.weight_g;
            sum.doors += u64::from(is_new);
        }
        self.days += 1;
    }

    /// For the zone and slot of a waybill, when `to_come_per_mille` of the day is still ahead.
    fn forecast(&self, wanted: &Wanted, to_come_per_mille: u64) -> Forecast {
        let mut forecast = Forecast::default();
        for goods in GOODS {
            let Some(seen) = self.sums.get(&(wanted.slot, wanted.zone, goods)) else { continue };
            let count = u64::from(seen.waybills.max(1));
            let typical = Typical {
                dry_ml: seen.dry_ml / count,
                frozen_ml: seen.frozen_ml / count,
                weight_g: seen.weight_g / count,
                stops_milli: seen.doors * 1_000 / count,
            };
            let remaining = count * to_come_per_mille / (1_000 * u64::from(self.days.max(1)));
            let remaining_waybills = u32::try_from(remaining).ok();
            forecast = forecast.with(goods, Outlook { typical, remaining_waybills });
        }
        forecast
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
    let (mut ids, judged_at) = (Ids::default(), scenario::judged_at());
    let mut latencies_ns = Vec::with_capacity(waybills.len());
    let before = cpu_seconds().ok_or(AdraError::NoProcessorTime)?;
    let all = count(waybills.len());
    for (number, wanted) in (1_u64..).zip(waybills) {
        // They come at an even pace, so that the number tells the time of day.
        let forecast = history.forecast(wanted, (all - number) * 1_000 / all);
        let Some(day) = days.get_mut(wanted.slot) else { continue };
        let start = Instant::now();
        let decision = assign(network, day, &wanted.request, judged_at, &forecast, &mut ids)?;
        latencies_ns.push(u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX));
        let place = match decision.outcome {
            Outcome::Assigned(assignment) => Some(assignment.route),
            Outcome::Unassignable(reason) => {
                *unassigned.entry(reason_name(reason)).or_insert(0) += 1;
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

/// As it is written in messages.
pub(crate) fn reason_name(reason: Reason) -> String {
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
