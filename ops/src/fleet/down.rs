//! `dray fleet down`: ends the fleet that another run of this program started.

use std::time::Duration;

use rustix::process::Signal;
use serde::Serialize;
use tokio::time::Instant;

use super::process::Identity;
use super::register;
use crate::error::{CommandError, Exit, Result};
use crate::output::Output;
use crate::site::Site;

/// The supervisor gives its children 12 s.
const SUPERVISOR_LIMIT: Duration = Duration::from_secs(16);
const CHILD_LIMIT: Duration = Duration::from_secs(12);
const LOOK_EVERY: Duration = Duration::from_millis(50);

#[derive(Debug, Serialize)]
struct Stopped {
    running: bool,
    workers: usize,
    killed: usize,
}

/// Runs the command.
pub(super) async fn down(site: &Site, output: Output) -> Result<()> {
    let Some(entry) = register::find(site)? else {
        let nothing = Stopped { running: false, workers: 0, killed: 0 };
        return output.result(&nothing, || "no fleet of this checkout is running".to_owned());
    };
    entry.supervisor.signal(Signal::TERM)?;
    wait_for(std::slice::from_ref(&entry.supervisor), SUPERVISOR_LIMIT).await;
    entry.supervisor.signal(Signal::KILL)?;
    // whoever the supervisor left behind, because it was killed itself
    let children: Vec<Identity> = entry.children.values().cloned().collect();
    let workers = children.len();
    for child in &children {
        child.signal(Signal::TERM)?;
    }
    wait_for(&children, CHILD_LIMIT).await;
    let stubborn: Vec<Identity> = children.into_iter().filter(Identity::is_alive).collect();
    for child in &stubborn {
        child.signal(Signal::KILL)?;
    }
    wait_for(&stubborn, CHILD_LIMIT).await;
    forget(site)?;
    let stopped = Stopped { running: true, workers, killed: stubborn.len() };
    output.result(&stopped, || {
        format!("stopped {workers} workers, {} of them by force", stopped.killed)
    })
}

async fn wait_for(processes: &[Identity], limit: Duration) {
    let until = Instant::now() + limit;
    while processes.iter().any(Identity::is_alive) && Instant::now() < until {
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn forget(site: &Site) -> Result<()> {
    let path = site.directory("run")?.join("fleet.json");
    match std::fs::remove_file(&path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => {
            Err(CommandError::new(Exit::Io, format!("cannot remove {}: {error}", path.display())))
        }
    }
}
