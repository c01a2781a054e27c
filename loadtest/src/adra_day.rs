//! A synthetic day through the assignment engine: fleet cost online and after re-optimisation, beside
//! the integer-cover lower bound and two fixed upgrade rules; decisions a second and their latency.
//!
//! What lives here: one process, in memory, nothing of the fleet. What never does: hindsight (the
//! forecasts come from former days) or trust (`ledger` commits every set of moves and checks
//! all hard rules).

mod ledger;
mod play;
pub(crate) mod scenario;

use std::collections::BTreeMap;

use clap::Args;
use routing::fleet::{self, Demand};
use routing::optimise::{Bounds, Drives, Improvement, Planned, SlotPlan};
use routing::{Network, SlotDay, StateError, ZoneCode, improve};
use serde::Serialize;
use thiserror::Error;

pub(crate) use ledger::Ledger;
pub(crate) use play::{History, Ids, Played, fleet_cost, play, reason_name};
use scenario::{Upgrades, network, waybills};

use crate::vrptw::cpu_seconds;

/// What can stop a run.
#[derive(Debug, Error)]
pub(crate) enum AdraError {
    /// The scenario contradicts itself.
    #[error("the scenario is not consistent: {0}")]
    Scenario(String),
    /// The engine lost its state.
    #[error("the engine: {0}")]
    Engine(#[from] StateError),
    /// A set of moves does not apply or breaks a rule.
    #[error("a set of moves is wrong: {0}")]
    Moves(String),
    /// Processor time cannot be read.
    #[error("cannot read this process's processor time from /proc/thread-self/schedstat")]
    NoProcessorTime,
}

/// The day that `loadtest adra-day` plays and `loadtest adra-disturb` disturbs.
#[derive(Debug, Clone, Args)]
pub(crate) struct DayArgs {
    /// Median litres of a waybill: 25 (stops bind), 55, 99 (volume binds)
    #[arg(long, default_value_t = 55.0)]
    pub(crate) regime: f64,
    /// Seed of the day; the former days that its forecast comes from have seeds of their own
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Waybills of the day
    #[arg(long, default_value_t = 150_000)]
    pub(crate) waybills: u64,
    /// Processor seconds of each re-optimisation of a slot; a day has four
    #[arg(long, default_value_t = 15.0)]
    pub(crate) seconds: f64,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// A fleet cost, and how far it lies above the lower bound.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Cost {
    pub(crate) fleet_cost: u64,
    /// Above the bound of the waybills that this run placed.
    pub(crate) gap_percent: f64,
    pub(crate) unassigned: u64,
}

/// The whole day.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct AdraDayReport {
    pub(crate) regime: f64,
    pub(crate) seed: u64,
    pub(crate) waybills: u64,
    pub(crate) lower_bound: u64,
    pub(crate) online: Cost,
    pub(crate) reoptimised: Cost,
    pub(crate) never_upgrade: Cost,
    pub(crate) always_upgrade_first: Cost,
    pub(crate) unassigned_by_reason: BTreeMap<String, u64>,
    pub(crate) move_sets: usize,
    pub(crate) moved_waybills: u64,
    pub(crate) reoptimisation_cpu_seconds: f64,
    pub(crate) decisions_per_cpu_second: f64,
    pub(crate) day_cpu_seconds: f64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
}

/// Plays the day three times (priced, never, first) and re-optimises the first.
///
/// # Errors
/// [`AdraError`] when the engine's answer breaks a rule.
pub(crate) fn run(args: &DayArgs) -> Result<AdraDayReport, AdraError> {
    let wanted = waybills(args.waybills, args.regime, args.seed);
    let history = History::before(args.waybills, args.regime, args.seed);
    let priced = network(args.waybills, Upgrades::Priced)?;
    let fixed = |rule| -> Result<Cost, AdraError> {
        let played = play(&network(args.waybills, rule)?, &history, &wanted)?;
        Ok(cost(fleet_cost(&played.days), bound(&priced, &played), &played))
    };
    let (never_upgrade, always_upgrade_first) = (fixed(Upgrades::Never)?, fixed(Upgrades::First)?);
    let played = play(&priced, &history, &wanted)?;
    let lower_bound = bound(&priced, &played);
    let before = cpu_seconds().ok_or(AdraError::NoProcessorTime)?;
    let slots = played.days.iter().zip(&played.planned);
    let slots: Vec<Reoptimised> = slots
        .map(|(day, planned)| reoptimise(&priced, day, planned, Bounds::default(), args.seconds))
        .collect::<Result<_, _>>()?;
    let better = slots.iter().map(|slot| slot.fleet_cost).sum();
    let reoptimisation_cpu_seconds = cpu_seconds().ok_or(AdraError::NoProcessorTime)? - before;
    let percentile = |share: f64| percentile_us(&played.latencies_ns, share);
    Ok(AdraDayReport {
        regime: args.regime,
        seed: args.seed,
        waybills: args.waybills,
        lower_bound,
        online: cost(fleet_cost(&played.days), lower_bound, &played),
        reoptimised: cost(better, lower_bound, &played),
        never_upgrade,
        always_upgrade_first,
        unassigned_by_reason: played.unassigned.clone(),
        move_sets: slots.iter().map(|slot| slot.move_sets).sum(),
        moved_waybills: slots.iter().map(|slot| slot.moved).sum(),
        reoptimisation_cpu_seconds,
        decisions_per_cpu_second: ratio(args.waybills, played.cpu_seconds),
        day_cpu_seconds: played.cpu_seconds,
        p50_us: percentile(0.5),
        p99_us: percentile(0.99),
        p999_us: percentile(0.999),
    })
}

