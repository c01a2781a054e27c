//! One worker process from its settings to its exit code.

use std::future::Future;
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, PoisonError};

use broker::{BrokerError, Link, Publisher, PublisherDriver};
use contracts::UserId;
use pacing::{Backoff, RateLimit};
use queue_topology::WorkerKind;
use settings::{ClockMode, WorkerSettings};
use store::Database;
use telemetry::{Latch, Readiness, Registry, WorkerMetrics};
use tokio::sync::watch;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::timeout_at;

use crate::context::Background;
use crate::core::{Core, InForce};
use crate::error::RuntimeError;
use crate::kill_switch::KillSwitch;
use crate::relay::{Relay, RelayDriver};
use crate::{Context, Shutdown, Worker, control, intake, sweep};

/// A process that is set up but does not work yet.
#[derive(Debug)]
pub struct Process {
    context: Context,
    driver: PublisherDriver,
    relay: RelayDriver,
    readiness: Readiness,
    publishing: Latch,
    admin: settings::AdminSettings,
}

impl Process {
    /// Opens the pool and prepares the connections; nothing is consumed yet.
    ///
    /// # Errors
    /// [`RuntimeError`] when a setting cannot be used.
    pub async fn prepare(
        kind: WorkerKind,
        settings: &WorkerSettings,
        shutdown: Shutdown,
    ) -> Result<Self, RuntimeError> {
        settings.check()?;
        let lanes = settings.lanes.concurrency;
        let pool_size = settings.database.pool_size(lanes.max(8)) + 2;
        let url = settings.database.database_url.expose();
        let database = Database::connect(url, pool_size).await?;
        let instance = settings.instance.instance.as_str().to_owned();
        let name = format!("{}/{instance}", kind.name());
        let link = Link::new(settings.broker.amqp_url.expose(), &name);
        let user = link.user().and_then(|user| UserId::new(user).ok());
        let user = user.ok_or_else(|| BrokerError::Connect {
            address: link.address(),
            detail: "AMQP_URL names no user".to_owned(),
        })?;
        let (publisher, driver) = Publisher::new(link.clone(), user.clone());
        let (relay, relay_driver) = Relay::new();
        let registry = Registry::new(kind.name());
        let readiness = Readiness::new();
        let in_force = InForce::resolve(&settings.lanes, 0, contracts::LaneSettings::default());
        let metrics = WorkerMetrics::register(&registry);
        let percent = settings.lanes.kill_switch_percent;
        let core = Arc::new(Core {
            kind,
            instance: instance.clone(),
            user,
            consume_link: link.clone(),
            database: database.clone(),
            publisher,
            relay,
            kill_switch: KillSwitch::new(kind, percent, metrics.clone()),
            metrics,
            rate: RateLimit::unlimited(),
            defaults: settings.lanes.clone(),
            shutdown,
            wanted: watch::Sender::new(in_force),
            applied: watch::Sender::new(0),
            consuming: readiness.latch("consumer"),
            database_up: readiness.latch("database"),
            settled_total: AtomicU64::new(0),
            in_flight: AtomicU64::new(0),
            draining: AtomicBool::new(false),
        });
        let context = Context {
            database,
            replay_clock: settings.clock.clock == ClockMode::Replay,
            registry,
            instance,
            core,
            control_link: link,
            background: Arc::new(Mutex::new(JoinSet::new())),
        };
        let publishing = readiness.latch("publisher");
        let admin = settings.admin.clone();
        Ok(Self { context, driver, relay: relay_driver, readiness, publishing, admin })
    }

    /// What the worker is built from.
    #[must_use]
    pub fn context(&self) -> Context {
        self.context.clone()
    }

    pub(crate) fn core(&self) -> Arc<Core> {
        Arc::clone(&self.context.core)
    }

    /// Works until shutdown, then drains.
    ///
    /// # Errors
    /// [`RuntimeError`] when waiting does not help, or not everything was finished in time.
    pub async fn run<W: Worker>(self, worker: W) -> Result<(), RuntimeError> {
        let core = self.core();
        self.run_with(intake::run(core, Arc::new(worker))).await
    }

