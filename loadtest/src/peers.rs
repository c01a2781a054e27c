//! The sequencing search beside other people's solvers: same files, same processor seconds, one core
//! each, judged by the same checker.
//!
//! What lives here: running PyVRP and VROOM (through small Python scripts) and vrp-cli where they are installed.
//! What never does: installing them, or their plans taken at their word.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use clap::{Args, Subcommand};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::vrptw::instance::Instance;
use crate::vrptw::{BestKnown, Known, VrptwError, checker, gap_percent, solve_one};

/// Run by the interpreter that has PyVRP.
const PYVRP_SCRIPT: &str =
    concat!(include_str!("peers/solomon.py"), include_str!("peers/pyvrp_solve.py"));
/// Run by the interpreter that has VROOM.
const VROOM_SCRIPT: &str =
    concat!(include_str!("peers/solomon.py"), include_str!("peers/vroom_solve.py"));
/// Clock ticks of one second: fixed for user space on Linux.
const TICKS_PER_SECOND: f64 = 100.0;
/// vrp-cli runs again when it had less than this share of its processor seconds, at most so often.
const ENOUGH: f64 = 0.9;
const MOST_REPEATS: u32 = 2;

/// `loadtest peers ...`
#[derive(Debug, Clone, Subcommand)]
pub(crate) enum PeersCommand {
    /// Time windows: PyVRP, vrp-cli and VROOM on Solomon and Homberger files
    Vrptw(PeersArgs),
}

/// `loadtest peers vrptw ...`
#[derive(Debug, Clone, Args)]
pub(crate) struct PeersArgs {
    /// Instances in Solomon's format
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Best known plans, as for `vrptw`
    #[arg(long, value_name = "BKS.json")]
    pub(crate) bks: Option<PathBuf>,
    /// Seconds for each solver and instance
    #[arg(long, default_value_t = 10)]
    pub(crate) seconds: u32,
    /// Seed of ours and of PyVRP; the others take none
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// A Python interpreter that has the packages `pyvrp` and `pyvroom`
    #[arg(long, default_value = "python3")]
    pub(crate) python: PathBuf,
    /// The `vrp-cli` program
    #[arg(long, default_value = "vrp-cli")]
    pub(crate) vrp_cli: PathBuf,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Why a solver has no plan for an instance.
#[derive(Debug, Error)]
enum PeerError {
    #[error("cannot start {program}: {reason}; {install}")]
    Absent { program: String, reason: std::io::Error, install: &'static str },
    #[error("it failed: {words}; {install}")]
    Failed { words: String, install: &'static str },
    #[error("its answer is not understood: {0}")]
    Answer(String),
}

/// One solver's plan, or why there is none.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Ranked {
    pub(crate) solver: &'static str,
    pub(crate) vehicles: Option<usize>,
    pub(crate) distance: Option<f64>,
    pub(crate) gap_percent: Option<f64>,
    pub(crate) cpu_seconds: Option<f64>,
    /// What the checker or the solver itself says is wrong.
    pub(crate) faults: Vec<String>,
}

/// All solvers on one instance, ours first.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Comparison {
    pub(crate) instance: String,
    pub(crate) best_known: Option<Known>,
    pub(crate) solvers: Vec<Ranked>,
}

/// Ours against one other solver, over the instances that both have solved.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Score {
    pub(crate) against: &'static str,
    pub(crate) instances: usize,
    /// Fewer vehicles, or as many and a shorter distance (by more than a hundredth of a percent).
    pub(crate) ahead: usize,
    /// As many vehicles and the same distance.
    pub(crate) level: usize,
    pub(crate) our_vehicles: usize,
    pub(crate) their_vehicles: usize,
    /// Our distance above theirs in percent where vehicles are equal: mean and worst.
    pub(crate) mean_distance_percent: Option<f64>,
    pub(crate) worst_distance_percent: Option<f64>,
}

/// The whole comparison.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct PeersReport {
    pub(crate) seconds: u32,
    pub(crate) seed: u64,
    pub(crate) comparisons: Vec<Comparison>,
    pub(crate) scores: Vec<Score>,
}

const OURS: &str = "dray";
const PYVRP: &str = "PyVRP";
const VRP_CLI: &str = "vrp-cli";
const VROOM: &str = "VROOM";
const PEERS: [&str; 3] = [PYVRP, VRP_CLI, VROOM];

/// Runs every solver on every file.
///
/// # Errors
/// [`VrptwError`] when a file is not understood. A solver that is not installed is reported, not
/// fatal.
pub(crate) fn run(args: &PeersArgs) -> Result<PeersReport, VrptwError> {
    let known = args.bks.as_deref().map(BestKnown::load).transpose()?;
    let mut comparisons = Vec::new();
    for file in &args.files {
        let instance = Instance::load(file)?;
        comparisons.push(compare(args, file, &instance, known.as_ref())?);
    }
    let scores = PEERS.map(|peer| score(peer, &comparisons)).to_vec();
    Ok(PeersReport { seconds: args.seconds, seed: args.seed, comparisons, scores })
}

