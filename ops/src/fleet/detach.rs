//! `dray fleet up --detach`: the same program again in the background, waited for until it is ready.

use std::fs::File;
use std::process::Stdio;
use std::time::Duration;

use serde::Serialize;
use tokio::process::Command;
use tokio::time::Instant;

use super::process::Identity;
use super::{UpArgs, child, register};
use crate::error::{CommandError, Exit, Result};
use crate::output::Output;
use crate::site::Site;

const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOG_LINES_SHOWN: usize = 20;

#[derive(Debug, Serialize)]
struct Detached {
    supervisor: i32,
    workers: Vec<String>,
    clock: String,
}

/// Starts the supervisor and returns when every worker is ready.
pub(super) async fn up(args: &UpArgs, site: &Site, output: Output) -> Result<()> {
    let log_path = site.directory("log")?.join("fleet.log");
    let log_failed = |error: std::io::Error| CommandError::file("write", &log_path, &error);
    let log = File::options().create(true).append(true).open(&log_path).map_err(log_failed)?;
    let log_before = log.metadata().map_err(log_failed)?.len();
    let this = std::env::current_exe().map_err(log_failed)?;
    let same_arguments = std::env::args_os().skip(1).filter(|argument| argument != "--detach");
    let mut supervisor = Command::new(this)
        .args(same_arguments)
        .arg("--background")
        .stdin(Stdio::null())
        .stdout(log.try_clone().map_err(log_failed)?)
        .stderr(log)
        .spawn()
        .map_err(log_failed)?;
    let identity = supervisor.id().and_then(Identity::of);
    let until = Instant::now() + Duration::from_secs(args.ready_within + 5);
    loop {
        if let Some(status) = supervisor.try_wait().map_err(log_failed)? {
            let end = child::end_of_log(&log_path, log_before, LOG_LINES_SHOWN);
            let message = format!("the fleet did not come up ({status}):\n{end}");
            return Err(CommandError::new(Exit::Unavailable, message));
        }
        let entry =
            register::find(site)?.filter(|entry| Some(&entry.supervisor) == identity.as_ref());
        if let Some(entry) = entry.filter(|entry| entry.ready) {
            let detached = Detached {
                supervisor: entry.supervisor.pid,
                workers: entry.children.into_keys().collect(),
                clock: entry.clock,
            };
            let count = detached.workers.len();
            return output.result(&detached, || {
                format!("{count} workers are ready in the background; `dray fleet down` stops them")
            });
        }
        if Instant::now() > until {
            let message = format!("the fleet is not ready yet: see {}", log_path.display());
            return Err(CommandError::new(Exit::Temporary, message));
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}
