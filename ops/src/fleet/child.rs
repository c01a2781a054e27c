//! One worker process: starting it, asking whether it is ready, stopping it.

use std::fs::File;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use super::plan::{Spec, WITHHELD};
use super::process::Identity;
use crate::error::{CommandError, Exit, Result};

/// A worker drains within 10 s; whoever takes longer is killed, and its messages come again.
const DRAIN_LIMIT: Duration = Duration::from_secs(12);
const PROBE_TIMEOUT: Duration = Duration::from_secs(2);
/// A log larger than this is set aside at the next start.
const LOG_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// A running worker.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    /// Who it is.
    pub(super) identity: Identity,
    /// Its name among its kind.
    pub(super) instance: String,
}

/// Starts a worker. Its output goes straight into its log, so that it survives this process.
pub(super) fn start(spec: &Spec) -> Result<Running> {
    let log = open_log(&spec.log)?;
    let failed =
        |action: &str, error: &std::io::Error| CommandError::file(action, &spec.program, error);
    let errors = log.try_clone().map_err(|error| failed("log", &error))?;
    remove_old(&spec.admin_addr_file)?;
    // new each time: the broker may still hold the queues of the predecessor
    let random = uuid::Uuid::new_v4().simple().to_string();
    let instance = format!("{}-{}", spec.number, random.get(..8).unwrap_or_default());
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.arguments)
        .envs(&spec.environment)
        .env("DRAY_INSTANCE", &instance)
        .stdin(Stdio::null())
        .stdout(log)
        .stderr(errors)
        // Ctrl-C is for the supervisor, which then stops its children in good order
        .process_group(0);
    for variable in WITHHELD {
        command.env_remove(variable);
    }
    let mut child = command.spawn().map_err(|error| failed("start", &error))?;
    match child.id().and_then(Identity::of) {
        Some(identity) => Ok(Running { child, identity, instance }),
        // it was quicker than we
        None => Err(ended_at_once(spec, child.try_wait().ok().flatten())),
    }
}

fn ended_at_once(spec: &Spec, status: Option<ExitStatus>) -> CommandError {
    let how = status.map_or_else(|| "at once".to_owned(), |status| format!("with {status}"));
    let message = format!("{} ended {how}: see {}", spec.name, spec.log.display());
    CommandError::new(Exit::Unavailable, message)
}

impl Running {
    /// Waits until it ends by itself.
    pub(super) async fn ended(&mut self) -> Result<ExitStatus> {
        self.child.wait().await.map_err(|error| {
            CommandError::new(Exit::System, format!("cannot wait for a child: {error}"))
        })
    }

    /// Asks it to finish, and insists after the drain limit. True when it ended in good order.
    pub(super) async fn stop(&mut self) -> Result<bool> {
        self.identity.signal(Signal::TERM)?;
        match tokio::time::timeout(DRAIN_LIMIT, self.ended()).await {
            Ok(status) => Ok(status?.success()),
            Err(_elapsed) => {
                self.identity.signal(Signal::KILL)?;
                self.ended().await?;
                Ok(false)
            }
        }
    }
}

fn open_log(path: &Path) -> Result<File> {
    let failed = |error: std::io::Error| CommandError::file("write", path, &error);
    if std::fs::metadata(path).is_ok_and(|file| file.len() > LOG_BYTES_MAX) {
        std::fs::rename(path, path.with_extension("log.1")).map_err(failed)?;
    }
    File::options().create(true).append(true).open(path).map_err(failed)
}

fn remove_old(path: &Path) -> Result<()> {
    match std::fs::remove_file(path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(CommandError::file("remove", path, &error)),
    }
}

/// True when the worker behind that address file says it is ready. Not being there yet is no error.
pub(super) async fn is_ready(admin_addr_file: &Path) -> bool {
    let Ok(address) = tokio::fs::read_to_string(admin_addr_file).await else {
        return false;
    };
    let answer = asked(address.trim(), "/ready").await;
    answer.is_some_and(|answer| answer.starts_with(b"HTTP/1.1 200"))
}

/// The metrics of whoever has this admin port, as text; `None`: nobody tells any.
pub(super) async fn metrics(address: &str) -> Option<String> {
    let answer = asked(address, "/metrics").await?;
    let text = String::from_utf8_lossy(&answer).into_owned();
    text.starts_with("HTTP/1.1 200").then_some(text)
}

/// What an admin port answers, head and body; `None`: nobody is there, or too slow.
async fn asked(address: &str, path: &str) -> Option<Vec<u8>> {
    let answer = tokio::time::timeout(PROBE_TIMEOUT, get(address, path)).await;
    answer.ok()?.ok()
}

async fn get(address: &str, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    Ok(answer)
}

/// The end of what a log got since it had `from` bytes, for an error message. The broker client's own
/// lines are left out: what matters of them is said again by whoever called it.
pub(super) fn end_of_log(path: &Path, from: u64, lines: usize) -> String {
    let bytes = std::fs::read(path).unwrap_or_default();
    let new = usize::try_from(from).ok().and_then(|from| bytes.get(from..)).unwrap_or(&bytes);
    let text = String::from_utf8_lossy(new).into_owned();
    let telling: Vec<&str> = text.lines().filter(|line| !line.contains(" lapin::")).collect();
    let first = telling.len().saturating_sub(lines);
    telling.get(first..).unwrap_or_default().join("\n")
}