fn compare(
    args: &PeersArgs,
    file: &Path,
    instance: &Instance,
    known: Option<&BestKnown>,
) -> Result<Comparison, VrptwError> {
    let best_known = known.and_then(|table| table.of(&instance.name));
    let solved = solve_one(instance, known, f64::from(args.seconds), args.seed)?;
    let ours = Ranked {
        solver: OURS,
        vehicles: Some(solved.vehicles),
        distance: Some(solved.distance),
        gap_percent: solved.gap_percent,
        cpu_seconds: Some(solved.cpu_seconds),
        faults: solved.faults,
    };
    let (answer, cpu_seconds) = timed(|| pyvrp(args, file));
    let pyvrp = rank(PYVRP, instance, best_known, answer, cpu_seconds);
    let (answer, cpu_seconds) = vrp_cli_by_processor_time(args, file);
    let vrp_cli = rank(VRP_CLI, instance, best_known, answer, cpu_seconds);
    let (answer, cpu_seconds) = timed(|| vroom(args, file));
    let vroom = rank(VROOM, instance, best_known, answer, cpu_seconds);
    let solvers = vec![ours, pyvrp, vrp_cli, vroom];
    Ok(Comparison { instance: instance.name.clone(), best_known, solvers })
}

type Answer = Result<Vec<Vec<u32>>, PeerError>;

/// With the processor seconds that the child took.
fn timed(run: impl FnOnce() -> Answer) -> (Answer, Option<f64>) {
    let before = children_cpu_seconds();
    let answer = run();
    (answer, before.zip(children_cpu_seconds()).map(|(from, to)| to - from))
}

/// Its budget is wall time. On a busy machine it is run again, for as much longer as it was kept
/// waiting.
fn vrp_cli_by_processor_time(args: &PeersArgs, file: &Path) -> (Answer, Option<f64>) {
    let wanted = f64::from(args.seconds);
    let mut wall_seconds = args.seconds;
    let mut last = timed(|| vrp_cli(args, file, wall_seconds));
    for _ in 0..MOST_REPEATS {
        let Some(had) = last.1.filter(|had| last.0.is_ok() && *had < ENOUGH * wanted) else {
            break;
        };
        let longer = f64::from(wall_seconds) * wanted / had.max(0.1);
        wall_seconds = crate::dice::whole(longer, args.seconds, args.seconds * 8);
        last = timed(|| vrp_cli(args, file, wall_seconds));
    }
    last
}

fn rank(
    solver: &'static str,
    instance: &Instance,
    best_known: Option<Known>,
    answer: Answer,
    cpu_seconds: Option<f64>,
) -> Ranked {
    match answer {
        Ok(routes) => {
            let verdict = checker::check(instance, &routes);
            Ranked {
                solver,
                vehicles: Some(verdict.vehicles),
                distance: Some(verdict.distance),
                gap_percent: gap_percent(&verdict, best_known),
                cpu_seconds,
                faults: verdict.faults,
            }
        }
        Err(error) => Ranked {
            solver,
            vehicles: None,
            distance: None,
            gap_percent: None,
            cpu_seconds: None,
            faults: vec![error.to_string()],
        },
    }
}

fn pyvrp(args: &PeersArgs, file: &Path) -> Answer {
    let install = "install PyVRP (`python3 -m venv VENV && VENV/bin/pip install pyvrp`) and name its interpreter with --python";
    let mut command = script(args, PYVRP_SCRIPT, file);
    command.arg(args.seed.to_string());
    routes_of(&output(&mut command, install)?)
}

/// It ends by itself when its search comes to its end, most often long before its seconds are over.
fn vroom(args: &PeersArgs, file: &Path) -> Answer {
    let install = "install VROOM (`VENV/bin/pip install pyvroom numpy`) for the interpreter that --python names";
    routes_of(&output(&mut script(args, VROOM_SCRIPT, file), install)?)
}

/// A script that solves a file within the seconds.
fn script(args: &PeersArgs, text: &str, file: &Path) -> Command {
    let mut command = Command::new(&args.python);
    command.args(["-c", text]).arg(file).arg(args.seconds.to_string());
    command
}

fn routes_of(output: &Output) -> Answer {
    #[derive(Deserialize)]
    struct Found {
        routes: Vec<Vec<u32>>,
    }
    let found: Found = serde_json::from_slice(&output.stdout)
        .map_err(|error| PeerError::Answer(error.to_string()))?;
    Ok(found.routes)
}