/// What became of a slot-day, by the ledger.
#[derive(Debug, Clone)]
pub(crate) struct Reoptimised {
    pub(crate) fleet_cost: u64,
    pub(crate) move_sets: usize,
    pub(crate) moved: u64,
    /// The slot-day, and where each waybill is in the end.
    pub(crate) day: SlotDay,
    pub(crate) planned: Vec<Planned>,
}

/// Improves a slot-day for a number of processor seconds, commits every set and checks the end.
pub(crate) fn reoptimise(
    network: &Network,
    day: &SlotDay,
    planned: &[Planned],
    bounds: Bounds,
    seconds: f64,
) -> Result<Reoptimised, AdraError> {
    let start = cpu_seconds().ok_or(AdraError::NoProcessorTime)?;
    let mut keep_going = || cpu_seconds().is_some_and(|now| now - start < seconds);
    let last = day.routes().map(|route| route.id().0.as_u128()).max().unwrap_or(0);
    let mut ids = Ids::from(last);
    // the day has no map
    let drives = Drives::default();
    let plan = SlotPlan { network, day, waybills: planned, drives: &drives };
    let Improvement { before, after, move_sets } =
        improve(plan, bounds, 1, &mut ids, &mut keep_going)?;
    let mut ledger = Ledger::of(network, day, planned);
    let mut last = before;
    for set in &move_sets {
        ledger.commit(set).map_err(AdraError::Moves)?;
        if set.objective.violations > last.violations {
            return Err(AdraError::Moves("a set adds a violation".to_owned()));
        }
        last = set.objective;
    }
    let faults = ledger.faults();
    if let Some(fault) = faults.first().filter(|_| after.violations == 0) {
        return Err(AdraError::Moves(fault.clone()));
    }
    if ledger.fleet_cost() != after.fleet_cost {
        return Err(AdraError::Moves("the engine counts another fleet cost".to_owned()));
    }
    let moved = ledger.places.iter().zip(planned).filter(|(place, was)| **place != was.place);
    Ok(Reoptimised {
        fleet_cost: ledger.fleet_cost(),
        move_sets: move_sets.len(),
        moved: count(moved.count()),
        day: ledger.day()?,
        planned: planned
            .iter()
            .zip(&ledger.places)
            .map(|(was, place)| Planned { place: *place, ..was.clone() })
            .collect(),
    })
}

/// The sum of the zones' integer covers, of the waybills that have a place.
fn bound(network: &Network, played: &Played) -> u64 {
    let mut sum = 0;
    for (slot, planned) in played.planned.iter().enumerate() {
        let timeslot = scenario::key(slot).timeslot;
        let mut zones: BTreeMap<&ZoneCode, Vec<_>> = BTreeMap::new();
        for waybill in planned.iter().filter(|waybill| waybill.place.is_some()) {
            zones.entry(&waybill.zone).or_default().push((&waybill.load, waybill.stop));
        }
        for (zone, waybills) in zones {
            let options = fleet::options(network, zone, &timeslot);
            sum += fleet::lower_bound(Demand::of(waybills), &options).unwrap_or(0);
        }
    }
    sum
}

fn cost(fleet_cost: u64, lower_bound: u64, played: &Played) -> Cost {
    let gap_percent = (ratio(fleet_cost, to_f64(lower_bound)) - 1.0) * 100.0;
    Cost { fleet_cost, gap_percent, unassigned: played.unassigned.values().sum() }
}

fn percentile_us(sorted_ns: &[u64], share: f64) -> f64 {
    let most = to_f64(count(sorted_ns.len().saturating_sub(1)));
    let at = crate::dice::whole(share * most, 0, u32::MAX);
    let nanoseconds = usize::try_from(at).ok().and_then(|at| sorted_ns.get(at)).copied();
    to_f64(nanoseconds.unwrap_or(0)) / 1_000.0
}

#[allow(clippy::as_conversions, reason = "a figure for people; rounding does no harm")]
pub(crate) fn to_f64(number: u64) -> f64 {
    number as f64
}

pub(crate) fn ratio(part: u64, whole: f64) -> f64 {
    to_f64(part) / whole.max(1e-9)
}

pub(crate) fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}

/// For people.
pub(crate) fn print(report: &AdraDayReport) {
    println!(
        "{} waybills, median {} litres, seed {}: lower bound {}",
        report.waybills, report.regime, report.seed, report.lower_bound
    );
    let lines = [
        ("online", report.online),
        ("re-optimised", report.reoptimised),
        ("never upgrade", report.never_upgrade),
        ("upgrade first", report.always_upgrade_first),
    ];
    for (name, cost) in lines {
        println!(
            "{name:<14} fleet cost {:>8}, {:+.1} % above the bound, {} unassigned",
            cost.fleet_cost, cost.gap_percent, cost.unassigned
        );
    }
    for (reason, number) in &report.unassigned_by_reason {
        println!("unassigned: {number} {reason}");
    }
    println!(
        "{} sets moved {} waybills in {:.1} s of processor time",
        report.move_sets, report.moved_waybills, report.reoptimisation_cpu_seconds
    );
    println!(
        "{:.0} decisions a second of one core, the day in {:.2} s; p50 {:.1} us, p99 {:.1} us, p99.9 {:.1} us",
        report.decisions_per_cpu_second,
        report.day_cpu_seconds,
        report.p50_us,
        report.p99_us,
        report.p999_us
    );
}

#[cfg(test)]
mod tests;