    /// Everything around the consumer: admin port, publisher, relay, sweep, control, heartbeat.
    pub(crate) async fn run_with(
        self,
        consumer: impl Future<Output = Result<bool, BrokerError>> + Send,
    ) -> Result<(), RuntimeError> {
        let core = self.core();
        let shutdown = core.shutdown.clone();
        let mut tasks: JoinSet<()> = JoinSet::new();
        let registry = self.context.registry.clone();
        let ended = {
            let shutdown = shutdown.clone();
            async move { shutdown.begun().await }
        };
        let (address, server) =
            telemetry::admin::serve(self.admin.admin_addr, registry, self.readiness, ended).await?;
        tasks.spawn(server);
        if let Some(path) = &self.admin.admin_addr_file {
            write_address(path, &address.to_string())?;
        }
        let mut publishing = tokio::task::JoinSet::new();
        let (latch, driver) = (self.publishing, self.driver);
        let metrics = core.metrics.clone();
        publishing.spawn(driver.run(move |up| {
            latch.set(up);
            if !up {
                metrics.reconnected(telemetry::Connection::BrokerPublish);
            }
        }));
        let relay = self.relay.run(
            core.publisher.clone(),
            core.database.clone(),
            core.metrics.clone(),
            core.kind.name(),
            shutdown.clone(),
        );
        let mut relaying = JoinSet::new();
        relaying.spawn(relay);
        wait_for_database(&core).await;
        tasks.spawn(control::heartbeat(Arc::clone(&core), address.to_string()));
        tasks.spawn(control::listen(Arc::clone(&core), self.context.control_link.clone()));
        if core.kind.settles_messages() {
            tasks.spawn(sweep::run(Arc::clone(&core)));
        }
        let background = Arc::clone(&self.context.background);
        let drained = tokio::select! {
            drained = consumer => drained.map_err(RuntimeError::from),
            failed = publishing.join_next() => Err(publisher_ended(failed)),
            ended = first_ended(&background, &shutdown) => Err(ended),
        };
        shutdown.begin();
        let drained = drained? & finish(&core, &background, &mut tasks).await;
        if drained {
            Ok(())
        } else {
            Err(RuntimeError::NotDrained { seconds: core.defaults.drain_seconds })
        }
    }
}

/// After the consumer ended: background tasks, then what the relay still has, then the rest. False when a
/// background task did not end; what could not be told is in the outbox.
async fn finish(core: &Core, background: &Background, tasks: &mut JoinSet<()>) -> bool {
    let deadline = core.drain_deadline();
    let mut own = std::mem::take(&mut *background.lock().unwrap_or_else(PoisonError::into_inner));
    let ending = async { while own.join_next().await.is_some() {} };
    let ended = timeout_at(deadline, ending).await.is_ok();
    let telling = async {
        while tasks.join_next().await.is_some() {}
        let mut wait = Backoff::lane();
        while core.relay.pending() > 0 {
            wait.wait().await;
        }
    };
    if timeout_at(deadline, telling).await.is_err() {
        tracing::warn!(
            rows = core.relay.pending(),
            "not everything was published: left to the sweep"
        );
    }
    ended
}

/// Waits for a background task that ends before shutdown: that is always a reason to end.
async fn first_ended(background: &Background, shutdown: &Shutdown) -> RuntimeError {
    let mut wait = Backoff::lane();
    loop {
        let ended = {
            let mut tasks = background.lock().unwrap_or_else(PoisonError::into_inner);
            tasks.try_join_next()
        };
        match ended {
            Some(_) if shutdown.has_begun() => std::future::pending().await,
            Some(Ok((task, Err(detail)))) => return RuntimeError::TaskEnded { task, detail },
            Some(Ok((task, Ok(())))) => {
                return RuntimeError::TaskEnded { task, detail: "it returned".to_owned() };
            }
            Some(Err(panic)) => {
                return RuntimeError::TaskEnded { task: "background", detail: panic.to_string() };
            }
            None => wait.wait().await,
        }
    }
}

pub(crate) fn publisher_ended(
    ended: Option<Result<Result<(), BrokerError>, tokio::task::JoinError>>,
) -> RuntimeError {
    match ended {
        Some(Ok(Err(error))) => error.into(),
        Some(Err(panic)) => {
            RuntimeError::TaskEnded { task: "publisher", detail: panic.to_string() }
        }
        Some(Ok(Ok(()))) | None => {
            RuntimeError::TaskEnded { task: "publisher", detail: "it returned".to_owned() }
        }
    }
}

