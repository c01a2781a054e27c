//! The worker: lock what a batch touches, decide message by message, write everything back.
//!
//! Nothing is decided here (see [`crate::decide`]) and no SQL is written here (see [`crate::store`]).

use std::sync::Arc;
use std::time::Duration;

use cache::{Cache, Key, Kind};
use chrono::TimeDelta;
use contracts::Timestamp;
use queue_topology::WorkerKind;
use routing::RouteStatus;
use runtime::{Batch, Context, Failure, Item, LaneKey, Outcome, Settlement, Worker};
use settings::{PlanningSettings, Switch};
use store::Tx;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::activity::Activity;
use crate::background::Lane;
use crate::commands::{Answers, answers};
use crate::decide::{
    Clock, Event, Facts, News, PlanError, Planned, Planner, Proposing, Verdict, Writes, assigned_at,
};
use crate::dispatch::Dispatch;
use crate::forecaster::{Forecaster, Forecasts};
use crate::forget::Forgetting;
use crate::improve::Improver;
use crate::incoming::{Ask, Incoming};
use crate::locked::Locked;
use crate::network::{Networks, Served};
use crate::planning::{Opened, open};
use crate::retry::Retries;
use crate::sequencer::Sequencer;
use crate::shown::{Entry, entries};
use crate::state::{Kept, Plan};
use crate::store::{lock_unassignable, save, unassignable_in};

/// How long messages wait for a network that can be used.
const NO_NETWORK_RETRY: Duration = Duration::from_secs(10);
/// How long a proposal may wait for its commit, unless settings say otherwise.
const PROPOSALS_LIVE: TimeDelta = TimeDelta::minutes(30);

/// What messages and retries share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) networks: Networks,
    pub(crate) kept: Kept,
    /// What former days say of the coming ones.
    pub(crate) forecasts: Forecasts,
    /// Rung when there may be more capacity than before.
    pub(crate) more_capacity: Notify,
    /// Lateness is judged at the time of the order, not at the time of day.
    pub(crate) is_replay: bool,
    /// Whether messages are being worked on.
    pub(crate) activity: Activity,
    /// Rung when something broke that planning has to mend.
    pub(crate) broken: Notify,
    /// Rung when stops want an order.
    pub(crate) locked: Notify,
    cache: Cache,
}

impl Shared {
    /// Nothing known and nothing kept yet; assignments are shown in `cache`.
    pub(crate) fn new(is_replay: bool, cache: Cache) -> Self {
        Self {
            networks: Networks::default(),
            kept: Kept::default(),
            forecasts: Forecasts::default(),
            more_capacity: Notify::default(),
            is_replay,
            activity: Activity::new(),
            broken: Notify::default(),
            locked: Notify::default(),
            cache,
        }
    }

    /// Keeps and shows what a transaction left, once it is committed.
    pub(crate) async fn committed(&self, effects: Effects) {
        self.kept.put(effects.plans);
        if effects.has_broken {
            self.broken.notify_one();
        }
        if effects.has_locked {
            self.locked.notify_one();
        }
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
    improver: Arc<Improver>,
    /// How long a proposal may wait for its commit.
    proposals_live: TimeDelta,
}

/// Planning states to keep and assignments to show once their transaction is committed.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    plans: Vec<Plan>,
    shown: Vec<Entry>,
    has_broken: bool,
    has_locked: bool,
}

impl Effects {
    /// Those of a transaction that wrote this.
    pub(crate) fn of(writes: &Writes, plans: Vec<Plan>) -> Self {
        let shown = entries(writes, &plans);
        let has_locked = writes.routes.iter().any(|changed| is_fixed(changed.row.status));
        Self { plans, shown, has_broken: !writes.outages.is_empty(), has_locked }
    }
}

const fn is_fixed(status: RouteStatus) -> bool {
    matches!(status, RouteStatus::Locked | RouteStatus::Dispatched)
}

impl Assigner {
    /// A worker of this process, and beside it the tasks that try waybills again, order stops, improve routes and
    /// forget old proposals.
    pub(crate) fn start(context: &Context, cache: Cache, planning: PlanningSettings) -> Self {
        let shared = Arc::new(Shared::new(context.replay_clock, cache));
        let publisher = context.clone();
        let publish = move |committed| publisher.publish(committed);
        let retries = Retries::new(Arc::clone(&shared), context.database.clone(), publish);
        context.spawn("retries", retries.run(context.shutdown()));
        let sequencer = Sequencer::new(Arc::clone(&shared), context.database.clone(), planning);
        context.spawn("sequencing", sequencer.run(context.shutdown()));
        if !shared.is_replay {
            let forecaster = Forecaster::new(Arc::clone(&shared), context.database.clone());
            context.spawn("forecast", forecaster.run(context.shutdown()));
        }
        let forgetting = Forgetting::new(context.database.clone());
        context.spawn("forgetting", forgetting.run(context.shutdown()));
        let improver = Arc::new(Improver::new(Arc::clone(&shared), context, planning));
        if planning.planning == Switch::On {
            let lane = Lane::new(Arc::clone(&improver), &context.registry);
            context.spawn("planning", lane.run());
        }
        Self { shared, improver, proposals_live: PROPOSALS_LIVE }
    }

