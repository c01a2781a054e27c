//! portal-shim: turns HTTP requests into messages and answers with what the fleet says.
//!
//! See README.md for its routes. What lives here: who asks, whether they may, and what a message's outcome is
//! in HTTP. What never does: a business rule, a database, a cache; the fleet knows and decides.

mod caller;
mod command;
mod door;
mod gate;
mod gateway;
mod idempotency;
mod inflow;
mod keys;
mod metrics;
mod openapi;
mod outcome;
mod page;
mod pages;
mod parts;
mod permit;
mod portal;
mod precondition;
mod problem;
mod query;
mod request_id;
mod routes;
mod seats;
mod server;
mod settings;
#[cfg(test)]
mod tests;
mod throttle;
mod unread;
mod whole;

use std::process::ExitCode;

use queue_topology::WorkerKind;
use runtime::Front;
use tokio::task::JoinSet;

use crate::portal::Portal;
use crate::server::{ServeError, Server};
use crate::settings::Settings;

fn main() -> ExitCode {
    runtime::run_front(WorkerKind::PortalShim, serve)
}

/// Serves until shutdown.
async fn serve(settings: Settings, front: Front) -> Result<(), ServeError> {
    let server = Server::bind(&settings.portal, settings.front.drain_seconds).await?;
    run(server, settings, front).await
}

/// Serves on a port that listens already.
async fn run(server: Server, settings: Settings, front: Front) -> Result<(), ServeError> {
    let portal = Portal::new(settings.portal, &front);
    let mut around = JoinSet::new();
    let known = front.readiness.latch("keys");
    around.spawn(portal.keys.clone().keep(known, front.shutdown()));
    around.spawn(portal.inflow.clone().keep(front.switchboard.depths().clone(), front.shutdown()));
    server.run(portal::router(portal), front.shutdown()).await
}
