//! Sequencing on public instances: vehicles, distance, and the gap to the best known plan.
//!
//! What lives here: running the sequencing search of the routing engine on Solomon and Homberger
//! files under a processor-time budget. What never does: trust. `checker` judges each plan on the
//! raw file with arithmetic of its own.

pub(crate) mod checker;
pub(crate) mod instance;
mod known;

use std::path::{Path, PathBuf};

use clap::Args;
use routing::sequence::{Problem, ProblemError, ProblemParts, Travel, Visit, solve};
use serde::Serialize;
use thiserror::Error;

use instance::Instance;
pub(crate) use known::{BestKnown, Known};

/// What can stop a run.
#[derive(Debug, Error)]
pub(crate) enum VrptwError {
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Read {
        /// Which.
        path: PathBuf,
        /// What the system says.
        reason: std::io::Error,
    },
    /// An instance is not understood.
    #[error("{path} is no Solomon or Homberger file: {problem}")]
    Format {
        /// Which.
        path: PathBuf,
        /// What is missing or wrong.
        problem: String,
    },
    /// The table of best known plans is not understood.
    #[error("{path} is no table of best known plans: {problem}")]
    BestKnown {
        /// Which.
        path: PathBuf,
        /// What is wrong.
        problem: String,
    },
    /// The engine refuses the instance.
    #[error("{instance}: {problem}")]
    Refused {
        /// Which.
        instance: String,
        /// The engine's words.
        problem: ProblemError,
    },
    /// Processor time cannot be read.
    #[error("cannot read this process's processor time from /proc/self/schedstat")]
    NoProcessorTime,
}

/// `loadtest vrptw ...`
#[derive(Debug, Clone, Args)]
pub(crate) struct VrptwArgs {
    /// Instances in Solomon's format, solved one after the other
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Best known plans: a JSON object of instance names, each with `solved_with_vehicles` and
    /// `best_known_cost` in double precision Euclidean distance
    #[arg(long, value_name = "BKS.json")]
    pub(crate) bks: Option<PathBuf>,
    /// Processor seconds for each instance
    #[arg(long, default_value_t = 10.0)]
    pub(crate) seconds: f64,
    /// Seed of the search
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// All instances of one run.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct VrptwReport {
    /// The seed.
    pub(crate) seed: u64,
    /// Budget of each instance.
    pub(crate) seconds: f64,
    /// How distances are counted.
    pub(crate) distances: &'static str,
    /// One entry a file, in the order given.
    pub(crate) instances: Vec<Solved>,
    /// Vehicles of all instances together.
    pub(crate) vehicles: usize,
    /// The same of the best known plans, where all are known.
    pub(crate) best_known_vehicles: Option<usize>,
    /// Whether the checker found no fault anywhere.
    pub(crate) feasible: bool,
}

/// One solved instance.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Solved {
    /// Name, as in the file's first line.
    pub(crate) instance: String,
    /// Stops to serve.
    pub(crate) stops: usize,
    /// Routes used, by the checker.
    pub(crate) vehicles: usize,
    /// Their length, by the checker.
    pub(crate) distance: f64,
    /// What the checker found wrong; empty when the plan holds.
    pub(crate) faults: Vec<String>,
    /// Best known plan.
    pub(crate) best_known: Option<Known>,
    /// Distance above the best known in percent, at the same number of vehicles.
    pub(crate) gap_percent: Option<f64>,
    /// Processor seconds used.
    pub(crate) cpu_seconds: f64,
    /// Ruin-and-recreate steps.
    pub(crate) steps: u64,
}

const DISTANCES: &str = "Euclidean in double precision, not rounded (as the best known plans)";

/// Solves every file.
///
/// # Errors
/// [`VrptwError`] when a file is not understood.
pub(crate) fn run(args: &VrptwArgs) -> Result<VrptwReport, VrptwError> {
    let known = args.bks.as_deref().map(BestKnown::load).transpose()?;
    let mut instances = Vec::new();
    for file in &args.files {
        let instance = Instance::load(file)?;
        instances.push(solve_one(&instance, known.as_ref(), args.seconds, args.seed)?);
    }
    let vehicles_known = instances.iter().map(|solved| Some(solved.best_known?.vehicles));
    Ok(VrptwReport {
        seed: args.seed,
        seconds: args.seconds,
        distances: DISTANCES,
        vehicles: instances.iter().map(|solved| solved.vehicles).sum(),
        best_known_vehicles: vehicles_known.sum(),
        feasible: instances.iter().all(|solved| solved.faults.is_empty()),
        instances,
    })
}

