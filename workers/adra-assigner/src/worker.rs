//! The worker: lock what a batch touches, decide message by message, write everything back.
//!
//! Nothing is decided here (see [`crate::decide`]) and no SQL is written here (see [`crate::store`]).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use cache::Cache;
use contracts::{
    NetworkChanged, Timestamp, WaybillCreated, WaybillHeld, WaybillNo, WaybillReleased,
    WaybillStatus, WaybillStatusChanged,
};
use queue_topology::WorkerKind;
use routing::SlotDayKey;
use runtime::{Batch, Context, Failure, Item, LaneKey, Outcome, Settlement, Worker};
use store::Tx;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::assignment::{Assignment, Standing};
use crate::decide::{
    Clock, Event, News, Notice, PlanError, Planned, Planner, Writes, assigned_at, slot_days_of,
};
use crate::network::{Networks, Served};
use crate::planning::{Opened, open};
use crate::retry::Retries;
use crate::shown::{Entry, entries};
use crate::state::{Kept, Plan};
use crate::store::{lock_assignments, lock_unassignable, save, standings, unassignable_in};

/// How long messages wait for a network that can be used.
const NO_NETWORK_RETRY: Duration = Duration::from_secs(10);

contracts::inbound! {
    /// Everything that changes who wants a place, or how many there are.
    pub(crate) enum Incoming {
        /// A waybill exists.
        Created(WaybillCreated),
        /// A hold was placed on it.
        Held(WaybillHeld),
        /// Its last hold was released.
        Released(WaybillReleased),
        /// It was cancelled (nothing else is bound).
        StatusChanged(WaybillStatusChanged),
        /// The delivery network is another one.
        Network(NetworkChanged),
    }
}

impl Incoming {
    /// The waybill it is about and what it says; `None` when it asks for nothing.
    fn notice(&self) -> Option<(&WaybillNo, Notice<'_>)> {
        match self {
            Self::Created(created) => Some((&created.waybill_no, Notice::Created(created))),
            Self::Held(held) => Some((&held.waybill_no, Notice::Held)),
            Self::Released(released) => Some((&released.waybill_no, Notice::Released)),
            Self::StatusChanged(changed) => (changed.to == WaybillStatus::Cancelled)
                .then_some((&changed.waybill_no, Notice::Cancelled)),
            Self::Network(_) => None,
        }
    }
}

/// What messages and retries share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) networks: Networks,
    pub(crate) kept: Kept,
    /// Rung when there may be more capacity than before.
    pub(crate) more_capacity: Notify,
    /// Lateness is judged at the time of the order, not at the time of day.
    pub(crate) is_replay: bool,
    cache: Cache,
}

impl Shared {
    /// Nothing known and nothing kept yet; assignments are shown in `cache`.
    pub(crate) fn new(is_replay: bool, cache: Cache) -> Self {
        Self {
            networks: Networks::default(),
            kept: Kept::default(),
            more_capacity: Notify::default(),
            is_replay,
            cache,
        }
    }

    /// Keeps and shows what a transaction left, once it is committed.
    pub(crate) async fn committed(&self, effects: Effects) {
        self.kept.put(effects.plans);
        self.cache.put_if_newer(&effects.shown).await;
    }

    pub(crate) const fn clock(&self, now: Timestamp) -> Clock {
        if self.is_replay { Clock::Replay } else { Clock::Wall(now) }
    }
}

/// Gives waybills their places.
#[derive(Debug)]
pub(crate) struct Assigner {
    shared: Arc<Shared>,
}

/// Planning states to keep and assignments to show once their transaction is committed.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    plans: Vec<Plan>,
    shown: Vec<Entry>,
}

impl Effects {
    /// Those of a transaction that wrote this.
    pub(crate) fn of(writes: &Writes, plans: Vec<Plan>) -> Self {
        let shown = entries(writes, &plans);
        Self { plans, shown }
    }
}

impl Assigner {
    /// A worker of this process, and beside it the task that tries waybills again.
    pub(crate) fn start(context: &Context, cache: Cache) -> Self {
        let shared = Arc::new(Shared::new(context.replay_clock, cache));
        let publisher = context.clone();
        let publish = move |committed| publisher.publish(committed);
        let retries = Retries::new(Arc::clone(&shared), context.database.clone(), publish);
        context.spawn("retries", retries.run(context.shutdown()));
        Self { shared }
    }

    /// The network in force, or every message told to wait for one.
    async fn network(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
    ) -> Result<Option<Arc<Served>>, Failure> {
        match self.shared.networks.current(tx).await? {
            Ok(current) => {
                if current.is_new {
                    self.shared.more_capacity.notify_one();
                }
                Ok(Some(current.served))
            }
            Err(unusable) => {
                let cause = unusable.to_string();
                let retry_after = Some(NO_NETWORK_RETRY);
                for index in 0..batch.len() {
                    batch.fail(index, Failure::Transient { cause: cause.clone(), retry_after });
                }
                Ok(None)
            }
        }
    }
}

impl Worker for Assigner {
    type Message = Incoming;
    type Effects = Effects;
    const KIND: WorkerKind = WorkerKind::AdraAssigner;

    /// Waybills of one date and slot go through one lane: depots' truck pools and the overflow into other
    /// zones are shared by them. The other messages do not know their slot; the locks keep them apart.
    fn lane_key(message: &Incoming) -> LaneKey {
        match message {
            Incoming::Created(created) => {
                LaneKey::of((created.delivery_date, created.timeslot.as_str()))
            }
            Incoming::Held(WaybillHeld { waybill_no, .. })
            | Incoming::Released(WaybillReleased { waybill_no, .. })
            | Incoming::StatusChanged(WaybillStatusChanged { waybill_no, .. }) => {
                LaneKey::of(waybill_no.as_str())
            }
            Incoming::Network(_) => LaneKey::of("network"),
        }
    }

