//! What a truck breakdown and a quota cut do to a planned day: how many waybills keep their route, and
//! what the repaired day costs beside a free re-plan.
//!
//! What lives here: the same synthetic day as `adra-day`, disturbed after it was planned. What never
//! does: a repair of its own.

use std::collections::{BTreeMap, BTreeSet};

use routing::optimise::{Bounds, Planned};
use routing::{
    Forecast, Load, Network, Origin, Outcome, Request, RouteId, RouteStatus, SlotDay, assign,
};
use serde::Serialize;

use crate::adra_day::scenario::{self, Upgrades};
use crate::adra_day::{
    AdraError, DayArgs, History, Ids, Reoptimised, count, play, ratio, reason_name, reoptimise,
    to_f64,
};

/// One disturbance, repaired.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Repaired {
    pub(crate) disturbance: &'static str,
    pub(crate) waybills: u64,
    /// On a route that lost its truck, or beyond the quota that was cut.
    pub(crate) affected: u64,
    pub(crate) unassigned: u64,
    /// Why each of them has no place on the repaired day, asked one by one. `place_found`: it would
    /// have had one.
    pub(crate) unassigned_by_reason: BTreeMap<String, u64>,
    /// The same number for a free re-plan.
    pub(crate) free_replan_unassigned: u64,
    /// Unaffected waybills that are on the route where they were.
    pub(crate) kept_percent: f64,
    /// Pinned waybills, and those on locked routes, that moved. Must be zero.
    pub(crate) locked_or_pinned_moved: u64,
    pub(crate) fleet_cost: u64,
    pub(crate) free_replan_cost: u64,
    pub(crate) above_free_replan_percent: f64,
}

/// Both disturbances.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AdraDisturbReport {
    pub(crate) regime: f64,
    pub(crate) seed: u64,
    pub(crate) repaired: Vec<Repaired>,
}

/// One route in twenty is locked; one waybill in a hundred is pinned.
const LOCKED_EVERY: usize = 20;
const PINNED_EVERY: usize = 100;
/// One truck in fifty of the type breaks down; this many of each type are spare, in a hundred.
const BROKEN_EVERY: u32 = 50;
const SPARE_PERCENT: u32 = 3;
/// The quota of one zone in ten is cut by a tenth of its use.
const CUT_ZONE_EVERY: usize = 10;
/// Waybills that the repair may move to save cost, in a thousand.
const MOVED_PER_MILLE: u64 = 20;

/// Plans, disturbs the first slot, repairs, compares.
///
/// # Errors
/// [`AdraError`] when the engine's answer breaks a rule.
pub(crate) fn run(args: &DayArgs) -> Result<AdraDisturbReport, AdraError> {
    let network = scenario::network(args.waybills, Upgrades::Priced)?;
    let wanted = scenario::waybills(args.waybills, args.regime, args.seed);
    let history = History::before(args.waybills, args.regime, args.seed);
    let played = play(&network, &history, &wanted)?;
    let (Some(day), Some(planned)) = (played.days.first(), played.planned.first()) else {
        return Err(AdraError::Scenario("there is no slot".to_owned()));
    };
    let (day, planned) = settle(&network, day, planned, args.seconds)?;
    let breakdown = disturb(&network, &day, &planned, args, break_down)?;
    let cut = disturb(&network, &day, &planned, args, cut_quotas)?;
    let repaired = vec![
        Repaired { disturbance: "truck breakdown", ..breakdown },
        Repaired { disturbance: "quota cut by 10 %", ..cut },
    ];
    Ok(AdraDisturbReport { regime: args.regime, seed: args.seed, repaired })
}