/// Solves one instance with our own search.
pub(crate) fn solve_one(
    instance: &Instance,
    known: Option<&BestKnown>,
    seconds: f64,
    seed: u64,
) -> Result<Solved, VrptwError> {
    let refused = |problem| VrptwError::Refused { instance: instance.name.clone(), problem };
    let start = cpu_seconds().ok_or(VrptwError::NoProcessorTime)?;
    let problem = Problem::build(parts(instance)).map_err(refused)?;
    let used = || cpu_seconds().map_or(f64::INFINITY, |now| now - start);
    let plan = solve(&problem, seed, &mut |_steps| used() / seconds.max(1e-3));
    let cpu_seconds = used();
    let verdict = checker::check(instance, &plan.routes);
    let best_known = known.and_then(|table| table.of(&instance.name));
    Ok(Solved {
        instance: instance.name.clone(),
        stops: instance.stops.len(),
        gap_percent: gap_percent(&verdict, best_known),
        vehicles: verdict.vehicles,
        distance: verdict.distance,
        faults: verdict.faults,
        best_known,
        cpu_seconds,
        steps: plan.steps,
    })
}

/// Distances are comparable only between plans with as many vehicles.
pub(crate) fn gap_percent(verdict: &checker::Verdict, known: Option<Known>) -> Option<f64> {
    let known = known.filter(|known| known.vehicles == verdict.vehicles)?;
    Some((verdict.distance / known.distance - 1.0) * 100.0)
}

fn parts(instance: &Instance) -> ProblemParts {
    let nodes = || std::iter::once(&instance.depot).chain(&instance.stops);
    let visit = |node: &instance::Node| Visit {
        demand: node.demand,
        ready: node.ready,
        due: node.due,
        service: node.service,
    };
    ProblemParts {
        depot: visit(&instance.depot),
        stops: instance.stops.iter().map(visit).collect(),
        travel: Travel::Plane(nodes().map(|node| (node.x, node.y)).collect()),
        capacity: instance.capacity,
        vehicles: instance.vehicles,
    }
}

/// Processor time of this thread: the time that other programs take does not count. The kernel's
/// figure is in nanoseconds.
pub(crate) fn cpu_seconds() -> Option<f64> {
    let text = std::fs::read_to_string(Path::new("/proc/thread-self/schedstat")).ok()?;
    let nanoseconds: f64 = text.split_whitespace().next()?.parse().ok()?;
    Some(nanoseconds / 1e9)
}

/// For people.
pub(crate) fn print(report: &VrptwReport) {
    println!(
        "{:.1} s of processor time each, seed {}; {}",
        report.seconds, report.seed, report.distances
    );
    println!(
        "{:<10} {:>5} {:>8} {:>10} {:>12} {:>8} {:>8} {:>10}  plan",
        "instance", "stops", "vehicles", "distance", "best known", "gap %", "cpu s", "steps"
    );
    for solved in &report.instances {
        let best = solved.best_known.map_or_else(String::new, |known| known.to_string());
        let gap = solved.gap_percent.map_or_else(String::new, |gap| format!("{gap:+.2}"));
        println!(
            "{:<10} {:>5} {:>8} {:>10.2} {best:>12} {gap:>8} {:>8.2} {:>10}  {}",
            solved.instance,
            solved.stops,
            solved.vehicles,
            solved.distance,
            solved.cpu_seconds,
            solved.steps,
            if solved.faults.is_empty() { "feasible".to_owned() } else { solved.faults.join("; ") }
        );
    }
    let best =
        report.best_known_vehicles.map_or_else(String::new, |best| format!(" ({best} best known)"));
    println!("{} vehicles{best}", report.vehicles);
}

#[cfg(test)]
mod tests;
