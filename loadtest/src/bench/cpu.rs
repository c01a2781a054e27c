//! Which process used how much of the machine during a measurement.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

/// Processes that take part, by the name the kernel shows (15 characters at most).
const NAMES: [(&str, &str); 5] = [
    ("beam.smp", "broker"),
    ("mariadbd", "database"),
    ("mysqld", "database"),
    ("waybill-status", "waybill-status"),
    ("loadtest", "loadtest"),
];
/// Clock ticks of one second: fixed for user space on Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Cores that one process used on average.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct CpuShare {
    /// Its role.
    pub(crate) process: String,
    /// Cores.
    pub(crate) cores: f64,
}

/// Readings at the beginning of a measurement.
pub(crate) struct Meter {
    start: Instant,
    ticks: BTreeMap<&'static str, u64>,
}

impl Meter {
    pub(crate) fn start() -> Self {
        Self { start: Instant::now(), ticks: ticks() }
    }

    pub(crate) fn read(&self) -> Vec<CpuShare> {
        let seconds = self.start.elapsed().as_secs_f64().max(1e-9);
        ticks()
            .into_iter()
            .map(|(process, now)| {
                let before = self.ticks.get(process).copied().unwrap_or(0);
                #[allow(clippy::as_conversions, reason = "ticks as a ratio")]
                let used = now.saturating_sub(before) as f64 / TICKS_PER_SECOND;
                CpuShare { process: process.to_owned(), cores: used / seconds }
            })
            .filter(|share| share.cores > 0.005)
            .collect()
    }
}

/// Names the bottleneck: the machine's cores when they are used up, else the waiting.
pub(crate) fn bound_by(cpu: &[CpuShare]) -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let used: f64 = cpu.iter().map(|share| share.cores).sum();
    let largest = cpu.iter().max_by(|a, b| a.cores.total_cmp(&b.cores));
    #[allow(clippy::as_conversions, reason = "a number of cores as a ratio")]
    let busy = used / cores as f64;
    match largest {
        Some(largest) if busy > 0.85 => {
            format!(
                "the processor ({:.0} % of {cores} cores, most of it {})",
                busy * 100.0,
                largest.process
            )
        }
        Some(_) => format!(
            "waiting for confirms and commits (the processor is {:.0} % busy)",
            busy * 100.0
        ),
        None => "nothing measured".to_owned(),
    }
}

fn ticks() -> BTreeMap<&'static str, u64> {
    let mut ticks = BTreeMap::new();
    let Ok(processes) = std::fs::read_dir("/proc") else {
        return ticks;
    };
    for process in processes.flatten() {
        let Ok(stat) = std::fs::read_to_string(process.path().join("stat")) else {
            continue;
        };
        let Some((role, used)) = role_and_ticks(&stat) else {
            continue;
        };
        *ticks.entry(role).or_insert(0) += used;
    }
    ticks
}

/// Reads one `/proc/PID/stat`: the name stands in parentheses, user and system time are fields 14 and 15.
fn role_and_ticks(stat: &str) -> Option<(&'static str, u64)> {
    let (head, rest) = stat.rsplit_once(") ")?;
    let (_, name) = head.split_once('(')?;
    let role = NAMES.iter().find(|(known, _)| *known == name).map(|(_, role)| *role)?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some((role, user + system))
}