/// The day as the background work leaves it, with some routes locked and some waybills pinned, and
/// hardly a truck to spare.
fn settle(
    network: &Network,
    day: &SlotDay,
    planned: &[Planned],
    seconds: f64,
) -> Result<(SlotDay, Vec<Planned>), AdraError> {
    let settled = reoptimise(network, day, planned, Bounds::default(), seconds)?;
    let (mut settled, planned) = (settled.day, settled.planned);
    let routes: Vec<RouteId> = settled.routes().map(routing::state::Route::id).collect();
    for route in routes.into_iter().step_by(LOCKED_EVERY) {
        settled.set_status(route, RouteStatus::Locked)?;
    }
    let pools: Vec<_> = settled.pool().map(|(code, pool)| (code.clone(), pool.used)).collect();
    for (code, used) in pools {
        settled.set_pool_limit(&code, used + used * SPARE_PERCENT / 100);
    }
    let pin = |(at, waybill): (usize, Planned)| Planned {
        fixed: waybill.place.is_some() && at % PINNED_EVERY == 0,
        ..waybill
    };
    Ok((settled, planned.into_iter().enumerate().map(pin).collect()))
}

/// Changes the day and answers which waybills that concerns, given what the repair did.
type Disturb = fn(&mut SlotDay) -> Result<Affected, AdraError>;

/// Tells, after the repair, whether a waybill was concerned.
enum Affected {
    /// Those on routes that had a truck of this type and have not any more: one route a truck.
    LostTruck { truck_type: routing::TruckTypeCode, trucks: usize },
    /// Those that had to leave their zone.
    LostQuota,
}

/// Trucks of the most used type break down.
fn break_down(day: &mut SlotDay) -> Result<Affected, AdraError> {
    let pools = day.pool().map(|(code, pool)| (pool.used, code.clone()));
    let (used, truck_type) =
        pools.max().ok_or_else(|| AdraError::Scenario("there is no truck".to_owned()))?;
    let broken = used.div_ceil(BROKEN_EVERY);
    day.set_pool_limit(&truck_type, used - broken);
    let trucks = usize::try_from(broken).unwrap_or(usize::MAX);
    Ok(Affected::LostTruck { truck_type, trucks })
}

fn cut_quotas(day: &mut SlotDay) -> Result<Affected, AdraError> {
    let zones: Vec<_> =
        day.zones().map(|(code, zone)| (code.clone(), zone.used(), zone.limit())).collect();
    for (code, used, limit) in zones.into_iter().step_by(CUT_ZONE_EVERY) {
        day.set_zone_limit(&code, Load { waybills: used.waybills - used.waybills / 10, ..limit })?;
    }
    Ok(Affected::LostQuota)
}

fn disturb(
    network: &Network,
    settled: &SlotDay,
    planned: &[Planned],
    args: &DayArgs,
    disturb: Disturb,
) -> Result<Repaired, AdraError> {
    let mut day = settled.clone();
    let affected = disturb(&mut day)?;
    let most_moved = u32::try_from(count(planned.len()) * MOVED_PER_MILLE / 1_000).unwrap_or(0);
    let bounds = Bounds { most_moved, ..Bounds::default() };
    let repaired = reoptimise(network, &day, planned, bounds, args.seconds)?;
    let free = reoptimise(network, &day, planned, Bounds::default(), args.seconds)?;
    let is_affected = affected.judge(&day, &repaired.day, planned, &repaired.planned);
    let (mut unaffected, mut kept, mut forbidden, mut hit) = (0, 0, 0, 0);
    for ((was, is), affected) in planned.iter().zip(&repaired.planned).zip(is_affected) {
        let stays = was.place == is.place;
        let route = was.place.and_then(|id| day.route(id));
        let is_locked = route.is_some_and(|route| route.status() != RouteStatus::Open);
        forbidden += u64::from(!stays && (was.fixed || is_locked));
        hit += u64::from(affected);
        unaffected += u64::from(!affected);
        kept += u64::from(!affected && stays);
    }
    Ok(Repaired {
        disturbance: "",
        waybills: count(planned.len()),
        affected: hit,
        unassigned: without_a_place(&repaired.planned),
        unassigned_by_reason: reasons(network, &day, &repaired)?,
        free_replan_unassigned: without_a_place(&free.planned),
        kept_percent: ratio(kept, to_f64(unaffected)) * 100.0,
        locked_or_pinned_moved: forbidden,
        fleet_cost: repaired.fleet_cost,
        free_replan_cost: free.fleet_cost,
        above_free_replan_percent: (ratio(repaired.fleet_cost, to_f64(free.fleet_cost)) - 1.0)
            * 100.0,
    })
}