/// The stored settings are read before the first message: a paused worker must not begin by working.
async fn wait_for_database(core: &Core) {
    let mut backoff = Backoff::reconnect();
    while let Err(error) = control::read_stored(core).await {
        tracing::warn!(%error, "the database is away; waiting");
        tokio::select! {
            () = backoff.wait() => {}
            () = core.shutdown.begun() => return,
        }
    }
    core.database_up.set(true);
}

pub(crate) fn write_address(path: &Path, address: &str) -> Result<(), RuntimeError> {
    let failed = |source| RuntimeError::File { path: path.display().to_string(), source };
    let temporary = path.with_extension("new");
    std::fs::write(&temporary, address).map_err(failed)?;
    std::fs::rename(&temporary, path).map_err(failed)
}

/// A worker that runs inside a test or another process.
#[derive(Debug)]
pub struct Running {
    shutdown: Shutdown,
    task: JoinHandle<Result<(), RuntimeError>>,
}

impl Running {
    /// Starts a prepared process with its worker on a task.
    #[must_use]
    pub fn start<W: Worker>(process: Process, worker: W) -> Self {
        let shutdown = process.context.shutdown();
        #[allow(clippy::disallowed_methods, reason = "owned by Running, which stops and joins it")]
        let task = tokio::spawn(process.run(worker));
        Self { shutdown, task }
    }

    /// The same for a responder.
    #[must_use]
    pub fn start_responder<R: crate::Responder>(process: Process, responder: R) -> Self {
        let shutdown = process.context.shutdown();
        #[allow(clippy::disallowed_methods, reason = "owned by Running, which stops and joins it")]
        let task = tokio::spawn(process.respond(responder));
        Self { shutdown, task }
    }

    /// The same for a front that serves by `serving`, which ends once its shutdown begins.
    #[must_use]
    pub fn start_front<E>(
        process: crate::FrontProcess,
        serving: impl Future<Output = Result<(), E>> + Send + 'static,
    ) -> Self
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>> + Send + 'static,
    {
        let shutdown = process.front().shutdown();
        #[allow(clippy::disallowed_methods, reason = "owned by Running, which stops and joins it")]
        let task = tokio::spawn(process.run(serving));
        Self { shutdown, task }
    }

    /// Drains it.
    ///
    /// # Errors
    /// What the process ended with.
    pub async fn stop(self) -> Result<(), RuntimeError> {
        self.shutdown.begin();
        self.task.await.unwrap_or_else(|panic| {
            Err(RuntimeError::TaskEnded { task: "worker", detail: panic.to_string() })
        })
    }

    /// Ends it at once, as a crash would: nothing is finished, nothing is told.
    pub async fn kill(self) {
        self.task.abort();
        // aborted is what was asked for
        let _ = self.task.await;
    }
}

/// The main function of a worker: reads settings, builds it, works until a signal comes.
pub fn run_worker<S, W, E>(build: impl AsyncFnOnce(S, Context) -> Result<W, E>) -> ExitCode
where
    S: clap::Parser + AsRef<WorkerSettings>,
    W: Worker,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    main_of(W::KIND, build, async |process: Process, worker: W| process.run(worker).await)
}

pub(crate) fn main_of<S, T, E>(
    kind: WorkerKind,
    build: impl AsyncFnOnce(S, Context) -> Result<T, E>,
    run: impl AsyncFnOnce(Process, T) -> Result<(), RuntimeError>,
) -> ExitCode
where
    S: clap::Parser + AsRef<WorkerSettings>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let own: S = settings::load();
    let result = (|| {
        let settings = own.as_ref().clone();
        let log = &settings.log;
        let instance = settings.instance.instance.as_str();
        telemetry::init(&log.log, log.is_json(), kind.name(), instance)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(RuntimeError::System)?.block_on(async move {
            let shutdown = Shutdown::new();
            let mut signals = JoinSet::new();
            signals.spawn(on_signal(shutdown.clone()));
            let process = Process::prepare(kind, &settings, shutdown).await?;
            let built = build(own, process.context()).await;
            let built = built.map_err(|error| RuntimeError::Build(error.into()))?;
            run(process, built).await
        })
    })();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!(%error, "ended");
            ExitCode::from(error.exit_code())
        }
    }
}

/// SIGTERM and Ctrl-C begin the drain.
pub(crate) async fn on_signal(shutdown: Shutdown) {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) =
        (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        tracing::error!("no signal handler: stop this process with SIGKILL only");
        return;
    };
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tracing::info!("draining");
    shutdown.begin();
}
