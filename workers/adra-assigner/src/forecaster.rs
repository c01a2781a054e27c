//! Keeps what former days say of the coming ones: sums up slot days that are over, forgets old sums, and reads
//! them for the days ahead. Never here: how the sums are used (see [`crate::demand`]), SQL.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use chrono::{Days, NaiveDate};
use contracts::Timestamp;
use pacing::Backoff;
use routing::{Network, SlotDayKey, cut_off_instant};
use runtime::Shutdown;
use store::{Database, StoreError};

use crate::demand::Demand;
use crate::network::Served;
use crate::store::{
    demand_of, forget_demand, note_demand, slot_days_to_note, windows_with_history,
};
use crate::worker::Shared;

/// Between two rounds.
const PAUSE: Duration = Duration::from_secs(3_600);
/// Former days of the same weekday that are asked.
const FORMER_DAYS: u64 = 4;
const WEEK: u64 = 7;
/// Days ahead that are kept ready.
const AHEAD: u64 = 8;
/// Days before today that sums are kept for: yesterday may still be today somewhere, and looks back four weeks.
const KEPT: u64 = FORMER_DAYS * WEEK + 1;

/// What is known of the days ahead, by slot day.
pub(crate) type Demands = BTreeMap<SlotDayKey, Demand>;

/// What was read last; decisions take the whole of it.
#[derive(Debug, Default)]
pub(crate) struct Forecasts(RwLock<Arc<Demands>>);

impl Forecasts {
    /// What is known now.
    pub(crate) fn get(&self) -> Arc<Demands> {
        Arc::clone(&self.0.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn put(&self, demands: Demands) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(demands);
    }
}

/// The background task.
pub(crate) struct Forecaster {
    shared: Arc<Shared>,
    database: Database,
}

impl Forecaster {
    /// A task that puts what it reads into `shared`.
    pub(crate) fn new(shared: Arc<Shared>, database: Database) -> Self {
        Self { shared, database }
    }

    /// Runs until shutdown: a round now, one every hour.
    pub(crate) async fn run(self, shutdown: Shutdown) -> Result<(), String> {
        let mut backoff = Backoff::lane();
        while !shutdown.has_begun() {
            match self.round(Timestamp::now(), &shutdown).await {
                Ok(()) => {
                    backoff.reset();
                    tokio::select! {
                        () = tokio::time::sleep(PAUSE) => {}
                        () = shutdown.begun() => {}
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "what is to come is not known anew; going on soon");
                    backoff.wait().await;
                }
            }
        }
        Ok(())
    }

    /// Sums up, forgets and reads.
    ///
    /// # Errors
    /// [`StoreError`]; what was read before stays in force.
    pub(crate) async fn round(
        &self,
        now: Timestamp,
        shutdown: &Shutdown,
    ) -> Result<(), StoreError> {
        let Some(served) = self.network().await? else {
            return Ok(());
        };
        let today = now.date();
        let first = back(today, KEPT);
        self.note(&served.network, first, back(today, 1), shutdown).await?;
        self.forget(first, shutdown).await?;
        self.read(today, shutdown).await
    }

    async fn network(&self) -> Result<Option<Arc<Served>>, StoreError> {
        let tx = self.database.begin().await?;
        let current = self.shared.networks.current(&tx).await?;
        tx.rollback().await?;
        let Ok(current) = current else {
            return Ok(None);
        };
        if current.is_new {
            self.shared.more_capacity.notify_one();
        }
        Ok(Some(current.served))
    }

    /// Days that are over in every time zone.
    async fn note(
        &self,
        network: &Network,
        from: NaiveDate,
        to: NaiveDate,
        shutdown: &Shutdown,
    ) -> Result<(), StoreError> {
        while !shutdown.has_begun() {
            let keys = slot_days_to_note(&self.database, from, to).await?;
            if keys.is_empty() {
                break;
            }
            for key in keys {
                note_demand(&self.database, &key, cut_off(network, &key)).await?;
            }
        }
        Ok(())
    }

    async fn forget(&self, before: NaiveDate, shutdown: &Shutdown) -> Result<(), StoreError> {
        while !shutdown.has_begun() {
            if forget_demand(&self.database, before).await? == 0 {
                break;
            }
        }
        Ok(())
    }

    async fn read(&self, today: NaiveDate, shutdown: &Shutdown) -> Result<(), StoreError> {
        let mut demands = Demands::new();
        let days: Vec<NaiveDate> = (0..=AHEAD + 1)
            .filter_map(|day| back(today, 1).checked_add_days(Days::new(day)))
            .collect();
        for (depot, timeslot) in windows_with_history(&self.database).await? {
            for date in &days {
                if shutdown.has_begun() {
                    return Ok(());
                }
                let former: Vec<NaiveDate> =
                    (1..=FORMER_DAYS).map(|week| back(*date, week * WEEK)).collect();
                let window = (depot.as_str(), timeslot.as_str());
                let demand = demand_of(&self.database, window, &former).await?;
                let (depot, timeslot) = (window.0.into(), window.1.into());
                demands.insert(SlotDayKey { depot, date: *date, timeslot }, demand);
            }
        }
        self.shared.forecasts.put(demands);
        Ok(())
    }
}

/// A window that the network does not have any more closed on its day.
fn cut_off(network: &Network, key: &SlotDayKey) -> Timestamp {
    let of_both = network.depot(&key.depot).zip(network.timeslot(&key.timeslot));
    of_both
        .map_or_else(
            || key.date.and_time(chrono::NaiveTime::MIN).and_utc(),
            |(depot, timeslot)| cut_off_instant(depot.tz, timeslot.cutoff, key.date),
        )
        .into()
}

fn back(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_sub_days(Days::new(days)).unwrap_or(date)
}
