//! Live control: settings that operators change while the worker runs, and the heartbeat that tells
//! others what it runs.
//!
//! A control message is only a hint to be quick: the truth is the stored row, which every heartbeat reads,
//! so a lost message costs two seconds and a restart changes nothing.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use broker::{Delivery, Exclusive, Link};
use contracts::{
    ControlAnswer, ControlCommand, ControlRequest, Envelope, Exchange, Inbound, LaneSettings,
};
use pacing::Backoff;

use crate::core::{Core, InForce};
use crate::relay::answer;

/// How often an instance says that it is alive and reads its stored settings.
const HEARTBEAT: Duration = Duration::from_secs(2);
/// How long an answer waits for the settings to be in force.
const IN_FORCE_LIMIT: Duration = Duration::from_secs(1);

contracts::inbound! {
    /// What arrives on a control queue.
    enum ControlMessage {
        /// The only message there is.
        Command(ControlCommand),
    }
}

/// Takes settings if they are newer than what is wanted now. False: stale.
fn take(core: &Core, version: u64, stored: LaneSettings) -> bool {
    let resolved = InForce::resolve(&core.defaults, version, stored);
    core.wanted.send_if_modified(|wanted| {
        let newer = version > wanted.version;
        if newer {
            tracing::info!(version, ?stored, "settings changed");
            *wanted = resolved;
        }
        newer
    })
}

/// Reads the stored settings; before the first batch this must succeed once.
pub(crate) async fn read_stored(core: &Core) -> Result<(), store::StoreError> {
    if let Some(stored) = store::settings::read(&core.database, core.kind.name()).await? {
        take(core, stored.version, stored.settings);
    }
    Ok(())
}

/// Says that we live and reads the settings, until shutdown.
pub(crate) async fn heartbeat(core: Arc<Core>, admin_addr: String) {
    let mut ticks = tokio::time::interval(HEARTBEAT);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = core.shutdown.begun() => break,
        }
        let beat = store::instances::beat(&core.database, &core.report(), &admin_addr).await;
        let beaten = beat.and(read_stored(&core).await);
        // an idle worker has no lane that would notice
        core.database_up.set(beaten.is_ok());
        if let Err(error) = beaten {
            tracing::debug!(%error, "no heartbeat");
        }
    }
    // an instance that cannot take its row away is forgotten by its age
    let _ = store::instances::leave(&core.database, core.kind.name(), &core.instance).await;
}

/// Listens for control messages, on a connection of its own, until shutdown.
pub(crate) async fn listen(core: Arc<Core>, link: Link) {
    let mut backoff = Backoff::reconnect();
    loop {
        tokio::select! {
            () = core.shutdown.begun() => return,
            () = listen_once(&core, &link) => backoff.wait().await,
        }
    }
}

async fn listen_once(core: &Arc<Core>, link: &Link) {
    let queue = core.kind.control_queue(&core.instance);
    let key = core.kind.control_key();
    let opened = async {
        let connection = link.connect("control").await?;
        let exchange = Exchange::Control.name();
        let user = core.user.clone();
        let queue = Exclusive::open(&connection, &queue, exchange, key.as_str(), user).await?;
        Ok::<_, broker::BrokerError>((connection, queue))
    };
    match opened.await {
        Ok((_connection, mut messages)) => {
            while let Some(message) = messages.next().await {
                match message {
                    Ok(delivery) => obey(core, delivery).await,
                    Err(rejected) => {
                        tracing::warn!(error = %rejected.error, "unreadable control message")
                    }
                }
            }
            tracing::warn!("the control connection is lost");
        }
        Err(error) => tracing::warn!(%error, "cannot listen for control messages yet"),
    }
}

async fn obey(core: &Arc<Core>, delivery: Delivery) {
    let envelope = delivery.envelope;
    let ControlMessage::Command(command) =
        match ControlMessage::decode(&envelope.message_type, &delivery.body) {
            Ok(message) => message,
            Err(error) => {
                tracing::warn!(%error, "unreadable control message");
                return;
            }
        };
    let taken = match command.request {
        ControlRequest::Apply { version, settings } => {
            let taken = take(core, version, settings);
            in_force(core, version).await;
            taken || core.wanted.borrow().version == version
        }
        ControlRequest::Drain => {
            tracing::info!("drain: finishing what is in process");
            core.draining.store(true, Ordering::Relaxed);
            true
        }
        ControlRequest::ResetKillSwitch => {
            core.kill_switch.reset();
            true
        }
        ControlRequest::Report => true,
    };
    respond(core, &envelope, taken).await;
    if matches!(command.request, ControlRequest::Drain) {
        // after its answer: nobody listens here any more
        core.shutdown.begin();
    }
}

async fn respond(core: &Arc<Core>, cause: &Envelope, taken: bool) {
    let Some(reply_to) = &cause.reply_to else {
        return;
    };
    let reply = ControlAnswer { taken, report: core.report() };
    match serde_json::to_vec(&reply) {
        Ok(body) => {
            let message = answer(core, cause, reply_to, "control.answer.v1", body);
            if let Err(error) = core.publisher.publish(&message).await {
                tracing::warn!(%error, "a control answer was not sent");
            }
        }
        Err(error) => tracing::error!(%error, "a control answer does not serialise"),
    }
}

/// Waits until the intake works by this version, or the limit passes: the answer then tells the truth.
async fn in_force(core: &Core, version: u64) {
    let mut applied = core.applied.subscribe();
    let waiting = applied.wait_for(|applied| *applied >= version);
    // late is not wrong: the report shows the version really in force
    let _ = tokio::time::timeout(IN_FORCE_LIMIT, waiting).await;
}