fn without_a_place(planned: &[Planned]) -> u64 {
    count(planned.iter().filter(|waybill| waybill.place.is_none()).count())
}

/// Asks the online engine for a place for each waybill that has none, each time on the same day, with
/// the limits of the disturbed one.
fn reasons(
    network: &Network,
    disturbed: &SlotDay,
    repaired: &Reoptimised,
) -> Result<BTreeMap<String, u64>, AdraError> {
    let mut repaired_day = repaired.day.clone();
    for (code, pool) in disturbed.pool() {
        repaired_day.set_pool_limit(code, pool.limit);
    }
    for (code, zone) in disturbed.zones() {
        repaired_day.set_zone_limit(code, zone.limit())?;
    }
    let mut reasons = BTreeMap::new();
    for waybill in repaired.planned.iter().filter(|waybill| waybill.place.is_none()) {
        let request = Request {
            waybill_no: waybill.waybill_no.clone(),
            order: waybill.order,
            stop: waybill.stop,
            zone: waybill.zone.clone(),
            sku_class: waybill.sku_class,
            load: waybill.load,
            origin: Origin::Regular,
            excluded_routes: Vec::new(),
        };
        let (mut day, mut ids) = (repaired_day.clone(), Ids::from(u128::from(u64::MAX)));
        let (at, forecast) = (scenario::judged_at(), Forecast::like(request.load));
        let decision = assign(network, &mut day, &request, at, &forecast, &mut ids)?;
        let reason = match decision.outcome {
            Outcome::Assigned(_) => "place_found".to_owned(),
            Outcome::Unassignable(reason) => reason_name(reason),
        };
        *reasons.entry(reason).or_insert(0) += 1;
    }
    Ok(reasons)
}

impl Affected {
    fn judge(
        &self,
        before: &SlotDay,
        after: &SlotDay,
        was: &[Planned],
        is: &[Planned],
    ) -> Vec<bool> {
        match self {
            Self::LostTruck { truck_type, trucks } => {
                let has_it = |day: &SlotDay, id: RouteId| {
                    day.route(id).is_some_and(|route| route.truck().code == *truck_type)
                };
                let routes = before.routes().map(routing::state::Route::id);
                let lost = routes.filter(|id| has_it(before, *id) && !has_it(after, *id));
                let lost: BTreeSet<RouteId> = lost.take(*trucks).collect();
                was.iter().map(|one| one.place.is_some_and(|id| lost.contains(&id))).collect()
            }
            Self::LostQuota => was
                .iter()
                .zip(is)
                .map(|(was, is)| was.place.is_some() && is.place.is_none())
                .collect(),
        }
    }
}

/// For people.
pub(crate) fn print(report: &AdraDisturbReport) {
    println!("median {} litres, seed {}", report.regime, report.seed);
    for repaired in &report.repaired {
        println!(
            "{}: {} of {} waybills affected, {} without a place ({:?}; {} after a free re-plan); {:.2} % of the others keep their route, {} locked or pinned moved; fleet cost {} ({:+.2} % above a free re-plan's {})",
            repaired.disturbance,
            repaired.affected,
            repaired.waybills,
            repaired.unassigned,
            repaired.unassigned_by_reason,
            repaired.free_replan_unassigned,
            repaired.kept_percent,
            repaired.locked_or_pinned_moved,
            repaired.fleet_cost,
            repaired.above_free_replan_percent,
            repaired.free_replan_cost
        );
    }
}

#[cfg(test)]
mod tests;