    async fn handle(
        &self,
        tx: &Tx,
        batch: &mut Batch<Incoming>,
        now: Timestamp,
    ) -> Result<Effects, Failure> {
        let Some(served) = self.network(tx, batch).await? else {
            return Ok(Effects::default());
        };
        let items = batch.items();
        let locked = Locked::load(tx, &items).await?;
        let wanted = locked.slot_days(&served, &items);
        let keys = wanted.iter().flatten().cloned().collect();
        let Opened { plans, broken } = open(tx, &self.shared.kept, &served, keys).await?;
        if !broken.is_empty() {
            for (index, keys) in wanted.iter().enumerate() {
                match keys.iter().find_map(|key| broken.get(key)) {
                    Some(contradiction) => batch.fail(index, transient(contradiction)),
                    // rolled back with the others, and decided in the next attempt
                    None => batch.settle(index, Settlement::new(Outcome::Applied)),
                }
            }
            return Ok(Effects::default());
        }
        let Locked { standings, book } = locked;
        let clock = self.shared.clock(now);
        let mut planner = Planner::new(&served.network, clock, Uuid::now_v7, plans, book);
        if !decide_all(&mut planner, batch, &items, &standings) {
            return Ok(Effects::default());
        }
        use_what_came_free(tx, &mut planner).await?;
        let Planned { writes, news, plans } = planner.finish();
        save(tx, &writes, now).await?;
        for news in &news {
            publish(batch, news, now)?;
        }
        Ok(Effects::of(&writes, plans))
    }

    async fn committed(&self, effects: Effects) {
        self.shared.committed(effects).await;
    }
}

/// The waybills of a batch: what their rows say, and their assignments.
struct Locked {
    standings: BTreeMap<WaybillNo, Standing>,
    book: BTreeMap<WaybillNo, Assignment>,
}

impl Locked {
    async fn load(tx: &Tx, items: &[Arc<Item<Incoming>>]) -> Result<Self, Failure> {
        let notices = items.iter().filter_map(|item| item.message.notice());
        let numbers: BTreeSet<WaybillNo> = notices.map(|(no, _)| no.clone()).collect();
        if numbers.is_empty() {
            return Ok(Self { standings: BTreeMap::new(), book: BTreeMap::new() });
        }
        let standings = standings(tx, &numbers).await?;
        let book = lock_assignments(tx, &numbers).await?;
        Ok(Self { standings, book })
    }

    /// The slot days that each message may touch.
    fn slot_days(
        &self,
        served: &Served,
        items: &[Arc<Item<Incoming>>],
    ) -> Vec<BTreeSet<SlotDayKey>> {
        let of_each = items.iter().map(|item| match item.message.notice() {
            Some((no, notice)) => {
                let (standing, known) = (self.standings.get(no).copied(), self.book.get(no));
                slot_days_of(&served.network, notice, standing, known)
            }
            None => BTreeSet::new(),
        });
        of_each.collect()
    }
}

/// Decides and settles every message; false when one cannot be decided, which fails that one alone.
fn decide_all(
    planner: &mut Planner<'_>,
    batch: &mut Batch<Incoming>,
    items: &[Arc<Item<Incoming>>],
    standings: &BTreeMap<WaybillNo, Standing>,
) -> bool {
    let mut culprit = None;
    for (index, item) in items.iter().enumerate() {
        let settlement = match item.message.notice() {
            Some((no, notice)) if culprit.is_none() => {
                let (seq, stored) = (item.envelope.seq.unwrap_or(0), standings.get(no).copied());
                match planner.decide(index, no, notice, seq, stored) {
                    Ok((outcome, version)) => Settlement::new(outcome).of(no.as_str(), version),
                    Err(error) => {
                        culprit = Some((index, error));
                        continue;
                    }
                }
            }
            // the network: reading it was all there was to do. Behind a culprit: rolled back with it
            Some(_) | None => Settlement::new(Outcome::Applied),
        };
        batch.settle(index, settlement);
    }
    match culprit {
        None => true,
        Some((index, error)) => {
            batch.fail(index, transient(&error));
            false
        }
    }
}

/// Offers what cancellations gave back to some of those who found no place.
async fn use_what_came_free(tx: &Tx, planner: &mut Planner<'_>) -> Result<(), Failure> {
    for freed in planner.freed() {
        let numbers = unassignable_in(tx, &freed).await?;
        for waybill in lock_unassignable(tx, &numbers).await? {
            planner.retry(freed.cause, waybill).map_err(|error| transient(&error))?;
        }
    }
    Ok(())
}

fn transient(error: &impl std::error::Error) -> Failure {
    Failure::Transient { cause: error.to_string(), retry_after: None }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        transient(&error)
    }
}

fn publish(batch: &mut Batch<Incoming>, news: &News, now: Timestamp) -> Result<(), Failure> {
    let News { cause, seq, event } = news;
    match event {
        Event::Assigned(event) => batch.publish(*cause, &assigned_at(event, now), Some(*seq)),
        Event::Unassignable(event) => batch.publish(*cause, event, Some(*seq)),
        Event::Unassigned(event) => batch.publish(*cause, event, Some(*seq)),
        Event::Route(event) => batch.publish(*cause, event, Some(*seq)),
    }
}