    /// The same with another time for proposals to be reviewed in.
    pub(crate) fn with_proposals_that_live(self, proposals_live: TimeDelta) -> Self {
        Self { proposals_live, ..self }
    }

    fn proposing(&self, locked: &mut Locked, now: Timestamp) -> Proposing {
        let stored = std::mem::take(&mut locked.proposals);
        let expires_at = (now.as_datetime() + self.proposals_live).into();
        Proposing { stored, now, expires_at }
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

    fn lane_key(message: &Incoming) -> LaneKey {
        message.lane_key()
    }

    fn weight(message: &Incoming) -> usize {
        message.weight()
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
        let answers = answers(&self.improver, &items).await?;
        let _busy = self.shared.activity.begin();
        let mut locked = Locked::load(tx, &items).await?;
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
        locked.load_latecomers(tx).await?;
        let clock = self.shared.clock(now);
        let book = std::mem::take(&mut locked.book);
        let mut planner = Planner::new(&served.network, clock, Uuid::now_v7, plans, book);
        planner.demands = self.shared.forecasts.get();
        planner.amending = std::mem::take(&mut locked.amending);
        planner.proposing = Some(self.proposing(&mut locked, now));
        if !decide_all(&mut planner, batch, &items, &locked, &answers) {
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

    async fn doubled(&self, waybills: Vec<(String, u64)>) {
        let keys: Vec<_> =
            waybills.into_iter().map(|(no, v)| (Key::new(Kind::Assignment, no), v)).collect();
        self.shared.cache.drop_older(&keys).await;
    }
}

/// Decides and settles every message; false when some cannot be decided now, which fails those alone.
fn decide_all(
    planner: &mut Planner<'_>,
    batch: &mut Batch<Incoming>,
    items: &[Arc<Item<Incoming>>],
    locked: &Locked,
    answers: &Answers,
) -> bool {
    let mut all = true;
    for (index, item) in items.iter().enumerate() {
        let Some(ask) = item.message.ask() else {
            // the network: reading it was all there was to do
            let nothing = || Settlement::new(Outcome::Applied);
            batch.settle(index, answers.get(&index).cloned().unwrap_or_else(nothing));
            continue;
        };
        match decide(planner, index, ask, item, locked) {
            Ok(Verdict::Settled(outcome, version)) => {
                let settlement = Settlement::new(outcome);
                batch.settle(index, named(settlement, ask, version));
            }
            Ok(Verdict::NotYet(cause)) => {
                batch.fail(index, Failure::Transient { cause, retry_after: None });
                all = false;
            }
            Err(error) => {
                batch.fail(index, transient(&error));
                // rolled back with it, and decided in the next attempt
                for behind in index + 1..items.len() {
                    batch.settle(behind, Settlement::new(Outcome::Applied));
                }
                return false;
            }
        }
    }
    all
}

fn decide(
    planner: &mut Planner<'_>,
    index: usize,
    ask: Ask<'_>,
    item: &Item<Incoming>,
    locked: &Locked,
) -> Result<Verdict, PlanError> {
    let stored = ask.waybill().and_then(|no| locked.standings.get(no).copied());
    let role = item.envelope.actor.role;
    match ask {
        Ask::Follow(no, notice) => {
            if let Some(cause) = planner.waits(no, notice) {
                return Ok(Verdict::NotYet(cause));
            }
            let seq = item.envelope.seq.unwrap_or(0);
            let (outcome, version) = planner.decide(index, no, notice, seq, stored)?;
            Ok(Verdict::Settled(outcome, version))
        }
        Ask::Reschedule(asked) => planner.reschedule(index, asked, role, stored),
        Ask::Amend(asked) => planner.amend(index, asked, stored),
        Ask::Amended(decided) => planner.amended(index, decided, stored),
        Ask::BreakDown(asked) => {
            let found = ask.route().and_then(|route_ref| locked.routes.get(route_ref));
            planner.break_down(asked, found, role)
        }
        Ask::ByHand(asked) => {
            let facts = Facts { standings: &locked.standings, named: &locked.named };
            planner.dispatch(index, asked, &item.envelope.actor, facts)
        }
        Ask::Move(route_ref, step) => {
            let found = locked.routes.get(route_ref);
            planner.move_route(index, found, step, role, &locked.standings)
        }
    }
}

/// A settlement of what was asked about.
fn named(settlement: Settlement, ask: Ask<'_>, version: u64) -> Settlement {
    if let Some(proposal) = ask.by_hand().and_then(Dispatch::proposal) {
        return settlement.of(proposal.to_string(), version);
    }
    match (ask.waybill(), ask.route()) {
        (Some(waybill_no), _) => settlement.of(waybill_no.as_str(), version),
        (None, Some(route_ref)) => settlement.of(route_ref, version),
        (None, None) => settlement,
    }
}

/// Offers what was given back to some of those who found no place.
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
        Event::Reserved(event) => batch.publish(*cause, event, Some(*seq)),
        Event::Decided(event) => batch.publish(*cause, event, Some(*seq)),
    }
}
