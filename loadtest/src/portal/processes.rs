//! The processes of this checkout: who runs, how much memory and processor each uses, and how it ends by force.
//!
//! What lives here: looking at `/proc`, and `kill -9` by process id. What never does: a process of somebody
//! else. A worker is ours when its program lies beside this one; a service is ours when it works in the state
//! directory of the checkout.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use queue_topology::WorkerKind;
use serde::Serialize;
use tokio::process::Command;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval};

use super::PortalError;

/// How often memory is looked at.
const LOOKED_AT_EVERY: Duration = Duration::from_secs(1);
/// Clock ticks of one second: fixed for user space on Linux.
const TICKS_PER_SECOND: f64 = 100.0;
const SERVICES: [(&str, &str); 4] = [
    ("beam.smp", "rabbitmq"),
    ("mariadbd", "mariadb"),
    ("mysqld", "mariadb"),
    ("redis-server", "redis"),
];

/// Where our processes are told from others.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    programs: PathBuf,
    state: Option<PathBuf>,
}

/// One process.
#[derive(Debug, Clone)]
struct Living {
    name: String,
    pid: u32,
    resident_bytes: u64,
    ticks: u64,
}

impl Home {
    /// Beside this program, and beside the checkout's secret.
    pub(crate) fn find() -> Result<Self, PortalError> {
        let own =
            std::env::current_exe().map_err(|error| PortalError::System(error.to_string()))?;
        let programs = own.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf);
        let secret = settings::var("DRAY_SECRET_FILE").ok().flatten();
        let state = secret.and_then(|file| Path::new(&file).parent().map(Path::to_path_buf));
        Ok(Self { programs, state })
    }

    /// A program beside this one.
    pub(crate) fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    fn living(&self) -> Vec<Living> {
        let Ok(entries) = std::fs::read_dir("/proc") else { return Vec::new() };
        let pid = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
        entries.flatten().filter_map(pid).filter_map(|pid| self.look(pid)).collect()
    }

    /// A process of ours; `None`: somebody else's, or it has just ended.
    fn look(&self, pid: u32) -> Option<Living> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let program = std::fs::read_link(folder.join("exe")).ok()?;
        let name = if program.parent() == Some(self.programs.as_path()) {
            program.file_name()?.to_str()?.to_owned()
        } else {
            self.service(&folder)?.to_owned()
        };
        let resident_bytes = resident(&std::fs::read_to_string(folder.join("status")).ok()?)?;
        let ticks = ticks(&std::fs::read_to_string(folder.join("stat")).ok()?)?;
        Some(Living { name, pid, resident_bytes, ticks })
    }

    fn service(&self, folder: &Path) -> Option<&'static str> {
        let state = self.state.as_deref()?;
        let name = std::fs::read_to_string(folder.join("comm")).ok()?;
        let (_, service) = SERVICES.into_iter().find(|(known, _)| *known == name.trim_end())?;
        let works_there =
            std::fs::read_link(folder.join("cwd")).is_ok_and(|it| it.starts_with(state));
        let is_told = || {
            let line = std::fs::read(folder.join("cmdline")).unwrap_or_default();
            String::from_utf8_lossy(&line).contains(&*state.to_string_lossy())
        };
        (works_there || is_told()).then_some(service)
    }

    /// Ends every process of a worker by force; gives how many.
    pub(crate) async fn kill(&self, kind: WorkerKind) -> Result<usize, PortalError> {
        let pids: Vec<String> = self
            .living()
            .into_iter()
            .filter(|process| process.name == kind.name())
            .map(|process| process.pid.to_string())
            .collect();
        if !pids.is_empty() {
            // one that ended meanwhile needs no killing
            let _ended = Command::new("kill").arg("-9").args(&pids).status().await;
        }
        Ok(pids.len())
    }
}

/// Bytes of `VmRSS`.
fn resident(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

/// User and system time: fields 14 and 15, counted behind the name in parentheses.
fn ticks(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

/// What one program used; its processes taken together.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub(crate) struct Used {
    /// Which.
    pub(crate) process: String,
    /// Resident set at the beginning.
    pub(crate) resident_mib_before: f64,
    /// The largest that was seen.
    pub(crate) resident_mib_most: f64,
    /// At the end.
    pub(crate) resident_mib_after: f64,
    /// Cores on average.
    pub(crate) cores: f64,
}

/// Watches all processes of ours from its start to its end.
#[derive(Debug)]
pub(crate) struct Watch {
    home: Home,
    started: Instant,
    before: BTreeMap<String, Sum>,
    watching: JoinSet<BTreeMap<String, Sum>>,
    stop: tokio::sync::watch::Sender<bool>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    resident_bytes: u64,
    ticks: u64,
}

fn sums(home: &Home) -> BTreeMap<String, Sum> {
    let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
    for Living { name, resident_bytes, ticks, .. } in home.living() {
        let sum = sums.entry(name).or_default();
        sum.resident_bytes += resident_bytes;
        sum.ticks += ticks;
    }
    sums
}

impl Watch {
    /// Begins.
    pub(crate) fn start(home: &Home) -> Self {
        let (stop, mut stopped) = tokio::sync::watch::channel(false);
        let mut watching = JoinSet::new();
        let looked_at = home.clone();
        watching.spawn(async move {
            let mut most: BTreeMap<String, Sum> = BTreeMap::new();
            let mut ticks = interval(LOOKED_AT_EVERY);
            loop {
                tokio::select! {
                    _ = ticks.tick() => {}
                    _ = stopped.changed() => return most,
                }
                for (name, sum) in sums(&looked_at) {
                    let seen = most.entry(name).or_default();
                    seen.resident_bytes = seen.resident_bytes.max(sum.resident_bytes);
                }
            }
        });
        Self { home: home.clone(), started: Instant::now(), before: sums(home), watching, stop }
    }

    /// Ends, and says what was seen.
    pub(crate) async fn end(mut self) -> Vec<Used> {
        let seconds = self.started.elapsed().as_secs_f64().max(1e-9);
        let after = sums(&self.home);
        self.stop.send_replace(true);
        let most = self.watching.join_next().await.and_then(Result::ok).unwrap_or_default();
        let used = |(name, sum): (String, Sum)| {
            let before = self.before.get(&name).copied().unwrap_or_default();
            let most = most.get(&name).copied().unwrap_or_default();
            Used {
                resident_mib_before: mebibytes(before.resident_bytes),
                resident_mib_most: mebibytes(most.resident_bytes.max(sum.resident_bytes)),
                resident_mib_after: mebibytes(sum.resident_bytes),
                cores: count(sum.ticks.saturating_sub(before.ticks)) / TICKS_PER_SECOND / seconds,
                process: name,
            }
        };
        after.into_iter().map(used).collect()
    }
}

fn mebibytes(bytes: u64) -> f64 {
    count(bytes / 1_024) / 1_024.0
}

fn count(number: u64) -> f64 {
    u32::try_from(number).map_or(f64::from(u32::MAX), f64::from)
}