fn vrp_cli(args: &PeersArgs, file: &Path, wall_seconds: u32) -> Answer {
    let install = "install it (`cargo install vrp-cli`) and name it with --vrp-cli";
    let mut command = Command::new(&args.vrp_cli);
    command.args(["solve", "solomon"]).arg(file);
    // One pool of one thread; its clock is the wall's.
    command.args(["-t", &wall_seconds.to_string(), "-p", "1,1"]);
    let output = output(&mut command, install)?;
    parse_vrp_cli(&String::from_utf8_lossy(&output.stdout))
}

/// Lines like `Route 1: 5 3 7`; everything else is talk.
fn parse_vrp_cli(text: &str) -> Answer {
    let routes = text.lines().filter_map(|line| line.trim().strip_prefix("Route "));
    let parse = |line: &str| {
        let (_number, stops) = line.split_once(':')?;
        stops.split_whitespace().map(|stop| stop.parse().ok()).collect::<Option<Vec<u32>>>()
    };
    let routes: Option<Vec<_>> = routes.map(parse).collect();
    routes.filter(|routes| !routes.is_empty()).ok_or_else(|| PeerError::Answer(text.to_owned()))
}

fn output(command: &mut Command, install: &'static str) -> Result<Output, PeerError> {
    let output = command.output().map_err(|reason| PeerError::Absent {
        program: command.get_program().to_string_lossy().into_owned(),
        reason,
        install,
    })?;
    if output.status.success() {
        return Ok(output);
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.lines().last().unwrap_or("without a word").to_owned();
    Err(PeerError::Failed { words, install })
}

/// Processor time of all children that have ended: fields 16 and 17 of `/proc/self/stat`.
fn children_cpu_seconds() -> Option<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let (_head, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(13);
    let (user, system): (f64, f64) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
    Some((user + system) / TICKS_PER_SECOND)
}

fn score(against: &'static str, comparisons: &[Comparison]) -> Score {
    let mut score = Score {
        against,
        instances: 0,
        ahead: 0,
        level: 0,
        our_vehicles: 0,
        their_vehicles: 0,
        mean_distance_percent: None,
        worst_distance_percent: None,
    };
    let mut percents = Vec::new();
    for comparison in comparisons {
        let plan = |solver: &str| {
            let ranked = comparison.solvers.iter().find(|ranked| ranked.solver == solver)?;
            ranked.vehicles.zip(ranked.distance).filter(|_| ranked.faults.is_empty())
        };
        let (Some(ours), Some(theirs)) = (plan(OURS), plan(against)) else { continue };
        score.instances += 1;
        score.our_vehicles += ours.0;
        score.their_vehicles += theirs.0;
        if ours.0 == theirs.0 {
            let percent = (ours.1 / theirs.1 - 1.0) * 100.0;
            percents.push(percent);
            score.ahead += usize::from(percent < -0.01);
            score.level += usize::from(percent.abs() <= 0.01);
        } else {
            score.ahead += usize::from(ours.0 < theirs.0);
        }
    }
    let count: f64 = percents.iter().map(|_| 1.0).sum();
    if count > 0.0 {
        score.mean_distance_percent = Some(percents.iter().sum::<f64>() / count);
        score.worst_distance_percent = percents.iter().copied().reduce(f64::max);
    }
    score
}

/// For people.
pub(crate) fn print(report: &PeersReport) {
    println!("{} s each on one core, seed {}", report.seconds, report.seed);
    println!(
        "{:<10} {:>12}  {:<8} {:>8} {:>10} {:>8} {:>8}",
        "instance", "best known", "solver", "vehicles", "distance", "gap %", "cpu s"
    );
    for comparison in &report.comparisons {
        let best = comparison.best_known.map_or_else(String::new, |known| known.to_string());
        for ranked in &comparison.solvers {
            print!("{:<10} {best:>12}  {:<8}", comparison.instance, ranked.solver);
            if let (Some(vehicles), Some(distance)) = (ranked.vehicles, ranked.distance) {
                let figure =
                    |value: Option<f64>| value.map_or_else(String::new, |v| format!("{v:.2}"));
                let (gap, cpu) = (figure(ranked.gap_percent), figure(ranked.cpu_seconds));
                print!(" {vehicles:>8} {distance:>10.2} {gap:>8} {cpu:>8}");
            }
            println!("  {}", ranked.faults.join("; "));
        }
    }
    for score in &report.scores {
        print!(
            "against {:<8} ahead on {}, level on {} of {}; vehicles {} against {}",
            score.against,
            score.ahead,
            score.level,
            score.instances,
            score.our_vehicles,
            score.their_vehicles
        );
        if let (Some(mean), Some(worst)) =
            (score.mean_distance_percent, score.worst_distance_percent)
        {
            print!("; distance at equal vehicles {mean:+.2} % on average, {worst:+.2} % at worst");
        }
        println!();
    }
}

#[cfg(test)]
mod tests;
