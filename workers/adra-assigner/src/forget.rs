//! Deletes proposals long after they expired, in small steps. Never here: what a proposal is, or how long one may
//! be committed.

use std::time::Duration;

use chrono::TimeDelta;
use contracts::Timestamp;
use pacing::Backoff;
use runtime::Shutdown;
use store::{Database, StoreError};

use crate::store::forget_proposals;

/// For so long whoever asks about an expired proposal hears what became of it.
const KEPT: TimeDelta = TimeDelta::days(30);
/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(3_600);

/// The background task.
pub(crate) struct Forgetting {
    database: Database,
}

impl Forgetting {
    /// Forgets in this database.
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Runs until shutdown: a round now, one every hour.
    pub(crate) async fn run(self, shutdown: Shutdown) -> Result<(), String> {
        let mut backoff = Backoff::lane();
        while !shutdown.has_begun() {
            match self.round(Timestamp::now(), &shutdown).await {
                Ok(forgotten) => {
                    backoff.reset();
                    if forgotten > 0 {
                        tracing::info!(forgotten, "old proposals were deleted");
                    }
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => {}
                        () = shutdown.begun() => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "deleting old proposals stopped; going on soon");
                    backoff.wait().await;
                }
            }
        }
        Ok(())
    }

    /// Deletes all that expired long before `now`, each step in a transaction of its own; gives how many.
    ///
    /// # Errors
    /// [`StoreError`]; what was deleted before it stays so.
    pub(crate) async fn round(
        &self,
        now: Timestamp,
        shutdown: &Shutdown,
    ) -> Result<u64, StoreError> {
        let before: Timestamp = (now.as_datetime() - KEPT).into();
        let mut forgotten = 0;
        while !shutdown.has_begun() {
            let step = forget_proposals(&self.database, before).await?;
            if step == 0 {
                break;
            }
            forgotten += step;
        }
        Ok(forgotten)
    }
}
