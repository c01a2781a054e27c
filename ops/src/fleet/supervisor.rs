//! Keeps every child of a plan running until it is told to stop.

use std::process::ExitStatus;
use std::sync::Arc;
use std::time::Duration;

use pacing::Backoff;
use serde::Serialize;
use store::Database;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::child::{self, Running};
use super::plan::{Plan, Spec};
use super::register::Register;
use super::{Clock, tail};
use crate::error::{CommandError, Exit, Result};
use crate::output::Output;
use crate::site::Site;

const PROBE_EVERY: Duration = Duration::from_millis(100);
/// A child that lived this long did not fail at its start.
const LIVED: Duration = Duration::from_secs(20);
const LOG_LINES_SHOWN: usize = 12;

/// How far a child is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum State {
    Starting,
    Ready,
    /// Waiting does not help: it said that its settings are wrong.
    Hopeless(String),
}

/// A running fleet. Stop it before dropping it.
#[derive(Debug)]
pub(crate) struct Fleet {
    specs: Vec<Spec>,
    states: Vec<watch::Receiver<State>>,
    stop: watch::Sender<bool>,
    keepers: JoinSet<Result<bool>>,
    _tails: JoinSet<()>,
    register: Arc<Register>,
    clock: Clock,
}

/// A fleet as it came up.
#[derive(Debug, Serialize)]
pub(crate) struct Up {
    /// The clock the workers judge by.
    clock: Clock,
    /// Its children.
    pub(crate) workers: Vec<UpWorker>,
}

/// One child.
#[derive(Debug, Serialize)]
pub(crate) struct UpWorker {
    name: String,
    admin_addr: Option<String>,
    log: String,
}

/// What every keeper shares.
#[derive(Debug, Clone)]
struct Shared {
    register: Arc<Register>,
    database: Database,
    stop: watch::Receiver<bool>,
    output: Output,
}

impl Fleet {
    /// Starts every child. `to_console`: copies their logs to standard error, each line with its name.
    pub(crate) async fn start(
        plan: Plan,
        site: &Site,
        to_console: bool,
        output: Output,
    ) -> Result<Self> {
        let register = Arc::new(Register::open(site, &plan)?);
        let root = &plan.hotfolder;
        std::fs::create_dir_all(root)
            .map_err(|error| CommandError::file("create", root, &error))?;
        let mut tails = JoinSet::new();
        if to_console {
            let width = plan.specs.iter().map(|spec| spec.name.len()).max().unwrap_or(0);
            for spec in &plan.specs {
                tails.spawn(tail::follow(spec.log.clone(), format!("{:width$} | ", spec.name)));
            }
        }
        let (stop, stopped) = watch::channel(false);
        let database = site.database().await?;
        let shared = Shared { register: Arc::clone(&register), database, stop: stopped, output };
        let mut keepers = JoinSet::new();
        let mut states = Vec::new();
        for spec in &plan.specs {
            let (sender, receiver) = watch::channel(State::Starting);
            states.push(receiver);
            keepers.spawn(keep(spec.clone(), sender, shared.clone()));
        }
        Ok(Self {
            specs: plan.specs,
            states,
            stop,
            keepers,
            _tails: tails,
            register,
            clock: plan.clock,
        })
    }

    /// Waits until every child says it is ready.
    pub(crate) async fn wait_until_ready(&mut self, within: Duration) -> Result<()> {
        let until = Instant::now() + within;
        for (spec, state) in self.specs.iter().zip(&mut self.states) {
            let settled =
                tokio::time::timeout_at(until, state.wait_for(|s| *s != State::Starting)).await;
            let problem = match settled {
                Ok(Ok(state)) => match &*state {
                    State::Hopeless(reason) => Some(reason.clone()),
                    State::Ready | State::Starting => None,
                },
                Ok(Err(_gone)) => Some("its supervisor ended".to_owned()),
                Err(_elapsed) => Some(format!("not ready within {} s", within.as_secs())),
            };
            if let Some(problem) = problem {
                let log = child::end_of_log(&spec.log, 0, LOG_LINES_SHOWN);
                let message =
                    format!("{}: {problem}; the end of {}:\n{log}", spec.name, spec.log.display());
                return Err(CommandError::new(Exit::Unavailable, message));
            }
        }
        self.register.change(|entry| entry.ready = true)
    }

