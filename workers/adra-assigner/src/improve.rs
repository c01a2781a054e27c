//! Improving the routes of one slot day: read it, search on a thread of its own without any lock, then commit
//! each set of moves in a short transaction, as long as they still apply.
//!
//! A crash between two sets leaves a day that is as consistent as before and better. Never here: when it is
//! whose turn (see [`crate::background`]), the search itself (`shared/routing`), SQL.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use contracts::{DayPlanned, InvalidId, PlanFigures, Timestamp, WaybillNo};
use queue_topology::WorkerKind;
use routing::network::RouteTemplate;
use routing::optimise::{Bounds, Drives, Improvement, MoveSet, Objective, Planned, SlotPlan};
use routing::{RouteId, SlotDay, SlotDayKey, StateError, Timeliness};
use runtime::{Context, Failure, Shutdown};
use settings::PlanningSettings;
use store::outbox::{self, OutboxRow};
use store::{Database, Tx};
use thiserror::Error;
use uuid::Uuid;

use crate::activity::Turn;
use crate::decide::{Planner, Replanned, planned};
use crate::network::Served;
use crate::planning::{Opened, open};
use crate::retry::{outbox_row, row_of};
use crate::sequence::Speed;
use crate::store::{
    claim, lock_assignments, map_of, note_improved, save, standings, standings_now, waybills_of,
};
use crate::worker::{Effects, Shared};

/// Time for the transactions of one improvement, beyond the search: then another process may take it over.
const COMMITTING: Duration = Duration::from_secs(60);

