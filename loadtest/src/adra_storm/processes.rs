//! The two processes: started, killed without a warning at moments by seed, started again. Only those that were
//! started here are ever touched.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::StormArgs;
use crate::bench::BenchError;
use crate::bench::ground::Ground;
use crate::bench::program::beside_us;
use crate::dice::Dice;

const LANES: &str = "8";
/// Between two looks whether it is over or a process ended by itself.
const LOOK: Duration = Duration::from_millis(100);

/// Two real adra-assigner processes, killed when dropped.
pub(super) struct Processes {
    program: PathBuf,
    amqp_url: String,
    database_url: String,
    children: [Child; 2],
}

impl Processes {
    /// Starts both.
    pub(super) fn start(ground: &Ground) -> Result<Self, BenchError> {
        let program = beside_us("adra-assigner")?;
        let (amqp_url, database_url) = (ground.amqp_url.clone(), ground.database_url.clone());
        let one = || start(&program, &amqp_url, &database_url);
        let children = [one()?, one()?];
        Ok(Self { program, amqp_url, database_url, children })
    }

    /// Kills one of them every few seconds, until `is_over` says so; counts in `kills`.
    pub(super) async fn kill_now_and_then(
        &mut self,
        args: &StormArgs,
        kills: &AtomicU64,
        is_over: impl Fn() -> bool,
    ) -> Result<(), BenchError> {
        let mut dice = Dice::new(args.seed, "storm kills", 0);
        let mut ticks = tokio::time::interval(LOOK);
        loop {
            let after = args.kill_every * (0.5 + dice.unit());
            let after = Duration::try_from_secs_f64(after).unwrap_or_default();
            let deadline = tokio::time::Instant::now() + after;
            while args.kill_every <= 0.0 || tokio::time::Instant::now() < deadline {
                ticks.tick().await;
                if is_over() {
                    return Ok(());
                }
                self.check()?;
            }
            self.replace(dice.chance(0.5))?;
            kills.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Nobody ends but by our hand.
    fn check(&mut self) -> Result<(), BenchError> {
        for child in &mut self.children {
            if let Some(status) = child.try_wait().map_err(failed)? {
                return Err(BenchError::Worker(format!("adra-assigner ended by itself: {status}")));
            }
        }
        Ok(())
    }

    fn replace(&mut self, is_first: bool) -> Result<(), BenchError> {
        let [first, second] = &mut self.children;
        let victim = if is_first { first } else { second };
        victim.kill().map_err(failed)?;
        victim.wait().map_err(failed)?;
        *victim = start(&self.program, &self.amqp_url, &self.database_url)?;
        Ok(())
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in &mut self.children {
            // the ground they stand on goes away: there is nothing to drain
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn failed(error: std::io::Error) -> BenchError {
    BenchError::Worker(error.to_string())
}

fn start(program: &Path, amqp_url: &str, database_url: &str) -> Result<Child, BenchError> {
    let started = Command::new(program)
        .env("AMQP_URL", amqp_url)
        .env("DATABASE_URL", database_url)
        .env("DRAY_CONCURRENCY", LANES)
        .env("DRAY_CLOCK", "replay")
        .env("DRAY_PLANNING", "on")
        .env("DRAY_PLANNING_SECONDS", "1")
        .env("DRAY_PLANNING_PAUSE_SECONDS", "5")
        .env("DRAY_LOG", "error")
        .env_remove("REDIS_URL")
        .stdout(Stdio::null())
        .spawn();
    started.map_err(failed)
}