    /// What runs.
    pub(crate) fn describe(&self) -> Up {
        let workers = self.specs.iter().map(|spec| UpWorker {
            name: spec.name.clone(),
            admin_addr: std::fs::read_to_string(&spec.admin_addr_file)
                .ok()
                .map(|text| text.trim().to_owned()),
            log: spec.log.display().to_string(),
        });
        Up { clock: self.clock, workers: workers.collect() }
    }

    /// Drains and ends every child. An error when one did not end in good order.
    pub(crate) async fn stop(mut self) -> Result<()> {
        self.stop.send_replace(true);
        let mut unclean = 0_usize;
        while let Some(ended) = self.keepers.join_next().await {
            if !ended?? {
                unclean += 1;
            }
        }
        self.register.close()?;
        match unclean {
            0 => Ok(()),
            _ => {
                let message =
                    format!("{unclean} workers did not end in good order: see their logs");
                Err(CommandError::new(Exit::NotAsItShouldBe, message))
            }
        }
    }
}

/// Starts a child, again whenever it dies, until told to stop. One that ends in good order was drained
/// by an operator and stays away. True when its last end was in good order.
async fn keep(spec: Spec, state: watch::Sender<State>, shared: Shared) -> Result<bool> {
    let mut stop = shared.stop.clone();
    let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(10));
    loop {
        let started = Instant::now();
        let mut running = match child::start(&spec) {
            Ok(running) => running,
            Err(error) => {
                state.send_replace(State::Hopeless(error.to_string()));
                return Ok(false);
            }
        };
        let identity = running.identity.clone();
        shared.register.change(|entry| {
            entry.children.insert(spec.name.clone(), identity);
        })?;
        let status = tokio::select! {
            status = watch_over(&mut running, &spec, &state) => status?,
            () = told(&mut stop) => {
                let clean = running.stop().await?;
                farewell(&spec, &running, &shared).await?;
                return Ok(clean);
            }
        };
        farewell(&spec, &running, &shared).await?;
        if is_hopeless(status) && *state.borrow() == State::Starting {
            state.send_replace(State::Hopeless(format!("it ended with {status}")));
            return Ok(false);
        }
        if status.success() {
            shared
                .output
                .note(&format!("{} has drained and ended: it is not started again", spec.name));
            return Ok(true);
        }
        shared.output.note(&format!("{} ended with {status}: starting it again", spec.name));
        if started.elapsed() > LIVED {
            backoff.reset();
        }
        tokio::select! {
            () = backoff.wait() => {}
            () = told(&mut stop) => return Ok(true),
        }
    }
}

/// Waits until the fleet is to stop (or nobody is there to say so any more).
async fn told(stop: &mut watch::Receiver<bool>) {
    drop(stop.wait_for(|stop| *stop).await);
}

/// Notes when the child is ready, and waits until it ends.
async fn watch_over(
    running: &mut Running,
    spec: &Spec,
    state: &watch::Sender<State>,
) -> Result<ExitStatus> {
    let notice_ready = async {
        while spec.worker.is_some() && !child::is_ready(&spec.admin_addr_file).await {
            tokio::time::sleep(PROBE_EVERY).await;
        }
        state.send_replace(State::Ready);
        std::future::pending::<()>().await;
    };
    tokio::select! {
        status = running.ended() => status,
        () = notice_ready => running.ended().await,
    }
}

/// A dead instance must not be waited for: its row goes, as it would at a clean exit.
async fn farewell(spec: &Spec, running: &Running, shared: &Shared) -> Result<()> {
    shared.register.change(|entry| {
        entry.children.remove(&spec.name);
    })?;
    if let Some(kind) = spec.worker.filter(|kind| kind.has_database()) {
        let left = store::instances::leave(&shared.database, kind.name(), &running.instance).await;
        if let Err(error) = left {
            tracing::debug!(%error, "the row of a dead instance stays until it is stale");
        }
    }
    Ok(())
}

/// Exit codes that say: the command line or the settings are wrong (sysexits 64 and 78).
fn is_hopeless(status: ExitStatus) -> bool {
    matches!(status.code(), Some(64 | 78))
}