/// An improvement stopped. What was committed before it holds.
#[derive(Debug, Error)]
pub(crate) enum ImproveError {
    #[error(transparent)]
    Store(#[from] store::StoreError),
    #[error(transparent)]
    Failed(#[from] Failure),
    #[error("the waybills of {} {} {} do not add up to its routes: {error}", key.depot, key.date, key.timeslot)]
    State { key: SlotDayKey, error: StateError },
    #[error("the search broke off: {0}")]
    Search(#[from] tokio::task::JoinError),
    #[error("a code of the network has no place in an event: {0}")]
    Code(#[from] InvalidId),
    #[error("an event does not serialise: {0}")]
    Event(#[from] serde_json::Error),
}

/// What came of improving a slot day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Improved {
    /// It is planned as well as the search could in its time.
    Planned(Report),
    /// Its cut-off has passed.
    Closed,
    /// Another process is at it.
    Taken,
    /// Its rows contradict each other, or there is no network.
    Unreadable,
}

/// Before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Report {
    pub(crate) before: Objective,
    pub(crate) after: Objective,
    pub(crate) lower_bound: Option<u64>,
    pub(crate) move_sets: u32,
    pub(crate) waybills_moved: u32,
}

/// Takes committed outbox rows to be published.
type Publish = Box<dyn Fn(Vec<OutboxRow>) + Send + Sync>;

/// Improves slot days, one at a time in this process.
pub(crate) struct Improver {
    pub(crate) shared: Arc<Shared>,
    pub(crate) database: Database,
    publish: Publish,
    pub(crate) settings: PlanningSettings,
    pub(crate) shutdown: Shutdown,
    /// The name under which this process claims slot days.
    instance: String,
    one_at_a_time: tokio::sync::Mutex<()>,
}

impl std::fmt::Debug for Improver {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Improver").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// A slot day as it was read, to be searched without a lock.
struct Copied {
    served: Arc<Served>,
    version: u64,
    day: SlotDay,
    waybills: Vec<Planned>,
    drives: Drives,
}

/// What a search found, and whether its time was up before it was through.
struct Found {
    improvement: Improvement,
    lower_bound: Option<u64>,
    was_cut_short: bool,
}

/// A committed set: the slot day's versions before and after it.
struct Step {
    before: u64,
    after: u64,
}

impl Improver {
    /// An improver of this process; what is committed is published at once.
    pub(crate) fn new(shared: Arc<Shared>, context: &Context, settings: PlanningSettings) -> Self {
        let publisher = context.clone();
        let publish = move |committed| publisher.publish(committed);
        let (database, shutdown) = (context.database.clone(), context.shutdown());
        Self::apart(shared, database, settings, shutdown, context.instance.clone(), publish)
    }

    /// The same without a process around it.
    pub(crate) fn apart(
        shared: Arc<Shared>,
        database: Database,
        settings: PlanningSettings,
        shutdown: Shutdown,
        instance: String,
        publish: impl Fn(Vec<OutboxRow>) + Send + Sync + 'static,
    ) -> Self {
        let (publish, one_at_a_time) = (Box::new(publish), tokio::sync::Mutex::new(()));
        Self { shared, database, publish, settings, shutdown, instance, one_at_a_time }
    }

    /// Improves a slot day, unless another process is at it.
    ///
    /// # Errors
    /// [`ImproveError`]; the slot day is left to be taken up again.
    pub(crate) async fn improve(
        &self,
        key: &SlotDayKey,
        turn: Turn,
    ) -> Result<Improved, ImproveError> {
        let _alone = self.one_at_a_time.lock().await;
        let seconds = (turn.budget + COMMITTING).as_secs();
        if !claim(&self.database, key, &self.instance, seconds).await? {
            return Ok(Improved::Taken);
        }
        match self.improve_claimed(key, turn).await {
            Ok(improved) => Ok(improved),
            Err(error) => {
                // without this it would have to wait until the claim has run out
                let revision = self.shared.networks.revision();
                if let Err(error) = self.give_back(key, 0, revision, None).await {
                    tracing::warn!(%error, "a slot day was not given back");
                }
                Err(error)
            }
        }
    }

    async fn improve_claimed(
        &self,
        key: &SlotDayKey,
        turn: Turn,
    ) -> Result<Improved, ImproveError> {
        let Some(copied) = self.read(key).await? else {
            self.give_back(key, 0, self.shared.networks.revision(), None).await?;
            return Ok(Improved::Unreadable);
        };
        let (served, mut version) = (Arc::clone(&copied.served), copied.version);
        if self.is_closed(&served, key) {
            self.give_back(key, version, served.revision, None).await?;
            return Ok(Improved::Closed);
        }
        let Found { improvement, lower_bound, was_cut_short } =
            self.search(key, copied, turn).await?;
        let mut report = Report {
            before: improvement.before,
            after: improvement.before,
            lower_bound,
            ..Report::default()
        };
        let mut is_through = !was_cut_short || improvement.move_sets.is_empty();
        for set in &improvement.move_sets {
            let committed = self.commit(key, served.revision, set, report.after).await?;
            let Some(step) = committed else {
                is_through = false;
                break;
            };
            is_through &= step.before == version;
            version = step.after;
            report.after = set.objective;
            report.move_sets = report.move_sets.saturating_add(1);
            let moved = u32::try_from(set.moves.len()).unwrap_or(u32::MAX);
            report.waybills_moved = report.waybills_moved.saturating_add(moved);
        }
        let seen = if is_through { version } else { 0 };
        let told = (report.move_sets > 0).then_some((report, version));
        self.give_back(key, seen, served.revision, told).await?;
        Ok(Improved::Planned(report))
    }

    /// Reads a slot day under its lock.
    async fn read(&self, key: &SlotDayKey) -> Result<Option<Copied>, ImproveError> {
        let tx = self.database.begin().await?;
        let Ok(current) = self.shared.networks.current(&tx).await? else {
            tx.rollback().await?;
            return Ok(None);
        };
        if current.is_new {
            self.shared.more_capacity.notify_one();
        }
        let served = current.served;
        let keys = BTreeSet::from([key.clone()]);
        let Opened { mut plans, broken } = open(&tx, &self.shared.kept, &served, keys).await?;
        let Some(plan) = plans.remove(key) else {
            for contradiction in broken.values() {
                tracing::error!(%contradiction, "a slot day is left out");
            }
            tx.rollback().await?;
            return Ok(None);
        };
        let assignments = waybills_of(&tx, key).await?;
        let numbers: BTreeSet<WaybillNo> =
            assignments.iter().map(|waybill| waybill.waybill_no.clone()).collect();
        let standings = standings_now(&tx, &numbers).await?;
        tx.commit().await?;
        let waybills = assignments.iter().filter_map(|waybill| {
            let standing = standings.get(&waybill.waybill_no).copied();
            let standing = standing.unwrap_or_else(|| waybill.standing());
            planned(&served.network, key, waybill, standing)
        });
        let (waybills, version, day) = (waybills.collect(), plan.version, plan.day.clone());
        self.shared.kept.put([plan]);
        // nobody who comes or goes meanwhile changes where the doors are
        let map = map_of(&self.database, key.depot.as_str(), &assignments).await?;
        let drives = map.drives(Speed::of(&self.settings).km_a_minute);
        Ok(Some(Copied { served, version, day, waybills, drives }))
    }

    /// Nothing is moved after the cut-off; recorded days have none.
    fn is_closed(&self, served: &Served, key: &SlotDayKey) -> bool {
        let network = &served.network;
        let Some((depot, timeslot)) =
            network.depot(&key.depot).zip(network.timeslot(&key.timeslot))
        else {
            return true;
        };
        let now = Timestamp::now().as_datetime();
        !self.shared.is_replay
            && routing::judge(depot.tz, timeslot.cutoff, key.date, now) != Timeliness::InTime
    }

    /// Searches on a thread for blocking work until the turn is over.
    async fn search(
        &self,
        key: &SlotDayKey,
        copied: Copied,
        turn: Turn,
    ) -> Result<Found, ImproveError> {
        let (shared, shutdown) = (Arc::clone(&self.shared), self.shutdown.clone());
        let until = Instant::now() + turn.budget;
        let may_go_on = move || {
            let in_the_way = turn.yields && shared.activity.is_busy();
            Instant::now() < until && !in_the_way && !shutdown.has_begun()
        };
        let seed = self.settings.planning_seed.wrapping_add(copied.version);
        let searching = tokio::task::spawn_blocking(move || search(&copied, seed, may_go_on));
        let state = |error| ImproveError::State { key: key.clone(), error };
        searching.await?.map_err(state)
    }

    /// Carries one set out in a transaction of its own; `None` when it does not apply any more.
    async fn commit(
        &self,
        key: &SlotDayKey,
        revision: u64,
        set: &MoveSet,
        before: Objective,
    ) -> Result<Option<Step>, ImproveError> {
        let tx = self.database.begin().await?;
        match self.carry_out(&tx, key, revision, set, before).await {
            Ok(Some((step, rows, effects))) => {
                tx.commit().await?;
                (self.publish)(rows);
                self.shared.committed(effects).await;
                Ok(Some(step))
            }
            Ok(None) => {
                tx.rollback().await?;
                Ok(None)
            }
            Err(error) => {
                tx.rollback().await?;
                Err(error)
            }
        }
    }

    async fn carry_out(
        &self,
        tx: &Tx,
        key: &SlotDayKey,
        revision: u64,
        set: &MoveSet,
        before: Objective,
    ) -> Result<Option<(Step, Vec<OutboxRow>, Effects)>, ImproveError> {
        let now = Timestamp::now();
        if self.shutdown.has_begun() {
            return Ok(None);
        }
        let Ok(current) = self.shared.networks.current(tx).await? else {
            return Ok(None);
        };
        if current.is_new {
            self.shared.more_capacity.notify_one();
        }
        let served = current.served;
        if served.revision != revision {
            return Ok(None);
        }
        let numbers = set.moves.iter().map(|step| WaybillNo::new(step.waybill_no.as_str()));
        let numbers = numbers.collect::<Result<BTreeSet<_>, _>>()?;
        let (standings, book) = if numbers.is_empty() {
            (BTreeMap::new(), BTreeMap::new())
        } else {
            (standings(tx, &numbers).await?, lock_assignments(tx, &numbers).await?)
        };
        let keys = BTreeSet::from([key.clone()]);
        let Opened { plans, .. } = open(tx, &self.shared.kept, &served, keys).await?;
        let Some(version) = plans.get(key).map(|plan| plan.version) else {
            return Ok(None);
        };
        let clock = self.shared.clock(now);
        let mut planner = Planner::new(&served.network, clock, Uuid::now_v7, plans, book);
        planner.demands = self.shared.forecasts.get();
        let replanned = planner.replan(key, set, before, &standings).map_err(Failure::from)?;
        let finished = planner.finish();
        if let Replanned::Outdated(why) = replanned {
            tracing::debug!(%why, "a set of moves does not apply any more");
            self.shared.kept.put(finished.plans);
            return Ok(None);
        }
        save(tx, &finished.writes, now).await.map_err(Failure::from)?;
        let rows = finished.news.iter().map(|news| outbox_row(news, now));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        outbox::insert(tx, WorkerKind::AdraAssigner.name(), &rows).await?;
        let after = finished.plans.iter().find(|plan| plan.day.key() == key);
        let after = after.map_or(version, |plan| plan.version);
        let step = Step { before: version, after };
        Ok(Some((step, rows, Effects::of(&finished.writes, finished.plans))))
    }

    /// Gives a slot day back and tells what was planned, if anything was.
    async fn give_back(
        &self,
        key: &SlotDayKey,
        version: u64,
        revision: u64,
        told: Option<(Report, u64)>,
    ) -> Result<(), ImproveError> {
        let now = Timestamp::now();
        let rows: Vec<OutboxRow> = match told {
            Some((report, seq)) => vec![row_of(&event(key, &report)?, seq, now)?],
            None => Vec::new(),
        };
        let tx = self.database.begin().await?;
        note_improved(&tx, key, &self.instance, version, revision).await?;
        if !rows.is_empty() {
            outbox::insert(&tx, WorkerKind::AdraAssigner.name(), &rows).await?;
        }
        tx.commit().await?;
        (self.publish)(rows);
        Ok(())
    }

    /// Slot days of earlier dates are past in every time zone.
    pub(crate) fn first_date(&self) -> NaiveDate {
        if self.shared.is_replay {
            return NaiveDate::from_ymd_opt(1, 1, 1).unwrap_or_default();
        }
        let today = Timestamp::now().date();
        today.checked_sub_days(Days::new(1)).unwrap_or(today)
    }
}

fn search(copied: &Copied, seed: u64, may_go_on: impl Fn() -> bool) -> Result<Found, StateError> {
    let Copied { served, day, waybills, drives, .. } = copied;
    let mut was_cut_short = false;
    let mut keep_going = || {
        let goes_on = may_go_on();
        was_cut_short |= !goes_on;
        goes_on
    };
    // names are given when a set is committed: others may open routes meanwhile
    let mut ids =
        |template: &RouteTemplate| (RouteId(Uuid::now_v7()), template.code.as_str().into());
    let bounds = Bounds::default();
    let network = &served.network;
    let plan = SlotPlan { network, day, waybills, drives };
    let improvement = routing::improve(plan, bounds, seed, &mut ids, &mut keep_going)?;
    let lower_bound = routing::optimise::lower_bound(network, day, waybills);
    Ok(Found { improvement, lower_bound, was_cut_short })
}

/// A plan's figures as others are told.
pub(crate) fn figures(objective: &Objective) -> PlanFigures {
    let unassigned = objective.unassigned.iter().map(|count| u64::from(*count)).sum();
    let Objective { violations, fleet_cost, .. } = *objective;
    PlanFigures { violations, unassigned, fleet_cost }
}

fn event(key: &SlotDayKey, report: &Report) -> Result<DayPlanned, InvalidId> {
    Ok(DayPlanned {
        depot: contracts::DepotCode::new(key.depot.as_str())?,
        delivery_date: key.date,
        timeslot: contracts::TimeslotCode::new(key.timeslot.as_str())?,
        before: figures(&report.before),
        after: figures(&report.after),
        lower_bound: report.lower_bound,
        move_sets: report.move_sets,
        waybills_moved: report.waybills_moved,
    })
}
