//! Ends workers, the broker and the cache by force, one after the other, while others load them.
//!
//! What lives here: who is next. What never does: a process outside this checkout (see [`super::processes`] for
//! workers, `ops/services` for the rest).

use std::path::PathBuf;
use std::time::Duration;

use queue_topology::WorkerKind;
use serde::Serialize;
use tokio::process::Command;
use tokio::time::{Instant, sleep};

use super::PortalError;
use super::processes::Home;

/// One that was ended.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Struck {
    /// Who.
    pub(crate) victim: String,
    /// When, in seconds after the load began.
    pub(crate) at_seconds: f64,
    /// How many processes it had; of a service, one.
    pub(crate) processes: usize,
}

/// How to strike.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// Whose processes are ours.
    pub(crate) home: Home,
    /// The script that ends and starts services.
    pub(crate) services: PathBuf,
    /// For how long all victims together are given.
    pub(crate) within: Duration,
}

#[derive(Debug, Clone, Copy)]
enum Victim {
    Worker(WorkerKind),
    Service(&'static str),
}

impl Victim {
    fn all() -> Vec<Self> {
        let services = ["rabbitmq", "redis"].into_iter().map(Self::Service);
        WorkerKind::ALL.into_iter().map(Self::Worker).chain(services).collect()
    }
}

impl Plan {
    /// Strikes each once, with a pause before each; ends after the last one.
    pub(crate) async fn run(self) -> Result<Vec<Struck>, PortalError> {
        let victims = Victim::all();
        let between = self.within / u32::try_from(victims.len() + 2).unwrap_or(1);
        let start = Instant::now();
        let mut struck = Vec::with_capacity(victims.len());
        for victim in victims {
            sleep(between).await;
            let at_seconds = start.elapsed().as_secs_f64();
            let (victim, processes) = match victim {
                Victim::Worker(kind) => (kind.name(), self.home.kill(kind).await?),
                Victim::Service(name) => (name, self.kill_service(name).await?),
            };
            eprintln!("loadtest: kill -9 {victim} ({processes} processes)");
            struck.push(Struck { victim: victim.to_owned(), at_seconds, processes });
        }
        Ok(struck)
    }

    async fn kill_service(&self, name: &str) -> Result<usize, PortalError> {
        self.call(&["kill", name]).await?;
        self.call(&["up"]).await?;
        Ok(1)
    }

    async fn call(&self, arguments: &[&str]) -> Result<(), PortalError> {
        let failed = |why: String| {
            let script = self.services.display();
            PortalError::System(format!("{script} {}: {why}", arguments.join(" ")))
        };
        let called = Command::new(&self.services).args(arguments).output().await;
        let called = called.map_err(|error| failed(error.to_string()))?;
        if called.status.success() {
            return Ok(());
        }
        Err(failed(String::from_utf8_lossy(&called.stderr).trim().to_owned()))
    }
}
