//! A process that stands in front of the fleet: it sends messages and hears their answers, and has no
//! database, no inbox, no lanes. What drives it (HTTP requests) is its own.
//!
//! Never here: what a request is, who may make it.

use std::future::Future;
use std::process::ExitCode;

use broker::{BrokerError, Link, Publisher, PublisherDriver};
use contracts::UserId;
use queue_topology::WorkerKind;
use settings::FrontSettings;
use telemetry::{Latch, Readiness, Registry};
use tokio::task::JoinSet;

use crate::Shutdown;
use crate::error::RuntimeError;
use crate::feed::{Feed, FeedDriver};
use crate::process::{on_signal, publisher_ended, write_address};
use crate::switchboard::{Hearing, Switchboard};

/// What a front is built from. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Front {
    /// Sends messages and hears their answers.
    pub switchboard: Switchboard,
    /// What happens in the fleet while somebody listens.
    pub feed: Feed,
    /// Where own metrics are registered.
    pub registry: Registry,
    /// Where own conditions of readiness are set.
    pub readiness: Readiness,
    /// This instance's name.
    pub instance: String,
    shutdown: Shutdown,
}

impl Front {
    /// The signal that everything waits for.
    #[must_use]
    pub fn shutdown(&self) -> Shutdown {
        self.shutdown.clone()
    }
}

/// A front that is set up but not connected yet.
#[derive(Debug)]
pub struct FrontProcess {
    front: Front,
    driver: PublisherDriver,
    publishing: Latch,
    hearing: Hearing,
    listening: FeedDriver,
    admin: settings::AdminSettings,
}

impl FrontProcess {
    /// Prepares the connections.
    ///
    /// # Errors
    /// [`RuntimeError`] when a setting cannot be used.
    pub fn prepare(
        kind: WorkerKind,
        settings: &FrontSettings,
        shutdown: Shutdown,
    ) -> Result<Self, RuntimeError> {
        settings.check()?;
        let instance = settings.instance.instance.as_str().to_owned();
        let link =
            Link::new(settings.broker.amqp_url.expose(), &format!("{}/{instance}", kind.name()));
        let user = link.user().and_then(|user| UserId::new(user).ok());
        let user = user.ok_or_else(|| BrokerError::Connect {
            address: link.address(),
            detail: "AMQP_URL names no user".to_owned(),
        })?;
        let (publisher, driver) = Publisher::new(link.clone(), user.clone());
        let readiness = Readiness::new();
        let queue = kind.reply_queue(&instance);
        let (switchboard, hearing) = Switchboard::new(
            kind,
            publisher,
            link.clone(),
            queue.clone(),
            readiness.latch("answers"),
        );
        let (feed, listening) = Feed::new(kind, link, format!("{queue}-feed"), user);
        let front = Front {
            switchboard,
            feed,
            registry: Registry::new(kind.name()),
            instance,
            shutdown,
            readiness: readiness.clone(),
        };
        let publishing = readiness.latch("publisher");
        let admin = settings.admin.clone();
        Ok(Self { front, driver, publishing, hearing, listening, admin })
    }

    /// What the front is built from.
    #[must_use]
    pub fn front(&self) -> Front {
        self.front.clone()
    }

    /// Connects and stays connected while `serving` runs, which ends by itself once shutdown has begun.
    ///
    /// # Errors
    /// [`RuntimeError`] when waiting does not help, or what `serving` ended with.
    pub async fn run<E>(
        self,
        serving: impl Future<Output = Result<(), E>>,
    ) -> Result<(), RuntimeError>
    where
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let shutdown = self.front.shutdown();
        let mut around: JoinSet<()> = JoinSet::new();
        let ended = {
            let shutdown = shutdown.clone();
            async move { shutdown.begun().await }
        };
        let (registry, readiness) = (self.front.registry.clone(), self.front.readiness.clone());
        let (address, server) =
            telemetry::admin::serve(self.admin.admin_addr, registry, readiness, ended).await?;
        around.spawn(server);
        if let Some(path) = &self.admin.admin_addr_file {
            write_address(path, &address.to_string())?;
        }
        around.spawn(self.hearing.run());
        around.spawn(self.listening.run());
        let mut publishing = JoinSet::new();
        let (latch, driver) = (self.publishing, self.driver);
        publishing.spawn(driver.run(move |up| latch.set(up)));
        let served = tokio::select! {
            served = serving => served.map_err(|error| RuntimeError::Serve(error.into())),
            failed = publishing.join_next() => Err(publisher_ended(failed)),
        };
        shutdown.begin();
        served
    }
}

/// The main function of a front: reads settings, serves until a signal comes and everything is answered.
pub fn run_front<S, E>(
    kind: WorkerKind,
    serve: impl AsyncFnOnce(S, Front) -> Result<(), E>,
) -> ExitCode
where
    S: clap::Parser + AsRef<FrontSettings>,
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    let own: S = settings::load();
    let settings = own.as_ref().clone();
    let result = (|| {
        let (log, instance) = (&settings.log, settings.instance.instance.as_str());
        telemetry::init(&log.log, log.is_json(), kind.name(), instance)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        runtime.map_err(RuntimeError::System)?.block_on(async {
            let shutdown = Shutdown::new();
            let mut signals = JoinSet::new();
            signals.spawn(on_signal(shutdown.clone()));
            let process = FrontProcess::prepare(kind, &settings, shutdown)?;
            let front = process.front();
            process.run(serve(own, front)).await
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
