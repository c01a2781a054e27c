//! Gives the stops of locked routes their order: read, search on a thread of its own, and write it on condition
//! that the route is still as it was. Never here: the order itself (see [`crate::sequence`]), SQL.

use std::sync::Arc;
use std::time::Duration;

use pacing::Backoff;
use runtime::Shutdown;
use settings::PlanningSettings;
use store::{Database, StoreError};
use thiserror::Error;

use crate::sequence::{Speed, order};
use crate::store::{UnorderedRoute, save_order, unordered_routes};
use crate::worker::Shared;

/// Between two looks whether another process has locked a route and died.
const IDLE: Duration = Duration::from_secs(30);

/// No order was stored; it is tried again.
#[derive(Debug, Error)]
pub(crate) enum SequenceError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the search broke off: {0}")]
    Search(#[from] tokio::task::JoinError),
}

/// The task.
pub(crate) struct Sequencer {
    shared: Arc<Shared>,
    database: Database,
    settings: PlanningSettings,
}

impl Sequencer {
    /// A sequencer that is rung when a route was locked.
    pub(crate) fn new(shared: Arc<Shared>, database: Database, settings: PlanningSettings) -> Self {
        Self { shared, database, settings }
    }

    /// Runs until shutdown.
    pub(crate) async fn run(self, shutdown: Shutdown) -> Result<(), String> {
        let mut backoff = Backoff::lane();
        while !shutdown.has_begun() {
            match self.round().await {
                Ok(0) => tokio::select! {
                    () = self.shared.locked.notified() => {}
                    () = tokio::time::sleep(IDLE) => {}
                    () = shutdown.begun() => {}
                },
                Ok(_some) => backoff.reset(),
                Err(error) => {
                    tracing::warn!(%error, "giving stops their order stopped; going on soon");
                    backoff.wait().await;
                }
            }
        }
        Ok(())
    }

    /// Gives some routes their order; how many of them there were.
    ///
    /// # Errors
    /// [`SequenceError`]; the routes before it have theirs.
    pub(crate) async fn round(&self) -> Result<usize, SequenceError> {
        let routes = unordered_routes(&self.database).await?;
        let count = routes.len();
        for route in routes {
            self.sequence(route).await?;
        }
        Ok(count)
    }

    async fn sequence(&self, route: UnorderedRoute) -> Result<(), SequenceError> {
        let UnorderedRoute { id, version, round, keeps_order } = route;
        let stops = if keeps_order {
            Vec::new()
        } else {
            let (speed, seed) = (Speed::of(&self.settings), self.settings.planning_seed);
            tokio::task::spawn_blocking(move || order(&round, speed, seed)).await?
        };
        if !save_order(&self.database, id, version, &stops).await? {
            tracing::debug!(route = %id.0, "the route changed meanwhile: its stops are ordered again");
        }
        Ok(())
    }
}
